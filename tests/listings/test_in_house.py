"""A report made in house: handed in before the file, shown to who reviews, and never believed."""

import json
from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from listings import operations
from listings.deidentification import signed
from listings.in_house import told_of
from listings.models import InHouseReport
from listings.operations import in_house
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from tests.listings.test_listing import assess, start, upload, write
from tests.pages.conftest import BACKEND
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


@pytest.fixture(autouse=True)
def _in_the_worlds_time(world):
    with time_machine.travel(world.at, tick=False):
        yield


@pytest.fixture
def draft(world):
    return start(world)


def announce(world, version, content=None) -> InHouseReport:
    content = content or stages.signed_report(world.at)
    return operations.announce_report(version=version, actor=world["seller"], at=world.at, content=content)


def page(world, version) -> str:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(world["seller"], backend=BACKEND)
    return client.get(version.get_absolute_url()).content.decode()


def test_what_was_found_in_house_is_shown_before_anything_is_uploaded(world, draft):
    made = announce(world, draft)
    assert (made.passes, made.mode, made.by, made.report["with_suggested"]["k"]) == (
        True,
        "download",
        world["seller"],
        25,
    )
    told = told_of(draft)
    assert (told.is_same_file, told.assessment, told.differs) == (None, None, False)
    shown = page(world, draft)
    assert "No file is uploaded yet." in shown
    assert made.sha256 in shown
    assert made.fingerprint in shown


def test_the_same_file_is_told_so_and_assessed_here_all_the_same(world, draft):
    announce(world, draft)
    path = write_visits(stages.scratch("visits.csv"))
    upload(world, draft, path)
    assert told_of(draft).is_same_file
    assert "It is assessed here all the same." in page(world, draft)
    assessed = assess(world, draft, VISIT_ROLES, path)
    told = told_of(assessed)
    assert (assessed.state, told.assessment, told.differs) == ("assessed", assessed.assessments.get(), False)
    assert {line.here for line in told.lines} == {line.in_house for line in told.lines}
    assert "and the site found the same" in page(world, assessed)


def test_where_the_site_finds_something_else_both_are_shown_and_the_site_counts(world, draft):
    path = write("lonely.csv", list(VISIT_ROLES), [(f"区{n}", f"{n}", "男", "内科") for n in range(40)])
    document = json.loads(stages.signed_report(world.at))
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    document["body"]["file"].update(sha256=signed.sha256_of(path), size=path.stat().st_size)
    document["signature"] = key.sign(signed.rfc8785.dumps(document["body"])).hex()
    announce(world, draft, json.dumps(document).encode())  # a lie that fits itself
    version = assess(world, draft, VISIT_ROLES, path)
    told = told_of(version)
    assert (version.state, told.is_same_file, told.assessment.passes) == ("draft", True, False)
    with translation.override("en"):
        lines = {str(line.label): line for line in told.lines}
    assert (lines["Smallest group (k)"].in_house, lines["Smallest group (k)"].here) == ("25", "1")
    assert {name for name, line in lines.items() if line.differs} >= {"Result", "Grade", "Rows", "Smallest group (k)"}
    assert not lines["Rule set"].differs
    assert "the site found something else" in page(world, version)


def test_another_file_is_not_what_the_report_is_about(world, draft):
    announce(world, draft)
    upload(world, draft, write("other.csv", ("a",), [(1,), (2,)]))
    assert told_of(draft).is_same_file is False
    assert "is another one" in page(world, draft)


def test_the_same_report_twice_is_kept_once(world, draft):
    content = stages.signed_report(world.at)
    assert announce(world, draft, content) == announce(world, draft, content)
    assert InHouseReport.objects.count() == 1


def test_a_report_that_was_changed_is_early_or_about_others_is_refused(world, draft):
    sound = stages.signed_report(world.at)
    for content, version in (
        (sound.replace(b'"rows": 1000', b'"rows": 1001'), draft),
        (stages.signed_report(world.at + timedelta(hours=1)), draft),
        (b"no report", draft),
    ):
        with pytest.raises(ValidationError) as caught:
            announce(world, version, content)
        assert list(caught.value.message_dict) == ["report"]
    operations.describe_version(version=draft, actor=world["seller"], at=world.at, about="organisations")
    draft.refresh_from_db()
    with pytest.raises(ValidationError):
        announce(world, draft, sound)
    assert not InHouseReport.objects.exists()


def test_nobody_else_hands_one_in_and_nothing_but_a_draft_takes_one(world, draft):
    content = stages.signed_report(world.at)
    for person in ("buyer", "officer", "provider"):
        with pytest.raises(NotAllowed):
            operations.announce_report(version=draft, actor=world[person], at=world.at, content=content)
    operations.discard_version(version=draft, actor=world["seller"], at=world.at)
    with pytest.raises(InvalidState):
        announce(world, draft, content)
    assert not InHouseReport.objects.exists()


def test_it_is_recorded_and_a_later_one_of_the_same_file_is_another(world, draft):
    first, later = (announce(world, draft, stages.signed_report(at)) for at in (world.at - timedelta(days=1), world.at))
    assert first.sha256 == later.sha256 and draft.in_house_reports.count() == 2
    told = [json.loads(one.detail.json) for one in Entry.objects.filter(verb="announce_report").order_by("pk")]
    assert [(one["report"], one["passes"], one["public_key"]) for one in told] == [
        (one.pk, one.passes, one.public_key) for one in (first, later)
    ]


def test_a_version_takes_twenty_and_no_more(world, draft):
    for day in range(in_house.MOST_REPORTS):
        announce(world, draft, stages.signed_report(world.at - timedelta(days=day)))
    with pytest.raises(InvalidState):
        announce(world, draft, stages.signed_report(world.at - timedelta(days=40)))
    assert InHouseReport.objects.count() == 20
