"""The expert review of a version: a branch of its review, with the clock standing still (Art. 35)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Assignment
from accounts.operations import add_member
from listings import operations
from listings.models import Version
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.desk.queries import todo
from marketplace.errors import InvalidState, NotAllowed
from marketplace.notices.models import Outbox
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.fixture
def submitted(world):
    return stages.version(world, "submitted")[0]


def call(world, version, who="expert"):
    operations.call_version_expert(
        version=version, actor=world["officer"], at=world.at, expert=world[who], reason="多源关联"
    )


def page(world, who, version):
    client = Client()
    client.force_login(world[who], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.get(version.get_absolute_url())


def test_expert_reads_the_version_gives_an_opinion_and_decides_nothing(world, submitted):
    assert page(world, "expert", submitted).status_code == 404
    call(world, submitted)
    assert submitted in [task.obj for task in todo(world["expert"], world.at)]
    assert page(world, "expert", submitted).status_code == 200
    for decide in (operations.approve_version, operations.return_version):
        extra = stages.SIGN_OFF if decide is operations.approve_version else {"reason": "补充"}
        with pytest.raises(InvalidState):
            decide(version=Version.objects.get(pk=submitted.pk), actor=world["officer"], at=world.at, **extra)
    operations.give_version_opinion(
        version=submitted, actor=world["expert"], at=world.at, opinion="风险可控", measures="并档"
    )
    assert (submitted.state, Assignment.objects.filter(ended_at=None, role="expert").count()) == ("submitted", 0)
    told = Outbox.objects.filter(kind="version_opinion", channel="page").values_list("recipient_ref", flat=True)
    assert world["officer"].ledger_ref in told
    html = page(world, "officer", submitted).content.decode()
    assert "风险可控" in html and "并档" in html
    assert page(world, "expert", submitted).status_code == 200  # it goes on reading what it assessed
    with pytest.raises(NotAllowed):
        operations.give_version_opinion(version=submitted, actor=world["expert"], at=world.at, opinion="再补一条")


def test_only_a_member_of_the_committee_on_nobodys_side_is_asked(world, submitted):
    with pytest.raises(ValidationError):
        call(world, submitted, "second_officer")
    add_member(party=world.parties["unit"], user=world["expert"], role="member", actor=world["provider"], at=world.at)
    with pytest.raises(ValidationError):
        call(world, submitted)
    assert not Assignment.objects.filter(role="expert").exists()


def test_clock_of_the_review_stands_still_until_the_opinion_is_there(world, submitted):
    due = clock.of(submitted).open().get(kind=Kind.ACCEPTANCE).due_at
    call(world, submitted)
    later = world.at + timedelta(days=30)
    assert not clock.has_run_out(submitted, Kind.ACCEPTANCE, later)
    operations.recall_version_expert(version=submitted, actor=world["officer"], at=later, reason="出差")
    running = clock.of(submitted).open().get(kind=Kind.ACCEPTANCE)
    assert (running.paused_at, running.due_at > later > due) == (None, True)


def test_opinion_says_something(world, submitted):
    call(world, submitted)
    with pytest.raises(ValidationError):
        operations.give_version_opinion(version=submitted, actor=world["expert"], at=world.at, opinion=" ")


def test_no_second_version_while_one_is_with_the_expert(world, submitted):
    call(world, submitted)
    with pytest.raises(ValidationError):
        stages.draft_with_file(world)


def test_opinion_on_non_public_data_is_told_to_the_compliance_reviewer(world):
    version, at = stages.non_public_version(world, "submitted")
    asked = {"version": version, "actor": world["reviewer"], "at": at}
    operations.call_version_expert(**asked, expert=world["expert"], reason="汇聚后可能涉敏")
    operations.give_version_opinion(**{**asked, "actor": world["expert"]}, opinion="可控")
    told = Outbox.objects.filter(kind="version_opinion", channel="page").values_list("recipient_ref", flat=True)
    assert list(told) == [world["reviewer"].ledger_ref]
