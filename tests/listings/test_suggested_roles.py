"""The page on which columns are marked says what a column's name tells, and leaves the choice to the seller."""

import hashlib

import pytest
from django.utils.translation import override

from listings import forms
from listings.models import Column
from marketplace.desk.sample_data import VISIT_ROLES
from tests.listings.test_listing import start, upload, write
from tests.workflow import stages

pytestmark = pytest.mark.django_db

DIGESTS = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(50)]


@pytest.fixture
def draft(world):
    made = stages.version(world, "draft")[0]
    made.columns.update(role="plain")
    Column.objects.create(version=made, position=90, name="患者ID", type="text")
    Column.objects.create(version=made, position=91, name="用户编号", type="text")
    return made


def fields_of(world, version):
    with override("en"):
        form = forms.MarkColumnsForm(target=version, actor=world["seller"], at=world.at)
        return {field.label: (field.initial, str(field.help_text)) for field in form.fields.values()}


def test_a_known_name_is_chosen_beforehand_with_its_reason(world, draft):
    shown = fields_of(world, draft)
    assert shown["年龄段"] == ("quasi_identifier", "“年龄段” is an age, which others know or see.")
    assert shown["区县"][0] == shown["性别"][0] == "quasi_identifier"
    assert shown["费用档"] == ("plain", "")
    assert [name for name, (role, _why) in shown.items() if role == "subject"] == ["患者ID"]


def test_what_the_seller_marked_stays_and_the_reason_is_still_read(world, draft):
    draft.columns.filter(name="就诊科类").update(role=VISIT_ROLES["就诊科类"])
    shown = fields_of(world, draft)
    assert shown["年龄段"] == ("plain", "“年龄段” is an age, which others know or see.")
    assert shown["就诊科类"][0] == "sensitive"


def test_about_nobody_nothing_is_suggested(world, draft):
    draft.about = "none"
    assert {role for role, _why in fields_of(world, draft).values()} == {"plain"}


def test_what_reading_found_is_chosen_with_its_reason_whatever_the_name(world):
    """A key of digests and two codes that single out together, under names that tell nothing."""
    rows = [(DIGESTS[n % 50], f"a{n % 10}", f"b{n // 10 % 5}", "xy"[n % 2]) for n in range(100)]
    version = start(world)
    upload(world, version, write("codes.csv", ("c1", "c2", "c3", "c4"), rows))
    shown = fields_of(world, version)
    assert shown["c1"] == ("subject", "“c1” holds digests or tokens, 50 different ones: they stand for persons.")
    assert shown["c2"][0] == shown["c3"][0] == "quasi_identifier" and "are alone" in shown["c2"][1]
    assert shown["c4"] == ("plain", "")
