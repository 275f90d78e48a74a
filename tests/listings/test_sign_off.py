"""Grade 3 goes public with a declaration of what became of each key, and with a signature on one assessment."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from listings import operations, queries
from listings.models import Column, Version
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import check_sources, make_version
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from tests.journeys.test_attacks import browser_of
from tests.workflow import stages

pytestmark = pytest.mark.django_db


KEYED = {
    "column": "就诊代号", "method": "keyed_or_unknown", "level": "warns", "code": "keyed_or_unknown",
    "params": {"column": "就诊代号", "tried": 40}, "tried": [],
}  # fmt: skip


@pytest.fixture
def keyed(world):
    """An assessed version with a column of digests, as the engine reports it (`attacks/test_restoration.py`)."""
    made, _at = stages.version(world, "assessed")
    assessment = made.assessments.get()
    assessment.report["restorable"] = [KEYED]
    assessment.save()
    Column.objects.create(version=made, position=made.columns.count(), name="就诊代号", type="text")
    return made


def explain(world, version, words, columns=("就诊代号",)):
    fields = {**stages.VERSION_FIELDS, "pseudonyms": words, "about": version.about, "pseudonym_columns": columns}
    operations.describe_version(version=version, actor=world["seller"], at=world.at, **fields)
    return Version.objects.get(pk=version.pk)


def test_a_column_of_digests_has_to_be_ticked(world, keyed):
    with pytest.raises(InvalidState, match="就诊代号"):
        operations.submit_version(version=keyed, actor=world["seller"], at=world.at)
    untold = explain(world, keyed, "就诊代号的密钥已销毁", columns=())  # named in a text, declared nowhere
    assert queries.unexplained(untold) == ["就诊代号"]
    told = explain(world, keyed, "加盐摘要，盐值由卖方随机生成，处理后即销毁，无人保存。")
    assert queries.pseudonym_columns(told) == ["就诊代号"]
    detail = json.loads(Entry.objects.filter(verb="describe").latest("pk").detail.json)
    assert detail["pseudonym_columns"] == ["就诊代号"]
    operations.submit_version(version=told, actor=world["seller"], at=world.at)
    assert Version.objects.get(pk=told.pk).state == "submitted"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"pseudonym_columns": ["就诊代号"], "pseudonyms": " "}, ["pseudonyms"]),
        ({"pseudonym_columns": ["没有的列"]}, ["pseudonym_columns"]),
        ({"key_is_kept": True}, ["key_kept_by", "key_kept_where"]),
        ({"key_is_kept": True, "key_kept_by": "安全科"}, ["key_kept_where"]),
        ({"key_kept_by": "安全科"}, ["key_kept_by"]),
    ],
)
def test_a_declaration_that_says_half_is_refused(world, keyed, given, wrong):
    fields = {**stages.VERSION_FIELDS, "pseudonyms": "随机代号", "about": keyed.about, **given}
    with pytest.raises(ValidationError) as refused:
        operations.describe_version(version=keyed, actor=world["seller"], at=world.at, **fields)
    assert list(refused.value.message_dict) == wrong
    assert not keyed.columns.filter(is_pseudonym=True).exists()


def test_the_database_keeps_no_key_without_a_keeper(world, keyed):
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.filter(pk=keyed.pk).update(key_is_kept=True)


def test_the_form_asks_about_the_key_and_offers_the_files_columns(world, keyed):
    seller = browser_of(world["seller"])
    page = seller.get(f"/version/{keyed.pk}/describe/").content.decode()
    assert "就诊代号（评估发现）" in page and 'value="区县"' in page
    said = {
        **stages.VERSION_FIELDS,
        "about": "persons",
        "pseudonyms": "随机代号，没有密钥。",
        "pseudonym_columns": ["就诊代号"],
    }
    unanswered = {name: value for name, value in said.items() if name != "key_is_kept"}
    assert seller.post(f"/version/{keyed.pk}/describe/", unanswered).status_code == 422
    assert seller.post(f"/version/{keyed.pk}/describe/", {**said, "key_is_kept": "false"}).status_code == 302
    officers = browser_of(world["officer"])
    told = Version.objects.get(pk=keyed.pk)
    operations.submit_version(version=told, actor=world["seller"], at=world.at)
    check_sources(world.product, world["officer"], world.at)
    for address in (f"/version/{keyed.pk}/approve/", f"/console/listings/version/{keyed.pk}/"):
        page = officers.get(address).content.decode()
        assert "就诊代号" in page and "随机代号，没有密钥。" in page, address


def test_the_signature_names_the_assessment(world, keyed):
    told = explain(world, keyed, "就诊代号：随机代号，没有密钥。")
    operations.submit_version(version=told, actor=world["seller"], at=world.at)
    check_sources(world.product, world["officer"], world.at)
    operations.approve_version(version=told, actor=world["officer"], at=world.at, **stages.SIGN_OFF)
    signed = Version.objects.get(pk=told.pk)
    assessment = signed.assessments.get(passes=True)
    assert (signed.signed_off_by, signed.signed_off_at) == (world["officer"], world.at)
    assert signed.signed_assessment == assessment and assessment.report["grade"] == 3
    kept = json.loads(Entry.objects.filter(verb="approve").latest("pk").detail.json)
    assert str(kept["assessment"]).rpartition(":")[2] == str(assessment.pk)


def test_what_was_submitted_undeclared_is_not_approved(world, keyed):
    """A site that had it under review before the declaration was asked for."""
    told = explain(world, keyed, "就诊代号：随机代号。")
    operations.submit_version(version=told, actor=world["seller"], at=world.at)
    check_sources(world.product, world["officer"], world.at)
    told.columns.update(is_pseudonym=False)
    told.refresh_from_db()
    with pytest.raises(InvalidState, match="就诊代号"):
        operations.approve_version(version=told, actor=world["officer"], at=world.at, **stages.SIGN_OFF)


def test_about_nobody_nobody_signs_and_nobody_is_asked(world):
    made = make_version(world.product, world, world.at, write_bed_use(stages.scratch("beds.csv")), {}, about="none")
    operations.submit_version(version=made, actor=world["seller"], at=world.at)
    check_sources(world.product, world["officer"], world.at)
    officer = browser_of(world["officer"])
    assert 'type="checkbox" name="irreversible"' not in officer.get(f"/version/{made.pk}/approve/").content.decode()
    sent = officer.post(f"/version/{made.pk}/approve/", {"sources_checked": "on", "reason": "材料齐全"})
    made.refresh_from_db()
    assert (sent.status_code, made.state) == (302, "in_publicity")
    assert made.signed_assessment is None and made.signed_off_by is None


def test_of_grade_3_the_officer_is_asked(world, keyed):
    told = explain(world, keyed, "随机代号。")
    operations.submit_version(version=told, actor=world["seller"], at=world.at)
    check_sources(world.product, world["officer"], world.at)
    officer = browser_of(world["officer"])
    assert 'type="checkbox" name="irreversible"' in officer.get(f"/version/{told.pk}/approve/").content.decode()
    sent = officer.post(f"/version/{told.pk}/approve/", {"sources_checked": "on", "reason": "材料齐全"})
    assert (sent.status_code, Version.objects.get(pk=told.pk).state) == (422, "submitted")
