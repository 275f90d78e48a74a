"""Two requests at once with one key: one write, whoever comes first; and a feed that misses nothing meanwhile."""

import threading
import time

import pytest
from django.db import connection, connections, transaction

from marketplace.api import operations, queries
from marketplace.api.models import IdempotencyKey
from marketplace.api.problems import Problem
from marketplace.applications.models import Application
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from tests.races.together import ROUNDS, together
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")


def test_raced_requests_with_one_key_write_once(world, partner, monkeypatch):
    application, _at = stages.application(world, "draft")
    buyer = partner("buyer")
    path = f"applications/{application.pk}/describe/"
    for number in range(ROUNDS):
        last = Entry.objects.latest("pk").pk
        answers = together(*[lambda: buyer.post(path, {"title": "新名"}, key=f"k-{number}")] * 3)  # noqa: B023
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 200 and set(statuses) <= {200, 409}, [answer.content for answer in answers]
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request_in_progress"}
        assert Entry.objects.filter(pk__gt=last).count() == 1
        assert buyer.post(path, {"title": "新名"}, key=f"k-{number}").status_code == 200
    assert IdempotencyKey.objects.count() == ROUNDS
    assert Application.objects.get(pk=application.pk).title == "新名"


@only_postgresql
def test_while_a_request_is_worked_on_its_key_is_taken(world):
    inside, go_on = threading.Event(), threading.Event()

    def slow():
        inside.set()
        assert go_on.wait(10)
        return 200, {"n": 1}

    def once(write):
        party = world.parties["buyer"]
        return operations.once(party=party, key="k", body_hash="h", at=world.at, write=write)

    def second():
        assert inside.wait(10)
        try:
            return once(lambda: (200, {"n": 2}))
        except Problem as error:
            return error
        finally:
            go_on.set()

    first, refused = together(lambda: once(slow), second)
    assert (refused.status, refused.code) == (409, "request_in_progress")
    assert first == once(lambda: (200, {"n": 3})) == (200, {"n": 1})


def settled(user, after, newest):
    """The feed once it has this entry: any transaction of the server holds it up, also of another test's database."""
    for _ in range(3600):
        found = list(queries.feed(user, after))
        if newest in found:
            return found
        time.sleep(0.1)
    raise AssertionError("the feed stands still")


@only_postgresql
def test_the_feed_waits_for_what_is_not_yet_committed(world):
    """The entry with the smaller number is committed last, and still comes."""
    application, _at = stages.application(world, "draft")
    buyer, began, go_on = world["buyer"], threading.Event(), threading.Event()
    start = queries.position(settled(buyer, (0, 0), Entry.objects.latest("pk"))[-1])

    def slow():
        try:
            with transaction.atomic():
                ledger.record(ledger.begin("describe", buyer, world.at), application)
                began.set()
                assert go_on.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(10)
    ledger.record(ledger.begin("submit", buyer, world.at), application)
    meanwhile = list(queries.feed(buyer, start))
    go_on.set()
    thread.join(10)
    assert [entry.verb for entry in meanwhile] == []
    newest = Entry.objects.filter(verb="submit").latest("pk")
    assert [entry.verb for entry in settled(buyer, start, newest)] == ["describe", "submit"]
