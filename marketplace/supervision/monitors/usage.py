"""How grants are used, from the delivery records: outside what was granted, quite unlike before, or not attributed."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, TruncDate, TruncMonth
from django.db.models.lookups import GreaterThan

from accounts.queries import People
from accounts.states import PartyState
from listings.models import Nature
from marketplace.among import Among
from marketplace.applications.models import Grant, Hold
from marketplace.clock.working_days import SHANGHAI, local_date
from marketplace.delivery.models import DailyUse, Delivery
from marketplace.supervision.models import PUBLIC_DERIVED, DerivedFrom, DerivedProduct, Finding
from marketplace.supervision.monitors.base import Case, Scope, Told, text, unsaid, within
from marketplace.supervision.queries import delivered_to
from marketplace.supervision.states import DerivedState

AT_A_TIME = 20_000  # deliveries, or days, that are looked at together
PAST = 30  # days with deliveries before a day that it is compared with, however far apart: use may be monthly
YEAR = 365  # days before a day that these are looked for in
FEWEST = 7  # days with deliveries, below which nothing is called usual
UNUSUAL = 3.5  # robust z-score, as Iglewicz and Hoaglin (1993) propose
LEAST_FACTOR = 2  # and at least so many times the median: a grant that is used evenly must not alarm by one row more
Offence = tuple[int, int, str, str]  # delivery, grant, its day or month, what was not allowed
Row = tuple[str, int, str, int, dict[str, str]]  # what begins the case's key, grant, day or month, count, words
Figures = tuple[int, int, float, float, float]  # daily use, its rows, median before, median and mean distance from it
PUBLISH_WITHIN = 30  # days from a derived product's registration, where it names an address at which it is found
ASK_AFTER = 90  # days from its registration, where it names none and is no data product here


def outside(at: datetime, scope: Scope) -> Iterator[Case]:
    """Deliveries that the grant did not allow (Arts 15, 16): other fields, another version, before it began or after it
    was over, while it was held, more than its quota. The gate hands none out: this looks whether that is so, at each
    delivery once, by the grant's terms as they are then."""
    waiting = _unexamined(scope).filter(obtained_at__lte=at)
    while pks := list(waiting.order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]):
        yield from _examine(waiting.filter(pk__lte=pks[-1]), pks)
        waiting = waiting.filter(pk__gt=pks[-1])


def _unexamined(scope: Scope) -> Any:
    return within(Delivery.objects.filter(is_examined=False, grant__isnull=False), scope, "grant__buyer")


def _examine(deliveries: Any, pks: Collection[int]) -> list[Case]:
    """The cases among these; what is none needs no second look, save what was delivered while this looked."""
    rows = list(_offences(deliveries))
    Delivery.objects.filter(Among(F("pk"), set(pks) - {pk for pk, *_rest in rows})).update(is_examined=True)
    cases = _outside_cases(rows)
    known = set(Finding.objects.filter(occasion_key__in=cases).values_list("occasion_key", flat=True))
    _settle(rows, known)
    return list(_cases([case for key, case in cases.items() if key not in known]))


def _offences(deliveries: Any) -> Iterator[Offence]:
    day, month = "%F", "%Y-%m"
    checks = {
        "fields": (_other_fields(), day), "version": (_other_version(), day), "period": (_not_then(), day),
        "held": (_while_held(), day), "volume": (_over_quota(), month),
    }  # fmt: skip
    for what, (condition, when) in checks.items():
        found = _with_month(deliveries).filter(condition).order_by("pk")
        for pk, grant, at in found.values_list("pk", "grant", "obtained_at"):
            yield pk, grant, local_date(at).strftime(when), what


def _outside_cases(rows: list[Offence]) -> dict[str, Row]:
    counts = Counter((what, grant, day) for _pk, grant, day, what in rows)
    return {
        f"outside_grant:{what}:{grant}:{day}": (f"outside_grant:{what}", grant, day, count, {"what": what})
        for (what, grant, day), count in sorted(counts.items(), key=lambda item: item[0][1:])
    }


def _settle(rows: list[Offence], known: Collection[str]) -> None:
    """A delivery of which every finding is opened needs no further look."""
    open_ones = {pk for pk, grant, day, what in rows if f"outside_grant:{what}:{grant}:{day}" not in known}
    Delivery.objects.filter(Among(F("pk"), {pk for pk, *_rest in rows} - open_ones)).update(is_examined=True)


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


def _with_month(deliveries: Any) -> Any:
    return deliveries.alias(month=TruncMonth("obtained_at", tzinfo=SHANGHAI))


def _over_quota() -> Q:
    """After as many in its calendar month as the grant's terms allow, counted as the gate does (`gate.is_used_up`)."""
    limit = Cast(KeyTextTransform("quota", "grant__terms"), IntegerField())
    until = Q(obtained_at__lt=OuterRef("obtained_at")) | Q(obtained_at=OuterRef("obtained_at"), pk__lte=OuterRef("pk"))
    handed = _with_month(Delivery.objects.all()).filter(until, grant=OuterRef("grant"), month=OuterRef("month"))
    count = handed.order_by().values("grant").annotate(count=Count("pk")).values("count")
    return Q(GreaterThan(limit, 0)) & Q(GreaterThan(Subquery(count), limit))


# Of each day that is judged its rows, the median of the grant's days before, the median distance from it and the mean.
# Where a median is less than the half of something, so is at least every second value: few days are worth the sorting.
# `since`, the first day that counts, is found in the index of a grant's days, once for each day that is judged.
SUDDEN = """
WITH judged AS MATERIALIZED (
    SELECT now.id, now.grant_id, now.day, now.rows, coalesce((
        SELECT old.day FROM delivery_dailyuse old
        WHERE old.grant_id = now.grant_id AND old.day < now.day AND old.day >= {year_before}
        ORDER BY old.day DESC LIMIT 1 OFFSET %s
    ), {year_before}) AS since
    FROM delivery_dailyuse now WHERE now.id IN ({days})
),
high AS (
    SELECT now.id, now.grant_id, now.day, now.rows, now.since
    FROM judged now JOIN delivery_dailyuse old
    ON old.grant_id = now.grant_id AND old.day < now.day AND old.day >= now.since
    GROUP BY now.id, now.grant_id, now.day, now.rows, now.since
    HAVING count(*) >= %s AND 2 * sum(CASE WHEN now.rows > %s * old.rows THEN 1 ELSE 0 END) >= count(*)
),
past AS (
    SELECT now.id, now.rows AS amount, old.rows AS before
    FROM high now JOIN delivery_dailyuse old
    ON old.grant_id = now.grant_id AND old.day < now.day AND old.day >= now.since
),
ranked AS (
    SELECT past.*, row_number() OVER w AS place, count(*) OVER (PARTITION BY id) AS days
    FROM past WINDOW w AS (PARTITION BY id ORDER BY before)
),
usual AS (
    SELECT id, avg(before * 1.0) AS median FROM ranked
    WHERE place IN ((days + 1) / 2, (days + 2) / 2) GROUP BY id
),
apart AS (
    SELECT past.id, past.amount, usual.median, abs(past.before - usual.median) AS distance
    FROM past JOIN usual ON usual.id = past.id
),
spread AS (
    SELECT apart.*, row_number() OVER w AS place, count(*) OVER (PARTITION BY id) AS days
    FROM apart WINDOW w AS (PARTITION BY id ORDER BY distance)
)
SELECT id, max(amount), max(median),
    avg(CASE WHEN place IN ((days + 1) / 2, (days + 2) / 2) THEN distance END), avg(distance)
FROM spread GROUP BY id HAVING max(amount) > %s * max(median) ORDER BY id
"""
YEAR_BEFORE = {"sqlite": f"date(now.day, '-{YEAR} days')", "postgresql": f"now.day - {YEAR}"}


def sudden(at: datetime, scope: Scope) -> Iterator[Case]:
    """Days that are over on which much more was handed over than the grant's own past suggests: by the robust z-score
    of the day's rows, against the last days of a year on which any were. Each day is judged once, however long ago it
    was."""
    waiting = within(DailyUse.objects.filter(is_judged=False, day__lt=local_date(at)), scope, "grant__buyer")
    while pks := list(waiting.order_by("pk").values_list("pk", flat=True)[:AT_A_TIME]):
        batch = waiting.filter(pk__lte=pks[-1])
        found = {row[0]: row for row in _usual(batch) if _is_unusual(row)}
        days = {day.pk: day for day in DailyUse.objects.filter(pk__in=found)}
        keys = {f"sudden_change:{day.grant_id}:{day.day}": pk for pk, day in days.items()}
        known = Finding.objects.filter(occasion_key__in=keys).values_list("occasion_key", flat=True)
        new = set(days) - {keys[key] for key in known}
        DailyUse.objects.filter(Among(F("pk"), set(pks) - new)).update(is_judged=True)
        yield from _cases([_sudden_row(days[pk], found[pk]) for pk in sorted(new)])
        waiting = waiting.filter(pk__gt=pks[-1])


def _sudden_row(day: DailyUse, figures: Figures) -> Row:
    _pk, amount, usual, *_rest = figures
    return "sudden_change", day.grant_id, str(day.day), amount, {"usual": str(round(usual))}


def _usual(days: Any) -> Iterable[Figures]:
    try:
        inner, params = days.values("pk").query.sql_with_params()
    except EmptyResultSet:  # of nobody's
        return
    with connection.cursor() as cursor:
        cursor.execute(SUDDEN.format(days=inner, year_before=YEAR_BEFORE[connection.vendor]),
                       [PAST - 1, *params, FEWEST, LEAST_FACTOR, LEAST_FACTOR])  # fmt: skip
        for pk, amount, *figures in cursor.fetchall():
            median, mad, mean = map(float, figures)
            yield pk, int(amount), median, mad, mean


def _is_unusual(row: Figures) -> bool:
    """Where more than half of the days are alike, their mean distance stands in for the median one; where all are, any
    day of twice as much is unusual."""
    _pk, amount, median, mad, mean = row
    scale = 1.4826 * mad or 1.2533 * mean
    return scale == 0 or (amount - median) / scale > UNUSUAL


def unattributed(at: datetime, scope: Scope) -> Iterator[Case]:
    """Derived products whose public page names what was never delivered to their developer, or that are found at an
    address while the page with their sources is not public (Art. 16). To withdraw it here takes nothing off that
    address: whether it is gone there, an officer sees."""
    delivered = Delivery.objects.filter(delivered_to(OuterRef("derived__party")), version=OuterRef("version"))
    shown = DerivedProduct.objects.filter(PUBLIC_DERIVED)
    public = Q(derived__in=shown.values("pk"))
    hidden = Q(derived__published_at=None, derived__created_at__lte=at - timedelta(days=PUBLISH_WITHIN))
    uses = (
        DerivedFrom.objects.exclude(grant__product__nature=Nature.NON_PUBLIC)
        .exclude(derived__party__state=PartyState.ENDED)
        .annotate(undelivered=ExpressionWrapper(~Exists(delivered), output_field=BooleanField()))
        .filter(public & Q(undelivered=True) | hidden & ~Q(derived__url=""))
    )
    rows = within(uses, scope, "grant__buyer").select_related("derived", "grant__buyer", "grant__authority")
    for use in rows.order_by("pk"):
        what = "undelivered" if use.derived.published_at else "hidden"
        key = f"attribution:{use.derived_id}:{use.grant_id}:{what}"
        words = {"title": use.derived.title, "number": use.derived.number, "what": what}
        yield Case(key, use.grant, use.grant.buyer, use.grant.authority_id, words)


def unpublished(at: datetime, scope: Scope) -> Iterator[Case]:
    """Derived products that were registered long ago, are not public and name no address: whether anybody can find one
    only its developer knows (Art. 16)."""
    uses = DerivedFrom.objects.filter(derived=OuterRef("pk")).exclude(grant__product__nature=Nature.NON_PUBLIC)
    waiting = DerivedProduct.objects.filter(state=DerivedState.REGISTERED, url="", listed_as=None)
    rows = waiting.annotate(authority=Subquery(uses.order_by("pk").values("grant__authority")[:1])).filter(
        created_at__lte=at - timedelta(days=ASK_AFTER), authority__isnull=False
    )
    new = unsaid(within(rows, scope, "party"), Value("derived_unpublished:"), text("pk"))
    for derived in new.select_related("party").order_by("pk"):
        words = {"title": derived.title, "number": derived.number, "day": local_date(derived.created_at)}
        yield Case(f"derived_unpublished:{derived.pk}", derived, derived.party, derived.authority, words)


def keeper_told(case: Case, people: People) -> Told:
    return [(people(case.party), "derived_unpublished", case.about.get_absolute_url())]


def _cases(rows: Iterable[Row]) -> Iterator[Case]:
    """One case for each kind, grant and day or month."""
    found = list(rows)
    whole = Grant.objects.select_related("buyer", "authority", "product__seller")
    grants = whole.in_bulk({key for _kind, key, *_rest in found})
    for kind, key, day, count, words in found:
        grant = grants[key]
        text = {"day": day, "count": str(count), **words}
        yield Case(f"{kind}:{key}:{day}", grant, grant.buyer, grant.authority_id, text)
