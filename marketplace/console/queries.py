"""Who may enter the console, and which cases it shows them."""

from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce

from accounts.models import Assignment, AssignmentRole, Capability, CapabilityKind, Region, valid_on
from accounts.queries import parties_as
from accounts.reach import reach_of
from listings.models import is_provincial_officer
from marketplace.clock.models import Clock
from marketplace.clock.working_days import local_date
from marketplace.console.models import Reading
from marketplace.ledger.models import Entry

ENTERING = (
    CapabilityKind.OPERATOR,
    CapabilityKind.REVIEWER,
    CapabilityKind.AUTHORITY,
    CapabilityKind.EXPERT,
    CapabilityKind.OVERSIGHT,
)


def kinds_of(user: Any, at: datetime) -> frozenset[str]:
    """As what the person may enter: capabilities of their parties in good standing, of those that work here."""
    return frozenset(kind for kind, _party in reach_of(user, at).able if kind in ENTERING)


def watched_regions(user: Any, at: datetime) -> QuerySet[Region]:
    """The regions of the person's oversight bodies and all below them."""
    held = Capability.objects.filter(
        valid_on(local_date(at)), kind=CapabilityKind.OVERSIGHT, party__in=parties_as(user, "oversight", at)
    )
    seats = held.values("region")
    return Region.objects.filter(Q(pk__in=seats) | Q(parent__in=seats) | Q(parent__parent__in=seats))


def entrusted(model: Any, theirs: Q | None, user: Any) -> QuerySet[Any]:
    """What the person may open without giving a reason: what `visible_to` says; of what is public to everybody, only
    what is `theirs`, for the case file shows how it came to be."""
    visible = model.objects.visible_to(user)
    return visible if theirs is None or is_provincial_officer(user) else visible.filter(theirs)


def assigned(user: Any, model: type[Model]) -> Q:
    """The cases that the person was asked to assess as a member of the expert committee."""
    given = Assignment.objects.filter(
        user=user, role=AssignmentRole.EXPERT, ended_at=None, object_type=model._meta.label_lower
    )
    return Q(pk__in=[int(key) for key in given.values_list("object_id", flat=True)])


def watched(model: Any, authority: str, user: Any, at: datetime) -> QuerySet[Any]:
    """What an overseer may open with a stated reason: the cases of the authorities in its regions."""
    return model.objects.filter(**{f"{authority}__region__in": watched_regions(user, at)})


def has_stated_reason(obj: Model, user: Any, at: datetime) -> bool:
    """Whether this person gave a reason for this case today."""
    return Reading.objects.filter(
        by=user, object_type=obj._meta.label_lower, object_id=str(obj.pk), day=local_date(at)
    ).exists()


def files_opened() -> Coalesce:
    """Of each reading: how often a file of evidence was opened on it."""
    key = Cast(OuterRef("pk"), CharField())
    opened = Entry.objects.filter(object_type=Reading._meta.label_lower, object_id=key, verb="open_evidence")
    counted = opened.order_by().values("object_id").annotate(times=Count("pk")).values("times")
    return Coalesce(Subquery(counted), 0)


def nearest_deadline(model: type[Model]) -> Subquery:
    """Of each row of `model`: when its nearest running clock is over."""
    key = Cast(OuterRef("pk"), CharField())
    running = Clock.objects.running().filter(object_type=model._meta.label_lower, object_id=key)
    return Subquery(running.order_by("due_at").values("due_at")[:1])
