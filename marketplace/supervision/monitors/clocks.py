"""Every deadline that binds somebody: told once when it has run out; an authority's goes up one level (Art. 45)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from accounts.anybody import KEEP_CONTACT
from accounts.models import Party
from accounts.queries import recipients
from listings import operations as listing
from listings.models import Objection
from marketplace.applications.models import Consultation
from marketplace.applications.operations import escalate_consultation
from marketplace.applications.states import ConsultationState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import last_day
from marketplace.supervision import operations
from marketplace.supervision.concern import Concern
from marketplace.supervision.deadlines import Due, level_above, run_out, up_before
from marketplace.supervision.monitors.base import WATCHER, Case, Scope, Told, tell_once, within


def tell_overdue(row: Due, at: datetime) -> bool:
    clock = row.clock
    return tell_once(
        at, row.owner, "clock_overdue", row.obj.get_absolute_url(), f"{clock.pk}:{clock.due_at:%F}",
        clock=Kind(clock.kind).label, object=row.obj, due=last_day(clock.due_at),
    )  # fmt: skip


def gone_up(at: datetime, scope: Scope) -> Iterator[Case]:
    """Deadlines of an authority that ran out some working days ago, for the authority one level above."""
    before, levels = up_before(at), dict[Party, Party | None]()
    for row in run_out(at, scope):
        if last_day(row.clock.due_at) >= before:
            continue
        if row.owner not in levels:
            levels[row.owner] = level_above(row.owner, at)
        if (above := levels[row.owner]) is not None:
            words = {
                "authority": row.owner, "clock": Kind(row.clock.kind).label, "object": row.obj,
                "due": last_day(row.clock.due_at),
            }  # fmt: skip
            key = f"officer_overdue:{row.clock.pk}:{row.clock.due_at:%F}"
            yield Case(key, row._replace(owner=above), row.party, row.authority_id, words)


def above_told(case: Case, at: datetime) -> Told:
    return [(recipients(case.about.owner, at), "officer_overdue", case.about.obj.get_absolute_url())]


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
