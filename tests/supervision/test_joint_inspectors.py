"""Joint inspectors of other departments: what they see and write, whom the report names, who may not be one."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Membership, Party
from marketplace.applications.models import Grant
from marketplace.errors import NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision import operations as supervision
from marketplace.supervision.forms_inspection import PointsForm
from marketplace.supervision.inspections import Inspection, InspectionPlan
from marketplace.supervision.permissions_inspection import check_can_read_inspection_evidence
from tests import crowd
from tests.workflow import stages

NAMED = {"department": "福州市公安局", "role": "网络安全"}


@pytest.fixture
def joint(world):
    made, at = stages.inspection(world, "under_way+joint")
    return made, at


def test_a_joint_inspector_sees_that_inspection_and_nothing_else(world, joint, client):
    made, at = joint
    crowd.copy(made, grant=crowd.copy_grant(made.grant))
    expert = world["expert"]
    assert list(Inspection.objects.visible_to(expert)) == [made]
    assert not InspectionPlan.objects.visible_to(expert).exists()
    assert not Grant.objects.visible_to(expert).exists()
    assert Outbox.objects.filter(kind="inspector_named", recipient_ref=expert.ledger_ref).exists()
    client.force_login(expert)
    page = client.get(made.get_absolute_url())
    assert [verb.name for verb in page.context["verbs"]] == ["check_points", "add_evidence"]
    assert "福州市公安局" in page.content.decode()
    supervision.release_inspector(
        inspection=made, actor=world["officer"], at=at, inspector=made.taking_part.get(), reason="改任"
    )
    assert client.get(made.get_absolute_url()).status_code == 404


def test_the_report_names_whoever_inspected_and_not_who_was_released(world, joint, client):
    made, at = joint
    who = {"inspection": made, "at": at}
    released = supervision.name_inspector(**who, actor=world["officer"], person=world["other_provider"], **NAMED)
    supervision.check_points(**who, actor=world["expert"], points=stages.BAD_POINTS)
    client.force_login(world["buyer"])
    assert "福州市公安局" not in client.get(made.get_absolute_url()).content.decode()
    supervision.release_inspector(**who, actor=world["officer"], inspector=released, reason="改任")
    supervision.report_inspection(**who, actor=world["officer"], text="发现一处问题")
    officer, expert = world["officer"].name, world["expert"].name
    made.refresh_from_db()
    assert [row[0] for row in made.inspectors] == [officer, expert]
    page = client.get(made.get_absolute_url()).content.decode()
    assert f"{expert}（福州市公安局，网络安全）" in page and world["other_provider"].name not in page
    with pytest.raises(NotAllowed):
        supervision.close_inspection(**who, actor=world["expert"], outcome="in_order", text="x")


@pytest.mark.parametrize("who", ["other_officer", "county_officer", "other_provider", "overseer"])
def test_whoever_acts_for_another_public_body_is_named(world, joint, who):
    made, at = joint
    supervision.name_inspector(inspection=made, actor=world["officer"], at=at, person=world[who], **NAMED)
    assert made.taking_part.filter(user=world[who]).exists()


@pytest.mark.parametrize("who", ["other_buyer", "vendor", "operator"])
def test_whoever_acts_for_no_public_body_and_is_no_expert_is_refused_by_the_field(world, joint, client, who):
    made, at = joint
    client.force_login(world["officer"])
    with time_machine.travel(at, tick=False):
        sent = {"email": world[who].email, **NAMED}
        refused = client.post(reverse("supervision:inspection-name_inspector", args=[made.pk]), sent)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["email"])
    assert "公共管理和服务机构" in refused.context["form"].errors["email"][0]
    assert made.taking_part.count() == 1


LOSSES = ("left", "auditor", "lapsed", "barred", "capability")


def lose(world, at, loss):
    """The other provider acts for its unit no more, or that is no providing unit in good standing."""
    unit, yesterday = Party.objects.filter(pk=world.parties["other_unit"].pk), at.date() - timedelta(days=1)
    if loss == "left":
        world["other_provider"].memberships.update(valid_until=yesterday)
    if loss == "auditor":
        world["other_provider"].memberships.update(role="auditor")
    if loss == "lapsed":
        unit.update(verified_until=yesterday)
    if loss == "barred":
        unit.update(state="barred")
    if loss == "capability":
        unit.get().capabilities.update(valid_until=yesterday)


@pytest.mark.parametrize("loss", LOSSES)
def test_whoever_acts_for_a_public_body_no_more_is_not_named(world, joint, loss):
    made, at = joint
    lose(world, at, loss)
    with pytest.raises(ValidationError) as refused:
        supervision.name_inspector(
            inspection=made, actor=world["officer"], at=at, person=world["other_provider"], **NAMED
        )
    assert list(refused.value.message_dict) == ["email"]


@pytest.mark.parametrize("loss", LOSSES)
def test_whoever_was_named_and_acts_for_a_public_body_no_more_neither_reads_nor_writes(world, joint, client, loss):
    made, at = joint
    who, person = {"inspection": made, "at": at}, world["other_provider"]
    supervision.name_inspector(**who, actor=world["officer"], person=person, **NAMED)
    supervision.check_points(**who, actor=person, points=stages.BAD_POINTS)
    client.force_login(person)
    with time_machine.travel(at, tick=False):
        assert client.get(made.get_absolute_url()).status_code == 200
        lose(world, at, loss)
        assert client.get(made.get_absolute_url()).status_code == 404
        assert Inspection.objects.visible_to(world["expert"]).get() == made
    with pytest.raises(NotAllowed):
        supervision.check_points(**who, actor=person, points=stages.POINTS)
    with pytest.raises(NotAllowed):
        check_can_read_inspection_evidence(person, made, at)
    supervision.check_points(**who, actor=world["expert"], points=stages.POINTS)


@pytest.mark.parametrize("who", ["buyer", "provider", "seller", "second_officer", "conflicted_officer", "expert"])
def test_nobody_of_a_side_of_the_authority_or_named_already_is_named(world, joint, who):
    made, at = joint
    with pytest.raises(ValidationError):
        supervision.name_inspector(inspection=made, actor=world["officer"], at=at, person=world[who], **NAMED)
    assert made.taking_part.count() == 1


def test_whoever_comes_to_belong_to_the_party_inspects_it_no_more(world, joint):
    made, at = joint
    Membership.objects.create(
        user=world["expert"], party=made.party, role="auditor", valid_from=at.date() - timedelta(days=1)
    )
    with pytest.raises(NotAllowed):
        supervision.check_points(inspection=made, actor=world["expert"], at=at, points=stages.POINTS)
    assert not made.points.exists()


def test_two_who_write_at_once_do_not_undo_each_other(world, joint):
    made, at = joint
    who = {"target": made, "at": at}
    shown = PointsForm(actor=world["officer"], **who)  # both look at an empty list
    sent = {f"initial-{name}": "" for name in shown.fields} | {name: "" for name in shown.fields}
    supervision.check_points(
        inspection=made, actor=world["expert"], at=at, points={"people": ("serious", "离职人员仍有权限")}
    )
    late = PointsForm({**sent, "verdict_storage": "in_order"}, actor=world["officer"], **who)
    assert late.is_valid() and late.cleaned_data["points"] == {"storage": ("in_order", "")}
    looked = PointsForm(actor=world["officer"], **who)
    again = {f"initial-{name}": looked.get_initial_for_field(field, name) for name, field in looked.fields.items()}
    again |= {name.removeprefix("initial-"): value for name, value in again.items()}
    unchanged = PointsForm(again, actor=world["officer"], **who)
    assert unchanged.is_valid() and unchanged.cleaned_data["points"] == {}


def test_whoever_took_part_sees_the_inspection_no_more_when_released_after_the_report_or_when_it_is_over(world, joint):
    made, at = joint
    who = {"inspection": made, "actor": world["officer"], "at": at}
    other = supervision.name_inspector(**who, person=world["other_provider"], **NAMED)
    supervision.check_points(**who, points=stages.BAD_POINTS)
    supervision.report_inspection(**who, text="发现一处问题")
    supervision.release_inspector(**who, inspector=other, reason="已完成")
    made.refresh_from_db()
    seen = Inspection.objects.visible_to
    assert not seen(world["other_provider"]).exists() and seen(world["expert"]).exists()
    supervision.close_inspection(**{**who, "at": at + timedelta(days=30)}, outcome="put_right", text="已整改")
    assert not seen(world["expert"]).exists()


def test_whoever_takes_part_sees_a_cancelled_inspection_no_more(world, joint):
    made, at = joint
    supervision.cancel_inspection(inspection=made, actor=world["officer"], at=at, reason="停业")
    assert not Inspection.objects.visible_to(world["expert"]).exists()


def test_words_want_a_verdict_and_nobody_overwrites_what_they_have_not_seen(world, joint):
    made, at = joint
    who = {"target": made, "at": at, "actor": world["officer"]}
    shown = PointsForm(**who)
    sent = {f"initial-{name}": "" for name in shown.fields} | {name: "" for name in shown.fields}
    assert set(PointsForm({**sent, "words_people": "两个账号"}, **who).errors) == {"words_people"}
    supervision.check_points(
        inspection=made, actor=world["expert"], at=at, points={"people": ("serious", "离职人员仍有权限")}
    )
    mine = {"verdict_people": "in_order"}
    assert set(PointsForm({**sent, **mine}, **who).errors) == {"verdict_people"}
    seen = {"initial-verdict_people": "serious", "initial-words_people": "离职人员仍有权限"}
    assert PointsForm({**sent, **seen, **mine}, **who).is_valid()
    assert PointsForm(mine, **who).is_valid()  # from a partner's system
