"""When an order reached its party: opened by one of its people, or deemed served after some working days."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from marketplace.errors import is_allowed
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.models import Measure


def note_seen(*, measure: Measure, actor: User, at: datetime) -> None:
    """Somebody of the party opens it, on its page or through the API: recorded the first time, and never again."""
    if measure.issued_at is None or measure.seen_at is not None:
        return
    if not is_allowed(permissions.check_can_respond, actor, measure, at):
        return
    with transaction.atomic():
        if Measure.objects.filter(pk=measure.pk, seen_at=None).update(seen_at=at, seen_by=actor):
            ledger.record(ledger.begin("see_order", actor, at, measure.article), measure)
            measure.seen_at, measure.seen_by = at, actor
