"""A Spark session, its files as tables, and what there is to ask of them: the text of `database`, and a scan."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlglot import exp

from ..database import Column
from ..identifiers.tally import Tally
from ..reasons import Unavailable
from . import scan, translation

_ROOT = Path(__file__).resolve().parents[__name__.count(".")]
# so that the answers are DuckDB's: no local time, names by capital and small letters, x / 0 is null; whatever units
# a file has its times in
_SAME = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
}
_AT_ONCE = 40
_LOCAL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


class Tables:
    """The files as Spark's tables, asked as a connection of DuckDB is: with its text."""

    def __init__(self, session: Any) -> None:
        import ibis

        self._session = session
        for name, value in _SAME.items():
            session.conf.set(name, value)
        self._backend = ibis.pyspark.connect(session)
        self._kept: dict[str, Any] = {}
        self._rows: list[tuple[Any, ...]] = []

    def read(self, view: str, parquet: Path) -> None:
        self._backend.read_parquet(parquet.absolute().as_uri(), table_name=view)

    def execute(self, query: str, parameters: Any = None) -> "Tables":
        """Carry out `query`: a SELECT, or CREATE TEMP VIEW or TABLE of one. Tables are kept where there is room."""
        tree = translation.parse(query)
        for name, part, uses in translation.take_parts(tree):
            self._name(name, part, keep=uses > 1)
        if isinstance(tree, exp.Create):
            self._name(tree.this.name, tree.expression, keep=tree.kind == "TABLE")
        else:
            self._rows = [tuple(row) for row in self._backend.raw_sql(tree).collect()]
        return self

    def each(self, queries: list[str]) -> list[tuple[Any, ...]]:
        """The single row of each query, some dozens asked at once."""
        rows: list[tuple[Any, ...]] = []
        for start in range(0, len(queries), _AT_ONCE):
            numbered = enumerate(queries[start : start + _AT_ONCE])
            together = " UNION ALL ".join(f"SELECT {place}, each.* FROM ({query}) AS each" for place, query in numbered)
            rows += [row[1:] for row in sorted(self.execute(together).fetchall(), key=lambda row: row[0])]
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def scan(self, parquet: Path, columns: list[Column], today: int) -> dict[str, Tally]:
        """What `identifiers` counts, counted by the workers."""
        return scan.scan(self._session, parquet, columns, today)

    def close(self) -> None:
        for frame in self._kept.values():
            frame.unpersist()
        self._kept.clear()

    def _name(self, name: str, query: exp.Expression, *, keep: bool) -> None:
        frame, before = self._backend.raw_sql(query), self._kept.pop(name, None)
        if keep:
            self._kept[name] = frame.persist()
        frame.createOrReplaceTempView(name)
        if before is not None:
            before.unpersist()


@contextmanager
def open_tables(master: str, files: Mapping[str, Path]) -> Iterator[Tables]:
    """The files as views, on the Spark whose master this is; a session that is open already is used and left open.

    Raises Unavailable where there is no Spark. That its machines see the files under the same paths is the operator's
    affair: where they do not, the assessment fails.
    """
    before = _active()
    session = before or start(master)
    try:
        tables = Tables(session)
        try:
            for view, file in files.items():
                tables.read(view, file)
            yield tables
        finally:
            tables.close()
    finally:
        if before is None:
            session.stop()


def _active() -> Any:
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession()


def start(master: str) -> Any:
    """Workers find this package where it lies here, or as the same wheel; they run the same Python."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        **(_LOCAL if master.startswith("local") else {}),
        "spark.executorEnv.PYTHONPATH": str(_ROOT),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(master).appName("minshu")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:  # no Java, no answer, no room: Spark has many ways to say so
        raise Unavailable from error
    session.sparkContext.setLogLevel("ERROR")
    return session
