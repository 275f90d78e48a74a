import random
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from listings.deidentification import apart, database
from listings.deidentification.database import Column
from listings.deidentification.identifiers import digits, scan
from listings.deidentification.reasons import Refused

from .corpus import sheets
from .samples import TODAY, report_on, resident_id

ID = resident_id(1)
X_ID = next(resident_id(number) for number in range(200) if resident_id(number).endswith("X"))
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def kinds(cell: str) -> list[str]:
    with database.open_database() as connection:
        hits = scan(connection, f"(SELECT {database.text(cell)} AS c)", [Column("c", "text")], today=TODAY)
    return [hit.kind for hit in hits]


@pytest.mark.parametrize(
    "cell",
    [
        "13800138000",
        "19912345678",
        "请拨打13800138000，谢谢",
        "tel13800138000x",
        "+8613800138000",
        "+86 138 0013 8000",
        "+86-138-0013-8000",
        "008613800138000",
        "8613800138000",
        "138-0013-8000",
        "138 0013 8000",
        "13800 138000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "138\u30000013\u30008000",
        "138–0013–8000",
        "１３８００１３８０００",
        "１３８－００１３－８０００",
        "13800138000.0",
        "13800138000.",
        "电话.13800138000",
        "2024-01-01 13800138000 12:30",
        "2024.01.13 13800138000",
        '{"phone":"13800138000"}',
        "13800138000,13900139000",
        "id_13800138000_end",
        "3 13800138000",
        "+86 1 3 8 0 0 1 3 8 0 0 0",
        "138-0013-8000x",
        "=13800138000",
        "13800138000\n",
    ],
)
def test_mobile_is_found(cell):
    assert kinds(cell) == ["mobile"]


@pytest.mark.parametrize(
    "cell",
    [
        "12800138000",
        "1380013800",
        "138001380000",
        "23800138000",
        "119.13812345678",
        "13812345678.5",
        "0.13812345678",
        "192.168.13812345678",
        "2024-01-13 12:34:56.13812345678",
        "1719705600000",
        "20240630123456",
        "2024-06-30 15:30:00",
        "2024-06-30T15:30:00+08:00",
        "1985-03-12 150",
        "138 00138  000",
        "138--0013-8000",
        "13 25 46 38 912",
        "d41d8cd98f13812345678e9800998ecf",
        "a3f13812345678bc",
        "3f2b8a1c-1381-4234-8678-13912345678f",
        "abcde138-1234-4678-9123-abcdefabcdef",
        "1 3 8 0 0 1 3 8 0 0 0 0",
        "高中",
        "",
    ],
)
def test_near_miss_is_no_identifier(cell):
    assert kinds(cell) == []


@pytest.mark.parametrize(
    "cell",
    [
        ID,
        X_ID,
        X_ID.lower(),
        ID.translate(FULL_WIDTH),
        X_ID.translate(FULL_WIDTH),
        f"身份证{ID}号",
        f"A{ID}B",
        f"{ID[:6]} {ID[6:14]} {ID[14:]}",
        f"{ID[:6]}-{ID[6:14]}-{ID[14:]}",
        " ".join(ID),
        f"1. {ID}",
        f"{ID}.0",
        f"{ID}x",
        f"{ID[:-1]}{(int(ID[-1]) + 1) % 10},{ID}",
        f"12 {ID[:6]} {ID[6:14]} {ID[14:]}",
        f"<b>{ID}</b>",
        f"{X_ID[:17]} x",
        f"2024-01-01 {ID}",
        resident_id(3, region="911840"),
        resident_id(3, born="20250630"),
        resident_id(3, born="19000101"),
    ],
)
def test_resident_id_is_found(cell):
    assert kinds(cell) == ["resident_id"]


@pytest.mark.parametrize(
    "cell",
    [
        ID[:-1] + str((int(ID[-1]) + 1) % 10),
        X_ID[:-1] + "0",
        "1" + ID,
        ID + "0",
        f"0.{ID}",
        ID[:17],
        resident_id(3, region="990102"),
        resident_id(3, region="160102"),
        resident_id(3, born="20230229"),
        resident_id(3, born="19901301"),
        resident_id(3, born="20250701"),
        resident_id(3, born="18991231"),
        "0" * 18,
    ],
)
def test_near_miss_is_no_resident_id(cell):
    assert kinds(cell) == []


def _classified(number: str) -> int:
    return digits.classify([10 if sign == "X" else int(sign) for sign in number], len(number), 20250630)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**17 - 1), min_size=20, max_size=20))
def test_check_digit_agrees_with_stdnum(numbers):
    bodies = ["350102" + "19900307" + f"{number:017d}"[-3:] for number in numbers]
    candidates = [body + digit for body in bodies for digit in "0123456789X"]
    found = [bool(_classified(each) & digits.RESIDENT_ID) for each in candidates]
    assert found == [ric.calc_check_digit(candidate) == candidate[-1] for candidate in candidates]


def test_scan_finds_every_planted_cell_and_no_other(tmp_path):
    randomly = random.Random(7)
    rows = [f"row {n}: {randomly.random():.12f} {randomly.randrange(10**9)}" for n in range(3000)]
    planted = randomly.sample(range(3000), 90)
    for number, place in enumerate(planted):
        value = resident_id(number) if number % 3 else f"1{3 + number % 7}{number:09d}"
        rows[place] = f"见{value.translate(FULL_WIDTH) if number % 2 else value}。"
    pq.write_table(pa.table({"note": rows}), tmp_path / "f.parquet")
    with database.open_parquet(tmp_path / "f.parquet") as (connection, columns):
        hits = scan(connection, "data", columns, today=TODAY)
    assert [(hit.kind, hit.cells, hit.share) for hit in hits] == [
        ("resident_id", 60, 0.02),
        ("mobile", 30, 0.01),
    ]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([13800138000, 5]),
        pa.array([13800138000.0, 1e300, float("nan"), None]),
        pa.array([13800138000.0, 0.5]),
        pa.array(["13800138000", None]),
        pa.array([13800138000, 1], pa.decimal128(13, 2)),
        pa.array([13800138000, 1], pa.decimal128(20, 0)),
    ],
)
def test_scan_covers_every_type(tmp_path, array):
    pq.write_table(pa.table({"c": array}), tmp_path / "f.parquet")
    with database.open_parquet(tmp_path / "f.parquet") as (connection, columns):
        hits = scan(connection, "data", columns, today=TODAY)
    assert [(hit.column, hit.kind, hit.cells) for hit in hits] == [("c", "mobile", 1)]


def test_series_of_numbers_hold_no_split_identifiers():
    randomly = random.Random(3)
    for highest in (99, 255, 9999):
        series = [" ".join(str(randomly.randrange(highest)) for _ in range(2000)) for _ in range(5)]
        assert kinds("; ".join(series)) == []
        assert kinds(f"{series[0]} 13800138000 {series[1]}") == ["mobile"]
        assert kinds(f"{series[0]} {ID} {series[1]}") == ["resident_id"]
        assert kinds(f"{series[0]}; 138 0013 8000") == ["mobile"]


def test_a_cell_with_both_kinds_counts_for_both():
    assert kinds(f"{ID} 13800138000") == ["resident_id", "mobile"]


def test_examples_are_masked_and_few():
    cells = ", ".join(f"('1380013{number:04d}')" for number in range(50))
    with database.open_database() as connection:
        relation = f"(SELECT * FROM (VALUES {cells}, ('{X_ID.lower()}')) AS v(c))"
        hits = scan(connection, relation, [Column("c", "text")], today=TODAY)
    assert [(hit.kind, hit.cells, hit.examples) for hit in hits] == [
        ("resident_id", 1, ["35***************X"]),
        ("mobile", 50, ["138******00", "138******01", "138******02"]),
    ]


def test_column_name_that_is_an_identifier_is_found():
    with database.open_database() as connection:
        columns = [Column("138 0013 8000", "integer"), Column("fine", "integer")]
        hits = scan(connection, '(SELECT 1 AS "138 0013 8000", 2 AS fine)', columns, today=date(2025, 1, 1))
    assert [(hit.column, hit.kind, hit.cells, hit.examples, hit.in_name) for hit in hits] == [
        ("138 0013 8000", "mobile", 0, ["138******00"], True)
    ]


def test_large_file_is_scanned_in_a_process_of_its_own_with_the_same_result(tmp_path, monkeypatch):
    """All kinds, names and masks travel; a failure there is no empty result."""
    made = sheets(size=40, seed=4)
    parquet = tmp_path / "corpus.parquet"
    pq.write_table(pa.table({sheet.name: sheet.cells for sheet in made}), parquet)
    with database.open_parquet(parquet) as (connection, columns):
        here, there = (
            scan(connection, "data", columns, today=TODAY, parquet=parquet, elsewhere=elsewhere)
            for elsewhere in (None, apart.scan)
        )
    assert there == here and len({hit.kind for hit in here}) > 10
    pq.write_table(pa.table({"tel": ["13800138000"] * 3}), parquet)
    monkeypatch.setattr(apart, "FROM_BYTES", 0)
    assert [hit.kind for hit in report_on(parquet, about="none").identifiers] == ["mobile"]
    monkeypatch.setattr(apart, "_SECONDS", 0)
    with pytest.raises(Refused):
        report_on(parquet, about="none")
