"""An annulled order leaves no trace in public; the ledger keeps it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from marketplace.applications.models import Grant
from marketplace.delivery import operations as delivery
from marketplace.documents.models import Document
from marketplace.errors import NotAllowed
from marketplace.ledger.models import Entry
from marketplace.supervision import operations, register
from marketplace.supervision.attribution import verdict
from marketplace.supervision.models import DerivedFrom, DerivedProduct, Measure, MeasureGrant, new_token
from marketplace.supervision.verbs import MEASURE
from tests import crowd
from tests.actors import World
from tests.races.together import fresh
from tests.supervision.test_monitors import deliver
from tests.supervision.test_recusal import stand_in
from tests.workflow import stages
from tests.workflow.tables import LISTED

LONG = 200  # days after which everything is final


@pytest.fixture
def terminated(world: World, grant: Grant) -> Measure:
    """A termination, with what was built from the grant flagged; a review of it is lodged."""
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    built = operations.register_derived(
        party=world.parties["buyer"], actor=world["buyer"], at=world.at, title="地图", description="每月",
        built_from=[(grant, world.version)],
    )  # fmt: skip
    operations.publish_derived(derived=built, actor=world["buyer"], at=world.at)
    made = stages.order(world, grant)
    stages.terminate(made, world)
    return Measure.objects.get()


def annul(world: World, made: Measure) -> None:
    review = operations.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="认定有误")
    operations.annul_review(review=review, actor=world["second_officer"], at=world.at, reason="证据不足")


def outcome(world: World, grant: Grant) -> tuple[str, int]:
    at = world.at + timedelta(days=LONG)
    rows = register.with_parts(Grant.objects.filter(pk=grant.pk), at)
    shown = register.row_of(rows.get(), at)
    return shown.outcome, len(shown.sanctions)


def test_register_flags_and_public_check_are_cleared_and_the_ledger_keeps_it(
    world: World, grant: Grant, terminated: Measure
) -> None:
    order = Document.objects.get(kind="order")
    address = reverse("documents:check-token", args=[order.token])
    with time_machine.travel(world.at, tick=False):
        assert "This document is genuine" in Client(headers={"accept-language": "en"}).get(address).content.decode()
    assert (outcome(world, grant), DerivedProduct.objects.get().state) == (("terminated", 1), "flagged")
    kept = Entry.objects.count()
    annul(world, terminated)
    grant.refresh_from_db()
    assert (grant.state, outcome(world, grant)) == ("terminated", ("ended", 0))
    assert DerivedProduct.objects.get().state == "published"
    with time_machine.travel(world.at, tick=False):
        page = Client(headers={"accept-language": "en"}).get(address).content.decode()
    assert "This document has no effect any more" in page and "genuine" not in page
    assert set(Document.objects.filter(void_at=None).values_list("kind", flat=True)) >= {"review"}
    assert Entry.objects.count() > kept
    assert Entry.objects.filter(object_type="supervision.measure", verb="terminate").exists()


def test_a_flag_for_another_reason_stays(world: World, grant: Grant, terminated: Measure) -> None:
    derived = DerivedProduct.objects.get()
    operations.clear_derived(derived=derived, actor=world["officer"], at=world.at, reason="可保留")
    other = crowd.copy_grant(grant)
    Grant.objects.filter(pk=other.pk).update(state="active", ended_at=None)
    other.refresh_from_db()
    DerivedFrom.objects.create(derived=derived, grant=other, version=world.version)
    operations.revoke_grant(
        grant=other, actor=world["officer"], at=world.at, article="Art. 15", reason="撤回同意", remedy=stages.REMEDY
    )
    annul(world, terminated)
    assert DerivedProduct.objects.get().state == "flagged"


def test_published_after_the_termination_it_is_flagged_until_that_is_annulled(
    world: World, grant: Grant, terminated: Measure
) -> None:
    later = crowd.copy(DerivedProduct.objects.get(), state="registered", token=new_token())
    DerivedFrom.objects.create(derived=later, grant=grant, version=world.version)
    operations.publish_derived(derived=later, actor=world["buyer"], at=world.at)
    assert set(DerivedProduct.objects.values_list("state", flat=True)) == {"flagged"}
    annul(world, terminated)
    assert set(DerivedProduct.objects.values_list("state", flat=True)) == {"published"}


def test_a_grant_that_another_order_ended_keeps_the_flag(world: World, grant: Grant, terminated: Measure) -> None:
    other = crowd.copy(terminated, state="issued", occasion_key="other", number="other")
    MeasureGrant.objects.create(measure=other, grant=grant)
    operations.annul_order(measure=other, actor=world["second_officer"], at=world.at, reason="证据不足")
    assert DerivedProduct.objects.get().state == "flagged"


@pytest.mark.parametrize("who", ["officer", "buyer"])
def test_what_an_officer_withdrew_for_its_flag_is_public_again_and_what_its_keeper_withdrew_is_not(
    world: World, terminated: Measure, who: str
) -> None:
    built = DerivedProduct.objects.get()
    assert built.state == "flagged"
    operations.withdraw_derived(derived=built, actor=world[who], at=world.at, reason="不宜保留")
    assert verdict(built) == "withdrawn"
    annul(world, terminated)
    built.refresh_from_db()
    assert (built.state, verdict(built)) == {"officer": ("published", "genuine"), "buyer": ("withdrawn",) * 2}[who]
    assert not built.flags.filter(cleared_at=None).exists()


@pytest.mark.parametrize("shown", [True, False])
def test_what_an_officer_withdrew_for_two_flags_comes_back_with_the_second_that_is_annulled(
    world: World, shown: bool
) -> None:
    grant = stages.active_grant(world, onward_supply=True)
    second, who = crowd.copy_grant(grant), {"actor": world["buyer"], "at": world.at}
    for one in (grant, second):
        deliver(one, world.at)
    sources = [(one, one.from_version) for one in (grant, second)]
    built = operations.register_derived(party=grant.buyer, title="图", description="-", built_from=sources, **who)
    product = operations.list_derived(derived=built, **LISTED, **who)
    if shown:
        operations.publish_derived(derived=built, **who)
    orders = [stages.order(world, one) for one in (grant, second)]
    for order in orders:
        stages.terminate(order, world)
    operations.withdraw_derived(derived=fresh(built), actor=world["officer"], at=world.at, reason="不宜保留")
    assert (fresh(built).state, fresh(product).state) == ("withdrawn", "withdrawn")
    annul(world, fresh(orders[0]))
    assert (fresh(built).state, fresh(product).state) == ("withdrawn", "withdrawn")
    annul(world, fresh(orders[1]))
    before = "published" if shown else "registered"
    assert (fresh(built).state, fresh(product).state) == (before, "active")


def test_a_deputy_annuls_no_notice_of_the_person_in_whose_place_it_acts(world: World) -> None:
    made, _over = stages.notice(world, "issued")
    assert made.issued_by == world["vendor"]
    stand_in(world, world.parties["vendor"], "vendor", "vendor_member", made.issued_at)
    annul_it = {"measure": made, "actor": world["vendor_member"], "at": made.issued_at, "reason": "误发"}
    with pytest.raises(NotAllowed, match="以外的人员"):
        operations.annul_order(**annul_it)
    assert "annul" not in [verb.name for verb in MEASURE.available(made, world["vendor_member"], made.issued_at)]
    Membership.objects.filter(user=world["vendor_member"], deputy_for=None).update(role="manager")
    operations.annul_order(**annul_it)  # in its own name


def test_whoever_it_was_issued_in_the_place_of_annuls_it_no_more_than_its_deputy(world: World) -> None:
    made, _over = stages.notice(world, "proposed")
    stand_in(world, world.parties["vendor"], "vendor", "vendor_member", world.at)
    issued = {"measure": made, "actor": world["vendor_member"], "at": world.at}
    operations.issue_order(**issued, remedy=stages.REMEDY, **stages.CHARGE)
    for who in ("vendor", "vendor_member"):
        with pytest.raises(NotAllowed):
            operations.annul_order(measure=made, actor=world[who], at=world.at, reason="误发")
