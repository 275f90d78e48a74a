"""The automaton against the patterns: it may name too many cells, never too few, and decides as they do."""

import random
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from listings.deidentification import database
from listings.deidentification.identifiers import automaton, cells, columns, compiled, scan
from listings.deidentification.identifiers.tables import TABLES

from .corpus import sheets
from .samples import TODAY

LIMIT = 20250630
_WORDS = """
13800138000 138 0013 8000 350102199003070012 35010219900307008X 3501 0219 9003 07 62284804 025648 90018 0591
87654321 86 0086 1 3 8 0 12345678 20240113 2024 01 91350100MA2X 12345N G12345678 EA1234567 H12345678 a b c f x e3
deadbeef0123 q4 qq QQ 微信 wx wxid_abc123 abc_12345 电话 tel 姓名 张三 联系人 路 五四 街 号 栋 室 闽 A D12345 · a@b.cn @
(at) . .. : :: ： fe80 192 168 10 00 1C mac 119.2964 26.0745 ,
， ° ′ ″ １３８ ００１３ Ａ ＠ ． － ( ) （ ） # / 4567 X .0 v1
〇一二三四五六七八九 十 幺 9135 M000 1002 33 1.
"""
PIECES = [*_WORDS.split(), " ", "-", "  ", '"', "\u200b", "\u3000"]


def features(texts: list[str]) -> np.ndarray:
    """What the compiled automaton says of each text."""
    kernels = compiled.load()
    assert kernels is not None
    array, out = pa.array(texts, pa.string()), np.zeros(len(texts), np.int32)
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32)[: len(texts) + 1]
    kernels.scan_text(np.frombuffer(data, np.uint8), ends, len(texts), LIMIT, TABLES, np.zeros(20, np.int64), out)
    return out


def by_patterns(text: str) -> set[tuple[str, int]]:
    wanted = columns.features_by_patterns(pa.array([text]), LIMIT)[0]
    return {(found.kind, found.strength) for found in cells.look(text, int(wanted), LIMIT)}


def by_automaton(text: str, said: int) -> set[tuple[str, int]]:
    if said & automaton.DECIDED:
        return {(kind, (0 if not is_one else 1 if chance else 2)) for kind, is_one, chance in cells.decided(said)}
    return {(found.kind, found.strength) for found in cells.look(text, said, LIMIT)}


def check(texts: list[str]) -> None:
    for text, said in zip(texts, features(texts), strict=True):
        if text:
            assert best(by_automaton(text, int(said))) == best(by_patterns(text)), text


def best(found: set[tuple[str, int]]) -> dict[str, int]:
    return {kind: max(strength for each, strength in found if each == kind) for kind, _ in found}


def test_automaton_agrees_on_the_corpus():
    for sheet in sheets(30, seed=5):
        check(sheet.cells)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join))
@example("138\u200b00138000")
@example("MAC：1C-07-69-77-BA-50")
def test_automaton_agrees_on_pieces(text):
    check([text])


SPLITS = ((18,), (4, 4, 4, 4, 2), (2, 6, 9, 1), (8, 1, 9), (4, 3, 1, 10), (4, 2, 2, 10), (4, 1, 1, 2, 10), (9, 9))


@pytest.mark.parametrize("lead", ["", "1.", "1. ", "12．", "（1）", "3.1 ", "1、", "2024-01-01 ", "代码："])
def test_credit_code_split_behind_the_number_of_a_list_is_found(lead):
    code, texts = "91350100M000100233", []
    for lengths in SPLITS:
        starts = [sum(lengths[:place]) for place in range(len(lengths))]
        parts = [code[start : start + length] for start, length in zip(starts, lengths, strict=True)]
        texts += [lead + sign.join(parts) for sign in (" ", "-")]
    check(texts)
    found = [kind for text, said in zip(texts, features(texts), strict=True) for kind, _ in by_automaton(text, said)]
    # cut as a date is, 9135-01-00, it is taken for one
    assert found.count("uscc") == len(texts) - 2


def test_decimals_with_a_unit_are_not_read_twice():
    assert not features(["0.123456kg", "3.1415926cm", "1.2345678E-05", "2024-01-01 T"]).any()


def test_automaton_agrees_on_many_numbers():
    chance = random.Random(4)
    check(["".join(chance.choices("0123456789", k=chance.randrange(9, 21))) for _ in range(900)])
    starts = ("8613", "86591", "0086138", "62", "4", "35", "0591", "010", "350102199", "3501029", "91350100")
    check(
        [
            (head := chance.choice(starts)) + "".join(chance.choices("0123456789X", k=18 - len(head)))
            for _ in range(3000)
        ]
    )


def hits_of(path, **given):
    with database.open_parquet(path) as (connection, named):
        return scan(connection, "data", named, today=TODAY, **given)


@pytest.mark.parametrize("from_bytes", [0, 10**12])
def test_compiled_and_plain_scans_find_the_same(tmp_path, monkeypatch, from_bytes):
    monkeypatch.setattr(columns, "_COMPILED_FROM", from_bytes)
    made = sheets(20, seed=9)
    pq.write_table(pa.table({sheet.name: sheet.cells for sheet in made}), tmp_path / "f.parquet")
    monkeypatch.setattr(columns, "_COMPILED_FROM", 10**12)
    expected = hits_of(tmp_path / "f.parquet")
    monkeypatch.setattr(columns, "_COMPILED_FROM", from_bytes)
    assert hits_of(tmp_path / "f.parquet", parquet=tmp_path / "f.parquet") == expected
    assert len(expected) > 60


def test_repeated_values_and_nulls_are_counted_by_cell(tmp_path):
    values = (["13800138000", None, "x 13900139000", "fine"] * 500)[:-1]
    table = pa.table({"note": values, "code": pa.array([None, 13800138000] * 999 + [5], pa.int64())})
    pq.write_table(table, tmp_path / "f.parquet", row_group_size=300)
    found = [
        (hit.column, hit.kind, hit.cells) for hit in hits_of(tmp_path / "f.parquet", parquet=tmp_path / "f.parquet")
    ]
    assert found == [("note", "mobile", 1000), ("code", "mobile", 999)]


_REPEATED = (
    "9 ", "1-", "a@", "a.b@a.a.", "路一", "一", "0:", "1.", "A1 ", "QQ", "微信", "1", "12345678a", "电话",
    "119.123456,", "(0591)", "x",
)  # fmt: skip
HOSTILE = [piece * (60_000 // len(piece)) for piece in _REPEATED]


@pytest.mark.parametrize("cell", HOSTILE, ids=lambda cell: cell[:4])
def test_a_long_cell_takes_time_in_proportion(cell):
    began = time.process_time()
    by_automaton(cell, int(features([cell])[0]))
    list(cells.look(cell, automaton.ALL, LIMIT))
    assert time.process_time() - began < 4
