"""Grade 3 goes public with a declaration of what became of each key, and with a signature on one assessment."""

import json

import pytest

from listings import operations, queries
from listings.models import Version
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import check_sources, make_version
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
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
    return made


def explain(world, version, words):
    fields = {**stages.VERSION_FIELDS, "pseudonyms": words, "about": version.about}
    operations.describe_version(version=version, actor=world["seller"], at=world.at, **fields)
    return Version.objects.get(pk=version.pk)


def test_a_column_of_digests_has_to_be_declared_by_name(world, keyed):
    with pytest.raises(InvalidState, match="就诊代号"):
        operations.submit_version(version=keyed, actor=world["seller"], at=world.at)
    assert queries.unexplained(explain(world, keyed, "密钥已销毁")) == ["就诊代号"]
    told = explain(world, keyed, "就诊代号：加盐摘要，盐值由卖方随机生成，处理后即销毁，无人保存。")
    operations.submit_version(version=told, actor=world["seller"], at=world.at)
    assert Version.objects.get(pk=told.pk).state == "submitted"


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
    Version.objects.filter(pk=told.pk).update(pseudonyms="")
    told.refresh_from_db()
    with pytest.raises(InvalidState, match="就诊代号"):
        operations.approve_version(version=told, actor=world["officer"], at=world.at, **stages.SIGN_OFF)


def test_about_nobody_nobody_signs(world):
    made = make_version(world.product, world, world.at, write_bed_use(stages.scratch("beds.csv")), {}, about="none")
    operations.submit_version(version=made, actor=world["seller"], at=world.at)
    check_sources(world.product, world["officer"], world.at)
    operations.approve_version(version=made, actor=world["officer"], at=world.at, **stages.SIGN_OFF)
    made.refresh_from_db()
    assert made.signed_assessment is None and made.signed_off_by is None
