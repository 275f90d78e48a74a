"""The regions of Fujian by GB/T 2260, from `regions.csv` into the table after every migration."""

import csv
from pathlib import Path
from typing import Any

from accounts.models import Region, RegionLevel


def level_of(code: str) -> str:
    """The level that a code shows by its zeros."""
    if code.endswith("0000"):
        return RegionLevel.PROVINCE
    return RegionLevel.CITY if code.endswith("00") else RegionLevel.COUNTY


def load() -> None:
    """Add the regions that are missing; what was edited stays. Parents come before children in the file."""
    with (Path(__file__).parent / "regions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if Region.objects.count() < len(rows):
        Region.objects.bulk_create(
            [
                Region(
                    code=row["code"],
                    name=row["name"],
                    name_en=row["name_en"],
                    parent_id=row["parent"] or None,
                    level=level_of(row["code"]),
                )
                for row in rows
            ],
            ignore_conflicts=True,
        )


def load_after_migrate(**kwargs: Any) -> None:
    load()
