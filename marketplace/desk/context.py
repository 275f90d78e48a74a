"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import CapabilityKind
from accounts.reach import reach_of
from marketplace.console.queries import ENTERING
from marketplace.notices.models import Channel, Outbox


def site(request: HttpRequest) -> dict[str, Any]:
    """The person's parties and roles for the navigation, and how many notices are new. Evaluated only where used."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo": settings.DEMO}
    who = reach_of(user, timezone.now())
    kinds = who.kinds
    return {
        "demo": settings.DEMO,
        "my_parties": who.names,
        "is_operator": CapabilityKind.OPERATOR in kinds,
        "may_enter_console": bool(kinds & set(ENTERING)),
        "is_officer": CapabilityKind.AUTHORITY in kinds,
        "is_seller": bool(kinds & {CapabilityKind.PRIMARY_DEVELOPER, CapabilityKind.UNIT, CapabilityKind.SELLER}),
        "is_unit": CapabilityKind.UNIT in kinds,
        "is_buyer": CapabilityKind.BUYER in kinds,
        "new_notices": Outbox.objects.filter(recipient_ref=user.ledger_ref, channel=Channel.PAGE, seen_at=None).count(),
    }
