"""Precautions and the causes that they are for: an incident, a finding, or the grant itself where nothing is named."""

from datetime import datetime, timedelta

from django.db.models import Model, QuerySet

from marketplace.applications.models import Grant, Hold, HoldCode, open_holds
from marketplace.ledger.acts import reference

REST_DAYS = 60  # so long after a precaution no other is taken for the same cause: it must not replace an order


def source_of(cause: Model) -> str:
    """How the source of each hold for this cause begins."""
    return f"{reference(cause)}:"


def lately_held(cause: Model, at: datetime) -> QuerySet[Hold]:
    """The precautions for one cause of the last 60 days, of whatever grants."""
    since = at - timedelta(days=REST_DAYS)
    return Hold.objects.filter(code=HoldCode.PRECAUTION, source_ref__startswith=source_of(cause), opened_at__gt=since)


def is_resting(grant: Grant, cause: Model, at: datetime) -> bool:
    """Whether a precaution was taken for this cause so lately that none follows."""
    return lately_held(cause, at).filter(grant=grant).exists()


def standing_for(cause: Model, at: datetime) -> QuerySet[Hold]:
    """The precautions for one cause that hold a grant at `at`."""
    return open_holds(at, code=HoldCode.PRECAUTION, source_ref__startswith=source_of(cause))
