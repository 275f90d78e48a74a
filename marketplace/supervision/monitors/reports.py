"""The duty to report on the use of public data (Art. 16): periods, reminders, what is overdue, late or thin, and uses
that were not granted."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Concat, Least, TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.queries import People
from accounts.states import PartyState
from marketplace.applications.models import Grant, Hold, ReportSchedule, Route
from marketplace.applications.operations import lock_grants
from marketplace.applications.states import GrantState, HoldState
from marketplace.clock.defaults import REPORT_REMINDERS
from marketplace.clock.working_days import SHANGHAI, add_working_days, end_of_day, last_day, local_date
from marketplace.ledger.entries import reference
from marketplace.supervision import operations
from marketplace.supervision.models import Finding, Measure, ReportFiling, UsageReport
from marketplace.supervision.monitors.base import WATCHER, Case, Scope, Told, text, unsaid, within
from marketplace.supervision.standing import Action, rules_of
from marketplace.supervision.states import FindingState, ReportState


def unscheduled(at: datetime, scope: Scope) -> Iterable[Grant]:
    """Grants with a period that has begun and has no report yet, also those that ended before a sweep saw them."""
    today = local_date(at)
    return (
        within(Grant.objects.exclude(buyer__state=PartyState.ENDED, buyer__merged_into=None), scope, "buyer")
        .filter(starts__lte=today, activated_at__lte=at)
        .exclude(item__route=Route.NON_PUBLIC)  # Art. 16 wants reports on public data
        .annotate(until=Least("ends", Coalesce(TruncDate("ended_at", tzinfo=SHANGHAI), "ends")))
        .filter(Q(reported_until=None) | Q(reported_until__lt=F("ends")))  # of which there is an index
        .filter(
            Q(reported_until=None, starts__lte=F("until"))
            | Q(reported_until__lt=today) & Q(reported_until__lt=F("until"))
        )
        .exclude(terms__report_schedule=ReportSchedule.END, until__gte=today)  # its one report is opened at the end
        .order_by("pk")
    )


def schedule(grant: Grant, at: datetime) -> bool:
    return bool(schedule_each([grant], at))


def schedule_each(grants: Sequence[Grant], at: datetime) -> int:
    return len({report.grant_id for report in operations.schedule_reports(grants=grants, actor=WATCHER, at=at)})


def due_soon(at: datetime, scope: Scope) -> Iterator[Case]:
    """Reports whose period is over, at the nearest step that is reached: 10, 3, 1 working days before they are due."""
    today, steps = local_date(at), sorted(REPORT_REMINDERS)
    reached = [(step, end_of_day(add_working_days(today, step))) for step in steps]
    owed = UsageReport.objects.owed().filter(due_at__gt=at, due_at__lte=reached[-1][1], end__lt=today)
    reports = within(owed, scope, "grant__buyer").select_related("grant__buyer", "grant__product")
    for due_at in owed.values_list("due_at", flat=True).distinct().order_by("due_at"):
        end = f":{due_at:%F}:{next(step for step, last in reached if due_at <= last)}"
        new = unsaid(reports.filter(due_at=due_at), Value("report_due:"), text("pk"), Value(end))
        for report in new.order_by("pk"):
            words = {"number": report.grant.number, "due": last_day(due_at), "start": report.start, "end": report.end}
            yield Case(f"report_due:{report.pk}{end}", report, report.grant.buyer, report.grant.authority_id, words)


def owing_told(case: Case, people: People) -> Told:
    return [(people(case.party), "report_due", case.about.get_absolute_url())]


def overdue(at: datetime, scope: Scope) -> Iterator[Case]:
    """Whatever became of the grant since: who had the data still owes the report. Once for each round of it."""
    owed = within(UsageReport.objects.owed().filter(due_at__lte=at), scope, "grant__buyer")
    key = (Value("report_overdue:"), text("pk"), Value(":"), text("round"))
    new = unsaid(owed, *key, log=Finding, field="occasion_key")
    for report in new.select_related("grant__buyer", "grant__authority", "grant__product").order_by("pk"):
        grant, due = report.grant, last_day(report.due_at)
        words = {"report": str(report), "due": due, "number": grant.number, "start": report.start, "end": report.end}
        yield Case(report.overdue_key, grant, grant.buyer, grant.authority_id, words, report)


def overdue_told(case: Case, finding: Finding, people: People) -> Told:
    """The buyer; the authority finds it among its findings."""
    return [(people(finding.party), "report_overdue", case.row.get_absolute_url())]


def too_late(at: datetime, scope: Scope) -> "QuerySet[UsageReport]":
    """Those of active grants, until what the rules in force let follow has followed: `pauses` and `proposes` say which
    of it still may. An officer may have decided meanwhile on the finding that the report is overdue: dismissed, or
    merged into another that was, nothing follows; answered by a measure, or merged, nobody proposes one more."""
    rules = {rule.action for rule in rules_of("report_late").rows}
    source = Concat(Value("supervision.usagereport:"), text(OuterRef("pk")))
    held = Hold.objects.filter(grant=OuterRef("grant"), state=HoldState.OPEN, source_ref=source)
    occasion = [text(OuterRef("pk")), Value(":"), text(OuterRef("round"))]
    finding = Q(occasion_key=Concat(Value("report_overdue:"), *occasion))
    measure = Q(finding__occasion_key=Concat(Value("report_overdue:"), *occasion))
    decided = Finding.objects.filter(finding).exclude(state=FindingState.OPEN)
    excused = decided.filter(Q(state=FindingState.DISMISSED) | Q(merged_into__state=FindingState.DISMISSED))
    proposed = Measure.objects.filter(occasion_key=Concat(Value("report_late:"), *occasion))
    follows = {
        Action.HOLD: ~Exists(held) & ~Exists(excused),
        Action.PROPOSE: ~Exists(proposed) & ~Exists(Measure.objects.filter(measure)) & ~Exists(decided),
    }
    may = {action: still if action in rules else Value(False) for action, still in follows.items()}
    late = UsageReport.objects.owed().filter(due_at__lte=at, late_at__lte=at, grant__state=GrantState.ACTIVE)
    late = late.annotate(pauses=may[Action.HOLD], proposes=may[Action.PROPOSE])
    rows = within(late.filter(Q(pauses=True) | Q(proposes=True)), scope, "grant__buyer")
    return rows.select_related("grant__buyer", "grant__authority").order_by("pk")


def pause_and_propose(report: UsageReport, at: datetime) -> bool:
    return bool(pause_and_propose_each([report], at))


@transaction.atomic
def pause_and_propose_each(reports: Sequence[UsageReport], at: datetime) -> int:
    """By the rules in force, the hold by the grant's terms and an order **proposed**: an officer issues or drops it."""
    rules, late = rules_of("report_late"), _still_late(reports, at)
    named = [(report, rules.of(Action.PROPOSE, report.grant.authority_id)) for report in late if report.proposes]
    paused = [report for report in late if report.pauses and rules.of(Action.HOLD, report.grant.authority_id)]
    holds = operations.pause_for_reports(reports=paused, actor=WATCHER, at=at)
    drafts = _drafts([(report, rule.text) for report, rule in named if rule is not None])
    measures = operations.propose_orders(drafts=drafts, actor=WATCHER, at=at)
    keys = {_late_key(report): report.pk for report in late}
    sources = {reference(report): report.pk for report in late}
    return len({sources[hold.source_ref] for hold in holds} | {keys[measure.occasion_key] for measure in measures})


def _still_late(reports: Sequence[UsageReport], at: datetime) -> list[UsageReport]:
    """Look again under a lock: what was filed, returned or given up since the sweep looked, a grant that has ended, and
    a finding that somebody decided on, is not overtaken. A report or finding that somebody is changing just now waits
    for the next sweep. Grants are locked first: whoever holds one of these and waits for its grant is passed over, so
    that nobody waits in a circle."""
    lock_grants({report.grant_id for report in reports})
    rows = UsageReport.objects.filter(pk__in=[report.pk for report in reports]).order_by("pk")
    free = list(rows.select_for_update(skip_locked=True, no_key=True))
    noticed = Finding.objects.filter(occasion_key__in=[report.overdue_key for report in free]).order_by("pk")
    known = set(noticed.values_list("occasion_key", flat=True))
    locked = set(noticed.select_for_update(skip_locked=True, no_key=True).values_list("occasion_key", flat=True))
    return list(too_late(at, None).filter(pk__in=[row.pk for row in free if row.overdue_key not in known - locked]))


def _late_key(report: UsageReport) -> str:
    return f"report_late:{report.pk}:{report.round}"


def _drafts(reports: Sequence[tuple[UsageReport, str]]) -> list[operations.Draft]:
    """The orders proposed about these late reports, with what a rule demands in its own words."""
    overdue = {report.overdue_key: report for report, _demand in reports}
    findings = {overdue[row.occasion_key]: row for row in Finding.objects.filter(occasion_key__in=overdue)}
    drafts = list[operations.Draft]()
    with override("zh-hans"):  # the text of an order is Chinese until an officer edits it
        for report, demand in reports:
            words = {"start": report.start, "end": report.end, "due": last_day(report.due_at)}
            facts = _("The usage report for %(start)s to %(end)s was due on %(due)s and has not been filed.") % words
            said = {
                "occasion_key": _late_key(report), "facts": facts, "finding": findings.get(report),
                "demand": demand or _("File the usage report for %(start)s to %(end)s.") % words,
            }  # fmt: skip
            drafts.append(operations.Draft(said, [report.grant]))
    return drafts


def thin(at: datetime, scope: Scope) -> Iterator[Case]:
    """Reports that wait to be judged and say nothing new: copied from an earlier one, with empty answers, or a nil
    report of a period in which data was delivered."""
    said_nothing = UsageReport.objects.filter(~Q(thin=""), state=ReportState.FILED)
    reports = within(said_nothing, scope, "grant__buyer")
    reports = reports.select_related("grant__buyer", "grant__authority", "grant__product")
    for report in reports.order_by("pk"):
        grant, words = report.grant, {"report": str(report), "what": report.thin}
        yield Case(f"report_thin:{report.pk}:{report.round}", grant, grant.buyer, grant.authority_id, words, report)


def beyond(at: datetime, scope: Scope) -> Iterator[Case]:
    """Filings in which the buyer itself states a purpose beyond those granted, or that it used the data for none of
    these. Whatever became of the report: accepting it, or filing it again, undoes no use."""
    stated = ReportFiling.objects.filter(~Q(other_purpose="") | Q(is_nil=False, purposes=""))
    key = (Value("outside_purpose:"), text("report_id"), Value(":"), text("round"))
    new = unsaid(within(stated, scope, "report__grant__buyer"), *key, log=Finding, field="occasion_key")
    for filing in new.select_related("report__grant__buyer", "report__grant__authority").order_by("pk"):
        grant, other = filing.report.grant, filing.other_purpose
        words = {"report": str(filing.report), "what": f"“{other}”" if other else "unstated"}
        yield Case(filing.occasion, grant, grant.buyer, grant.authority_id, words, filing)
