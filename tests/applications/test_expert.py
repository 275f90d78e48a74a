"""Expert review, recusal, and the item that is split off."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Assignment
from accounts.operations import add_member
from marketplace.applications import operations
from marketplace.applications.models import Application
from marketplace.clock import operations as clock
from marketplace.desk.story import consult
from marketplace.errors import InvalidState, NotAllowed
from tests.applications.test_dialogue import told
from tests.applications.test_operations import ask, review, stages_marks
from tests.workflow import stages

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CALL = {"reason": "关联后可能涉敏"}


@pytest.fixture
def case(world):
    return stages.application(world, "under_review")[0]


def called(case, world, expert="expert"):
    operations.call_expert(application=case, actor=world["officer"], at=world.at, expert=world[expert], **CALL)


def page(world, who, case):
    client = Client()
    client.force_login(world[who], backend=BACKEND)
    return client.get(case.get_absolute_url())


def roles(case):
    rows = Assignment.objects.filter(object_id=str(case.pk), ended_at=None).order_by("role")
    return [(row.user.name, row.role) for row in rows]


def test_expert_reads_the_case_gives_an_opinion_and_decides_nothing(world, case):
    assert page(world, "expert", case).status_code == 404
    called(case, world)
    assert page(world, "expert", case).status_code == 200
    assert roles(case) == [("赵岚", "expert"), ("陈文", "officer_in_charge")]
    with pytest.raises(InvalidState):
        stages.approve(case.items.get(), world, world.at)
    operations.give_opinion(
        application=case, actor=world["expert"], at=world.at, opinion="风险可控", measures="年龄段并为两档"
    )
    assert (case.state, roles(case)) == ("under_review", [("陈文", "officer_in_charge")])
    assert told("expert_opinion") == ["officer"]
    html = page(world, "officer", case).content.decode()
    assert "风险可控" in html and "年龄段并为两档" in html
    assert page(world, "expert", case).status_code == 200  # it goes on reading what it assessed
    with pytest.raises(NotAllowed):
        operations.give_opinion(application=case, actor=world["expert"], at=world.at, opinion="再补一条")
    with pytest.raises(NotAllowed):
        stages.applications.refuse_item(
            item=case.items.get(), actor=world["expert"], at=world.at, reason="-", remedy=stages.REMEDY
        )


def test_expert_who_cannot_is_let_go_and_reads_no_more(world, case):
    called(case, world)
    operations.recall_expert(application=case, actor=world["officer"], at=world.at, reason="出差")
    assert (case.state, roles(case)) == ("under_review", [("陈文", "officer_in_charge")])
    assert page(world, "expert", case).status_code == 404


def test_only_a_member_of_the_committee_on_nobodys_side_is_asked(world, case):
    seen = stages_marks()
    with pytest.raises(ValidationError):
        called(case, world, "provider")
    assert stages_marks() == seen
    add_member(party=world.parties["buyer"], user=world["expert"], role="auditor", actor=world["buyer"], at=world.at)
    seen = stages_marks()
    with pytest.raises(ValidationError):
        called(case, world)
    assert (stages_marks(), case.state) == (seen, "under_review")


def test_officer_whose_case_it_has_become_passes_it_on(world, case):
    add_member(party=world.parties["buyer"], user=world["officer"], role="auditor", actor=world["buyer"], at=world.at)
    who = {"application": case, "actor": world["officer"], "at": world.at, "reason": "亲属入职"}
    with pytest.raises(NotAllowed):
        operations.extend_decision(**who, days=3)
    seen = stages_marks()
    for colleague in ("officer", "conflicted_officer", "other_officer", "province_officer"):
        with pytest.raises(ValidationError):
            operations.recuse_officer(**who, colleague=world[colleague])
    assert stages_marks() == seen
    operations.recuse_officer(**who, colleague=world["second_officer"])
    assert roles(case) == [("黄琳", "officer_in_charge")]
    assert told("case_passed_on") == ["second-officer"]
    with pytest.raises(NotAllowed):
        operations.recuse_officer(**who, colleague=world["second_officer"])


def test_item_without_consent_goes_on_alone_and_the_rest_is_decided(world):
    item = stages.unconsented(world, decided=False)
    old = item.application
    part = operations.split_off_item(item=item, actor=world["officer"], at=world.at, reason="等待同意")
    old.refresh_from_db()
    assert (old.state, part.state, part.buyer, part.authority) == ("under_review", "accepted", old.buyer, old.authority)
    assert (part.split_from, item.split_into, part.title) == (item, part, old.title)
    assert roles(part) == [("陈文", "officer_in_charge")]
    assert sorted(clock.of(part).open().values_list("kind", flat=True)) == ["decision", "precheck"]
    stages.approve(old.items.exclude(pk=item.pk).get(), world, world.at)
    old.refresh_from_db()
    assert old.state == "decided"
    operations.consult_units(application=part, actor=world["officer"], at=world.at)
    assert [row.unit for row in part.consultations.all()] == [world.parties["other_unit"]]
    operations.consent(consultation=ask(part, "other_unit", world), actor=world["other_provider"], at=world.at)
    review(part, world)
    assert stages.approve(part.items.get(), world, world.at).state == "offered"
    for one, other in ((old, part), (part, old)):
        assert f'href="{other.get_absolute_url()}"' in page(world, "buyer", one).content.decode()
    assert page(world, "other_buyer", part).status_code == 404


def test_item_that_could_be_decided_or_is_alone_is_not_split_off(world):
    item = stages.unconsented(world, decided=False)
    other = item.application.items.exclude(pk=item.pk).get()
    who = {"actor": world["officer"], "at": world.at, "reason": "-"}
    seen = stages_marks()
    with pytest.raises(InvalidState):
        operations.split_off_item(item=other, **who)
    assert stages_marks() == seen
    alone = stages.applications.split_off_item(item=item, **who)
    consult_again(alone, world)
    with pytest.raises(InvalidState):
        operations.split_off_item(item=alone.items.get(), **who)
    assert Application.objects.filter(split_from__isnull=False).count() == 1


def consult_again(part, world):
    operations.consult_units(application=part, actor=world["officer"], at=world.at)
    operations.object_to(
        consultation=ask(part, "other_unit", world), actor=world["other_provider"], at=world.at, reason="仍不同意"
    )
    review(part, world, world.at + timedelta(hours=1))


def test_returned_application_goes_on_without_what_was_split_off(world):
    item = stages.unconsented(world, decided=False)
    old = item.application
    operations.split_off_item(item=item, actor=world["officer"], at=world.at, reason="等待同意")
    operations.return_application(
        application=Application.objects.get(pk=old.pk), actor=world["officer"], at=world.at, reason="补充"
    )
    old = Application.objects.get(pk=old.pk)
    with pytest.raises(InvalidState):  # the last open one stays
        operations.remove_item(item=old.items.exclude(pk=item.pk).get(), actor=world["buyer"], at=world.at)
    with pytest.raises(InvalidState):
        operations.remove_item(item=item, actor=world["buyer"], at=world.at)
    operations.submit_application(application=old, actor=world["buyer"], at=world.at)
    consult(old, world.cast, world.at)
    assert [row.unit for row in old.consultations.filter(round=2)] == [world.parties["unit"]]
