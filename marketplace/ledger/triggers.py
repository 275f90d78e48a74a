"""Append-only on both databases.

Installed after every migration (SQLite rebuilds a table and silently drops its triggers); a process that serves or
works refuses to start when one is missing. They stop every user of the application; against the database's owner
only proofs guard, which are a later storey.
"""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

REFUSAL = "the ledger is append-only"
ERASED = (
    "EXISTS (SELECT 1 FROM ledger_entry WHERE verb = 'erase' AND object_type = 'ledger.entry' "
    "AND object_id = CAST(OLD.entry_id AS text))"
)

# name -> (table, when, condition under which it refuses). An insert over an existing key is SQLite's REPLACE, which
# passes by delete triggers unless a pragma is set on that very connection. Only the database's clock counts for order
# and back-dating: SQLite refuses an entry with another time (over about a minute off), PostgreSQL writes its own.
SQLITE = {
    "ledger_entry_no_update": ("ledger_entry", "UPDATE", ""),
    "ledger_entry_no_delete": ("ledger_entry", "DELETE", ""),
    "ledger_entry_no_replace": ("ledger_entry", "INSERT", "EXISTS (SELECT 1 FROM ledger_entry WHERE id = NEW.id)"),
    "ledger_entry_no_other_clock": (
        "ledger_entry",
        "INSERT",
        "abs(julianday(NEW.recorded_at) - julianday('now')) > 0.001",
    ),
    "ledger_entrydetail_no_update": ("ledger_entrydetail", "UPDATE", ""),
    "ledger_entrydetail_no_delete": ("ledger_entrydetail", "DELETE", f"NOT {ERASED}"),
    "ledger_entrydetail_no_replace": (
        "ledger_entrydetail",
        "INSERT",
        "EXISTS (SELECT 1 FROM ledger_entrydetail WHERE entry_id = NEW.entry_id)",
    ),
}
POSTGRESQL = {
    "ledger_entry_no_change": ("ledger_entry", "UPDATE OR DELETE", "ROW", "ledger_refuse"),
    "ledger_entry_no_truncate": ("ledger_entry", "TRUNCATE", "STATEMENT", "ledger_refuse"),
    "ledger_entry_own_clock": ("ledger_entry", "INSERT", "ROW", "ledger_own_clock"),
    "ledger_entrydetail_no_update": ("ledger_entrydetail", "UPDATE", "ROW", "ledger_refuse"),
    "ledger_entrydetail_no_delete": ("ledger_entrydetail", "DELETE", "ROW", "ledger_refuse_unless_erased"),
    "ledger_entrydetail_no_truncate": ("ledger_entrydetail", "TRUNCATE", "STATEMENT", "ledger_refuse"),
}
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$;
CREATE OR REPLACE FUNCTION ledger_own_clock() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.recorded_at := statement_timestamp(); NEW.xid := pg_current_xact_id()::text::bigint; RETURN NEW; END $$;
CREATE OR REPLACE FUNCTION ledger_refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF {ERASED} THEN RETURN OLD; END IF; RAISE EXCEPTION '{REFUSAL}'; END $$;
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Create every trigger that is missing. Harmless when repeated."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTIONS)
            for name, (table, when, level, function) in POSTGRESQL.items():
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {name} BEFORE {when} ON {table} "
                    f"FOR EACH {level} EXECUTE FUNCTION {function}()"
                )
            return
        for name, (table, when, condition) in SQLITE.items():
            guard = f"WHEN {condition} " if condition else ""
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {when} ON {table} {guard}"
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop them: only the test set-up does this, to be able to flush between tests."""
    with connection.cursor() as cursor:
        for name, (table, *_rest) in _wanted(connection).items():
            on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def missing(connection: BaseDatabaseWrapper) -> set[str]:
    """Names of the triggers that are not there, or not enabled."""
    sql = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        there = {row[0] for row in cursor.fetchall()}
    return set(_wanted(connection)) - there


def require(connection: BaseDatabaseWrapper) -> None:
    """Called where a process starts to serve or work. Raises ImproperlyConfigured when the ledger is unguarded."""
    gone = missing(connection)
    if gone:
        raise ImproperlyConfigured(
            f"The ledger's guards are missing ({', '.join(sorted(gone))}): run `manage.py migrate`, "
            "then find out who removed them."
        )


def step_aside_before_migrate(*, using: str, plan: Sequence[tuple[Any, bool]] = (), **kwargs: object) -> None:
    """SQLite rebuilds no table that another table's trigger reads: that one goes while the ledger is migrated.

    Should the migration fail, it stays missing and nothing starts until a migration has gone through.
    """
    from django.db import connections

    connection = connections[using]
    if connection.vendor == "sqlite" and any(migration.app_label == "ledger" for migration, _backwards in plan):
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER IF EXISTS ledger_entrydetail_no_delete")


def install_after_migrate(*, using: str, **kwargs: object) -> None:
    from django.db import connections

    connection = connections[using]
    if "ledger_entrydetail" in connection.introspection.table_names():
        install(connection)


def _wanted(connection: BaseDatabaseWrapper) -> dict[str, tuple]:  # type: ignore[type-arg]
    return dict(POSTGRESQL if connection.vendor == "postgresql" else SQLITE)
