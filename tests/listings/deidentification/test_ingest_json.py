import json
import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings.deidentification import limits
from listings.deidentification.ingest import ingest

from .test_ingest_xlsx import read, refusal

NAME = "data.jsonl"


def test_lines_with_other_names_make_one_table_with_gaps(tmp_path):
    content = '{"区县": "鼓楼区", "n": 1}\n\n{"n": 2, "x": true}\r\n{"区县": null, "x": false, "n": 3}\n'
    ingested, data = read(tmp_path, content.encode("gb18030"), NAME)
    assert (ingested.rows, ingested.format, ingested.encoding) == (3, "jsonl", "gb18030")
    assert [(column.name, column.type) for column in ingested.columns] == [
        ("区县", "text"), ("n", "integer"), ("x", "boolean")
    ]  # fmt: skip
    assert data == [("鼓楼区", 1, None), (None, 2, True), (None, 3, False)]


@pytest.mark.parametrize(
    ("values", "kind", "read_as"),
    [
        (["5", "1.5"], "decimal", [5.0, 1.5]),
        (["1.50", "1e3"], "decimal", [1.5, 1000.0]),
        (['"5"', "1.5"], "text", ["5", "1.5"]),
        (['"1.50"'], "text", ["1.50"]),
        (["123456789012345678901"], "text", ["123456789012345678901"]),
        (["0.12345678901234567890", "1"], "text", ["0.12345678901234567890", "1"]),
        (["1e999", "0.5"], "text", ["1e999", "0.5"]),
        (["0.0", "-1"], "decimal", [0.0, -1.0]),
        (['"007"', "null"], "text", ["007", None]),
        (["9" * 6000], "text", ["9" * 6000]),
    ],
)
def test_numbers_are_typed_only_where_no_digit_is_lost(tmp_path, values, kind, read_as):
    ingested, data = read(tmp_path, "".join(f'{{"a": {value}, "b": 1}}\n' for value in values).encode(), NAME)
    assert ingested.columns[0].type == kind
    assert [row[0] for row in data] == read_as


@pytest.mark.parametrize(
    ("content", "code", "params"),
    [
        ("", "empty_file", {}),
        ("\n\n", "no_columns", {}),
        ("{}\n", "no_columns", {}),
        ("[1, 2]\n", "bad_json", {"line": 1}),
        ('"a"\n', "bad_json", {"line": 1}),
        ('{"a": 1}\n{"a": 1,}\n', "bad_json", {"line": 2}),
        ('{"a": 1, "a": 2}\n', "bad_json", {"line": 1}),
        ('{"a": NaN}\n', "bad_json", {"line": 1}),
        ('{"a": Infinity}\n', "bad_json", {"line": 1}),
        ('{"a": "\\ud800"}\n', "bad_json", {"line": 1}),
        ("[" * 100_000 + "\n", "bad_json", {"line": 1}),
        ('{"a": 1}\n{"a": {"b": 1}}\n', "nested_json", {"line": 2, "column": "a"}),
        ('{"a": [1]}\n', "nested_json", {"line": 1, "column": "a"}),
        ('{"a": "x\\u0000y"}\n', "binary", {}),
        ('{"a": 1, "A ": 2}\n', "duplicate_column", {"name": "A", "first": 1, "position": 2}),
        ('{"": 1}\n', "unnamed_column", {"position": 1}),
        ('{"a\\u202e": 1}\n', "control_in_column_name", {"position": 1}),
        ("a,b\n1,2\n", "bad_json", {"line": 1}),
        (json.dumps({f"c{n}": n for n in range(2001)}), "too_many_columns", {"found": 2001, "limit": 2000}),
    ],
)
def test_lines_are_refused_with_a_reason(tmp_path, content, code, params):
    assert refusal(tmp_path, content.encode(), NAME) == (code, params)


def test_line_that_never_ends_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_LINE_BYTES", 100)
    assert refusal(tmp_path, b'{"a": "' + b"x" * 200 + b'"}\n', NAME) == ("long_line", {"line": 1, "limit": 100})


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), texts, min_size=1), min_size=1, max_size=5))
def test_every_text_comes_back(rows):
    content = "\n".join(json.dumps(row, ensure_ascii=index % 2 == 0) for index, row in enumerate(rows))
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "upload", Path(folder) / "canonical.parquet"
        source.write_text(content, encoding="utf-8", newline="")
        names = [column.name for column in ingest(source, NAME, target).columns]
        chosen = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in names)
        found = duckdb.sql(f"SELECT {chosen} FROM read_parquet('{target}')").fetchall()
    assert found == [tuple(row.get(name, "") for name in names) for row in rows]
