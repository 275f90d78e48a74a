"""Grants, their report periods and deliveries in bulk, by SQL: each grant is of a kind, by the end of its number."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, models

from accounts.models import Party
from listings.models import Version
from marketplace.applications.models import Application, Grant, Item
from marketplace.clock.working_days import add_months, add_working_days, end_of_day, local_date
from marketplace.delivery.models import DailyUse, Delivery, Extract
from marketplace.supervision.models import ReportFiling, UsageReport
from marketplace.supervision.operations.report import period_end

PERIODS, DAYS = 12, 10
# The last three digits of a grant's number: what is due about it. Of a thousand grants some 50 have something.
KINDS = {
    "overdue": range(10), "late": range(10, 12), "due_soon": range(12, 22), "thin": range(22, 24),
    "unscheduled": range(24, 34), "ending": range(34, 44), "over": range(44, 49), "outside": range(49, 50),
    "sudden": range(50, 51), "quota": range(51, 53),
}  # fmt: skip


def build(seed: Grant, buyers: list[Party], count: int, at: datetime) -> None:
    today, first = local_date(at), Grant.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    keys = [party.pk for party in buyers]
    assert keys == list(range(keys[0], keys[0] + len(keys)))
    buyer = f"{keys[0]} + n.i %% {len(keys)}"
    case = _copies(Application, seed.item.application_id, count, {"buyer_id": buyer})
    item = _copies(Item, seed.item_id, count, {"application_id": f"{case} + n.i"})
    covered = period_end("calendar_quarters", today, date.max)
    values = {"starts": add_months(today, -36), "ends": today + timedelta(days=400), "reported_until": covered}
    _copies(Grant, seed.pk, count, {"item_id": f"{item} + n.i", "buyer_id": buyer}, values, base=first)
    new = Grant.objects.filter(pk__gte=first)
    _of_kind(new, "ending").update(ends=today + timedelta(days=5))
    _of_kind(new, "over").update(ends=today - timedelta(days=3))
    _of_kind(new, "quota").update(terms={**seed.terms, "quota": 10})
    _reports(new, today, covered)
    _deliveries(new, seed, at)


def _of_kind(rows: Any, kind: str, path: str = "pk") -> Any:
    ends = models.F(path) % 1000
    return rows.annotate(kind=ends).filter(kind__gte=KINDS[kind].start, kind__lt=KINDS[kind].stop)


def _reports(grants: Any, today: date, covered: date) -> None:
    first = grants.order_by("pk").values_list("pk", flat=True)[0]
    for number in range(PERIODS):
        end = _quarters_before(covered, number)
        start, due = add_months(end + timedelta(days=1), -3), end_of_day(add_working_days(end, 10))
        state = {"round": 1, "state": "accepted"} if number else {"round": 0, "state": "open"}
        row = {"start": start, "end": end, "due_at": due, "late_at": due + timedelta(days=7), "thin": "", **state}
        _insert(UsageReport, {"grant_id": "id"}, row, f"applications_grant WHERE id >= {first}")
    newest = UsageReport.objects.filter(grant__gte=first, end=covered)
    _of_kind(newest, "unscheduled", "grant").delete()
    last = _quarters_before(covered, 1)
    _of_kind(grants, "unscheduled").update(reported_until=last)
    earlier, day = UsageReport.objects.filter(grant__gte=first, end=last), timedelta(days=1)
    over = end_of_day(today - 2 * day)
    for kind, due, late in (
        ("overdue", over, over + 30 * day), ("late", over - 30 * day, over),
        ("due_soon", end_of_day(add_working_days(today, 3)), over + 60 * day),
    ):  # fmt: skip
        _of_kind(earlier, kind, "grant").update(state="open", round=0, due_at=due, late_at=late)
    thin = _of_kind(earlier, "thin", "grant")
    by = grants.first().item.application.buyer.memberships.first().user_id
    ReportFiling.objects.bulk_create(
        (ReportFiling(report_id=key, round=1, is_nil=False, use="用途", results="", security="无", by_id=by, at=over)
         for key in thin.values_list("pk", flat=True)), batch_size=2000,
    )  # fmt: skip
    thin.update(state="filed", thin="empty")


def _quarters_before(end: date, number: int) -> date:
    return add_months(end + timedelta(days=1), -3 * number) - timedelta(days=1)


def _deliveries(grants: Any, seed: Grant, at: datetime) -> None:
    first, version = grants.order_by("pk").values_list("pk", flat=True)[0], Version.objects.get(pk=seed.from_version_id)
    extract = Extract.objects.create(
        version=version, fields=seed.fields, fields_hash="x", format="csv", sha256="0" * 64, size=1, key="x"
    )
    user = seed.buyer.memberships.first().user_id  # type: ignore[union-attr]
    for number in range(1, DAYS + 1):
        when = at - timedelta(days=number)
        row = {
            "version_id": version.pk, "principal_id": user, "extract_id": extract.pk, "obtained_at": when,
            "fields": seed.fields, "rows": 100, "bytes": 100, "sha256": "0" * 64, "is_examined": number > 1,
        }  # fmt: skip
        source = f"applications_grant WHERE id >= {first}"
        _insert(Delivery, {"grant_id": "id"}, row, source)
        day = {"day": local_date(when), "downloads": 1, "rows": 100, "is_judged": number > 1}
        _insert(DailyUse, {"grant_id": "id"}, day, source)
    newest = Delivery.objects.filter(grant__gte=first, is_examined=False)
    _of_kind(newest, "outside", "grant").update(fields=[*seed.fields, "身份证号"])
    for rows in (newest, DailyUse.objects.filter(grant__gte=first, is_judged=False)):
        _of_kind(rows, "sudden", "grant").update(rows=100_000)


def _copies(
    model: type[models.Model], seed: int, count: int, exprs: Mapping[str, str], values: Mapping[str, Any] = {}, *,
    base: int | None = None,
) -> int:  # fmt: skip
    """Copies of one row, some of its columns others; what their keys begin after."""
    after = (base - 1) if base else model._base_manager.order_by("-pk").values_list("pk", flat=True)[0]
    columns = [field.column for field in model._meta.concrete_fields]
    given = {**exprs, "id": f"{after} + n.i"}
    kept = {name: f"s.{_quoted(name)}" for name in columns if name not in given and name not in values}
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    table = _quoted(model._meta.db_table)
    _insert(model, {**kept, **given}, values, f"{table} s, n WHERE s.id = {seed}", numbers)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), {after + count})")
    return after


def _insert(
    model: type[models.Model], exprs: Mapping[str, str], values: Mapping[str, Any], source: str, before: str = ""
) -> None:
    fields = {field.column: field for field in model._meta.concrete_fields}
    given = [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]
    names = ", ".join(map(_quoted, [*exprs, *values]))
    selected = ", ".join([*exprs.values(), *("%s" for _value in values)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"{before} INSERT INTO {_quoted(model._meta.db_table)} ({names}) SELECT {selected} FROM {source}", given
        )


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
