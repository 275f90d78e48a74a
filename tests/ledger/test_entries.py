"""Entries, their details, hashes, erasure; the database's clock and transaction number."""

import hashlib
import json
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import rfc8785
import time_machine
from django.db import connection
from django.utils.translation import gettext_lazy

from marketplace.ledger import entries as ledger
from marketplace.ledger import triggers
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.ledger.queries import history

JOB = ledger.SystemActor("test")
SALT = "000102030405060708090a0b0c0d0e0f"


def noted(world, **detail) -> Entry:
    return ledger.record(ledger.begin("note", JOB, world.at), world.product, detail=detail or None)


def test_record_keeps_who_what_when_and_on_which_article(world):
    act = ledger.begin("hold", world["officer"], world.at, "Art. 17")
    entry = Entry.objects.get(pk=ledger.record(act, world.version, old="published", new="held").pk)
    officer = world["officer"]
    assert (entry.actor_ref, entry.actor_kind) == (f"accounts.user:{officer.pk}", "person")
    assert (entry.object_type, entry.object_id) == ("listings.version", str(world.version.pk))
    assert (entry.verb, entry.old, entry.new, entry.article) == ("hold", "published", "held", "Art. 17")
    assert (entry.at, entry.operation_id, entry.detail_hash) == (world.at, act.operation_id, "")
    assert not EntryDetail.objects.filter(entry=entry).exists()
    assert isinstance(entry.operation_id, uuid.UUID)


def test_detail_is_canonical_json_and_its_salted_hash_is_in_the_entry(world):
    entry = noted(world, z=1, a={"ü": "闽", "b": [True, None]})
    detail = EntryDetail.objects.get(entry=entry)
    assert detail.json == '{"a":{"b":[true,null],"ü":"闽"},"z":1}'
    expected = hashlib.sha256(bytes.fromhex(detail.salt) + detail.json.encode()).hexdigest()
    assert entry.detail_hash == expected
    assert noted(world, z=1, a={"ü": "闽", "b": [True, None]}).detail_hash != expected  # another salt


def test_hash_is_stable():
    canonical = rfc8785.dumps(ledger.plain({"b": 1, "a": "闽"}))
    assert canonical == '{"a":"闽","b":1}'.encode()
    assert ledger.hash_detail(SALT, canonical) == hashlib.sha256(bytes(range(16)) + canonical).hexdigest()
    assert ledger.hash_detail(SALT, canonical) == STABLE


STABLE = "60d27bee8e8fc05676fcf1de31e1d0aa13a77694465d896297be27f283a57b1d"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (2**53 - 1, 9007199254740991),
        (2**53, "9007199254740992"),
        (-(2**53), "-9007199254740992"),
        (Decimal("12.30"), "12.30"),
        (True, True),
        (None, None),
        (1.5, 1.5),
        (date(2026, 10, 1), "2026-10-01"),
        (datetime(2026, 10, 1, tzinfo=UTC), "2026-10-01T00:00:00+00:00"),
        (("a", 1), ["a", 1]),
        ({1: {"x": Decimal("1")}}, {"1": {"x": "1"}}),
        (gettext_lazy("no such words here"), "no such words here"),
    ],
)
def test_plain_makes_json_that_every_reader_reads_alike(value, plain):
    assert ledger.plain(value) == plain
    assert type(ledger.plain(value)) is type(plain)


def test_plain_names_rows_and_refuses_what_it_does_not_know(world):
    assert ledger.plain(world.product) == f"listings.product:{world.product.pk}"
    with pytest.raises(TypeError, match="object"):
        ledger.plain(object())


def test_recorded_at_is_the_databases_clock(world):
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        now = cursor.fetchone()[0]
    now = datetime.fromisoformat(now).replace(tzinfo=UTC) if isinstance(now, str) else now
    with time_machine.travel(datetime(2040, 1, 1, tzinfo=UTC)):
        entry = noted(world)
    entry.refresh_from_db()
    assert entry.at == world.at
    assert abs(entry.recorded_at - now) < timedelta(minutes=1)


def test_transaction_number_is_the_databases_own(world):
    entry = noted(world)
    entry.refresh_from_db()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            assert entry.xid == cursor.fetchone()[0]
    else:
        assert entry.xid is None


def test_erase_deletes_the_text_and_leaves_entry_hash_and_erasure(world):
    entry = noted(world, reason="张三的情况")
    assert ledger.verify_detail(entry)
    before = Entry.objects.filter(pk=entry.pk).values().get()
    ledger.erase_detail(entry=entry, actor=world["operator"], at=world.at, reason_code="consent_withdrawn")
    assert Entry.objects.filter(pk=entry.pk).values().get() == before
    assert not EntryDetail.objects.filter(entry=entry).exists()
    erasure = Entry.objects.get(verb="erase")
    assert (erasure.object_type, erasure.object_id, erasure.new, erasure.actor_ref) == (
        "ledger.entry", str(entry.pk), "consent_withdrawn", world["operator"].ledger_ref,
    )  # fmt: skip
    assert ledger.verify_detail(entry)


def test_verify_tells_tampering_from_erasure(world):
    altered, removed, untouched = noted(world, reason="甲"), noted(world, reason="乙"), noted(world, reason="丙")
    triggers.remove(connection)
    try:
        EntryDetail.objects.filter(entry=altered).update(json=json.dumps({"reason": "改"}))
        EntryDetail.objects.filter(entry=removed).delete()
        assert not ledger.verify_detail(altered)
        assert not ledger.verify_detail(removed)
        assert ledger.verify_detail(untouched)
        assert ledger.verify_detail(noted(world))  # none was recorded
        EntryDetail.objects.filter(entry=untouched).update(salt=SALT)
        assert not ledger.verify_detail(untouched)
    finally:
        triggers.install(connection)


def test_history_holds_the_entries_of_the_objects_only_in_order(world):
    first, second = noted(world), noted(world)
    rows = list(history([world.product]))
    assert rows[-2:] == [first, second]
    assert {row.object_type for row in rows} == {"listings.product"}
    assert list(history([])) == []
