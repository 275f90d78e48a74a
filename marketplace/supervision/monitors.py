"""The table of rules that watch. Each finds its offenders with one query and handles each by one operation.

A monitor reminds, opens a finding, pauses by the grant's own terms, or proposes: what a standing rule that an officer
has signed lets follow by itself (`standing.py`). None orders, lifts or terminates.
Every occasion fires once: report periods, holds, findings, proposals and notices have unique keys, so repeated or
overlapping sweeps are harmless and an outage is caught up by the next one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import DateField, F, Max, Q, Value
from django.db.models.functions import Coalesce, Least, TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import Party
from accounts.queries import recipients
from accounts.states import PartyState
from listings import operations as listing
from listings.models import DescriptionChange, Objection, Version
from listings.operations.objections import KEEP_CONTACT
from listings.states import ChangeState
from marketplace.applications.models import Consultation, Grant, ReportSchedule, Route
from marketplace.applications.operations import escalate_consultation
from marketplace.applications.states import ConsultationState, GrantState
from marketplace.clock.defaults import REPORT_REMINDERS, Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import add_working_days, end_of_day, last_day, local_date
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.notices.operations import tell
from marketplace.supervision import operations
from marketplace.supervision.models import Finding, UsageReport
from marketplace.supervision.operations import lapsed, reassessment
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.operations.recall import Holder, holders_untold
from marketplace.supervision.standing import Action, rules_of

WATCHER = ledger.SystemActor("sweep")
Scope = Iterable[Party] | None


@dataclass(frozen=True)
class Monitor:
    """One rule: `find(at, scope)` gives what is due, `handle(row, at)` says whether it did something."""

    name: str
    label: Any
    article: str
    find: Callable[[datetime, Scope], Iterable[Any]]
    handle: Callable[[Any, datetime], bool]
    authority: Callable[[Any], int | None] = attrgetter("grant.authority_id")  # of a row: whose rules are asked


def unscheduled(at: datetime, scope: Scope) -> Iterable[Grant]:
    """Grants with a period that has begun and has no report yet, also those that ended before a sweep saw them."""
    today = local_date(at)
    return (
        _within(Grant.objects.exclude(buyer__state=PartyState.ENDED, buyer__merged_into=None), scope, "buyer")
        .filter(starts__lte=today, activated_at__lte=at)
        .exclude(item__route=Route.NON_PUBLIC)  # Art. 16 wants reports on public data
        .annotate(covered=Max("reports__end"), until=Least("ends", Coalesce(TruncDate("ended_at"), "ends")))
        .filter(Q(covered=None, starts__lte=F("until")) | Q(covered__lt=Least(Value(today, DateField()), "until")))
        .exclude(terms__report_schedule=ReportSchedule.END, until__gte=today)  # its one report is opened at the end
        .order_by("pk")
    )


def schedule(grant: Grant, at: datetime) -> bool:
    return bool(operations.schedule_reports(grant=grant, actor=WATCHER, at=at))


def due_soon(at: datetime, scope: Scope) -> Iterable[UsageReport]:
    furthest = add_working_days(local_date(at), max(REPORT_REMINDERS))
    reports = UsageReport.objects.owed().filter(due_at__gt=at, due_at__lte=end_of_day(furthest), end__lt=local_date(at))
    return _within(reports, scope, "grant__buyer").select_related("grant__buyer", "grant__product").order_by("pk")


def remind(report: UsageReport, at: datetime) -> bool:
    """The reminder of the nearest step that is reached: 10, 3, 1 working days before."""
    due_on = last_day(report.due_at)
    reached = [days for days in REPORT_REMINDERS if add_working_days(due_on, -days) <= local_date(at)]
    if not reached:
        return False
    return _tell_once(
        at, report.grant.buyer, "report_due", report.get_absolute_url(),
        f"{report.pk}:{report.due_at:%F}:{min(reached)}", number=report.grant.number, due=due_on,
        start=report.start, end=report.end,
    )  # fmt: skip


def overdue(at: datetime, scope: Scope) -> Iterable[UsageReport]:
    """Whatever became of the grant since: who had the data still owes the report."""
    reports = UsageReport.objects.owed().filter(due_at__lte=at)
    return _within(reports, scope, "grant__buyer").select_related("grant__buyer", "grant__authority").order_by("pk")


@transaction.atomic
def notice_overdue(report: UsageReport, at: datetime) -> bool:
    """A finding for the authority, a notice for the buyer."""
    if not _still(overdue, report, at):
        return False
    act = ledger.begin("notice", WATCHER, at, "Art. 16")
    finding = open_finding(
        act, report.grant, "report_overdue", f"report_overdue:{report.pk}:{report.round}", "Art. 16",
        report=str(report), due=last_day(report.due_at),
    )  # fmt: skip
    if finding is None:
        return False
    tell(
        act, recipients(report.grant.buyer, at), "report_overdue", link=report.get_absolute_url(),
        key=f"{report.pk}:{report.round}", number=report.grant.number, start=report.start, end=report.end,
        due=last_day(report.due_at),
    )  # fmt: skip
    return True


def too_late(at: datetime, scope: Scope) -> Iterable[UsageReport]:
    reports = UsageReport.objects.owed().filter(late_at__lte=at, grant__state=GrantState.ACTIVE)
    return _within(reports, scope, "grant__buyer").select_related("grant__buyer", "grant__authority").order_by("pk")


@transaction.atomic
def pause_and_propose(report: UsageReport, at: datetime) -> bool:
    """By the rules in force, the hold by the grant's terms and an order **proposed**: an officer issues or drops it."""
    if not _still(too_late, report, at):
        return False
    rules, authority = rules_of("report_late"), report.grant.authority_id
    paused = bool(rules.of(Action.HOLD, authority)) and operations.pause_for_report(report=report, actor=WATCHER, at=at)
    rule = rules.of(Action.PROPOSE, authority)
    if rule is None:
        return paused
    with override("zh-hans"):  # the text of an order is Chinese until an officer edits it
        facts = _("The usage report for %(start)s to %(end)s was due on %(due)s and has not been filed.") % {
            "start": report.start, "end": report.end, "due": last_day(report.due_at),
        }  # fmt: skip
        demand = _("File the usage report for %(start)s to %(end)s.") % {"start": report.start, "end": report.end}
    demand = rule.text or demand
    finding = report.grant.findings.filter(occasion_key=f"report_overdue:{report.pk}:{report.round}").first()
    proposed = operations.propose_order(
        grants=[report.grant], actor=WATCHER, at=at, key=f"report_late:{report.pk}:{report.round}", facts=facts,
        demand=demand, finding=finding,
    )  # fmt: skip
    return paused or proposed is not None


def _still(find: Callable[[datetime, Scope], Any], report: UsageReport, at: datetime) -> bool:
    """Look again under a lock: what was filed, returned or given up since the sweep looked is not overtaken."""
    UsageReport.objects.select_for_update().get(pk=report.pk)
    return bool(find(at, None).filter(pk=report.pk).exists())


@dataclass(frozen=True)
class Duty:
    """Whose duty a clock of one object is: paths from the object to the party that must act and to the case's party.

    `instead`, where it is set, names who must act in the owner's place: with non-public data reviewer or seller.
    """

    model: str
    owner: str
    party: str
    instead: str = ""


# (object type, clock) -> whose duty it is when the clock has run out
DUTIES: dict[tuple[str, str], Duty] = {
    ("listings.version", Kind.ACCEPTANCE): Duty("listings.Version", "authority", "product__seller", "reviewer"),
    ("listings.version", Kind.PUBLICITY): Duty("listings.Version", "authority", "product__seller", "reviewer"),
    ("listings.objection", Kind.OBJECTION): Duty(
        "listings.Objection", "version__authority", "version__product__seller", "version__reviewer"
    ),
    ("applications.application", Kind.ACCEPTANCE): Duty("applications.Application", "authority", "buyer", "seller"),
    ("listings.releaserule", Kind.ACCEPTANCE): Duty(
        "listings.ReleaseRule", "authority", "product__seller", "basis__reviewer"
    ),
    ("listings.descriptionchange", Kind.ACCEPTANCE): Duty(
        "listings.DescriptionChange", "authority", "product__seller", "reviewer"
    ),
    ("applications.application", Kind.PRECHECK): Duty("applications.Application", "authority", "buyer"),
    ("applications.application", Kind.DECISION): Duty("applications.Application", "authority", "buyer", "seller"),
    ("applications.grant", Kind.OFFER): Duty("applications.Grant", "buyer", "buyer"),
    ("supervision.finding", Kind.FINDING): Duty("supervision.Finding", "authority", "party", "reviewer"),
    ("supervision.measure", Kind.CORRECTION): Duty("supervision.Measure", "authority", "party"),
    ("supervision.measure", Kind.HEARING): Duty("supervision.Measure", "authority", "party"),
}


def run_out(at: datetime, scope: Scope) -> Iterable[tuple[Clock, Any, Party]]:
    """Open clocks that are over, with their object and the party whose turn it is."""
    for (object_type, kind), duty in DUTIES.items():
        clocks = Clock.objects.overdue(at).filter(object_type=object_type, kind=kind)
        by_id = {clock.object_id: clock for clock in clocks.order_by("pk")}
        objects = _within(apps.get_model(duty.model)._default_manager.filter(pk__in=list(by_id)), scope, duty.party)
        paths = [path for path in (duty.owner, duty.instead) if path]
        for obj in objects.select_related(*paths).order_by("pk"):
            instead = duty.instead and attrgetter(duty.instead.replace("__", "."))(obj)
            yield by_id[str(obj.pk)], obj, instead or attrgetter(duty.owner.replace("__", "."))(obj)


def tell_overdue(row: tuple[Clock, Any, Party], at: datetime) -> bool:
    clock, obj, owner = row
    return _tell_once(
        at, owner, "clock_overdue", obj.get_absolute_url(), f"{clock.pk}:{clock.due_at:%F}",
        clock=Kind(clock.kind).label, object=obj, due=last_day(clock.due_at),
    )  # fmt: skip


def _authority_of(row: tuple[Clock, Any, Party]) -> int | None:
    case = row[1].version if isinstance(row[1], Objection) else row[1]
    authority: int | None = case.authority_id
    return authority


def unanswered(at: datetime, scope: Scope) -> Iterable[Consultation]:
    """Consultations whose unit is silent after its time, and that were not escalated yet."""
    late = Clock.objects.overdue(at).filter(object_type="applications.consultation", kind=Kind.CONSULTATION)
    keys = [int(key) for key in late.values_list("object_id", flat=True)]
    waiting = Consultation.objects.filter(pk__in=keys, state=ConsultationState.ASKED, escalated_at=None)
    return _within(waiting, scope, "application__buyer").select_related("application").order_by("pk")


def escalate(consultation: Consultation, at: datetime) -> bool:
    return escalate_consultation(consultation=consultation, actor=WATCHER, at=at)


def known_objectors(at: datetime, scope: Scope) -> Iterable[Objection]:
    """Answered objections whose names and contacts are no longer needed."""
    answered = Objection.objects.filter(decided_at__lte=at - KEEP_CONTACT).exclude(person_sealed="")
    return _within(answered, scope, "version__product__seller").select_related("version").order_by("pk")


def erase_objectors(objection: Objection, at: datetime) -> bool:
    return listing.erase_objectors(objection=objection, actor=WATCHER, at=at)


def holders(at: datetime, scope: Scope) -> Iterable[Holder]:
    """Whoever obtained a recalled version, or one built from it, and was not told yet."""
    parties = None if scope is None else {party.pk for party in scope}
    return [holder for holder in holders_untold() if parties is None or holder.grant.buyer_id in parties]


def notice_recall(holder: Holder, at: datetime) -> bool:
    return operations.notice_recall(holder=holder, actor=WATCHER, at=at)


def due_again(at: datetime, scope: Scope) -> Iterable[Version]:
    """Versions on offer whose assessment is too old, or was made under an older rule set."""
    return listing.due_for_reassessment(at, scope).order_by("pk")


def assess_again(version: Version, at: datetime) -> bool:
    return listing.open_reassessment(version=version, actor=WATCHER, at=at)


def lapsing(at: datetime, scope: Scope) -> Iterable[Version]:
    found = listing.lapsing_soon(at, scope)
    return found.select_related("product__seller", "authority", "reviewer").order_by("pk")


def remind_of_lapse(version: Version, at: datetime) -> bool:
    """Seller and reviewing body, once for each assessment that is about to lapse."""
    newest = listing.newest_assessment(version)
    told = False
    if newest is not None:
        day = last_day(listing.lapses_at(newest))
        for party in filter(None, (version.product.seller, version.reviewing_body)):
            told |= _tell_once(
                at, party, "assessment_lapses", version.get_absolute_url(), f"{newest.pk}:{day:%F}", day=day,
                product=version.product.title, number=version.number,
            )  # fmt: skip
    return told


def failing(at: datetime, scope: Scope) -> Iterable[Version]:
    return reassessment.failing_unnoticed(scope)


def notice_failing(version: Version, at: datetime) -> bool:
    return operations.notice_failing(version=version, actor=WATCHER, at=at)


def mended(at: datetime, scope: Scope) -> Iterable[Finding]:
    return reassessment.mended(scope).order_by("pk")


def notice_mended(finding: Finding, at: datetime) -> bool:
    return operations.notice_mended(finding=finding, actor=WATCHER, at=at)


def held_from(at: datetime, scope: Scope) -> Iterable[reassessment.HeldFrom]:
    return reassessment.holders_of_held(scope)


def tell_held(row: reassessment.HeldFrom, at: datetime) -> bool:
    return _tell_once(
        at, row.grant.buyer, "version_held", row.grant.get_absolute_url(), f"{row.assessment.pk}:{row.grant.pk}",
        number=row.grant.number, version=row.version,
    )  # fmt: skip


def lapsed_sellers(at: datetime, scope: Scope) -> Iterable[Version]:
    return lapsed.lapsed_unnoticed(at, scope)


def notice_lapsed(version: Version, at: datetime) -> bool:
    return operations.notice_lapsed(version=version, actor=WATCHER, at=at)


def renewed_sellers(at: datetime, scope: Scope) -> Iterable[Finding]:
    return lapsed.renewed(at, scope).order_by("pk")


def notice_renewed(finding: Finding, at: datetime) -> bool:
    return operations.notice_renewed(finding=finding, actor=WATCHER, at=at)


def described_anew(at: datetime, scope: Scope) -> Iterable[DescriptionChange]:
    untold = DescriptionChange.objects.filter(state=ChangeState.ACCEPTED, holders_told_at=None)
    return _within(untold, scope, "product__seller").select_related("product").order_by("pk")


@transaction.atomic
def tell_described(change: DescriptionChange, at: datetime) -> bool:
    """Whoever holds a grant that runs, once."""
    if not listing.claim_untold(change=change, actor=WATCHER, at=at):
        return False
    act = ledger.begin("remind", WATCHER, at)
    for grant in (
        Grant.objects.active().filter(product=change.product, ends__gte=local_date(at)).select_related("buyer")
    ):
        tell(
            act, recipients(grant.buyer, at), "product_described", link=change.product.get_absolute_url(),
            key=f"{change.pk}:{grant.pk}", product=change.product.title, number=grant.number,
        )  # fmt: skip
    return True


MONITORS: tuple[Monitor, ...] = (
    Monitor(
        "report_schedule",
        gettext_lazy("report periods that have begun"),
        "Art. 16",
        unscheduled,
        schedule,
        attrgetter("authority_id"),
    ),
    Monitor("report_due_soon", gettext_lazy("reports due soon"), "Art. 16", due_soon, remind),
    Monitor("report_overdue", gettext_lazy("reports overdue"), "Art. 16", overdue, notice_overdue),
    Monitor(
        "report_late", gettext_lazy("reports so late that the grant pauses"), "Art. 33", too_late, pause_and_propose
    ),
    Monitor(
        "unit_silent",
        gettext_lazy("units that have not answered in time"),
        "Art. 15",
        unanswered,
        escalate,
        attrgetter("application.authority_id"),
    ),
    Monitor(
        "objectors",
        gettext_lazy("names of objectors, no longer needed"),
        "Art. 31",
        known_objectors,
        erase_objectors,
        attrgetter("version.authority_id"),
    ),
    Monitor("version_recalled", gettext_lazy("holders of recalled versions"), "Art. 17", holders, notice_recall),
    Monitor(
        "reassessment",
        gettext_lazy("versions to be assessed again"),
        "Art. 35",
        due_again,
        assess_again,
        attrgetter("authority_id"),
    ),
    Monitor(
        "assessment_lapses",
        gettext_lazy("assessments about to lapse"),
        "Art. 35",
        lapsing,
        remind_of_lapse,
        attrgetter("authority_id"),
    ),
    Monitor(
        "assessment_failed",
        gettext_lazy("failed re-assessments"),
        "Art. 35",
        failing,
        notice_failing,
        attrgetter("authority_id"),
    ),
    Monitor(
        "assessment_mended",
        gettext_lazy("versions that pass again"),
        "Art. 35",
        mended,
        notice_mended,
        attrgetter("version.authority_id"),
    ),
    Monitor("version_held", gettext_lazy("holders of versions held for it"), "Art. 35", held_from, tell_held),
    Monitor(
        "seller_lapsed",
        gettext_lazy("sellers whose verification has lapsed"),
        "Art. 45",
        lapsed_sellers,
        notice_lapsed,
        attrgetter("authority_id"),
    ),
    Monitor(
        "seller_renewed",
        gettext_lazy("sellers verified again"),
        "Art. 45",
        renewed_sellers,
        notice_renewed,
        attrgetter("version.authority_id"),
    ),
    Monitor(
        "product_described",
        gettext_lazy("holders of products described anew"),
        "Art. 32",
        described_anew,
        tell_described,
        attrgetter("authority_id"),
    ),
    Monitor(
        "clock_overdue",
        gettext_lazy("deadlines that have run out"),
        "Art. 45",
        run_out,
        tell_overdue,
        _authority_of,
    ),
)


def _within(queryset: Any, scope: Scope, path: str) -> Any:
    """The rows of the given parties; of all when no scope is given."""
    return queryset if scope is None else queryset.filter(**{f"{path}__in": list(scope)})


def _tell_once(at: datetime, party: Party, kind: str, link: str, key: str, **context: Any) -> bool:
    """Send a notice whose occasion is `key`; whether it was new."""
    people = recipients(party, at)
    known = Outbox.objects.filter(dedup_key__in=[f"{kind}:page:{to.ref}:{key}" for to in people]).count()
    if known == len(people):
        return False
    with transaction.atomic():
        tell(ledger.begin("remind", WATCHER, at), people, kind, link=link, key=key, **context)
    return True
