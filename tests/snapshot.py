"""The tests' database as it was at a moment with a name: taken once, put back as often as needed.

`world` is put back after each test that commits; `demo` is the world with the demo data beside it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction

from marketplace.ledger import triggers

_rows: dict[str, dict[str, bytes]] = {}  # PostgreSQL: name -> table -> its rows as COPY writes them
_files: dict[str, Path] = {}  # SQLite


def take(name: str, folder: Path) -> None:
    if connection.vendor == "sqlite":
        _files[name] = folder / f"{name}.sqlite3"
        with closing(sqlite3.connect(_files[name])) as kept:
            _sqlite().backup(kept)
        return
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    rows = _rows[name] = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            with cursor.copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:
                rows[table] = b"".join(bytes(part) for part in copy)


def put_back(name: str = "world") -> None:
    """Empty every table, the ledger too, and fill it again; PostgreSQL's sequences go on."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(_files[name])) as kept:
            kept.backup(_sqlite())
        return
    triggers.remove(connection)
    with transaction.atomic(), connection.cursor() as cursor:  # foreign keys are looked at in the end
        for table in _rows[name]:
            cursor.execute(f'DELETE FROM "{table}"')  # TRUNCATE makes and syncs a new file for each
        for table, rows in _rows[name].items():
            with cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                copy.write(rows)
    triggers.install(connection)


def _sqlite() -> sqlite3.Connection:
    connection.ensure_connection()
    found: sqlite3.Connection = connection.connection
    return found
