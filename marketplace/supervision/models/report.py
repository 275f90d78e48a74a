"""Usage reports: the duty to report on each period of a grant, and what was filed."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from listings.models import PurposesField
from marketplace.applications.models import Grant, ReportSchedule
from marketplace.supervision.states import REPORT, ReportState


class UsageReportQuerySet(models.QuerySet["UsageReport"]):
    def visible_to(self, user: Any) -> "UsageReportQuerySet":
        return self.filter(grant__in=Grant.objects.visible_to(user))

    def owed(self) -> "UsageReportQuerySet":
        """Reports that somebody still has to file."""
        return self.filter(state__in=[ReportState.OPEN, ReportState.RETURNED])


class UsageReport(models.Model):
    """The duty to report on one period of a grant (Art. 16), and where it stands."""

    grant = models.ForeignKey(Grant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="reports")
    start = models.DateField()
    end = models.DateField()
    due_at = models.DateTimeField()
    first_due_at = models.DateTimeField(null=True, blank=True)  # of one that was returned: when it was due before
    late_at = models.DateTimeField()
    state = models.CharField(_("state"), max_length=10, choices=ReportState.choices, default=ReportState.OPEN)
    round = models.PositiveSmallIntegerField(default=0)
    thin = models.CharField(max_length=8, blank=True)  # why its last filing says nothing new (`thinness`), if so

    objects = UsageReportQuerySet.as_manager()
    machine = REPORT

    class Meta:
        verbose_name = _("usage report")
        constraints = (
            models.UniqueConstraint(fields=["grant", "start"], name="report_period_once"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="report_period_order"),
        )
        indexes = (
            models.Index(fields=["due_at"], condition=Q(state__in=["open", "returned"]), name="report_owed"),
            models.Index(fields=["grant"], condition=Q(state="filed"), name="report_to_judge"),
            models.Index(fields=["grant"], condition=Q(state="filed") & ~Q(thin=""), name="report_thin"),
        )

    def __str__(self) -> str:
        return f"{self.grant.number} {self.start} – {self.end}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:report", args=[self.pk])

    @property
    def authority_id(self) -> int:
        return self.grant.authority_id

    @property
    def overdue_key(self) -> str:
        """The occasion on which it is a finding that it is overdue, once in each round."""
        return f"report_overdue:{self.pk}:{self.round}"


class ReportFiling(models.Model):
    """What was filed in one round. A returned report is filed again; the earlier filing stays."""

    report = models.ForeignKey(UsageReport, on_delete=models.PROTECT, related_name="filings")
    round = models.PositiveSmallIntegerField()
    is_nil = models.BooleanField(_("the data was not used in this period"))
    # None: it was not asked, as the grant names no purposes, or the site asked for none yet
    purposes = PurposesField(_("which of the grant's purposes it was used for"), null=True, blank=True)
    other_purpose = models.CharField(_("other purposes it was used for"), max_length=300, blank=True)
    use = models.TextField(_("what the data was used for"), blank=True)
    results = models.TextField(_("results and benefits"), blank=True)
    security = models.TextField(_("security: measures, incidents"), blank=True)
    metered = models.JSONField(default=list)  # what the delivery records said when it was filed
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["report", "round"], name="filing_once"),
            models.CheckConstraint(condition=Q(is_nil=True) | ~Q(use=""), name="filing_says_something"),
            models.CheckConstraint(
                condition=Q(is_nil=False) | Q(other_purpose="") & (Q(purposes=None) | Q(purposes="")),
                name="filing_nil_has_no_purpose",
            ),
        )
        indexes = (
            models.Index(
                fields=["report"], condition=~Q(other_purpose="") | Q(is_nil=False, purposes=""), name="filing_beyond"
            ),
        )

    def __str__(self) -> str:
        return f"{self.report} #{self.round}"


def period_end(schedule: str, day: date, until: date) -> date:
    """The last day of the report period that `day` lies in, by a grant's schedule; `until` is the grant's last day."""
    if schedule == ReportSchedule.END:
        return until
    return min(calendar_end(day, 6 if schedule == ReportSchedule.HALVES else 3), until)


def calendar_end(day: date, months: int) -> date:
    """The last day of the calendar quarter (3 months) or half-year (6) that `day` lies in."""
    last_month = (day.month - 1) // months * months + months
    first_of_next = date(day.year + last_month // 12, last_month % 12 + 1, 1)
    return date.fromordinal(first_of_next.toordinal() - 1)
