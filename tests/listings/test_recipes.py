"""A file that failed is kept for a short term, mended by a recipe, assessed by itself; nobody else ever gets it."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from listings import files, operations
from listings.models import AppliedRecipe, Job, Recipe, Version, VersionFile
from listings.operations import jobs
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from tests.listings.test_listing import assess, start, stored, write
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

ROLES = {"年龄": "quasi_identifier", "区县": "quasi_identifier", "科类": "sensitive"}
NAMES = ("电话", "年龄", "区县", "科类")


def visits():
    """600 people: ages by the year stand out, bands of them do not; a column of mobile numbers has to go."""
    data = [
        (f"1390591{n:04d}", 20 + n * 7 % 40, ("鼓楼区", "台江区")[n % 2], ("甲", "乙", "丙")[n // 2 % 3])
        for n in range(600)
    ]
    return write("visits.csv", NAMES, data)


@pytest.fixture
def failed(world, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        version = assess(world, start(world), ROLES, visits())
    return Version.objects.get(pk=version.pk)


@pytest.fixture
def who(world):
    return {"actor": world["seller"], "at": world.at}


def told(kind):
    rows = Outbox.objects.filter(kind=kind, channel="page").order_by("pk")
    return [one.recipient_ref for one in rows]


def run(job, at):
    assert operations.run_assessment(job=job, at=at)
    job.refresh_from_db()
    return job


def suggest(version, who, **wish):
    job = run(operations.suggest_recipe(version=version, **who, **wish), who["at"])
    assert (job.state, job.problem) == ("done", {})
    return list(job.recipes.order_by("number"))


def alive(version):
    return list(VersionFile.objects.filter(version=version, destroyed_at=None).values_list("kind", flat=True))


def verbs_of(version):
    entries = Entry.objects.filter(object_type="listings.version", object_id=str(version.pk))
    return list(entries.order_by("pk").values_list("verb", flat=True))


# --- kept, and destroyed ---------------------------------------------------------------------------------------------


def test_only_the_canonical_file_is_kept_in_quarantine_for_the_term(world, failed):
    report = failed.assessments.get().report
    assert (failed.state, report["passes"]) == ("draft", False)
    assert {reason["code"] for reason in report["reasons"]} >= {"mobile_found"}
    assert alive(failed) == ["parquet"]
    assert files.current(failed).key.startswith("quarantine/")
    assert not any(column.profile for column in failed.columns.all())
    assert clock.of(failed).open().get().kind == Kind.MENDING
    with pytest.raises(InvalidState):
        operations.submit_version(version=failed, actor=world["seller"], at=world.at)


def test_file_whose_fault_is_in_the_marks_is_destroyed_at_once(world):
    data = [("甲", n % 7) for n in range(50)]
    version = assess(world, start(world), {}, write("plain.csv", ("科类", "费用"), data))
    assert "no_quasi_identifier" in {one["code"] for one in version.assessments.get().report["reasons"]}
    assert (alive(version), version.columns.count(), clock.of(version).open().count()) == ([], 0, 0)


def test_sweep_destroys_the_file_when_its_term_is_over_and_not_before(
    world, failed, who, django_capture_on_commit_callbacks
):
    job = operations.suggest_recipe(version=failed, **who)
    end = clock.of(failed).open().get().due_at
    assert operations.sweep_failed_files(at=end - timedelta(seconds=1)) == 0
    assert alive(failed) == ["parquet"]
    key = files.current(failed).key
    with django_capture_on_commit_callbacks(execute=True):
        assert [operations.sweep_failed_files(at=end) for _ in range(2)] == [1, 0]
    assert (alive(failed), failed.columns.count(), key in stored()) == ([], 0, False)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert verbs_of(failed)[-1] == "destroy_file"
    assert failed.assessments.count() == 1  # the report stays


def test_second_failure_begins_no_new_term(world, failed, who):
    due = clock.of(failed).open().get().due_at
    later = {**who, "at": world.at + timedelta(hours=20)}
    run(operations.request_assessment(version=failed, **later), later["at"])
    assert failed.assessments.count() == 2
    assert clock.of(failed).open().get().due_at == due


@pytest.mark.parametrize("way", ["destroy_file", "discard_version", "upload", "withdraw_product"])
def test_every_way_out_destroys_the_file_and_ends_the_term(world, failed, who, way):
    digest = files.current(failed).sha256
    if way == "upload":
        path = write("next.csv", NAMES[1:], [(30, "鼓楼区", "甲")] * 30)
        operations.upload_file(version=failed, path=path, name=path.name, **who)
    elif way == "withdraw_product":
        operations.withdraw_product(product=failed.product, reason="停售", **who)
    else:
        getattr(operations, way)(version=failed, **who)
    assert VersionFile.objects.get(version=failed, sha256=digest).destroyed_at == world.at
    assert not clock.of(failed).open().exists()
    if way != "upload":
        assert alive(failed) == []


def test_only_its_seller_has_to_do_with_it(world, failed):
    before = rows()
    for person in ("buyer", "officer", "provider"):
        act = {"version": failed, "actor": world[person], "at": world.at}
        for verb, given in (("suggest_recipe", {}), ("try_recipe", {"recipe": "{}"}), ("destroy_file", {})):
            with pytest.raises(NotAllowed):
                getattr(operations, verb)(**act, **given)
    assert rows() == before


# --- a recipe --------------------------------------------------------------------------------------------------------


def test_from_a_file_that_fails_to_one_that_is_submitted(world, failed, who, django_capture_on_commit_callbacks):
    digest, key = files.current(failed).sha256, files.current(failed).key
    found = suggest(failed, who)
    best = found[0]
    assert told("recipe_found") == [world["seller"].ledger_ref] and not told("recipe_none")
    assert [one.origin for one in found] == ["found", *["alternative"] * (len(found) - 1)]
    assert {"do": "drop", "column": "电话"} in best.document["steps"]
    assert best.figures["before"]["k"] < 20 <= best.figures["after"]["k"]
    assert alive(failed) == ["parquet"]
    with django_capture_on_commit_callbacks(execute=True):
        run(operations.apply_recipe(version=failed, recipe=best, **who), world.at)
    applied = AppliedRecipe.objects.get()
    result = files.current(failed)
    assert (applied.sha256_in, applied.sha256_out, applied.by) == (digest, result.sha256, world["seller"])
    assert result.sha256 != digest and key not in stored()
    assert list(failed.columns.order_by("position").values_list("name", flat=True)) == list(NAMES[1:])
    steps = [step for step in failed.steps.order_by("number") if step.facts]
    assert [step.facts["do"] for step in steps] == [step["do"] for step in best.document["steps"]]
    assert {(step.is_measured, step.hash_in, step.hash_out) for step in steps} == {(True, digest, result.sha256)}
    assert steps[0].facts["rows_touched"] == 600
    waiting = failed.jobs.get(kind="assess", state="queued")  # by itself
    run(waiting, world.at)
    failed.refresh_from_db()
    assert failed.state == "assessed"
    assert not clock.of(failed).open().exists()
    operations.submit_version(version=failed, **who)
    assert failed.state == "submitted"
    asked = ["suggest_recipe", "keep_recipe", "apply_recipe", "mend", "request_assessment", "assess", "submit"]
    assert verbs_of(failed)[-len(asked) :] == asked


def test_asking_twice_is_asking_once_and_an_applied_recipe_is_spent(world, failed, who):
    first, again = (operations.suggest_recipe(version=failed, **who) for _ in range(2))
    assert first.pk == again.pk
    run(first, world.at)
    recipe = first.recipes.get(number=1)
    job, same = (operations.apply_recipe(version=failed, recipe=recipe, **who) for _ in range(2))
    assert job.pk == same.pk
    run(job, world.at)
    with pytest.raises(InvalidState):
        operations.apply_recipe(version=failed, recipe=recipe, **who)
    assert AppliedRecipe.objects.count() == 1


def test_bounds_are_kept_and_a_column_can_be_dropped(failed, who):
    best = suggest(failed, who, drop=("年龄",), suppression=0.0)[0]
    assert {"do": "drop", "column": "年龄"} in best.document["steps"]
    assert best.figures["rows_out"] == 600
    assert best.bounds == {
        "suppression": 0.0, "at_most": {}, "exactly": {}, "drop": ["年龄"], "hierarchies": {},
    }  # fmt: skip
    missed = suggest(failed, who, at_most={"年龄": 0, "区县": 0}, suppression=0.0)[0]
    assert (missed.document, missed.suggestion["binding"]) == (None, "年龄")
    assert (len(told("recipe_found")), len(told("recipe_none"))) == (1, 1)


def test_cancelled_application_changes_nothing(world, failed, who, monkeypatch):
    recipe = suggest(failed, who)[0]
    before = files.current(failed).sha256
    job = operations.apply_recipe(version=failed, recipe=recipe, **who)
    real = files.put

    def cancel_meanwhile(*args, **options):
        operations.cancel_job(version=failed, **who)
        return real(*args, **options)

    monkeypatch.setattr(files, "put", cancel_meanwhile)
    there = stored()
    assert operations.run_assessment(job=job, at=world.at) is False
    assert (files.current(failed).sha256, AppliedRecipe.objects.count()) == (before, 0)
    assert stored() == there


def test_discarded_draft_gets_no_result(world, failed, who):
    recipe = suggest(failed, who)[0]
    job = operations.apply_recipe(version=failed, recipe=recipe, **who)
    with pytest.raises(InvalidState):
        operations.discard_version(version=failed, **who)
    Version.objects.filter(pk=failed.pk).update(state="discarded")  # as a faster transaction would leave it
    operations.run_assessment(job=job, at=world.at)
    job.refresh_from_db()
    assert (job.state, job.problem["code"], AppliedRecipe.objects.count()) == ("failed", "no_file", 0)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("nothing", "JSON"),
        ("[" * 100_000, "JSON"),
        ('{"recipe": 2, "steps": []}', "recipe"),
        ('{"recipe": 1, "steps": [{"do": "exec", "column": "x"}]}', "steps[0].do"),
        ('{"recipe": 1, "steps": [{"do": "truncate", "column": "年龄", "length": -1}]}', "steps[0].length"),
        ('{"recipe": 1, "steps": [], "files": "/etc/passwd"}', "files"),
    ],
)
def test_hostile_recipe_is_refused_with_the_place_of_its_fault(failed, who, text, place):
    before = rows()
    with pytest.raises(ValidationError) as refused:
        operations.try_recipe(version=failed, recipe=text, **who)
    assert place in refused.value.message_dict["recipe"][0]
    assert rows() == before


def test_own_recipe_that_does_not_fit_the_file_fails_at_once_with_its_step(world, failed, who):
    own = {"recipe": 1, "steps": [{"do": "drop", "column": '"; DROP TABLE data; --'}]}
    job = run(operations.try_recipe(version=failed, recipe=json.dumps(own), **who), world.at)
    assert (job.state, job.problem["code"], job.attempts) == ("failed", "recipe_unknown_column", 1)
    assert told("recipe_failed") == [world["seller"].ledger_ref]
    said = Outbox.objects.get(kind="recipe_failed", channel="page").context["reason"]
    assert "DROP TABLE" in said["en"] and said["en"] != said["zh-hans"]
    assert Recipe.objects.count() == 0


def test_own_recipe_is_tried_and_compared(world, failed, who):
    own = {"recipe": 1, "steps": [{"do": "drop", "column": "电话"}, {"do": "band", "column": "年龄", "width": 20}]}
    job = run(operations.try_recipe(version=failed, recipe=json.dumps(own), **who), world.at)
    recipe = job.recipes.get()
    assert (recipe.origin, recipe.document["steps"][1]["width"]) == ("written", 20)
    assert recipe.figures["after"]["classes"] == 4
    assert {row["column"]: row["loss"] for row in recipe.figures["losses"]}["电话"] == 1.0


# --- pages -----------------------------------------------------------------------------------------------------------


def test_page_shows_before_and_after_and_the_recipe_is_its_sellers(world, failed, who, client):
    recipe = suggest(failed, who)[0]
    client.force_login(world["seller"])
    page = client.get(failed.get_absolute_url())
    assert page.context["workbench"]["head"][0] == str(recipe)
    assert page.context["workbench"]["figures"][1][1][:2] == [
        recipe.figures["before"]["k"],
        recipe.figures["after"]["k"],
    ]
    link = f"/recipe/{recipe.pk}/recipe.json"
    assert link in page.content.decode()
    assert client.get(link).json() == recipe.document
    client.force_login(world["buyer"])
    assert client.get(link).status_code == 404
    assert client.get(failed.get_absolute_url()).status_code == 404


def test_form_turns_what_was_chosen_into_bounds(world, failed, who, client):
    suggest(failed, who)
    client.force_login(world["seller"])
    address = f"/version/{failed.pk}/suggest-recipe/"
    assert client.get(address).status_code == 200
    client.post(address, {"suppression": "1.5", "column_0": "0", "column_1": "drop"})
    job = Job.objects.order_by("-pk").first()
    names = failed.assessments.get().report["with_suggested"]["quasi_identifiers"]
    assert job.wish == {
        "suppression": 0.015, "at_most": {names[0]: 0}, "exactly": {}, "drop": [names[1]], "hierarchies": {},
    }  # fmt: skip
    assert jobs.open_job(failed) == job


def test_stages_have_a_file_that_failed(world):
    version, _ = stages.version(world, "draft+failed")
    assert alive(version) == ["parquet"]
