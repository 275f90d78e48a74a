"""What an assessment takes of memory does not grow with the different values: 512 MiB hold every process of it."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from listings.deidentification import csv_source, database
from listings.deidentification.attacks import digests, restoration, spaces, stage

from .samples import canonical

ROOT = Path(__file__).resolve().parents[3]
MIB = 1024 * 1024
_PEAK = """
import json, sys
from datetime import date
from pathlib import Path
from listings.deidentification.assess import assess
from listings.deidentification.attacks import guesses
from listings.deidentification.rules import Rules
guesses.WORK = 2e7
report = assess(Path(sys.argv[1]), about="persons", subject=None, quasi_identifiers=["c0", "c1"], sensitive=[],
                rules=Rules(), today=date(2026, 1, 1))
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024
print(json.dumps([peak, sorted(each["code"] for each in report.restorable)]))
"""


def taken(work: Callable[[], object]) -> float:
    """MiB that Python and numpy held at most while it ran, beyond what they held before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_assessment_of_columns_of_nothing_but_different_values_stays_far_below_its_limit(tmp_path):
    """A process by itself, all columns different, digests that are searched: 362 MiB at 300,000 rows. A few rows go
    first: whoever compiles the hashes, once for all that follow, has some 70 MiB more (442 at 100,000 rows)."""
    columns = [
        "n AS c0", "hash(n) % 1000 AS c1", "md5('key' || n || 'secret') AS c2",
        "sha256('138' || lpad((hash(n) % 100000000)::VARCHAR, 8, '0')) AS c3",
        *(f"'remark {place} ' || hash(n, {place}) AS c{place}" for place in range(4, 12)),
    ]  # fmt: skip

    def assessed(rows: int) -> tuple[int, list[str]]:
        parquet = tmp_path / f"{rows}.parquet"
        with database.open_database(writes=[parquet]) as connection:
            connection.execute(
                f"COPY (SELECT {', '.join(columns)} FROM range({rows}) AS t(n)) "
                f"TO {database.path(parquet)} (FORMAT parquet, USE_TMP_FILE false)"
            )
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(parquet)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        peak, codes = json.loads(done.stdout.splitlines()[-1])
        return peak, codes

    assert assessed(1_000)[0] < 512
    peak, codes = assessed(100_000)
    assert codes == ["hash_restored", "keyed_or_unknown"]
    assert peak < 420


def test_tables_of_digits_and_decoded_tokens_take_a_few_times_their_own_room():
    assert taken(lambda: spaces.numbers(0, 1_000_000, 6)) < 30  # the answer has 6
    tokens = np.full((restoration.SAMPLE, 200), ord("A"), np.uint8)
    assert taken(lambda: digests.from_base64(tokens)) < 40  # the tokens have 6


def test_one_sample_is_in_memory_at_a_time():
    """Those of 59 columns together have some 30 MiB."""
    with database.open_database() as connection:
        columns = ", ".join(f"repeat('remark ', 12) || hash(n, {place}) AS c{place}" for place in range(59))
        connection.execute(f"CREATE TABLE data AS SELECT {columns} FROM range(3000) AS t(n)")
        there = database.columns_of(connection, "data")
        assert taken(lambda: restoration.find(connection, "data", there)) < 10


def test_seed_is_the_same_however_many_columns_are_read_at_once(tmp_path, monkeypatch):
    names = [f"c{place}" for place in range(7)]
    parquet = canonical(tmp_path, names, [tuple(place * row % 91 for place in range(7)) for row in range(1_500)])
    with database.open_parquet(parquet) as (connection, columns):
        whole = stage.seed_of(connection, "data", columns)
        monkeypatch.setattr(stage, "_COLUMNS_AT_ONCE", 3)
        assert stage.seed_of(connection, "data", columns) == whole
        plain = f"SELECT sum(hash({', '.join(names)}) % 2147483647) FROM (SELECT * FROM data LIMIT 1000)"
        assert whole == int(1_500 * 1_000_003 + database.one(connection, plain)[0]) % 2**31


def test_seed_of_as_many_columns_as_a_file_may_have_is_read_within_the_limit(tmp_path, monkeypatch):
    parquet = tmp_path / "wide.parquet"
    with database.open_database(writes=[parquet]) as connection:
        columns = ", ".join(f"hash(n, {place})::VARCHAR AS c{place}" for place in range(2_000))
        connection.execute(
            f"COPY (SELECT {columns} FROM range(1100) AS t(n)) TO {database.path(parquet)} "
            "(FORMAT parquet, USE_TMP_FILE false)"
        )
    monkeypatch.setattr(database, "_SMALL_FILE", 0)  # as one of more rows, not copied into memory
    with database.open_parquet(parquet, memory=database.ASSESSING) as (connection, there):
        assert stage.seed_of(connection, "data", there) > 0


def test_row_groups_are_bounded_in_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_source, "_GROUP_BYTES", MIB)
    parquet = canonical(tmp_path, ["text", "n"], [(f"{row:0200d}x", row) for row in range(20_000)])
    metadata = pq.ParquetFile(parquet).metadata
    sizes = [metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)]
    assert sum(sizes) == 20_000 and max(sizes) <= 6_144
