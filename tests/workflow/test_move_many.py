"""Sets of objects moved at once: the same table, one entry each, harmless when repeated."""

import threading

import pytest
from django.db import connection, connections, transaction

from listings.models import CatalogueEntry
from marketplace import workflow
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry

SWEEP = ledger.SystemActor("sweep")


def propose(world, count):
    from listings import operations

    fields = {
        "description": "x", "sharing": "conditional", "opening": "on_application", "frequency": "monthly",
        "contact": "x",
    }  # fmt: skip
    return [
        operations.propose_entry(
            unit=world.parties["unit"], actor=world["provider"], at=world.at, title=f"entry {n}", **fields
        )
        for n in range(count)
    ]


def entries_of(act):
    rows = Entry.objects.filter(operation_id=act.operation_id).order_by("pk")
    return list(rows.values_list("object_type", "object_id", "old", "new"))


def test_move_many_moves_and_records_each_object_once(world):
    made = propose(world, 5)
    act = ledger.begin("publish", SWEEP, world.at)
    rows = CatalogueEntry.objects.filter(pk__in=[entry.pk for entry in made])
    moved = workflow.move_many(act, rows, "proposed", "published", limit=3)
    assert moved == [entry.pk for entry in made[:3]]
    assert entries_of(act) == [("listings.catalogueentry", str(pk), "proposed", "published") for pk in moved]
    assert workflow.move_many(act, rows, "proposed", "published") == [entry.pk for entry in made[3:]]
    assert workflow.move_many(act, rows, "proposed", "published") == []
    assert len(entries_of(act)) == 5
    assert set(rows.values_list("state", flat=True)) == {"published"}


def test_move_many_knows_only_the_transitions_of_the_table(world):
    propose(world, 1)
    act = ledger.begin("revise", SWEEP, world.at)
    with pytest.raises(InvalidState):
        workflow.move_many(act, CatalogueEntry.objects.all(), "published", "proposed")
    assert entries_of(act) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer and no SKIP LOCKED")
def test_move_many_leaves_locked_rows_to_whoever_holds_them(world):
    made = propose(world, 4)
    rows = CatalogueEntry.objects.filter(pk__in=[entry.pk for entry in made])
    act = ledger.begin("publish", SWEEP, world.at)
    moved = []

    def other_sweep():
        moved.extend(workflow.move_many(act, rows, "proposed", "published"))
        connections.close_all()

    with transaction.atomic():
        CatalogueEntry.objects.select_for_update().get(pk=made[0].pk)
        thread = threading.Thread(target=other_sweep)
        thread.start()
        thread.join(timeout=20)
    assert moved == [entry.pk for entry in made[1:]]
