"""Columns of known making, from real-looking numbers; python-stdnum and cryptography are the judges."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

from cryptography.hazmat.primitives import hashes
from stdnum.cn import ric

from listings.deidentification import database
from listings.deidentification.attacks import restoration
from listings.deidentification.attacks.restoration import Restorable
from listings.deidentification.database import Column

PREFIXES = (
    "130",
    "135",
    "138",
    "139",
    "147",
    "150",
    "152",
    "158",
    "166",
    "173",
    "177",
    "180",
    "186",
    "189",
    "191",
    "199",
)
REGIONS = ("350102", "350203", "110105", "440305", "310115")
FIRST_DAY = date(1950, 1, 1)
_HASHES = {"md5": hashes.MD5, "sha1": hashes.SHA1, "sha256": hashes.SHA256, "sm3": hashes.SM3}


def mobiles(count: int, seed: int = 1, prefixes: Sequence[object] = PREFIXES) -> list[str]:
    chance = random.Random(seed)
    return [f"{chance.choice(prefixes)}{chance.randrange(10**8):08d}" for _ in range(count)]


def born(count: int, seed: int = 1) -> list[date]:
    chance = random.Random(seed)
    return [FIRST_DAY + timedelta(chance.randrange(20_000)) for _ in range(count)]


def resident_ids(days: Sequence[date], seed: int = 1) -> list[str]:
    chance = random.Random(seed)
    bodies = [f"{chance.choice(REGIONS)}{day:%Y%m%d}{chance.randrange(1000):03d}" for day in days]
    return [body + ric.calc_check_digit(body + "0") for body in bodies]


def digest(algorithm: str, text: str) -> bytes:
    made = hashes.Hash(_HASHES[algorithm]())
    made.update(text.encode())
    return made.finalize()


def found(table: dict[str, list], types: dict[str, str] | None = None, **given) -> list[Restorable]:
    """What is found in a table of columns (text unless `types` says otherwise)."""
    columns = [Column(name, (types or {}).get(name, "text")) for name in table]
    sql = {"text": "VARCHAR", "date": "DATE", "integer": "BIGINT"}
    with database.open_database() as connection:
        made = ", ".join(f"{database.name(column.name)} {sql[column.type]}" for column in columns)
        connection.execute(f"CREATE TABLE data ({made})")
        marks = ", ".join(f"unnest(${place}::{sql[column.type]}[])" for place, column in enumerate(columns, start=1))
        connection.execute(f"INSERT INTO data SELECT {marks}", list(table.values()))
        return restoration.find(connection, "data", columns, **{"seed": 7, "work": 2e8, **given})
