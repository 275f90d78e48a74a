"""Finding identifiers: how much of a corpus is found, and how long a file takes beside reading it and beside `re`."""

# ruff: noqa: E501  a pattern, a column is one row

import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from listings.deidentification import database
from listings.deidentification.identifiers import KINDS, columns, scan
from tests.bench import peers
from tests.bench.measure import Bench
from tests.listings.deidentification.corpus import CHECKSUMMED, Sheet, a_mobile, a_resident_id, sheets

SIZE = 100  # cells of each column of the corpus
ROWS = {"small": 200_000, "medium": 1_000_000, "full": 10_000_000}
ONE_IN = 20_000  # cells of the notes hold an identifier
RE_ROWS = 20_000
TODAY = date(2025, 6, 30)
PEER_ROWS = 500
PRESIDIO = {
    "CREDIT_CARD": ("bank_card",), "EMAIL_ADDRESS": ("email",), "IP_ADDRESS": ("ip",), "MAC_ADDRESS": ("mac",),
    "PHONE_NUMBER": ("mobile", "landline"),
}  # fmt: skip
_RE = [re.compile(pattern) for pattern in (
    r"(?<!\d)\d{17}[\dXx](?!\d)", r"(?<!\d)1[3-9]\d{9}(?!\d)", r"(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)", r"(?<!\d)\d{16,19}(?!\d)",
    r"[0-9A-HJ-NPQRTUWXY]{18}", r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}", r"[\w.+-]+@[\w-]+\.[\w.]+",
    r"\d{1,3}(?:\.\d{1,3}){3}", r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", r"[EG]\d{8}", r"[HMC]\d{8,10}",
)]  # fmt: skip


def run(bench: Bench, world: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="minshu-bench-") as folder:
        _quality(bench, Path(folder) / "corpus.parquet")
        _speed(bench, Path(folder) / "rows.parquet", ROWS[bench.scale.split(",")[0]])


def _hits(file: Path) -> list[Any]:
    with database.open_parquet(file) as (connection, named):
        return _scan(file, connection, named)


def _scan(file: Path, connection: database.Connection, named: list[database.Column]) -> list[Any]:
    return scan(connection, "data", named, today=TODAY, parquet=file)


def _quality(bench: Bench, file: Path) -> None:
    """Recall and precision of what has a check digit, F1 of the rest, by cells."""
    made = sheets(SIZE, seed=3)
    pq.write_table(pa.table({sheet.name: sheet.cells for sheet in made}), file)
    found = {(hit.column, hit.kind): hit.cells for hit in _hits(file)}
    kinds = {sheet.name: sheet.kind for sheet in made}
    wanted = Counter({kind: SIZE * sum(sheet.kind == kind for sheet in made) for kind in KINDS})
    right, wrong = Counter[str](), Counter[str]()
    for (column, kind), cells in found.items():
        (right if kinds[column] == kind else wrong)[kind] += cells
    for kind in KINDS:
        recall, precision = right[kind] / wanted[kind], right[kind] / max(1, right[kind] + wrong[kind])
        if kind in CHECKSUMMED:
            bench.write("scan", f"recall of {kind}", right[kind], wanted[kind], "stdnum", recall, 0.99, least=True)
            bench.write("scan", f"precision of {kind}", wrong[kind], 0, "stdnum", precision, 0.99, least=True)
        else:
            f1 = 2 * right[kind] / max(1, right[kind] + wrong[kind] + wanted[kind])
            bench.write("scan", f"F1 of {kind}", right[kind], wanted[kind], "the corpus", f1, 0.9, least=True)
    _beside_presidio(bench, made, found)


def _beside_presidio(bench: Bench, made: list[Sheet], ours: dict[tuple[str, str], int]) -> None:
    """Recall, precision and F1 of what it has recognisers for at all; it gives a cell no verdict but its own."""
    theirs = peers.ask("presidio", {sheet.name: sheet.cells for sheet in made})["found"]
    for entity, kinds in PRESIDIO.items():
        mine = {name: sum(ours.get((name, kind), 0) for kind in kinds) for name in theirs}
        both = [_quality_of(made, kinds, cells) for cells in (mine, {name: theirs[name][entity] for name in theirs})]
        for measure, ours_, theirs_ in zip(("recall", "precision", "F1"), *both, strict=True):
            ratio = ours_ / max(theirs_, 0.001)
            bench.write("scan", f"{measure} of {' and '.join(kinds)}", ours_, theirs_, "presidio", ratio, 1, least=True)


def _quality_of(made: list[Sheet], kinds: tuple[str, ...], cells: dict[str, int]) -> tuple[float, float, float]:
    """Recall, precision, F1, by cells."""
    right = sum(min(SIZE, cells[sheet.name]) for sheet in made if sheet.kind in kinds)
    wrong = sum(cells[sheet.name] for sheet in made if sheet.kind not in kinds)
    wanted = SIZE * sum(sheet.kind in kinds for sheet in made)
    return right / wanted, right / max(1, right + wrong), 2 * right / (right + wrong + wanted)


def _speed(bench: Bench, file: Path, rows: int) -> None:
    planted = _write(file, rows)
    columns._COMPILED_FROM = 0  # the compiler is loaded once, as in a warm worker
    assert {(hit.column, hit.kind): hit.cells for hit in _hits(file)} == planted
    with database.open_parquet(file) as opened:  # as an assessment has it, once
        bench.compare(
            "scan", f"13 columns of {rows} rows", lambda: _scan(file, *opened), lambda: pq.read_table(file),
            "pyarrow decoding all columns", 1,
        )  # fmt: skip
    bench.compare(
        "scan", "the same, and opening DuckDB for it", lambda: _hits(file), lambda: pq.read_table(file),
        "pyarrow decoding all columns", 1.5,
    )  # fmt: skip
    table = pq.read_table(file)
    some = {name: [str(cell) for cell in table[name].slice(0, RE_ROWS).to_pylist()] for name in table.column_names}
    ours = median(_took(lambda: _hits(file)) for _ in range(3)) / (13 * rows)
    theirs = median(
        _took(lambda: [[pattern.search(cell) for pattern in _RE] for cells in some.values() for cell in cells])
        for _ in range(3)
    ) / (13 * RE_ROWS)  # fmt: skip
    few = {name: cells[:PEER_ROWS] for name, cells in some.items()}
    presidio = peers.ask("presidio", few)["milliseconds"] / (13 * PEER_ROWS)
    for whose, took, goal in (
        (f"Python re, {len(_RE)} patterns", theirs, 50),
        ("presidio, 5 recognisers", presidio, 1000),
    ):
        bench.write("scan", "microseconds a cell", 1000 * ours, 1000 * took, whose, took / ours, goal, least=True)


def _took(way: Callable[[], Any]) -> float:
    """Milliseconds."""
    began = perf_counter()
    way()
    return 1000 * (perf_counter() - began)


def _write(file: Path, rows: int) -> dict[tuple[str, str], int]:
    """Thirteen columns as of visits to a clinic, with planted identifiers in the notes; how many of each kind."""
    chance, draw = random.Random(8), np.random.default_rng(8)
    planted: Counter[tuple[str, str]] = Counter()

    def coded(values: list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(draw.integers(0, len(values), rows), pa.int32()), values).cast(
            pa.string()
        )

    notes = [
        f"复诊，血压{a}/{b}，休息三天"
        for a, b in zip(draw.integers(90, 180, rows), draw.integers(50, 110, rows), strict=True)
    ]
    for place in chance.sample(range(rows), rows // ONE_IN):
        kind, make = chance.choice((("mobile", a_mobile), ("resident_id", a_resident_id)))
        notes[place] = f"联系{make(chance)}，复诊"
        planted["note", kind] += 1
    table = {
        "visit": [f"V{number:08d}" for number in draw.integers(0, 10**8, rows)],
        "age": draw.integers(0, 100, rows), "sex": coded(["男", "女"]), "city": coded(["福州市", "厦门市", "泉州市"]),
        "district": coded([f"第{number}区" for number in range(80)]), "day": pa.array(draw.integers(10**4, 2 * 10**4, rows).astype("int32"), pa.date32()),
        "time": [f"2024-01-{1 + number % 28:02d} {number % 24:02d}:{number % 60:02d}:00" for number in draw.integers(0, 10**6, rows)],
        "amount": np.round(draw.random(rows) * 10**4, 2), "order": draw.integers(10**7, 10**8, rows),
        "ward": coded([f"内科{number}病区" for number in range(60)]), "diagnosis": coded([f"诊断{number}：上呼吸道感染" for number in range(2000)]),
        "note": notes, "digest": [f"{number:016x}{number:016x}" for number in draw.integers(0, 2**62, rows)],
    }  # fmt: skip
    pq.write_table(pa.table(table), file, compression="zstd")
    return dict(planted)
