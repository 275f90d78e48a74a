"""Ibis over the DuckDB of this process: the text that `session` has Spark say, said by Ibis's other backend."""

from typing import Any

import sqlglot
from ibis.backends.duckdb import Backend

from ..database import Connection


class Tables:
    """A connection asked through Ibis."""

    def __init__(self, connection: Connection) -> None:
        self._backend = Backend()
        self._backend.con = connection  # `from_connection` would also set what `database` has set, and locked
        self._answer: Any = None

    def execute(self, query: str, parameters: Any = None) -> "Tables":
        self._answer = self._backend.raw_sql(sqlglot.parse_one(query, dialect="duckdb"))
        return self

    def fetchone(self) -> Any:
        return self._answer.fetchone()

    def fetchall(self) -> Any:
        return self._answer.fetchall()
