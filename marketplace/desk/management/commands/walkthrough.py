"""`manage.py walkthrough`: play one whole trade, on its own data or on a file."""

import json
import logging
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from listings.models import About, ColumnRole
from marketplace.desk.database import prepare
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.desk.walkthrough import Data, FileRefused, Otherwise, Step, play


class Command(BaseCommand):
    help = (
        "Plays a whole trade from listing to termination with parties of its own. Exit 0: as the law wants it; "
        "2: the file was refused at the assessment; 1: something else went otherwise."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, help="CSV or Parquet file to trade; by default the play's own")
        parser.add_argument("--quasi-identifiers", default="", help="columns, separated by commas")
        parser.add_argument("--sensitive", default="", help="columns, separated by commas")
        parser.add_argument("--about", choices=About.values, default=About.PERSONS, help="what a row is about")
        parser.add_argument("--subject", default="", help="the column that names the subject of a row")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The walkthrough moves time and never runs on a production database (DEMO is off).")
        prepare()
        logging.getLogger("marketplace.wake").setLevel(logging.ERROR)  # the play needs no worker
        tell = self._tell_json if options["json"] else self._tell
        with tempfile.TemporaryDirectory(prefix="minshu-walkthrough-") as folder:
            try:
                play(data=self._data(options, Path(folder)), at=timezone.now(), tell=tell, scratch=Path(folder))
            except FileRefused as refusal:
                self._end(2, f"The file was refused: {refusal}")
            except Otherwise as surprise:
                self._end(1, f"Something went otherwise: {surprise}")

    def _data(self, options: dict[str, Any], folder: Path) -> Data:
        path: Path | None = options["data"]
        if path is None:
            return Data(write_visits(folder / "visits.csv"), About.PERSONS, dict(VISIT_ROLES))
        if path.is_dir() or not path.exists():
            raise CommandError(f"There is no file {os.fsencode(path).decode(errors='replace')}.")
        if not path.is_file() or not path.stat().st_size:  # a pipe, a device, or a file whose size nobody knows
            path = _copied(path, folder)
        roles = {name: ColumnRole.QUASI_IDENTIFIER for name in _names(options["quasi_identifiers"])}
        roles |= {name: ColumnRole.SENSITIVE for name in _names(options["sensitive"])}
        roles |= {name: ColumnRole.SUBJECT for name in [options["subject"]] if name}
        return Data(path, options["about"], roles)

    def _tell_json(self, step: Step) -> None:
        self.stdout.write(json.dumps(asdict(step), ensure_ascii=False))

    def _tell(self, step: Step) -> None:
        mark = "✓" if step.outcome == "done" else "✗"
        self.stdout.write(
            f"{mark} {step.step} · {step.actor} · {step.outcome}{f' → {step.state}' if step.state else ''}"
        )
        for entry in step.ledger:
            self.stdout.write(f"    {entry['verb']} {entry['object']} {entry['old']}→{entry['new']} {entry['article']}")
        for reason in step.reasons:
            self.stdout.write(f"    {reason['text']}")

    def _end(self, code: int, text: str) -> None:
        self.stderr.write(text)
        raise SystemExit(code)


def _copied(path: Path, folder: Path) -> Path:
    """What can be read from it, up to just over the limit of an upload."""
    with path.open("rb") as source, (copy := folder / "data").open("wb") as target:
        left = settings.UPLOAD_LIMIT + 1
        while left and (chunk := source.read(min(left, 1 << 20))):
            left -= target.write(chunk)
    return copy


def _names(text: str) -> list[str]:
    return [name for name in (part.strip() for part in text.split(",")) if name]
