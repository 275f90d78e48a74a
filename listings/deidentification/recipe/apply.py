"""A recipe applied to a canonical file, with the record of processing that Art. 32 asks for."""

import hashlib
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import database, progress
from ..database import Column, Connection
from ..header import check_names
from ..reasons import BadCommand
from . import columns as column_steps
from . import groups
from .document import Recipe, check_columns, malformed, read
from .steps import Step

TOOL = "minshu-recipe"
TOOL_VERSION = "1"
_ROW = '"\x01row"'  # no column of a file is called so: such names are refused
_CHUNK = 1024 * 1024
_WRITTEN = 70  # per cent of the work done when the file is written; then it is compared
_AT_ONCE = 10  # steps in one query: longer ones take DuckDB long to plan


@dataclass(frozen=True)
class Done:
    """What a step did. `rows_touched` are rows in which it changed something (or that it took out), `cells_changed`
    cells."""

    number: int
    do: str
    parameters: dict[str, Any]
    rows_touched: int
    cells_changed: int
    hierarchy_sha256: str = ""  # of a hierarchy that the recipe brought along

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value != ""}


@dataclass(frozen=True)
class Applied:
    """What came of a recipe; hashes are SHA-256 of the canonical files and of the recipe."""

    rows_in: int
    rows_out: int
    columns: list[Column]
    sha256_in: str
    sha256_out: str
    recipe_sha256: str
    tool: str
    tool_version: str
    steps: list[Done]
    started_at: str
    finished_at: str

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "steps": [done.to_json() for done in self.steps]}


def apply(parquet: Path, target: Path, recipe: Recipe, *, started_at: str = "", finished_at: str = "") -> Applied:
    """Write the canonical file `parquet` after `recipe` to the canonical file `target`.

    Rows keep their order; but for surrogates the same file and recipe give the same bytes. Times are the caller's
    and go into the record as they are. Nothing is left at `target` on failure. BadCommand: recipe_unknown_column,
    recipe_wrong_type, recipe_malformed (a result with two columns of one name), nothing_left.
    """
    part = target.with_name(target.name + ".part")
    try:
        with tempfile.TemporaryDirectory(prefix="minshu-") as scratch:
            rows_in, rows_out, columns, steps = _apply(parquet, part, Path(scratch), recipe)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return Applied(
        rows_in, rows_out, columns, sha256(parquet), sha256(target), recipe.sha256, TOOL, TOOL_VERSION, steps,
        started_at, finished_at,
    )  # fmt: skip


def sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _apply(parquet: Path, part: Path, scratch: Path, recipe: Recipe) -> tuple[int, int, list[Column], list[Done]]:
    stages = [scratch / f"stage{number}.parquet" for number in range(2 * len(recipe.steps) + 1)]
    with database.open_database(reads=[parquet], writes=[part, *stages]) as connection:
        column_steps.prepare(connection)
        read = f"SELECT *, row_number() OVER () AS {_ROW} FROM read_parquet({database.path(parquet)})"
        run = _Run(connection, read, recipe, stages)
        rows_in = run.count()
        for number, step in enumerate(recipe.steps, start=1):
            progress.report("applying", _WRITTEN * number // (len(recipe.steps) + 1))
            run.take(number, step)
        run.settle()
        rows_out = run.write(part)
        return rows_in, rows_out, run.columns(), run.done


class _Run:
    """The file on its way: `source` is SQL, `waiting` the steps that are in it but not yet counted."""

    def __init__(self, connection: Connection, source: str, recipe: Recipe, stages: list[Path]) -> None:
        self.connection, self.source, self.recipe = connection, source, recipe
        self.stages = iter(stages)
        self.stage: Path | None = None
        self.waiting: list[tuple[int, Step]] = []
        self.done: list[Done] = []
        self.ordered = True

    def columns(self) -> list[Column]:
        """The file's own columns, as they are now."""
        described = self.connection.execute(f"DESCRIBE {self.source}").fetchall()
        return [Column(row[0], database.type_of(row[1])) for row in described if not row[0].startswith("\x01")]

    def count(self) -> int:
        return database.one(self.connection, f"SELECT count(*) FROM ({self.source})")[0]

    def take(self, number: int, step: Step) -> None:
        """Add a step; suppress and aggregate first write down what was before."""
        columns = self.columns()
        check_columns(step, number, columns)
        if step.do in ("suppress", "aggregate"):
            self.settle()
            (self._suppress if step.do == "suppress" else self._aggregate)(number, step, columns)
            return
        if step.do == "drop" and len(columns) == 1:
            raise BadCommand("no_fields")
        mark = database.name(f"\x01{number}")
        self.source = column_steps.relation(self.connection, self.source, step, self.recipe.hierarchies, mark=mark)
        self.waiting.append((number, step))
        if len(self.waiting) == _AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Write the rows to a stage and count what the waiting steps changed."""
        stage, before = next(self.stages), self.stage
        order = f" ORDER BY {_ROW}" if self.ordered else ""
        _copy(self.connection, f"SELECT * FROM ({self.source}){order}", stage)
        self.source, self.stage = f"SELECT * FROM read_parquet({database.path(stage)})", stage
        if before:
            before.unlink()
        if self.waiting:
            self._count_changes()

    def _count_changes(self) -> None:
        marks = [database.name(f"\x01{number}") for number, _ in self.waiting]
        sums = ", ".join(f"count(*) FILTER ({mark})" for mark in marks)
        counts = database.one(self.connection, f"SELECT {sums} FROM ({self.source})")
        for (number, step), count in zip(self.waiting, counts, strict=True):
            own = self.recipe.hierarchies.get(step.given.get("hierarchy", ""))
            self.done.append(Done(number, step.do, step.given, count, count, own.sha256 if own else ""))
        self.source = f"SELECT * EXCLUDE ({', '.join(marks)}) FROM ({self.source})"
        self.waiting = []

    def _suppress(self, number: int, step: Step, columns: list[Column]) -> None:
        before = self.count()
        self.source = groups.keep_classes(self.connection, self.source, step, columns)
        removed = before - self.count()
        self.done.append(Done(number, step.do, step.given, removed, removed * len(columns)))
        self.settle()

    def _aggregate(self, number: int, step: Step, columns: list[Column]) -> None:
        names = [*step.given["by"], *groups.measure_names(step)]
        if len({name.lower() for name in check_names(names)}) < len(names):
            raise malformed(f"steps[{number - 1}].measures")
        rows = self.count()
        self.source, self.ordered = groups.aggregated(self.source, step), False
        self.done.append(Done(number, step.do, step.given, rows, rows * len(columns)))

    def write(self, part: Path) -> int:
        """The file without our own columns; BadCommand (nothing_left) where no row is left."""
        names = ", ".join(database.name(column.name) for column in self.columns())
        rows = _copy(self.connection, f"SELECT {names} FROM ({self.source})", part)
        if not rows:
            raise BadCommand("nothing_left")
        return rows


def _copy(connection: Connection, query: str, target: Path) -> int:
    options = "FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false"
    return database.one(connection, f"COPY ({query}) TO {database.path(target)} ({options})")[0]


def apply_command(command: dict[str, Any]) -> dict[str, Any]:
    """{"applied", "before", "after", "losses"}: `apply` and `figures.compare` from a command with parquet, target,
    recipe (the document) and the roles of `assess`."""
    from .figures import Roles, compare

    recipe = read(command["recipe"])
    source, target = Path(command["parquet"]), Path(command["target"])
    applied = apply(
        source, target, recipe, started_at=command.get("started_at", ""), finished_at=command.get("finished_at", "")
    )
    progress.report("comparing", _WRITTEN)
    roles = Roles(command.get("quasi_identifiers") or [], command.get("sensitive") or [], command.get("subject"))
    return {"applied": applied.to_json(), **compare(source, target, recipe, roles)}
