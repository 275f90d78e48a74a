"""The gate of Art. 17: k, l and t of two sensitive attributes, each way in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from tests.bench.measure import Bench

ROOT = Path(__file__).resolve().parents[2]
ROWS = {"small": 1_000_000, "medium": 3_000_000, "full": 10_000_000}
BATCH = 1_000_000
PEER_ROWS = {"small": 200_000, "medium": 1_000_000, "full": 1_000_000}  # pycanon takes minutes for a million
PEERS = ROOT / ".peers" / "bin" / "python"
KEYS = {"plain": ["region", "age", "sex"], "hard": ["region", "age", "sex", "job"]}  # 1,240 and 31,000 classes
SENSITIVE = {"illness": "text", "cost": "integer"}
MIB = 1024  # of the KiB in which Linux counts memory

OURS = """
import json, sys
from pathlib import Path
from listings.deidentification import database
from listings.deidentification.classes import measure
file, keys, sensitive = json.loads(sys.argv[1])
with database.open_parquet(Path(file)) as (connection, columns):
    private = [column for column in columns if column.name in sensitive]
    found = measure(connection, "data", quasi_identifiers=keys, sensitive=private, parquet=Path(file))
print(json.dumps([found.k, found.l_distinct, found.t, found.classes]))
"""
READ = """
import json, sys
import pyarrow.parquet
file, keys, sensitive = json.loads(sys.argv[1])
with pyarrow.parquet.ParquetFile(file) as source:
    print(sum(len(batch) for batch in source.iter_batches(columns=[*keys, *sensitive])))
"""
PYCANON = """
import json, sys
import pandas as pd
from pycanon import anonymity
file, keys, sensitive = json.loads(sys.argv[1])
data = pd.read_csv(file)
l = {each: int(anonymity.l_diversity(data, keys, [each])) for each in sensitive}
t = {each: float(anonymity.t_closeness(data, keys, [each])) for each in sensitive}
print(json.dumps([int(anonymity.k_anonymity(data, keys)), l, t]))
"""


def run(bench: Bench, scale: str, folder: Path) -> None:
    file = write(folder / "gate.parquet", ROWS[scale])
    count = f"{ROWS[scale] // 1_000_000} M rows"
    for name, keys in KEYS.items():
        given = [str(file), keys, list(SENSITIVE)]
        bench.compare(
            "gate", f"k, l, t, {count}, {name}", lambda given=given: _process(OURS, given),  # type: ignore[misc]
            lambda given=given: _process(READ, given), "pyarrow reads the columns", 1.5 if name == "plain" else 2,  # type: ignore[misc]
        )  # fmt: skip
        peak = _peak(OURS, given)
        bench.write("gate", f"peak memory in MiB, {count}, {name}", peak, 512, "512 MiB", peak / 512, 1)
    _against_pycanon(bench, scale, folder)


def write(path: Path, rows: int) -> Path:
    """31 regions × 20 ages × 2 sexes × 25 jobs; the illness depends a little on the age. The same on every run."""
    chance = numpy.random.default_rng(4)
    writer = None
    for start in range(0, rows, BATCH):
        table = _table(chance, min(BATCH, rows - start))
        writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=122_880)
    assert writer is not None
    writer.close()
    return path


def _table(chance: numpy.random.Generator, rows: int) -> pyarrow.Table:
    regions, sexes = [f"3501{n:02d}" for n in range(31)], ["男", "女"]
    jobs, illnesses = [f"职业{n}" for n in range(25)], [f"病{n}" for n in range(20)]
    age = chance.integers(0, 20, rows)
    ill = numpy.where(chance.random(rows) < 0.2, age % 20, chance.integers(0, 20, rows))
    return pyarrow.table({
        "region": _texts(chance.integers(0, 31, rows), regions), "age": 5 * age,
        "sex": _texts(chance.integers(0, 2, rows), sexes),
        "job": _texts(chance.integers(0, 25, rows), jobs), "illness": _texts(ill, illnesses),
        "cost": 10 * chance.integers(0, 50, rows),
    })  # fmt: skip


def _texts(codes: numpy.ndarray, values: list[str]) -> pyarrow.Array:
    return pyarrow.DictionaryArray.from_arrays(codes.astype("int32"), values).cast(pyarrow.string())


def _process(code: str, given: list[Any], python: Path | str = sys.executable) -> Any:
    done = subprocess.run(
        [str(python), "-c", code, json.dumps(given)], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


def _peak(code: str, given: list[Any]) -> float:
    """Resident memory at its highest, in MiB."""
    child = subprocess.Popen([sys.executable, "-c", code, json.dumps(given)], cwd=ROOT, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_maxrss / MIB


def _against_pycanon(bench: Bench, scale: str, folder: Path) -> None:
    """Once, for it takes minutes: the same values, and how many times as long."""
    if not PEERS.exists():
        print("gate     pycanon is not installed: `make peers`", flush=True)
        return
    rows = PEER_ROWS[scale]
    small = write(folder / "peer.parquet", rows)
    keys = KEYS["plain"]
    table = pyarrow.parquet.read_table(small)
    text = folder / "peer.csv"
    with text.open("wb") as out:
        pyarrow.csv.write_csv(table, out)
    began = perf_counter()
    theirs = _process(PYCANON, [str(text), keys, list(SENSITIVE)], PEERS)
    middle = perf_counter()
    ours = _process(OURS, [str(small), keys, list(SENSITIVE)])
    end = perf_counter()
    assert (ours[0], ours[1]) == (theirs[0], theirs[1]), (ours, theirs)
    assert all(abs(ours[2][name] - theirs[2][name]) < 1e-8 for name in SENSITIVE), (ours, theirs)
    bench.write(
        "gate", f"k, l, t, {rows:,} rows, same values", 1000 * (end - middle), 1000 * (middle - began), "pycanon 1.0.1",
        (middle - began) / (end - middle), 100, least=True,
    )  # fmt: skip
