"""The measures equal those of pycanon 1.0.1 on null-free tables: its own examples, scikit-learn's and statsmodels'.

Recorded by `peers/pycanon_values.py`. Not compared is c of (c,l)-diversity: pycanon takes the count of the *least*
frequent value for r1, where Machanavajjhala et al. take the most frequent; `oracle.py` has theirs.
"""

import json
from pathlib import Path

import pytest

from listings.deidentification import database
from listings.deidentification.classes import measure
from listings.deidentification.database import Column

TABLES = json.loads((Path(__file__).parent / "peers" / "pycanon_values.json").read_text())
CASES = [(table, case) for table in TABLES for case in table["cases"]]


def type_of(values: list) -> str:
    if all(isinstance(value, str) for value in values):
        return "text"
    return "integer" if all(isinstance(value, int) for value in values) else "decimal"


SQL = {"text": "VARCHAR", "integer": "BIGINT", "decimal": "DOUBLE"}


@pytest.mark.parametrize(
    ("table", "case"), CASES, ids=lambda one: one.get("table") or "+".join(one["quasi_identifiers"])
)
def test_measures_equal_pycanon(table, case):
    columns = table["columns"]
    types = {name: type_of(values) for name, values in columns.items()}
    with database.open_database() as connection:
        connection.execute(f"CREATE TABLE data ({', '.join(f'{n} {SQL[kind]}' for n, kind in types.items())})")
        rows = list(zip(*columns.values(), strict=True))
        connection.execute(
            f"INSERT INTO data SELECT {', '.join(f'unnest(?::{SQL[kind]}[])' for kind in types.values())}",
            [list(column) for column in zip(*rows, strict=True)],
        )
        sensitive = [Column(name, types[name]) for name in case["sensitive"]]
        found = measure(connection, "data", quasi_identifiers=case["quasi_identifiers"], sensitive=sensitive)
    assert found.k == case["k"]
    for name, theirs in case["sensitive"].items():
        assert found.l_distinct[name] == theirs["l_distinct"]
        assert int(found.l_entropy[name] + 1e-6) in (theirs["l_entropy"], theirs["l_entropy"] + 1)
        assert found.t[name] == pytest.approx(theirs["t"], abs=1e-8)


def test_there_is_something_to_compare():
    assert {table["table"] for table in TABLES} >= {"drugs", "hospital", "iris", "wine", "anes96", "fair", "spector"}
    assert any(case["k"] > 5 for _, case in CASES)
