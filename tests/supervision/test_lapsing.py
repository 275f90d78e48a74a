"""Parties with grants, and primary developers on offer, whose verification or mandate has lapsed: for the authority."""

from contextlib import nullcontext
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Capability, Party
from accounts.operations import bar_party, renew_party
from listings.models import Product
from marketplace.applications.models import Grant
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors import MONITORS
from tests import crowd
from tests.actors import World
from tests.supervision.test_monitors import at, did, go, told
from tests.workflow import stages


def test_lapsed_verification_of_a_party_with_grants_is_one_finding_for_each_authority(
    world: World, grant: Grant
) -> None:
    last, city, other = date(2026, 6, 30), world.parties["city"], world.parties["other_city"]
    newest = [stages.active_grant(world), stages.active_grant(world)]
    Grant.objects.filter(pk=newest[0].pk).update(authority=other)
    Grant.objects.filter(pk=stages.active_grant(world).pk).update(authority=world.parties["province"], ends=last)
    Party.objects.filter(pk=grant.buyer_id).update(verified_until=last)
    assert did("buyer_lapsed", at("2026-06-30", 23)) == 0
    assert did("buyer_lapsed", at("2026-07-01", 0)) == 2
    found = Finding.objects.filter(rule="buyer_lapsed")
    assert {(row.authority, row.grant, row.party) for row in found} == {
        (city, newest[1], grant.buyer), (other, newest[0], grant.buyer),
    }  # fmt: skip
    assert "2026-06-30" in found[0].said
    assert {world["officer"].ledger_ref, world["other_officer"].ledger_ref} <= told("finding_opened")
    assert world["buyer"].ledger_ref not in told("finding_opened")
    Grant.objects.filter(pk=newest[0].pk).update(state="surrendered", ended_at=at("2026-07-02"))
    assert (did("buyer_lapsed", at("2026-07-02")), did("cause_gone", at("2026-07-02"))) == (0, 1)
    renewed = {"evidence": "执照", "valid_until": date(2026, 8, 31), "actor": world["operator"]}
    renew_party(party=Party.objects.get(pk=grant.buyer_id), at=at("2026-07-03"), **renewed)
    assert did("cause_gone", at("2026-07-03")) == 1
    assert set(found.values_list("state", flat=True)) == {"remedied"}
    assert did("buyer_lapsed", at("2026-09-01")) == 1


def test_party_verified_again_since_the_sweep_looked_and_one_of_other_data_are_no_finding(grant: Grant) -> None:
    Party.objects.filter(pk=grant.buyer_id).update(verified_until=date(2026, 6, 30))
    monitor, when = next(one for one in MONITORS if one.name == "buyer_lapsed"), at("2026-07-01")
    (case,) = monitor.find(when, None)
    assert case.locked == grant.buyer
    Party.objects.filter(pk=grant.buyer_id).update(verified_until=date(2027, 6, 30))
    assert (monitor.handle(case, when), Finding.objects.count()) == (False, 0)
    Party.objects.filter(pk=grant.buyer_id).update(verified_until=date(2026, 6, 30))
    assert go("buyer_lapsed", when, scope=[grant.product.seller]).found == 0
    Product.objects.filter(pk=grant.product_id).update(nature="non_public", acquisition="own_business", entry=None)
    assert go("buyer_lapsed", when).found == 0


def test_what_was_remedied_is_noticed_and_told_again_where_its_cause_comes_back(world: World, grant: Grant) -> None:
    """Barred, nobody is verified any more; that it was barred is annulled."""
    Party.objects.filter(pk=grant.buyer_id).update(verified_until=date(2026, 6, 30))
    assert did("buyer_lapsed", at("2026-07-01")) == 1
    first = Finding.objects.get()
    before = Outbox.objects.filter(kind="finding_opened").count()
    bar_party(party=world.parties["buyer"], actor=world["operator"], at=at("2026-07-02"), reason="停业", remedy="复核")
    assert (did("cause_gone", at("2026-07-03")), did("buyer_lapsed", at("2026-07-03"))) == (1, 0)
    Party.objects.filter(pk=grant.buyer_id).update(state="verified")
    for times in (1, 0, 0):
        assert did("buyer_lapsed", at("2026-07-07")) == times
    again = Finding.objects.get(state="open")
    assert (again.occasion_key, again.grant) == (first.occasion_key, grant)
    assert Outbox.objects.filter(kind="finding_opened").count() == 2 * before > 0
    operations.dismiss_finding(finding=again, actor=world["officer"], at=at("2026-07-08"), reason="已核实")
    assert did("buyer_lapsed", at("2026-07-09")) == 0


@pytest.mark.parametrize(("state", "may"), [("open", False), ("dismissed", False), ("remedied", True)])
def test_of_one_occasion_nobody_makes_two_findings_that_were_not_remedied(grant: Grant, state: str, may: bool) -> None:
    Party.objects.filter(pk=grant.buyer_id).update(verified_until=date(2026, 6, 30))
    did("buyer_lapsed", at("2026-07-01"))
    finding = Finding.objects.get()
    Finding.objects.update(state=state)
    with nullcontext() if may else pytest.raises(IntegrityError), transaction.atomic():
        crowd.copy(finding, state="open")
    assert Finding.objects.count() == 1 + may


def test_lapsed_mandate_of_a_developer_on_offer_is_a_finding_until_it_is_renewed(world: World) -> None:
    held = Capability.objects.filter(party=world.product.seller, kind="primary_developer")
    held.update(valid_until=date(2026, 6, 30))
    assert did("mandate_lapsed", at("2026-06-30", 23)) == 0
    assert go("mandate_lapsed", at("2026-07-01"), scope=[world.parties["buyer"]]).found == 0
    assert did("mandate_lapsed", at("2026-07-01", 0)) == 1
    finding = Finding.objects.get(rule="mandate_lapsed")
    assert (finding.version, finding.party, finding.authority, finding.article) == (
        world.version, world.product.seller, world.parties["city"], "Art. 16",
    )  # fmt: skip
    assert "2026-06-30" in finding.said and world["officer"].ledger_ref in told("finding_opened")
    renew_party(
        party=Party.objects.get(pk=world.product.seller_id), actor=world["operator"], at=at("2026-07-02"),
        evidence="授权文件", valid_until=date(2030, 1, 1), mandate_until=date(2026, 8, 31),
    )  # fmt: skip
    assert did("cause_gone", at("2026-07-02")) == 1
    assert did("mandate_lapsed", at("2026-09-01")) == 1
    Product.objects.filter(pk=world.product.pk).update(acquisition="own_duty")
    assert did("cause_gone", at("2026-09-02")) == 1
