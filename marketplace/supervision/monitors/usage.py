"""How grants are used, from the delivery records: outside what was granted, quite unlike before, or not attributed."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, Func, OuterRef, Q, Sum
from django.db.models.functions import TruncDate

from listings.models import Nature
from marketplace.applications.models import Grant, Hold
from marketplace.clock.working_days import SHANGHAI, end_of_day, local_date
from marketplace.delivery.models import Delivery
from marketplace.supervision.models import DerivedFrom
from marketplace.supervision.monitors.base import Case, Scope, within
from marketplace.supervision.states import DerivedState

WINDOW = 92  # days looked back on, for what changed suddenly
PAST = 60  # days before a day that it is compared with
FEWEST = 7  # days with deliveries among these, below which nothing is called usual
UNUSUAL = 3.5  # robust z-score, as Iglewicz and Hoaglin (1993) propose
LEAST_FACTOR = 2  # and at least so many times the median: a grant that is used evenly must not alarm by one row more
PUBLISH_WITHIN = 30  # days from a derived product's registration, where it names an address at which it is found


def outside(at: datetime, scope: Scope) -> Iterator[Case]:
    """Deliveries that the grant did not allow (Arts 15, 16): other fields, another version, before it began or after it
    was over, while it was held. The gate hands none out: this looks whether that is so."""
    checks = {"fields": _other_fields(), "version": _other_version(), "period": _not_then(), "held": _while_held()}
    for what, condition in checks.items():
        days = (
            _of_public_data(scope)
            .filter(condition, obtained_at__lte=at)
            .values("grant", day=TruncDate("obtained_at", tzinfo=SHANGHAI))
            .annotate(count=Count("pk"))
            .order_by("grant", "day")
        )
        yield from _cases(f"outside_grant:{what}", [(row["grant"], row["day"], row, {"what": what}) for row in days])


def _of_public_data(scope: Scope) -> Any:
    deliveries = Delivery.objects.filter(grant__isnull=False).exclude(grant__product__nature=Nature.NON_PUBLIC)
    return within(deliveries, scope, "grant__buyer")


class _Beyond(Func):
    """Whether the first JSON list has a value that the second has not."""

    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **kwargs: Any) -> Any:
        (one, first), (two, second) = map(compiler.compile, self.source_expressions)
        allowed = f"SELECT value FROM json_each({two})"
        return f"EXISTS (SELECT 1 FROM json_each({one}) AS had WHERE had.value NOT IN ({allowed}))", [*first, *second]

    def as_postgresql(self, compiler: Any, connection: Any, **kwargs: Any) -> Any:
        return self.as_sql(compiler, connection, template="NOT (%(expressions)s)", arg_joiner=" <@ ", **kwargs)


def _other_fields() -> Any:
    return Q(_Beyond(F("fields"), F("grant__fields")))


def _other_version() -> Q:
    one = Q(grant__terms__one_version=True) & ~Q(version=F("grant__from_version"))
    return ~Q(version__product=F("grant__product")) | Q(version__number__lt=F("grant__from_version__number")) | one


def _not_then() -> Q:
    day = TruncDate("obtained_at", tzinfo=SHANGHAI)
    early = Q(obtained_at__lt=F("grant__activated_at")) | Q(grant__starts__gt=day)
    return early | Q(obtained_at__gt=F("grant__ended_at")) | Q(grant__ends__lt=day)


def _while_held() -> Q:
    holds = Hold.objects.filter(grant=OuterRef("grant"), opened_at__lt=OuterRef("obtained_at"))
    open_then = Q(lifted_at=None) | Q(lifted_at__gt=OuterRef("obtained_at"))
    return Q(Exists(holds.filter(open_then, Q(ends_at=None) | Q(ends_at__gt=OuterRef("obtained_at")))))


# Of each grant's day its rows, the median of the days before, the median distance from it and the mean one.
SUDDEN = """
WITH daily AS ({daily}),
past AS (
    SELECT now.grant_id, now.day, now.amount, old.amount AS before
    FROM daily now JOIN daily old ON old.grant_id = now.grant_id AND old.day < now.day AND {near}
),
ranked AS (
    SELECT past.*, row_number() OVER w AS place, count(*) OVER (PARTITION BY grant_id, day) AS days
    FROM past WINDOW w AS (PARTITION BY grant_id, day ORDER BY before)
),
usual AS (
    SELECT grant_id, day, avg(before * 1.0) AS median FROM ranked
    WHERE place IN ((days + 1) / 2, (days + 2) / 2) AND days >= %s GROUP BY grant_id, day
),
apart AS (
    SELECT past.grant_id, past.day, past.amount, usual.median, abs(past.before - usual.median) AS distance
    FROM past JOIN usual ON usual.grant_id = past.grant_id AND usual.day = past.day
),
spread AS (
    SELECT apart.*, row_number() OVER w AS place, count(*) OVER (PARTITION BY grant_id, day) AS days
    FROM apart WINDOW w AS (PARTITION BY grant_id, day ORDER BY distance)
)
SELECT grant_id, day, max(amount), max(median),
    avg(CASE WHEN place IN ((days + 1) / 2, (days + 2) / 2) THEN distance END), avg(distance)
FROM spread GROUP BY grant_id, day HAVING max(amount) > %s * max(median) ORDER BY grant_id, day
"""
NEAR = {
    "sqlite": "julianday(old.day) >= julianday(now.day) - {days}",
    "postgresql": "old.day >= now.day - {days}",
}


def sudden(at: datetime, scope: Scope) -> Iterator[Case]:
    """Days that are over on which much more was handed over than the grant's own past suggests: by the robust z-score
    of the day's rows. The last quarter is looked at, so that an outage as long is caught up."""
    first = end_of_day(local_date(at) - timedelta(days=WINDOW + PAST + 1))
    daily = (
        _of_public_data(scope)
        .filter(obtained_at__gte=first, obtained_at__lt=end_of_day(local_date(at) - timedelta(days=1)))
        .values("grant_id", day=TruncDate("obtained_at", tzinfo=SHANGHAI))
        .annotate(amount=Sum("rows"))
        .values_list("grant_id", "day", "amount")
        .order_by()
    )
    found = [row for row in _usual(daily) if row[1] >= local_date(at) - timedelta(days=WINDOW) and _is_unusual(row)]
    rows = [(grant, day, {"count": amount}, {"usual": str(round(usual))}) for grant, day, amount, usual, *_ in found]
    yield from _cases("sudden_change", rows)


def _usual(daily: Any) -> Iterable[tuple[int, date, int, float, float, float]]:
    inner, params = daily.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(SUDDEN.format(daily=inner, near=NEAR[connection.vendor].format(days=PAST)),
                       [*params, FEWEST, LEAST_FACTOR])  # fmt: skip
        for grant, day, amount, *figures in cursor.fetchall():
            median, mad, mean = map(float, figures)
            yield grant, day if isinstance(day, date) else date.fromisoformat(day), int(amount), median, mad, mean


def _is_unusual(row: tuple[int, date, int, float, float, float]) -> bool:
    """Where more than half of the days are alike, their mean distance stands in for the median one; where all are, any
    day of twice as much is unusual."""
    _grant, _day, amount, median, mad, mean = row
    scale = 1.4826 * mad or 1.2533 * mean
    return scale == 0 or (amount - median) / scale > UNUSUAL


def unattributed(at: datetime, scope: Scope) -> Iterator[Case]:
    """Derived products whose public page names what was never delivered to their developer, or that are found at an
    address while the page with their sources is not public (Art. 16)."""
    delivered = Delivery.objects.filter(version=OuterRef("version"), grant__buyer=OuterRef("derived__party"))
    public = Q(derived__state__in=[DerivedState.PUBLISHED, DerivedState.FLAGGED])
    hidden = Q(derived__state=DerivedState.REGISTERED, derived__created_at__lte=at - timedelta(days=PUBLISH_WITHIN))
    uses = (
        DerivedFrom.objects.exclude(grant__product__nature=Nature.NON_PUBLIC)
        .annotate(undelivered=ExpressionWrapper(~Exists(delivered), output_field=BooleanField()))
        .filter(public & Q(undelivered=True) | hidden & ~Q(derived__url=""))
    )
    rows = within(uses, scope, "derived__party").select_related("derived__party", "grant__buyer", "grant__authority")
    for use in rows.order_by("pk"):
        what = "hidden" if use.derived.state == DerivedState.REGISTERED else "undelivered"
        key = f"attribution:{use.derived_id}:{use.grant_id}:{what}"
        words = {"title": use.derived.title, "number": use.derived.number, "what": what}
        yield Case(key, use.grant, use.derived.party, use.grant.authority_id, words)


def _cases(name: str, rows: Iterable[tuple[int, date, dict[str, Any], dict[str, Any]]]) -> Iterator[Case]:
    """One case for each grant and day."""
    found = list(rows)
    grants = Grant.objects.select_related("buyer", "authority").in_bulk({key for key, *_rest in found})
    for key, day, row, words in found:
        grant = grants[key]
        text = {"day": str(day), "count": str(row["count"]), **words}
        yield Case(f"{name}:{key}:{day}", grant, grant.buyer, grant.authority_id, text)
