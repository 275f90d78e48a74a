"""A seller's own hierarchy and exact levels: from the CSV to the comparison, the applied file and its record."""

import hashlib
import io
import json

import pytest
from django.core.exceptions import ValidationError

from listings import files, operations, recipe_words
from listings.deidentification import progress
from listings.deidentification.recipe.apply import apply_command
from listings.models import AppliedRecipe, Hierarchy, Job, Stage
from listings.operations import recipes
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from tests.api.conftest import partner  # noqa: F401
from tests.listings.deidentification.samples import canonical
from tests.listings.test_recipe_seams import recipe_for
from tests.listings.test_recipes import failed, run, suggest, visits, who  # noqa: F401
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

CSV = "鼓楼区;福州中部;福州\n台江区;福州南部;福州\n".encode()
AGES = "".join(f"{age};{age // 20 * 20}起;*\n" for age in range(20, 60)).encode()


def bring(version, act, column="区县", content=CSV):
    return operations.bring_hierarchy(version=version, column=column, content=content, **act)


def test_exact_levels_and_own_hierarchies_are_tried_applied_and_recorded(world, failed, who, client):  # noqa: F811
    kept = bring(failed, who, "年龄", AGES)
    assert (kept.height, kept.sha256) == (2, hashlib.sha256(AGES).hexdigest())
    best = suggest(failed, who, exactly={"年龄": 1}, at_most={"区县": 0})[0]
    step = {"do": "generalise", "column": "年龄", "hierarchy": "own 1", "level": 1}
    assert step in best.document["steps"] and list(best.document["hierarchies"]) == ["own 1"]
    assert (best.origin, best.bounds["exactly"], best.bounds["hierarchies"]) == (
        "chosen", {"年龄": 1}, {"年龄": kept.sha256}
    )  # fmt: skip
    assert (best.figures["after"]["k"], best.figures["after"]["classes"]) == (150, 4)
    losses = {row["column"]: row["loss"] for row in best.figures["losses"]}
    assert 0 < losses["年龄"] < 1 and losses["区县"] == 0
    client.force_login(world["seller"])
    shown = client.get(failed.get_absolute_url()).context["workbench"]
    told = [(band["label"], [cell["rows"] for cell in band["cells"]]) for band in shown["bands"]]
    assert [band for band in told if any(band[1])] == [("1", [600, 0]), ("100+", [0, 600])]
    assert dict(shown["losses"])["区县"][0] == "0.0 %" and shown["figures"][1][1] == [1, 150]
    run(operations.apply_recipe(version=failed, recipe=best, **who), world.at)
    recorded = next(
        one.facts for one in failed.steps.order_by("number") if one.facts and one.facts["do"] == "generalise"
    )
    assert (recorded["hierarchy_sha256"], recorded["rows_touched"]) == (kept.sha256, 600)
    assert recorded["recipe_sha256"] == AppliedRecipe.objects.get().record["recipe_sha256"]
    assert kept.sha256 in client.get(failed.get_absolute_url()).content.decode()
    assert not Hierarchy.objects.exists()  # gone with the file it was for
    run(failed.jobs.get(kind="assess", state="queued"), world.at)
    failed.refresh_from_db()
    assert failed.state == "assessed"


def test_levels_that_miss_are_compared_all_the_same(world, failed, who, client):  # noqa: F811
    bring(failed, who, "年龄", "".join(f"{age};{age}岁;*\n" for age in range(20, 60)).encode())
    missed = suggest(failed, who, exactly={"年龄": 1}, at_most={"区县": 0}, suppression=0.0)[0]
    assert (missed.origin, missed.reaches, missed.figures["after"]["k"]) == ("chosen", False, 15)
    client.force_login(world["seller"])
    page = client.get(failed.get_absolute_url())
    assert page.context["workbench"]["missed"]["chosen"] is True
    assert page.context["workbench"]["figures"][1][1] == [1, 15]
    form = client.get(f"/version/{failed.pk}/apply-recipe/", headers={"Accept-Language": "en"}).context["form"]
    assert "the file would fail again" in str(form["recipe"])


def test_form_offers_each_level_by_what_it_does(world, failed, who, client):  # noqa: F811
    bring(failed, who)
    suggest(failed, who)
    levels = recipe_words.levels_of(failed)
    assert levels["区县"] == ["福州中部, 福州南部", "福州"]
    assert len(levels["年龄"]) == 4 and all("年龄" in each for each in levels["年龄"])
    client.force_login(world["seller"])
    address = f"/version/{failed.pk}/suggest-recipe/"
    names = client.get(address).context["form"].columns
    chosen = {f"column_{names.index('年龄')}": "=2", f"column_{names.index('区县')}": "=1", "suppression": "0"}
    client.post(address, chosen)
    wish = Job.objects.order_by("-pk").first().wish
    assert (wish["exactly"], wish["at_most"], wish["drop"]) == ({"年龄": 2, "区县": 1}, {}, [])
    assert client.post(address, {f"column_{names.index('区县')}": "=3"}).status_code == 422


def test_form_begins_where_the_last_search_was(world, failed, who, client):  # noqa: F811
    bring(failed, who)
    why = [{"column": "年龄", "levels": 5, "rungs": []}]
    bounds = {"suppression": 0.015, "at_most": {"年龄": 3}, "exactly": {"区县": 1}, "drop": ["电话"], "hierarchies": {}}
    recipe_for(failed, who, bounds=bounds, suggestion={"why": why})
    client.force_login(world["seller"])
    form = client.get(f"/version/{failed.pk}/suggest-recipe/").context["form"]
    begun = {name: form[f"column_{place}"].value() for place, name in enumerate(form.columns)}
    assert begun == {"电话": "drop", "年龄": "3", "区县": "=1"} and form["suppression"].value() == 1.5
    assert all(f'value="{value}" selected' in str(form) for value in begun.values())


def test_brought_again_it_takes_the_place_of_the_first_and_can_be_taken_back(world, failed, who):  # noqa: F811
    bring(failed, who)
    bring(failed, who, content=CSV.replace("福州".encode(), "榕城".encode()))
    assert [one.rows[0][2] for one in failed.hierarchies.all()] == ["榕城"]
    bring(failed, who, content=None)
    assert not failed.hierarchies.exists()
    with pytest.raises(ValidationError):
        bring(failed, who, content=None)
    entries = Entry.objects.filter(verb="bring_hierarchy").order_by("pk")
    details = [json.loads(entry.detail.json) for entry in entries]
    assert [(one["column"], one.get("values")) for one in details] == [("区县", 2), ("区县", 2), ("区县", None)]


def test_who_and_when(world, failed, who):  # noqa: F811
    before = rows()
    for person in ("buyer", "officer", "provider"):
        with pytest.raises(NotAllowed):
            bring(failed, {**who, "actor": world[person]})
    with pytest.raises(ValidationError) as refused:
        bring(failed, who, "科类")
    assert list(refused.value.message_dict) == ["column"]
    assert rows() == before
    operations.suggest_recipe(version=failed, **who)
    with pytest.raises(InvalidState):
        bring(failed, who)


def test_it_goes_with_the_file(world, failed, who):  # noqa: F811
    bring(failed, who)
    operations.destroy_file(version=failed, **who)
    assert files.current(failed) is None and not Hierarchy.objects.exists()
    with pytest.raises(InvalidState):
        bring(failed, who)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("鼓楼区;福州\n台江区\n", "Row 2"),
        ("鼓楼区;福州\n台江区;=HYPERLINK(1)\n", "Row 2, column 2"),
        ("鼓楼区;甲;1\n台江区;甲;2\n", "“甲” lies under “2”"),
        ("\x00", "neither UTF-8 nor GB 18030"),
    ],
)
def test_faulty_file_is_refused_on_every_face_with_its_place(world, failed, client, partner, content, said):  # noqa: F811
    before = rows()

    def sent():
        file = io.BytesIO(content.encode())
        file.name = "own.csv"
        return {"column": "区县", "hierarchy": file}

    client.force_login(world["seller"])
    page = client.post(f"/version/{failed.pk}/bring-hierarchy/", sent(), headers={"Accept-Language": "en"})
    assert page.status_code == 422 and said in page.content.decode()
    answer = partner("seller").post(f"versions/{failed.pk}/bring-hierarchy/", sent())
    assert answer.status_code == 422 and said in str(answer.json())
    assert not Hierarchy.objects.exists() and rows().keys() == before.keys()


def test_progress_of_a_search_goes_up_over_finding_and_trying(monkeypatch):
    assert set(progress.STAGES) == set(Stage.values)
    seen = []
    for begin, share in ((0, recipes.FOUND), (recipes.FOUND, 25), (recipes.FOUND + 25, 25)):
        watch = recipes._part(lambda stage, percent: seen.append((stage, percent)) or True, begin, share)
        assert watch("applying", 0) and watch("comparing", 100)
    assert [percent for _, percent in seen] == [0, 50, 50, 75, 75, 100]


def test_application_tells_how_far_it_is(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(progress, "report", lambda stage, percent: told.append((stage, percent)))
    parquet = canonical(tmp_path, ["a", "b", "c"], [(1, 2, 3)] * 9)
    told.clear()
    recipe = {"recipe": 1, "steps": [{"do": "drop", "column": "a"}, {"do": "drop", "column": "b"}]}
    apply_command({"parquet": str(parquet), "target": str(tmp_path / "o.parquet"), "recipe": recipe})
    assert told == [("applying", 23), ("applying", 46), ("comparing", 70)]
