"""Hashes per second against a loop over hashlib, and the whole stage of attacks against reading the file."""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from listings.deidentification import database
from listings.deidentification.attacks import enumeration, spaces, stage
from tests.bench.measure import Bench

OURS, LOOP = 2_000_000, 20_000
ROWS = {"small": 50_000, "medium": 1_000_000, "full": 1_000_000}


def run(bench: Bench, world: Any) -> None:
    for algorithm in ("md5", "sha1", "sha256", "sm3"):
        _hashes(bench, algorithm)
    with TemporaryDirectory() as folder:
        parquet = Path(folder) / "people.parquet"
        _people(parquet, ROWS[bench.scale.split(",")[0]])
        bench.compare(
            "attacks", "all attacks on 12 columns", lambda: _attack(parquet), lambda: pq.read_table(parquet),
            "pyarrow reading the file", 600,
        )  # fmt: skip


def _hashes(bench: Bench, algorithm: str) -> None:
    """Both are given the same share of the work: the ratio is of hashes a second."""
    guess = enumeration.Guess(spaces.mobile(), algorithm)
    target = np.frombuffer(hashlib.new(algorithm, b"no number").digest(), np.uint8)[None]

    def loop() -> None:
        wanted = target[0].tobytes()
        for number in range(LOOP):
            hashlib.new(algorithm, b"138%08d" % number).digest() == wanted  # noqa: B015

    bench.compare(
        "attacks", f"{OURS // LOOP} × as many {algorithm} of mobile numbers",
        lambda: enumeration.enumerate_keys(guess, target, OURS, enough=1, seed=1), loop,
        "a loop over hashlib", OURS / LOOP / 20,
    )  # fmt: skip


def _people(parquet: Path, rows: int) -> None:
    numbers = ", ".join(f"(hash(n * 31 + {column}) % {size})::BIGINT AS c{column}" for column, size in enumerate(
        (80, 2, 400, 40, 20, 7, 12, 31, 5, 1000)
    ))  # fmt: skip
    with database.open_database(writes=[parquet]) as connection:
        connection.execute(
            f"COPY (SELECT {numbers}, md5('138' || lpad((hash(n) % 100000000)::VARCHAR, 8, '0')) AS phone, "
            f"md5('key' || n || 'secret') AS token FROM range({rows}) AS t(n)) "
            f"TO {database.path(parquet)} (FORMAT parquet, USE_TMP_FILE false)"
        )


def _attack(parquet: Path) -> None:
    with database.open_parquet(parquet) as (connection, columns):
        stage.simulate(
            connection, "data", columns, about="persons", quasi_identifiers=["c0", "c1", "c2", "c3"],
            sensitive=["c8"], subject="token",
        )  # fmt: skip
        found = stage.restore(connection, "data", columns)
    assert [each.level for each in found] == ["fails", "warns"]
