"""The recipe of least loss: time and memory against one reading of the file, and against anjana and every node."""

import csv
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from listings.deidentification import sandbox
from listings.deidentification.recipe.search import Lattice, Target, search, search_all
from tests.bench import peers
from tests.bench.measure import Bench
from tests.listings.deidentification.recipe import lattices
from tests.listings.deidentification.samples import canonical

ROWS = {"small": 50_000, "medium": 300_000, "full": 1_000_000}
MARKED = ["区县", "出生日期", "年龄", "文化程度", "职业", "金额"]
PEOPLE, K = 600, 5
_TREES = Path(__file__).parents[2] / "listings/deidentification/recipe/trees"


def run(bench: Bench, world: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="minshu-bench-") as name:
        folder = Path(name)
        _against_reading(bench, people(folder / "people.parquet", ROWS[bench.scale.partition(",")[0]]))
        _against_others(bench, folder)


def people(parquet: Path, rows: int) -> Path:
    """A file whose every row is of its own in six quasi-identifiers."""
    dice = np.random.default_rng(1)
    counties = [row[0] for row in _values("regions", ",") if row[0][:2] == "35" and not row[0].endswith("00")]
    jobs, degrees = ([row[0] for row in _values(name, ";")] for name in ("occupation", "education"))
    table = {
        "区县": dice.choice(counties, rows),
        "出生日期": pa.array(dice.integers(-14_600, 11_000, rows).astype("int32"), pa.date32()),
        "年龄": np.clip(dice.normal(45, 18, rows), 0, 100).astype("int64"),
        "文化程度": dice.choice(degrees, rows),
        "职业": dice.choice(jobs, rows),
        "金额": np.round(dice.lognormal(6, 1.2, rows), 2),
    }
    pq.write_table(pa.table(table), parquet, compression="zstd")
    return parquet


def _values(name: str, delimiter: str) -> list[list[str]]:
    with (_TREES / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter=delimiter))


def _against_reading(bench: Bench, parquet: Path) -> None:
    command = {"do": "suggest", "parquet": str(parquet), "about": "persons", "quasi_identifiers": MARKED,
               "today": "2026-11-26"}  # fmt: skip
    answers = []
    bench.compare(
        "suggest", "recipe for six columns, whole process", lambda: answers.append(sandbox.run(command)),
        lambda: subprocess.run([sys.executable, "-c", f"import pyarrow.parquet as p; p.read_table({str(parquet)!r})"]),
        "a process in which pyarrow reads the file", 60,
    )  # fmt: skip
    assert all(answer["suggestion"]["reaches"] and answer["suggestion"]["exact"] for answer in answers), answers
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    bench.write("suggest", "memory, MiB", peak, 1024, "1 GiB", peak / 1024, 1)
    looked = answers[-1]["suggestion"]
    bench.write("suggest", "nodes looked at", looked["looked_at"], looked["nodes"], "all nodes",
                looked["looked_at"] / looked["nodes"], 0.1)  # fmt: skip


def _against_others(bench: Bench, folder: Path) -> None:
    counts = lattices.count(canonical(folder, list(lattices.ADULT), lattices.adult(PEOPLE)), lattices.ADULT)
    ours, every = search(counts, Target(K)).best[0], search_all(counts, Target(K))[0]
    assert ours == every
    bench.compare("suggest", "search of a small lattice", lambda: search(counts, Target(K)),
                  lambda: search_all(counts, Target(K)), "every node", 1)  # fmt: skip
    theirs = peers.ask("anjana", {
        "columns": list(lattices.ADULT), "rows": lattices.adult(PEOPLE), "trees": lattices.ADULT, "k": K,
        "suppression": 2,
    })  # fmt: skip
    loss = Lattice(counts, Target(K)).look(tuple(theirs["levels"])).loss
    bench.write("suggest", "loss at the same k", ours.loss, loss, "anjana", ours.loss / loss, 1)
