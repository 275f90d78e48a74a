"""A seller is merged into another: what was found about its data stays open, with the successor, until it is mended."""

from datetime import date, timedelta

import pytest

from accounts.models import Capability, Party
from listings.models import SourceFile
from marketplace.ledger.models import Entry
from marketplace.supervision import operations
from marketplace.supervision.models import Finding
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.supervision.test_ending import heir  # noqa: F401
from tests.supervision.test_monitors import at, did
from tests.workflow import stages

DAY = timedelta(days=1)


@pytest.fixture
def seller(world: World) -> Party:
    """It is verified for years; what a test lets lapse is all that lapses."""
    Party.objects.filter(pk=world.product.seller_id).update(verified_until=date(2030, 1, 1))
    return Party.objects.get(pk=world.product.seller_id)


def merge(world: World, seller: Party, into: Party, day: str) -> None:
    operations.merge_party(
        party=Party.objects.get(pk=seller.pk), successor=into, actor=world["operator"], at=at(day),
        evidence="登记通知书", reason="吸收合并",
    )  # fmt: skip


def test_data_that_is_old_and_a_paper_that_has_lapsed_stay_findings_of_the_successor(
    world: World, seller: Party, heir: Party  # noqa: F811
) -> None:  # fmt: skip
    item = SourceFile.objects.filter(product=world.product).order_by("pk").first()
    assert item is not None
    SourceFile.objects.filter(pk=item.pk).update(valid_until=date(2026, 6, 30))
    assert (did("source_lapsed", at("2026-12-31")), did("data_stale", at("2026-12-31"))) == (1, 1)
    merge(world, seller, heir, "2027-01-01")
    assert did("cause_gone", at("2027-01-02")) == 0
    found = Finding.objects.filter(rule__in=["source_lapsed", "data_stale"])
    assert {(row.party, row.state) for row in found} == {(heir, "open")}
    passed = Entry.objects.filter(verb="merge", object_type="supervision.finding")
    assert {row.object_id for row in passed} == {str(row.pk) for row in found}
    SourceFile.objects.filter(pk=item.pk).update(state="withdrawn")
    assert did("cause_gone", at("2027-01-03")) == 1


def test_the_verification_of_the_predecessor_is_no_cause_once_the_successor_is_in_good_standing(
    world: World, seller: Party, heir: Party  # noqa: F811
) -> None:  # fmt: skip
    Party.objects.filter(pk=seller.pk).update(verified_until=date(2026, 6, 30))
    assert did("seller_lapsed", at("2026-07-01")) == 1
    merge(world, seller, heir, "2026-07-02")
    assert did("seller_renewed", at("2026-07-03")) == 1
    assert Finding.objects.get(rule="seller_lapsed").state == "remedied"


@pytest.mark.parametrize("noticed_before", [True, False])
def test_a_successor_without_a_mandate_is_a_finding_until_it_has_one(
    world: World, seller: Party, heir: Party, noticed_before: bool  # noqa: F811
) -> None:  # fmt: skip
    held = Capability.objects.filter(party=seller, kind="primary_developer")
    held.update(valid_until=date(2026, 6, 30))
    assert did("mandate_lapsed", at("2026-07-01")) == 1 if noticed_before else True
    merge(world, seller, heir, "2026-07-02")
    for number in (3, 4):
        sweep(at=at(f"2026-07-0{number}"))
    finding = Finding.objects.get(rule="mandate_lapsed", state="open")
    assert (finding.party, finding.version, finding.authority) == (heir, world.version, world.parties["city"])
    assert "未获授权" in finding.said
    Capability.objects.create(
        party=heir, kind="primary_developer", region=heir.region, valid_from=date(2026, 7, 5),
        valid_until=date(2026, 8, 31),
    )  # fmt: skip
    assert did("cause_gone", at("2026-07-05")) == 1
    assert did("mandate_lapsed", at("2026-09-01")) == 1
    again = Finding.objects.get(rule="mandate_lapsed", state="open")
    assert "2026-08-31" in again.said


def test_what_was_found_about_its_grants_and_what_is_decided_stay_the_predecessors(
    world: World, seller: Party, heir: Party  # noqa: F811
) -> None:  # fmt: skip
    grant = stages.active_grant(world)
    Party.objects.filter(pk=grant.buyer_id).update(verified_until=date(2026, 6, 30))
    assert (did("buyer_lapsed", at("2026-07-01")), did("data_stale", at("2026-12-31"))) == (1, 1)
    stale = Finding.objects.get(rule="data_stale")
    operations.dismiss_finding(finding=stale, actor=world["officer"], at=at("2026-12-31"), reason="已核实")
    for party in (grant.buyer, seller):
        merge(world, party, heir, "2027-01-01")
    assert set(Finding.objects.values_list("rule", "party")) == {
        ("buyer_lapsed", grant.buyer_id), ("data_stale", seller.pk),
    }  # fmt: skip
