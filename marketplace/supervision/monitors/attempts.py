"""Attempts that the gate refused because of the hour or the network, day by day (Arts 31, 33)."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate

from marketplace.applications.models import Grant
from marketplace.clock.working_days import SHANGHAI, local_date, start_of_day
from marketplace.delivery.models import OUTSIDE_ACCESS, AccessRecord
from marketplace.ledger import entries as ledger
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors.base import Case, Scope

FEWEST = 3  # attempts of a day: fewer may be a slip


def outside(at: datetime, scope: Scope) -> Iterator[Case]:
    """Days that are over on which somebody tried again and again outside the hours or networks of the grant's terms.
    Each attempt is judged once, however long ago it was, after what comes of it is known."""
    today = start_of_day(local_date(at))
    waiting = _of(scope, AccessRecord.objects.filter(code__in=OUTSIDE_ACCESS, is_judged=False, at__lt=today))
    days = waiting.values("grant_ref", "code", day=TruncDate("at", tzinfo=SHANGHAI)).annotate(count=Count("pk"))
    tried = list(days.order_by("day", "grant_ref", "code"))
    if not tried:
        return
    found = [row for row in tried if row["count"] >= FEWEST]
    grants = _grants({row["grant_ref"] for row in found})
    cases = [
        _case(grant, row["code"], row["day"], row["count"]) for row in found if (grant := grants.get(row["grant_ref"]))
    ]
    keys = Finding.objects.filter(occasion_key__in=[case.key for case in cases])
    known = set(keys.values_list("occasion_key", flat=True))
    new = [case for case in cases if case.key not in known]
    waiting.exclude(grant_ref__in={ledger.reference(case.about) for case in new}).update(is_judged=True)
    yield from new


def _of(scope: Scope, attempts: Any) -> Any:
    if scope is None:
        return attempts
    return attempts.filter(grant_ref__in=[ledger.reference(row) for row in Grant.objects.filter(buyer__in=list(scope))])


def _grants(refs: set[str]) -> dict[str, Grant]:
    keys = [int(ref.rpartition(":")[2]) for ref in refs]
    grants = Grant.objects.filter(pk__in=keys).select_related("buyer", "authority", "product__seller")
    return {ledger.reference(grant): grant for grant in grants}


def _case(grant: Any, code: str, day: date, count: int) -> Case:
    words = {"day": str(day), "count": str(count), "what": code}
    return Case(f"outside_access:{code}:{grant.pk}:{day}", grant, grant.buyer, grant.authority_id, words)
