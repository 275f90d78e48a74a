"""The lawful-source file, checked item by item before a version is approved."""

from datetime import date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from listings import operations
from marketplace.clock.working_days import SHANGHAI
from marketplace.errors import InvalidState, NotAllowed
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401


def approve(world, version, at=None):
    operations.approve_version(version=version, actor=world["officer"], at=at or world.at, **stages.SIGN_OFF)


def refused(world, version, at=None):
    before = rows()
    with pytest.raises(InvalidState) as error:
        approve(world, version, at)
    assert rows() == before
    return str(error.value)


def test_version_waits_until_every_item_is_in_order(world):
    version, at = stages.version(world, "submitted")
    source, _at = stages.source_file(world, "unchecked")
    assert "补充授权书" in refused(world, version) and "未核查" in refused(world, version)
    check = {"source": source, "actor": world["officer"], "at": at}
    operations.reject_source_file(**check, reason="没有签章")
    assert "不符" in refused(world, version)
    operations.accept_source_file(**check, reason="已补签章")
    approve(world, version)
    assert version.state == "in_publicity"
    assert (source.check_words, source.checked_by, source.checked_at) == ("已补签章", world["officer"], at)


def test_item_that_lapsed_since_its_check_stops_the_approval_until_its_successor_is_there(world):
    version, _at = stages.version(world, "submitted")
    source, _at = stages.source_file(world, "accepted")
    late = datetime(2027, 1, 4, 9, tzinfo=SHANGHAI)
    assert "已失效" in refused(world, version, late)
    operations.withdraw_source_file(source=source, actor=world["seller"], at=late)
    approve(world, version, late)


def test_rejected_item_stops_the_next_submission_until_it_is_withdrawn(world):
    version, at = stages.version(world, "assessed")
    source, _at = stages.source_file(world, "rejected")
    before = rows()
    with pytest.raises(InvalidState):
        operations.submit_version(version=version, actor=world["seller"], at=at)
    assert rows() == before
    operations.withdraw_source_file(source=source, actor=world["seller"], at=at)
    operations.submit_version(version=version, actor=world["seller"], at=at)


def test_check_may_shorten_how_long_an_item_holds_but_not_into_the_past(world):
    source, at = stages.source_file(world, "unchecked")
    check = {"source": source, "actor": world["officer"], "at": at, "reason": "有效期以批文为准"}
    with pytest.raises(ValidationError) as error:
        operations.accept_source_file(**check, valid_until=date(2026, 1, 1))
    assert set(error.value.error_dict) == {"valid_until"}
    operations.accept_source_file(**check, valid_until=date(2026, 6, 30))
    source.refresh_from_db()
    assert source.valid_until == date(2026, 6, 30)


def test_words_are_mandatory_and_the_own_case_is_refused(world):
    source, at = stages.source_file(world, "unchecked")
    operations.accept_source_file(source=source, actor=world["officer"], at=at, reason="核对原件")
    before = rows()
    for act in (operations.reject_source_file, operations.accept_source_file):
        with pytest.raises(ValidationError):
            act(source=source, actor=world["officer"], at=at, reason="  ")
        with pytest.raises(NotAllowed):
            act(source=source, actor=world["seller"], at=at, reason="自查")
    assert rows() == before


def test_public_page_shows_state_and_summary_but_not_the_words_of_the_check(world):
    source, at = stages.source_file(world, "unchecked")
    operations.accept_source_file(source=source, actor=world["officer"], at=at, reason="内部核查记录")
    page = Client().get(world.product.get_absolute_url()).content.decode()
    assert "已核查：无误" in page and source.summary in page and "内部核查记录" not in page
