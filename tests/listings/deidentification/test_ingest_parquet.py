import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from listings.deidentification import database, limits
from listings.deidentification.ingest import ingest
from listings.deidentification.reasons import Unreadable


def store(tmp_path: Path, columns: dict) -> Path:
    pq.write_table(pa.table(columns), tmp_path / "upload", store_schema=True)
    return tmp_path / "upload"


def read(tmp_path: Path, source: Path):
    target = tmp_path / "canonical.parquet"
    ingested = ingest(source, "data.parquet", target)
    with database.open_parquet(target) as (connection, _):
        return ingested, connection.execute("SELECT * FROM data").fetchall()


def refusal(tmp_path: Path, source: Path) -> tuple[str, dict]:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, source)
    assert not (tmp_path / "canonical.parquet").exists()
    assert not (tmp_path / "canonical.parquet.part").exists()
    return caught.value.code, caught.value.params


NOON = datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))


@pytest.mark.parametrize(
    ("array", "kind", "value"),
    [
        (pa.array(["x"]), "text", "x"),
        (pa.array(["x"], pa.large_string()), "text", "x"),
        (pa.array(["x"]).dictionary_encode(), "text", "x"),
        (pa.array([None], pa.null()), "text", None),
        (pa.array([7], pa.int8()), "integer", 7),
        (pa.array([7], pa.uint32()), "integer", 7),
        (pa.array([2**64 - 1], pa.uint64()), "text", "18446744073709551615"),
        (pa.array([0.5], pa.float32()), "decimal", 0.5),
        (pa.array([0.1]), "decimal", 0.1),
        (pa.array([Decimal("1.50")]), "decimal", Decimal("1.50")),
        (pa.array([Decimal(150)], pa.decimal128(20, 0)), "integer", Decimal(150)),
        (pa.array([True]), "boolean", True),
        (pa.array([datetime.date(2024, 1, 1)]), "date", datetime.date(2024, 1, 1)),
        (pa.array([NOON.replace(tzinfo=None)]), "date", datetime.datetime(2024, 1, 1, 12)),
        (pa.array([NOON], pa.timestamp("ms", "Asia/Shanghai")), "date", datetime.datetime(2024, 1, 1, 4)),
        (pa.array([datetime.time(9, 30)], pa.time32("s")), "text", "09:30:00.000"),
    ],
)
def test_parquet_types_become_plain(tmp_path, array, kind, value):
    ingested, rows = read(tmp_path, store(tmp_path, {"a": array}))
    assert (ingested.format, ingested.encoding, ingested.rows) == ("parquet", None, 1)
    assert [column.type for column in ingested.columns] == [kind]
    assert rows == [(value,)]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([[1, 2]]),
        pa.array([{"x": 1}]),
        pa.array([b"bytes"]),
        pa.array([b"four"], pa.binary(4)),
        pa.array([1], pa.duration("s")),
        pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())),
        pa.array([Decimal(1)], pa.decimal256(60, 2)),
    ],
)
def test_parquet_refuses_types_that_are_no_plain_values(tmp_path, array):
    code, params = refusal(tmp_path, store(tmp_path, {"fine": pa.array([1]), "odd": array}))
    assert (code, params["column"]) == ("unsupported_type", "odd")


def test_parquet_metadata_of_the_seller_is_dropped(tmp_path):
    table = pa.table({"a": [1]}).replace_schema_metadata({"note": "Zhang San"})
    pq.write_table(table, tmp_path / "upload")
    read(tmp_path, tmp_path / "upload")
    assert b"Zhang San" not in (tmp_path / "canonical.parquet").read_bytes()


def test_parquet_truncated_anywhere_is_refused(tmp_path):
    whole = store(tmp_path, {"a": list(range(500)), "b": ["x" * 20] * 500}).read_bytes()
    for length in (4, 8, 50, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:length])
        assert refusal(tmp_path, tmp_path / "cut") == ("broken_parquet", {})


DAMAGE = {
    "broken_parquet",
    "unsupported_type",
    "too_many_rows",
    "inflates_too_large",
    "control_in_column_name",
    "no_rows",
    "binary",
}


def test_parquet_with_flipped_bytes_is_read_or_refused(tmp_path):
    whole = bytearray(store(tmp_path, {"a": list(range(300)), "b": [f"v{n % 7}" for n in range(300)]}).read_bytes())
    for place in range(4, len(whole), 37):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        (tmp_path / "broken").write_bytes(broken)
        try:
            read(tmp_path, tmp_path / "broken")
        except Unreadable as refused:
            assert refused.code in DAMAGE


def test_parquet_invalid_text_is_refused(tmp_path):
    raw = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    assert refusal(tmp_path, store(tmp_path, {"a": raw})) == ("broken_parquet", {})
    assert refusal(tmp_path, store(tmp_path, {"a": ["x\0y"]})) == ("binary", {})


def test_parquet_limits(tmp_path, monkeypatch):
    assert refusal(tmp_path, store(tmp_path, {"a": pa.array([], pa.int64())})) == ("no_rows", {})
    assert refusal(tmp_path, store(tmp_path, {"a": ["x" * (limits.MAX_CELL_BYTES + 1)]}))[0] == "cell_too_long"
    wide = {f"c{number}": [1] for number in range(limits.MAX_COLUMNS + 1)}
    assert refusal(tmp_path, store(tmp_path, wide))[0] == "too_many_columns"
    assert refusal(tmp_path, store(tmp_path, {"A": [1], "a": [2]}))[0] == "duplicate_column"
    monkeypatch.setattr(limits, "MAX_ROWS", 2)
    assert refusal(tmp_path, store(tmp_path, {"a": [1, 2, 3]}))[0] == "too_many_rows"


def test_parquet_that_inflates_is_stopped_while_it_does(tmp_path, monkeypatch):
    source = store(tmp_path, {"a": ["y" * 1000] * 50_000})
    assert source.stat().st_size < 20_000
    monkeypatch.setattr(limits, "MAX_INFLATED_BYTES", 1_000_000)
    assert refusal(tmp_path, source)[0] == "inflates_too_large"


def test_parquet_rows_keep_their_order(tmp_path):
    values = [(n * 7919) % 20_011 for n in range(20_000)]
    assert [row[0] for row in read(tmp_path, store(tmp_path, {"a": values}))[1]] == values
