"""Dialogue, questions that stop a clock, consent with fewer fields, escalation, extension."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from marketplace.applications import forms, operations
from marketplace.applications.models import Message
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import end_of_day, last_day
from marketplace.desk.story import apply_for, consult, later
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision.sweep import sweep
from tests.applications.test_operations import ask, review, stages_marks, unit_product
from tests.workflow import stages

DAY = timedelta(days=1)


def told(kind):
    """E-mail addresses, without domain, that a kind of notice went to."""
    rows = Outbox.objects.filter(kind=kind, channel="email").values_list("address", flat=True)
    return sorted(address.partition("@")[0] for address in rows)


@pytest.fixture
def asked(world, application):
    consult(application, world.cast, world.at)
    return application.consultations.get()


@pytest.fixture
def art15(world):
    """Data open on application: the fields that a unit takes out cannot be granted."""
    application = apply_for(unit_product(world), world.cast, world.at, ["区县", "月份"])
    consult(application, world.cast, world.at)
    return application


def due(obj, kind):
    return last_day(clock.of(obj).get(kind=kind).due_at)


def test_everybody_in_the_case_reads_a_message_and_its_author_is_not_told(world, asked):
    case = asked.application
    operations.write_message(application=case, actor=world["provider"], at=world.at, text="请说明用途")
    operations.write_message(application=case, actor=world["buyer"], at=world.at, text="用于预测")
    operations.write_message(application=case, actor=world["officer"], at=world.at, text="知悉")
    said = Message.objects.order_by("pk").values_list("party__name", "by__name", "text")
    assert list(said) == [
        (world.parties["unit"].name, "刘敏", "请说明用途"),
        (world.parties["buyer"].name, "张悦", "用于预测"),
        (world.parties["city"].name, "陈文", "知悉"),
    ]
    everybody = ["buyer", "conflicted-officer", "officer", "provider", "second-officer"]
    by_author = [[who for who in everybody if who != author] for author in ("provider", "buyer", "officer")]
    # `conflicted-officer` belongs to buyer and authority and is told once
    assert told("message_written") == sorted(who for group in by_author for who in group)


def test_unit_that_was_not_asked_writes_nothing(world, asked):
    seen = stages_marks()
    with pytest.raises(NotAllowed):
        operations.write_message(
            application=asked.application, actor=world["other_provider"], at=world.at, text="我们也有数据"
        )
    assert stages_marks() == seen


def test_unit_clock_stands_still_until_the_buyer_answers(world, asked):
    monday = world.at
    before = clock.of(asked).get().due_at
    operations.ask_from_unit(consultation=asked, actor=world["provider"], at=monday + DAY, text="为何需要费用档?")
    with pytest.raises(InvalidState):
        operations.consent(consultation=asked, actor=world["provider"], at=monday + DAY)
    long_after = before + 30 * DAY
    assert clock.has_run_out(asked, Kind.CONSULTATION, long_after) is False
    assert told("question_asked") == ["buyer", "conflicted-officer", "officer", "second-officer"]
    with pytest.raises(InvalidState):
        operations.record_no_answer(consultation=asked, actor=world["officer"], at=long_after)
    still = clock.days_used(clock.of(asked), monday + 8 * DAY)[0]
    operations.answer_unit(consultation=asked, actor=world["buyer"], at=monday + 8 * DAY, text="用于分层")
    running = clock.of(asked).get()
    assert (running.paused_at, running.paused_days, running.working_days) == (None, still.gross - still.net, 5)
    assert running.paused_days == 5
    assert running.due_at == clock.working_days.due_after(monday, 10)
    assert asked.state == "asked"
    operations.consent(consultation=asked, actor=world["provider"], at=monday + 9 * DAY)
    assert asked.state == "consented"


def test_review_does_not_begin_while_a_unit_waits_for_the_buyer(world, asked):
    operations.ask_from_unit(consultation=asked, actor=world["provider"], at=world.at, text="为何?")
    with pytest.raises(InvalidState):
        review(asked.application, world)


def test_question_asked_after_the_time_is_over_does_not_cure_the_lateness(world, asked):
    over = later(world.at, Kind.CONSULTATION)
    operations.ask_from_unit(consultation=asked, actor=world["provider"], at=over, text="为何?")
    operations.answer_unit(consultation=asked, actor=world["buyer"], at=over + DAY, text="见附件")
    assert clock.has_run_out(asked, Kind.CONSULTATION, over + DAY) is True


def test_decision_clock_stands_still_while_the_buyer_owes_an_answer(world, asked):
    case, day = asked.application, due(asked.application, Kind.DECISION)
    who = {"application": case, "actor": world["officer"]}
    operations.ask_buyer(**who, at=world.at, text="样本量多大?")
    seen = stages_marks()
    with pytest.raises(InvalidState):
        operations.ask_buyer(**who, at=world.at, text="还有一问")
    assert stages_marks() == seen
    operations.answer_officer(application=case, actor=world["buyer"], at=world.at + 14 * DAY, text="一百万行")
    assert (due(case, Kind.DECISION) - day).days == 14
    with pytest.raises(InvalidState):
        operations.answer_officer(application=case, actor=world["buyer"], at=world.at + 14 * DAY, text="再答")
    assert told("question_answered") == ["conflicted-officer", "officer", "provider", "second-officer"]


def test_new_round_forgets_an_unanswered_question(world, asked):
    case = asked.application
    operations.ask_buyer(application=case, actor=world["officer"], at=world.at, text="样本量多大?")
    case.refresh_from_db()
    operations.return_application(application=case, actor=world["officer"], at=world.at, reason="补充")
    operations.submit_application(application=case, actor=world["buyer"], at=world.at)
    case.refresh_from_db()
    assert case.question_at is None


def test_deadline_is_extended_once_with_a_reason_and_the_buyer_is_told(world, asked):
    case, day = asked.application, due(asked.application, Kind.DECISION)
    who = {"application": case, "actor": world["officer"], "at": world.at, "reason": "涉及多个单位"}
    operations.extend_decision(**who, days=5)
    assert (due(case, Kind.DECISION) - day).days == 7
    entry = Entry.objects.filter(verb="extend").get()
    assert (entry.object_type, entry.detail.json) == ("applications.application", '{"days":5,"reason":"涉及多个单位"}')
    seen = stages_marks()
    with pytest.raises(InvalidState):
        operations.extend_decision(**who, days=3)
    assert stages_marks() == seen
    assert told("clock_extended") == ["buyer", "conflicted-officer"]


def test_unit_gets_more_time_once_and_not_after_its_time_is_over(world, asked):
    day = due(asked, Kind.CONSULTATION)
    who = {"consultation": asked, "actor": world["officer"], "reason": "春节"}
    with pytest.raises(InvalidState):
        operations.extend_consultation(**who, at=later(world.at, Kind.CONSULTATION), days=5)
    operations.extend_consultation(**who, at=world.at, days=5)
    assert (due(asked, Kind.CONSULTATION) - day).days == 7
    with pytest.raises(InvalidState):
        operations.extend_consultation(**who, at=world.at, days=5)


def test_silent_unit_is_reminded_and_escalated_once_whatever_the_number_of_sweeps(world, asked):
    before, over = end_of_day(due(asked, Kind.CONSULTATION)) - timedelta(seconds=1), later(world.at, Kind.CONSULTATION)
    sweep(at=before)
    assert told("consultation_overdue") == []
    for hours in (0, 1, 60):
        sweep(at=over + timedelta(hours=hours))
    assert told("consultation_overdue") == ["provider"]
    assert told("consultation_escalated") == ["conflicted-officer", "officer", "second-officer"]
    asked.refresh_from_db()
    assert (asked.state, asked.escalated_at) == ("asked", over)
    assert Entry.objects.filter(verb="escalate").values_list("actor_ref", "new").get() == ("system:sweep", "")


def test_unit_that_waits_for_the_buyer_or_has_answered_is_not_escalated(world, asked):
    operations.ask_from_unit(consultation=asked, actor=world["provider"], at=world.at, text="为何?")
    sweep(at=world.at + 90 * DAY)
    assert told("consultation_overdue") == []


def test_person_does_not_escalate(world, asked):
    with pytest.raises(NotAllowed):
        operations.escalate_consultation(consultation=asked, actor=world["officer"], at=world.at + 90 * DAY)


def test_fields_that_a_unit_takes_out_cannot_be_granted_on_the_art_15_route(world, art15):
    item, row = art15.items.get(), ask(art15, "other_unit", world)
    operations.consent_in_part(consultation=row, actor=world["other_provider"], at=world.at, fields={item: ["月份"]})
    assert row.fields == {str(item.pk): ["月份"]}
    review(art15, world)
    form = forms.ApproveItemForm(target=item, actor=world["officer"], at=world.at)
    assert (form.fields["granted"].choices, form.initial["granted"]) == ([("月份", "月份")], ["月份"])
    seen = stages_marks()
    with pytest.raises(ValidationError, match="区县"):
        stages.approve(item, world, world.at, fields=["区县", "月份"])
    assert stages_marks() == seen
    assert stages.approve(item, world, world.at, fields=["月份"]).fields == ["月份"]


def test_consent_to_no_field_of_an_item_is_no_consent(world, art15):
    item = art15.items.get()
    operations.consent_in_part(
        consultation=ask(art15, "other_unit", world), actor=world["other_provider"], at=world.at, fields={item: []}
    )
    review(art15, world)
    with pytest.raises(InvalidState):
        stages.approve(item, world, world.at)


def test_on_the_art_16_route_the_authority_may_grant_what_a_unit_took_out(world, asked):
    item = asked.application.items.get()
    operations.consent_in_part(consultation=asked, actor=world["provider"], at=world.at, fields={item: ["区县"]})
    review(asked.application, world)
    form = forms.ApproveItemForm(target=item, actor=world["officer"], at=world.at)
    assert len(form.fields["granted"].choices) == len(item.fields)
    assert form.initial["granted"] == ["区县"]
    assert stages.approve(item, world, world.at, fields=item.fields).fields == item.fields


@pytest.mark.parametrize("fields", [None, {"foreign": ["区县"]}, {"own": ["身份证号"]}])
def test_consent_in_part_says_something_and_nothing_that_was_not_asked(world, asked, fields):
    item = asked.application.items.get()
    foreign = apply_for(world.product, world.cast, world.at, world.fields, buyer="other_buyer").items.get()
    given = fields and {{"own": item, "foreign": foreign}[key]: names for key, names in fields.items()}
    seen = stages_marks()
    with pytest.raises(ValidationError):
        operations.consent_in_part(consultation=asked, actor=world["provider"], at=world.at, fields=given)
    assert stages_marks() == seen


def test_case_page_shows_dialogue_clocks_and_what_was_consented_to(world, asked):
    case = asked.application
    operations.write_message(application=case, actor=world["buyer"], at=world.at, text="<script>x</script>用于预测")
    operations.ask_from_unit(consultation=asked, actor=world["provider"], at=world.at, text="为何?")
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["provider"], backend="allauth.account.auth_backends.AuthenticationBackend")
    html = client.get(case.get_absolute_url()).content.decode()
    assert "&lt;script&gt;x&lt;/script&gt;用于预测" in html
    assert f"stands still since {world.at:%F}" in html
    assert f'action="/application/{case.pk}/write/"' in html
