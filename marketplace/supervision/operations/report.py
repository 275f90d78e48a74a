"""The duty to report (Art. 16): periods opened by the site, filed by the buyer, judged by the authority."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import check_is_left
from accounts.permissions import check_is_job
from accounts.queries import recipients
from listings.models.purposes import split_purposes
from marketplace import workflow
from marketplace.applications.models import Grant, Hold, HoldCode, ReportSchedule
from marketplace.applications.operations import Pause, lift_hold, lock_grants, open_holds_for
from marketplace.applications.states import GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import add_working_days, calendar_overrides, end_of_day, local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.models import ReportFiling, UsageReport, period_end
from marketplace.supervision.operations.finding import remedy_finding
from marketplace.supervision.queries import deliveries_of, metered_use
from marketplace.supervision.states import ReportState
from marketplace.supervision.thin import SAID, thinness

ARTICLE = "Art. 16"


@transaction.atomic
def schedule_reports(*, grants: Sequence[Grant], actor: ledger.SystemActor, at: datetime) -> list[UsageReport]:
    """Open the report periods of these grants that have begun: by the schedule of each calendar quarters or half-years,
    first and last partial, or the whole term once it is over. After a change of the schedule, what no period covers yet
    belongs to the one in which it was changed. A grant that somebody else is changing just now is left for the next
    time.

    Who had the data owes the report: a grant that ended early owes it up to its last day, whenever this runs.
    """
    check_is_job(actor)
    rows = Grant.objects.filter(pk__in=[grant.pk for grant in grants]).order_by("pk")
    free = list(rows.select_for_update(skip_locked=True, no_key=True))
    last = dict(UsageReport.objects.filter(grant__in=free).order_by("end").values_list("grant", "end"))
    opened, calendar = list[UsageReport](), calendar_overrides()
    for grant in free:
        periods = _begun(grant, last.get(grant.pk), at, calendar)
        grant.reported_until = periods[-1].end if periods else last.get(grant.pk)
        opened += periods
    acts = {grant.pk: ledger.begin("schedule_report", actor, at, ARTICLE) for grant in free}
    details = [{"grant": row.grant, "start": row.start, "end": row.end, "due_at": row.due_at} for row in opened]
    UsageReport.objects.bulk_create(opened)
    ledger.record_each([acts[row.grant_id] for row in opened], opened, details, new=ReportState.OPEN)
    Grant.objects.bulk_update(free, ["reported_until"])
    return opened


def _begun(grant: Grant, last: date | None, at: datetime, calendar: Mapping[date, bool]) -> list[UsageReport]:
    """The periods that have begun and are not there yet, after the `last` day of those that are."""
    until = min(grant.ends, local_date(grant.ended_at)) if grant.ended_at else grant.ends
    assert grant.activated_at is not None
    start = date.fromordinal(last.toordinal() + 1) if last else max(grant.starts, local_date(grant.activated_at))
    periods = list[UsageReport]()
    while start <= min(local_date(at), until) and _has_begun(grant, until, at):
        inside = min(max(start, grant.report_schedule_since), until)  # what was not reported on yet, up to a change
        end = period_end(grant.report_schedule, inside, until)
        periods.append(UsageReport(grant=grant, start=start, end=end, **_due_dates(grant, end, calendar)))
        start = date.fromordinal(end.toordinal() + 1)
    return periods


@transaction.atomic
def file_report(
    *,
    report: UsageReport,
    actor: User,
    at: datetime,
    is_nil: bool = False,
    purposes: str = "",
    other_purpose: str = "",
    use: str = "",
    results: str = "",
    security: str = "",
) -> None:
    """open or returned → filed. Lifts the hold that the grant's terms put on it for this report, and no other. From now
    on the authority has working days to judge it.

    Of `purposes` each is one of the grant's, or ValidationError; `other_purpose` is what else the data was used for, in
    the buyer's words. A filing that states one, or none of the grant's, is noticed by a monitor, as is one that says
    nothing new: it is compared with what other reports of the grant said until now, and with itself where it was
    returned.
    """
    permissions.check_can_file_report(actor, report, at)
    if report.grant.state == GrantState.ACTIVE and report.end >= local_date(at):
        raise InvalidState(_("The period is not over yet: report once it has ended."))
    if is_nil and use.strip():
        raise ValidationError({"is_nil": _("A nil report says that nothing was used: leave the use empty.")})
    if not is_nil and not use.strip():
        raise ValidationError({"use": _("Say what the data was used for, or file a nil report.")})
    content: dict[str, Any] = {"is_nil": is_nil, "use": use, "results": results, "security": security}
    content |= _stated(report.grant, is_nil, purposes, other_purpose)
    content["metered"] = metered_use(report)
    act, overdue = ledger.begin("file_report", actor, at, ARTICLE), report.overdue_key
    UsageReport.objects.select_for_update(no_key=True).get(pk=report.pk)  # before its grant, as a sweep notices it
    lock_grants([report.grant_id])  # of two that are filed at once, one is the earlier
    said = ReportFiling.objects.filter(report__grant=report.grant, is_nil=False)
    earlier, returned = said.exclude(report=report), said.filter(report=report)
    thin = thinness(content, earlier.values_list("use", flat=True), returned.values(*SAID))
    workflow.move(act, report, ReportState.FILED, round=report.round + 1, thin=thin, detail=content)
    ReportFiling.objects.create(report=report, round=report.round, by=actor, at=at, **content)
    clock.start(report, Kind.REPORT_CHECK, at)
    lift_hold(act, report.grant, HoldCode.REPORT_OVERDUE, ledger.reference(report))
    remedy_finding(act, overdue)
    tell(
        act, recipients(report.grant.authority, at), "report_filed", link=report.get_absolute_url(),
        key=f"{report.pk}:{report.round}", number=report.grant.number, start=report.start, end=report.end,
    )  # fmt: skip


def _stated(grant: Grant, is_nil: bool, purposes: str, other: str) -> dict[str, str | None]:
    """What was said of the purposes: None where the grant names none to choose from."""
    granted, chosen, other = split_purposes(grant.terms.get("purposes", "")), split_purposes(purposes), other.strip()
    if unknown := [name for name in chosen if name not in granted]:
        names = "、".join(unknown)
        message = _("Not among the purposes of the grant: %(names)s. State them as another purpose.")
        raise ValidationError({"purposes": message % {"names": names}})
    if is_nil and (chosen or other):
        raise ValidationError({"is_nil": _("A nil report says that nothing was used: state no purpose.")})
    return {"purposes": "、".join(chosen) if granted else None, "other_purpose": other}


@transaction.atomic
def file_nil_report(*, report: UsageReport, actor: User, at: datetime) -> None:
    """A nil report in one act, where nothing was delivered in the period; else the buyer says what it did."""
    permissions.check_can_file_report(actor, report, at)
    workflow.check_in(report, ReportState.OPEN, ReportState.RETURNED)
    if deliveries_of(report).exists():
        raise InvalidState(_("Data was delivered in this period: say what it was used for."))
    file_report(report=report, actor=actor, at=at, is_nil=True)


@transaction.atomic
def accept_report(*, report: UsageReport, actor: User, at: datetime) -> None:
    """filed → accepted."""
    permissions.check_can_judge_report(actor, report, at)
    _judge("accept", report, ReportState.ACCEPTED, actor, at, "")


@transaction.atomic
def return_report(*, report: UsageReport, actor: User, at: datetime, reason: str) -> None:
    """filed → returned: due again, 10 working days from now by default. Keeps when it was due at first."""
    permissions.check_can_judge_report(actor, report, at)
    require(reason=reason)
    check_is_left(report.grant.buyer)
    dates = {"first_due_at": report.first_due_at or report.due_at, **_due_dates(report.grant, local_date(at))}
    _judge("return", report, ReportState.RETURNED, actor, at, reason, **dates)


@transaction.atomic
def pause_for_reports(*, reports: Sequence[UsageReport], actor: ledger.SystemActor, at: datetime) -> list[Hold]:
    """The contract at work: a report too long overdue pauses its grant. Looks again under the lock, so that a filing
    that came meanwhile is never overtaken. Each is an act of its own. Returns the holds that were opened."""
    check_is_job(actor)
    lock_grants({report.grant_id for report in reports})
    rows = UsageReport.objects.filter(pk__in=[report.pk for report in reports]).order_by("pk")
    list(rows.select_for_update())
    late = rows.owed().filter(late_at__lte=at, grant__state=GrantState.ACTIVE).select_related("grant__buyer")
    pauses = [
        Pause(
            ledger.begin("pause_for_report", actor, at, ARTICLE), row.grant, ledger.reference(row),
            f"{row.start} – {row.end}",
        )
        for row in late
    ]  # fmt: skip
    return open_holds_for(pauses, HoldCode.REPORT_OVERDUE)


def _has_begun(grant: Grant, until: date, at: datetime) -> bool:
    """What is reported on at the end is opened then: until that day a renewal or an early end still moves it."""
    return grant.report_schedule != ReportSchedule.END or until < local_date(at)


def _due_dates(grant: Grant, from_day: date, calendar: Mapping[date, bool] | None = None) -> dict[str, datetime]:
    """By the grant's frozen terms: due so many working days later, paused so many after that."""
    due = add_working_days(from_day, grant.terms["report_due_working_days"], calendar)
    late = add_working_days(due, grant.terms["report_late_hold_working_days"], calendar)
    return {"due_at": end_of_day(due), "late_at": end_of_day(late)}


def recompute_reports(at: datetime) -> None:
    """After a change of the calendar, in the caller's act: when the reports that nobody owes yet too late are due. A
    returned one keeps the day that its buyer was told."""
    for report in UsageReport.objects.filter(state=ReportState.OPEN, due_at__gt=at).select_related("grant"):
        dates = _due_dates(report.grant, report.end)
        if dates["due_at"] != report.due_at or dates["late_at"] != report.late_at:
            UsageReport.objects.filter(pk=report.pk, state=ReportState.OPEN).update(**dates)


def _judge(verb: str, report: UsageReport, new: str, actor: User, at: datetime, reason: str, **fields: Any) -> None:
    act = ledger.begin(verb, actor, at, ARTICLE)
    workflow.move(act, report, new, detail={"reason": reason}, **fields)
    clock.stop(report, at)
    tell(
        act, recipients(report.grant.buyer, at), "report_moved", link=report.get_absolute_url(),
        number=report.grant.number, state=ReportState(new).label, reason=reason,
    )  # fmt: skip
