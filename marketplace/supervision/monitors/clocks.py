"""Every deadline that binds somebody: told once when it has run out; an authority's goes up one level, a reviewer's to
the authority (Art. 45)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import TruncDate

from accounts.anybody import KEEP_CONTACT
from accounts.models import Party
from accounts.queries import People, is_reviewer, level_above
from listings import operations as listing
from listings.models import Objection
from marketplace.applications.models import Consultation
from marketplace.applications.operations import escalate_consultation
from marketplace.applications.states import ConsultationState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import last_day
from marketplace.supervision import operations
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.deadlines import Due, lapses_at, run_out, went_up
from marketplace.supervision.incidents import Incident
from marketplace.supervision.monitors.base import WATCHER, Case, Scope, Told, text, unsaid, within
from marketplace.supervision.occasions import ran_out


def overdue(at: datetime, scope: Scope) -> Iterator[Case]:
    """Deadlines that have run out, for whoever must act."""
    for row in run_out(at, scope, _untold("clock_overdue", at)):
        yield _case("clock_overdue", row, {})


def owner_told(case: Case, people: People) -> Told:
    """Whoever must act; of faulty data also the authority, whose officers may answer in the place of a silent seller;
    that the hour of an incident was missed, also each body that has to know of the incident."""
    obj = case.about.obj
    told = [(people(case.about.owner, case.party), "clock_overdue", obj.get_absolute_url())]
    if isinstance(obj, Concern) and obj.kind == ConcernKind.FAULT:
        told.append((people(obj.authority, case.party), "clock_overdue", obj.get_absolute_url()))
    if isinstance(obj, Incident):
        bodies = [to for party in obj.bodies() for to in people(party)]
        told.append((bodies, "incident_report_missed", obj.get_absolute_url()))
    return told


def gone_up(at: datetime, scope: Scope) -> Iterator[Case]:
    """Deadlines of an authority that ran out some working days ago, for the authority one level above; those of a
    compliance reviewer, for the authority whose case it is."""
    levels, reviewers = dict[Party, Party | None](), dict[Party, bool]()
    for row in run_out(at, scope, _untold("officer_overdue", at).filter(went_up(at))):
        if row.owner not in levels:
            levels[row.owner], reviewers[row.owner] = level_above(row.owner, at), is_reviewer(row.owner, at)
        above = levels[row.owner] or (row.above_reviewer if reviewers[row.owner] else None)
        if above not in (None, row.owner):
            words = {"authority": row.owner, "due": last_day(lapses_at(row.clock))}
            yield _case("officer_overdue", row._replace(owner=above), words)


def _untold(monitor: str, at: datetime) -> "QuerySet[Clock]":
    day = TruncDate("due_at", tzinfo=UTC)
    return unsaid(Clock.objects.overdue(at), Value(f"{monitor}:"), text("pk"), Value(":"), text(day))


def _case(monitor: str, row: Due, words: dict[str, Any]) -> Case:
    clock = row.clock
    words = {"clock": Kind(clock.kind).label, "object": row.obj, "due": last_day(clock.due_at)} | words
    return Case(ran_out(monitor, clock), row, row.party, row.authority_id, words, clock)


def above_told(case: Case, people: People) -> Told:
    return [(people(case.about.owner, case.party), "officer_overdue", case.about.obj.get_absolute_url())]


def unanswered(at: datetime, scope: Scope) -> Iterable[Consultation]:
    """Consultations whose unit is silent after its time, and that were not escalated yet."""
    late = Clock.objects.overdue(at).filter(object_type="applications.consultation", kind=Kind.CONSULTATION)
    keys = [int(key) for key in late.values_list("object_id", flat=True)]
    waiting = Consultation.objects.filter(pk__in=keys, state=ConsultationState.ASKED, escalated_at=None)
    return within(waiting, scope, "application__buyer").select_related("application").order_by("pk")


def escalate(consultation: Consultation, at: datetime) -> bool:
    return escalate_consultation(consultation=consultation, actor=WATCHER, at=at)


def known_objectors(at: datetime, scope: Scope) -> Iterable[Objection]:
    """Answered objections whose names and contacts are no longer needed."""
    answered = Objection.objects.filter(decided_at__lte=at - KEEP_CONTACT).exclude(person_sealed="")
    return within(answered, scope, "version__product__seller").select_related("version").order_by("pk")


def erase_objectors(objection: Objection, at: datetime) -> bool:
    return listing.erase_objectors(objection=objection, actor=WATCHER, at=at)


def known_reporters(at: datetime, scope: Scope) -> Iterable[Concern]:
    """Reports that are over and whose names and contacts are no longer needed."""
    over = Concern.objects.filter(closed_at__lte=at - KEEP_CONTACT).exclude(person_sealed="")
    return within(over, scope, "party").order_by("pk")


def erase_reporter(concern: Concern, at: datetime) -> bool:
    return operations.erase_reporter(concern=concern, actor=WATCHER, at=at)
