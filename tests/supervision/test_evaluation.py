"""The evaluation of a period: each figure against a plain loop over the rows; the disclosure without small counts."""

import csv
import io
import json
from collections import Counter
from datetime import date, timedelta
from importlib import import_module
from statistics import median

import pytest
import time_machine
from django.apps import apps
from django.test import Client

from accounts.models import Party
from listings import operations as listing
from listings.models import Version
from marketplace.applications.models import Application, Decision, Grant
from marketplace.applications.operations import submit_application
from marketplace.clock.models import Clock
from marketplace.clock.operations import days_used
from marketplace.clock.working_days import due_after, end_of_day, is_working_day, local_date
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Delivery
from marketplace.ledger.models import Entry
from marketplace.supervision import operations
from marketplace.supervision.concern import Concern
from marketplace.supervision.deadlines import DUTIES, clocks_of, done_late, due_of
from marketplace.supervision.evaluation import Scope, applications, evaluation
from marketplace.supervision.evaluation_files import disclosure
from marketplace.supervision.incidents import Incident
from marketplace.supervision.models import DerivedProduct, Finding, Measure, ReportFiling, UsageReport
from tests import crowd
from tests.console.conftest import log_in
from tests.workflow import stages

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def busy(world, grant):
    """A year of an authority with something of everything, beside that of another one, and before it."""
    crowd.one_of_each(world, grant)
    crowd.one_of_the_rest(world, grant)
    crowd.grow(grant, 3)
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    crowd.copy(Delivery.objects.earliest("pk"), obtained_at=world.at - timedelta(days=700))
    refused, _at = stages.application(world, "refused")
    stages.application(world, "submitted")
    overdue = Clock.objects.filter(object_type="applications.application", ended_at=None).latest("pk")
    operations.explain_overdue(
        clock=overdue, actor=world["officer"], at=overdue.due_at + timedelta(days=1), reason="停机", is_at_fault=False
    )
    item = crowd.copy(grant.item, application=crowd.copy(refused))
    crowd.copy(grant.item.decision, item=item, is_approval=False, remedy="r", article="Art. 15")
    reports = list(UsageReport.objects.order_by("pk"))
    for days, report in zip((-1, 0, 1), reports, strict=False):
        who = {"by": world["buyer"], "at": report.due_at + timedelta(days=days)}
        ReportFiling.objects.create(report=report, round=1, is_nil=True, **who)
        ReportFiling.objects.create(report=report, round=2, is_nil=True, by=who["by"], at=who["at"] + timedelta(days=9))
    Grant.objects.filter(pk=Grant.objects.latest("pk").pk).update(state="closed", ended_at=world.at)
    Measure.objects.update(state="dropped")
    crowd.copy(
        Measure.objects.earliest("pk"), occasion_key="x", state="lifted", number="令1", issued_at=world.at,
        issued_by=world["officer"],
    )  # fmt: skip
    elsewhere = crowd.copy(Finding.objects.earliest("pk"), occasion_key="y", authority=world.parties["other_city"])
    assert elsewhere.authority != grant.authority
    return grant.authority


def within(moment):
    return moment is not None and FIRST <= local_date(moment) <= LAST


def plain(authority, at):
    """The same by loops."""
    mine = lambda one: one.authority == authority  # noqa: E731
    sent = lambda one: Entry.objects.filter(  # noqa: E731
        object_type="applications.application", object_id=one.pk, new="submitted"
    )
    asked = [
        one for one in Application.objects.all() if mine(one) and one.seller is None and one.split_from is None
        and within(min((entry.at for entry in sent(one)), default=one.submitted_at))
    ]  # fmt: skip
    decided = [one for one in Decision.objects.all() if mine(one.item.application) and within(one.at)]
    refused = [one for one in decided if not one.is_approval]
    outright = [
        one for one in Entry.objects.filter(object_type="applications.application", new="refused")
        if within(one.at) and mine(Application.objects.get(pk=one.object_id))
    ]  # fmt: skip
    granted = [one for one in Grant.objects.all() if mine(one) and one.product.nature != "non_public"]
    began = [one for one in granted if within(one.activated_at)]
    handed = [one for one in Delivery.objects.all() if one.grant and mine(one.grant) and within(one.obtained_at)]
    first = {one.pk: min((filed.at for filed in one.filings.all()), default=None) for one in UsageReport.objects.all()}
    day = lambda one: one.first_due_at or one.due_at  # noqa: E731
    due = [
        one for one in UsageReport.objects.all() if mine(one.grant) and within(day(one)) and day(one) <= at
        and (first[one.pk] or one.state != "ceased")
    ]  # fmt: skip
    noticed = [one for one in Finding.objects.all() if mine(one) and within(one.created_at) and not one.reviewer]
    said = [one for one in Concern.objects.all() if mine(one) and within(one.created_at) and not one.reviewer]
    ordered = [one for one in Measure.objects.all() if mine(one) and within(one.issued_at) and not one.issuer]
    built = [
        one for one in DerivedProduct.objects.all()
        if within(one.created_at) and any(mine(use.grant) for use in one.built_from.all())
    ]  # fmt: skip
    listed = [one for one in Version.objects.all() if mine(one) and within(one.published_at) and not one.reviewer]
    bound = [
        clock for clock in Clock.objects.all()
        if (clock.object_type, clock.kind) in DUTIES and (row := due_of(clock)) and row.owner == authority
        and not row.is_instead and clock.kind not in ("correction", "hearing")
    ]  # fmt: skip
    over = [
        one for one in bound if within(lapse(one))
        and (one.ended_at > lapse(one) if one.ended_at else lapse(one) <= at and not one.paused_at)
    ]  # fmt: skip
    explained = [said for one in over for said in one.explanations.all() if said.due_at == one.due_at]
    count = lambda rows, key, prefix="": {f"{prefix}{k}": n for k, n in Counter(map(key, rows)).items()}  # noqa: E731
    return {
        "applications": {"submitted": len(asked), **count(asked, lambda one: one.state)},
        "decisions": {
            "approved": len(decided) - len(refused), "refused": len(refused), "refused_outright": len(outright),
            **count(refused, lambda one: one.article, "refused_"),
        },
        "times": times(bound, at),
        "grants": {
            "began": len(began), **count(began, lambda one: one.product.nature, "began_"),
            **count([one for one in granted if within(one.ended_at)], lambda one: one.state, "ended_"),
            "running": len([
                one for one in granted
                if one.activated_at and local_date(one.activated_at) <= LAST <= one.ends
                and (one.ended_at is None or local_date(one.ended_at) > LAST)
            ]),
        },
        "deliveries": {
            "deliveries": len(handed), "rows": sum(one.rows for one in handed),
            "bytes": sum(one.bytes for one in handed), "grants": len({one.grant_id for one in handed}),
        },
        "reports": {
            "due": len(due), "on_time": sum(bool(first[one.pk] and first[one.pk] <= day(one)) for one in due),
            "late": sum(bool(first[one.pk] and first[one.pk] > day(one)) for one in due),
            "missing": sum(first[one.pk] is None for one in due),
        },
        "findings": {
            "opened": len(noticed), **count(noticed, lambda one: one.rule, "rule_"),
            **count(noticed, lambda one: one.state),
        },
        "concerns": {"received": len(said), **count(said, lambda one: one.kind)},
        "measures": {"issued": len(ordered), **count(ordered, lambda one: one.state)},
        "derived_products": {
            "registered": len(built), **count(built, lambda one: one.state),
            "listed_again": sum(one.listed_as is not None for one in built),
        },
        "listings": {
            "published": len(listed), **count(listed, lambda one: one.product.nature, "nature_"),
            **count(listed, lambda one: one.product.grade, "grade_"),
            "products": len({one.product_id for one in listed}),
        },
        "duties": {
            "overdue": len(over), "open": sum(one.ended_at is None for one in over),
            "at_fault": sum(one.is_at_fault for one in explained),
            "not_at_fault": sum(not one.is_at_fault for one in explained),
        },
    }  # fmt: skip


def lapse(clock):
    """What can only be done after the day on which it is due may be done within three working days more."""
    if clock.kind not in ("publicity", "inspection_notice"):
        return clock.due_at
    day = local_date(clock.due_at) - timedelta(days=1)
    for _number in range(3):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return end_of_day(day)


def times(bound, at):
    found = {}
    ended = [one for one in bound if within(one.ended_at)]
    for kind in {one.kind for one in ended}:
        rows = [days_used([one], at)[0] for one in ended if one.kind == kind]
        found |= {
            f"{kind}_ended": len(rows), f"{kind}_net": median(row.net for row in rows),
            f"{kind}_in_time": len([row for row in rows if row.clock.ended_at <= lapse(row.clock)]),
            f"{kind}_gross": median(row.gross for row in rows),
        }  # fmt: skip
    return found


def told(sections):
    return {one.code: {figure.code: figure.value for figure in one.figures} for one in sections}


def test_each_figure_is_that_of_a_plain_loop(world, busy):
    at = world.at + timedelta(days=500)
    expected = plain(busy, at)
    assert told(evaluation(Scope([busy.pk], FIRST, LAST, at))) == expected
    for code in ("applications", "decisions", "times", "grants", "deliveries", "reports", "findings", "duties"):
        assert any(expected[code].values()), code
    assert expected["reports"]["on_time"] == 2 and expected["reports"]["late"] == 1
    assert expected["duties"]["not_at_fault"] == 1 and expected["deliveries"]["deliveries"] == 1
    everybody = told(evaluation(Scope(None, FIRST, LAST, at)))
    assert everybody["findings"]["opened"] == expected["findings"]["opened"] + 1
    months = {one.code: dict(one.plot) for one in evaluation(Scope([busy.pk], FIRST, LAST, at))}
    assert len(months["deliveries"]) == 12 and months["deliveries"]["2026-03"] == 1


def submitted(year, at):
    """In the whole year, and by its months."""
    section = applications(Scope(None, date(year, 1, 1), date(year, 12, 31), at))
    return section.figures[0].value, sum(value for _label, value in section.plot)


def test_what_is_split_off_is_part_of_the_application_and_not_another(world):
    item, at = stages.item(world, "split_off")
    part = item.split_into
    assert part.submitted_at == item.application.submitted_at and Application.objects.count() == 2
    assert submitted(2026, at + timedelta(days=300)) == (1, 1)


def test_an_application_stays_in_the_year_in_which_it_was_first_submitted(world):
    case, at = stages.application(world, "returned")
    submit_application(application=case, actor=world["buyer"], at=at + timedelta(days=365))
    case.refresh_from_db()
    assert (case.state, case.submitted_at.year) == ("submitted", 2027)
    assert [submitted(year, at + timedelta(days=900)) for year in (2026, 2027)] == [(1, 1), (0, 0)]


def test_a_report_filed_late_stays_late_and_in_its_year_when_it_is_returned(world):
    made, _at = stages.report(world, "open")
    UsageReport.objects.exclude(pk=made.pk).delete()
    due, late = made.due_at, made.due_at + timedelta(days=1)
    after = end_of_day(LAST) + timedelta(days=30)
    years = [Scope([made.grant.authority_id], first, date(first.year, 12, 31), after + timedelta(days=99))
             for first in (FIRST, date(2027, 1, 1))]  # fmt: skip

    def counted():
        return [told(evaluation(one))["reports"] for one in years]

    for moment in (late, after):
        filed = {"report": made, "at": moment}
        operations.file_report(actor=world["buyer"], purposes="医疗资源规划", use=f"训练模型{moment:%F}", **filed)
        operations.return_report(actor=world["officer"], reason="说明成果", **filed)
    assert local_date(made.due_at) > LAST and made.first_due_at == due
    assert counted() == [{"due": 1, "on_time": 0, "late": 1, "missing": 0}, dict.fromkeys(counted()[1], 0)]
    UsageReport.objects.update(first_due_at=None)  # as it stood before that day was kept
    kept = import_module("marketplace.supervision.migrations.0710_when_a_report_was_first_due")
    kept.date_what_was_returned(apps, None)
    assert UsageReport.objects.get().first_due_at == due


def test_a_report_that_nobody_owes_any_more_is_not_missing(world):
    made, at = stages.report(world, "ceased")
    scope = Scope([made.grant.authority_id], FIRST, LAST, made.due_at + timedelta(days=1))
    assert told(evaluation(scope))["reports"] == dict.fromkeys(("due", "on_time", "late", "missing"), 0)
    ReportFiling.objects.create(report=made, round=1, is_nil=True, by=world["buyer"], at=at)
    assert told(evaluation(scope))["reports"] == {"due": 1, "on_time": 1, "late": 0, "missing": 0}


@pytest.mark.parametrize(
    ("kind", "make", "act"),
    [
        (
            "publicity", lambda world: stages.version(world, "in_publicity"),
            lambda obj, who: listing.publish_version(version=obj, **who),
        ),
        (
            "inspection_notice", lambda world: stages.inspection(world, "announced"),
            lambda obj, who: operations.begin_inspection(inspection=obj, **who),
        ),
    ],
)  # fmt: skip
def test_what_may_only_be_done_once_a_time_is_over_has_three_working_days(world, kind, make, act):
    obj, _at = make(world)
    clock = Clock.objects.open().get(kind=kind, object_id=str(obj.pk), object_type=obj._meta.label_lower)
    Clock.objects.exclude(pk=clock.pk).delete()
    far = clock.due_at + timedelta(days=400)
    allowed, mine = due_after(clock.due_at - timedelta(seconds=1), 3), [world.parties["city"].pk]

    def figures(at=far, first=FIRST, last=date(2027, 12, 31)):
        found = told(evaluation(Scope(mine, first, last, at)))
        return found["duties"]["overdue"], found["times"].get(f"{kind}_in_time")

    assert figures(at=allowed - timedelta(seconds=1)) == (0, None) and figures(at=allowed) == (1, None)
    act(obj, {"actor": world["officer"], "at": clock.due_at + timedelta(hours=9)})
    Clock.objects.exclude(pk=clock.pk).delete()  # and the time for what comes next
    assert figures() == (0, 1)
    for ended, expected in ((allowed, (0, 1)), (allowed + timedelta(seconds=1), (1, 0))):
        Clock.objects.filter(pk=clock.pk).update(ended_at=ended)
        assert figures() == expected
    day = local_date(allowed)  # it lapses at 0:00 of this day
    assert [figures(first=one, last=one)[0] for one in (day - timedelta(days=1), day, day + timedelta(days=1))] == [
        0, 1, 0,
    ]  # fmt: skip


def test_time_of_a_party_is_no_measure_of_officers(world, grant):
    made, _at = stages.measure(world, "issued+hearing")
    clocks = Clock.objects.open().filter(object_type="supervision.measure", object_id=str(made.pk))
    assert set(clocks.values_list("kind", flat=True)) == {"correction", "hearing"}
    Clock.objects.exclude(pk__in=clocks.values("pk")).delete()
    alone = told(evaluation(Scope([made.authority_id], FIRST, LAST, world.at + timedelta(days=300))))
    assert (alone["duties"]["overdue"], alone["times"]) == (0, {})
    clocks.update(ended_at=world.at + timedelta(days=200))
    ended = told(evaluation(Scope([made.authority_id], FIRST, LAST, world.at + timedelta(days=300))))
    assert (ended["duties"]["overdue"], ended["times"]) == (0, {})
    assert not done_late(Clock.objects.all()).exists()


def test_whole_province_has_the_overdue_duties_of_each_authority(world, grant):
    """A report of misuse that nobody answered, a security incident of the authority's own, and a submission."""
    stages.application(world, "submitted")
    assert stages.concern(world, "received")[0].responder == grant.authority
    own = stages.report_incident(world)
    Incident.objects.filter(pk=own.pk).update(reporter=grant.authority)
    assert stages.report_incident(world).reporter != grant.authority
    at = world.at + timedelta(days=290)
    for scope in ([grant.authority_id], None):
        of_them = Clock.objects.overdue(at).filter(clocks_of(scope))
        kinds = Counter(of_them.values_list("kind", flat=True))
        assert (kinds["concern"], kinds["incident_authority"], kinds["acceptance"]) == (1, 1, 1)
    everyone = Party.objects.filter(capabilities__kind="authority")
    each = [told(evaluation(Scope([one.pk], FIRST, LAST, at)))["duties"]["overdue"] for one in everyone]
    assert told(evaluation(Scope(None, FIRST, LAST, at)))["duties"]["overdue"] == sum(each) > 0


def test_notices_of_sellers_and_take_downs_of_the_platform_are_no_measures_of_an_authority(world, grant):
    made = stages.order(world, grant)
    for number, (kind, issuer, version) in enumerate((
        ("notice", "vendor", None), ("take_down", "compliance", world.version),
    )):  # fmt: skip
        crowd.copy(
            made, occasion_key=kind, kind=kind, issuer=world.parties[issuer], number=f"函{number}", clause="第三条",
            version=version,
        )  # fmt: skip
    assert Measure.objects.filter(authority=grant.authority, issued_at=world.at).count() == 3
    for authorities in ([grant.authority_id], None):
        found = told(evaluation(Scope(authorities, FIRST, LAST, world.at + timedelta(days=9))))
        assert found["measures"]["issued"] == 1


def test_page_and_files_say_the_same_and_only_the_province_sees_others(world, busy):
    period = {"first": str(FIRST), "last": str(LAST), "authority": busy.pk}
    with time_machine.travel(world.at + timedelta(days=290), tick=False):
        officer, above = log_in(world["officer"]), log_in(world["province_officer"])
        page = officer.get("/console/evaluation/", period)
        as_json = json.loads(officer.get("/console/evaluation/json/", period).content)
        as_csv = officer.get("/console/evaluation/csv/", period).content.decode("utf-8-sig")
        strange = {**period, "authority": world.parties["other_city"].pk}
        assert officer.get("/console/evaluation/", strange).status_code == 422
        assert officer.get("/console/evaluation/csv/", {**period, "authority": ""}).status_code == 404
        assert above.get("/console/evaluation/", strange).status_code == 200
        whole = json.loads(above.get("/console/evaluation/json/", {**period, "authority": ""}).content)
        assert officer.get("/console/evaluation/", {**period, "last": "2025-01-01"}).status_code == 422
    shown = told(section for section, _chart in page.context["sections"])
    assert as_json["figures"] == shown and as_json["authority"] == busy.name
    rows = [row for row in csv.DictReader(io.StringIO(as_csv)) if row["subject"] != "about"]
    assert {(row["subject"], row["code"]): float(row["value"]) for row in rows} == {
        (subject, code): value for subject, figures in shown.items() for code, value in figures.items()
    }
    assert page.content.decode().count("<svg") > 5
    assert whole["authority"] == "all" and whole["figures"]["findings"]["opened"] == shown["findings"]["opened"] + 1


def test_disclosure_gives_counts_of_five_and_more_and_never_the_total_of_parts(world, grant):
    for _number in range(4):
        crowd.copy_grant(grant)
    other = crowd.copy(world.product, nature="public_utility", title="公交")
    for _number in range(4):
        twin = crowd.copy_grant(grant)
        twin.product = other
        twin.save()
    at = world.at + timedelta(days=400)
    found = told(disclosure(2026, at))
    assert found["grants"] == {"began_government": 5, "began_public_utility": None}
    assert found["deliveries"] == {"deliveries": 0} and found["applications"] == {"submitted": 9}
    with time_machine.travel(at, tick=False):
        text = Client().get("/register/2026.json").content.decode()
        rows = Client().get("/register/2026.csv").content.decode("utf-8-sig")
        assert [Client().get(f"/register/{year}.json").status_code for year in (2027, 2021, 9999)] == [404] * 3
    assert json.loads(text)["figures"]["grants"] == found["grants"]
    small = [row for row in csv.DictReader(io.StringIO(rows)) if row["code"] == "began_public_utility"]
    assert [row["value"] for row in small] == [""]


def test_disclosure_counts_measures_of_authorities_that_are_final_and_no_others(world, grant):
    def issued(name, **changes):
        Measure.objects.create(
            occasion_key=name, party=grant.buyer, authority=grant.authority, facts="f",
            demand="d", created_at=world.at,
            **{"number": name, "state": "lifted", "issued_at": world.at, "issued_by": world["officer"], **changes},
        )  # fmt: skip

    def counted(days):
        return told(disclosure(2026, world.at + timedelta(days=days)))["measures"]

    for number in range(4):
        issued(f"n{number}")
    for number, changes in enumerate((
        {"state": "annulled"},
        {"state": "proposed", "number": None, "issued_at": None, "issued_by": None},
        {"kind": "notice", "issuer": world.parties["unit"], "clause": "7"},
    ), start=10):  # fmt: skip
        issued(f"n{number}", **changes)
    assert counted(400) == {"final": None}
    issued("n5")
    assert (counted(400), counted(30)) == ({"final": 5}, {"final": 0})
    issued("n6", issued_at=world.at + timedelta(days=380))  # of the year after
    assert counted(400) == {"final": 5}
