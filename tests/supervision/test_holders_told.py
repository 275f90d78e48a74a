"""Who holds a grant on data that is taken down is told when it begins and when it is served again, not why."""

from datetime import datetime
from typing import Any

import pytest

from accounts.models import Membership, Role
from listings import operations as listing
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from tests.actors import World
from tests.workflow import stages

SAID: dict[str, Any] = {"facts": "含有个人信息", "demand": "重新脱敏"}


def told(world: World, who: str = "buyer") -> list[str]:
    mine = Outbox.objects.filter(channel="page", recipient_ref=world[who].ledger_ref)
    return list(mine.filter(kind__in=["data_held", "data_served_again"]).order_by("pk").values_list("kind", flat=True))


def taken_down(world: World, whole: bool) -> tuple[Measure, Grant, datetime]:
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    assert at is not None
    reviewer: dict[str, Any] = {"actor": world["reviewer"], "at": at}
    made = operations.draft_take_down(
        version=grant.from_version, clause="第五条", whole_product=whole, **SAID, **reviewer
    )  # fmt: skip
    assert told(world) == []
    operations.issue_order(measure=made, remedy=stages.REMEDY, **SAID, **reviewer)
    return Measure.objects.get(pk=made.pk), grant, at


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("end", [operations.lift_order, operations.annul_order])
def test_holders_hear_that_it_is_held_and_that_it_is_served_again_without_the_case(
    world: World, whole: bool, end: Any
) -> None:
    made, grant, at = taken_down(world, whole)
    assert told(world) == ["data_held"]
    who = world["reviewer"]
    if end is operations.annul_order:
        who = world["operator"]
        Membership.objects.create(
            user=who, party=world.parties["compliance"], role=Role.MEMBER, valid_from=world.at.date()
        )
    end(measure=made, actor=who, at=at, reason="已重新脱敏")
    assert told(world) == ["data_held", "data_served_again"]
    for row in Outbox.objects.filter(kind__in=["data_held", "data_served_again"]):
        assert row.link == grant.get_absolute_url()
        assert not any(words in str(row.context) for words in (*SAID.values(), "第五条", "已重新脱敏"))
    assert (told(world, "vendor"), told(world, "other_buyer")) == ([], [])


def test_who_has_given_the_grant_back_is_told_nothing(world: World) -> None:
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    applications.surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="项目结束")
    act: dict[str, Any] = {"actor": world["reviewer"], "at": at, **SAID}
    made = operations.draft_take_down(version=grant.from_version, clause="第五条", **act)
    operations.issue_order(measure=made, remedy=stages.REMEDY, **act)
    assert told(world) == []


def test_what_is_held_for_another_reason_as_well_is_not_called_served_again(world: World) -> None:
    made, grant, at = taken_down(world, False)
    version = grant.from_version
    version.refresh_from_db()
    listing.hold_version(version=version, actor=world["reviewer"], at=at, reason="另行核查")
    operations.lift_order(measure=made, actor=world["reviewer"], at=at, reason="已改正")
    assert told(world) == ["data_held"]


def test_a_stay_serves_it_again_and_lifting_then_says_it_no_second_time(world: World) -> None:
    made, _grant, at = taken_down(world, False)
    review = operations.lodge_review(subject=made, actor=world["vendor"], at=at, text="认定有误")
    act: dict[str, Any] = {"review": review, "actor": world["officer"], "at": at, "reason": "先予核查"}
    operations.stay_review(**act)
    operations.end_stay(**act)
    assert told(world) == ["data_held", "data_served_again", "data_held"]
    operations.stay_review(**act)
    operations.lift_order(measure=made, actor=world["reviewer"], at=at, reason="已改正")
    assert told(world) == ["data_held", "data_served_again", "data_held", "data_served_again"]
