"""A wide file is asked a few columns at a time, and the report is the same, number by number."""

import base64
import random

import pytest

from listings.deidentification import database, narrow
from listings.deidentification.assess import assess
from listings.deidentification.rules import Rules

from .samples import TODAY, canonical

NAMES = ["病人", "年龄", "性别", "区县", "诊断", "编码", "电话", "日期", "序号", "备注"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    dice = random.Random(8)
    rows = [
        (
            f"p{n % 260}", dice.randrange(20, 80), dice.choice("男女"), dice.choice(["鼓楼区", "台江区", None]),
            dice.choice(["感冒", "肺炎", "骨折"]),
            base64.b64encode(f"自述{'头痛' * (n % 3)}有{n:03d}天".encode()).decode(),
            f"139{dice.randrange(10**8):08d}", f"20{dice.randrange(10, 20)}-0{dice.randrange(1, 9)}-11", n,
            dice.choice(["", "甲", "乙"]),
        )
        for n in range(300)
    ]  # fmt: skip
    return canonical(tmp_path_factory.mktemp("wide"), NAMES, rows)


@pytest.mark.parametrize("subject", [None, "病人"])
def test_report_does_not_depend_on_how_many_columns_are_asked_at_once(file, subject, monkeypatch):
    roles = {"about": "persons", "subject": subject, "quasi_identifiers": ["年龄", "性别"], "sensitive": ["诊断"]}
    copied = []
    original = narrow.copy
    monkeypatch.setattr(narrow, "copy", lambda *args: copied.append(args[2]) or original(*args))

    def report():
        return assess(file, **roles, rules=Rules(), today=TODAY).to_json()

    plain = report()
    assert not copied and plain["restorable"] and plain["suggestions"]
    monkeypatch.setattr(narrow, "_WIDE", 2)
    monkeypatch.setattr(narrow, "_AT_ONCE", 3)
    assert report() == plain
    assert set(copied) == {"narrow_group", "narrow_pool", "narrow_attacked"}
    monkeypatch.setattr(narrow, "_CELLS", 1)  # too many rows to copy
    copied.clear()
    assert report() == plain and not copied


def test_groups_hold_every_column_once_with_those_that_go_along(file, monkeypatch):
    monkeypatch.setattr(narrow, "_WIDE", 2)
    monkeypatch.setattr(narrow, "_AT_ONCE", 4)
    with database.open_parquet(file) as (connection, columns):
        seen = []
        for relation, group in narrow.in_groups(connection, "data", columns, "病人"):
            there = [each.name for each in database.columns_of(connection, relation)]
            assert set(there) == {*(each.name for each in group), "病人"}
            seen += group
        assert seen == columns
