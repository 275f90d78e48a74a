"""Direct identifiers, looked for in every cell of every column and in the columns' names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..database import Column, Connection
from . import automaton, batches, cells
from .columns import Scanner
from .tally import KINDS, Tally

__all__ = ["KINDS", "IdentifierHit", "scan"]

WHY = {
    "check_digit": "Its length, place, date or register and its check digit fit.",
    "number_plan": "It follows the numbering plan of China's telephones.",
    "format": "It has the form of one, and few other texts have.",
    "words_beside": "The words beside it or the column's name say so.",
    "column_name": "The column's name says so, and the cells have the form.",
    "above_chance": "Far more numbers of the column pass the test than would by chance.",
    "whole_column": "Nearly every cell of the column has this form.",
    "precise_pair": "Two coordinates to at least four decimals, which is a few metres.",
    "house_number": "It names a street or an estate and a house number.",
    "many_names": "Most cells begin with a surname and hardly any repeats.",
}


@dataclass(frozen=True)
class IdentifierHit:
    """One kind found in one column: in how many cells, their share of all rows, up to three examples, masked.

    `sure`: certain, likely or possible; `why`: code and sentence. `in_name`: it is the column's name that holds the
    identifier (a file without a header); cells is then 0.
    """

    column: str
    kind: str
    cells: int
    share: float
    examples: list[str]
    in_name: bool = False
    sure: str = "certain"
    why: dict[str, str] | None = None


Elsewhere = Callable[[Path, list[Column], int], dict[str, Tally]]


def scan(
    connection: Connection, relation: str, columns: Iterable[Column], *, today: date, parquet: Path | None = None,
    elsewhere: Elsewhere | None = None,
) -> list[IdentifierHit]:  # fmt: skip
    """Every kind in every column of `relation` (SQL) but dates and truth values, in the columns' order.

    `today` is the last birth date that counts. Where the relation is just the file `parquet`, that is read
    directly, which is faster and finds the same; `elsewhere` may then do it, on other machines. Nothing but counts and
    masks leaves this function.
    """
    columns = list(columns)
    limit = int(today.strftime("%Y%m%d"))
    hits = _scan_names(columns, limit)
    sought = [column for column in columns if column.type not in ("date", "boolean")]
    rows = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][
        0
    ]  # fetchone leaves the connection busy
    if parquet and elsewhere:
        tallies = elsewhere(parquet, sought, limit)
    else:
        scanner = Scanner(limit, sought, parquet.stat().st_size if parquet else 0)
        read = batches.of_parquet(parquet, sought) if parquet else batches.of_relation(connection, relation, sought)
        for column, array in read:
            scanner.look(column, array)
        scanner.end(sought)
        tallies = scanner.tallies
    for column in sought:
        hits += _hits(column.name, tallies[column.name], rows)
    return hits


def _hits(column: str, tally: Tally, rows: int) -> list[IdentifierHit]:
    return [
        IdentifierHit(
            column, kind, count, round(count / rows, 6), sorted(tally.examples.get(kind, ())), sure=sure, why=_why(code)
        )
        for kind, count, sure, code in tally.kinds()
    ]


def _why(code: str) -> dict[str, str]:
    return {"code": code, "text": WHY[code]}


def _scan_names(columns: list[Column], today: int) -> list[IdentifierHit]:
    hits = []
    for column in columns:
        tally = Tally(cells=1)
        tally.add(list(cells.look(column.name, automaton.ALL & ~automaton.NAME, today)), 1)
        hits += [
            IdentifierHit(column.name, kind, 0, 0.0, sorted(tally.examples[kind]), True, sure, _why(code))
            for kind, _, sure, code in tally.kinds()
        ]
    return hits
