"""The full-text index, made by each database from the rows of `SearchRow`, in the transaction that writes them.

It lies outside the models, so nothing here depends on who writes a row: on SQLite triggers carry each change of the
table (a flush, too) into FTS5, on PostgreSQL the vectors are generated columns. Installed after every migration,
because SQLite drops triggers silently when it rebuilds a table; what was written meanwhile is then indexed anew.
"""

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

TABLE, INDEX = "listings_searchrow", "listings_searchindex"
COLUMNS = "title_tokens, body_tokens"
OLD, NEW = (f"{row}.id, {row}.title_tokens, {row}.body_tokens" for row in ("OLD", "NEW"))
FORGET = f"INSERT INTO {INDEX} ({INDEX}, rowid, {COLUMNS}) VALUES ('delete', {OLD});"
LEARN = f"INSERT INTO {INDEX} (rowid, {COLUMNS}) VALUES ({NEW});"
# "h" and the first character of a bigram are six characters: single characters are looked up by these.
FTS5 = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {INDEX} USING fts5({COLUMNS}, content='{TABLE}', content_rowid='id', "
    "tokenize='unicode61 remove_diacritics 0', prefix='6', columnsize=0)"
)
SQLITE = {
    "listings_search_insert": ("INSERT", LEARN),
    "listings_search_delete": ("DELETE", FORGET),
    "listings_search_update": (f"UPDATE OF id, {COLUMNS}", FORGET + LEARN),
}
POSTGRESQL = (
    f"""ALTER TABLE {TABLE}
    ADD COLUMN IF NOT EXISTS title_vector tsvector
        GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, title_tokens)) STORED,
    ADD COLUMN IF NOT EXISTS vector tsvector
        GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, title_tokens || ' x ' || body_tokens)) STORED""",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_title_vector ON {TABLE} USING gin (title_vector) WITH (fastupdate = off)",
    f"CREATE INDEX IF NOT EXISTS {TABLE}_vector ON {TABLE} USING gin (vector) WITH (fastupdate = off)",
)


def install(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing. Harmless when repeated."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT to_regclass(%s)", [f"{TABLE}_vector"])
            for statement in POSTGRESQL if cursor.fetchone() == (None,) else ():
                cursor.execute(statement)
            return
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        there = {name for (name,) in cursor.fetchall()}
        cursor.execute(FTS5)
        for name, (when, does) in SQLITE.items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {when} ON {TABLE} BEGIN {does} END")
        if not there.issuperset(SQLITE):
            cursor.execute(f"INSERT INTO {INDEX} ({INDEX}) VALUES ('rebuild')")


def install_on(using: str) -> bool:
    """False where the table is not there yet, or no more."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return False
    install(connection)
    return True
