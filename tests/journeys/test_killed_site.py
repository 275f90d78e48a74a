"""kill -9 of the site's own worker, beat and web server, over and over: each thing is done once, each mail arrives."""

import json
import random
import time
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection, HTTPException

import pytest

from marketplace.documents.models import Document
from marketplace.documents.operations import render_due
from marketplace.ledger import entries as ledger
from marketplace.notices import operations as notices
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.api.conftest import Partner
from tests.journeys.killing import Site, needs_services, outcome, site_with_mail, undisturbed, wait_until
from tests.supervision.test_issuing import ORDER, system_of
from tests.workflow import stages

pytestmark = [pytest.mark.django_db(transaction=True), needs_services]
NEXT = notices.LEASE + timedelta(seconds=1)  # what the dead had taken is free again


def waiting_mails(world: World, number: int) -> list[int]:
    """Only these are to be sent."""
    Outbox.objects.filter(channel="email").update(state="sent")
    people = [notices.Recipient(f"accounts.user:{n}", f"person{n}@test.example", "zh-hans") for n in range(number)]
    act = ledger.begin("x", ledger.SystemActor("test"), world.at)
    notices.tell(
        act, people, "item_decided", link="/application/1/", number="1", product="x", state="approved", reason="y"
    )
    return list(Outbox.objects.filter(channel="email", state="pending").values_list("pk", flat=True))


def test_worker_and_beat_killed_in_the_middle_of_a_sweep_are_replaced_and_all_is_done_once(world, tmp_path):
    _grant, at = stages.late_reports(world)
    expected = undisturbed(lambda: sweep(at=at))
    with site_with_mail(tmp_path, "sweep") as (site, _post):
        for number in (3, 6):
            site.start("beat", "worker", at=at, dies_at=number)
            wait_until(lambda: not site.is_alive("worker"))
            site.kill()
            assert outcome() != expected
        site.start("beat", "worker", at=at)
        wait_until(lambda: outcome() == expected)
        time.sleep(3)  # one more sweep at least
        assert outcome() == expected


@pytest.mark.parametrize("worker", ["worker", "unit-worker"])
def test_mails_of_a_worker_that_is_killed_again_and_again_all_arrive_under_one_name(world, tmp_path, worker):
    keys, at, chance = waiting_mails(world, 30), world.at, random.Random(5)
    with site_with_mail(tmp_path, "notices") as (site, post):
        for life in range(5):
            if Outbox.objects.filter(pk__in=keys, state="pending").count() < 8:
                break  # a machine that is slow to kill
            taken = len(post.mails)
            site.start("beat", worker, at=at)
            post.wait_for_mails(taken + 1)  # it has been sent, and is not marked yet
            time.sleep(life and chance.uniform(0, post.slow))
            site.kill()
            at += NEXT
        site.start("beat", worker, at=at)
        wait_until(lambda: not Outbox.objects.filter(state="pending").exists())
        site.kill()
    copies = post.copies()
    assert set(copies) == {f"<outbox-{key}@minshu>" for key in keys}
    assert sum(copies.values()) > len(keys)
    assert len(set(post.mails)) == len(keys)  # each copy is the same
    assert set(Outbox.objects.filter(pk__in=keys).values_list("state", "lease_until")) == {("sent", None)}


def issue_by_system(site: Site, system: Partner, made: Measure) -> int:
    """What the site answers to a system that asks under the same key each time."""
    asked = HTTPConnection(site.address, timeout=30)
    with closing(asked):
        headers = system.headers(**{"Idempotency-Key": "once", "Content-Type": "application/json"})
        asked.request("POST", f"/api/v1/measures/{made.pk}/issue/", json.dumps(ORDER), headers)
        return asked.getresponse().status


def test_an_order_whose_server_worker_and_beat_are_killed_is_issued_once_and_reaches_its_party(world, tmp_path):
    made = stages.proposal(world, stages.active_grant(world))
    system, at = system_of(world, "officer"), world.at
    Outbox.objects.filter(channel="email").update(state="sent")
    earlier = set(Outbox.objects.values_list("pk", flat=True))
    before = outcome()

    def issue() -> None:
        operations.issue_order(measure=made, actor=world["officer"], at=at, **ORDER)
        render_due(at=at)

    expected = undisturbed(issue)
    with site_with_mail(tmp_path, "notices", "documents") as (site, post):
        for number in (1, 3, 6, 10, -1):  # before a write of the web server; before it answers
            site.start("beat", "worker", at=at)
            site.start("web", at=at, dies_at=number)
            with pytest.raises((OSError, HTTPException)):
                issue_by_system(site, system, made)
            if number > 0:
                assert outcome() == before
            else:
                post.wait_for_mails(1)  # sent, and not marked yet
            site.kill()
            at += NEXT
        site.start("beat", "worker", "web", at=at)
        assert issue_by_system(site, system, made) == 200  # as it would have been answered
        wait_until(lambda: not Outbox.objects.filter(state="pending").exists())
        wait_until(lambda: outcome() == expected)
        site.kill()
    assert outcome() == expected
    told = Outbox.objects.filter(channel="email").exclude(pk__in=earlier)
    assert set(post.copies()) == {f"<outbox-{key}@minshu>" for key in told.values_list("pk", flat=True)}
    assert len(set(post.mails)) == len(post.copies()) < len(post.mails)
    assert Document.objects.of(made).values_list("kind", flat=True).get() == "order"
