"""Two at once, for real: threads with connections of their own. PostgreSQL races; SQLite must at least take turns."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction

from accounts.models import Assignment, EvidenceFile
from listings import operations as listing
from listings.models import Assessment, Job, Product, Version
from listings.operations import release_rules, review
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Decision, Grant, Hold, Item
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import SHANGHAI
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import AccessRecord, Delivery
from marketplace.desk.sample_data import write_visits
from marketplace.desk.story import consult, later
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.notices import operations as notices
from marketplace.notices.models import Outbox
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.proposals import shown_now
from marketplace.supervision.second_pair import SecondPairRule, Signature
from marketplace.supervision.sweep import run, sweep
from tests.listings.test_release_rules import next_non_public
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12 if connection.vendor == "postgresql" else 3


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Each act in a thread of its own, all let go at once; what each returned or raised, in order."""
    start, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            outcomes[number] = act()
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def one_won(outcomes: list[Any], *refusals: type[Exception]) -> None:
    """Exactly one act went through; the others were refused, not broken."""
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(errors) == len(outcomes) - 1, outcomes
    assert all(isinstance(error, refusals or (InvalidState,)) for error in errors), outcomes


def entries(obj: Any, verb: str) -> int:
    return Entry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk), verb=verb).count()


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def test_one_item_decided_twice_at_once_becomes_one_grant(world):
    item, at = stages.item(world, "open@under_review")
    approve = lambda: stages.approve(fresh(item), world, at)  # noqa: E731
    one_won(together(approve, approve, approve))
    assert (Grant.objects.count(), Decision.objects.count(), entries(item, "approve")) == (1, 1, 1)


def test_item_approved_and_refused_at_once_is_decided_once(world):
    item, at = stages.item(world, "open@under_review")
    refuse = lambda: applications.refuse_item(  # noqa: E731
        item=fresh(item), actor=world["officer"], at=at, reason="无必要", remedy=stages.REMEDY
    )
    one_won(together(lambda: stages.approve(fresh(item), world, at), refuse))
    state = Item.objects.get().state
    assert (Grant.objects.count(), Decision.objects.get().is_approval) == (
        (1, True) if state == "approved" else (0, False)
    )


def test_two_officers_review_one_version_at_once(world):
    version, at = stages.version(world, "submitted")
    seen = Entry.objects.order_by("-pk").first().pk
    outcomes = together(
        lambda: listing.approve_version(version=fresh(version), actor=world["officer"], at=at, **stages.SIGN_OFF),
        lambda: listing.refuse_version(
            version=fresh(version), actor=world["second_officer"], at=at, reason="-", remedy="-"
        ),
    )
    one_won(outcomes)
    assert Entry.objects.filter(pk__gt=seen).count() == 1


def test_two_officers_accept_one_application_at_once(world, application):
    outcomes = together(
        *(
            lambda who=who: applications.accept_application(
                application=fresh(application), actor=world[who], at=world.at
            )
            for who in ("officer", "second_officer")
        )
    )
    one_won(outcomes)
    assert (entries(application, "accept"), Assignment.objects.filter(ended_at=None).count()) == (1, 1)


def test_application_submitted_twice_at_once_is_submitted_once(world):
    application, at = stages.application(world, "draft")
    submit = lambda: applications.submit_application(  # noqa: E731
        application=fresh(application), actor=world["buyer"], at=at
    )
    one_won(together(submit, submit, submit))
    assert entries(application, "submit") == 1
    told = Outbox.objects.filter(kind="application_submitted", channel="page").count()
    assert told == 3  # the officers of the city, once each
    assert Application.objects.get().state == "submitted"


def test_terms_accepted_and_declined_at_once(world, offered_grant):
    who = {"actor": world["buyer"], "at": world.at}
    outcomes = together(
        lambda: applications.accept_grant(grant=fresh(offered_grant), terms_accepted=True, **who),
        lambda: applications.decline_grant(grant=fresh(offered_grant), reason="-", **who),
    )
    one_won(outcomes)
    assert entries(offered_grant, "accept") + entries(offered_grant, "decline") == 1


def test_one_order_issued_twice_at_once_has_one_number_and_one_hold(world, grant):
    measure = stages.proposal(world, grant)
    act = {"at": world.at, "facts": "-", "demand": "-", "remedy": "-"}
    outcomes = together(
        *(
            lambda who=who: supervision.issue_order(measure=fresh(measure), actor=world[who], **act)
            for who in ("officer", "second_officer", "officer")
        )
    )
    one_won(outcomes)
    assert (Hold.objects.count(), entries(measure, "issue_order"), fresh(measure).number) == (
        1,
        1,
        "350100-33-2026-0001",
    )


def test_orders_of_one_authority_at_once_have_numbers_of_their_own(world, grant):
    grants = [grant, stages.active_grant(world), stages.active_grant(world, buyer="other_buyer")]
    measures = [stages.proposal(world, one) for one in grants]
    outcomes = together(*(lambda one=one: stages.issue(fresh(one), world, world.at) for one in measures))
    assert outcomes == measures
    numbers = Measure.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == ["350100-33-2026-0001", "350100-33-2026-0002", "350100-33-2026-0003"]


def test_order_lifted_and_annulled_at_once(world, grant):
    measure = stages.order(world, grant)
    outcomes = together(
        lambda: supervision.lift_order(measure=fresh(measure), actor=world["officer"], at=world.at, reason="-"),
        lambda: supervision.annul_order(measure=fresh(measure), actor=world["second_officer"], at=world.at, reason="-"),
    )
    one_won(outcomes)
    state = fresh(measure).state
    outcome = {"lifted": "resumed", "annulled": "annulled"}[state]
    assert (Hold.objects.get().state, measure.held.get().outcome) == (state, outcome)


def test_an_order_lifted_while_a_second_is_issued_leaves_the_grant_held_by_the_second(world, grant):
    for round in range(min(ROUNDS, 5)):
        first = stages.order(world, grant, world.at + timedelta(seconds=2 * round))
        second = stages.proposal(world, grant, world.at + timedelta(seconds=2 * round + 1))
        act = {"actor": world["officer"], "at": world.at, "reason": "已改正"}
        outcomes = together(
            lambda m=first, a=act: supervision.lift_order(measure=fresh(m), **a),
            lambda m=second: stages.issue(fresh(m), world, world.at),
        )
        assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
        held = Hold.objects.filter(grant=grant, state="open")
        assert [hold.source_ref for hold in held] == [f"supervision.measure:{second.pk}"]
        assert not fresh(grant).is_in_effect(world.at)
        supervision.lift_order(measure=fresh(second), **act)


def test_refusal_found_and_evidence_filed_at_once_the_case_knows_what_came_first(world, grant):
    made, at = stages.measure(world, "issued+hearing")
    outcomes = together(
        lambda: supervision.find_refusal(measure=fresh(made), actor=world["officer"], at=at, reason="逾期"),
        lambda: supervision.file_evidence(measure=fresh(made), actor=world["buyer"], at=at, text="已停用"),
    )
    found, filed = (one is None for one in outcomes)
    assert filed and all(one is None or isinstance(one, InvalidState) for one in outcomes), outcomes
    # found first, what is filed then changes nothing of it; filed first, it has to be read first
    assert fresh(made).state == ("refused_to_correct" if found else "evidence_filed")
    assert (entries(made, "find_refusal"), entries(made, "file_evidence")) == (found, filed)
    assert made.evidence.filter(kind="correction").count() == filed
    assert not fresh(made.held.get().grant).is_in_effect(at)


@pytest.mark.parametrize("what", ["text", "file"])
def test_terminated_and_evidence_filed_at_once_nothing_is_filed_on_what_is_over(world, what):
    """Whoever comes first: terminated, nothing is filed any more; filed, it is read before the service ends."""
    for _ in range(max(2, ROUNDS // 3)):
        made, at = stages.measure(world, "refused_to_correct")
        before = made.evidence.count(), EvidenceFile.objects.of(made).count()
        buyer, officer = {"actor": world["buyer"], "at": at}, {"actor": world["officer"], "at": at}
        act = {
            "text": lambda m=made, by=buyer: supervision.file_evidence(measure=fresh(m), text="已停用", **by),
            "file": lambda m=made, by=buyer: supervision.add_measure_evidence(
                measure=fresh(m), path=stages.paper("late"), **by
            ),
        }[what]
        end = {"reason": "拒不改正", "remedy": stages.REMEDY, **officer}
        ended, filed = together(lambda m=made, e=end: supervision.terminate_service(measure=fresh(m), **e), act)
        one_won([ended, None if isinstance(filed, EvidenceFile) else filed])
        grant = made.held.get().grant
        state, more = ("terminated", 0) if ended is None else ("refused_to_correct", 1)
        assert (fresh(made).state, fresh(grant).state) == (state, "terminated" if ended is None else "active")
        after = made.evidence.count(), EvidenceFile.objects.of(made).count()
        assert sum(after) - sum(before) == more
        newest = Entry.objects.filter(object_type="supervision.measure", object_id=str(made.pk)).exclude(new="")
        assert newest.latest("pk").new == state
        supervision.note_seen(measure=fresh(made), **officer)
        if ended is not None:  # what was filed is read now
            supervision.terminate_service(measure=fresh(made), **end)
        with pytest.raises(InvalidState):
            act()
        assert sum((made.evidence.count(), EvidenceFile.objects.of(made).count())) == sum(after)


def test_terminated_and_lifted_at_once_it_ends_one_way(world):
    made, at = stages.measure(world, "refused_to_correct")
    officer = {"actor": world["officer"], "at": at, "reason": "-"}
    one_won(together(
        lambda: supervision.terminate_service(measure=fresh(made), remedy=stages.REMEDY, **officer),
        lambda: supervision.lift_order(measure=fresh(made), **officer),
    ))  # fmt: skip
    grant = fresh(made.held.get().grant)
    assert (fresh(made).state, grant.state) in {("terminated", "terminated"), ("lifted", "active")}


def test_a_take_down_issued_while_the_version_is_released_by_hand_holds_it(world):
    made, at = stages.take_down(world, "proposed")
    reviewer = {"actor": world["reviewer"], "at": at}
    listing.hold_version(version=made.version, reason="复评未通过", **reviewer)
    outcomes = together(
        lambda: supervision.issue_order(measure=fresh(made), **stages.CHARGE, remedy=stages.REMEDY, **reviewer),
        lambda: listing.release_version(version=fresh(made.version), reason="复评通过", **reviewer),
    )
    assert all(isinstance(one, InvalidState) for one in outcomes if one is not None), outcomes
    version, issued = fresh(made.version), outcomes[0] is None
    assert (version.state, version.is_taken_down) == (("held", True) if issued else ("published", False))
    assert fresh(made).state == ("issued" if issued else "proposed")


@pytest.mark.parametrize("way", ["reviewer", "rule"])
def test_a_version_made_public_while_its_product_is_taken_down_is_held_or_refused(world, way, monkeypatch):
    """Whoever makes it public is slow between looking at the product and publishing."""
    made, at = stages.take_down(world, "proposed", whole=True)
    of, who = made.version, {"actor": world["reviewer"], "at": at}
    if way == "rule":
        bounds = {**stages.RULE, "min_rows": 1, "min_k": None, "max_drift": 100}
        rule = listing.propose_rule(product=of.product, actor=world["vendor"], at=at, **bounds)
        listing.approve_rule(rule=rule, reason="更新稳定", **who)
    following = next_non_public(world, of, at)
    if way == "reviewer":
        listing.submit_version(version=following, actor=world["vendor"], at=at)
        listing.approve_version(version=following, **stages.SIGN_OFF, **who)
        who["at"] = later(at, Kind.PUBLICITY)
    place, name = (review, "check_sources_stand") if way == "reviewer" else (release_rules, "signed_off")
    quick = getattr(place, name)

    def slow(*args: Any) -> Any:
        time.sleep(0.3)
        return quick(*args)

    monkeypatch.setattr(place, name, slow)

    def make_public() -> None:
        if way == "reviewer":
            return listing.publish_version(version=fresh(following), **who)
        listing.submit_version(version=fresh(following), actor=world["vendor"], at=at)

    def issue() -> None:
        time.sleep(0.15)
        supervision.issue_order(measure=fresh(made), **stages.CHARGE, remedy=stages.REMEDY, **who)

    published, issued = together(make_public, issue)
    assert issued is None and (published is None or isinstance(published, InvalidState)), (published, issued)
    waits = "submitted" if way == "reviewer" else "assessed"
    assert (fresh(of).state, fresh(following).state) == ("held", "held" if published is None else waits)
    supervision.lift_order(measure=fresh(made), reason="已改正", **who)
    assert fresh(following).state == ("published" if published is None else waits)


def test_two_officers_sign_as_the_first_at_once_and_one_is(world, grant):
    SecondPairRule.objects.create(authority=grant.authority, by=world["officer"], since=world.at)
    made = stages.proposal(world, grant)
    texts = {"at": world.at, **stages.CHARGE, "remedy": stages.REMEDY}
    one_won(together(*(
        lambda who=who: supervision.issue_order(measure=fresh(made), actor=world[who], **texts)
        for who in ("officer", "second_officer")
    )))  # fmt: skip
    assert (Signature.objects.count(), Hold.objects.count(), fresh(made).state) == (1, 0, "proposed")


def test_nothing_is_handed_over_once_the_suspension_is_recorded(world, grant, monkeypatch):
    """Both write their entries while they hold the grant's lock, so the entries' order is the order of the locks."""
    judge = gate.judge

    def slow(*args: Any) -> gate.Verdict:
        verdict = judge(*args)
        time.sleep(0.02)  # between the verdict and its record
        return verdict

    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)  # the file is there
    monkeypatch.setattr(gate, "judge", slow)

    def download() -> str:
        try:
            delivery.deliver(grant=fresh(grant), version=fresh(world.version), actor=world["buyer"], at=world.at)
        except gate.Denied as no:
            return no.code
        return "ok"

    seen = set()
    for round in range(ROUNDS):
        measure = stages.proposal(world, grant, world.at + timedelta(seconds=round))
        wait = round % 4 * 0.008
        order = lambda m=measure, w=wait: (time.sleep(w), stages.issue(m, world, world.at))  # noqa: E731
        before = Delivery.objects.count()
        issued, *codes = together(order, download, download)
        assert issued == (None, measure)
        assert set(codes) <= {"ok", "suspended"}
        assert Delivery.objects.count() - before == codes.count("ok")
        hold = Entry.objects.filter(object_type="applications.hold", verb="issue_order").latest("pk")
        last = Entry.objects.filter(verb="deliver").latest("pk")
        assert last.pk < hold.pk, "handed over after the suspension"
        assert download() == "suspended"
        seen |= set(codes)
        supervision.lift_order(measure=measure, actor=world["officer"], at=world.at, reason="-")
    assert AccessRecord.objects.filter(outcome="allowed").count() == Delivery.objects.count()
    assert "suspended" in seen or connection.vendor == "sqlite"


def late_reports(world) -> tuple[Grant, datetime]:
    grant = stages.active_grant(world)
    stages.active_grant(world, buyer="other_buyer")
    sweep(at=world.at)
    return grant, datetime(2026, 4, 27, 9, tzinfo=SHANGHAI)


def found() -> dict[str, Any]:
    return {
        "reports": sorted(UsageReport.objects.values_list("grant", "start", "state")),
        "findings": sorted(Finding.objects.values_list("occasion_key", "state")),
        "holds": sorted(Hold.objects.values_list("grant", "code", "source_ref", "state")),
        "measures": sorted(Measure.objects.values_list("occasion_key", "state")),
        "notices": sorted(Outbox.objects.values_list("dedup_key", flat=True)),
        "entries": Entry.objects.count(),
    }


def test_two_sweeps_at_once_do_what_one_does(world):
    _grant, at = late_reports(world)
    results = together(*[lambda: sweep(at=at)] * 3)
    assert [result.failed for run in results for result in run] == [0] * len(results[0]) * 3
    raced = found()
    assert {name: len(raced[name]) for name in ("reports", "findings", "holds", "measures")} == {
        "reports": 4, "findings": 2, "holds": 2, "measures": 2,
    }  # fmt: skip
    done = {result.monitor: 0 for result in results[0]}
    for swept in results:
        for result in swept:
            done[result.monitor] += result.did
    assert {name: done[name] for name in ("report_schedule", "report_overdue", "report_late")} == {
        "report_schedule": 2, "report_overdue": 2, "report_late": 2,
    }  # fmt: skip
    before = rows()
    sweep(at=at)
    assert rows() == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer and no SKIP LOCKED")
def test_a_sweep_waits_for_nobody_and_the_next_does_what_it_left(world):
    grant, at = late_reports(world)
    report = grant.reports.get()
    with transaction.atomic():  # somebody is deciding about this report and has not finished
        UsageReport.objects.select_for_update().get(pk=report.pk)
        Grant.objects.select_for_update().get(pk=grant.pk)
        watch_only = [row for row in MONITORS if row.name in ("report_schedule", "report_overdue")]
        (done,) = together(lambda: [run(monitor, at).did for monitor in watch_only])
    other = Grant.objects.exclude(pk=grant.pk).get()
    assert done == [1, 1]
    assert set(Finding.objects.values_list("grant", flat=True)) == {other.pk}
    assert (grant.reports.count(), other.reports.count()) == (1, 2)
    sweep(at=at)
    assert set(Finding.objects.values_list("grant", flat=True)) == {grant.pk, other.pk}
    assert grant.reports.count() == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_a_grant_that_ends_while_the_sweep_waits_for_it_is_not_paused(world):
    grant, at = late_reports(world)
    late = next(row for row in MONITORS if row.name == "report_late")

    def end() -> None:
        with transaction.atomic():
            Grant.objects.select_for_update().get(pk=grant.pk)
            time.sleep(1)  # by now the sweep waits for the grant
            applications.surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="不再需要")

    given_back, swept = together(end, lambda: time.sleep(0.3) or run(late, at))
    assert (given_back, swept.failed) == (None, 0)
    assert not Hold.objects.filter(grant=grant).exists() and not Measure.objects.filter(held__grant=grant).exists()
    assert Hold.objects.filter(state="open").count() == 1  # of the other grant


def test_report_filed_while_the_sweep_pauses_leaves_no_hold_standing(world):
    grant, at = late_reports(world)
    for _ in range(max(2, ROUNDS // 3)):
        report = fresh(grant.reports.order_by("start").first())
        file = lambda r=report: supervision.file_report(report=r, actor=world["buyer"], at=at, is_nil=True)  # noqa: E731
        filed, swept = together(file, lambda: sweep(at=at))
        assert filed is None
        assert [result.failed for result in swept] == [0] * len(swept)
        assert fresh(report).state == "filed"
        assert not Hold.objects.filter(grant=grant, state="open").exists()
        assert not Finding.objects.filter(grant=grant, state="open").exists()
        supervision.return_report(report=fresh(report), actor=world["officer"], at=world.at, reason="-")
        UsageReport.objects.filter(pk=report.pk).update(due_at=report.due_at, late_at=report.late_at)


def test_finding_dismissed_while_the_sweep_pauses_leaves_no_grant_paused_and_nothing_to_sign(world):
    _grant, at = late_reports(world)
    monitors = {row.name: row for row in MONITORS}
    run(monitors["report_overdue"], at)
    dismiss = lambda finding: supervision.dismiss_finding(  # noqa: E731
        finding=fresh(finding), actor=world["officer"], at=at, reason="已书面报送"
    )
    noticed = list(Finding.objects.filter(rule="report_overdue"))
    outcomes = together(
        *[lambda one=one: dismiss(one) for one in noticed], *[lambda: run(monitors["report_late"], at)] * 2
    )
    assert outcomes[:2] == [None, None] and [result.failed for result in outcomes[2:]] == [0, 0]
    run(monitors["report_late"], at)
    assert not Hold.objects.filter(state="open").exists()
    assert not any(shown_now(measure).can_be_signed for measure in Measure.objects.all())


def test_mails_sent_by_two_workers_at_once_go_out_once(world, application, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    waiting = Outbox.objects.filter(channel="email", state="pending").count()
    sent = together(*[lambda: notices.send_due(at=world.at)] * 3)
    assert sum(sent) == len(mail.outbox) == waiting > 0
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == waiting


def test_two_versions_started_at_once_become_one(world):
    start = lambda: listing.create_version(  # noqa: E731
        product=world.product, actor=world["seller"], at=world.at, about="none", **stages.VERSION_FIELDS
    )
    one_won(together(start, start), ValidationError)
    assert list(Version.objects.order_by("number").values_list("number", "state")) == [(1, "published"), (2, "draft")]


def test_one_assessment_run_by_two_workers_at_once_runs_once(world):
    version = stages.draft_with_file(world)
    job = listing.request_assessment(version=version, actor=world["seller"], at=world.at)
    before = Assessment.objects.count()
    ran = together(*[lambda: listing.run_assessment(job=Job.objects.get(pk=job.pk), at=world.at)] * 3)
    assert sorted(ran) == [False, False, True]
    assert Assessment.objects.count() == before + 1
    assert fresh(version).state == "assessed"


def test_one_upload_sent_and_finished_by_three_at_once_is_read_once(world, settings):
    upload, at = stages.upload(world, "open+partial")
    content = write_visits(stages.scratch("next.csv")).read_bytes()
    who = {"actor": world["seller"], "at": at}
    upload = listing.start_upload(version=upload.version, name="next.csv", size=len(content), **who)
    sent = together(*[lambda: listing.receive_chunk(upload=fresh(upload), offset=0, content=content, **who)] * 3)
    one_won(sent)
    assert upload.chunks.count() == 1
    one_won(together(*[lambda: listing.finish_upload(upload=fresh(upload), **who)] * 3))
    assert (fresh(upload).state, upload.jobs.count(), upload.version.files.count()) == ("done", 1, 2)
    assert (
        sorted(path.name.partition("-")[0] for path in (settings.MEDIA_ROOT / "quarantine").iterdir())
        == [str(upload.version_id)] * 2
    )


def test_grant_is_not_given_back_while_its_order_is_being_signed(world):
    """The buyer looks for holds, the officer signs, the buyer goes on: one of the two must have waited."""
    for _ in range(ROUNDS // 3):
        grant = stages.active_grant(world)
        measure = stages.proposal(world, grant)
        one_won(
            together(
                lambda measure=measure: stages.issue(fresh(measure), world, world.at),
                lambda grant=grant: applications.surrender_grant(
                    grant=fresh(grant), actor=world["buyer"], at=world.at, reason="不用了"
                ),
            )
        )
        assert (fresh(measure).state, fresh(grant).state) in [("issued", "active"), ("proposed", "surrendered")]


def test_application_is_not_returned_while_an_item_of_it_is_being_approved(world):
    stages.another_listed_product(world)
    other = Product.objects.exclude(pk=world.product.pk).get()
    for _ in range(ROUNDS // 3):
        case, at = stages.application(world, "draft")
        buyer = {"application": case, "actor": world["buyer"], "at": at}
        applications.add_item(**buyer, product=other, fields=["区县"])
        applications.submit_application(**buyer)
        consult(case, world.cast, at)
        applications.consent(consultation=case.consultations.get(), actor=world["provider"], at=at)
        applications.begin_review(application=case, actor=world["officer"], at=at)
        item = case.items.order_by("pk")[0]
        one_won(
            together(
                lambda item=item: stages.approve(fresh(item), world, world.at),
                lambda case=case: applications.return_application(
                    application=fresh(case), actor=world["officer"], at=world.at, reason="补充"
                ),
            )
        )
        assert (fresh(case).state, fresh(item).state) in [("under_review", "approved"), ("returned", "open")]


def test_plans_drafted_by_one_unit_at_once_become_one_draft(world):
    unit = world.parties["unit"]
    draft = lambda: supervision.draft_plan(unit=unit, actor=world["provider"], at=world.at, **stages.PLAN)  # noqa: E731
    one_won(together(draft, draft, draft, draft))
