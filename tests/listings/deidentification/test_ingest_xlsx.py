from datetime import date, datetime, time

import pytest

from listings.deidentification import database, limits
from listings.deidentification.database import Column
from listings.deidentification.ingest import ingest
from listings.deidentification.reasons import Unreadable

from .workbooks import LAUGHS, PLAIN, SHEET, bomb, replaced, sheet_of, workbook


def read(tmp_path, content: bytes, name: str = "data.xlsx"):
    source, target = tmp_path / "upload", tmp_path / "canonical.parquet"
    source.write_bytes(content)
    ingested = ingest(source, name, target)
    with database.open_parquet(target) as (connection, _):
        return ingested, connection.execute("SELECT * FROM data").fetchall()


def refusal(tmp_path, content: bytes, name: str = "data.xlsx") -> tuple[str, dict]:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, content, name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["upload"]
    return caught.value.code, caught.value.params


def test_workbook_is_read_with_types_that_lose_nothing(tmp_path):
    rows = [
        ["区县", "整数", "小数", "混合", "日期", "时间", "真假", "编号", "空"],
        ["鼓楼区", 3, 1.5, 5, date(2024, 2, 29), datetime(2024, 1, 1, 9, 30), True, "007", None],
        ["𠮷\n", -4, 0.1, 1.25, date(1999, 12, 31), datetime(2024, 1, 1), False, "8", None],
    ]
    ingested, data = read(tmp_path, workbook(rows))
    assert (ingested.rows, ingested.format, ingested.encoding) == (2, "xlsx", None)
    assert [column.type for column in ingested.columns] == [
        "text", "integer", "decimal", "decimal", "date", "text", "boolean", "text", "text"
    ]  # fmt: skip
    assert data == [
        ("鼓楼区", 3, 1.5, 5.0, date(2024, 2, 29), "2024-01-01 09:30:00", True, "007", None),
        ("𠮷\n", -4, 0.1, 1.25, date(1999, 12, 31), "2024-01-01", False, "8", None),
    ]


def test_text_that_looks_like_a_formula_is_text(tmp_path):
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
    cells += '<row r="2"><c r="A2" t="inlineStr"><is><t>=1+1</t></is></c></row>'
    assert read(tmp_path, sheet_of(cells))[1] == [("=1+1",)]


def test_long_numbers_keep_their_digits(tmp_path):
    cells = '<row><c t="inlineStr"><is><t>n</t></is></c></row><row><c><v>350102199003070011</v></c></row>'
    ingested, data = read(tmp_path, sheet_of(cells))
    assert (ingested.columns, data) == ([Column("n", "text")], [("350102199003070011",)])


def test_time_of_day_is_text(tmp_path):
    assert read(tmp_path, workbook([["a"], [time(9, 30)]]))[1] == [("09:30:00",)]


def test_empty_rows_and_sheets_do_not_count(tmp_path):
    content = workbook([[], *PLAIN[:2], [], *PLAIN[2:]], 空表=[])
    assert read(tmp_path, content)[1] == [("鼓楼区", 3), ("台江区", 4)]


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        (workbook([]), "empty_file", {}),
        (workbook(PLAIN[:1]), "no_rows", {}),
        (workbook([*PLAIN, ["x", "=SUM(B2:B3)"]]), "formula_cell", {"cell": "B4", "sheet": "数据"}),
        (workbook([["=A2"], ["x"]]), "formula_cell", {"cell": "A1", "sheet": "数据"}),
        (workbook([["a"], ["#N/A"]]), "error_cell", {"cell": "A2", "sheet": "数据"}),
        (workbook(PLAIN, 另表=PLAIN), "several_sheets", {"first": "数据", "second": "另表"}),
        (workbook([*PLAIN, ["x", 1, "y"]]), "ragged", {"line": 4, "expected": 2, "found": 3}),
        (workbook([["a", None, "c"], [1, 2, 3]]), "unnamed_column", {"position": 2}),
        (workbook([["a", "A"], [1, 2]]), "duplicate_column", {"name": "A", "first": 1, "position": 2}),
        (sheet_of("<row><c><v>1</v></c></row><row><c><v>1e999</v></c></row>"), "error_cell",
         {"cell": "A2", "sheet": "数据"}),
        (sheet_of(f"<row><c><v>{'9' * 5000}</v></c></row>"), "broken_xlsx", {}),
        (sheet_of('<row r="9999999"><c r="A9999999"><v>1</v></c></row>'), "too_many_rows",
         {"found": 9999999, "limit": 1048576}),
        (sheet_of('<row><c r="ZZZ1"><v>1</v></c></row>'), "too_many_columns", {"found": 18278, "limit": 2000}),
        (sheet_of("<row><c t='s'><v>99</v></c></row>"), "broken_xlsx", {}),
        (replaced(workbook(PLAIN), {SHEET: b"<worksheet>"}), "broken_xlsx", {}),
        (replaced(workbook(PLAIN), {SHEET: LAUGHS}), "broken_xlsx", {}),
        (replaced(workbook(PLAIN), {"[Content_Types].xml": b"<x/>"}), "broken_xlsx", {}),
        (workbook(PLAIN)[:-40], "broken_xlsx", {}),
        (b"PK\x03\x04rest", "broken_xlsx", {}),
        (b"a,b\n1,2\n", "other_format", {"named": "xlsx", "found": "?"}),
        (b"PAR1", "other_format", {"named": "xlsx", "found": "parquet"}),
        (b"", "empty_file", {}),
    ],
)  # fmt: skip
def test_workbook_is_refused_with_a_reason(tmp_path, content, code, params):
    assert refusal(tmp_path, content) == (code, params)


def test_bomb_is_stopped_while_it_unpacks(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_INFLATED_BYTES", 2_000_000)
    content = bomb(5_000_000)
    assert len(content) < 20_000
    assert refusal(tmp_path, content) == ("inflates_too_large", {"limit": 2_000_000})


def test_bomb_that_lies_about_its_size_is_no_workbook(tmp_path):
    content = bomb(5_000_000)
    lied = content.replace((5_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert refusal(tmp_path, lied)[0] == "broken_xlsx"


def test_workbook_of_too_many_parts_is_refused_unopened(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_WORKBOOK_PARTS", 3)
    assert refusal(tmp_path, workbook(PLAIN)) == ("broken_xlsx", {})


@pytest.mark.parametrize("name", ["data.xls", "data", "data.zip", "xlsx", "../../etc/passwd"])
def test_unknown_ending_is_refused_and_names_the_known(tmp_path, name):
    code, params = refusal(tmp_path, workbook(PLAIN), name)
    assert code == "unknown_format" and ".xlsx" in params["known"]
