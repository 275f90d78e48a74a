"""All attacks on one file, and what they change in its report."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from .. import database
from ..database import Column, Connection
from ..report import Reason, Report
from . import restoration, simulation
from .restoration import Restorable
from .simulation import Attack

_FIRST_ROWS = 1_000
_COLUMNS_AT_ONCE = 40


@dataclass(frozen=True)
class Attacked:
    """What the attacks came to."""

    attacks: list[Attack]
    restorable: list[Restorable]

    def reasons(self) -> list[Reason]:
        """Why the file does not pass: what can be restored.

        The simulated attacks add figures and no reasons: k, unique records, l and t are the gate for the same facts.
        """
        return [Reason(each.column, each.code, each.params) for each in self.restorable if each.level == "fails"]


def simulate(
    connection: Connection,
    relation: str,
    columns: Sequence[Column],
    *,
    about: str,
    quasi_identifiers: Sequence[str],
    sensitive: Sequence[str],
    subject: str | None,
) -> list[Attack]:
    """Attack the people in `relation` (SQL). About nobody ("none") there is nobody to single out."""
    if about == "none":
        return []
    return simulation.simulate(
        connection,
        relation,
        columns=columns,
        quasi_identifiers=quasi_identifiers,
        sensitive=sensitive,
        subject=subject,
        seed=seed_of(connection, relation, columns),
    )


def restore(connection: Connection, relation: str, columns: Sequence[Column]) -> list[Restorable]:
    """Turn the columns of `relation` (SQL) back, whomever it is about."""
    return restoration.find(connection, relation, columns, seed=seed_of(connection, relation, columns))


def seed_of(connection: Connection, relation: str, columns: Sequence[Column]) -> int:
    """A number from 0 to 2³¹ − 1 that the same file always gives: of its length and its first rows."""
    rows = database.one(connection, f"SELECT count(*) FROM {relation}")[0]
    names = ", ".join(database.name(column.name) for column in columns)
    parts = list(_first_rows(connection, relation, [column.name for column in columns]))
    first = database.one(
        connection, f"SELECT coalesce(sum(hash({names}) % 2147483647), 0) FROM {' POSITIONAL JOIN '.join(parts)}"
    )[0]
    for part in parts:
        connection.execute(f"DROP TABLE {part}")
    return int(rows * 1_000_003 + first) % 2**31


def _first_rows(connection: Connection, relation: str, names: Sequence[str]) -> Iterator[str]:
    """Tables of a few columns each: a file of 2,000 columns is not read with all of them at once in 290 MB."""
    for start in range(0, len(names), _COLUMNS_AT_ONCE):
        chosen = ", ".join(map(database.name, names[start : start + _COLUMNS_AT_ONCE]))
        part = f"first_{start}"
        connection.execute(f"CREATE TEMP TABLE {part} AS SELECT {chosen} FROM {relation} LIMIT {_FIRST_ROWS}")
        yield part


def heed(report: Report, attacked: Attacked) -> Report:
    """The report with the attacks: a column that gives identifiers back counts as holding them (grade 1)."""
    reasons = attacked.reasons()
    return replace(
        report,
        attacks=[_json(attack) for attack in attacked.attacks],
        restorable=[_json(each) for each in attacked.restorable],
        reasons=[*report.reasons, *reasons],
        allowed_modes=[] if reasons else report.allowed_modes,
        passes=report.passes and not reasons,
        grade=1 if reasons else report.grade,
    )


def _json(found: Attack | Restorable) -> dict[str, Any]:
    return {**asdict(found), "text": found.text}
