import json

import pytest

from listings.deidentification.database import Column
from listings.deidentification.reasons import BadCommand
from listings.deidentification.recipe import document
from listings.deidentification.recipe.steps import KINDS

BAND = {"do": "band", "column": "age", "width": 5}
TREE = [["a", "x", "*"], ["b", "x", "*"], ["c", "y", "*"]]


def recipe(*steps, **more):
    return {"recipe": 1, "steps": list(steps), **more}


def refused(given) -> tuple[str, str]:
    with pytest.raises(BadCommand) as refusal:
        document.read(given)
    return refusal.value.code, refusal.value.params["field"]


def test_recipe_reads_back_as_it_was_written():
    given = recipe(BAND, {"do": "generalise", "column": "c", "hierarchy": "own", "level": 2}, hierarchies={"own": TREE})
    read = document.read(given)
    assert read.to_json() == given
    assert document.loads(json.dumps(given)).sha256 == read.sha256
    assert document.read(recipe({**BAND, "width": 6})).sha256 != document.read(recipe(BAND)).sha256


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "recipe"),
        ({"steps": [BAND]}, "recipe.recipe"),
        ({"recipe": True, "steps": [BAND]}, "recipe"),
        ({"recipe": 2, "steps": [BAND]}, "recipe"),
        (recipe(), "steps"),
        (recipe(*[BAND] * 201), "steps"),
        (recipe("drop"), "steps[0].do"),
        (recipe({"do": ["drop"]}), "steps[0].do"),
        (recipe({"do": "shell", "column": "a"}), "steps[0].do"),
        (recipe(BAND, {"do": "band", "column": "age"}), "steps[1].width"),
        (recipe({**BAND, "edges": [1]}), "steps[0].width"),
        (recipe({**BAND, "width": 0}), "steps[0].width"),
        (recipe({**BAND, "width": True}), "steps[0].width"),
        (recipe({**BAND, "width": float("nan")}), "steps[0].width"),
        (recipe({**BAND, "width": "5"}), "steps[0].width"),
        (recipe({"do": "band", "column": "age", "edges": [2, 2]}), "steps[0].edges"),
        (recipe({"do": "band", "column": "age", "edges": [2], "start": 1}), "steps[0].start"),
        (recipe({"do": "drop", "column": ""}), "steps[0].column"),
        (recipe({"do": "drop"}), "steps[0].column"),
        (recipe({"do": "mask", "column": "a", "keep_first": -1}), "steps[0].keep_first"),
        (recipe({"do": "truncate", "column": "a", "length": 0}), "steps[0].length"),
        (recipe({"do": "top_code", "column": "a", "at": "2026-13-01"}), "steps[0].at"),
        (recipe({"do": "generalise", "column": "a", "hierarchy": "none", "level": 1}), "steps[0].hierarchy"),
        (recipe({"do": "generalise", "column": "a", "hierarchy": "region", "level": 4}), "steps[0].level"),
        (recipe({"do": "suppress", "columns": ["a", "a"], "k": 5}), "steps[0].columns"),
        (recipe({"do": "suppress", "columns": [], "k": 5}), "steps[0].columns"),
        (recipe({"do": "suppress", "columns": ["a"], "k": 5, "l": 2}), "steps[0].sensitive"),
        (recipe({"do": "suppress", "columns": ["a"], "k": 5, "sensitive": ["b"]}), "steps[0].sensitive"),
        (recipe({"do": "aggregate", "by": ["a"], "measures": [{"function": "max", "column": "b"}], "minimum": 5}),
         "steps[0].measures"),
        (recipe({"do": "aggregate", "by": ["a"], "measures": [{"function": "sum"}], "minimum": 5}),
         "steps[0].measures"),
        (recipe({"do": "aggregate", "by": ["a"], "measures": [{"function": "count"}], "minimum": 5}, BAND),
         "steps[0].do"),
        (recipe(BAND, hierarchies={"region": TREE}), "hierarchies.region"),
        (recipe(BAND, hierarchies={"own": []}), "hierarchies.own"),
        (recipe(BAND, hierarchies={"own": [["a"]]}), "hierarchies.own[0]"),
        (recipe(BAND, hierarchies={"own": [["a", "x"], ["a", "y"]]}), "hierarchies.own[1]"),
        (recipe(BAND, hierarchies={"own": [["a", "x", "1"], ["b", "x", "2"]]}), "hierarchies.own[1]"),
        (recipe(BAND, hierarchies={"own": [["a", 1]]}), "hierarchies.own[0]"),
    ],
)  # fmt: skip
def test_malformed_recipe_names_the_place(given, field):
    assert refused(given) == ("recipe_malformed", field)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (recipe(BAND, code="x"), "recipe.code"),
        (recipe({**BAND, "sql": "x"}), "steps[0].sql"),
        (recipe({"do": "drop", "column": "a", "level": 1}), "steps[0].level"),
    ],
)
def test_unknown_key_is_refused(given, field):
    assert refused(given) == ("recipe_unknown_field", field)


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, '"' + "x" * document.MOST_BYTES + '"'])
def test_no_json_is_refused(content):
    with pytest.raises(BadCommand) as refusal:
        document.loads(content)
    assert refusal.value.params == {"field": "JSON"}


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"do": "drop", "column": "b"}, "recipe_unknown_column"),
        ({"do": "suppress", "columns": ["age"], "k": 5, "subject": "who"}, "recipe_unknown_column"),
        ({"do": "aggregate", "by": ["age"], "measures": [{"function": "sum", "column": "b"}], "minimum": 5},
         "recipe_unknown_column"),
        ({"do": "band", "column": "name", "width": 5}, "recipe_wrong_type"),
        ({"do": "top_code", "column": "age", "at": "2026-01-01"}, "recipe_wrong_type"),
        ({"do": "top_code", "column": "age", "at": 1.5}, "recipe_wrong_type"),
        ({"do": "aggregate", "by": ["age"], "measures": [{"function": "mean", "column": "name"}], "minimum": 5},
         "recipe_wrong_type"),
    ],
)  # fmt: skip
def test_step_has_to_suit_the_columns(step, code):
    (read,) = document.read(recipe(step)).steps
    with pytest.raises(BadCommand) as refusal:
        document.check_columns(read, 1, [Column("age", "integer"), Column("name", "text")])
    assert (refusal.value.code, refusal.value.params["step"]) == (code, 1)


def test_every_parameter_kind_is_checked():
    assert {field.kind for kind in KINDS.values() for field in kind.fields.values()} <= set(document._CHECKS)
