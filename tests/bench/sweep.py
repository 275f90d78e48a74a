"""All monitors: against one sequential scan of what they are about, a loop over the grants, and a task for each."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from celery import shared_task
from django.db import connection
from django.utils import timezone

from accounts.models import Membership, Party, PartyKind, User
from marketplace.applications.models import Grant, Hold
from marketplace.clock.working_days import SHANGHAI, add_working_days, end_of_day, local_date
from marketplace.delivery.models import Delivery
from marketplace.ledger.models import Entry
from marketplace.supervision.models import Finding, Measure, MeasureGrant, UsageReport
from marketplace.supervision.occasions import Occasion
from marketplace.supervision.sweep import sweep
from tests.bench import data, sweep_data, written
from tests.bench.measure import Bench

GRANTS = {"small": 5_000, "medium": 50_000, "full": 1_000_000}
BUYERS, SAMPLE = 200, 300
SCANS = ("count(created_at) FROM applications_grant", "count(late_at) FROM supervision_usagereport",
         "count(obtained_at) FROM delivery_delivery")  # fmt: skip


WATCHED = {
    "report_schedule", "report_due", "report_overdue", "report_late", "report_thin", "grant_ending", "grant_over",
    "outside_grant", "sudden_change", "quota_used",
}  # fmt: skip


def run(bench: Bench, scale: str, seed: Grant) -> None:
    at = (timezone.now().astimezone(SHANGHAI).replace(day=20, hour=12) + timedelta(days=31)).replace(day=20)
    buyers = _buyers(seed)
    sweep(at=at)  # what the trade itself gives rise to
    sweep_data.build(seed, buyers, GRANTS[scale], at)
    _tidy()
    chance = random.Random(5)
    keys = list(Grant.objects.filter(product=seed.product, pk__gt=seed.pk).order_by("pk").values_list("pk", flat=True))
    sample = sorted({*chance.sample(keys, SAMPLE), *(key for key in keys if key % 1000 < 60 and key < keys[0] + 1000)})
    expected = set().union(*(by_hand(key, at) for key in sample))
    looped, tasks = _per_grant(by_hand, sample, at), _per_grant(lambda key, at: task.apply(args=[key, at]), sample, at)
    count, seconds = len(keys), _changes(bench, at)
    ours = found(sample)
    assert ours == expected, f"only the sweep: {ours - expected}; only the loop: {expected - ours}"
    assert {name for name, *_rest in ours} == WATCHED
    _tidy()
    before = _everything()
    again = [_timed(lambda: sweep(at=at)) for _number in range(5)]
    assert _everything() == before
    scans = [_timed(_scan) for _number in range(5)]
    size = f"{count} grants"
    every = 1000 * median(again)
    bench.write("sweep", f"every minute, {size}", every, 1000 * median(scans), "a scan of the tables",
                median(again) / median(scans), 1.5)  # fmt: skip
    for what, each, goal in (("the ORM loop over the grants", looped, 300), ("a Celery task per grant", tasks, 300)):
        bench.write("sweep", f"every minute, {size}", every, 1000 * each * count, f"{what} ({len(sample)} timed)",
                    each * count / median(again), goal, least=True)  # fmt: skip
    print(f"the sweep with something due took {seconds:.1f} s", flush=True)


def _buyers(seed: Grant) -> list[Party]:
    member = seed.buyer.memberships.order_by("pk").first()
    people = User.objects.bulk_create(
        User(email=f"s{n}@bench.example", name=f"s{n}", password="!") for n in range(BUYERS)
    )
    person = {"kind": PartyKind.PERSON, "uscc": None, "id_kind": "passport", "id_encrypted": "x"}
    parties = Party.objects.bulk_create(
        data.copied(seed.buyer, name=user.name, id_hmac=user.name, **person) for user in people
    )
    Membership.objects.bulk_create(
        data.copied(member, user=user, party=party) for user, party in zip(people, parties, strict=True)
    )
    return parties


def _changes(bench: Bench, at: datetime) -> float:
    """The sweep that finds everything: what it changed a second, each with its entry in the ledger."""
    before, since = Entry.objects.count(), written.marks()
    seconds = _timed(lambda: sweep(at=at))
    done = Entry.objects.count() - before
    bench.write("sweep", f"changes a second ({done} of them)", done / seconds, 20_000, "20,000 a second",
                done / seconds / 20_000, 1, least=True)  # fmt: skip
    if connection.vendor == "postgresql":
        rows, bound = written.copied(since)
        bench.write("sweep", f"the same, of {rows} rows", seconds, bound, "COPY of these rows", seconds / bound, 10)
    return seconds


def _tidy() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _scan() -> None:
    with connection.cursor() as cursor:
        for scan in SCANS:
            cursor.execute(f"SELECT {scan}")
            cursor.fetchall()


def _timed(act: Callable[[], Any]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def _per_grant(judge: Callable[[int, datetime], Any], sample: list[int], at: datetime) -> float:
    """Seconds that one grant takes, looked at alone."""
    return _timed(lambda: [judge(key, at) for key in sample]) / len(sample)


def _everything() -> list[Any]:
    tables = (Entry, Finding, Hold, Measure, Occasion, UsageReport)
    return [table._base_manager.count() for table in tables]


@shared_task(name="bench.judge")
def task(key: int, at: datetime) -> str:
    return json.dumps(sorted(map(str, by_hand(key, at))))


def by_hand(key: int, at: datetime) -> set[tuple[Any, ...]]:
    """What is due about one grant, as the plain loop finds it: rows loaded, dates compared, one by one."""
    grant = Grant.objects.select_related("buyer", "product").get(pk=key)
    found = {*_by_reports(grant, at), *_by_deliveries(grant, at)}
    today = local_date(at)
    left = (grant.ends - today).days
    if left < 0:
        found.add(("grant_over", key))
    elif left <= 30:
        found.add(("grant_ending", key))
    return found


def _by_reports(grant: Grant, at: datetime) -> Iterator[tuple[Any, ...]]:
    today, reports = local_date(at), list(grant.reports.order_by("start"))
    if reports[-1].end < min(today, grant.ends):
        yield "report_schedule", grant.pk
    for report in reports:
        owed, soon = report.state in ("open", "returned"), end_of_day(add_working_days(today, 10))
        if owed and report.due_at <= at:
            yield "report_overdue", grant.pk, report.pk
            if report.late_at <= at:
                yield "report_late", grant.pk, report.pk
        elif owed and report.end < today and report.due_at <= soon:
            yield "report_due", grant.pk, report.pk
        if report.state == "filed":
            filed = report.filings.order_by("-round").first()
            if filed is not None and not (filed.results and filed.security):
                yield "report_thin", grant.pk, report.pk


def _by_deliveries(grant: Grant, at: datetime) -> Iterator[tuple[Any, ...]]:
    deliveries, today = list(Delivery.objects.filter(grant=grant).order_by("obtained_at")), local_date(at)
    if any(set(row.fields) - set(grant.fields) or local_date(row.obtained_at) > grant.ends for row in deliveries):
        yield "outside_grant", grant.pk
    month = [row for row in deliveries if local_date(row.obtained_at) >= today.replace(day=1)]
    quota = grant.terms.get("quota")
    if quota and len(month) * 100 >= 80 * quota:
        yield "quota_used", grant.pk
    *past, last = (row.rows for row in deliveries)
    middle = median(past)
    scale = 1.4826 * median(abs(rows - middle) for rows in past)
    if last > 2 * middle and (not scale or (last - middle) / scale > 3.5):
        yield "sudden_change", grant.pk


def found(sample: list[int]) -> set[tuple[Any, ...]]:
    """What the sweep did about these grants, in the same words."""
    reports = dict(UsageReport.objects.filter(grant__in=sample).values_list("pk", "grant"))
    made = set[tuple[Any, ...]]()
    for rule, grant, key in Finding.objects.filter(grant__in=sample).values_list("rule", "grant", "occasion_key"):
        made.add((rule, grant, int(key.split(":")[1])) if rule.startswith("report") else (rule, grant))
    for key in Occasion.objects.values_list("key", flat=True):
        name, pk, *_rest = key.split(":")
        if name == "report_due" and int(pk) in reports:
            made.add((name, reports[int(pk)], int(pk)))
        elif name in ("quota_used", "grant_over", "grant_ending") and int(pk) in set(sample):
            made.add((name, int(pk)))
    held = MeasureGrant.objects.filter(grant__in=sample, measure__occasion_key__startswith="report_late:")
    for key, grant in held.values_list("measure__occasion_key", "grant"):
        made.add(("report_late", grant, int(key.split(":")[1])))
    opened = Entry.objects.filter(verb="schedule_report").values_list("object_id", flat=True)
    return made | {("report_schedule", reports[int(key)]) for key in opened if int(key) in reports}
