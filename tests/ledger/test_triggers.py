"""The database refuses to change the ledger, whoever asks: on the database in use."""

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.ledger import entries as ledger
from marketplace.ledger import triggers
from marketplace.ledger.models import Entry, EntryDetail

SQLITE = connection.vendor == "sqlite"
only_sqlite = pytest.mark.skipif(not SQLITE, reason="REPLACE is SQLite's")
only_postgresql = pytest.mark.skipif(SQLITE, reason="TRUNCATE is PostgreSQL's")


@pytest.fixture
def entry(world) -> Entry:
    assert triggers.missing(connection) == set()
    return ledger.record(
        ledger.begin("note", ledger.SystemActor("test"), world.at), world.product, detail={"reason": "核查"}
    )


def refused(sql: str, *params: object) -> None:
    with pytest.raises(DatabaseError, match=triggers.REFUSAL), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def dump() -> list[object]:
    return [list(Entry.objects.order_by("pk").values_list()), list(EntryDetail.objects.order_by("pk").values_list())]


CHANGES = [
    "UPDATE ledger_entry SET verb = 'x' WHERE id = %s",
    "UPDATE ledger_entry SET recorded_at = at WHERE id = %s",
    "DELETE FROM ledger_entry WHERE id = %s",
    "UPDATE ledger_entrydetail SET json = '{}' WHERE entry_id = %s",
    "UPDATE ledger_entrydetail SET entry_id = entry_id + 1000 WHERE entry_id = %s",
    "DELETE FROM ledger_entrydetail WHERE entry_id = %s",
]


@pytest.mark.parametrize("sql", CHANGES)
def test_change_is_refused_and_nothing_changes(entry, sql):
    before = dump()
    refused(sql, entry.pk)
    assert dump() == before


def test_orm_is_refused_too(entry):
    for act in (
        lambda: Entry.objects.filter(pk=entry.pk).update(old="x"),
        lambda: Entry.objects.filter(pk=entry.pk)._raw_delete("default"),
        lambda: entry.detail.delete(),
        lambda: entry.save(),
    ):
        with pytest.raises(DatabaseError, match=triggers.REFUSAL), transaction.atomic():
            act()
    assert Entry.objects.filter(pk=entry.pk, old="").count() == 1


@only_postgresql
@pytest.mark.parametrize("tables", ["ledger_entry, ledger_entrydetail", "ledger_entrydetail", "ledger_entry CASCADE"])
def test_truncate_is_refused(entry, tables):
    before = dump()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    refused(f"TRUNCATE {tables}")
    assert dump() == before


@only_sqlite
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("table", ["ledger_entry", "ledger_entrydetail"])
@pytest.mark.parametrize("form", ["INSERT OR REPLACE", "REPLACE"])
def test_replace_is_refused_whatever_the_pragma(entry, recursive, table, form):
    before = dump()
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers={recursive}")
        try:
            refused(f"{form} INTO {table} SELECT * FROM {table}")
        finally:
            cursor.execute("PRAGMA recursive_triggers=ON")
    assert dump() == before


def test_upsert_is_refused(entry):
    before = dump()
    key, other = ("entry_id", "json") if not SQLITE else ("id", "verb")
    table = "ledger_entrydetail" if key == "entry_id" else "ledger_entry"
    refused(
        f"INSERT INTO {table} SELECT * FROM {table} WHERE {key} = %s ON CONFLICT ({key}) DO UPDATE SET {other} = 'x'",
        entry.pk,
    )
    assert dump() == before


def test_erase_entry_opens_only_its_own_detail(world, entry):
    other = ledger.record(
        ledger.begin("note", ledger.SystemActor("test"), world.at), world.product, detail={"reason": "另一"}
    )
    ledger.record(ledger.begin("erase", world["operator"], world.at), other, new="consent_withdrawn")
    refused("DELETE FROM ledger_entrydetail WHERE entry_id = %s", entry.pk)
    refused("UPDATE ledger_entrydetail SET json = '{}' WHERE entry_id = %s", other.pk)
    assert EntryDetail.objects.filter(pk=other.pk).delete()[0] == 1


def test_missing_trigger_is_named_and_refuses_the_start(world):
    name = sorted(triggers._wanted(connection))[0]
    table = triggers._wanted(connection)[name][0]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}" + ("" if SQLITE else f" ON {table}"))
    assert triggers.missing(connection) == {name}
    with pytest.raises(ImproperlyConfigured, match=name):
        triggers.require(connection)
    for command in ("sweep", "walkthrough"):
        with pytest.raises(ImproperlyConfigured, match=name):
            call_command(command)
    triggers.install(connection)
    triggers.require(connection)


@only_postgresql
def test_disabled_trigger_counts_as_missing(world):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_no_change")
    assert triggers.missing(connection) == {"ledger_entry_no_change"}


@pytest.mark.django_db(transaction=True)
def test_later_migration_of_the_tables_keeps_rows_and_triggers(settings):
    """`later/` widens a column and adds one to each table: SQLite rebuilds both, and drops their triggers with them."""
    act = ledger.begin("note", ledger.SystemActor("test"), timezone.now())
    entry = ledger.record(act, Session(pk="1"), detail={"reason": "核查"})
    before = list(Entry.objects.values_list()), list(EntryDetail.objects.values_list())
    settings.MIGRATION_MODULES = {"ledger": "tests.ledger.later"}
    call_command("migrate", "ledger", verbosity=0)
    try:
        assert triggers.missing(connection) == set()
        triggers.require(connection)
        for sql in CHANGES:
            refused(sql, entry.pk)
        assert (list(Entry.objects.values_list()), list(EntryDetail.objects.values_list())) == before
        with connection.cursor() as cursor:
            cursor.execute("SELECT later FROM ledger_entry WHERE id = %s", [entry.pk])
            assert cursor.fetchall() == [("x",)]
    finally:
        call_command("migrate", "ledger", "0020", verbosity=0)
    assert triggers.missing(connection) == set()
    assert (list(Entry.objects.values_list()), list(EntryDetail.objects.values_list())) == before
