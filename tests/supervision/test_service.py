"""Service of each document of a measure: when its party opened it, when it counts as served, what runs from it."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils.translation import gettext as _

from marketplace.applications.models import Grant
from marketplace.clock.working_days import due_after, last_day
from marketplace.console import cases_supervision
from marketplace.console.sections import day
from marketplace.documents.models import Document, Paper
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.reviewed import term_of
from tests.actors import World
from tests.api.conftest import Partner
from tests.console.conftest import log_in
from tests.races.together import fresh
from tests.supervision.test_issuing import system_of
from tests.supervision.test_papers import paper_of
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

MOMENT = timedelta(microseconds=1)


@pytest.fixture
def order(world: World, grant: Grant) -> Measure:
    return stages.order(world, grant)


def paper(order: Measure, kind: str) -> Document:
    return Document.objects.of(order).get(kind=kind)


def read(world: World, order: Measure, at: datetime, who: str = "buyer") -> str:
    with time_machine.travel(at, tick=False):
        return str(log_in(world[who]).get(order.get_absolute_url()).content.decode())


def hear(world: World, order: Measure, at: datetime) -> None:
    operations.file_statement(measure=order, actor=world["buyer"], at=at, text="不改正", refuses=True)
    operations.open_hearing(measure=fresh(order), actor=world["officer"], at=at, reason="拟终止")


def test_each_document_is_served_when_somebody_of_the_party_first_opens_the_case_after_it(
    world: World, order: Measure
) -> None:
    first, second = world.at + timedelta(hours=1), world.at + timedelta(days=1)
    read(world, order, first)
    hear(world, order, second)
    issued, notice = paper(order, "order"), paper(order, "hearing")
    assert (issued.seen_at, issued.seen_by, issued.deemed_served_at) == (
        first, world["buyer"], due_after(world.at, 3),
    )  # fmt: skip
    assert (notice.seen_at, notice.deemed_served_at) == (None, due_after(second, 3))
    for who in ("officer", "province_officer"):
        assert str(last_day(due_after(second, 3))) in read(world, order, second, who)
    assert paper(order, "hearing").seen_at is None
    read(world, order, second + timedelta(hours=1))
    seen = paper(order, "hearing")
    assert (seen.seen_at, seen.seen_by) == (second + timedelta(hours=1), world["buyer"])
    assert (paper(order, "order").seen_at, Measure.objects.get().seen_at) == (first, first)
    noted = [EntryDetail.objects.get(entry=entry).json for entry in Entry.objects.filter(verb="see_order")]
    assert [number in text for text, number in zip(noted, (issued.number, notice.number), strict=True)] == [True, True]
    assert notice.number not in noted[0] and issued.number not in noted[1]
    before = rows()
    read(world, order, second + timedelta(hours=2))
    assert (rows(), Entry.objects.filter(verb="see_order").count()) == (before, 2)


def test_of_what_is_only_proposed_nobody_opens_or_reads_anything(world: World, grant: Grant) -> None:
    made = stages.proposal(world, grant)
    before = rows()
    for who in ("officer", "buyer"):
        operations.note_seen(measure=made, actor=world[who], at=world.at)
    assert rows() == before


def test_the_case_file_in_the_console_says_of_each_document_when_it_was_served(world: World, order: Measure) -> None:
    opened = world.at + timedelta(hours=1)
    operations.note_seen(measure=order, actor=world["buyer"], at=opened)
    hear(world, fresh(order), world.at + timedelta(days=1))
    file = cases_supervision.measure(fresh(order), world["officer"], world.at)
    papers = next(one for one in file if one.title == _("Numbered documents"))
    served = {
        document.kind: row.cells[2:4] for document, row in zip(Document.objects.of(order), papers.rows, strict=True)
    }
    assert served == {
        "order": (day(opened), day(due_after(world.at, 3))),
        "hearing": ("–", day(due_after(world.at + timedelta(days=1), 3))),
    }


def test_read_through_the_api_each_document_counts_as_seen_and_says_so(world: World, order: Measure) -> None:
    system = system_of(world, "buyer")
    with time_machine.travel(world.at, tick=False):
        unseen = {row["kind"]: row["seen_at"] for row in system.get("documents/").json()["items"]}
        system.get(f"measures/{order.pk}/")
        shown = {row["kind"]: row for row in system.get("documents/").json()["items"]}
    assert unseen["order"] is None
    assert datetime.fromisoformat(shown["order"]["seen_at"]) == world.at
    assert datetime.fromisoformat(shown["order"]["deemed_served_at"]) == due_after(world.at, 3)
    assert (shown["grant"]["seen_at"], shown["grant"]["deemed_served_at"]) == (None, None)  # no document of a measure


def test_a_system_reads_until_when_to_correct_since_when_that_stands_still_and_when_it_was_served(
    world: World, order: Measure
) -> None:
    system, officer = system_of(world, "buyer"), system_of(world, "officer")
    due, served = due_after(world.at, 15), due_after(world.at, 3)

    def row(at: datetime, who: Partner = officer) -> dict[str, datetime | None]:
        with time_machine.travel(at, tick=False):
            one, listed = who.get(f"measures/{order.pk}/").json(), who.get("measures/").json()["items"][0]
        assert one == listed
        names = ("correct_by", "correct_paused_at", "served_at")
        return {name: datetime.fromisoformat(one[name]) if one[name] else None for name in names}

    assert row(served - MOMENT) == {"correct_by": due, "correct_paused_at": None, "served_at": served - MOMENT}
    assert row(served - 2 * MOMENT)["served_at"] is None
    assert row(world.at, system)["served_at"] == world.at
    operations.file_evidence(measure=fresh(order), actor=world["buyer"], at=world.at, text="已停用")
    assert row(world.at) == {"correct_by": due, "correct_paused_at": world.at, "served_at": world.at}


def test_a_system_reads_of_each_document_when_it_was_served(world: World, order: Measure) -> None:
    def served(at: datetime) -> str | None:
        with time_machine.travel(at, tick=False):
            rows = system_of(world, "officer").get("documents/").json()["items"]
        text: str | None = next(row["served_at"] for row in rows if row["kind"] == "order")
        return text

    last = due_after(world.at, 3) - MOMENT
    assert (served(last - MOMENT), datetime.fromisoformat(served(last) or "")) == (None, last)


@pytest.mark.parametrize("face", ["page", "system"])
def test_a_party_that_downloads_a_document_has_opened_that_one_and_with_the_order_the_measure(
    world: World, order: Measure, face: str
) -> None:
    stages.hear(order, world.at, world["officer"], world["buyer"])
    issued, notice = paper(order, "order"), paper(order, "hearing")

    def download(document: Document, at: datetime, who: str = "buyer") -> None:
        with time_machine.travel(at, tick=False):
            if face == "page":
                client = log_in(world[who])
                client.head(document.get_absolute_url())
                answer = client.get(document.get_absolute_url())
            else:
                answer = system_of(world, who).get(f"documents/{document.pk}/file/")
        assert answer.content.startswith(b"%PDF")

    first, second = world.at + timedelta(hours=1), world.at + timedelta(hours=2)
    download(notice, world.at, "officer")
    assert (fresh(notice).seen_at, Entry.objects.filter(verb="see_order").exists()) == (None, False)
    download(notice, first)
    assert (fresh(notice).seen_at, fresh(issued).seen_at, fresh(order).seen_at) == (first, None, None)
    download(issued, second)
    download(issued, second + timedelta(hours=1))
    assert [fresh(issued).seen_at, fresh(order).seen_at, fresh(notice).seen_at] == [second, second, first]
    assert (fresh(issued).seen_by, fresh(order).seen_by) == (world["buyer"], world["buyer"])
    assert Entry.objects.filter(verb="see_order", object_id=str(order.pk)).count() == 2


@pytest.mark.parametrize("opened", [timedelta(hours=1), timedelta(days=20), None], ids=str)
def test_the_term_for_a_review_runs_from_service_and_the_document_names_its_latest_day(
    world: World, order: Measure, opened: timedelta | None
) -> None:
    if opened is not None:
        operations.note_seen(measure=order, actor=world["buyer"], at=world.at + opened)
    latest = due_after(world.at, 3 + 10)
    over = due_after(world.at, 10) if opened == timedelta(hours=1) else latest
    assert term_of(fresh(order)) == over
    assert str(last_day(latest)) in paper_of(order, world.at, Paper.ORDER)[1]
    with pytest.raises(InvalidState):
        operations.lodge_review(subject=fresh(order), actor=world["buyer"], at=over, text="认定有误")
    review = operations.lodge_review(
        subject=fresh(order), actor=world["buyer"], at=over - timedelta(seconds=1), text="认定有误"
    )
    assert review.state == "lodged"


def test_a_document_that_names_no_remedy_names_no_term_for_a_review(world: World, order: Measure) -> None:
    operations.lift_order(measure=fresh(order), actor=world["officer"], at=world.at, reason="已改正")
    named = {kind: [head for head, _text in paper(order, kind).content["sections"]] for kind in ("order", "lifting")}
    term = _("A review can be asked for until")
    assert {kind: term in heads for kind, heads in named.items()} == {"order": True, "lifting": False}


def test_a_refusal_found_and_a_termination_have_a_service_and_a_term_of_their_own(world: World, order: Measure) -> None:
    operations.note_seen(measure=order, actor=world["buyer"], at=world.at)
    later = world.at + timedelta(days=30)
    stages.terminate(order, world, later)
    assert {one.kind: one.seen_at for one in Document.objects.of(order)} == {
        "order": world.at, "hearing": None, "refusal_found": None, "termination": None,
    }  # fmt: skip
    assert term_of(fresh(order)) == due_after(later, 3 + 10)
    operations.note_seen(measure=fresh(order), actor=world["buyer"], at=later + timedelta(days=1))
    assert term_of(fresh(order)) == due_after(later + timedelta(days=1), 10)


def test_what_was_decided_before_service_was_recorded_keeps_its_term(world: World, order: Measure) -> None:
    Document.objects.update(deemed_served_at=None)
    Measure.objects.update(seen_at=world.at, seen_by=world["buyer"])
    operations.note_seen(measure=fresh(order), actor=world["buyer"], at=world.at + timedelta(days=5))
    assert (paper(order, "order").seen_at, term_of(fresh(order))) == (None, due_after(world.at, 10))
