"""What a grant allows and how long: quota, its end, the people named on it (Arts 16, 40)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case as Choice
from django.db.models import Exists, F, Max, OuterRef, Q, Subquery, Sum, Value, When

from accounts.models import Membership, valid_on
from accounts.queries import People
from marketplace.applications.models import QUOTA, Grant, GrantUser, Hold, HoldCode
from marketplace.applications.queries import counterparts
from marketplace.applications.states import HoldState
from marketplace.clock.working_days import due_after, last_day, local_date
from marketplace.delivery.models import DailyUse
from marketplace.supervision.monitors.base import Case, Scope, Told, text, unsaid, within

QUOTA_STEPS = (100, 80)  # per cent of a calendar month's downloads
END_STEPS = (30, 10)  # days before a grant ends
CLOSE_AFTER = 30  # days after its end that a grant is still not closed


def quotas(at: datetime, scope: Scope) -> Iterator[Case]:
    """Grants in whose calendar month 80 % of the downloads are used, or all."""
    day = local_date(at)
    month = DailyUse.objects.filter(grant=OuterRef("pk"), day__gte=day.replace(day=1), day__lte=day)
    count = month.order_by().values("grant").annotate(sum=Sum("downloads")).values("sum")
    used = (
        within(Grant.objects.active(), scope, "buyer")
        .annotate(limit=QUOTA)
        .filter(limit__gte=1)
        .annotate(used=Subquery(count))  # only of the few grants that have a limit
        .filter(used__gte=F("limit") * min(QUOTA_STEPS) / 100)
    )
    for grant in used.select_related("buyer").order_by("pk"):
        step = next((step for step in QUOTA_STEPS if grant.used * 100 >= step * grant.limit), None)
        if step is not None:
            words = {"number": grant.number, "used": grant.used, "limit": grant.limit}
            key = f"quota_used:{grant.pk}:{day:%Y-%m}:{grant.limit}:{step}"
            yield Case(key, grant, grant.buyer, grant.authority_id, words)


def ending(at: datetime, scope: Scope) -> Iterator[Case]:
    """Grants that end within a month, then within ten days."""
    today, (first, last) = local_date(at), END_STEPS
    soon = Grant.objects.active().filter(ends__gte=today, ends__lte=today + timedelta(days=first))
    near = When(ends__lte=today + timedelta(days=last), then=Value(last))
    return _once_at("grant_ending", soon, Choice(near, default=Value(first)), scope)


def over(at: datetime, scope: Scope) -> Iterator[Case]:
    """Grants whose period is over and that nobody has closed: on the day after, and once more a month later."""
    today = local_date(at)
    again = When(ends__lte=today - timedelta(days=CLOSE_AFTER), then=Value(CLOSE_AFTER))
    return _once_at("grant_over", Grant.objects.active().filter(ends__lt=today), Choice(again, default=Value(0)), scope)


def _once_at(name: str, rows: Any, step: Any, scope: Scope) -> Iterator[Case]:
    rows = within(rows.annotate(step=step), scope, "buyer").select_related("buyer", "authority", "product__seller")
    new = unsaid(rows, Value(f"{name}:"), text("pk"), Value(":"), text("ends"), Value(":"), text("step"))
    for grant in new.order_by("pk"):
        key = f"{name}:{grant.pk}:{grant.ends}:{grant.step}"
        yield Case(key, grant, grant.buyer, grant.authority_id, {"number": grant.number, "day": grant.ends})


def people_left(at: datetime, scope: Scope) -> Iterator[Case]:
    """People named on a grant who act for its buyer no more: the gate refuses them already (Art. 36)."""
    today = local_date(at)
    held = Membership.objects.filter(user=OuterRef("user"), party=OuterRef("grant__buyer"))
    ended = Q(user__memberships__party=F("grant__buyer"), user__memberships__valid_until__lt=today)
    named = (
        GrantUser.objects.filter(Q(until=None) | Q(until__gte=today), removed_at=None)
        .filter(grant__in=Grant.objects.active(), grant__buyer__merged_into=None)
        .filter(~Exists(held.filter(valid_on(today))) | Q(user__is_active=False))
        .annotate(last=Max("user__memberships__valid_until", filter=ended))
    )
    rows = within(named, scope, "grant__buyer").select_related("user", "grant__buyer").order_by("pk")
    for row in rows:
        words = {"number": row.grant.number, "name": row.user.name}
        key = f"person_left:{row.pk}:{row.last or ''}"
        yield Case(key, row.grant, row.grant.buyer, row.grant.authority_id, words)


def precautions_ending(at: datetime, scope: Scope) -> Iterator[Case]:
    """Precautions whose last day is today or tomorrow: they end by themselves, decided or not (Art. 34)."""
    return _precautions("hold_ending", Q(ends_at__gt=at, ends_at__lte=due_after(at, 1)), scope)


def precautions_over(at: datetime, scope: Scope) -> Iterator[Case]:
    """Precautions that have ended by themselves, with nobody's act."""
    return _precautions("hold_over", Q(ends_at__lte=at), scope)


def _precautions(name: str, when: Q, scope: Scope) -> Iterator[Case]:
    running = Grant.objects.active()
    rows = Hold.objects.filter(when, code=HoldCode.PRECAUTION, state=HoldState.OPEN, grant__in=running)
    new = unsaid(within(rows, scope, "grant__buyer"), Value(f"{name}:"), text("pk"))
    for hold in new.select_related("grant__buyer", "grant__authority", "grant__product__seller").order_by("pk"):
        grant, words = hold.grant, {"number": hold.grant.number, "day": last_day(hold.ends_at)}
        yield Case(f"{name}:{hold.pk}", grant, grant.buyer, grant.authority_id, words)


def deciders_told(case: Case, people: People) -> Told:
    """Whoever can do something about it in time."""
    return [(counterparts(case.about, people), "hold_ending", case.about.get_absolute_url())]


def both_told(case: Case, people: People) -> Told:
    both = [*people(case.party), *counterparts(case.about, people)]
    return [(both, "hold_over", case.about.get_absolute_url())]


def buyer_told(kind: str):  # type: ignore[no-untyped-def]
    """The buyer's people, with a link to the grant."""

    def told(case: Case, people: People) -> Told:
        return [(people(case.party), kind, case.about.get_absolute_url())]

    return told


def over_told(case: Case, people: People) -> Told:
    """The buyer, and whoever can close it."""
    both = [*people(case.party), *counterparts(case.about, people)]
    return [(both, "grant_over", case.about.get_absolute_url())]
