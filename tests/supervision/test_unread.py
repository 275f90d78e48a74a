"""No refusal to correct is found over something that the party filed and the officer has not read."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.applications.models import Grant
from marketplace.clock.defaults import Kind
from marketplace.desk.story import later as later_than
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from tests.actors import World
from tests.api.conftest import Partner, credential_for
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.matrix import rows


@pytest.fixture
def order(world: World, grant: Grant) -> Measure:
    """Heard, and the time to correct over: nothing but what is unread stands in the way of a refusal."""
    made = stages.order(world, grant)
    stages.hear(made, world.at, world["officer"], world["buyer"])
    operations.note_seen(measure=Measure.objects.get(), actor=world["officer"], at=world.at)
    return Measure.objects.get()


def find(world: World, who: str = "officer", days: int = 0) -> None:
    at = later_than(world.at, Kind.CORRECTION) + timedelta(days=days)
    operations.find_refusal(measure=Measure.objects.get(), actor=world[who], at=at, reason="逾期未改正")


def refused(world: World, who: str = "officer") -> str:
    before = rows()
    with pytest.raises(InvalidState) as refusal:
        find(world, who)
    assert rows() == before
    return str(refusal.value)


def test_a_file_added_just_before_stops_the_finding_until_the_officer_opens_the_case(
    world: World, order: Measure
) -> None:
    filed = world.at + timedelta(days=2)
    operations.add_measure_evidence(measure=order, actor=world["buyer"], at=filed, path=stages.paper("shown"))
    assert "2026-03-19" in refused(world)
    with time_machine.travel(world.at + timedelta(days=3), tick=False):
        log_in(world["officer"]).get(order.get_absolute_url())
    find(world)
    assert Measure.objects.get().state == "refused_to_correct"


def test_a_statement_that_came_after_the_officer_looked_stops_it_and_another_officer_reads_for_herself(
    world: World, order: Measure
) -> None:
    later = world.at + timedelta(days=1)
    operations.file_statement(measure=order, actor=world["buyer"], at=later, text="另有理由", refuses=True)
    assert "2026-03-18" in refused(world)
    operations.note_seen(measure=order, actor=world["officer"], at=later)
    assert "2026-03-17" in refused(world, "second_officer")  # who has opened nothing
    with time_machine.travel(later, tick=False):
        log_in(world["second_officer"]).get(reverse("console:supervision_measure_change", args=[order.pk]))
    find(world, "second_officer")


def test_more_is_asked_for_after_reading_what_was_filed_and_a_partner_reads_by_fetching_it(
    world: World, order: Measure
) -> None:
    operations.file_evidence(measure=order, actor=world["buyer"], at=world.at, text="已停用")
    asking = {"measure": Measure.objects.get(), "actor": world["officer"], "at": world.at}
    before = rows()
    with pytest.raises(InvalidState, match="2026-03-17"):
        operations.ask_for_more(**asking, reason="附日志")
    assert rows() == before
    operations.note_seen(**asking)
    operations.ask_for_more(**asking, reason="附日志")
    stages.hear(order, world.at, world["officer"], world["buyer"])
    refused(world)
    with time_machine.travel(world.at, tick=False):
        key = credential_for(world, world.parties["city"], person=world["officer"])
        Partner(key, world["officer"]).get(f"measures/{order.pk}/")
    find(world)


def test_reading_is_recorded_when_there_is_something_new_and_by_nobody_who_does_not_decide(
    world: World, order: Measure
) -> None:
    def noted() -> int:
        return Entry.objects.filter(verb="read_evidence").count()

    assert noted() == 1
    for who in ("officer", "buyer", "other_officer", "county_officer", "conflicted_officer"):
        operations.note_seen(measure=order, actor=world[who], at=world.at)
    assert (noted(), order.readings.count()) == (1, 1)
    operations.file_statement(measure=order, actor=world["buyer"], at=world.at, text="补充", refuses=True)
    operations.note_seen(measure=order, actor=world["officer"], at=world.at)
    assert (noted(), order.readings.count()) == (2, 1)
    with CaptureQueriesContext(connection) as asked:
        operations.note_seen(measure=order, actor=world["buyer"], at=world.at)
    assert not [query for query in asked.captured_queries if "evidencereading" in query["sql"]]


@pytest.mark.parametrize("what", ["text", "file"])
def test_once_a_refusal_was_found_the_party_still_files_and_it_is_read_before_the_service_ends(
    world: World, order: Measure, what: str
) -> None:
    find(world)
    at = later_than(world.at, Kind.CORRECTION)
    buyer = {"measure": Measure.objects.get(), "actor": world["buyer"], "at": at}
    if what == "text":
        operations.file_evidence(**buyer, text="已停用")
    else:
        operations.add_measure_evidence(**buyer, path=stages.paper("late"))
    after = Measure.objects.get()
    assert (after.state, after.refuses) == ("refused_to_correct", what == "file")
    end = {"measure": after, "actor": world["officer"], "at": at, "reason": "拒不改正", "remedy": stages.REMEDY}
    before = rows()
    with pytest.raises(InvalidState, match="2026-04-09"):
        operations.terminate_service(**end)
    assert rows() == before
    operations.note_seen(measure=after, actor=world["officer"], at=at)
    with transaction.atomic():
        operations.terminate_service(**end)
        over = rows()
        with pytest.raises(InvalidState):
            operations.file_evidence(**buyer, text="再补充")
        with pytest.raises(InvalidState):
            operations.add_measure_evidence(**buyer, path=stages.paper("too late"))
        assert rows() == over
        transaction.set_rollback(True)
    operations.lift_order(measure=Measure.objects.get(), actor=world["officer"], at=at, reason="已改正")
    assert Grant.objects.get().is_in_effect(at)
