"""The page on which a recipe is put together: every kind of step, in words and numbers, without JSON."""

import pytest

from listings import forms_steps
from listings.models import Job
from tests.listings.test_recipe_seams import recipe_for
from tests.listings.test_recipes import failed, run, who  # noqa: F401
from tests.workflow.memory import remembered_sandbox  # noqa: F401

OWN = {"鼓楼区": [["鼓楼区", "福州"], ["台江区", "福州"]]}
KINDS = [
    (("drop", "电话", ""), {"do": "drop", "column": "电话"}),
    (("mask", "电话", "3 4"), {"do": "mask", "column": "电话", "keep_first": 3, "keep_last": 4}),
    (("mask", "电话", ""), {"do": "mask", "column": "电话"}),
    (("truncate", "区县", "１"), {"do": "truncate", "column": "区县", "length": 1}),
    (("generalise:region", "区县", "2"), {"do": "generalise", "column": "区县", "hierarchy": "region", "level": 2}),
    (("generalise:鼓楼区", "区县", "1"), {"do": "generalise", "column": "区县", "hierarchy": "鼓楼区", "level": 1}),
    (("band", "年龄", "10"), {"do": "band", "column": "年龄", "width": 10}),
    (("band", "年龄", "18，35、60.5"), {"do": "band", "column": "年龄", "edges": [18, 35, 60.5]}),
    (("top_code", "年龄", "50"), {"do": "top_code", "column": "年龄", "at": 50}),
    (("bottom_code", "生日", "1940-01-01"), {"do": "bottom_code", "column": "生日", "at": "1940-01-01"}),
    (("surrogate", "电话", ""), {"do": "surrogate", "column": "电话"}),
]


@pytest.mark.parametrize(("row", "step"), KINDS)
def test_row_is_a_step_and_a_step_is_a_row(row, step):
    read = forms_steps.read_row(*row)
    forms_steps.check_row(read, OWN)
    assert read == step
    [again] = forms_steps.rows_of({"steps": [read]})
    assert forms_steps.read_row(**again) in (step, {**step, "keep_first": 0, "keep_last": 0})


@pytest.mark.parametrize(
    ("do", "how"),
    [
        ("mask", "three"), ("mask", "1 2 3"), ("truncate", ""), ("truncate", "0"), ("truncate", "2 3"),
        ("generalise:region", ""), ("generalise:region", "9"), ("generalise:none", "1"), ("band", "60 18"),
        ("band", "0"), ("band", "ten"), ("top_code", ""), ("top_code", "1940-13-01"), ("bottom_code", "nan"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_is_asked_for(do, how):
    with pytest.raises(forms_steps.Malformed) as refused:
        forms_steps.check_row(forms_steps.read_row(do, "年龄", how), OWN)
    assert str(refused.value)


def sent(*rows, **others):
    names = ("do", "column", "how")
    return {f"{names[at]}_{n}": value for n, row in enumerate(rows) for at, value in enumerate(row)} | others


def wished(client, failed, data):  # noqa: F811
    """What the page asked for; the answer is the page again where it asked for nothing."""
    answer = client.post(f"/version/{failed.pk}/try-recipe/", data)
    job = Job.objects.filter(version=failed).order_by("-pk").first()
    return answer, job.wish.get("recipe")


def test_steps_chosen_on_the_page_are_tried_and_shown_before_and_after(world, failed, who, client):  # noqa: F811
    client.force_login(world["seller"])
    rows = [("mask", "电话", ""), ("bottom_code", "年龄", "30"), ("top_code", "年龄", "45"), ("", "", ""),
            ("surrogate", "科类", "")]  # fmt: skip
    answer, recipe = wished(client, failed, sent(*rows, smallest="20", fewest="20"))
    assert answer.status_code == 302
    assert [step["do"] for step in recipe["steps"]] == ["mask", "bottom_code", "top_code", "surrogate", "suppress"]
    assert set(recipe["steps"][-1]["columns"]) >= {"年龄", "区县"}
    assert (recipe["steps"][-1]["k"], recipe["steps"][-1]["sensitive"]) == (20, ["科类"])
    job = run(Job.objects.get(version=failed, state="queued"), world.at)
    page = client.get(failed.get_absolute_url(), headers={"Accept-Language": "zh-hans"})
    shown = page.context["workbench"]
    assert (len(shown["steps"]), shown["head"], shown["candidates"][0].job) == (5, [str(job.recipes.get())], job)
    assert shown["figures"][1][1][0] < 20 <= shown["figures"][1][1][1]
    form = client.get(f"/version/{failed.pk}/try-recipe/").context["form"]
    assert [form[f"do_{n}"].value() for n in range(4)] == ["mask", "bottom_code", "top_code", "surrogate"]
    assert (form["how_1"].value(), form["smallest"].value(), form.rows) == ("30", 20, 7)


def test_groups_are_counted_last_and_dropped_columns_are_not_asked_for(world, failed, who, client):  # noqa: F811
    recipe_for(failed, who, document={"recipe": 1, "steps": [{"do": "drop", "column": "电话"}]})
    client.force_login(world["seller"])
    others = {"smallest": "5", "group_by": ["区县"], "sums": ["年龄"], "means": ["年龄"], "fewest": "30"}
    _answer, recipe = wished(client, failed, sent(("drop", "电话", ""), **others))
    suppress, aggregate = recipe["steps"][1:]
    assert "电话" not in suppress["columns"]
    assert aggregate == {
        "do": "aggregate", "by": ["区县"], "minimum": 30,
        "measures": [{"function": "count"}, *({"function": one, "column": "年龄"} for one in ("sum", "mean"))],
    }  # fmt: skip
    again = forms_steps.groups_of(recipe)
    assert again == {"smallest": 5, "group_by": ["区县"], "sums": ["年龄"], "means": ["年龄"], "fewest": 30}
    job = run(Job.objects.get(version=failed, state="queued"), world.at)
    assert [one.figures["rows_out"] for one in job.recipes.all()] == [2]
    shown = client.get(failed.get_absolute_url()).context["workbench"]["figures"]
    assert (shown[0][1], shown[1][1][1]) == ([600, 2], "–")


def test_fault_is_said_beside_its_step_and_the_page_works_by_labels(world, failed, who, client):  # noqa: F811
    client.force_login(world["seller"])
    answer, recipe = wished(client, failed, sent(("mask", "", ""), ("band", "年龄", "ten"), ("band", "年龄", "5")))
    form = answer.context["form"]
    assert (answer.status_code, recipe, set(form.errors)) == (422, None, {"column_0", "how_1"})
    answer, recipe = wished(client, failed, {})
    assert (answer.status_code, recipe, set(answer.context["form"].errors)) == (422, None, {"recipe"})
    page = answer.content.decode()
    for name in ("do_0", "column_0", "how_0", "smallest", "fewest"):
        assert f'for="id_{name}"' in page and f'id="id_{name}"' in page
    assert page.count("<fieldset") == page.count("</fieldset>") >= 5
