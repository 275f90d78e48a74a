"""Copies already delivered: where they are while a grant is suspended, and that they are destroyed at its end."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Party
from marketplace.applications.models import Grant
from marketplace.applications.operations import agree_change, close_grant, request_change, surrender_grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import due_after, end_of_day, last_day, local_date, working_days_between
from marketplace.console import cases_closeout
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Delivery
from marketplace.desk.queries import todo
from marketplace.documents.models import Document, Paper
from marketplace.documents.pdf import address_of
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.deadlines import dues, duties_of
from marketplace.supervision.evidence_time import keeping, kept_as_evidence, spans_of
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.states import STANDING_MEASURE
from marketplace.supervision.sweep import run
from tests.supervision.test_papers import paper_of
from tests.workflow import stages

SAID = stages.WHEREABOUTS
DAY = timedelta(days=1)


def told(kind: str) -> set[str]:
    return set(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))


def refs(world, *who) -> set[str]:
    return {world[one].ledger_ref for one in who}


def did(name: str, at: datetime) -> int:
    """What a monitor did, of two runs at the same moment: the second never does anything."""
    monitor = next(one for one in MONITORS if one.name == name)
    first, second = run(monitor, at), run(monitor, at)
    assert (first.failed, second.did, second.failed) == (0, 0, 0)
    return first.did


def owed(grant) -> bool:
    return clock.of(grant).open().filter(kind=Kind.WHEREABOUTS).exists()


def say(world, grant, at=None, who="buyer", **changes):
    operations.state_whereabouts(grant=grant, actor=world[who], at=at or world.at, **{**SAID, **changes})


@pytest.fixture
def delivered(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    return grant


@pytest.fixture
def suspended(world, delivered):
    operations.take_precaution(grant=delivered, actor=world["officer"], at=world.at, reason="查证")
    return delivered


# --- where copies are ----------------------------------------


def test_suspension_asks_where_the_copies_are_within_the_days_of_the_terms(world, suspended):
    asked = clock.of(suspended).open().get(kind=Kind.WHEREABOUTS)
    assert asked.due_at == due_after(world.at, suspended.terms["whereabouts_working_days"])
    assert told("whereabouts_asked") == refs(world, "buyer", "conflicted_officer")  # the latter is of the buyer as well
    with time_machine.travel(world.at, tick=False):
        assert [task.due_at for task in todo(world["buyer"], world.at) if task.obj == suspended] == [asked.due_at]
    say(world, suspended)
    said = Whereabouts.objects.get()
    assert (said.grant, said.suspended_at, said.at, said.by) == (suspended, world.at, world.at, world["buyer"])
    assert not owed(suspended) and world["officer"].ledger_ref in told("whereabouts_stated")
    with pytest.raises(InvalidState):
        say(world, suspended)


def test_nothing_is_asked_where_nothing_was_delivered(world, grant):
    operations.take_precaution(grant=grant, actor=world["officer"], at=world.at, reason="查证")
    assert not owed(grant) and told("whereabouts_asked") == set()
    with pytest.raises(InvalidState):
        say(world, grant)


def test_second_hold_asks_no_second_time_and_a_second_suspension_does(world, suspended):
    say(world, suspended)
    order = stages.order(world, suspended)
    assert not owed(suspended)
    officer = {"actor": world["officer"], "reason": "已改正"}
    operations.lift_precaution(grant=suspended, at=world.at, **officer)
    assert not owed(suspended)
    operations.lift_order(measure=order, at=world.at, **officer)
    again = stages.order(world, suspended, at=world.at + DAY)
    assert owed(suspended)
    say(world, suspended, at=world.at + DAY)
    assert list(Whereabouts.objects.order_by("pk").values_list("suspended_at", flat=True)) == [
        world.at, again.issued_at,
    ]  # fmt: skip


def test_lifted_before_it_is_said_nobody_asks_any_more(world, suspended):
    operations.lift_precaution(grant=suspended, actor=world["officer"], at=world.at + DAY, reason="查清")
    assert not owed(suspended)
    assert did("whereabouts_unsaid", world.at + 30 * DAY) == 0


def test_precaution_that_ends_by_itself_ends_the_question_too(world, suspended):
    over = suspended.holds.get().ends_at
    assert did("whereabouts_dropped", over - DAY) == 0
    with pytest.raises(InvalidState):
        say(world, suspended, at=over)
    assert owed(suspended)
    assert did("whereabouts_dropped", over) == 1
    assert Entry.objects.filter(verb="drop_whereabouts", object_id=str(suspended.pk)).count() == 1
    assert not owed(suspended)


def test_question_left_over_from_an_ended_precaution_begins_anew_with_the_next_suspension(world, suspended):
    later = suspended.holds.get().ends_at + DAY
    stages.order(world, suspended, at=later)
    assert clock.of(suspended).open().get(kind=Kind.WHEREABOUTS).started_at == later


def test_reminder_then_a_finding_that_closes_once_it_is_said(world, suspended):
    due = clock.of(suspended).open().get(kind=Kind.WHEREABOUTS).due_at
    assert (did("whereabouts_due", world.at), did("whereabouts_due", due - timedelta(hours=2))) == (0, 1)
    assert world["buyer"].ledger_ref in told("whereabouts_due")
    assert did("whereabouts_unsaid", due - timedelta(seconds=1)) == 0
    assert did("whereabouts_unsaid", due) == 1
    finding = Finding.objects.get()
    assert (finding.rule, finding.grant, finding.party) == ("whereabouts_unsaid", suspended, world.parties["buyer"])
    assert str(last_day(due)) in finding.said and world["officer"].ledger_ref in told("finding_opened")
    assert did("clock_overdue", due) == 1 and told("clock_overdue") == refs(world, "buyer", "conflicted_officer")
    assert did("cause_gone", due) == 0
    say(world, suspended, at=due)
    assert did("cause_gone", due) == 1
    finding.refresh_from_db()
    assert finding.state == "remedied"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"places": " "}, "places"), ({"systems": ""}, "systems"), ({"kept_by": ""}, "kept_by"),
        ({"kept_as_evidence": False}, "kept_as_evidence"), ({"was_passed_on": True}, "passed_to"),
        ({"passed_to": "子公司"}, "was_passed_on"),
    ],
)  # fmt: skip
def test_statement_is_whole_or_refused(world, suspended, changes, field):
    with pytest.raises(ValidationError, match=field):
        say(world, suspended, **changes)
    assert owed(suspended) and not Whereabouts.objects.exists()


def test_holder_states_it_and_nobody_else_a_barred_one_too(world, suspended):
    for who in ("other_buyer", "officer", "seller", "provider"):
        with pytest.raises(NotAllowed):
            say(world, suspended, who=who)
    type(world.parties["buyer"]).objects.filter(pk=world.parties["buyer"].pk).update(state="barred")
    say(world, suspended)
    assert Whereabouts.objects.count() == 1


def test_page_asks_the_buyer_and_shows_the_answer_to_the_officer_but_not_to_the_seller(world, suspended):
    browser = Client(headers={"accept-language": "en"})
    page = suspended.get_absolute_url()
    with time_machine.travel(world.at, tick=False):
        browser.force_login(world["buyer"])
        form = f"{page}state-whereabouts/"
        assert form in browser.get(page).content.decode()
        sent = {**SAID, "was_passed_on": "false", "kept_as_evidence": "on"}
        assert browser.post(form, {**sent, "kept_as_evidence": ""}).status_code == 422
        assert browser.post(form, sent).url == page
        for who, sees in (("buyer", True), ("officer", True), ("seller", False), ("provider", False)):
            browser.force_login(world[who])
            assert (SAID["places"] in browser.get(page).content.decode()) is sees, who
        browser.force_login(world["officer"])
        assert SAID["kept_by"] in browser.get(f"/console/applications/grant/{suspended.pk}/").content.decode()


# --- that copies are destroyed ----------------------------------------

CERTIFIED = stages.CERTIFIED


def certify(world, grant, at=None, who="buyer", **changes):
    at = at or world.at
    given = {**CERTIFIED, "destroyed_on": local_date(at), **changes}
    return operations.certify_destruction(grant=Grant.objects.get(pk=grant.pk), actor=world[who], at=at, **given)


def destroying(grant):
    return clock.of(grant).open().get(kind=Kind.DESTRUCTION)


@pytest.fixture
def over(world, delivered):
    """Given back by its holder, who has a copy."""
    surrender_grant(grant=delivered, actor=world["buyer"], at=world.at, reason="项目结束")
    return delivered


def test_end_asks_for_the_certificate_within_the_days_of_the_terms_and_its_acceptance_closes_out(world, over):
    assert destroying(over).due_at == due_after(world.at, over.terms["destruction_working_days"])
    assert told("certificate_asked") == refs(world, "buyer", "conflicted_officer")
    with time_machine.travel(world.at, tick=False):
        assert over in [task.obj for task in todo(world["buyer"], world.at)]
    made = certify(world, over)
    assert (made.state, made.grant, made.filed_by) == ("filed", over, world["buyer"])
    assert not clock.of(over).open().exists() and clock.of(made).open().get().kind == Kind.CERTIFICATE
    assert world["officer"].ledger_ref in told("certificate_filed")
    with time_machine.travel(world.at, tick=False):
        assert made in [task.obj for task in todo(world["officer"], world.at)]
        assert made not in [task.obj for task in todo(world["conflicted_officer"], world.at)]
    with pytest.raises(InvalidState):
        certify(world, over)
    operations.accept_certificate(certificate=made, actor=world["officer"], at=world.at)
    made.refresh_from_db()
    assert (made.state, made.checked_by, made.checked_at) == ("accepted", world["officer"], world.at)
    assert not clock.of(made).open().exists() and world["buyer"].ledger_ref in told("certificate_moved")


def test_returned_with_reasons_the_holder_has_its_time_again(world, over):
    made, later = certify(world, over), world.at + DAY
    operations.return_certificate(certificate=made, actor=world["officer"], at=later, reason="未列明备份")
    assert destroying(over).started_at == later and not clock.of(made).open().exists()
    given = {**CERTIFIED, "destroyed": "含备份盘", "destroyed_on": local_date(later)}
    operations.file_certificate_again(certificate=made, actor=world["buyer"], at=later, **given)
    made.refresh_from_db()
    assert (made.state, made.destroyed) == ("filed", "含备份盘")
    assert not clock.of(over).open().exists() and clock.of(made).open().exists()


def test_nothing_to_certify_where_nothing_was_delivered_or_the_grant_runs(world, grant, delivered):
    with pytest.raises(InvalidState):
        certify(world, delivered)
    empty = stages.active_grant(world, buyer="other_buyer")
    surrender_grant(grant=empty, actor=world["other_buyer"], at=world.at, reason="项目结束")
    assert not clock.of(empty).open().exists()
    with pytest.raises(InvalidState):
        certify(world, empty, who="other_buyer")


def test_period_that_is_over_asks_though_nobody_has_closed_the_grant(world, delivered):
    end = end_of_day(delivered.ends)
    assert did("certificate_asked", end - timedelta(seconds=1)) == 0
    assert did("certificate_asked", end + 3 * DAY) == 1
    assert destroying(delivered).started_at == end
    assert Entry.objects.filter(verb="ask_certificate", object_id=str(delivered.pk)).count() == 1


def test_many_are_asked_together_each_in_its_own_time_and_as_one_by_one(world, delivered):
    others = [stages.active_grant(world, buyer=who) for who in ("other_buyer", "buyer")]
    for grant, who in zip(others, ("other_buyer", "buyer"), strict=True):
        delivery.deliver(grant=grant, version=world.version, actor=world[who], at=world.at)
    stages.active_grant(world, buyer="buyer")  # nothing was delivered: nothing is asked
    Grant.objects.filter(pk=others[0].pk).update(terms={**others[0].terms, "destruction_working_days": 3})
    Grant.objects.filter(pk=others[1].pk).update(ends=delivered.ends - 2 * DAY)
    late, monitor = (
        end_of_day(delivered.ends) + 9 * DAY,
        next(one for one in MONITORS if one.name == "certificate_asked"),
    )

    def asked(together: bool) -> list[list[tuple]]:
        with transaction.atomic():
            before = set(Entry.objects.values_list("pk", flat=True))
            assert run(monitor if together else replace(monitor, together=None), late)[2:] == (3, 3, 0)
            entries = Entry.objects.exclude(pk__in=before)
            assert entries.values("operation_id").distinct().count() == 3
            clocks = Clock.objects.filter(kind=Kind.DESTRUCTION)
            found = [
                sorted(clocks.values_list("object_id", "started_at", "due_at", "working_days")),
                sorted(entries.values_list("verb", "object_id", "article", "detail__json")),
                sorted(Outbox.objects.filter(kind="certificate_asked").values_list("recipient_ref", "link", "channel")),
            ]
            transaction.set_rollback(True)
        return found

    clocks, *rest = asked(together=True)
    assert [clocks, *rest] == asked(together=False)
    assert [began for key, began, *_rest in clocks if key == str(others[0].pk)] == [late]  # its three days were over
    assert len({began for _key, began, *_rest in clocks}) == 3
    rows = list(monitor.find(late, None))
    Grant.objects.filter(pk=delivered.pk).update(ends=local_date(late))  # renewed since the sweep looked
    operations.begin_close_outs(grants=[others[1]], actor=stages.JOB, at=late)
    assert monitor.together(rows, late) == 1
    assert not clock.of(delivered).open().filter(kind=Kind.DESTRUCTION).exists()


def test_asked_late_after_an_outage_or_an_upgrade_the_holder_has_its_whole_time(world, over):
    late = end_of_day(over.ends) + 60 * DAY
    assert did("certificate_asked", late) == 0  # asked at its end
    clock.of(over).delete()
    assert did("certificate_asked", late) == 1
    assert destroying(over).started_at == late
    clock.stop(over, late)
    assert did("certificate_asked", late) == 0
    clock.of(over).delete()
    Party.objects.filter(pk=over.buyer_id).update(state="ended")
    assert did("certificate_asked", late) == 0


def close(world, grant, at):
    close_grant(grant=Grant.objects.get(pk=grant.pk), actor=world["officer"], at=at, reason="期满")


def test_over_a_grant_serves_nothing_at_once_and_is_closed_only_with_its_checked_certificate(world, delivered):
    at = end_of_day(delivered.ends)
    assert not Grant.objects.in_effect(at).filter(pk=delivered.pk).exists()
    with pytest.raises(InvalidState):
        close(world, delivered, at)
    browser = Client()
    with time_machine.travel(at, tick=False):
        browser.force_login(world["officer"])
        shown = browser.get(page := delivered.get_absolute_url())
    assert shown.status_code == 200 and f"{page}close/" not in shown.content.decode()
    made = certify(world, delivered, at=at)
    with pytest.raises(InvalidState):
        close(world, delivered, at)
    operations.return_certificate(certificate=made, actor=world["officer"], at=at, reason="未列明备份")
    with pytest.raises(InvalidState):
        close(world, delivered, at)
    again = {**CERTIFIED, "destroyed_on": local_date(at)}
    operations.file_certificate_again(certificate=made, actor=world["buyer"], at=at, **again)
    operations.accept_certificate(certificate=made, actor=world["officer"], at=at + DAY)
    delivered.refresh_from_db()
    assert (delivered.state, delivered.ended_at) == ("closed", at + DAY)


def test_nothing_delivered_the_officer_closes_it_when_its_period_is_over(world, grant):
    at, browser, page = end_of_day(grant.ends), Client(), grant.get_absolute_url()
    with time_machine.travel(at, tick=False):
        browser.force_login(world["officer"])
        assert f"{page}close/" in browser.get(page).content.decode()
    close(world, grant, at)
    assert Grant.objects.get(pk=grant.pk).state == "closed"


def test_accepted_while_an_order_stands_the_grant_is_closed_after_it(world, delivered):
    at = end_of_day(delivered.ends)
    made = certify(world, delivered, at=at)
    order = stages.order(world, delivered, at=at)
    operations.accept_certificate(certificate=made, actor=world["officer"], at=at)
    assert Grant.objects.get(pk=delivered.pk).state == "active"
    operations.lift_order(measure=order, actor=world["officer"], at=at, reason="已改正")
    close(world, delivered, at)
    assert Grant.objects.get(pk=delivered.pk).state == "closed"


def test_checked_certificate_is_a_numbered_document_that_anybody_can_check(world, over):
    made = certify(world, over, kept="交付回执", kept_why="电子商务法第三十一条，三年")
    assert not Document.objects.of(made).exists()
    operations.accept_certificate(certificate=made, actor=world["officer"], at=world.at)
    document, text = paper_of(made, world.at, Paper.CERTIFICATE)
    said = (
        document.number, over.number, world.parties["city"].name, world.parties["buyer"].name, "已核验", "第十六条",
        *(CERTIFIED[name] for name in ("destroyed", "places", "method", "done_by")), "交付回执", str(made.destroyed_on),
        made.filed_by.name, world["officer"].name, address_of(document.token),
    )  # fmt: skip
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    assert document in Document.objects.visible_to(world["buyer"]) and document.issuer == world.parties["city"]
    assert not Document.objects.visible_to(world["provider"]).filter(pk=document.pk).exists()
    shown = Client().get(reverse("documents:check-token", args=[document.token])).content.decode()
    assert document.number in shown and CERTIFIED["method"] not in shown


def test_renewed_after_its_end_nothing_is_to_be_destroyed(world, delivered):
    end = end_of_day(delivered.ends)
    did("certificate_asked", end)
    asked = {"ends": delivered.ends + 365 * DAY, "fields": delivered.fields, "quota": None, "reason": "续期"}
    more = {"what_is_built": delivered.terms["what_is_built"], "report_schedule": delivered.report_schedule}
    made = request_change(grant=delivered, actor=world["buyer"], at=end, **asked, **more)
    agree_change(edition=made, actor=world["officer"], at=end, reason="必要")
    assert not clock.of(delivered).open().exists() and did("certificate_asked", end) == 0


def test_certified_as_destroyed_a_grant_is_not_renewed(world, delivered):
    end = end_of_day(delivered.ends)
    certify(world, delivered, at=end)
    asked = {"ends": delivered.ends + 365 * DAY, "fields": delivered.fields, "quota": None, "reason": "续期"}
    more = {"what_is_built": delivered.terms["what_is_built"], "report_schedule": delivered.report_schedule}
    with pytest.raises(InvalidState):
        request_change(grant=delivered, actor=world["buyer"], at=end, **asked, **more)


def test_copies_are_evidence_while_an_incident_is_open_and_the_time_stands_still(world, over):
    incident = stages.report_incident(world)
    with pytest.raises(InvalidState, match=incident.number):
        certify(world, over)
    assert did("kept_as_evidence", world.at) == 1
    assert destroying(over).paused_at == world.at
    assert did("not_closed_out", world.at + 60 * DAY) == 0 and did("clock_overdue", world.at + 60 * DAY) > 0
    assert over.get_absolute_url() not in Outbox.objects.filter(kind="clock_overdue").values_list("link", flat=True)
    later = world.at + 60 * DAY
    operations.dismiss_incident(incident=incident, actor=world["officer"], at=later, reason="演练")
    assert did("kept_as_evidence", later) == 1
    again = destroying(over)
    assert again.paused_at is None and again.due_at > later
    entries = Entry.objects.filter(object_type="applications.grant", verb__in=["keep_as_evidence", "go_on_destroying"])
    assert [entry.verb for entry in entries.order_by("pk")] == ["keep_as_evidence", "go_on_destroying"]
    mine = Outbox.objects.filter(kind="certificate_asked", channel="page", recipient_ref=world["buyer"].ledger_ref)
    assert mine.filter(dedup_key__endswith=str(last_day(again.due_at))).exists() and mine.count() == 2
    assert certify(world, over, at=later).state == "filed"


def test_only_the_site_itself_asks_keeps_and_drops(world, over):
    with pytest.raises(NotAllowed):
        operations.begin_close_outs(grants=[over], actor=world["buyer"], at=world.at)
    for act in (operations.keep_as_evidence, operations.drop_whereabouts):
        with pytest.raises(NotAllowed):
            act(grant=over, actor=world["buyer"], at=world.at)
    certify(world, over)
    stages.report_incident(world)
    assert operations.keep_as_evidence(grant=over, actor=stages.JOB, at=world.at) is False  # certified meanwhile


@pytest.mark.parametrize("state", [*STANDING_MEASURE, "lifted", "annulled", "terminated", "proposed"])
def test_copies_are_evidence_as_long_as_an_order_stands(world, delivered, state):
    order = stages.order(world, delivered)
    Measure.objects.filter(pk=order.pk).update(state=state)
    stands = state in STANDING_MEASURE
    assert keeping(delivered) == ([order.number] if stands else [])
    assert Grant.objects.filter(kept_as_evidence()).exists() == stands


def test_copies_are_evidence_while_a_review_of_the_termination_is_open(world, delivered):
    order = stages.order(world, delivered)
    stages.terminate(order, world)
    asked = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="处罚过重")
    with pytest.raises(InvalidState, match=asked.number):
        certify(world, delivered)
    assert did("kept_as_evidence", world.at) == 1
    operations.withdraw_review(review=asked, actor=world["buyer"], at=world.at)
    assert did("kept_as_evidence", world.at) == 1
    assert certify(world, delivered).state == "filed"


def test_copies_are_evidence_while_the_holder_is_inspected_but_no_word_of_what_is_only_planned(world, delivered):
    given = {"actor": world["officer"], "at": world.at}
    inspection = operations.open_inspection(grant=delivered, **given, reason="举报")
    surrender_grant(grant=delivered, actor=world["buyer"], at=world.at, reason="项目结束")
    assert did("kept_as_evidence", world.at) == 0
    operations.announce_inspection(inspection=inspection, **given, text="请备好访问日志")
    with pytest.raises(InvalidState, match=inspection.number):
        certify(world, delivered)
    assert did("kept_as_evidence", world.at) == 1 and destroying(delivered).paused_at == world.at
    at = world.at + 14 * DAY
    given["at"] = at
    operations.begin_inspection(inspection=inspection, **given)
    operations.check_points(inspection=inspection, **given, points=stages.BAD_POINTS)
    operations.report_inspection(inspection=inspection, **given, text="发现一处问题")
    inspection.refresh_from_db()
    operations.answer_inspection(inspection=inspection, actor=world["buyer"], at=at, text="已注销账号")
    assert did("kept_as_evidence", at) == 0  # its time stands still until the inspection is over
    operations.close_inspection(inspection=inspection, **given, outcome="put_right", text="已整改")
    assert did("kept_as_evidence", at) == 1 and destroying(delivered).paused_at is None
    assert certify(world, delivered, at=at).state == "filed"


def test_revoked_under_an_order_that_stands_the_copies_stay(world, delivered):
    order = stages.order(world, delivered)
    said = {"article": "Art. 17", "reason": "可复原", "remedy": stages.REMEDY}
    operations.revoke_grant(grant=delivered, actor=world["officer"], at=world.at, **said)
    order.refresh_from_db()
    with pytest.raises(InvalidState, match=order.number):
        certify(world, delivered)


def test_not_certified_in_time_is_a_finding_until_it_is(world, over):
    due = destroying(over).due_at
    assert did("not_closed_out", due - timedelta(seconds=1)) == 0
    assert did("not_closed_out", due) == 1
    finding = Finding.objects.get()
    assert (finding.rule, finding.party) == ("not_closed_out", world.parties["buyer"])
    assert str(last_day(due)) in finding.said
    certify(world, over, at=due)
    assert did("cause_gone", due) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"destroyed": " "}, "destroyed"), ({"places": ""}, "places"), ({"method": ""}, "method"),
        ({"done_by": ""}, "done_by"), ({"destroyed_on": date(2026, 1, 1)}, "destroyed_on"),
        ({"destroyed_on": date(2027, 1, 1)}, "destroyed_on"), ({"kept": "发票"}, "kept_why"),
        ({"kept_why": "会计法"}, "kept_why"),
    ],
)  # fmt: skip
def test_certificate_is_whole_or_refused(world, over, changes, field):
    with pytest.raises(ValidationError, match=field):
        certify(world, over, **changes)
    assert not Certificate.objects.exists() and destroying(over)


def test_nothing_is_destroyed_before_the_last_of_it_was_delivered(world, over):
    again = Delivery.objects.filter(grant=over).latest("pk")
    again.pk, again.obtained_at, again._state.adding = None, world.at + DAY, True
    again.save()
    with pytest.raises(ValidationError, match="destroyed_on"):
        certify(world, over, at=world.at + 2 * DAY, destroyed_on=local_date(world.at))
    certify(world, over, at=world.at + 2 * DAY, destroyed_on=local_date(world.at + DAY))


@pytest.mark.parametrize(("days", "said"), [(-1, "否"), (0, "是"), (3, "是"), (4, "否")])
def test_whoever_checks_sees_whether_the_copies_were_evidence_on_the_day(world, over, days, said):
    began = world.at + 10 * DAY
    incident = stages.report_incident(world, at=began, noticed_at=began)
    operations.dismiss_incident(incident=incident, actor=world["officer"], at=began + 3 * DAY, reason="演练")
    made = certify(world, over, at=began + 6 * DAY, destroyed_on=local_date(began + days * DAY))
    file = cases_closeout.certificate(made, world["officer"], made.filed_at)
    facts = dict(fact for section in file for fact in section.facts)
    assert facts["当日副本是否为证据"] == said


SIX_WEEKS = timedelta(weeks=6)


def test_ordered_before_six_weeks_without_a_sweep_nothing_is_found_and_the_time_stood_still_since(world, delivered):
    """The time to destroy was over meanwhile, and the copies were evidence."""
    end = end_of_day(delivered.ends)
    assert did("certificate_asked", end) == 1
    due = destroying(delivered).due_at
    ordered = end + DAY
    order = stages.order(world, delivered, at=ordered)
    back = ordered + SIX_WEEKS
    assert due < back and did("not_closed_out", back) == 0  # whoever looks first
    assert did("kept_as_evidence", back) == 1
    assert (destroying(delivered).paused_at, destroying(delivered).due_at) == (ordered, due)
    assert did("not_closed_out", back) == 0 and not Finding.objects.filter(rule="not_closed_out").exists()
    operations.lift_order(measure=order, actor=world["officer"], at=back, reason="已改正")
    assert did("kept_as_evidence", back) == 1
    again = destroying(delivered)
    still = working_days_between(local_date(ordered), local_date(back))
    assert again.due_at == due_after(again.started_at, again.working_days + still)
    assert did("not_closed_out", again.due_at - timedelta(seconds=1)) == 0
    assert did("kept_as_evidence", again.due_at) == 0 and did("not_closed_out", again.due_at) == 1


def test_an_order_that_came_and_went_while_no_sweep_ran_gives_the_holder_its_days_back(world, delivered):
    end = end_of_day(delivered.ends)
    did("certificate_asked", end)
    first, ordered, lifted = destroying(delivered), end + DAY, end + 15 * DAY
    order = stages.order(world, delivered, at=ordered)
    operations.lift_order(measure=order, actor=world["officer"], at=lifted, reason="已改正")
    back = ordered + SIX_WEEKS
    assert did("not_closed_out", back) == 0 and did("kept_as_evidence", back) == 1
    again = destroying(delivered)
    assert (again.paused_at, again.due_at) == (None, due_after(back, 1))  # at least a day, once told
    assert did("not_closed_out", back) == 0 and did("not_closed_out", again.due_at) == 1
    soon = destroying(delivered)
    assert soon.due_at > due_after(first.started_at, first.working_days)


def test_with_days_left_an_order_that_nobody_saw_moves_the_last_day_by_the_days_it_stood(world, delivered):
    end = end_of_day(delivered.ends)
    did("certificate_asked", end)
    first, ordered = destroying(delivered), end + DAY
    lifted = first.due_at - DAY
    order = stages.order(world, delivered, at=ordered)
    operations.lift_order(measure=order, actor=world["officer"], at=lifted, reason="已改正")
    assert did("kept_as_evidence", first.due_at) == 1
    still = working_days_between(local_date(ordered), local_date(lifted))
    assert still > 2 and destroying(delivered).due_at == due_after(first.started_at, first.working_days + still)


def test_ordered_after_the_time_to_destroy_was_over_the_finding_is_right(world, delivered):
    end = end_of_day(delivered.ends)
    did("certificate_asked", end)
    due = destroying(delivered).due_at
    stages.order(world, delivered, at=due)
    back = due + SIX_WEEKS
    assert did("kept_as_evidence", back) == 0 and did("not_closed_out", back) == 1


@pytest.mark.parametrize("case", ["incident", "inspection", "review"])
def test_whatever_case_kept_the_copies_while_no_sweep_ran_counts_from_its_beginning_to_its_end(world, delivered, case):
    given = {"actor": world["officer"], "at": world.at}
    if case == "review":
        stages.terminate(stages.order(world, delivered), world)
    elif case == "inspection":
        inspection = operations.open_inspection(grant=delivered, **given, reason="举报")
    if case != "review":
        surrender_grant(grant=delivered, actor=world["buyer"], at=world.at, reason="项目结束")
    began, over = world.at + DAY, world.at + 20 * DAY
    if case == "incident":
        incident = stages.report_incident(world, at=began, noticed_at=began)
        operations.dismiss_incident(incident=incident, actor=world["officer"], at=over, reason="演练")
    elif case == "inspection":
        operations.begin_unannounced(inspection=inspection, actor=world["officer"], at=began, reason="突击")
        operations.cancel_inspection(inspection=inspection, actor=world["officer"], at=over, reason="误报")
    else:
        order = Measure.objects.get()
        review = operations.lodge_review(subject=order, actor=world["buyer"], at=began, text="处罚过重")
        operations.withdraw_review(review=review, actor=world["buyer"], at=over)
    (span,) = spans_of([delivered.pk])[delivered.pk][-1:]
    assert span == (began, over)
    back = world.at + SIX_WEEKS
    assert did("not_closed_out", back) == 0 and did("kept_as_evidence", back) == 1
    assert destroying(delivered).paused_days >= working_days_between(local_date(began), local_date(over))


def test_spans_that_overlap_are_one_and_each_kind_of_case_is_asked_once_for_all_grants(
    world, delivered, django_assert_num_queries
):
    order = stages.order(world, delivered)
    incident = stages.report_incident(world, at=world.at + DAY, noticed_at=world.at + DAY)
    operations.lift_order(measure=order, actor=world["officer"], at=world.at + 2 * DAY, reason="已改正")
    operations.dismiss_incident(incident=incident, actor=world["officer"], at=world.at + 3 * DAY, reason="演练")
    later = stages.order(world, delivered, at=world.at + 5 * DAY)
    with django_assert_num_queries(9):  # seven paths from a case to its grants; when two kinds were over
        spans = spans_of([delivered.pk, delivered.pk + 1])
    assert spans == {delivered.pk: [(world.at, world.at + 3 * DAY), (later.issued_at, None)]}


def test_what_a_law_says_to_keep_is_named(world, over):
    made = certify(world, over, kept="交付回执", kept_why="电子商务法第三十一条，三年，档案室")
    assert (made.kept, made.kept_why) == ("交付回执", "电子商务法第三十一条，三年，档案室")


def test_certificate_is_checked_by_an_unbiased_officer_of_the_authority(world, over):
    made = certify(world, over)
    for who in ("buyer", "seller", "county_officer", "other_officer", "conflicted_officer", "province_officer"):
        with pytest.raises(NotAllowed):
            operations.accept_certificate(certificate=made, actor=world[who], at=world.at)
        with pytest.raises(NotAllowed):
            operations.return_certificate(certificate=made, actor=world[who], at=world.at, reason="x")
    made.refresh_from_db()
    assert made.state == "filed"


def test_of_non_public_data_the_seller_checks_it(world):
    grant, _end = stages.non_public_grant(world, "active")
    at = grant.activated_at
    delivery.deliver(grant=grant, version=grant.from_version, actor=world["buyer"], at=at)
    surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="项目结束")
    made = certify(world, grant, at=at)
    assert world["vendor"].ledger_ref in told("certificate_filed")
    with pytest.raises(NotAllowed):
        operations.accept_certificate(certificate=made, actor=world["officer"], at=at)
    with time_machine.travel(at, tick=False):
        assert made in [task.obj for task in todo(world["vendor"], at)]
        assert made not in [task.obj for task in todo(world["officer"], at)]
    operations.accept_certificate(certificate=made, actor=world["vendor"], at=at)
    assert Certificate.objects.get().state == "accepted"
    assert Document.objects.of(made).get().issuer == world.parties["vendor"]


def test_of_a_seller_that_has_ended_the_authority_finds_the_certificate_in_its_queue(world):
    grant, _end = stages.non_public_grant(world, "active")
    at = grant.activated_at
    delivery.deliver(grant=grant, version=grant.from_version, actor=world["buyer"], at=at)
    surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="项目结束")
    made = certify(world, grant, at=at)
    operations.end_party(party=world.parties["vendor"], actor=world["operator"], at=at, reason="注销")
    city, officer = world.parties["city"], world["officer"]
    (due,) = [row for row in dues(Clock.objects.running().filter(duties_of({city.pk}))) if row.obj == made]
    assert (due.owner, due.is_instead) == (city, False)
    with time_machine.travel(at, tick=False):
        assert made in [task.obj for task in todo(officer, at)]
        browser = Client()
        browser.force_login(officer)
        assert str(made) in browser.get(reverse("console:supervision_certificate_changelist")).content.decode()
    operations.accept_certificate(certificate=Certificate.objects.get(), actor=officer, at=at)


def test_end_of_the_successor_ends_what_its_predecessors_owed(world, over):
    made, successor = certify(world, over), world.parties["other_buyer"]
    operations.return_certificate(certificate=made, actor=world["officer"], at=world.at, reason="未列明备份")
    operations.schedule_reports(grants=[over], actor=stages.JOB, at=world.at)
    given = {"actor": world["operator"], "at": world.at, "reason": "合并"}
    operations.merge_party(party=world.parties["buyer"], successor=successor, evidence="登记通知书", **given)
    successor.refresh_from_db()
    assert UsageReport.objects.owed().filter(grant=over).exists()
    operations.end_party(party=successor, **given)
    assert Certificate.objects.get().state == "ceased" and not clock.of(over).open().exists()
    assert not UsageReport.objects.owed().exists()


def test_holder_that_ends_without_a_successor_owes_nothing_any_more(world, over):
    made = certify(world, over)
    operations.return_certificate(certificate=made, actor=world["officer"], at=world.at, reason="未列明备份")
    party = world.parties["buyer"]
    operations.end_party(party=party, actor=world["operator"], at=world.at, reason="注销")
    assert Certificate.objects.get().state == "ceased" and not clock.of(over).open().exists()


def test_returned_to_a_holder_that_has_ended_meanwhile_nobody_owes_it(world, over):
    made = certify(world, over)
    operations.end_party(party=world.parties["buyer"], actor=world["operator"], at=world.at, reason="注销")
    made.refresh_from_db()
    operations.return_certificate(certificate=made, actor=world["officer"], at=world.at, reason="未列明备份")
    assert Certificate.objects.get().state == "ceased" and not clock.of(over).open().exists()


def test_pages_lead_from_the_grant_to_the_certificate_and_to_its_check(world, over):
    browser = Client(headers={"accept-language": "en"})
    page = over.get_absolute_url()
    with time_machine.travel(world.at, tick=False):
        browser.force_login(world["buyer"])
        form = f"{page}certify-destruction/"
        assert form in browser.get(page).content.decode()
        assert "At present none is open" in browser.get(form).content.decode()
        sent = {**CERTIFIED, "destroyed_on": str(local_date(world.at))}
        there = browser.post(form, sent).url
        assert there == Certificate.objects.get().get_absolute_url()
        browser.force_login(world["officer"])
        assert CERTIFIED["method"] in browser.get(there).content.decode()
        case = f"/console/supervision/certificate/{Certificate.objects.get().pk}/"
        assert CERTIFIED["done_by"] in browser.get(case).content.decode()
        assert browser.post(f"{there}accept/").url == there
        assert "closed out" in browser.get(page).content.decode()
        browser.force_login(world["seller"])
        assert browser.get(there).status_code == 404


def test_form_says_not_to_destroy_while_copies_are_evidence(world, over):
    incident = stages.report_incident(world)
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(world["buyer"])
    with time_machine.travel(world.at, tick=False):
        shown = browser.get(f"{over.get_absolute_url()}certify-destruction/").content.decode()
        assert "Do not destroy anything yet" in shown and incident.number in shown
        assert "Do not destroy anything yet" in browser.get(over.get_absolute_url()).content.decode()
