"""Findings: what monitors, people and inspections noticed, to be answered."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.queries import recent_parties
from accounts.reach import found_by, reach_of
from listings.models import Version
from marketplace.applications.models import Grant
from marketplace.supervision.said import said
from marketplace.supervision.states import FINDING, LIVING_CONCERN, FindingState


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: Any) -> "FindingQuerySet":
        """Those who answer it, and the province; nobody whose own case it is."""
        who = reach_of(user, timezone.now())
        seats = found_by(self.model, Q(authority__in=who.authorities), Q(reviewer__in=who.reviewers))
        found = self if who.is_province else self.filter(seats)
        return found.exclude(party__in=recent_parties(user, timezone.now()))

    def alone(self) -> "FindingQuerySet":
        """Those behind which stand no report that is followed and no other finding: they close with their own cause."""
        return self.exclude(concerns__state__in=LIVING_CONCERN).exclude(merged__state=FindingState.MERGED)

    def noticed(self) -> "FindingQuerySet":
        """Those whose occasion is not noticed again: all but the remedied, whose cause may come back."""
        return self.exclude(state=FindingState.REMEDIED)

    def answered_by(self, body: Party) -> "FindingQuerySet":
        return self.filter(Q(reviewer=body) | Q(reviewer=None, authority=body))


# What a finding is about: the monitors' rules that open one.
RULES = {
    "report_overdue": _("usage report overdue"),
    "version_recalled": _("version recalled"),
    "assessment_failed": _("re-assessment failed"),
    "seller_lapsed": _("a seller's verification has lapsed"),
    "buyer_lapsed": _("the verification of a party with grants has lapsed"),
    "mandate_lapsed": _("the mandate of a primary developer is over"),
    "report_thin": _("a report that says nothing new"),
    "source_lapsed": _("a document of the lawful-source file has lapsed"),
    "data_stale": _("data not updated as often as it says"),
    "outside_grant": _("deliveries outside the grant"),
    "outside_purpose": _("use beyond the purposes of the grant"),
    "outside_access": _("attempts outside the hours or networks of the grant"),
    "sudden_change": _("a sudden change of use"),
    "attribution": _("sources not shown, or not as delivered"),
    "whereabouts_unsaid": _("not said where the copies are"),
    "not_closed_out": _("over and not closed out"),
    "misuse_reported": _("misuse was reported"),
    "overseen": _("an oversight body has filed a finding"),
    "inspection": _("an inspection found something not in order"),
}


class Severity(models.TextChoices):
    """What an officer may take first."""

    BREACH = "breach", _("a possible breach")
    DUTY = "duty", _("a duty not done")
    ROUTINE = "routine", _("routine")


BREACHES = (
    "version_recalled", "assessment_failed", "outside_grant", "outside_purpose", "sudden_change", "misuse_reported",
    "overseen", "inspection",
)  # fmt: skip


def severity_of(rule: str) -> Severity:
    """Of what a rule finds: a possible breach, or a duty not done."""
    return Severity.BREACH if rule in BREACHES else Severity.DUTY


class Finding(models.Model):
    """What a monitor noticed, or was reported, about a grant or a version; what is about neither of them, about its
    party alone. Fires once per occasion, whatever the number of sweeps, and again where its cause has gone and come
    back.

    `party` is whose case it is: the grant's buyer, the version's seller. `reviewer` answers it in the authority's place
    where non-public data is concerned.
    """

    occasion_key = models.CharField(max_length=120, db_index=True)
    rule = models.CharField(_("rule"), max_length=40)
    article = models.CharField(max_length=40)
    grant = models.ForeignKey(
        Grant, verbose_name=_("grant"), null=True, blank=True, on_delete=models.PROTECT, related_name="findings"
    )
    version = models.ForeignKey(
        Version, verbose_name=_("version"), null=True, blank=True, on_delete=models.PROTECT, related_name="findings"
    )
    party = models.ForeignKey(Party, verbose_name=_("party"), on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    text = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    created_at = models.DateTimeField()

    objects = FindingQuerySet.as_manager()
    machine = FINDING
    comes_of = ("concerns", "version")

    class Meta:
        verbose_name = _("finding")
        constraints = (
            models.UniqueConstraint(
                fields=["occasion_key"], condition=~Q(state="remedied"), name="finding_once_per_occasion"
            ),
            models.CheckConstraint(
                condition=Q(grant=None) | Q(version=None),
                name="finding_about_one",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False) | (~Q(state="merged") & Q(merged_into=None)),
                name="finding_merged_into_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule_label} · {Grant.number_of(self.grant_id) if self.grant_id else self.about}"

    def get_absolute_url(self) -> str:
        return reverse("supervision:finding", args=[self.pk])

    @property
    def about(self) -> Grant | Version | Party:
        return self.grant or self.version or self.party

    @property
    def is_about_party(self) -> bool:
        """Whether it names neither a grant nor a version."""
        return self.grant_id is None and self.version_id is None

    @property
    def severity(self) -> Severity:
        return severity_of(self.rule)

    @property
    def signatory(self) -> Party:
        """Who answers it."""
        return self.reviewer or self.authority

    @property
    def rule_label(self) -> Any:
        return RULES.get(self.rule, self.rule)

    @property
    def said(self) -> str:
        """What was seen, in a sentence, where the rule has one."""
        return said(self.rule, self.text)
