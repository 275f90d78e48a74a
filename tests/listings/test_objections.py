"""Objections during publicity: by anybody, answered with reasons, never in the way of whoever raised them."""

import re
from datetime import timedelta
from importlib import import_module
from io import StringIO

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from listings import operations
from listings.models import Objection, Version
from listings.operations.objections import KEEP_CONTACT, PUBLIC, find_objection
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after
from marketplace.desk.queries import todo
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.supervision.sweep import sweep
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

CONTACT = "13800000000"


@pytest.fixture
def shown(world):
    """A version in publicity, on its first day."""
    version, _over = stages.version(world, "in_publicity")
    return version


def lodge(version, at, actor=PUBLIC, **said):
    said = {"text": "可能认出个人", "name": "某市民", "contact": CONTACT, **said}
    return operations.lodge_objection(version=version, actor=actor, at=at, **said)


def post(at, address, data, client=None):
    with time_machine.travel(at, tick=False):
        return (client or Client()).post(address, data)


def test_anybody_objects_without_a_login_and_reads_the_answer_with_number_and_code(world, shown):
    answer = post(world.at, reverse("listings:version-object", args=[shown.pk]), {"text": "样本过小", "website": ""})
    number, code = re.findall(r'<code class="key">([^<]+)</code>', answer.content.decode())
    made = Objection.objects.get()
    assert (made.number, made.text, made.by, made.person_sealed) == (number, "样本过小", None, "")
    assert code not in str(list(Objection.objects.values())) and Entry.objects.latest("pk").actor_ref == "system:public"
    follow = reverse("listings:objection-follow")
    assert "尚未答复" in post(world.at, follow, {"number": number, "code": code}).content.decode()
    operations.dismiss_objection(objection=made, actor=world["officer"], at=world.at, reason="汇总口径已说明")
    assert "汇总口径已说明" in post(world.at, follow, {"number": number, "code": code}).content.decode()
    for wrong in ({"number": number, "code": "x"}, {"number": "O٣", "code": code}, {"number": "9" * 11, "code": code}):
        told = post(world.at, follow, wrong).content.decode()
        assert "样本过小" not in told and "没有与此回执号" in told


def test_who_is_logged_in_follows_without_a_code_and_is_told(world, shown):
    made = lodge(shown, world.at, world["other_buyer"]).made
    operations.dismiss_objection(objection=made, actor=world["officer"], at=world.at, reason="不成立的理由")
    client = Client()
    client.force_login(world["other_buyer"])
    page = client.get(made.get_absolute_url())
    assert "不成立的理由" in page.content.decode() and CONTACT not in page.content.decode()
    assert "不成立的理由" in client.get(reverse("desk:notices")).content.decode()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"text": ""}, 422),
        ({"text": "  \n "}, 422),
        ({"text": "x" * 4001}, 422),
        ({"text": "好", "name": "x" * 201}, 422),
        ({"text": "好", "website": "https://spam.example"}, 422),
    ],
)
def test_what_is_no_objection_leaves_nothing(world, shown, sent, status):
    before = rows()
    assert post(world.at, reverse("listings:version-object", args=[shown.pk]), sent).status_code == status
    assert rows() == before


def test_one_address_cannot_flood_but_another_still_objects(world, shown, settings):
    settings.OBJECTION_RATE = "2/hour"
    address, sent = reverse("listings:version-object", args=[shown.pk]), {"text": "样本过小"}
    assert [post(world.at, address, sent).status_code for _ in range(3)] == [200, 200, 429]
    assert Objection.objects.count() == 2
    with time_machine.travel(world.at, tick=False):
        assert Client(REMOTE_ADDR="192.0.2.7").post(address, sent).status_code == 200
    assert post(world.at + timedelta(hours=2), address, sent).status_code == 200


def test_codes_cannot_be_tried_out(world, shown, settings):
    settings.OBJECTION_RATE = "2/hour"
    made = lodge(shown, world.at)
    sent = {"number": made.made.number, "code": "wrong"}
    answers = [post(world.at, reverse("listings:objection-follow"), sent).status_code for _ in range(2)]
    sent["code"] = made.code
    assert [*answers, post(world.at, reverse("listings:objection-follow"), sent).status_code] == [200, 200, 429]


@pytest.mark.parametrize("state", ["submitted", "published", "held"])
def test_only_what_is_in_publicity_is_objected_to(world, state):
    version, at = stages.version(world, state)
    before = rows()
    with pytest.raises(InvalidState):
        lodge(version, at)
    status = post(at, reverse("listings:version-object", args=[version.pk]), {"text": "好"}).status_code
    assert (status, rows()) == (404 if state == "submitted" else 409, before)


def test_after_its_last_day_nothing_is_heard_any_more(world):
    version, over = stages.version(world, "in_publicity")
    lodge(version, over - timedelta(seconds=1))
    with pytest.raises(InvalidState):
        lodge(version, over)


def test_nothing_is_published_before_every_objection_is_answered(world):
    version, over = stages.version(world, "in_publicity")
    made = [lodge(version, world.at).made for _ in range(2)]
    for objection in made:
        before = rows()
        with pytest.raises(InvalidState, match="异议"):
            operations.publish_version(version=version, actor=world["officer"], at=over)
        assert rows() == before
        operations.dismiss_objection(objection=objection, actor=world["officer"], at=over, reason="不成立")
    operations.publish_version(version=version, actor=world["officer"], at=over)
    assert version.state == "published"


def test_second_objection_is_still_answered_after_the_first_was_upheld(world, shown):
    first, second = (lodge(shown, world.at).made for _ in range(2))
    for objection in (first, second):
        operations.uphold_objection(objection=objection, actor=world["officer"], at=world.at, reason="属实")
    moves = Entry.objects.filter(object_type="listings.version", object_id=str(shown.pk), verb="uphold_objection")
    assert Version.objects.get(pk=shown.pk).state == "submitted" and moves.count() == 1


def test_name_and_contact_are_sealed_and_read_by_the_deciding_body_alone(world, shown):
    made = lodge(shown, world.at).made
    everything = str(rows()) + str(list(EntryDetail.objects.values()))
    assert CONTACT not in everything and "某市民" not in everything and made.person()["contact"] == CONTACT
    shown_to = {}
    for who in ("officer", "province_officer", "seller", "provider", "buyer"):
        client = Client()
        client.force_login(world[who])
        with time_machine.travel(world.at, tick=False):
            page = client.get(made.get_absolute_url())
            version_page = client.get(shown.get_absolute_url()).content.decode()
        shown_to[who] = (page.status_code, CONTACT in page.content.decode())
        assert CONTACT not in version_page and ("可能认出个人" in version_page) == (
            who in ("officer", "province_officer")
        )
    assert shown_to == {
        "officer": (200, True), "province_officer": (200, False), "seller": (404, False), "provider": (404, False),
        "buyer": (404, False),
    }  # fmt: skip


def test_nobody_answers_their_own_objection(world, shown):
    made = lodge(shown, world.at, world["officer"]).made
    before = rows()
    for answer in (operations.dismiss_objection, operations.uphold_objection):
        with pytest.raises(NotAllowed):
            answer(objection=made, actor=world["officer"], at=world.at, reason="不成立")
    assert rows() == before
    operations.dismiss_objection(objection=made, actor=world["second_officer"], at=world.at, reason="不成立")


def test_name_and_contact_are_erased_half_a_year_after_the_answer_and_once(world, shown):
    answered, waiting = (lodge(shown, world.at).made for _ in range(2))
    answer_at = world.at + timedelta(days=3)
    operations.dismiss_objection(objection=answered, actor=world["officer"], at=answer_at, reason="不成立")
    due = answer_at + KEEP_CONTACT

    def did(at):
        return next(row.did for row in sweep(at=at) if row.monitor == "objectors")

    assert [did(due - timedelta(seconds=1)), did(due), did(due)] == [0, 1, 0]
    answered.refresh_from_db()
    waiting.refresh_from_db()
    assert (answered.person(), answered.text, answered.answer) == ({}, "可能认出个人", "不成立")
    assert waiting.person()["contact"] == CONTACT
    assert Entry.objects.filter(object_type="listings.objection", object_id=str(answered.pk), verb="erase").count() == 1


def test_change_of_keys_seals_objectors_again(world, shown, settings):
    made = lodge(shown, world.at).made
    settings.FIELD_KEYS = ["another-key-" + "k" * 32, *settings.FIELD_KEYS]
    call_command("rotate_field_keys", stdout=StringIO())
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    made.refresh_from_db()
    assert made.person() == {"name": "某市民", "contact": CONTACT}


def test_list_of_versions_in_publicity_says_how_long_and_how(world, shown):
    with time_machine.travel(world.at, tick=False):
        page = Client().get(reverse("listings:publicity"))
        ((version, _until, left),) = page.context["rows"]
    assert (version, left) == (shown, 10)
    assert reverse("listings:version-object", args=[shown.pk]) in page.content.decode()


def test_code_opens_its_own_objection_only(world, shown):
    one, other = lodge(shown, world.at), lodge(shown, world.at)
    assert find_objection(one.made.number, one.code) == one.made
    assert find_objection(one.made.number, other.code) is None


def test_an_objection_has_a_deadline_that_is_seen_and_said_when_it_is_over(world, shown):
    made = lodge(shown, world.at).made
    running = clock.of(made).open().get()
    assert (running.kind, running.working_days) == ("objection", 5)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["officer"])
    with time_machine.travel(running.due_at + timedelta(hours=10), tick=False):
        mine = next(task for task in todo(world["officer"], running.due_at) if task.obj == made)
        assert mine.due_at == running.due_at
        for address in ("/todo/", "/console/listings/objection/", made.get_absolute_url()):
            assert "overdue" in client.get(address).content.decode(), address

    def did():
        return next(row.did for row in sweep(at=running.due_at) if row.monitor == "clock_overdue")

    assert [did(), did()] == [1, 0]
    operations.dismiss_objection(objection=made, actor=world["officer"], at=running.due_at, reason="不成立")
    assert not clock.of(made).open().exists()


def test_the_upgrade_gives_open_objections_a_deadline_and_answered_ones_none(world, shown):
    """Those from before answers had one. A deadline that runs is left as it is, however often it is asked."""
    before, answered = lodge(shown, world.at).made, lodge(shown, world.at).made
    operations.dismiss_objection(objection=answered, actor=world["officer"], at=world.at, reason="已说明")
    clock.of(before).delete()
    upgrade = import_module("listings.migrations.0250_objection_deadlines")
    for _twice in range(2):
        with time_machine.travel(world.at, tick=False):
            upgrade.give_open_objections_a_deadline(apps, None)
    running = clock.of(before).open().get()
    assert running.due_at == due_after(world.at, clock.days(Kind.OBJECTION)) and running.started_at == world.at
    assert not clock.of(answered).open().exists()
