"""Attempts that the gate refused because of the hour or the network, day by day (Arts 31, 33)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate

from listings.models import Nature
from marketplace.applications.models import Grant
from marketplace.clock.working_days import SHANGHAI, local_date, start_of_day
from marketplace.delivery.models import OUTSIDE_ACCESS, AccessRecord
from marketplace.ledger import entries as ledger
from marketplace.supervision.monitors.base import Case, Scope, within

FEWEST = 3  # attempts of a day: fewer may be a slip
WINDOW = 92  # days looked back on


def outside(at: datetime, scope: Scope) -> Iterator[Case]:
    """Days that are over on which somebody tried again and again outside the hours or networks of the grant's terms."""
    today = start_of_day(local_date(at))
    tried = AccessRecord.objects.filter(code__in=OUTSIDE_ACCESS, at__gte=today - timedelta(days=WINDOW), at__lt=today)
    days = tried.values("grant_ref", "code", day=TruncDate("at", tzinfo=SHANGHAI)).annotate(count=Count("pk"))
    found = list(days.filter(count__gte=FEWEST).order_by("day", "grant_ref", "code"))
    grants = _public({row["grant_ref"] for row in found}, scope)
    for row in found:
        if grant := grants.get(row["grant_ref"]):
            yield _case(grant, row["code"], row["day"], row["count"])


def _public(refs: set[str], scope: Scope) -> dict[str, Grant]:
    """Of these references, the grants of public data: of other data the seller sees to its own terms (Art. 40)."""
    keys = [int(ref.rpartition(":")[2]) for ref in refs]
    grants = Grant.objects.filter(pk__in=keys).exclude(product__nature=Nature.NON_PUBLIC)
    return {
        ledger.reference(grant): grant for grant in within(grants, scope, "buyer").select_related("buyer", "authority")
    }


def _case(grant: Any, code: str, day: date, count: int) -> Case:
    words = {"day": str(day), "count": str(count), "what": code}
    return Case(f"outside_access:{code}:{grant.pk}:{day}", grant, grant.buyer, grant.authority_id, words)
