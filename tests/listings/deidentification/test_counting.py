"""The arrays give what the database gives, number by number."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from listings.deidentification import counting, database
from listings.deidentification.classes import measure

SCHEMA = pa.schema(
    [
        ("a", pa.int64()),
        ("b", pa.string()),
        ("d", pa.date32()),
        ("f", pa.bool_()),
        ("n", pa.int32()),
        ("w", pa.string()),
    ]
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.sampled_from([None, -3, 0, 7]),
            "b": st.sampled_from([None, "甲", "", "z"]),
            "d": st.sampled_from([None, date(1969, 12, 31), date(2020, 2, 29)]),
            "f": st.sampled_from([None, True, False]),
            "n": st.sampled_from([None, 1, 2, 5, 9, 10]),
            "w": st.sampled_from([None, "p", "q", "r"]),
        }
    ),
    min_size=1,
    max_size=30,
)


def both(path: Path, keys: list[str], sensitive: list[str]) -> list:
    with database.open_parquet(path) as (connection, columns):
        private = [column for column in columns if column.name in sensitive]
        return [
            measure(connection, "data", quasi_identifiers=keys, sensitive=private, parquet=parquet)
            for parquet in (path, None)
        ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows,
    st.lists(st.sampled_from("abdf"), unique=True, max_size=4),
    st.lists(st.sampled_from("nwd"), unique=True, max_size=3),
)
@example([{"a": None, "b": None, "d": None, "f": None, "n": None, "w": None}], ["a", "d"], ["n"])
def test_arrays_and_database_agree(monkeypatch, tmp_path, table, keys, sensitive):
    monkeypatch.setattr(counting, "_ROWS", 7)  # later batches bring new values
    path = tmp_path / "table.parquet"
    pq.write_table(pa.Table.from_pylist(table, schema=SCHEMA), path, row_group_size=5)
    sensitive = [name for name in sensitive if name not in keys]
    assert counting.count(path, keys, sensitive) is not None
    arrays, tables = both(path, keys, sensitive)
    assert arrays == tables


def test_more_cells_than_any_number_counts_are_left_to_the_database(tmp_path):
    path, names = tmp_path / "table.parquet", [f"c{number}" for number in range(11)]
    pq.write_table(pa.table({name: [f"v{n}" for n in range(100)] for name in names}), path)
    assert counting.count(path, names, []) is None


@pytest.mark.parametrize(
    "column",
    [
        pa.array([0.5, 1.5]), pa.array([0, 1 << 40]), pa.array([0, (1 << 64) - 1], pa.uint64()),
        pa.array([0, 1], pa.timestamp("us")),
    ],
)  # fmt: skip
def test_what_is_left_to_the_database(tmp_path, column):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"x": column}), path)
    assert counting.count(path, ["x"], []) is None
    arrays, tables = both(path, ["x"], [])
    assert (arrays.k, arrays.classes) == (1, 2) and arrays == tables


def test_too_many_cells_are_left_to_the_database(monkeypatch, tmp_path):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"a": [0, 1, 1], "b": [5, 6, 7]}), path)
    for most, fits in ((12, True), (11, False)):  # two values and three, and null each
        monkeypatch.setattr(counting, "_MOST_CELLS", most)
        assert (counting.count(path, ["a", "b"], []) is not None) is fits


@pytest.mark.parametrize(("name", "most"), [("_MOST_TEXTS", 50), ("_MOST_TEXT", 900), ("_MOST_TEXT", 1_500)])
def test_many_or_long_texts_are_for_the_database(tmp_path, monkeypatch, name, most):
    """60 texts of 40 characters, 20 of them in a batch: too many, too long there, too long together."""
    path = tmp_path / "texts.parquet"
    table = pa.table({"b": [f"{n % 60:040d}" for n in range(600)], "w": ["p", "q"] * 300})
    pq.write_table(table, path, row_group_size=20)
    assert counting.count(path, ["b"], ["w"]) is not None
    whole = both(path, ["b"], ["w"])
    monkeypatch.setattr(counting, "_ROWS", 20)
    monkeypatch.setattr(counting, name, most)
    assert counting.count(path, ["b"], ["w"]) is None
    assert both(path, ["b"], ["w"]) == whole and whole[0] == whole[1]


def test_a_population_is_compared_in_the_database_and_not_forgotten(tmp_path):
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"b": ["x", "x", "y"], "w": ["p", "q", "p"]}), path)
    with database.open_parquet(path) as (connection, columns):
        private, everybody = columns[1:], "(SELECT b FROM data UNION ALL SELECT b FROM data)"
        given = {"quasi_identifiers": ["b"], "sensitive": private, "population": everybody}
        found = measure(connection, "data", parquet=path, **given)
        assert found == measure(connection, "data", **given)
    assert found.risk.has_population and found.risk.journalist != found.risk.prosecutor
