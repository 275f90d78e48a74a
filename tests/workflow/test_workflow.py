"""`move`: compare and set, one entry per object, nothing on a refusal."""

import pytest

from listings.models import Product, Version
from marketplace import workflow
from marketplace.errors import InvalidState, StaleState
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry

JOB = ledger.SystemActor("test")


def last_entry() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]


def test_move_sets_state_and_fields_and_writes_one_entry(world):
    seen, version = last_entry(), Version.objects.get(pk=world.version.pk)
    act = ledger.begin("hold", JOB, world.at, "Art. 17")
    workflow.move(act, version, "held", rows=7, detail={"reason": "核查"})
    stored = Version.objects.get(pk=version.pk)
    assert (version.state, version.rows, stored.state, stored.rows) == ("held", 7, "held", 7)
    entry = Entry.objects.get(pk__gt=seen)
    assert (entry.object_type, entry.object_id, entry.verb, entry.old, entry.new, entry.article) == (
        "listings.version", str(version.pk), "hold", "published", "held", "Art. 17",
    )  # fmt: skip
    assert (entry.actor_ref, entry.actor_kind, entry.at, entry.operation_id) == (
        "system:test",
        "system",
        world.at,
        act.operation_id,
    )
    assert entry.detail.json == '{"reason":"核查"}'


def test_move_refuses_what_the_table_has_not(world):
    seen, version = last_entry(), Version.objects.get(pk=world.version.pk)
    with pytest.raises(InvalidState) as refused:
        workflow.move(ledger.begin("x", JOB, world.at), version, "draft")
    assert not isinstance(refused.value, StaleState)
    assert (version.state, last_entry()) == ("published", seen)


def test_move_refuses_a_row_that_changed_meanwhile(world):
    mine, theirs = (Version.objects.get(pk=world.version.pk) for _ in range(2))
    workflow.move(ledger.begin("hold", JOB, world.at), theirs, "held")
    seen = last_entry()
    with pytest.raises(StaleState):
        workflow.move(ledger.begin("retire", JOB, world.at), mine, "retired")
    assert (Version.objects.get(pk=mine.pk).state, mine.state, last_entry()) == ("held", "published", seen)


def test_move_refuses_a_row_that_is_gone(world):
    product = Product.objects.get(pk=world.product.pk)
    product.pk += 1000
    with pytest.raises(StaleState):
        workflow.move(ledger.begin("withdraw", JOB, world.at), product, "withdrawn")


def test_begin_refuses_a_time_without_a_zone(world):
    with pytest.raises(ValueError, match="time zone"):
        ledger.begin("x", JOB, world.at.replace(tzinfo=None))
