import json
import os
import subprocess
import sys
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listings.deidentification import commands
from listings.deidentification.assess import assess
from listings.deidentification.reasons import BadCommand
from listings.deidentification.recipe import cli, document, figures, own
from listings.deidentification.recipe.apply import apply
from listings.deidentification.recipe.hierarchies import Tree
from listings.deidentification.recipe.search import Lattice, Target, search, search_all
from listings.deidentification.recipe.suggest import suggest, target_of
from listings.deidentification.rules import Rules

from ..samples import canonical
from . import lattices
from .files import FILES, hospital_visits, social_insurance

TODAY = date(2026, 11, 26)
TREES = {
    "a": [[str(value), f"h{value // 2}", "*"] for value in range(6)],
    "b": [[value, "*"] for value in "xyz"],
    "c": [[str(value), f"h{value // 2}", f"q{value // 4}", "*"] for value in range(8)],
}
ROWS = st.lists(
    st.tuples(
        st.sampled_from("012345"), st.sampled_from("xyz"), st.sampled_from("01234567"), st.sampled_from("uvw"),
        st.integers(1, 20),
    ),
    min_size=4, max_size=60,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=ROWS, k=st.integers(1, 6), l=st.integers(1, 3), t=st.sampled_from((1.0, 0.6, 0.3)),
    suppression=st.sampled_from((0, 0.05, 0.2)), has_subject=st.booleans(),
)  # fmt: skip
def test_no_node_of_the_lattice_loses_less(tmp_path, rows, k, l, t, suppression, has_subject):  # noqa: E741
    parquet = tmp_path / "data.parquet"
    pq.write_table(pa.table(dict(zip(["a", "b", "c", "s", "who"], zip(*rows, strict=True), strict=True))), parquet)
    counts = lattices.count(parquet, TREES, sensitive=["s"], subject="who" if has_subject else None)
    target = Target(k, l, t, suppression)
    found, judged = search(counts, target), search_all(counts, target)
    assert found.exact
    assert [each.loss for each in found.best] == [each.loss for each in judged[:3]]
    assert [each.node for each in found.best[:1]] == [each.node for each in judged[:1]]


@pytest.mark.parametrize(
    ("target", "cells"),
    [
        (Target(k=10), ["0u"] * 10 + ["2v"] * 10),
        (Target(k=5, l=2), ["0u", "0v"] * 5 + ["2u", "2v"] * 5),
        (Target(k=5, t=0.5), ["0u"] * 10 + ["2v"] * 10),
        (Target(k=5, suppression=0.1), ["0u"] * 9 + ["2u"] * 9 + ["4u"] * 2),
    ],
)
def test_what_just_reaches_the_target_reaches_it(tmp_path, target, cells):
    parquet = tmp_path / "data.parquet"
    pq.write_table(pa.table({"a": [cell[0] for cell in cells], "s": [cell[1] for cell in cells]}), parquet)
    counts = lattices.count(parquet, {"a": TREES["a"]}, sensitive=["s"], subject=None)
    assert search(counts, target).best[0].node == (0,)


def test_search_looks_at_a_part_of_the_lattice_only(tmp_path):
    counts = lattices.count(canonical(tmp_path, list(lattices.ADULT), lattices.adult(1500)), lattices.ADULT)
    found = search(counts, Target(10))
    assert found.nodes == 4 * 3 * 2 * 3 and found.looked_at < found.nodes / 2
    assert found.best[0] == search_all(counts, Target(10))[0]


# (people, k) → levels, and records taken out, of anjana 1.2.3 with the same trees and 2 % (tests/bench/anjana_peer.py)
ANJANA = {
    (600, 2): ((2, 1, 0, 1), 4),
    (600, 5): ((2, 2, 0, 1), 6),
    (600, 10): ((2, 2, 0, 2), 0),
    (2000, 5): ((2, 1, 0, 1), 28),
    (2000, 20): ((2, 2, 0, 2), 0),
}


@pytest.mark.parametrize(("people", "k"), ANJANA)
def test_loses_no_more_than_anjana(tmp_path, people, k):
    counts = lattices.count(canonical(tmp_path, list(lattices.ADULT), lattices.adult(people)), lattices.ADULT)
    node, removed = ANJANA[people, k]
    theirs = Lattice(counts, Target(k)).look(node)
    assert theirs.reaches and theirs.removed == removed
    assert search(counts, Target(k)).best[0].loss <= theirs.loss


def test_out_of_work_the_search_says_so(tmp_path):
    counts = lattices.count(canonical(tmp_path, list(lattices.ADULT), lattices.adult(300)), lattices.ADULT)
    found = search(counts, Target(5), work=1)
    assert not found.exact
    assert search(counts, Target(5)).exact


@pytest.mark.parametrize("make", FILES)
@pytest.mark.parametrize("mode", ["platform", "download"])
def test_file_passes_the_gate_after_its_recipe(tmp_path, make, mode):
    parquet, roles = make(tmp_path)
    given = {"about": "persons", "subject": None, "sensitive": [], **roles}
    assert not assess(parquet, **given, rules=Rules(), today=TODAY, mode=mode).passes
    found = suggest(parquet, **given, target=target_of(Rules(), mode), today=TODAY)
    target = tmp_path / "out.parquet"
    applied = apply(parquet, target, document.read(found.recipe.to_json()))
    left = {column.name for column in applied.columns}
    after = {
        **given, "subject": given["subject"], "sensitive": [name for name in given["sensitive"] if name in left],
        "quasi_identifiers": [name for name in given["quasi_identifiers"] if name in left],
    }  # fmt: skip
    report = assess(target, **after, rules=Rules(), today=TODAY, mode=mode)
    assert report.passes, report.reasons
    assert mode in report.allowed_modes
    assert applied.rows_in - applied.rows_out == found.removed <= 0.02 * applied.rows_in
    losses = {row["column"]: row["loss"] for row in figures.measure_losses(parquet, target, found.recipe)}
    marked = given["quasi_identifiers"]
    assert sum(losses[name] for name in marked) / len(marked) == pytest.approx(found.loss)
    assert (
        found.discernibility - found.removed * found.rows
        == figures.measure(target, figures.Roles(after["quasi_identifiers"], after["sensitive"], given["subject"]))[
            "discernibility"
        ]
    )
    assert all(found.loss <= each["loss"] for each in found.alternatives)


def test_identifiers_and_the_subject_come_first(tmp_path):
    parquet, roles = hospital_visits(tmp_path)
    found = suggest(parquet, about="persons", **roles, target=Target(5, 2, 0.5), today=TODAY)
    assert [(row["column"], row["step"]["do"], row["reason"]) for row in found.why[:2]] == [
        ("patient", "surrogate", "subject"), ("身份证号", "drop", "resident_id"),
    ]  # fmt: skip
    assert [row["column"] for row in found.why[2:]] == roles["quasi_identifiers"]
    parquet, roles = social_insurance(tmp_path)
    nobody = suggest(
        parquet, about="none", subject=None, quasi_identifiers=[], sensitive=[], target=Target(5), today=TODAY
    )
    assert nobody.recipe.to_json() == {"recipe": 1, "steps": [{"do": "drop", "column": "备注"}]}


def test_file_that_passes_needs_no_recipe_steps(tmp_path):
    parquet = canonical(tmp_path, ["city", "n"], [("x", 1)] * 10)
    found = suggest(
        parquet, about="persons", subject=None, quasi_identifiers=["city"], sensitive=[], target=Target(5), today=TODAY
    )
    assert (found.loss, found.removed, found.recipe.steps) == (0.0, 0, [])


def test_binding_column_is_named_where_the_target_is_out_of_reach(tmp_path):
    parquet = canonical(tmp_path, ["key", "city"], [(f"n{place}", "xy"[place % 2]) for place in range(40)])
    given = {"about": "persons", "subject": None, "quasi_identifiers": [], "sensitive": [], "today": TODAY}
    found = suggest(parquet, **given, target=Target(5), at_most={"key": 0, "city": 0})
    assert (found.recipe, found.binding, found.to_json()["reaches"]) == (None, "key", False)
    assert suggest(parquet, **given, target=Target(5), at_most={"city": 0}).recipe
    poor = {**given, "quasi_identifiers": ["key"], "sensitive": ["s"]}
    constant = canonical(tmp_path, ["key", "s"], [(f"n{place}", "same") for place in range(40)])
    assert suggest(constant, **poor, target=Target(5, 2)).binding == "s"


def test_own_hierarchy_goes_with_the_recipe(tmp_path):
    parquet = canonical(tmp_path, ["drug"], [(f"d{place % 8}",) for place in range(32)])
    (tmp_path / "tree.csv").write_text("".join(f"d{n};g{n // 4};*\n" for n in range(8)))
    found = suggest(
        parquet, about="persons", subject=None, quasi_identifiers=["drug"], sensitive=[], today=TODAY,
        target=Target(10), hierarchies={"drug": Tree.from_csv(tmp_path / "tree.csv")},
    )  # fmt: skip
    assert [step.to_json() for step in found.recipe.steps] == [
        {"do": "generalise", "column": "drug", "hierarchy": "own 1", "level": 1}
    ]
    apply(parquet, tmp_path / "out.parquet", document.read(json.loads(json.dumps(found.recipe.to_json()))))
    assert figures.measure(tmp_path / "out.parquet", figures.Roles(["drug"], [], None))["k"] == 16


@pytest.mark.parametrize("levels", [{"age": 2}, {"age": 1, "country": 2}, {"age": 3, "education": 1, "sex": 1}])
def test_column_is_exactly_where_it_was_put_and_the_others_lose_least(tmp_path, levels):
    names = list(lattices.ADULT)
    parquet = canonical(tmp_path, names, lattices.adult(400))
    own_trees = {name: Tree.read(rows, name) for name, rows in lattices.ADULT.items()}
    given = {"about": "persons", "subject": None, "quasi_identifiers": names, "sensitive": [], "today": TODAY}
    found = suggest(parquet, **given, target=Target(5), hierarchies=own_trees, exactly=levels)
    taken = {row["column"]: row["level"] for row in found.why}
    assert {name: taken[name] for name in levels} == levels
    counts = lattices.count(parquet, {name: [[*row, "*"] for row in rows] for name, rows in lattices.ADULT.items()})
    places = [(names.index(name), level) for name, level in levels.items()]
    allowed = [each for each in search_all(counts, Target(5)) if all(each.node[at] == level for at, level in places)]
    assert (found.loss, found.removed) == (pytest.approx(allowed[0].loss), allowed[0].removed)


def test_chosen_levels_that_miss_the_target_are_shown_as_they_are(tmp_path):
    parquet = canonical(tmp_path, ["age", "city"], [(20 + place, "xy"[place % 2]) for place in range(40)])
    given = {
        "about": "persons", "subject": None, "quasi_identifiers": ["age", "city"], "sensitive": [], "today": TODAY,
    }  # fmt: skip
    found = suggest(parquet, **given, target=Target(5), exactly={"age": 1}, at_most={"city": 0})
    assert (found.reaches, found.to_json()["reaches"], found.loss) == (False, False, None)
    assert [step.to_json() for step in found.recipe.steps] == [
        {"do": "generalise", "column": "age", "hierarchy": "age", "level": 1}
    ]
    assert found.binding == "age"
    for level in (0, 5, 99):
        with pytest.raises(BadCommand) as refused:
            suggest(parquet, **given, target=Target(5), exactly={"age": level})
        assert refused.value.params == {"column": "age", "level": level, "levels": 4}


def test_levels_keep_their_numbers_where_the_search_leaves_some_out(tmp_path):
    names = [f"c{place:02}" for place in range(9)]
    rows = [tuple(f"{n * (place + 3) % 97:02}x" for place in range(9)) for n in range(97)]
    trees = {
        name: Tree.read([[f"{n:02}x", *(f"{n // 2**up}" for up in range(1, 7))] for n in range(97)], name)
        for name in names
    }
    given = {"about": "persons", "subject": None, "quasi_identifiers": names, "sensitive": [], "today": TODAY}
    parquet = canonical(tmp_path, names, rows)
    found = suggest(parquet, **given, target=Target(5), hierarchies=trees, exactly={"c03": 3})
    assert found.nodes <= 100_000 and {row["levels"] for row in found.why} == {7}
    searched = {row["column"]: row for row in found.why if row["reason"] == "quasi_identifier"}
    assert searched["c03"]["level"] == 3 and [rung["level"] for rung in searched["c03"]["rungs"]] == [3]
    left = [[rung["level"] for rung in row["rungs"]] for row in searched.values()]
    assert any(len(levels) < 6 and levels[-1] == 6 for levels in left if levels != [3])
    assert all(rung["step"]["level"] == rung["level"] for row in searched.values() for rung in row["rungs"])
    done = [(row["level"], row["step"][0].get("level", 7)) for row in searched.values() if row["step"]]
    assert all(level == made for level, made in done)


def test_cells_that_the_own_hierarchy_does_not_hold_are_counted(tmp_path):
    parquet = canonical(tmp_path, ["drug"], [(f"d{place % 8}",) for place in range(32)])
    tree = own.read("".join(f"d{n};g\n" for n in range(6)).encode())
    found = suggest(
        parquet, about="persons", subject=None, quasi_identifiers=["drug"], sensitive=[], today=TODAY,
        target=Target(5), hierarchies={"drug": tree}, exactly={"drug": 1},
    )  # fmt: skip
    assert found.why[0]["unknown"] == 8
    applied = apply(parquet, tmp_path / "out.parquet", found.recipe)
    assert applied.to_json()["steps"][0]["hierarchy_sha256"] == tree.sha256
    assert figures.measure(tmp_path / "out.parquet", figures.Roles(["drug"], [], None))["k"] == 8  # d6 and d7: “*”


def test_more_columns_than_a_search_can_weigh(tmp_path):
    names = [f"c{place:02}" for place in range(18)]
    rows = [tuple(f"{(n * (place + 3)) % (place + 2)}" for place in range(18)) for n in range(60)]
    given = {"about": "persons", "subject": None, "quasi_identifiers": [], "sensitive": [], "today": TODAY}
    found = suggest(canonical(tmp_path, names, rows), **given, target=Target(5))
    assert [row["column"] for row in found.why if row["reason"] == "too_many_columns"] == ["c17", "c16", "c15"]
    assert found.recipe and found.nodes <= 100_000


def test_commands_answer_in_json(tmp_path):
    parquet, roles = hospital_visits(tmp_path)
    given = {**roles, "parquet": str(parquet), "about": "persons", "today": "2026-11-26"}
    answer = commands.answer({"do": "suggest", **given})
    assert answer["ok"] and answer["suggestion"]["reaches"] and json.dumps(answer)
    target = str(tmp_path / "o.parquet")
    recipe = answer["suggestion"]["recipe"]
    done = commands.answer({"do": "apply", **given, "target": target, "recipe": recipe, "started_at": "now"})
    assert done["ok"] and done["applied"]["started_at"] == "now" and done["after"]["k"] >= 5 > done["before"]["k"]
    bad = commands.answer({"do": "apply", **given, "target": target, "recipe": {"recipe": 1, "steps": [{"do": "x"}]}})
    assert (bad["code"], bad["params"]) == ("recipe_malformed", {"field": "steps[0].do"})
    for field, value in (
        ("suppression", "1"),
        ("at_most", {"区县": -1}),
        ("exactly", {"区县": "1"}),
        ("hierarchies", []),
    ):
        refused = commands.answer({"do": "suggest", **given, field: value or "x"})
        assert refused["params"] == {"field": field} or not value
    assert commands.answer({"do": "suggest", **given, "at_most": {"?": 1}})["code"] == "unknown_column"


def test_command_line(tmp_path, capsys):
    hospital_visits(tmp_path)
    file, recipe, out = tmp_path / "source.csv", tmp_path / "recipe.json", tmp_path / "out.csv"
    roles = ["--quasi-identifiers", "出生日期,性别,区县", "--sensitive", "诊断", "--subject", "patient"]
    assert cli.run(["suggest", str(file), *roles, "--out", str(recipe)]) == 0
    assert json.loads(capsys.readouterr().out)["reaches"]
    assert cli.run(["apply", str(file), *roles, "--recipe", str(recipe), "--out", str(out)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["after"]["k"] >= 5 and printed["applied"]["finished_at"] >= printed["applied"]["started_at"]
    assert "身份证号" not in out.read_text(encoding="utf-8-sig").splitlines()[0]
    (tmp_path / "own.csv").write_text("男;人\n女;人\n", encoding="utf-8")
    chosen = [f"--hierarchy=性别={tmp_path / 'own.csv'}", "--exactly=性别=1", "--out", str(recipe)]
    assert cli.run(["suggest", str(file), *roles, *chosen]) == 0
    steps = json.loads(capsys.readouterr().out)["recipe"]["steps"]
    assert {"do": "generalise", "column": "性别", "hierarchy": "own 1", "level": 1} in steps
    held = [f"--at-most={name}=0" for name in ("出生日期", "性别", "区县")]
    assert cli.run(["suggest", str(file), *roles, *held]) == 2
    assert json.loads(capsys.readouterr().out)["binding"] == "出生日期"
    recipe.write_text("{}")
    assert cli.run(["apply", str(file), "--recipe", str(recipe), "--out", str(out)]) == 1
    assert capsys.readouterr().err == "The recipe is malformed at recipe.recipe.\n"


def test_command_line_as_a_module_and_under_manage(tmp_path, capsys):
    (tmp_path / "f.csv").write_text("city\n" + "x\n" * 9)
    command = [sys.executable, "-m", "listings.deidentification", "suggest", str(tmp_path / "f.csv")]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=os.getcwd()).stdout
    assert json.loads(printed)["loss"] == 0
    call_command("deidentify", "suggest", str(tmp_path / "f.csv"))
    with pytest.raises(SystemExit) as left:
        call_command("deidentify", "suggest", str(tmp_path / "missing.csv"))
    assert left.value.code == 1
