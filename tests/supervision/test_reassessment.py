"""What is on offer is assessed again: on time, under a new rule set, once; to act on a failure is a person's."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.utils.html import escape
from django.utils.translation import override

from listings import operations as listing
from listings.models import Assessment, Column, Job, ReleaseRule, Version, VersionFile
from listings.operations import jobs, reassessment
from listings.reasons import sentence_of
from listings.release_bounds import bounds
from marketplace.applications import operations as applications
from marketplace.clock.defaults import Kind
from marketplace.clock.models import ClockSetting
from marketplace.clock.working_days import add_months, end_of_day, local_date, months_before
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.desk.story import apply_for
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.sweep import sweep
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

WHY = {"reason": "核查"}


def a_year_later(version):
    return end_of_day(add_months(local_date(version.assessments.latest("at").at), 12))


def assessed_again(at):
    """The sweep opens what is due, the worker measures it, the next sweep sees the result."""
    sweep(at=at)
    done = listing.assess_due(at=at)
    sweep(at=at)
    return done


def older_rules(version):
    Assessment.objects.filter(version=version).update(rule_set="minshu-0")


def make_fail(version):
    """Every column tells its subjects apart: the engine finds groups that are too small."""
    Version.objects.filter(pk=version.pk, about="none").update(about="organisations")
    Column.objects.filter(version=version).update(role="quasi_identifier")


def outcomes(version):
    return list(version.assessments.order_by("pk").values_list("passes", flat=True))


def told(kind):
    return sorted(set(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True)))


@pytest.mark.parametrize("months", [1, 2, 12, 24])
def test_months_before_is_the_latest_day_that_long_ago(months):
    for n in range(800):
        day = date(2027, 1, 1) + timedelta(days=n)
        found = months_before(day, months)
        assert add_months(found, months) <= day < add_months(found + timedelta(days=1), months)


def test_twelve_months_after_its_last_it_is_assessed_again_and_nothing_else_changes(world):
    version, due = world.version, a_year_later(world.version)
    before = Version.objects.filter(pk=version.pk).values().get()
    assert assessed_again(due - timedelta(seconds=1)) == 0
    assert assessed_again(due) == 1
    assert outcomes(version) == [True, True]
    assert Version.objects.filter(pk=version.pk).values().get() == before
    assert Job.objects.latest("pk").requested_by is None
    assert Entry.objects.filter(verb__in=["open_reassessment", "reassess"]).count() == 2
    for _sweep in range(3):
        assert assessed_again(due + timedelta(days=1)) == 0
    assert not Finding.objects.exclude(rule="data_stale").exists()  # nor was the data updated in that year
    assert told("reassessment_passed") == []  # nobody is told of what is as it was


def test_so_many_wait_at_a_time_and_no_more(world, monkeypatch):
    older_rules(world.version)
    monkeypatch.setattr(reassessment, "MOST_OPEN", 0)
    sweep(at=world.at)
    assert not Job.objects.filter(kind="reassess").exists()


def test_asking_twice_is_asking_once_and_takes_a_reason(world):
    who = {"version": world.version, "actor": world["officer"], "at": world.at}
    with pytest.raises(ValidationError):
        listing.request_reassessment(**who, reason=" ")
    first = listing.request_reassessment(**who, **WHY)
    assert listing.request_reassessment(**who, **WHY) == first
    assert Job.objects.filter(kind="reassess").count() == Entry.objects.filter(verb="open_reassessment").count() == 1


def test_setting_counts_in_months_and_holds_at_once(world):
    at = world.at + timedelta(days=70)
    assert assessed_again(at) == 0
    ClockSetting.objects.create(kind=Kind.REASSESSMENT, days=2, source="试行")
    assert assessed_again(at) == 1


def test_missed_months_are_caught_up_by_one_assessment(world):
    at = a_year_later(world.version) + timedelta(days=500)
    for _sweep in range(3):
        sweep(at=at)
    assert Job.objects.filter(kind="reassess").count() == 1
    assert assessed_again(at) == 1
    assert outcomes(world.version) == [True, True]


def test_new_rule_set_makes_every_version_on_offer_due_the_held_too(world, settings):
    older_rules(world.version)
    listing.hold_version(version=world.version, actor=world["officer"], at=world.at, **WHY)
    assert assessed_again(world.at) == 1
    assert world.version.assessments.latest("pk").rule_set == settings.RISK_RULES.label


@pytest.mark.parametrize("state", ["recalled", "retired"])
def test_what_is_not_on_offer_is_not_assessed_again(world, state):
    version, at = stages.version(world, state)
    older_rules(version)
    assert assessed_again(at) == 0


def test_recalled_while_the_job_waits_leaves_no_result(world):
    older_rules(world.version)
    sweep(at=world.at)
    listing.recall_version(version=world.version, actor=world["officer"], at=world.at, **WHY)
    listing.assess_due(at=world.at)
    assert (Job.objects.latest("pk").state, outcomes(world.version)) == ("cancelled", [True])


def test_failure_is_a_finding_for_the_officer_and_told_to_the_seller_alone(world, grant):
    version = world.version
    older_rules(version)
    make_fail(version)
    delivery.deliver(grant=grant, version=version, actor=world["buyer"], at=world.at)
    assert assessed_again(world.at) == 1
    sweep(at=world.at)
    finding = Finding.objects.get()
    assert (finding.rule, finding.article, finding.version, finding.grant) == (
        "assessment_failed", "Art. 35", version, None,
    )  # fmt: skip
    assert (finding.authority, finding.party, finding.reviewer) == (version.authority, version.product.seller, None)
    assert Version.objects.get(pk=version.pk).state == "published"  # nobody holds by job
    assert told("reassessment_failed") == [world["seller"].ledger_ref]
    said = Outbox.objects.filter(kind="reassessment_failed").first().context["reasons"]
    assert "区县" in said["zh-hans"] and "区县" in said["en"] and said["en"] != said["zh-hans"]
    assert world["officer"].ledger_ref in told("version_failing") and told("version_held") == []
    assert finding in [task.obj for task in todo(world["officer"], world.at)]


def test_nothing_new_is_granted_of_what_fails_and_what_is_granted_goes_on(world, grant):
    item = stages.item(world, "open@under_review")[0]
    offered = stages.grant(world, "offered")[0]
    older_rules(world.version)
    make_fail(world.version)
    assessed_again(world.at)
    with pytest.raises(InvalidState):
        stages.approve(item, world, world.at)
    with pytest.raises(InvalidState):
        applications.accept_grant(grant=offered, actor=world["buyer"], at=world.at, terms_accepted=True)
    with pytest.raises(InvalidState):
        apply_for(world.product, world.cast, world.at, world.fields, buyer="other_buyer")
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    listing.create_version(
        product=world.product, actor=world["seller"], at=world.at, about="none", **stages.VERSION_FIELDS
    )  # the way out


def test_version_that_passed_or_went_since_the_sweep_looked_is_not_overtaken(world):
    monitor = next(one for one in MONITORS if one.name == "assessment_failed")
    mine = Assessment.objects.filter(version=world.version)
    mine.update(passes=False)
    (version,) = monitor.find(world.at, None)
    with transaction.atomic():
        mine.update(passes=True)
        assert (monitor.handle(version, world.at), Finding.objects.count()) == (False, 0)
        transaction.set_rollback(True)
    with transaction.atomic():
        listing.retire_version(version=world.version, actor=world["seller"], at=world.at, reason="停止")
        assert (monitor.handle(version, world.at), Finding.objects.count()) == (False, 0)
        transaction.set_rollback(True)
    assert (monitor.handle(version, world.at), monitor.handle(version, world.at)) == (True, False)


def failing(world):
    older_rules(world.version)
    make_fail(world.version)
    assessed_again(world.at)
    return Finding.objects.get(rule="assessment_failed")


def test_officer_holds_and_the_holders_are_told_once(world, grant):
    finding = failing(world)
    who = {"finding": finding, "at": world.at, **WHY}
    for person in ("buyer", "seller", "provider", "province_officer", "other_buyer"):
        with pytest.raises(NotAllowed):
            operations.answer_by_hold(actor=world[person], **who)
    operations.answer_by_hold(actor=world["officer"], **who)
    for _sweep in range(3):
        sweep(at=world.at)
    assert (finding.state, Version.objects.get(pk=world.version.pk).state) == ("measure", "held")
    assert told("version_held") == sorted(world[who].ledger_ref for who in ("buyer", "conflicted_officer"))
    assert Outbox.objects.filter(kind="version_held", channel="page").count() == 2
    with pytest.raises(InvalidState):
        operations.answer_by_hold(actor=world["officer"], **who)


def test_proposal_is_answered_by_a_hold_that_was_there_already(world):
    finding = failing(world)
    listing.hold_version(version=world.version, actor=world["officer"], at=world.at, **WHY)
    operations.answer_by_hold(finding=finding, actor=world["officer"], at=world.at, **WHY)
    assert (finding.state, Version.objects.get(pk=world.version.pk).state) == ("measure", "held")


def test_any_finding_about_a_version_is_answered_by_a_hold_and_its_reporter_is_told(world):
    made = operations.report_concern(
        subject=world.product, actor=world["provider"], at=world.at, kind="misuse", text="可识别个人"
    ).made
    officer = {"actor": world["officer"], "at": world.at}
    finding = operations.take_up_concern(concern=made, reason="属实", **officer)
    other = stages.another_finding(world.version, world.at)
    assert "hold" in {verb.name for verb in verbs.FINDING.available(finding, world["officer"], world.at)}
    operations.answer_by_hold(finding=finding, **officer, **WHY)
    made.refresh_from_db()
    other.refresh_from_db()
    assert (finding.state, made.state, other.state) == ("measure", "settled", "open")
    assert Version.objects.get(pk=world.version.pk).is_held_by_hand
    assert world["provider"].ledger_ref in told("concern_moved")
    assert set(Entry.objects.filter(verb="hold").values_list("article", flat=True)) == {"Art. 17"}
    operations.answer_by_hold(finding=other, **officer, **WHY)  # held already


def test_a_finding_is_not_answered_by_a_hold_where_there_is_nothing_on_offer(world, grant):
    officer = {"actor": world["officer"], "at": world.at}
    found = stages.another_finding(world.version, world.at)
    listing.recall_version(version=world.version, **officer, **WHY)
    found = Finding.objects.get(pk=found.pk)
    assert "hold" not in {verb.name for verb in verbs.FINDING.available(found, world["officer"], world.at)}
    with pytest.raises(InvalidState):
        operations.answer_by_hold(finding=found, **officer, **WHY)
    assert Finding.objects.get(pk=found.pk).state == "open"
    Finding.objects.filter(pk=found.pk).update(version=None, grant=grant)
    with pytest.raises(InvalidState):
        operations.answer_by_hold(finding=Finding.objects.get(pk=found.pk), **officer, **WHY)


def test_dropped_proposal_does_not_come_back_but_the_next_failure_does(world):
    operations.dismiss_finding(finding=failing(world), actor=world["officer"], at=world.at, reason="规则有误")
    sweep(at=world.at)
    assert Finding.objects.get().state == "dismissed"
    listing.request_reassessment(version=world.version, actor=world["officer"], at=world.at, **WHY)
    assessed_again(world.at)
    assert sorted(Finding.objects.values_list("state", flat=True)) == ["dismissed", "open"]


def test_second_failure_in_a_row_opens_no_second_proposal(world):
    failing(world)
    listing.request_reassessment(version=world.version, actor=world["officer"], at=world.at, **WHY)
    assessed_again(world.at)
    assert (outcomes(world.version), Finding.objects.count()) == ([True, False, False], 1)


def test_passing_again_remedies_the_finding_and_grants_go_on(world):
    roles = list(Column.objects.filter(version=world.version).values_list("pk", "role"))
    finding = failing(world)
    for pk, role in roles:
        Column.objects.filter(pk=pk).update(role=role)
    listing.request_reassessment(version=world.version, actor=world["officer"], at=world.at, **WHY)
    assessed_again(world.at)
    finding.refresh_from_db()
    assert (finding.state, outcomes(world.version)) == ("remedied", [True, False, True])
    assert {world["seller"].ledger_ref, world["officer"].ledger_ref} <= set(told("reassessment_passed"))
    listing.check_grantable(world.product, world.at)


def test_file_that_is_gone_or_another_is_no_silent_pass(world):
    file = VersionFile.objects.get(version=world.version, kind="parquet")
    older_rules(world.version)
    VersionFile.objects.filter(pk=file.pk).update(sha256="0" * 64)
    assert assessed_again(world.at) == 1
    report = world.version.assessments.latest("pk").report
    assert [one["code"] for one in report["reasons"]] == ["file_changed"]
    VersionFile.objects.filter(pk=file.pk).update(sha256=file.sha256)
    default_storage.delete(file.key)
    listing.request_reassessment(version=world.version, actor=world["officer"], at=world.at, **WHY)
    assessed_again(world.at)
    report = world.version.assessments.latest("pk").report
    assert [one["code"] for one in report["reasons"]] == ["no_file"]
    shown = page(world, "seller", world.version.get_absolute_url())
    assert "The file as a whole" in shown or "整个文件" in shown
    assert Finding.objects.get().version == world.version
    with pytest.raises(InvalidState):
        listing.check_grantable(world.product, world.at)


def test_worker_lost_again_and_again_is_no_silent_pass(world):
    older_rules(world.version)
    sweep(at=world.at)
    job, at = Job.objects.latest("pk"), world.at
    for _attempt in range(jobs.MOST_ATTEMPTS):
        assert jobs.claim(Job.objects.get(pk=job.pk), at)
        at += jobs.LEASE
    assert not jobs.claim(Job.objects.get(pk=job.pk), at)
    sweep(at=at)
    assert (outcomes(world.version), Finding.objects.get().version) == ([True, False], world.version)


def test_an_engine_that_is_away_says_nothing_of_the_version_and_is_asked_again(world):
    older_rules(world.version)
    sweep(at=world.at)
    job, at = Job.objects.latest("pk"), world.at
    for _attempt in range(jobs.MOST_ATTEMPTS):
        assert jobs.claim(Job.objects.get(pk=job.pk), at)
        job.refresh_from_db()
        jobs.settle(job, {"code": "engine_unavailable", "params": {}}, at)
    job.refresh_from_db()
    assert (job.state, outcomes(world.version), Finding.objects.count()) == ("failed", [True], 0)
    assert assessed_again(at + timedelta(hours=1)) == 1
    assert outcomes(world.version) == [True, True]


def test_seller_cannot_cancel_it(world):
    older_rules(world.version)
    sweep(at=world.at)
    with pytest.raises(InvalidState):
        listing.cancel_job(version=world.version, actor=world["seller"], at=world.at)


def test_about_to_lapse_seller_and_reviewing_body_are_told_once(world):
    due = a_year_later(world.version)
    sweep(at=due - timedelta(days=20))
    assert told("assessment_lapses") == []
    for days in (10, 9, 8):
        sweep(at=due - timedelta(days=days))
    assert {world["seller"].ledger_ref, world["officer"].ledger_ref} <= set(told("assessment_lapses"))
    assert Outbox.objects.filter(kind="assessment_lapses", recipient_ref=world["seller"].ledger_ref).count() == 2


def test_non_public_data_is_the_compliance_reviewers(world):
    version, at = stages.non_public_version(world, "published")
    older_rules(version)
    make_fail(version)
    assessed_again(at)
    finding = Finding.objects.get(version=version)
    assert finding.reviewer == version.reviewer
    with pytest.raises(NotAllowed):
        operations.answer_by_hold(finding=finding, actor=world["officer"], at=at, **WHY)
    assert finding in [task.obj for task in todo(world["reviewer"], at)]
    assert finding not in [task.obj for task in todo(world["officer"], at)]
    assert Finding.objects.visible_to(world["reviewer"]).get(pk=finding.pk) == finding
    assert not Finding.objects.visible_to(world["vendor"]).exists()
    operations.answer_by_hold(finding=finding, actor=world["reviewer"], at=at, **WHY)
    assert Version.objects.get(pk=version.pk).state == "held"


def page(world, person, url):
    client = Client()
    if person:
        client.force_login(world[person], backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(url)
    return answer.content.decode()


def test_what_is_wrong_is_for_who_is_concerned_and_no_recipe_for_the_public(world):
    finding = failing(world)
    for person in ("seller", "officer"):
        shown = page(world, person, world.version.get_absolute_url())
        assert "not passed" in shown or "未通过" in shown
    for person in ("other_buyer", None):
        for url in (world.version.get_absolute_url(), world.product.get_absolute_url()):
            shown = page(world, person, url)
            assert "not passed" not in shown and "未通过" not in shown
    assert world.version.product.title in page(world, "officer", finding.get_absolute_url())


def test_release_rule_publishes_nothing_while_a_version_on_offer_fails(world):
    rule, at = stages.release_rule(world, "approved")
    held = {bound.name: bound.holds for bound in bounds(rule, rule.basis, at)}
    assert held["reassessed"]
    Assessment.objects.create(version=rule.basis, rule_set="minshu-1", report={}, file_sha256="", passes=False, at=at)
    rule = ReleaseRule.objects.get(pk=rule.pk)
    assert not {bound.name: bound.holds for bound in bounds(rule, rule.basis, at)}["reassessed"]


def test_officer_reads_in_the_console_which_assessments_failed_and_why(world):
    finding = stages.failing_finding(world)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["officer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        page = client.get(f"/console/supervision/finding/{finding.pk}/").content.decode()
    newest = finding.version.assessments.order_by("-at", "-pk").first()
    assert page.count('<span class="state state-bad">not passed</span>') == 1
    assert page.count('<span class="state state-good">passed</span>') == finding.version.assessments.count() - 1
    with override("en"):
        assert all(escape(sentence_of(item)) in page for item in newest.report["reasons"])
