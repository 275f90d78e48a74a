import hashlib

import duckdb
import pytest

from listings.deidentification import progress  # noqa: F401  the package is whole
from listings.deidentification.reasons import BadCommand
from listings.deidentification.recipe import document, figures
from listings.deidentification.recipe.apply import apply

from ..samples import canonical


def run(tmp_path, header, rows, *steps, **more):
    source, target = canonical(tmp_path, header, rows), tmp_path / "out.parquet"
    applied = apply(source, target, document.read({"recipe": 1, "steps": list(steps), **more}))
    return applied, duckdb.execute("SELECT * FROM read_parquet(?)", [str(target)]).fetchall()


def one(tmp_path, values, step, **more):
    """The values of a column `c`, one row each, after one step; another column keeps order and nulls honest."""
    rows = [(value, f"row {place}") for place, value in enumerate(values)]
    applied, out = run(tmp_path, ["c", "other"], rows, {**step, "column": "c"}, **more)
    assert [row[1] for row in out] == [row[1] for row in rows]
    changed = sum(
        str(after[0]) != str(before) and before is not None for before, after in zip(values, out, strict=True)
    )
    assert (applied.steps[0].rows_touched, applied.steps[0].cells_changed) == (changed, changed)
    return [row[0] for row in out]


@pytest.mark.parametrize(
    ("step", "values", "expected"),
    [
        ({"do": "mask", "keep_first": 3, "keep_last": 2}, ["abcdefgh", "abcde", "ab", None],
         ["abc***gh", "*****", "**", None]),
        ({"do": "mask"}, ["鼓楼区", "x"], ["***", "*"]),
        ({"do": "truncate", "length": 2}, ["鼓楼区", "x", None], ["鼓楼", "x", None]),
        ({"do": "band", "width": 5}, [0, 4, 5, -1, None], ["0-4", "0-4", "5-9", "-5--1", None]),
        ({"do": "band", "width": 10, "start": 5}, [4, 5, 14, 15], ["-5-4", "5-14", "5-14", "15-24"]),
        ({"do": "band", "width": 0.5}, [0.25, 0.5, 1.25], ["0.0-0.5", "0.5-1.0", "1.0-1.5"]),
        ({"do": "band", "edges": [18, 60]}, [17, 18, 59, 60], ["<18", "18-<60", "18-<60", "≥60"]),
        ({"do": "top_code", "at": 85}, [84, 85, 86, None], [84, 85, 85, None]),
        ({"do": "bottom_code", "at": 3}, [2, 3, 4], [3, 3, 4]),
        ({"do": "generalise", "hierarchy": "date", "level": 1}, ["2024-02-29", None], ["2024-02", None]),
        ({"do": "generalise", "hierarchy": "date", "level": 2}, ["2024-03-31", "2024-04-01"], ["2024-Q1", "2024-Q2"]),
        ({"do": "generalise", "hierarchy": "date", "level": 3}, ["20240331", "never"], ["2024", "*"]),
        ({"do": "generalise", "hierarchy": "date", "level": 4}, ["2019-12", "2020-01"], ["2010-2019", "2020-2029"]),
        ({"do": "generalise", "hierarchy": "date", "level": 5}, ["2024-02-29", None], ["*", None]),
        ({"do": "generalise", "hierarchy": "age", "level": 1}, [0, 44, 45], ["0-4", "40-44", "45-49"]),
        ({"do": "generalise", "hierarchy": "age", "level": 4}, [39, 40, 81], ["0-39", "40-79", "80-119"]),
        ({"do": "generalise", "hierarchy": "region", "level": 1}, [350203, 110105], ["350200", "110100"]),
        ({"do": "generalise", "hierarchy": "region", "level": 2}, [350203, 990105], ["350000", "*"]),
        ({"do": "generalise", "hierarchy": "region", "level": 1},
         ["思明区", "福州市鼓楼区", "鼓楼区", "福建省厦门市思明区"], ["厦门市", "福州市", "*", "厦门市"]),
        ({"do": "generalise", "hierarchy": "region", "level": 2}, ["思明区", "厦门市", "福建省"], ["福建省"] * 3),
        ({"do": "generalise", "hierarchy": "region", "level": 3}, ["思明区", "?"], ["*", "*"]),
        ({"do": "generalise", "hierarchy": "education", "level": 1},
         ["小学", "初中", "高中", "大专", "本科", "硕士", "博士", "?"],
         ["初等", "中等", "中等", "高等", "高等", "高等", "高等", "*"]),
        ({"do": "generalise", "hierarchy": "occupation", "level": 1}, ["医生", "渔民"],
         ["专业技术人员", "农、林、牧、渔业生产及辅助人员"]),
        ({"do": "generalise", "hierarchy": "occupation", "level": 2}, ["医生", "渔民"], ["管理与专业", "生产"]),
        ({"do": "generalise", "hierarchy": "postcode", "level": 1}, ["361005", "010010", "x"],
         ["3610**", "0100**", "*"]),
        ({"do": "generalise", "hierarchy": "postcode", "level": 3}, [361005, 353000], ["36****", "35****"]),
    ],
)  # fmt: skip
def test_step_does_what_it_says(tmp_path, step, values, expected):
    assert one(tmp_path, values, step) == expected


def test_own_hierarchy(tmp_path):
    tree = {"own": [["flu", "infection", "any"], ["gout", "joint", "any"]]}
    step = {"do": "generalise", "hierarchy": "own", "level": 1}
    assert one(tmp_path, ["flu", "gout", "mumps"], step, hierarchies=tree) == ["infection", "joint", "*"]


def test_surrogate_is_the_same_within_a_file_and_another_in_the_next(tmp_path):
    values = ["13800138000", "x", "13800138000", None]
    first = one(tmp_path, values, {"do": "surrogate"})
    assert first[0] == first[2] != first[1] and first[3] is None
    assert all(len(value) == 20 and value.isalpha() for value in first[:3])
    second = one(tmp_path, values, {"do": "surrogate"})
    assert set(first[:3]).isdisjoint(second[:3])


def test_steps_follow_each_other(tmp_path):
    applied, rows = run(
        tmp_path, ["a", "b"], [(1, "x"), (7, "y"), (12, "z")],
        {"do": "top_code", "column": "a", "at": 9}, {"do": "band", "column": "a", "width": 5},
        {"do": "drop", "column": "b"},
    )  # fmt: skip
    assert rows == [("0-4",), ("5-9",), ("5-9",)]
    assert [(step.do, step.rows_touched) for step in applied.steps] == [("top_code", 1), ("band", 3), ("drop", 3)]
    with pytest.raises(BadCommand) as refusal:
        run(tmp_path, ["a"], [(1,)], {"do": "mask", "column": "a"}, {"do": "band", "column": "a", "width": 5})
    assert refusal.value.text == "Step 2 of the recipe does not suit the type of column “a”."


def test_suppress_takes_out_small_classes_and_keeps_the_order(tmp_path):
    rows = [(place, key) for place, key in enumerate("aabbacab")] + [(8, None), (9, None)]
    applied, out = run(tmp_path, ["n", "key"], rows, {"do": "suppress", "columns": ["key"], "k": 2})
    assert out == [row for row in rows if row[1] != "c"]
    assert applied.steps[0].rows_touched == 1 and applied.steps[0].cells_changed == 2
    assert (applied.rows_in, applied.rows_out) == (10, 9)


def test_suppress_counts_subjects(tmp_path):
    rows = [("a", "p1"), ("a", "p1"), ("a", None), ("b", "p1"), ("b", "p2")]
    _, out = run(tmp_path, ["key", "who"], rows, {"do": "suppress", "columns": ["key"], "k": 2, "subject": "who"})
    assert out == [("b", "p1"), ("b", "p2")]


def test_suppress_by_diversity_and_distance(tmp_path):
    rows = [("a", "x"), ("a", "x"), ("b", "x"), ("b", "y"), ("c", "y"), ("c", "y"), ("c", "x")]
    step = {"do": "suppress", "columns": ["key"], "k": 1, "sensitive": ["s"]}
    assert {row[0] for row in run(tmp_path, ["key", "s"], rows, {**step, "l": 2})[1]} == {"b", "c"}
    # a is 3/7 away from the whole; without it c is 1/15 from what is left
    assert {row[0] for row in run(tmp_path, ["key", "s"], rows, {**step, "t": 0.4})[1]} == {"b", "c"}
    assert {row[0] for row in run(tmp_path, ["key", "s"], rows, {**step, "t": 0.43})[1]} == {"a", "b", "c"}


def test_aggregate_leaves_out_small_groups(tmp_path):
    rows = [("a", 1, "p1"), ("a", 4, "p2"), ("b", 9, "p1"), ("b", 9, "p1")]
    measures = [{"function": "count"}, {"function": "sum", "column": "n"}, {"function": "mean", "column": "n"}]
    step = {"do": "aggregate", "by": ["key"], "measures": measures, "minimum": 2}
    applied, out = run(tmp_path, ["key", "n", "who"], rows, step)
    assert out == [("a", 2, 5.0, 2.5), ("b", 2, 18.0, 9.0)]
    assert [column.name for column in applied.columns] == ["key", "count", "sum of n", "mean of n"]
    assert run(tmp_path, ["key", "n", "who"], rows, {**step, "subject": "who"})[1] == [("a", 2, 5.0, 2.5)]


def test_record_holds_the_hashes_and_the_same_recipe_gives_the_same_bytes(tmp_path):
    rows = [(place % 7, f"v{place % 3}", place) for place in range(3000)]
    steps = [
        {"do": "band", "column": "a", "width": 2},
        {"do": "generalise", "column": "b", "hierarchy": "education", "level": 1},
        {"do": "suppress", "columns": ["a"], "k": 500},
    ]
    first, _ = run(tmp_path, ["a", "b", "c"], rows, *steps)
    assert first.sha256_in == hashlib.sha256((tmp_path / "canonical.parquet").read_bytes()).hexdigest()
    assert first.sha256_out == hashlib.sha256((tmp_path / "out.parquet").read_bytes()).hexdigest()
    assert run(tmp_path, ["a", "b", "c"], rows, *steps)[0] == first


def test_nothing_is_left_where_nothing_came_of_it(tmp_path):
    for steps in ([{"do": "suppress", "columns": ["a"], "k": 9}], [{"do": "drop", "column": "a"}]):
        with pytest.raises(BadCommand) as refusal:
            run(tmp_path, ["a"], [(1,), (2,)], *steps)
        assert refusal.value.code in ("nothing_left", "no_fields")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["canonical.parquet", "source.csv"]


def test_column_names_are_never_sql(tmp_path):
    name = "a\"; DROP TABLE x; --'"
    rows = [("v'1", 1), ('v"2', 2)]
    assert run(tmp_path, [name, "looked_up"], rows, {"do": "mask", "column": name, "keep_first": 1},
               {"do": "suppress", "columns": [name], "k": 1})[1] == [("v**", 1), ("v**", 2)]  # fmt: skip


def test_losses_by_hand(tmp_path):
    """Eight rows: a has four values of two (2 bits each); two bands leave 1 bit of them, dropping none."""
    rows = [(place // 2, "x" if place < 4 else "y", 7) for place in range(8)]
    source, target = canonical(tmp_path, ["a", "b", "c"], rows), tmp_path / "out.parquet"

    def losses(*steps):
        recipe = document.read({"recipe": 1, "steps": list(steps)})
        apply(source, target, recipe)
        return [row["loss"] for row in figures.measure_losses(source, target, recipe)]

    band = {"do": "band", "column": "a", "width": 2}
    assert losses(band) == [0.5, 0.0, 0.0]
    assert losses({"do": "drop", "column": "b"}) == [0.0, 1.0, 1.0 if False else 0.0]
    assert losses({"do": "surrogate", "column": "a"}) == [None, 0.0, 0.0]
    # without the four rows of x: a has four rows at 1 bit and four at 2 of 16; b four at 1 of 8
    assert losses(band, {"do": "suppress", "columns": ["b"], "k": 4}) == [0.5, 0.0, 0.0]


def test_figures_before_and_after(tmp_path):
    rows = [(place // 2, "x", f"p{place}") for place in range(6)] + [(9, "y", "p9")]
    source, target = canonical(tmp_path, ["a", "s", "who"], rows), tmp_path / "out.parquet"
    recipe = document.read({"recipe": 1, "steps": [{"do": "suppress", "columns": ["a"], "k": 2}]})
    apply(source, target, recipe)
    compared = figures.compare(source, target, recipe, figures.Roles(["a"], ["s"], "who"))
    before, after = compared["before"], compared["after"]
    assert (before["k"], before["classes"], before["discernibility"], before["unique_share"]) == (1, 4, 13, 0.142857)
    assert (after["k"], after["classes"], after["discernibility"], after["rows"]) == (2, 3, 12, 6)
    assert before["histogram"][:2] == [
        {"from": 1, "until": 1, "classes": 1, "rows": 1}, {"from": 2, "until": 4, "classes": 3, "rows": 6},
    ]  # fmt: skip


def test_as_many_steps_as_a_recipe_may_hold(tmp_path):
    steps = [{"do": "truncate", "column": "a", "length": 200 - place} for place in range(200)]
    applied, out = run(tmp_path, ["a", "b"], [("x" * 250, 1), ("y", 2)], *steps)
    assert out == [("x", 1), ("y", 2)]
    assert [(step.number, step.rows_touched) for step in applied.steps] == [(place + 1, 1) for place in range(200)]
