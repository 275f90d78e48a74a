"""A seller whose verification lapses: a finding, and no new grants, until it is verified again."""

from datetime import timedelta

import pytest

from accounts.models import Party
from accounts.operations import renew_party
from listings import operations as listing
from marketplace.clock.working_days import end_of_day
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision.models import Finding
from marketplace.supervision.sweep import sweep
from tests.workflow import stages


def did(results) -> dict[str, int]:
    return {result.monitor: result.did for result in results if result.monitor.startswith("seller_") and result.did}


@pytest.fixture
def lapses(world):
    """The last moment of the seller's verification."""
    day = world.at.date()
    Party.objects.filter(pk=world.product.seller_id).update(verified_until=day)
    return end_of_day(day)


def test_one_finding_on_the_day_after_told_to_the_seller_and_who_answers_it(world, lapses):
    assert did(sweep(at=lapses - timedelta(seconds=1))) == {}
    assert did(sweep(at=lapses)) == {"seller_lapsed": 1}
    assert did(sweep(at=lapses + timedelta(days=3))) == {}
    finding = Finding.objects.get()
    assert (finding.rule, finding.party, finding.authority, finding.version, finding.state) == (
        "seller_lapsed", world.product.seller, world.parties["city"], world.version, "open",
    )  # fmt: skip
    told = set(Outbox.objects.filter(kind="seller_lapsed", channel="page").values_list("recipient_ref", flat=True))
    assert {world["seller"].ledger_ref, world["officer"].ledger_ref} <= told
    assert world["buyer"].ledger_ref not in told


def test_nothing_new_is_granted_and_what_runs_goes_on(world, lapses):
    grant = stages.active_grant(world)
    item, _at = stages.item(world, "open@under_review")
    with pytest.raises(InvalidState):
        stages.approve(item, world, lapses)
    assert grant.is_in_effect(lapses)


def test_renewed_it_is_remedied_and_the_next_lapse_is_another_finding(world, lapses):
    sweep(at=lapses)
    seller, again = Party.objects.get(pk=world.product.seller_id), (lapses + timedelta(days=40)).date()
    renew_party(
        party=seller, actor=world["operator"], at=lapses + timedelta(days=1), evidence="执照", valid_until=again
    )
    assert did(sweep(at=lapses + timedelta(days=1))) == {"seller_renewed": 1}
    assert Finding.objects.get().state == "remedied"
    assert Entry.objects.filter(object_type="supervision.finding", new="remedied").count() == 1
    assert did(sweep(at=end_of_day(again))) == {"seller_lapsed": 1}
    assert sorted(Finding.objects.values_list("state", flat=True)) == ["open", "remedied"]


def test_whose_data_is_not_on_offer_is_no_finding(world, lapses):
    listing.retire_version(version=world.version, actor=world["seller"], at=world.at, reason="停止")
    assert did(sweep(at=lapses)) == {}
