import pyarrow.parquet as pq
import pytest

from listings.deidentification.extract import extract
from listings.deidentification.ingest import ingest
from listings.deidentification.reasons import BadCommand, UnknownColumn

from .samples import canonical, canonical_text


def test_extract_writes_only_the_fields_in_file_order(tmp_path):
    parquet = canonical(tmp_path, ["a", "secret", "c"], [(1, "x", 1.5), (2, "y", None)])
    extracted = extract(parquet, tmp_path / "out.csv", ["c", "a"], "csv")
    assert (tmp_path / "out.csv").read_bytes() == b"\xef\xbb\xbfa,c\r\n1,1.5\r\n2,\r\n"
    assert (extracted.rows, extracted.bytes, extracted.fields) == (2, 19, ["a", "c"])


def test_extract_follows_rfc_4180(tmp_path):
    parquet = canonical(tmp_path, ['say "a", b', "c"], [('x,"y"\r\nz', "福州"), ("p\nq", " s ")])
    extract(parquet, tmp_path / "out.csv", ['say "a", b', "c"], "csv")
    expected = '\ufeff"say ""a"", b",c\r\n"x,""y""\r\nz",福州\r\n"p\nq", s \r\n'
    assert (tmp_path / "out.csv").read_bytes() == expected.encode()


def test_extract_never_alters_formulas(tmp_path):
    cells = ["=1+1", "+2", "-x", "@SUM(A1)", "\tz", "'q"]
    parquet = canonical(tmp_path, ["a", "b"], [(cell, 1) for cell in cells])
    extract(parquet, tmp_path / "out.csv", ["a"], "csv")
    assert (tmp_path / "out.csv").read_text("utf-8-sig").split() == ["a", *(cell.strip() for cell in cells)]
    assert b"\tz\r\n" in (tmp_path / "out.csv").read_bytes()


def test_extract_of_a_delivered_file_is_the_same_file(tmp_path):
    content = "id,d,x,t,b\r\n007,2024-02-29,0.1,a b,true\r\n010,,5.0,,false\r\n"
    parquet = canonical_text(tmp_path, content)
    extract(parquet, tmp_path / "out.csv", ["id", "d", "x", "t", "b"], "csv")
    assert (tmp_path / "out.csv").read_bytes() == b"\xef\xbb\xbf" + content.encode()
    assert ingest(tmp_path / "out.csv", "out.csv", tmp_path / "again.parquet").rows == 2


def test_extract_parquet_holds_nothing_of_other_columns(tmp_path):
    parquet = canonical(tmp_path, ["a", "secret"], [(1, "Zhang San"), (2, "Li Si")])
    extract(parquet, tmp_path / "out.parquet", ["a"], "parquet")
    assert pq.read_table(tmp_path / "out.parquet").to_pydict() == {"a": [1, 2]}
    assert b"secret" not in (tmp_path / "out.parquet").read_bytes()


def test_extract_keeps_the_order_of_many_rows(tmp_path):
    numbers = [(n * 7919) % 300_007 for n in range(150_000)]
    parquet = canonical_text(tmp_path, "a,b\n" + "".join(f"{n},x\n" for n in numbers))
    extract(parquet, tmp_path / "out.csv", ["a"], "csv")
    assert (tmp_path / "out.csv").read_text("utf-8-sig").split() == ["a", *map(str, numbers)]


@pytest.mark.parametrize(
    ("fields", "format", "error"),
    [
        (["nope"], "csv", UnknownColumn),
        (["A"], "csv", UnknownColumn),
        ([], "csv", BadCommand),
        (["a"], "xlsx", BadCommand),
    ],
)
def test_extract_refuses_and_leaves_nothing(tmp_path, fields, format, error):
    parquet = canonical(tmp_path, ["a"], [(1,)])
    with pytest.raises(error):
        extract(parquet, tmp_path / "out.csv", fields, format)
    assert not list(tmp_path.glob("out*"))
