"""Files that nobody should send: name, content, and a piece of the sentence that refuses each."""

import json

from tests.listings.deidentification.workbooks import PLAIN, sheet_of, workbook

WIDE = ",".join(f"c{number}" for number in range(100_000))
SCRIPT = "<script>alert(1)</script>"

REFUSED: dict[str, tuple[str, bytes, str]] = {
    "wrong encoding": ("data.csv", b"a,b\ncaf\xe9,2\n", "UTF-16"),
    "ragged": ("data.csv", b"a,b\n1,2\n3\n", "fields"),
    "empty": ("data.csv", b"\xef\xbb\xbf", "empty"),
    "only a header": ("data.csv", b"a,b\n", "no data row"),
    "100,000 columns": ("data.csv", f"{WIDE}\n".encode(), "2000"),
    "100,000 columns in JSON": (
        "data.jsonl", json.dumps({f"c{n}": n for n in range(100_000)}).encode(), "2000"
    ),
    "nested": ("data.jsonl", b'{"a": {"b": 1}}\n', "list or an object"),
    "no workbook": ("data.xlsx", b"PK\x03\x04" + b"x" * 100, "damaged"),
    "formula": ("data.xlsx", workbook([*PLAIN, ["x", "=HYPERLINK(A1)"]]), "B4"),
    "huge number": ("data.xlsx", sheet_of("<row><c><v>1e999</v></c></row>"), "A1"),
    "damaged Parquet": ("data.parquet", b"PAR1" + b"x" * 100, "damaged"),
    "script as a column": ("data.csv", f"{SCRIPT},{SCRIPT}\n1,2\n".encode(), "is used for columns"),
    "program": ("data.csv", b"MZ\x90\0" + b"x" * 100, "program"),
}  # fmt: skip
