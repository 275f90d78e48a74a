"""The way into the catalogue: what may be offered, what is measured, what happens to the files."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.utils.translation import override

from listings import files, operations
from listings.deidentification import sandbox
from listings.models import Job, Product, SourceFile, Version, VersionFile
from listings.operations.versions import what_is_missing
from marketplace.applications.models import Route
from marketplace.applications.operations.application import route_of
from marketplace.clock.working_days import local_date
from marketplace.desk.sample_data import VISIT_ROLES, write_air_quality, write_visits
from marketplace.desk.story import list_version, make_entry, make_product
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401


def stored() -> set[str]:
    """Every file under the storage."""
    root = Path(default_storage.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def start(world, product=None, about="persons", **fields) -> Version:
    return operations.create_version(
        product=product or world.product,
        actor=world["seller"],
        at=world.at,
        about=about,
        **{**stages.VERSION_FIELDS, **fields},
    )


def upload(world, version, path) -> None:
    operations.upload_file(version=version, actor=world["seller"], at=world.at, path=path, name=path.name)


def assess(world, version, roles, path) -> Version:
    upload(world, version, path)
    operations.mark_columns(version=version, actor=world["seller"], at=world.at, roles=roles)
    job = operations.request_assessment(version=version, actor=world["seller"], at=world.at)
    assert operations.run_assessment(job=job, at=world.at)
    version.refresh_from_db()
    return version


def write(name, header, data) -> Path:
    path = stages.scratch(name)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *data])
    return path


def five_visits_each(patients=40) -> Path:
    """Every patient is alone in a class of five rows: k is 5 in rows and 1 in persons."""
    data = [(f"P{n:03d}", f"区{n}", ("甲", "乙", "丙")[visit % 3]) for n in range(patients) for visit in range(5)]
    return write("visits.csv", ("患者", "区县", "科类"), data)


VISITS = {"患者": "subject", "区县": "quasi_identifier", "科类": "sensitive"}


def test_five_visits_of_one_patient_do_not_make_k_five(world, django_capture_on_commit_callbacks):
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        version = assess(world, start(world), VISITS, five_visits_each())
    assessment = version.assessments.get()
    assert (assessment.passes, assessment.report["k"]) == (False, 1)
    assert "k_too_small" in {reason["code"] for reason in assessment.report["reasons"]} or assessment.report["reasons"]
    assert (version.state, version.allowed_modes) == ("draft", [])
    original, kept = version.files.order_by("kind")
    assert (original.kind, original.destroyed_at, original.key) == ("original", world.at, "")  # the evidence stays
    assert stored() - before == {kept.key} and kept.key.startswith("quarantine/")  # to be mended (test_recipes.py)
    assert Outbox.objects.filter(kind="assessment_mendable", channel="page").count() == 1
    verbs = list(
        Entry.objects.filter(object_type="listings.version", object_id=str(version.pk))
        .order_by("pk")
        .values_list("verb", "old", "new")
    )
    assert verbs[-2:] == [("assess", "draft", "assessed"), ("fail_assessment", "assessed", "draft")]
    with pytest.raises(InvalidState):
        operations.submit_version(version=version, actor=world["seller"], at=world.at)


def test_same_rows_with_five_patients_a_class_pass(world):
    data = [(f"P{n:03d}", f"区{n // 20}", ("甲", "乙", "丙")[n % 3]) for n in range(100)]
    version = assess(world, start(world), VISITS, write("people.csv", ("患者", "区县", "科类"), data))
    report = version.assessments.get().report
    assert (version.state, report["k"]) == ("assessed", 20)
    assert version.allowed_modes == ["platform", "download"]


def test_sensor_file_with_unique_rows_about_nobody_is_listed(world):
    version = assess(world, start(world, about="none"), {}, write_air_quality(stages.scratch("air.csv")))
    assert (version.state, version.rows) == ("assessed", 896)
    list_version(version, world.cast, world.at)
    version.refresh_from_db()
    assert version.state == "published"


def test_phone_numbers_in_a_text_column_fail_and_are_named(world):
    data = [("鼓楼区", f"请回电 1380013{n:04d}") for n in range(60)]
    version = assess(world, start(world, about="none"), {}, write("notes.csv", ("区县", "备注"), data))
    report = version.assessments.get().report
    assert version.state == "draft"
    assert [reason["column"] for reason in report["reasons"]] == ["备注"]
    assert "1380013" not in str(report)


def test_version_about_nobody_has_no_subject_column(world):
    version = start(world, about="none")
    upload(world, version, five_visits_each(2))
    with pytest.raises(ValidationError):
        operations.mark_columns(version=version, actor=world["seller"], at=world.at, roles={"患者": "subject"})


@pytest.mark.parametrize("roles", [{"患者": "subject", "区县": "subject"}, {"没有": "sensitive"}])
def test_marks_that_do_not_fit_the_file_are_refused(world, roles):
    version = start(world)
    upload(world, version, five_visits_each(2))
    before = rows()
    with pytest.raises(ValidationError):
        operations.mark_columns(version=version, actor=world["seller"], at=world.at, roles=roles)
    assert rows() == before


def refused_submission(world, version) -> None:
    before = rows()
    with pytest.raises(InvalidState):
        operations.submit_version(version=version, actor=world["seller"], at=world.at)
    assert rows() == before


def test_pseudonymised_data_whose_key_somebody_kept_is_refused(world):
    draft = start(world, key_is_kept=True, key_kept_by="本单位安全科", key_kept_where="密码机")
    version = assess(world, draft, VISIT_ROLES, write_visits(stages.scratch("v.csv")))
    assert version.state == "assessed"
    refused_submission(world, version)


def test_version_without_declaration_or_lawful_source_is_refused(world):
    version, _at = stages.version(world, "assessed")
    with transaction.atomic():
        Product.objects.update(declared_at=None, declared_by=None)
        refused_submission(world, Version.objects.get(pk=version.pk))
        transaction.set_rollback(True)
    SourceFile.objects.all().delete()
    refused_submission(world, Version.objects.get(pk=version.pk))


def test_lapsed_lawful_source_is_refused_even_beside_a_valid_one(world):
    version, _at = stages.version(world, "assessed")
    today = local_date(world.at)
    source = {
        "product": world.product,
        "actor": world["seller"],
        "at": world.at,
        "kind": "statute",
        "title": "通知",
        "reference": "2号",
        "summary": "-",
    }
    with pytest.raises(ValidationError) as wrong:
        operations.add_source_file(valid_until=today - timedelta(days=1), **source)
    assert list(wrong.value.message_dict) == ["valid_until"]
    item = operations.add_source_file(valid_until=today, **source)
    with transaction.atomic():
        operations.submit_version(version=Version.objects.get(pk=version.pk), actor=world["seller"], at=world.at)
        transaction.set_rollback(True)
    SourceFile.objects.filter(pk=item.pk).update(valid_until=today - timedelta(days=1))
    refused_submission(world, Version.objects.get(pk=version.pk))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"acquisition": "sharing"}, None),
        ({"acquisition": "own_duty"}, "acquisition"),
        ({"grade": "important"}, None),
        ({"grade": "core"}, None),
    ],
)
def test_product_on_a_basis_or_of_a_grade_that_may_not_be_traded_is_refused(world, change, field):
    """Arts 14, 31: received by sharing goes to no third party; core and important data is not listed here."""
    fields = {
        "nature": "government", "acquisition": "primary_developer", "grade": "general", "title": "某", "summary": "某",
        "description": "某", "frequency": "monthly",
    }  # fmt: skip
    before = Product.objects.count()
    create = {
        "seller": world.parties["developer"],
        "entry": world.product.entry,
        "actor": world["seller"],
        "at": world.at,
    }
    with pytest.raises(ValidationError) as refused:
        operations.create_product(**create, **{**fields, **change})
    if field:
        assert list(refused.value.message_dict) == [field]
    assert Product.objects.count() == before
    with pytest.raises(IntegrityError), transaction.atomic():  # and the database holds it too
        if field is None:
            Product.objects.filter(pk=world.product.pk).update(**change)
        else:
            raise IntegrityError


@pytest.mark.parametrize("change", [{"opening": "not_open"}, {"sharing": "withheld", "withheld_basis": "国家安全"}])
def test_product_of_withheld_or_closed_data_is_refused(world, change):
    entry = operations.propose_entry(
        unit=world.parties["unit"], actor=world["provider"], at=world.at, **{**stages.ENTRY_FIELDS, **change}
    )
    operations.publish_entry(entry=entry, actor=world["officer"], at=world.at)
    with pytest.raises(ValidationError) as refused:
        make_product(world.cast, entry, world.at)
    assert list(refused.value.message_dict) == ["entry"]


def test_withholding_names_its_legal_basis(world):
    with pytest.raises(ValidationError):
        operations.propose_entry(
            unit=world.parties["unit"],
            actor=world["provider"],
            at=world.at,
            **{**stages.ENTRY_FIELDS, "sharing": "withheld"},
        )


def test_openly_available_data_has_no_price(world):
    entry = make_entry(world.cast, world.at, title="开放", opening="openly_available")
    with pytest.raises(ValidationError) as refused:
        operations.create_product(
            seller=world.parties["developer"], entry=entry, actor=world["seller"], at=world.at, nature="government",
            acquisition="primary_developer", grade="general", title="x", summary="x", description="x",
            frequency="daily", price_text="10 元",
        )  # fmt: skip
    assert list(refused.value.message_dict) == ["price_text"]


def test_authorised_operation_is_a_primary_developers_and_shows_its_authorisation(world):
    fields = {
        "nature": "government", "acquisition": "authorised", "grade": "general", "title": "授权运营", "summary": "x",
        "description": "x", "frequency": "daily", "at": world.at,
    }  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        operations.create_product(
            seller=world.parties["unit"], entry=world.product.entry, actor=world["provider"], **fields
        )
    assert list(refused.value.message_dict) == ["acquisition"]
    product = operations.create_product(
        seller=world.parties["developer"], entry=world.product.entry, actor=world["seller"], **fields
    )
    assert route_of(product) == Route.SECONDARY_DEVELOPMENT
    version = start(world, product=product)
    said, missing = [], "Authorised operation: add the authorisation to the lawful-source file (Art. 17)."
    for kind in ("statute", "authorisation"):
        operations.add_source_file(
            product=product, actor=world["seller"], at=world.at, kind=kind, title="文件", reference="1 号",
            summary="摘要",
        )  # fmt: skip
        with override("en"):
            said.append(what_is_missing(version, world.at).get("add_source_file"))
    assert said == [missing, None]


def test_second_draft_of_one_product_is_refused_until_the_first_is_out(world):
    start(world)
    before = rows()
    with pytest.raises(ValidationError):
        start(world)
    assert rows() == before


def test_version_cannot_end_before_it_begins(world):
    with pytest.raises(ValidationError):
        start(world, data_from=date(2026, 2, 1), data_until=date(2026, 1, 1))


def test_file_that_cannot_be_read_leaves_nothing_behind(world):
    version, before = start(world), stored()
    dump = rows()
    for name, content in (
        ("empty.csv", b""),
        ("ragged.csv", b"a,b\n1\n2,3,4\n"),
        ("binary.csv", bytes(range(256)) * 8),
    ):
        path = stages.scratch(name)
        path.write_bytes(content)
        with pytest.raises(ValidationError) as refused:
            upload(world, version, path)
        assert list(refused.value.message_dict) == ["file"]
    assert (stored(), rows()) == (before, dump)


def test_upload_whose_record_fails_leaves_no_file_behind(world, monkeypatch):
    version, before = start(world), stored()
    dump = rows()
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(files, "register", lambda *_: (_ for _ in ()).throw(RuntimeError("database away")))
        upload(world, version, write_visits(stages.scratch("v.csv")))
    assert (stored(), rows()) == (before, dump)


def test_upload_whose_second_copy_fails_leaves_no_file_behind(world, monkeypatch):
    version, before = start(world), stored()
    put = files.put

    def full(version, kind, path, name):
        if kind == "parquet":
            raise OSError("no space left")
        return put(version, kind, path, name)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
        patch.setattr(files, "put", full)
        upload(world, version, write_visits(stages.scratch("v.csv")))
    assert stored() == before


def test_new_file_destroys_the_one_before(world, django_capture_on_commit_callbacks):
    version, before = start(world), stored()
    with django_capture_on_commit_callbacks(execute=True):
        upload(world, version, write_visits(stages.scratch("v.csv")))
    first = stored() - before
    with django_capture_on_commit_callbacks(execute=True):
        upload(world, version, five_visits_each(3))
    second = stored() - before
    assert (len(first), len(second), first & second) == (2, 2, set())
    assert VersionFile.objects.filter(version=version, destroyed_at=None).count() == 2
    assert list(version.columns.order_by("position").values_list("name", flat=True)) == ["患者", "区县", "科类"]


def test_file_that_passed_leaves_quarantine(world, django_capture_on_commit_callbacks):
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        version, _at = stages.version(world, "assessed")
    new = stored() - before
    assert {path.split("/")[0] for path in new} == {"files"}
    assert {file.key for file in version.files.all()} == new
    for file in version.files.all():
        assert files.sha256_of(Path(default_storage.path(file.key))) == file.sha256


def test_assessment_asked_twice_runs_once(world):
    version = stages.draft_with_file(world)
    jobs = [operations.request_assessment(version=version, actor=world["seller"], at=world.at) for _ in range(2)]
    assert jobs[0] == jobs[1]
    assert operations.run_assessment(job=jobs[0], at=world.at) is True
    assert operations.run_assessment(job=Job.objects.get(pk=jobs[0].pk), at=world.at) is False
    assert (version.assessments.count(), operations.assess_due(at=world.at)) == (1, 0)


def test_assessment_whose_worker_died_is_taken_over_when_its_lease_is_over(world):
    version = stages.draft_with_file(world)
    job = operations.request_assessment(version=version, actor=world["seller"], at=world.at)
    lease = world.at + timedelta(minutes=15)
    Job.objects.filter(pk=job.pk).update(state="running", lease_until=lease, attempts=1)
    assert operations.assess_due(at=lease - timedelta(seconds=1)) == 0
    assert operations.assess_due(at=lease) == 1
    version.refresh_from_db()
    assert version.state == "assessed"


def test_assessment_that_cannot_finish_is_given_up_after_three_tries(world, monkeypatch):
    version = stages.draft_with_file(world)
    job = operations.request_assessment(version=version, actor=world["seller"], at=world.at)
    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "run", lambda command, **_: sandbox.failure("too_slow", seconds=1))
        for state in ("queued", "queued", "failed"):
            operations.run_assessment(job=job, at=world.at)
            job.refresh_from_db()
            assert job.state == state
    assert Version.objects.get(pk=version.pk).state == "draft"
    again = operations.request_assessment(version=version, actor=world["seller"], at=world.at)
    assert again != job
    assert operations.run_assessment(job=again, at=world.at) is True


def test_no_file_is_changed_while_its_assessment_waits(world):
    version = stages.draft_with_file(world)
    operations.request_assessment(version=version, actor=world["seller"], at=world.at)
    dump, before = rows(), stored()
    with pytest.raises(InvalidState):
        upload(world, version, five_visits_each(3))
    assert (rows(), stored()) == (dump, before)


def test_rework_destroys_what_was_assessed(world, django_capture_on_commit_callbacks):
    before = stored()
    with django_capture_on_commit_callbacks(execute=True):
        version, at = stages.version(world, "assessed")
    with django_capture_on_commit_callbacks(execute=True):
        operations.rework_version(version=version, actor=world["seller"], at=at)
    assert (version.state, stored()) == ("draft", before)
    assert version.assessments.count() == 1


def test_publication_waits_for_the_publicity_to_be_over(world):
    version, over = stages.version(world, "in_publicity")
    before = rows()
    with pytest.raises(InvalidState):
        operations.publish_version(version=version, actor=world["officer"], at=over - timedelta(seconds=1))
    assert rows() == before
    operations.publish_version(version=version, actor=world["officer"], at=over)
    assert (version.state, version.published_at) == ("published", over)


def test_objection_upheld_starts_review_and_publicity_anew(world):
    objection, over = stages.objection(world, "open")
    version = objection.version
    operations.uphold_objection(objection=objection, actor=world["officer"], at=over, reason="可被识别")
    version.refresh_from_db()
    assert version.state == "submitted"
    operations.approve_version(version=version, actor=world["officer"], at=over, **stages.SIGN_OFF)
    with pytest.raises(InvalidState):
        operations.publish_version(version=version, actor=world["officer"], at=over)


@pytest.mark.parametrize("missing", ["sources_checked", "irreversible"])
def test_approval_needs_both_sign_offs(world, missing):
    version, at = stages.version(world, "submitted")
    before = rows()
    with pytest.raises(InvalidState):
        operations.approve_version(
            version=version, actor=world["officer"], at=at, **{**stages.SIGN_OFF, missing: False}
        )
    assert rows() == before


def test_public_profile_holds_no_small_cell(world):
    """A value that fewer than 20 people share is not shown."""
    data = [("鼓楼区" if n < 95 else "小岛", ("甲", "乙", "丙")[n % 3]) for n in range(100)]
    path = write("cells.csv", ("区县", "科类"), data)
    version = assess(world, start(world, about="none"), {}, path)
    profile = str(list(version.columns.values_list("profile", flat=True)))
    assert version.state == "assessed"
    assert "甲" in profile
    assert "小岛" not in profile
