"""A hierarchy as a CSV from a stranger: read as its writer meant it, or refused with row and column."""

import csv
import hashlib
import io
import json
import random

import pytest

from listings.deidentification.reasons import BadCommand
from listings.deidentification.recipe import document, own
from listings.deidentification.recipe.hierarchies import MOST_VALUES, Tree, is_formula

GOOD = "鼓楼区;福州;沿海\n台江区;福州;沿海\n延平区;南平;山区\n"
NAMES_OF_PERSONS = ["张伟强", "王芳芳", "李秀英", "刘建国", "陈志明", "杨丽娟", "黄晓峰", "赵子龙", "周海燕", "吴国栋"]
RESIDENT = "35010219900307001" + "10X98765432"[
    sum(int(digit) * weight for digit, weight in zip(
        "35010219900307001", (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
]  # fmt: skip
ROWS = [["鼓楼区", "福州", "沿海"], ["台江区", "福州", "沿海"], ["延平区", "南平", "山区"]]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        GOOD.encode("utf-8-sig"),
        GOOD.encode("gb18030"),
        GOOD.replace(";", ",").replace("\n", "\r\n").encode(),
        GOOD.replace(";", "\t").encode(),
        ("取值;一级;二级\n" + GOOD).encode(),
        ("\n" + GOOD.replace(";", " ; ") + "\n;;\n").replace(";;\n", "\n").encode(),
        GOOD.replace("福州", '"福州"').encode(),
    ],
)
def test_table_is_read_however_it_was_saved(content):
    assert own.read(content).rows == ROWS


def test_hash_is_that_of_the_plain_file():
    assert own.read(GOOD.encode("gb18030")).sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert own.read(GOOD.replace("南平", "三明").encode()).sha256 != own.read(GOOD.encode()).sha256


@pytest.mark.parametrize(
    ("text", "code", "params"),
    [
        ("", "hierarchy_empty", {}),
        ("value;level1\n", "hierarchy_empty", {}),
        ("a\nb\n", "hierarchy_width", {"row": 1, "found": 1, "most": 20}),
        (";".join("a" * 21), "hierarchy_width", {"row": 1, "found": 21, "most": 20}),
        ("a;x\nb;x;*\n", "hierarchy_ragged", {"row": 2, "found": 3, "expected": 2}),
        ("a;x\nb;\n", "hierarchy_missing", {"row": 2, "column": 2}),
        ("a;x\n ;x\n", "hierarchy_missing", {"row": 2, "column": 1}),
        ("a;x\nb;y\na;y\n", "hierarchy_twice", {"row": 3, "value": "a", "first": 1}),
        ("a;x;1\nb;y;1\nc;x;2\n", "hierarchy_two_parents",
         {"row": 3, "column": 2, "value": "x", "above": "2", "first": 1, "other": "1"}),
        ("a;=1+1\n", "hierarchy_formula", {"row": 1, "column": 2}),
        ("a;x\n@SUM(A1);x\n", "hierarchy_formula", {"row": 2, "column": 1}),
        ("a;-2+3+cmd|' /C calc'!A0\n", "hierarchy_formula", {"row": 1, "column": 2}),
        ("a;＝1\n", "hierarchy_formula", {"row": 1, "column": 2}),
        ("a;x\u202ey\n", "hierarchy_invisible", {"row": 1, "column": 2}),
        ("a;x\u200b\n", "hierarchy_invisible", {"row": 1, "column": 2}),
        (f"a;{'x' * 1001}\n", "hierarchy_long_cell", {"row": 1, "column": 2}),
        ('a;x\nb;"y\n', "hierarchy_no_csv", {"row": 2}),
        ('a;x\nb;"y"z\n', "hierarchy_no_csv", {"row": 2}),
    ],
)  # fmt: skip
def test_fault_is_named_with_its_row_and_column(text, code, params):
    with pytest.raises(BadCommand) as refused:
        own.read(text.encode())
    assert (refused.value.code, refused.value.params) == (code, params)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a;x\xff\xff\n", "hierarchy_encoding"),
        (b"a;\x00x\n", "hierarchy_encoding"),
        ("a;x\n".encode("utf-16"), "hierarchy_encoding"),
        (b"a;x\n" * (own.MOST_BYTES // 4 + 1), "hierarchy_too_large"),
        (b"".join(b"%d;x\n" % n for n in range(MOST_VALUES + 1)), "hierarchy_too_many_values"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "hierarchy_encoding"),
    ],
)
def test_what_is_no_text_or_too_much_is_refused(content, code):
    with pytest.raises(BadCommand) as refused:
        own.read(content)
    assert refused.value.code == code


HELD = [
    ("甲;一组\n乙;张三丰 13800138000\n", (2, 2, "mobile", "138******00")),
    ("甲;一组;全\n乙;1. 9135 0100 M000 1002 33;全\n", (2, 2, "uscc", "91**************33")),
    ("值;级\n甲;一组\n丙;福州市鼓楼区五四路89号\n", (3, 2, "address", "四**")),
    (f"{RESIDENT};福州\n", (1, 1, "resident_id", f"35{'*' * 15}{RESIDENT[-1]}")),
    (f"甲;{RESIDENT}\n", (1, 2, "resident_id", f"35{'*' * 15}{RESIDENT[-1]}")),
    ("".join(f"{n};{name}\n" for n, name in enumerate(NAMES_OF_PERSONS)), (1, 2, "name", "张**")),
]


@pytest.mark.parametrize(("text", "where"), HELD)
def test_hierarchy_that_identifies_somebody_is_refused_with_row_kind_and_mask(text, where):
    with pytest.raises(BadCommand) as refused:
        own.read(text.encode())
    assert refused.value.code == "hierarchy_identifier"
    assert refused.value.params == dict(zip(("row", "column", "identifier", "example"), where, strict=True))
    rows = [line.split(";") for line in text.splitlines() if not line.startswith("值")]
    recipe = {"recipe": 1, "steps": [{"do": "drop", "column": "x"}], "hierarchies": {"own": rows}}
    with pytest.raises(BadCommand) as refused:
        document.loads(json.dumps(recipe))
    assert refused.value.params["identifier"] == where[2]


def test_places_schools_and_numbers_are_labels():
    counties = ["马尾区", "连江县", "罗源县", "闽清县", "永泰县", "平潭县", "福清市", "长乐区", "晋安区", "仓山区"]
    assert own.read("".join(f"{each};福州;福建\n" for each in counties).encode()).height == 2
    assert own.read("".join(f"{n};{n // 10 * 10}-{n // 10 * 10 + 9}\n" for n in range(10**6, 10**6 + 99)).encode())


@pytest.mark.parametrize("text", ["-5", "+86", "-1.5~2", "3-4", "*", "1,000", "-10%", "甲=乙"])
def test_numbers_and_ranges_are_no_formulas(text):
    assert not is_formula(text)
    assert own.read(f'a;"{text}"\n'.encode()).rows == [["a", text]]


def test_recipe_as_json_brings_no_formula_either():
    for label in ("=1+1", "x\u202e"):
        with pytest.raises(BadCommand) as refused:
            Tree.read([["a", "x"], ["b", label]], "hierarchies.own")
        assert refused.value.params == {"field": "hierarchies.own[1]"}
    assert Tree.read([["=1", "x"]], "hierarchies.own").height == 1  # a value of the file, which goes


def test_whatever_is_read_merges_classes_only():
    dice = random.Random(5)
    for _ in range(300):
        rows = [[dice.choice("abcd"), dice.choice("xyz"), dice.choice("12")] for _ in range(dice.randrange(1, 5))]
        text = io.StringIO()
        csv.writer(text, delimiter=";").writerows(rows)
        try:
            tree = own.read(text.getvalue().encode())
        except BadCommand as refused:
            assert refused.code in ("hierarchy_twice", "hierarchy_two_parents")
            continue
        for level in range(tree.height):
            above = {}
            assert all(above.setdefault(row[level], row[level + 1]) == row[level + 1] for row in tree.rows)
