"""When delivered copies are evidence, and when they were: what a sweep that comes late has to know of the time that it
has missed."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Exists, F, Min, OuterRef, Q
from django.db.models.functions import Coalesce

from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.models import Clock
from marketplace.clock.working_days import local_date, working_days_between
from marketplace.ledger.models import Entry
from marketplace.supervision.incidents import Incident, IncidentState
from marketplace.supervision.inspections import TOLD, Inspection
from marketplace.supervision.models import Measure
from marketplace.supervision.review import Review
from marketplace.supervision.states import STANDING_MEASURE, ReviewState


class Span(NamedTuple):
    """From when, and until when: None where it lasts."""

    began: datetime
    ended: datetime | None


class Case(NamedTuple):
    """A kind of case for which copies are evidence: its paths to grants, when it begins, its states until its end. Of
    an inspection it begins once the holder is told."""

    model: type[models.Model]
    grants: Sequence[str]
    begins: Any
    states: Sequence[str]


CASES = (
    Case(Measure, ("held__grant",), F("issued_at"), STANDING_MEASURE),
    Case(Incident, ("copies__grant",), F("created_at"), (IncidentState.OPENED,)),
    Case(
        Review, ("measure__held__grant", "item__grant", "application__items__grant", "grant"), F("created_at"),
        (ReviewState.LODGED,),
    ),
    Case(Inspection, ("grant",), Coalesce("announced_at", "begun_at"), TOLD),
)  # fmt: skip


def keeping(grant: Grant) -> list[str]:
    """The numbers of the open orders, incidents, reviews and inspections for which the copies are kept as evidence."""
    found = list[str]()
    for case in CASES:
        about = reduce(or_, (Q(**{path: grant}) for path in case.grants))
        rows = case.model._base_manager.filter(about, state__in=case.states).distinct()
        found += [str(row.number) for row in rows.order_by("pk")]
    return found


def kept_as_evidence() -> Q:
    """Of grants: the same as `keeping`, asked of many at once."""
    open_ones = [
        case.model._base_manager.filter(**{path: OuterRef("pk")}, state__in=case.states)
        for case in CASES
        for path in case.grants
    ]
    return reduce(or_, (Q(Exists(rows)) for rows in open_ones))


class Stands(NamedTuple):
    """How many working days a clock has stood still for, and since when it does; None where it runs."""

    days: int
    since: datetime | None

    def differs(self, asked: Clock) -> bool:
        """Whether nobody has noticed it yet."""
        return self.days > asked.paused_days or (self.since is not None and asked.paused_at is None)


def stands(asked: Clock, spans: Iterable[Span]) -> Stands:
    """Of the time to destroy copies: it stood still in each of these spans that began before it had run out."""
    days = asked.paused_days
    counted = 0
    for began, ended in spans:
        began = max(began, asked.started_at)
        if ended is not None and ended <= began:
            continue
        if clock.due(asked, days) <= began:
            break
        if ended is None:
            return Stands(days, began)
        counted += working_days_between(local_date(began), local_date(ended))
        days = max(days, counted)
    return Stands(days, None)


def spans_of(grants: Iterable[int]) -> dict[int, list[Span]]:
    """Of each of these grants that has any, when its copies were evidence, the oldest first; what overlaps is one.

    When a case was over, the ledger knows; one of which it knows nothing does not count.
    """
    keys, found = list(grants), dict[int, set[Span]]()
    for case in CASES:
        rows = [row for path in case.grants for row in _rows(case, path, keys)]
        over = _over(case, {pk for _grant, pk, _began, state in rows if state not in case.states})
        for grant, pk, began, state in rows:
            if state in case.states or pk in over:
                found.setdefault(grant, set()).add(Span(began, over.get(pk)))
    return {grant: _joined(spans) for grant, spans in found.items()}


def was_evidence(grant: Grant, day: date) -> bool:
    """Whether its copies were to be kept as evidence at any time of this day."""
    spans = spans_of([grant.pk]).get(grant.pk, ())
    return any(
        local_date(span.began) <= day and (span.ended is None or day <= local_date(span.ended)) for span in spans
    )


def _rows(case: Case, path: str, grants: list[int]) -> Any:
    rows: Any = case.model._base_manager.annotate(begins=case.begins)
    return rows.filter(**{f"{path}__in": grants}, begins__isnull=False).values_list(path, "pk", "begins", "state")


def _over(case: Case, keys: set[int]) -> dict[int, datetime]:
    """When each of these left the states in which copies are evidence."""
    if not keys:
        return {}
    entries = Entry.objects.filter(object_type=case.model._meta.label_lower, object_id__in=map(str, keys))
    left = entries.filter(old__in=case.states).exclude(new__in=["", *case.states])
    return {int(pk): at for pk, at in left.values_list("object_id").annotate(Min("at"))}


def _joined(spans: set[Span]) -> list[Span]:
    joined = list[Span]()
    for span in sorted(spans, key=lambda span: span.began):
        last = joined[-1] if joined else None
        if last is None or (last.ended is not None and last.ended < span.began):
            joined.append(span)
        elif last.ended is not None:
            joined[-1] = Span(last.began, None if span.ended is None else max(last.ended, span.ended))
    return joined
