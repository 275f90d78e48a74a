"""Inspections in figures: each figure against a plain loop, small counts of non-public deals, page, file and API."""

import csv
import io
from datetime import date, timedelta

import pytest
import time_machine

from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.desk.story import make_non_public_product
from marketplace.supervision import operations as supervision
from marketplace.supervision.evaluation import Scope
from marketplace.supervision.inspection_statistics import statistics
from marketplace.supervision.inspections import Inspection, InspectionPoint
from marketplace.supervision.models import Finding
from tests import crowd
from tests.api.conftest import partner  # noqa: F401
from tests.console.conftest import log_in
from tests.workflow import stages

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
BAD = ("not_in_order", "serious")


def another(made, points=(), **changes):
    """Another inspection like it, of a grant of its own, with what was found."""
    twin = crowd.copy(made, grant=crowd.copy_grant(made.grant), **changes)
    for code, verdict in dict(points).items():
        InspectionPoint.objects.create(inspection=twin, code=code, verdict=verdict, words="x")
    return twin


@pytest.fixture
def busy(world):
    """One drawn by risk and followed up, others drawn at random, for cause, before the period, and elsewhere."""
    made, at = stages.inspection(world, "reported")
    supervision.follow_up_points(inspection=made, actor=world["officer"], at=at)
    crowd.copy(made.plan, state="dropped", frame_hash="", frame_count=None, drawn_at=None, drawn_by=None)
    randomly = crowd.copy(made.plan, method="random", strata="buyer")
    over = {"state": "closed", "closed_at": at}
    another(made, {"people": "serious", "storage": "not_in_order"}, outcome="put_right", **over)
    another(made, {"people": "in_order"}, plan=randomly, stratum="company", outcome="in_order", **over)
    followed = another(made, {"reports": "serious"}, plan=randomly, stratum="company", outcome="followed_up", **over)
    crowd.copy(Finding.objects.get(), occasion_key=f"inspection:{followed.pk}:reports", state="remedied")
    another(made, plan=None, reason="举报", state="under_way", reported_at=None, report="", unannounced="举报")
    another(made, created_at=at - timedelta(days=700))
    another(made, authority=world.parties["other_city"])
    return made, at


def plain(authority):
    """The same by loops."""
    rows = [
        one for one in Inspection.objects.select_related("plan")
        if one.authority == authority and FIRST <= local_date(one.created_at) <= LAST
    ]  # fmt: skip
    reported = [one for one in rows if one.reported_at]
    bad = [(one, point) for one in reported for point in one.points.all() if point.verdict in BAD]
    remedied = set(Finding.objects.filter(state="remedied").values_list("occasion_key", flat=True))
    right = [p for one, p in bad if one.outcome == "put_right" or f"inspection:{one.pk}:{p.code}" in remedied]
    ways = {"risk": "risk", "random": "random", "cause": None}
    told = {
        ("drawn", "drawn"): sum(one.plan_id is not None for one in rows),
        ("inspected", "inspected"): sum(one.begun_at is not None for one in rows),
        ("inspected", "unannounced"): sum(bool(one.unannounced) for one in rows),
        ("inspected", "for_cause"): sum(one.plan is None for one in rows),
        ("inspected", "reported"): len(reported),
        ("found", "not_in_order"): len(bad),
        ("found", "serious"): sum(point.verdict == "serious" for _one, point in bad),
        ("corrected", "corrected"): len(right),
        ("corrected", "share_corrected"): round(100 * len(right) / len(bad), 1),
    }
    for word in ("in_order", "put_right", "followed_up"):
        told["inspected", word] = sum(one.outcome == word for one in rows)
    for code in {point.code for _one, point in bad}:
        told["found", f"kind_{code}"] = sum(point.code == code for _one, point in bad)
        told["found", f"kind_{code}_serious"] = sum(p.code == code and p.verdict == "serious" for _one, p in bad)
    for code, method in ways.items():
        theirs = [one for one in reported if (one.plan.method if one.plan else None) == method]
        hits = sum(one.points.filter(verdict__in=BAD).exists() for one in theirs)
        told["compared", f"{code}_reported"], told["compared", f"{code}_hits"] = len(theirs), hits
        told["compared", f"{code}_rate"] = round(100 * hits / len(theirs), 1) if theirs else None
    return told


def figures(scope):
    return {(one.code, figure.code): figure.value for one in statistics(scope) for figure in one.figures}


def test_each_figure_is_what_a_plain_loop_counts(world, busy):
    made, at = busy
    told = figures(Scope([made.authority_id], FIRST, LAST, at))
    expected = plain(made.authority)
    assert {key: told.get(key) for key in expected} == expected
    assert expected["compared", "random_rate"] == 50.0 and expected["compared", "cause_rate"] is None
    assert expected["corrected", "share_corrected"] == 75.0
    assert told["drawn", "buyer_company"] == 2
    assert [told["plans", code] for code in ("made", "drawn_random", "drawn_risk", "dropped")] == [3, 1, 1, 1]
    assert told["corrected", "followed_up"] == 2


def test_of_non_public_deals_only_a_count_of_five_or_more_is_told(world):
    made, at = stages.inspection(world, "reported")
    product, told = make_non_public_product(world.cast, world.at), []
    for _number in range(6):
        all_of_it = figures(Scope([made.authority_id], FIRST, LAST, at))
        told.append(all_of_it["non_public", "inspections"])
        twin = another(made, {"people": "serious"})
        Grant.objects.filter(pk=twin.grant_id).update(product=product)
    assert told == [0, None, None, None, None, 5]
    others = ("inspected", "reported"), ("found", "serious"), ("drawn", "drawn")
    assert [all_of_it[key] for key in others] == [1, 0, 1]


def test_officers_read_them_as_a_page_a_file_and_from_the_api(world, busy, partner):  # noqa: F811
    made, at = busy
    with time_machine.travel(at, tick=False):
        page = log_in(world["officer"]).get("/console/inspection-statistics/")
        assert page.status_code == 200 and 'class="chart"' in page.content.decode()
        body = log_in(world["officer"]).get("/console/inspection-statistics/csv/").content.decode("utf-8-sig")
        rows = {(row["subject"], row["code"]): row["value"] for row in csv.DictReader(io.StringIO(body))}
        assert rows["compared", "random_hits"] == "1"
        answer = partner("officer").get("inspection-statistics/", first="2026-01-01", last="2026-12-31").json()
        assert answer["authority"]["id"] == made.authority_id
        told = {(one["code"], row["code"]): row["value"] for one in answer["sections"] for row in one["figures"]}
        assert told == figures(Scope([made.authority_id], FIRST, LAST, at))
        assert partner("buyer").get("inspection-statistics/").status_code == 403
        other = partner("officer").get("inspection-statistics/", authority=world.parties["other_city"].pk)
        assert other.status_code == 422 and "authority" in other.json()["errors"]


@pytest.mark.parametrize(("first", "last"), [("0001-01-01", "0002-01-01"), ("9998-01-01", "9999-12-31")])
def test_a_day_that_nobody_means_is_refused(world, partner, first, last):  # noqa: F811
    period = {"first": first, "last": last}
    officer = log_in(world["officer"])
    assert officer.get("/console/evaluation/", period).status_code == 422
    assert officer.get("/console/inspection-statistics/", period).status_code == 422
    assert partner("officer").get("inspection-statistics/", **period).status_code == 422
