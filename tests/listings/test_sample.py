"""The sample on the public page: who has one shown, who sees it, and when it is gone."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from listings import operations, queries
from listings.deidentification import sandbox
from listings.models import Assessment, Version
from marketplace.desk.story import check_sources
from tests.listings.test_listing import VISITS, assess, start, write
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def sampled(world) -> Version:
    """Assessed, with a sample: 160 people of two districts, of the fees some too rare to be shown."""
    rows = [
        (
            f"P{n:03d}",
            ("鼓楼区", "台江区")[n % 2],
            "甲乙丙"[n // 2 % 3],
            "一二"[n // 2 % 2],
            90.5 + n if n < 40 else 12.5,
        )
        for n in range(160)
    ]
    path = write("sampled.csv", ("患者", "区县", "科类", "院区", "费用"), rows)
    roles = {**VISITS, "院区": "quasi_identifier"}
    return assess(world, start(world, shows_sample=True), roles, path)


def page_of(version, client=None) -> str:
    client = client or Client(headers={"accept-language": "en"})
    return client.get(version.get_absolute_url()).content.decode()


def publish(world, version, at):
    operations.submit_version(version=version, actor=world["seller"], at=at)
    check_sources(world.product, world["officer"], at)
    operations.approve_version(version=version, actor=world["officer"], at=at, **stages.SIGN_OFF)
    Version.objects.filter(pk=version.pk).update(state="published")
    return Version.objects.get(pk=version.pk)


def test_sample_is_drawn_by_the_assessment_and_shown_to_anybody_once_public(world, sampled):
    sample = sampled.assessments.get().sample
    assert (sample["columns"], len(sample["rows"])) == (["区县", "院区", "费用"], 20)
    assert {row[2] for row in sample["rows"]} <= {"12.5", None}
    assert Client().get(sampled.get_absolute_url()).status_code == 404
    shown = publish(world, sampled, world.at)
    for page in (page_of(shown), page_of(world.product)):
        assert "Some rows of the file" in page and "鼓楼区" in page.partition("Some rows of the file")[2]
    told = Client().get(f"/api/v1/versions/{shown.pk}/").json()
    assert (told["shows_sample"], told["sample"]) == (True, sample)


@pytest.mark.parametrize("end", ["held", "recalled", "retired", "withdrawn", "failing", "unchosen"])
def test_sample_is_gone_when_its_reason_is(world, sampled, end):
    shown = publish(world, sampled, world.at)
    if end in ("held", "recalled", "retired"):
        Version.objects.filter(pk=shown.pk).update(state=end)
    elif end == "withdrawn":
        type(shown.product).objects.filter(pk=shown.product_id).update(state="withdrawn")
    elif end == "failing":
        Assessment.objects.create(version=shown, rule_set="x", report={}, passes=False, at=world.at)
    else:
        Version.objects.filter(pk=shown.pk).update(shows_sample=False)
    assert queries.shown_sample(queries.version_page(world["officer"]).get(pk=shown.pk)) is None


def test_without_the_sellers_choice_nothing_is_drawn(world):
    made, _at = stages.version(world, "assessed")
    assert (made.shows_sample, made.assessments.get().sample) == (False, {})
    fields = {**stages.VERSION_FIELDS, "about": made.about, "shows_sample": True}
    with pytest.raises(ValidationError) as refused:
        operations.describe_version(version=made, actor=world["seller"], at=world.at, **fields)
    assert list(refused.value.message_dict) == ["shows_sample"]


def test_seller_takes_the_choice_back_and_declares_a_column(world, sampled):
    fields = {**stages.VERSION_FIELDS, "about": sampled.about, "shows_sample": True}
    declared = {"pseudonyms": "随机代号", "pseudonym_columns": ["费用"]}
    operations.describe_version(version=sampled, actor=world["seller"], at=world.at, **fields, **declared)
    page = queries.version_page(world["seller"])
    assert queries.shown_sample(page.get(pk=sampled.pk))["columns"] == ["区县", "院区"]
    operations.describe_version(
        version=sampled, actor=world["seller"], at=world.at, **{**fields, "shows_sample": False}
    )
    assert queries.shown_sample(page.get(pk=sampled.pk)) is None


def test_sample_that_cannot_be_drawn_is_none_and_the_assessment_stands(world, monkeypatch):
    real = sandbox.run

    def fail_at_the_sample(command, **options):
        return sandbox.failure("out_of_memory") if command["do"] == "sample" else real(command, **options)

    monkeypatch.setattr(sandbox, "run", fail_at_the_sample)
    made = stages.draft_with_file(world)
    Version.objects.filter(pk=made.pk).update(shows_sample=True)
    job = operations.request_assessment(version=made, actor=world["seller"], at=world.at)
    assert operations.run_assessment(job=job, at=world.at)
    made.refresh_from_db()
    assert (made.state, made.assessments.get().sample) == ("assessed", {})


def test_reassessment_draws_it_anew(world, sampled):
    shown = publish(world, sampled, world.at)
    operations.request_reassessment(version=shown, actor=world["officer"], at=world.at, reason="核查")
    assert operations.assess_due(at=world.at) == 1
    first, second = shown.assessments.order_by("pk")
    assert second.passes and second.sample == first.sample != {}
