"""What the level above asks an authority about one of its cases, and what that answered (Art. 45)."""

from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.queries import recent_parties
from accounts.reach import found_by, reach_of
from listings.models import DescriptionChange, Objection, ReleaseRule, Version
from marketplace.applications.models import Application, GrantEdition
from marketplace.supervision.closeout import Certificate
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident
from marketplace.supervision.inspections import Inspection
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.review import NAMED as REVIEWED
from marketplace.supervision.review import Review

# What a report is wanted on, exactly one of them, and what the name of each is made of: every kind of case of which a
# duty of an authority goes up.
ABOUT: dict[str, type[models.Model]] = {
    "application": Application,
    "finding": Finding,
    "measure": Measure,
    "incident": Incident,
    "concern": Concern,
    "inspection": Inspection,
    "version": Version,
    "objection": Objection,
    "rule": ReleaseRule,
    "description": DescriptionChange,
    "edition": GrantEdition,
    "report": UsageReport,
    "certificate": Certificate,
    "review": Review,
}
NAME_OF: dict[type[models.Model], str] = {model: name for name, model in ABOUT.items()}
NAMED = (
    "application", "finding__grant", "finding__version__product", "finding__party", "measure", "incident", "concern",
    "inspection", "version__product", "objection__version__product", "rule__product", "description__product",
    "edition__grant", "report__grant", "certificate", *(f"review__{path}" for path in REVIEWED),
)  # fmt: skip


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def visible_to(self, user: Any) -> "InquiryQuerySet":
        """Who asked and who is asked, nobody whose own case it is about."""
        who = reach_of(user, timezone.now())
        ways = [Q(authority__in=who.authorities), Q(above__in=who.authorities)]
        return self.filter(found_by(self.model, *ways)).exclude(party__in=recent_parties(user, timezone.now()))


class Inquiry(models.Model):
    """A report that the level above wants on a case: question and answer, kept, with a clock in between."""

    application = models.ForeignKey(
        Application, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries"
    )
    finding = models.ForeignKey(Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    measure = models.ForeignKey(Measure, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    concern = models.ForeignKey(Concern, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    inspection = models.ForeignKey(
        Inspection, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries"
    )
    version = models.ForeignKey(Version, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    objection = models.ForeignKey(Objection, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    rule = models.ForeignKey(ReleaseRule, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    description = models.ForeignKey(
        DescriptionChange, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries"
    )
    edition = models.ForeignKey(GrantEdition, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    report = models.ForeignKey(UsageReport, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    certificate = models.ForeignKey(
        Certificate, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries"
    )
    review = models.ForeignKey(Review, null=True, blank=True, on_delete=models.PROTECT, related_name="inquiries")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")  # whose case it is
    authority = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    above = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    question = models.TextField(_("question"), max_length=4000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answer = models.TextField(_("answer"), max_length=8000, blank=True)
    answered_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name = _("report asked of an authority")
        constraints = (
            models.CheckConstraint(
                condition=reduce(or_, (Q(**{f"{name}__isnull": name != given for name in ABOUT}) for given in ABOUT)),
                name="inquiry_about_one",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
                name="inquiry_answered_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{_('report')} #{self.pk} · {self.subject}"

    def get_absolute_url(self) -> str:
        return reverse("console:inquiries")

    @property
    def subject(self) -> Any:
        """The case that it is about: one of `ABOUT`."""
        return next(found for name in ABOUT if (found := getattr(self, name)))
