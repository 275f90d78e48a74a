"""`assess FILE`: the whole assessment on one's own machine, without a server, a database or settings."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NoReturn

from . import apart, engines
from .assess import ABOUT, MODES, assess
from .database import OutOfMemory
from .ingest import ingest
from .reasons import Refused
from .report import Report
from .rules import Rules
from .sample import Sample, of_report
from .words import LANGUAGES, rows_in, sentence_in, table

PASSES, UNREADABLE, FAILS = 0, 1, 2
KEY = Path("minshu-key.pem")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UNREADABLE, f"{self.prog}: {message}\n")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file and the options of `assess`, for argparse."""
    parser.add_argument("file", type=Path, help="CSV, TSV, XLSX, JSON lines or Parquet")
    for option, said in (
        ("--quasi-identifiers", "columns that others may know of a person, separated by commas"),
        ("--sensitive", "columns that nobody may infer"),
        ("--identifiers", "columns that name a person: the file passes only without them"),
    ):
        parser.add_argument(option, type=_names, default=[], metavar="A,B", help=said)
    parser.add_argument("--about", choices=ABOUT, default="persons", help="whom a row is about")
    parser.add_argument("--subject", metavar="COLUMN", help="the column that tells whom a row is about")
    parser.add_argument("--population", type=Path, metavar="FILE", help="a row for everybody the file may be about")
    parser.add_argument("--mode", choices=MODES, default="platform", help="how it will be delivered")
    parser.add_argument(
        "--engine", default=engines.DUCKDB, help="duckdb, ibis, or the master of a Spark such as local[2]"
    )
    parser.add_argument("--sample", action="store_true", help="rows that could be shown to everybody, if it passes")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    parser.add_argument("--report", type=Path, metavar="FILE.json", help="write the signed report here")
    parser.add_argument("--key", type=Path, default=KEY, help=f"the key that signs ({KEY}); made where there is none")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="of the sentences")


def run(given: Any, *, rules: Rules | None = None, today: date | None = None) -> int:
    """Assess and print; 0 where the file passes, 2 where it fails, 1 where it cannot be read."""
    try:
        report, sample = _assess(given, rules or Rules(), today or date.today())
        if given.report:
            _write_signed(report, given)
    except Refused as refusal:
        return _unreadable(sentence_in(given.lang, refusal.code, refusal.params))
    except OutOfMemory:
        return _unreadable(sentence_in(given.lang, "out_of_memory", {}))
    except (OSError, ValueError) as error:
        return _unreadable(f"{given.file}: {getattr(error, 'strerror', None) or type(error).__name__}")
    said = _as_json(report, sample, given.lang) if given.json else table(report, given.lang)
    print(said if sample is None or given.json else f"{said}\n\n{rows_in(given.lang, sample)}")
    return PASSES if report.passes else FAILS


def main(arguments: list[str], *, program: str = f"python -m {__package__} assess") -> int:
    parser = _Parser(prog=program, description="Art. 17: can anybody be recognised in this file?")
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def _assess(given: Any, rules: Rules, today: date) -> tuple[Report, Sample | None]:
    """The report, and the sample where it is asked for."""
    with tempfile.TemporaryDirectory(prefix="minshu-") as folder:
        parquet = _canonical(given.file, Path(folder) / "data.parquet")
        population = given.population and _canonical(given.population, Path(folder) / "people.parquet")
        report = assess(
            parquet, about=given.about, subject=given.subject, quasi_identifiers=given.quasi_identifiers,
            sensitive=given.sensitive, identifiers=given.identifiers, rules=rules, today=today, mode=given.mode,
            population=population, engine=given.engine,
        )  # fmt: skip
        if not given.sample:
            return report, None
        return report, of_report(parquet, report.to_json(), minimum=rules.required_k(given.mode))


def _canonical(source: Path, target: Path) -> Path:
    if apart.is_worth(source):
        apart.ingest(source, target)
    else:
        ingest(source, source.name, target)
    return target


def _write_signed(report: Report, given: Any) -> None:
    from . import signed

    document = signed.sign(report, given.file, signed.key_at(given.key), mode=given.mode, at=datetime.now(UTC))
    given.report.write_text(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1), encoding="utf-8")


def _as_json(report: Report, sample: Sample | None, language: str) -> str:
    said = {**report.to_json(), **({"sample": asdict(sample)} if sample else {})}
    for each in (*said["reasons"], *said["suggestions"]):
        each["text"] = sentence_in(language, each["code"], each["params"])
    return json.dumps(said, ensure_ascii=False, allow_nan=False, indent=1)


def _unreadable(message: str) -> int:
    print(message, file=sys.stderr)
    return UNREADABLE


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
