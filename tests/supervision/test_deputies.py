"""A deputy decides in nobody's name whose own case it is (Art. 45)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Membership
from marketplace.applications import operations as applications
from marketplace.clock.working_days import local_date
from marketplace.errors import NotAllowed
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from tests.actors import BEGAN, World
from tests.supervision.test_recusal import stand_in
from tests.workflow import stages
from tests.workflow.matrix import rows

CLAUSE = "第三条:不得转售"


def belongs(world: World, who: str, to: str, role: str = "auditor") -> None:
    Membership.objects.create(
        party=world.parties[to], user=world[who], role=role, valid_from=local_date(BEGAN),
        valid_until=local_date(BEGAN + timedelta(days=720)),
    )  # fmt: skip


def notice_by_deputy(world: World, grant: Any, at: Any) -> Measure:
    deputy = {"actor": world["vendor_member"], "at": at}
    made = operations.draft_notice(grant=grant, clause=CLAUSE, **stages.CHARGE, **deputy)
    operations.issue_order(measure=made, remedy=stages.REMEDY, **stages.CHARGE, **deputy)
    return made


def test_in_the_place_of_who_belongs_to_the_buyer_a_deputy_decides_nothing(world: World) -> None:
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    stand_in(world, world.parties["vendor"], "vendor", "vendor_member", at)
    belongs(world, "vendor", "buyer")
    before = rows()
    with pytest.raises(NotAllowed, match=r"own case of the person|您所代理"):
        notice_by_deputy(world, grant, at)
    assert rows() == before


def test_deputy_of_two_decides_in_the_name_of_who_is_on_nobodys_side(world: World) -> None:
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    belongs(world, "other_vendor", "vendor", "manager")
    for absent in ("vendor", "other_vendor"):
        stand_in(world, world.parties["vendor"], absent, "vendor_member", at)
    belongs(world, "vendor", "buyer")
    notice_by_deputy(world, grant, at)
    entry = Entry.objects.get(verb="give_notice", object_type="supervision.measure")
    assert json.loads(EntryDetail.objects.get(entry=entry).json)["acting_for"] == world["other_vendor"].ledger_ref


def test_who_was_passed_over_for_one_reason_is_not_taken_for_another(world: World) -> None:
    """One principal belongs to the buyer, the other has stepped back: the deputy acts for neither."""
    made, _over = stages.notice(world, "issued")
    at = made.issued_at
    belongs(world, "other_vendor", "vendor", "manager")
    for absent in ("vendor", "other_vendor"):
        stand_in(world, world.parties["vendor"], absent, "vendor_member", at)
    operations.recuse_from(case=made, actor=world["vendor"], at=at, reason="亲属")
    belongs(world, "other_vendor", "buyer")
    before = rows()
    with pytest.raises(NotAllowed):
        operations.lift_order(measure=made, actor=world["vendor_member"], at=at, reason="-")
    assert rows() == before


def test_deputy_of_the_officer_in_charge_does_not_decide_where_that_officer_is_on_a_side(world: World) -> None:
    case, at = stages.application(world, "accepted")
    stand_in(world, world.parties["city"], "officer", "second_officer", at)
    belongs(world, "officer", "buyer")
    before = rows()
    with pytest.raises(NotAllowed, match=r"own case of the person|您所代理"):
        applications.consult_units(application=case, actor=world["second_officer"], at=at)
    assert rows() == before
    applications.take_over_application(application=case, actor=world["second_officer"], at=at, reason="回避")
    applications.consult_units(application=case, actor=world["second_officer"], at=at)
