"""Reading and scanning a large file in processes of their own, so that buffers and compiler are gone when the classes
are counted: all together take more than 512 MiB."""

import sys
from pathlib import Path
from typing import Any

from . import sandbox
from .database import Column
from .identifiers import batches, hints
from .identifiers.columns import Scanner
from .identifiers.tally import Tally
from .limits import MIB
from .reasons import Refused

FROM_BYTES = 16 * MIB  # below, a process takes longer than it is worth
_SYSTEM = "linux"  # elsewhere a process cannot limit itself, nor end with the one that started it
_SECONDS = 24 * 3600  # whoever waits for the assessment ends both sooner


def is_worth(file: Path) -> bool:
    """Whether this file is large enough, and this system able."""
    return sys.platform == _SYSTEM and file.stat().st_size >= FROM_BYTES


def scan(parquet: Path, columns: list[Column], today: int) -> dict[str, Tally]:
    """The tallies of all `columns`, as `identifiers` counts them; `today` as 20250630. Raises Refused."""
    given = [[column.name, column.type] for column in columns]
    command = {"do": "scan", "parquet": str(parquet), "columns": given, "today": today}
    answer = _run(command)
    tallies = {column.name: Tally(frozenset(hints.of(column.name))) for column in columns}
    for name, found in answer["tallies"].items():
        tallies[name].merge(Tally.from_json(found))
    return tallies


def ingest(source: Path, target: Path) -> None:
    """Read a file of any format into the canonical file `target`. Raises Refused."""
    _run({"do": "ingest", "source": str(source.absolute()), "name": source.name, "target": str(target.absolute())})


def _run(command: dict[str, Any]) -> dict[str, Any]:
    answer = sandbox.run(command, seconds=_SECONDS)
    if not answer["ok"]:
        raise Refused(answer["code"], **answer["params"])
    return answer


def scan_command(command: dict[str, Any]) -> dict[str, Any]:
    """What the other process does."""
    parquet = Path(command["parquet"])
    columns = [Column(*each) for each in command["columns"]]
    scanner = Scanner(command["today"], columns, parquet.stat().st_size)
    for column, array in batches.of_parquet(parquet, columns):
        scanner.look(column, array)
    scanner.end(columns)
    return {"tallies": {name: tally.to_json() for name, tally in scanner.tallies.items()}}
