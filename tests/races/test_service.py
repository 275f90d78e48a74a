"""Two of a party open what was served on it at once: one entry in the ledger, one date."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from marketplace.applications.models import Grant
from marketplace.documents.models import Document
from marketplace.ledger.models import Entry
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import Measure
from tests.actors import World
from tests.races.together import ROUNDS, fresh, together
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def test_opened_and_downloaded_at_once_it_is_served_once(world: World, grant: Grant) -> None:
    order = stages.order(world, grant)
    document, buyer = Document.objects.of(order).get(), world["buyer"]
    times = [world.at + timedelta(minutes=n) for n in range(4)]

    def page(n: int) -> Callable[[], Any]:
        measure = fresh(order)
        return lambda: supervision.note_seen(measure=measure, actor=buyer, at=times[n])

    def file(n: int) -> Callable[[], Any]:
        return lambda: supervision.note_downloaded(document=document, actor=buyer, at=times[n])

    for _ in range(ROUNDS // 3):
        before = Entry.objects.filter(verb="see_order").count()
        assert together(page(0), file(1), page(2), file(3)) == [None] * 4
        seen = fresh(order).seen_at
        assert seen in times and fresh(document).seen_at == seen
        assert Entry.objects.filter(verb="see_order").count() == before + 1
        Measure.objects.update(seen_at=None, seen_by=None)
        Document.objects.update(seen_at=None, seen_by=None)
