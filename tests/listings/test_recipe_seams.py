"""Where recipes, kept files and reports meet other work: an older recipe, a job under way, marks, numbers."""

import json

import pytest
import time_machine
from django.test import Client

from listings import operations
from listings.models import AppliedRecipe, InHouseReport, Job, Version
from listings.operations import in_house, mending, recipes
from marketplace.errors import InvalidState
from tests.listings.test_in_house import announce
from tests.listings.test_listing import start
from tests.listings.test_recipes import alive, failed, run, who  # noqa: F401
from tests.pages.conftest import BACKEND
from tests.workflow.memory import remembered_sandbox  # noqa: F401

UNTOUCHED = {"before": {"k": 1}, "after": {"k": 1}, "losses": [], "rows_in": 600, "rows_out": 600}


def recipe_for(version, act, **fields):
    """A recipe as the search would keep it, without the search."""
    job = Job.objects.create(
        version=version, kind="suggest", state="done", requested_by=act["actor"], created_at=act["at"]
    )
    given = {
        "assessment": version.assessments.order_by("-pk").first(), "number": version.recipes.count() + 1,
        "origin": "found", "document": {"recipe": 1, "steps": [{"do": "drop", "column": "电话"}]},
        "figures": UNTOUCHED,
    }  # fmt: skip
    return version.recipes.create(job=job, by=act["actor"], at=act["at"], **{**given, **fields})


def test_recipe_of_an_earlier_failure_another_version_or_without_steps_is_not_applied(world, failed, who):  # noqa: F811
    old, empty = recipe_for(failed, who), recipe_for(failed, who, document=None)
    run(operations.request_assessment(version=failed, **who), who["at"])
    assert failed.assessments.count() == 2
    fresh = recipe_for(failed, who)
    foreign = recipe_for(world.version, who, assessment=fresh.assessment)
    for recipe in (old, empty, foreign):
        with pytest.raises(InvalidState):
            operations.apply_recipe(version=failed, recipe=recipe, **who)
    assert operations.apply_recipe(version=failed, recipe=fresh, **who).wish == {"recipe": fresh.pk}


def test_recipe_whose_file_was_measured_again_meanwhile_is_not_applied_by_its_job(world, failed, who):  # noqa: F811
    job = operations.apply_recipe(version=failed, recipe=recipe_for(failed, who), **who)
    there = failed.assessments.get()
    there.pk = None
    there.save()  # as a worker that fell silent would leave it
    run(job, who["at"])
    assert (job.state, job.problem["code"], AppliedRecipe.objects.count()) == ("failed", "no_file", 0)
    assert alive(failed) == ["parquet"]


def test_result_keeps_the_marks_and_has_those_that_were_measured(world, failed, who):  # noqa: F811
    Version.objects.get(pk=failed.pk).columns.filter(name="区县").update(role="plain")
    run(operations.apply_recipe(version=failed, recipe=recipe_for(failed, who), **who), who["at"])
    roles = dict(failed.columns.values_list("name", "role"))
    assert roles == {"年龄": "quasi_identifier", "区县": "quasi_identifier", "科类": "sensitive"}
    assert failed.rows != 0 and Version.objects.get(pk=failed.pk).rows == 600


def test_recipes_of_a_second_job_are_numbered_on(failed, who):  # noqa: F811
    for number, column in enumerate(("电话", "年龄"), start=1):
        own = {"recipe": 1, "steps": [{"do": "drop", "column": column}]}
        job = run(operations.try_recipe(version=failed, recipe=json.dumps(own), **who), who["at"])
        assert job.recipes.get().number == number


def test_file_is_not_destroyed_under_a_job_and_an_unfailed_one_not_at_all(world, failed, who):  # noqa: F811
    operations.suggest_recipe(version=failed, **who)
    with pytest.raises(InvalidState):
        operations.destroy_file(version=failed, **who)
    assert alive(failed) == ["parquet"]
    operations.cancel_job(version=failed, **who)
    operations.destroy_file(version=failed, **who)
    with pytest.raises(InvalidState):
        operations.destroy_file(version=failed, **who)


def test_what_ends_a_kept_file_ends_the_work_on_it_and_leaves_an_upload_that_is_read(world, failed, who):  # noqa: F811
    job = operations.suggest_recipe(version=failed, **who)
    mending._cancel(failed)
    job.refresh_from_db()
    assert job.state == "cancelled"
    upload = operations.start_upload(version=failed, name="next.csv", size=10, **who)
    job = Job.objects.create(
        version=failed, kind="read", upload=upload, requested_by=who["actor"], created_at=who["at"]
    )
    mending._cancel(failed)
    job.refresh_from_db()
    assert job.state == "queued"


@pytest.mark.parametrize(
    ("codes", "mendable"),
    [
        ([], False),
        (["mobile_found"], True),
        (["mobile_found", "mobile_in_name"], False),
        (["k_too_small", "no_quasi_identifier"], False),
        (["mere_copy"], False),
    ],
)
def test_only_what_changing_cells_mends_is_kept(codes, mendable):
    assert mending.is_mendable({"reasons": [{"code": code} for code in codes]}) is mendable


def test_subject_at_fault_is_not_dropped_and_groups_blame_no_column(failed):  # noqa: F811
    report = failed.assessments.get()
    blame = [("电话", "mobile_found"), ("编号", "invertible"), (None, "k_too_small"), ("科类", "l_too_small")]
    report.report["reasons"] = [{"column": column, "code": code} for column, code in blame]
    assert recipes._at_fault(report, {"subject": "编号"}) == {"电话"}


def test_a_version_takes_so_many_reports_and_no_more(world):
    draft = start(world)
    one = announce(world, draft)
    for n in range(in_house.MOST_REPORTS - 1):
        InHouseReport.objects.create(**{**_fields(one), "sha256": f"{n:064x}"})
    assert announce(world, draft) == one  # it is there already
    one.delete()
    again = announce(world, draft)
    InHouseReport.objects.filter(pk=again.pk).update(sha256="f" * 64)
    with pytest.raises(InvalidState):
        announce(world, draft)


def _fields(report):
    return {
        field.attname: getattr(report, field.attname) for field in report._meta.concrete_fields if field.name != "id"
    }


def test_report_made_in_house_is_shown_to_its_seller_and_to_no_other_party(world):
    draft = start(world)
    made = announce(world, draft)
    with time_machine.travel(world.at, tick=False):
        for role, sees in (("seller", True), ("buyer", False), ("provider", False)):
            client = Client()
            client.force_login(world[role], backend=BACKEND)
            assert (made.fingerprint in client.get(draft.get_absolute_url()).content.decode()) is sees, role
