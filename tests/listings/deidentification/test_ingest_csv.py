import csv
import io
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings.deidentification import csv_rules, database, limits
from listings.deidentification.database import Column
from listings.deidentification.ingest import ingest
from listings.deidentification.reasons import Unreadable


def read(tmp_path: Path, content: bytes, name: str = "data.csv"):
    source, target = tmp_path / "upload", tmp_path / "canonical.parquet"
    source.write_bytes(content)
    ingested = ingest(source, name, target)
    with database.open_parquet(target) as (connection, _):
        return ingested, connection.execute("SELECT * FROM data").fetchall()


def refusal(tmp_path: Path, content: bytes) -> tuple[str, dict]:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, content)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["upload"]  # nothing is left behind
    return caught.value.code, caught.value.params


def test_ingest_reads_rows_and_columns(tmp_path):
    ingested, rows = read(tmp_path, b"name,age\nAnna,31\nBo,\n")
    assert (ingested.rows, ingested.format, ingested.encoding) == (2, "csv", "utf-8")
    assert ingested.columns == [Column("name", "text"), Column("age", "integer")]
    assert rows == [("Anna", 31), ("Bo", None)]


@pytest.mark.parametrize(
    ("encoded", "encoding"),
    [
        ("城市,人数\n福州,3\n𠮷,4\n".encode(), "utf-8"),
        ("城市,人数\n福州,3\n𠮷,4\n".encode("utf-8-sig"), "utf-8"),
        ("城市,人数\n福州,3\n𠮷,4\n".encode("gb18030"), "gb18030"),
        ("城市,人数\n福州,3\n𠮷,4\n".encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + "城市,人数\n福州,3\n𠮷,4\n".encode("utf-16-be"), "utf-16"),
    ],
)
def test_ingest_reads_chinese_whatever_the_encoding(tmp_path, encoded, encoding):
    ingested, rows = read(tmp_path, encoded)
    assert ingested.encoding == encoding
    assert [column.name for column in ingested.columns] == ["城市", "人数"]
    assert rows == [("福州", 3), ("𠮷", 4)]


def test_ingest_finds_characters_cut_by_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "CHUNK_BYTES", 3)
    assert read(tmp_path, "城市,x\n福州𠮷,1\n".encode("gb18030"))[1] == [("福州𠮷", 1)]
    assert read(tmp_path, "城市,x\n福州𠮷,1\n".encode("utf-8-sig"))[1] == [("福州𠮷", 1)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "0"], "integer"),
        (["123456789012345"], "integer"),
        (["1234567890123456"], "text"),
        (["350102199003070011"], "text"),
        (["007", "1"], "text"),
        (["-0"], "text"),
        (["+5"], "text"),
        ([" 5"], "text"),
        (["1_000"], "text"),
        (["1e3"], "text"),
        (["1.5", "-0.25", "5.0"], "decimal"),
        (["1.50"], "text"),
        (["5", "1.5"], "text"),
        (["119.13812345678"], "decimal"),
        (["0.12345678901234567890"], "text"),
        (["nan"], "text"),
        (["inf"], "text"),
        (["2024-02-29"], "date"),
        (["2024-02-30"], "text"),
        (["2024-2-9"], "text"),
        (["epoch"], "text"),
        (["true", "false"], "boolean"),
        (["True"], "text"),
        (["t"], "text"),
        (["1", "x"], "text"),
        ([""], "text"),
    ],
)
def test_column_is_typed_only_where_it_round_trips(tmp_path, values, kind):
    ingested, _ = read(tmp_path, "\n".join(["a,b", *(f"{value},x" for value in values)]).encode())
    assert ingested.columns[0].type == kind


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_ingest_reads_every_line_end(tmp_path, end):
    content = end.join(["a,b", '"x, ""y""",1', '"two\nlines",2', ""])
    assert read(tmp_path, content.encode())[1] == [('x, "y"', 1), ("two\nlines", 2)]


def test_ingest_reads_mixed_line_ends(tmp_path):
    assert read(tmp_path, b'a,b\r\n1,"x\r\ny"\n2,z\r\n')[1] == [(1, "x\r\ny"), (2, "z")]


def test_ingest_reads_other_delimiters(tmp_path):
    assert read(tmp_path, b"a;b\n1;x,y\n")[1] == [(1, "x,y")]
    assert read(tmp_path, b"a\tb\n1\tx\n")[1] == [(1, "x")]
    assert read(tmp_path, b"a,b\tc\n1,2\t3\n", "data.TSV")[0].columns[0].name == "a,b"


def test_ingest_keeps_formulas_backslashes_and_words_like_null(tmp_path):
    content = b"a,b\n=1+1,NULL\n@SUM(A1),\\n\n-2+3,na\n"
    assert read(tmp_path, content)[1] == [("=1+1", "NULL"), ("@SUM(A1)", "\\n"), ("-2+3", "na")]


def test_ingest_reads_one_column_with_gaps(tmp_path):
    assert read(tmp_path, b"a\n1\n\n3\n")[1] == [(1,), (None,), (3,)]


@pytest.mark.parametrize(
    "name", ['say "x"', "a'; DROP TABLE data; --", "<b>bold</b>", "select", "{0}", "100%", "rowid"]
)
def test_ingest_keeps_strange_column_names(tmp_path, name):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[name, "b"], ["x", "1"]])
    ingested, rows = read(tmp_path, out.getvalue().encode())
    assert [column.name for column in ingested.columns] == [name, "b"]
    assert rows == [("x", 1)]


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        (b"", "empty_file", {}),
        (b"\xef\xbb\xbf", "empty_file", {}),
        (b" \n\n", "empty_file", {}),
        (b"a,b\n", "no_rows", {}),
        (b"a,b", "no_rows", {}),
        (b"a,b\n1,2,\n", "ragged", {"line": 2, "expected": 2, "found": 3}),
        (b"a,b\n1,2\n3\n", "ragged", {"line": 3, "expected": 2, "found": 1}),
        (b'a,b\n1,"x\ny"\n3,4,5\n', "ragged", {"line": 4, "expected": 2, "found": 3}),
        (b"a,a\n1,2\n", "duplicate_column", {"name": "a", "first": 1, "position": 2}),
        (b"Caf,b, caf\n1,2,3\n", "duplicate_column", {"name": "caf", "first": 1, "position": 3}),
        (
            b"13800138000,13800138000\n1,2\n",
            "duplicate_column",
            {"name": "138******00", "first": 1, "position": 2},
        ),
        (b"a,,c\n1,2,3\n", "unnamed_column", {"position": 2}),
        (b"a, \n1,2\n", "unnamed_column", {"position": 2}),
        (b"a,b\x07c\n1,2\n", "control_in_column_name", {"position": 2}),
        ("a,b\u202ec\n1,2\n".encode(), "control_in_column_name", {"position": 2}),
        (b"a," + b"n" * 256 + b"\n1,2\n", "long_column_name", {"position": 2, "limit": 255}),
        (b"a,b\n1,\x00\n", "binary", {}),
        (bytes(range(256)), "binary", {}),
        (b"PK\x03\x04rest of a workbook", "spreadsheet", {}),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "unknown_encoding", {}),
        ("a,b\n1,2\n".encode("utf-16-le"), "binary", {}),
        ("a,b\n1,\0\n".encode("utf-16"), "binary", {}),
        (b"a,b\ncaf\xe9,2\n", "unknown_encoding", {}),
        (b'a,b\n1,2\n"x,3\n4,5\n', "open_quote", {"line": 3}),
        (b'a,b\n1,2\n"x"y,3\n', "bad_quotes", {"line": 3}),
        (b'"a"x,b\n1,2\n', "bad_quotes", {"line": 1}),
    ],
)
def test_ingest_refuses_with_a_reason(tmp_path, content, code, params):
    assert refusal(tmp_path, content) == (code, params)


def test_ingest_refuses_a_huge_cell(tmp_path):
    code, params = refusal(tmp_path, b"a,b\n1," + b"x" * (limits.MAX_CELL_BYTES + 1) + b"\n")
    assert (code, params["place"]) == ("cell_too_long", "line 2")
    code, params = refusal(tmp_path, ("a,b\n1," + "福" * (limits.MAX_CELL_BYTES // 3 + 1) + "\n").encode())
    assert (code, params["place"]) == ("cell_too_long", "b")
    code, params = refusal(tmp_path, b'a,b\n1,2\n2,"' + b"x,\n" * 6_000_000)
    assert (code, params["place"]) == ("cell_too_long", "line 3")


def test_ingest_accepts_the_longest_cell(tmp_path):
    assert len(read(tmp_path, b"a,b\n1," + b"x" * limits.MAX_CELL_BYTES + b"\n")[1][0][1]) == limits.MAX_CELL_BYTES


def test_ingest_refuses_an_oversize_file_unread(tmp_path):
    source = tmp_path / "upload"
    with source.open("wb") as stream:
        stream.truncate(limits.MAX_FILE_BYTES + 1)
    with pytest.raises(Unreadable) as caught:
        ingest(source, "data.csv", tmp_path / "canonical.parquet")
    assert caught.value.params == {"found": limits.MAX_FILE_BYTES + 1, "limit": limits.MAX_FILE_BYTES}


def test_ingest_counts_columns(tmp_path):
    wide = ",".join(f"c{number}" for number in range(limits.MAX_COLUMNS + 1))
    assert refusal(tmp_path, f"{wide}\n{wide}\n".encode())[0] == "too_many_columns"
    wide = wide.rpartition(",")[0]
    assert len(read(tmp_path, f"{wide}\n{wide}\n".encode())[0].columns) == limits.MAX_COLUMNS


def test_ingest_keeps_an_earlier_target_when_it_fails(tmp_path):
    target = tmp_path / "canonical.parquet"
    target.write_bytes(b"earlier")
    (tmp_path / "upload").write_bytes(b"a,b\n1\n")
    with pytest.raises(Unreadable):
        ingest(tmp_path / "upload", "data.csv", target)
    assert target.read_bytes() == b"earlier"


def test_plain_file_is_never_read_record_by_record(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_rules, "records", None)
    assert read(tmp_path, b"a,b\n1,2\n")[1] == [(1, 2)]


cells = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
tables = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1))


@settings(max_examples=60, deadline=None)
@given(tables, st.sampled_from(["\n", "\r\n"]))
def test_ingest_agrees_with_pythons_csv_reader(rows, end):
    header = [f"c{number}" for number in range(len(rows[0]))]
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=end).writerows([header, *rows])
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "upload", Path(folder) / "canonical.parquet"
        source.write_bytes(out.getvalue().encode())
        assert ingest(source, "data.csv", target).rows == len(rows)
        as_text = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in header)
        found = duckdb.sql(f"SELECT {as_text} FROM read_parquet('{target}')").fetchall()
        assert found == [tuple(row) for row in rows]
