"""`suggest` and `apply` on the command line: on any file the site reads, without a server or a database."""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..assess import ABOUT, MODES
from ..database import OutOfMemory
from ..extract import extract
from ..ingest import ingest
from ..reasons import Refused, sentence
from ..rules import Rules
from . import document, own
from .apply import apply
from .figures import Roles, compare
from .suggest import suggest, target_of

COMMANDS = ("suggest", "apply")
UNREADABLE, OUT_OF_REACH = 1, 2


def add_parsers(commands: Any) -> None:
    """Register both commands with the sub-parsers of argparse; each sets `run`, which takes what was parsed."""
    for name, words, run in (
        ("suggest", "find the recipe of least loss", _suggest),
        ("apply", "apply a recipe", _apply),
    ):
        parser = commands.add_parser(name, help=words)
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--quasi-identifiers", default="", metavar="A,B")
        parser.add_argument("--sensitive", default="", metavar="C,D")
        parser.add_argument("--identifiers", default="", metavar="E", help="columns that name a person")
        parser.add_argument("--subject", metavar="COLUMN")
        parser.set_defaults(run=run)
        (_suggest_options if name == "suggest" else _apply_options)(parser)


def main(arguments: list[str]) -> int:
    """0 done, 2 out of reach, 1 the file or the recipe cannot be used."""
    parser = argparse.ArgumentParser(prog="deidentification")
    add_parsers(parser.add_subparsers(required=True))
    given = parser.parse_args(arguments)
    return given.run(given)


def _suggest_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--about", choices=ABOUT, default="persons")
    parser.add_argument("--mode", choices=MODES, default="platform")
    parser.add_argument("--k", type=int, help="instead of what the mode asks for")
    parser.add_argument("--l", type=int)
    parser.add_argument("--t", type=float)
    parser.add_argument("--suppression", type=float, default=0.02, help="share of records that may be taken out")
    parser.add_argument("--hierarchy", action="append", default=[], metavar="COLUMN=FILE.csv")
    parser.add_argument("--at-most", action="append", default=[], metavar="COLUMN=LEVEL")
    parser.add_argument("--exactly", action="append", default=[], metavar="COLUMN=LEVEL")
    parser.add_argument("--out", type=Path, metavar="RECIPE.json", help="write the recipe here")


def _apply_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", type=Path, required=True, metavar="RECIPE.json")
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.csv|.parquet")


def _suggest(given: argparse.Namespace) -> int:
    target = target_of(Rules(), given.mode, given.suppression)
    chosen = {name: getattr(given, name) for name in ("k", "l", "t") if getattr(given, name) is not None}
    with _reading(given.file) as parquet:
        found = suggest(
            parquet,
            about=given.about,
            subject=given.subject,
            quasi_identifiers=_names(given.quasi_identifiers),
            sensitive=_names(given.sensitive),
            identifiers=_names(given.identifiers),
            target=type(target)(**{**vars(target), **chosen}),
            today=date.today(),
            hierarchies={column: own.read(Path(file).read_bytes()) for column, file in map(_pair, given.hierarchy)},
            at_most={column: int(level) for column, level in map(_pair, given.at_most)},
            exactly={column: int(level) for column, level in map(_pair, given.exactly)},
        )
    if given.out and found.recipe:
        given.out.write_text(json.dumps(found.recipe.to_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    _print(found.to_json())
    return 0 if found.reaches else OUT_OF_REACH


def _apply(given: argparse.Namespace) -> int:
    recipe = document.loads(given.recipe.read_text(encoding="utf-8"))
    kind = given.out.suffix.lower().lstrip(".")
    with _reading(given.file) as parquet:
        target = parquet.with_name("recipe.parquet")
        began = datetime.now(UTC).isoformat(timespec="seconds")
        applied = apply(parquet, target, recipe, started_at=began)
        figures = compare(parquet, target, recipe, _roles(given, parquet))
        extract(target, given.out, [column.name for column in applied.columns], kind)
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    _print({"applied": {**applied.to_json(), "finished_at": finished}, **figures})
    return 0


def _roles(given: argparse.Namespace, parquet: Path) -> Roles:
    from .. import database

    marked, sensitive = _names(given.quasi_identifiers), _names(given.sensitive)
    if not marked:
        with database.open_parquet(parquet) as (_, columns):
            marked = [each.name for each in columns if each.name not in [*sensitive, given.subject]]
    return Roles(marked, sensitive, given.subject)


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _pair(given: str) -> tuple[str, str]:
    column, _, value = given.rpartition("=")
    return column, value


@contextmanager
def _reading(file: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="minshu-") as folder:
        parquet = Path(folder) / "canonical.parquet"
        ingest(file, file.name, parquet)
        yield parquet


def _print(answer: dict[str, Any]) -> None:
    json.dump(answer, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def run(arguments: list[str]) -> int:
    """`main`, with what is refused as a sentence on standard error and exit code 1."""
    try:
        return main(arguments)
    except OutOfMemory:
        sys.stderr.write(f"{sentence('out_of_memory', {})}\n")
        return UNREADABLE
    except (Refused, OSError, ValueError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return UNREADABLE
