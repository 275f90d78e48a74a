"""What a buyer itself states of its purposes in a usage report: chosen from the grant's, watched where it is beyond."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from marketplace.applications.models import Grant
from marketplace.ledger.models import Entry
from marketplace.supervision import forms, operations
from marketplace.supervision.models import Finding, ReportFiling, UsageReport
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.said import WORDS
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.supervision.test_monitors import at, deliver, did, go, told
from tests.workflow import stages

GRANTED = ["医疗资源规划", "公共卫生研究", "便民服务"]
FULL = {"use": "训练模型", "results": "有效", "security": "无事件"}
BEYOND = {**FULL, "other_purpose": "广告投放"}
NOW = at("2026-04-02")


@pytest.fixture
def report(world: World, grant: Grant) -> UsageReport:
    return operations.schedule_reports(grants=[grant], actor=stages.JOB, at=NOW)[0]


def second(report: UsageReport) -> UsageReport:
    """Of the same grant, the next quarter's."""
    return UsageReport.objects.get(grant=report.grant, start="2026-04-01")


def file(world: World, report: UsageReport, when: datetime = NOW, **content: Any) -> ReportFiling:
    operations.file_report(report=report, actor=world["buyer"], at=when, **content)
    return report.filings.get(round=report.round)


def enter(world: World, who: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(world[who], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({**FULL, "purposes": "广告投放"}, "purposes"),
        ({**FULL, "purposes": "便民服务、交通出行"}, "purposes"),  # on the site's list, not in the grant
        ({"is_nil": True, "purposes": "便民服务"}, "is_nil"),
        ({"is_nil": True, "other_purpose": "广告投放"}, "is_nil"),
    ],
)
def test_what_was_not_granted_is_not_chosen_and_a_nil_report_states_none(
    world: World, report: UsageReport, content: dict[str, Any], field: str
) -> None:
    before = Entry.objects.count()
    with pytest.raises(ValidationError) as error:
        file(world, report, **content)
    assert list(error.value.message_dict) == [field]
    report.refresh_from_db()
    assert (Entry.objects.count(), report.state, report.filings.count()) == (before, "open", 0)


def test_what_is_stated_is_kept_with_the_filing_and_in_the_ledger(world: World, report: UsageReport) -> None:
    filing = file(world, report, **BEYOND, purposes="便民服务,医疗资源规划、便民服务")
    assert (filing.purposes, filing.other_purpose) == ("便民服务、医疗资源规划", "广告投放")
    detail = Entry.objects.filter(verb="file_report").get().detail.json
    assert "便民服务、医疗资源规划" in detail and "广告投放" in detail
    for page in (report.get_absolute_url(), f"/console/supervision/usagereport/{report.pk}/"):
        html = enter(world, "officer").get(page).content.decode()
        assert "便民服务、医疗资源规划" in html and "广告投放" in html
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportFiling.objects.filter(pk=filing.pk).update(is_nil=True)


def test_the_page_offers_the_purposes_of_the_grant_and_refuses_others(world: World, report: UsageReport) -> None:
    url, buyer = f"/report/{report.pk}/file/", enter(world, "buyer")
    with time_machine.travel(NOW, tick=False):
        page = buyer.get(url)
        boxes = page.context["form"].fields["purposes"].widget.choices
        assert [name for name, _label in boxes] == GRANTED
        assert "Planning of health care" in page.content.decode()
        refused = buyer.post(url, {**FULL, "purposes": ["便民服务", "广告投放"], "other_purpose": ""})
        assert list(refused.context["form"].errors) == ["purposes"] and not report.filings.exists()
        assert buyer.post(url, {**FULL, "purposes": GRANTED[:2], "other_purpose": ""}).status_code == 302
    assert report.filings.get().purposes == "医疗资源规划、公共卫生研究"


def test_what_was_stated_last_is_chosen_where_data_was_obtained_again(world: World, report: UsageReport) -> None:
    file(world, report, purposes="便民服务", **BEYOND)
    later = at("2026-07-02")
    operations.schedule_reports(grants=[report.grant], actor=stages.JOB, at=later)
    other = stages.active_grant(world, buyer="other_buyer")
    (foreign, *_rest) = operations.schedule_reports(grants=[other], actor=stages.JOB, at=later)
    assert not initial(world, second(report), later).get("purposes")  # nothing obtained: a nil report is at hand
    deliver(report.grant, at("2026-05-05"))
    deliver(other, at("2026-03-20"))
    assert initial(world, second(report), later)["purposes"] == "便民服务"
    assert "other_purpose" not in initial(world, second(report), later)
    assert initial(world, foreign, later)["purposes"] is None
    operations.return_report(report=report, actor=world["officer"], at=later, reason="说明成果")
    again = initial(world, report, later)
    assert (again["purposes"], again["other_purpose"]) == ("便民服务", "广告投放")


def initial(world: World, report: UsageReport, when: datetime) -> dict[str, Any]:
    return forms.ReportForm(target=report, actor=world["buyer"], at=when).initial


def test_a_purpose_beyond_the_grant_is_one_finding_for_each_filing_whatever_becomes_of_it(
    world: World, report: UsageReport
) -> None:
    file(world, report, purposes="便民服务", **BEYOND)
    operations.return_report(report=report, actor=world["officer"], at=NOW, reason="说明用途")
    file(world, report, purposes="便民服务", **{**BEYOND, "other_purpose": "招商"})
    operations.accept_report(report=report, actor=world["officer"], at=NOW)
    assert did("outside_purpose", NOW) == 2
    for _time in range(2):
        assert not any(result.failed for result in sweep(at=at("2026-04-03")))
    found = Finding.objects.filter(rule="outside_purpose").order_by("pk")
    assert [one.occasion_key for one in found] == [f"outside_purpose:{report.pk}:{n}" for n in (1, 2)]
    assert [(one.state, one.article, one.grant_id) for one in found] == [("open", "Art. 16", report.grant_id)] * 2
    assert "“广告投放”" in found[0].said and "“招商”" in found[1].said
    assert world["officer"].ledger_ref in told("finding_opened")
    assert world["buyer"].ledger_ref not in told("finding_opened")
    html = enter(world, "officer").get(found[0].get_absolute_url()).content.decode()
    assert "广告投放" in html
    operations.dismiss_finding(finding=found[0], actor=world["officer"], at=at("2026-04-03"), reason="属于便民服务")
    assert did("outside_purpose", at("2026-04-04")) == 0


def test_using_the_data_and_naming_none_of_the_purposes_is_a_finding(world: World, report: UsageReport) -> None:
    file(world, report, **FULL)
    assert did("outside_purpose", NOW) == 1
    assert str(WORDS["unstated"]) in Finding.objects.get(rule="outside_purpose").said


def test_what_is_within_the_grant_nil_or_older_than_the_question_is_no_finding(
    world: World, report: UsageReport
) -> None:
    file(world, report, purposes="公共卫生研究", **FULL)
    assert go("outside_purpose", NOW).found == 0
    ReportFiling.objects.update(purposes=None)  # as those filed before the site asked
    assert go("outside_purpose", NOW).found == 0
    operations.return_report(report=report, actor=world["officer"], at=NOW, reason="-")
    assert file(world, report, is_nil=True).purposes == ""
    assert go("outside_purpose", NOW).found == 0


def test_a_grant_that_names_no_purposes_asks_for_none_but_hears_of_others(world: World, report: UsageReport) -> None:
    Grant.objects.update(terms={**report.grant.terms, "purposes": ""})
    report = UsageReport.objects.get(pk=report.pk)
    form = forms.ReportForm(target=report, actor=world["buyer"], at=NOW)
    assert "purposes" not in form.fields and "other_purpose" in form.fields
    assert file(world, report, **FULL).purposes is None
    assert go("outside_purpose", NOW).found == 0
    operations.return_report(report=report, actor=world["officer"], at=NOW, reason="-")
    file(world, report, **BEYOND)
    assert did("outside_purpose", NOW) == 1


def test_the_rule_looks_again_and_only_at_the_parties_it_is_asked_about(world: World, report: UsageReport) -> None:
    file(world, report, **BEYOND)
    assert go("outside_purpose", NOW, scope=[world.parties["other_buyer"]]).found == 0
    monitor = next(one for one in MONITORS if one.name == "outside_purpose")
    (case,) = monitor.find(NOW, [world.parties["buyer"]])
    assert (case.locked, monitor.severity) == (report.filings.get(), "breach")
    assert [monitor.handle(case, NOW) for _time in range(2)] == [True, False]
