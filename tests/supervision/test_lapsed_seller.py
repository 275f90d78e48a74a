"""A seller whose verification lapses: a finding, and no new grants, until it is verified again."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Capability, Party
from accounts.operations import bar_party, renew_party, verify_party
from listings import operations as listing
from marketplace.applications import operations as applications
from marketplace.clock.working_days import end_of_day
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors import MONITORS
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


def test_seller_verified_again_or_off_the_market_since_the_sweep_looked_is_not_overtaken(world, lapses):
    monitor = next(one for one in MONITORS if one.name == "seller_lapsed")
    (version,) = monitor.find(lapses, None)
    with transaction.atomic():
        renew_party(
            party=Party.objects.get(pk=version.product.seller_id), actor=world["operator"], at=lapses,
            evidence="执照", valid_until=date(2030, 1, 1),
        )  # fmt: skip
        assert (monitor.handle(version, lapses), Finding.objects.count()) == (False, 0)
        transaction.set_rollback(True)
    with transaction.atomic():
        listing.retire_version(version=world.version, actor=world["seller"], at=world.at, reason="停止")
        assert (monitor.handle(version, lapses), Finding.objects.count()) == (False, 0)
        transaction.set_rollback(True)
    assert (monitor.handle(version, lapses), monitor.handle(version, lapses)) == (True, False)


# --- the mandate of a primary developer -----------------------------------------------------------------------------


@pytest.fixture
def mandate_over(world):
    Capability.objects.filter(party=world.product.seller, kind="primary_developer").update(valid_until=world.at.date())
    return end_of_day(world.at.date())


def test_after_its_mandate_nothing_new_is_granted_listed_or_accepted(world, mandate_over):
    offered, _at = stages.grant(world, "offered")
    item, _at = stages.item(world, "open@under_review")
    with pytest.raises(InvalidState):
        stages.approve(item, world, mandate_over)
    with pytest.raises(InvalidState):
        applications.accept_grant(grant=offered, actor=world["buyer"], at=mandate_over, terms_accepted=True)
    with pytest.raises(NotAllowed):
        listing.create_version(
            product=world.product, actor=world["seller"], at=mandate_over, about="none", **stages.VERSION_FIELDS
        )


def test_renewed_mandate_lets_it_go_on_and_only_a_primary_developer_has_one(world, mandate_over):
    item, _at = stages.item(world, "open@under_review")
    told = {"actor": world["operator"], "at": mandate_over, "evidence": "授权文件", "valid_until": date(2030, 1, 1)}
    with pytest.raises(ValidationError):
        renew_party(party=world.parties["buyer"], mandate_until=date(2029, 12, 31), **told)
    with pytest.raises(ValidationError):
        renew_party(party=world.parties["developer"], mandate_until=world.at.date(), **told)
    renew_party(party=world.parties["developer"], mandate_until=date(2029, 12, 31), **told)
    assert stages.approve(item, world, mandate_over).state == "offered"
    held = Capability.objects.filter(party=world.parties["developer"], kind="primary_developer").order_by("pk")
    assert [str(one.valid_until) for one in held] == [str(world.at.date()), "2029-12-31"]


def test_verified_again_a_barred_developer_has_the_mandate_that_is_named(world):
    party, by = world.parties["developer"], {"actor": world["operator"], "at": world.at}
    bar_party(party=party, reason="核查", remedy="可申请复核", **by)
    told = {"party": Party.objects.get(pk=party.pk), "evidence": "授权文件", "valid_until": date(2030, 1, 1), **by}
    with pytest.raises(ValidationError) as refused:
        verify_party(capabilities={"primary_developer": world.at.date() - timedelta(days=1)}, **told)
    assert list(refused.value.message_dict) == ["mandate_until"]
    verify_party(capabilities={"primary_developer": date(2029, 12, 31)}, **told)
    held = Capability.objects.get(party=party, kind="primary_developer")
    assert held.valid_until == date(2029, 12, 31)


def test_a_mandate_does_not_reach_beyond_its_region(world):
    Capability.objects.filter(party=world.parties["developer"], kind="primary_developer").update(
        region=world.parties["other_city"].region
    )
    fields = {"acquisition": "primary_developer", "grade": "general", "nature": "government", "frequency": "daily"}
    made = {"seller": world.parties["developer"], "actor": world["seller"], "at": world.at, "title": "x",
            "summary": "x", "description": "x", **fields}  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        listing.create_product(entry=world.product.entry, **made)
    assert list(refused.value.message_dict) == ["entry"]
    Capability.objects.filter(party=world.parties["developer"]).update(region=world.parties["province"].region)
    assert listing.create_product(entry=world.product.entry, **made).state == "active"
