"""What the data of one buyer reveals together: a measured figure for each pair, kept with the case (Art. 35)."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.queries import recent_parties
from accounts.reach import found_by, reach_of
from listings.models import JobState, Version
from marketplace.applications.models.application import Application, Item, assessing
from marketplace.applications.models.grant import Grant


class LinkageQuerySet(models.QuerySet["LinkageResult"]):
    def visible_to(self, user: Any) -> "LinkageQuerySet":
        """The officers who decide and the experts who assess; the buyer's people, who could learn whom, never."""
        cases = Application.objects.filter(authority__isnull=False)
        who = reach_of(user, timezone.now())
        if not who.is_province:
            cases = cases.filter(found_by(Application, Q(authority__in=who.authorities), *assessing(user)))
        return self.filter(item__application__in=cases).exclude(
            item__application__buyer__in=recent_parties(user, timezone.now())
        )

    def due(self, at: datetime) -> "LinkageQuerySet":
        """Not measured yet, or by a worker that was lost."""
        return self.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lte=at))


class LinkageResult(models.Model):
    """One pair: what an item asks for, with what the buyer has under another grant or asks for beside it.

    The row is the job as well: made when it becomes due, measured by a worker, never changed once measured. `inputs`
    is the hash of the two versions, their fields and the method: another version or other fields are another pair.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="linkages")  # an undecided one may be removed
    with_grant = models.ForeignKey(Grant, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    with_item = models.ForeignKey(Item, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    first = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    fields = models.JSONField()
    with_fields = models.JSONField()
    inputs = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=9, choices=JobState.choices, default=JobState.QUEUED)
    figure = models.JSONField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    measured_at = models.DateTimeField(null=True, blank=True)

    is_veiled = False  # set on what a seller reads of the data of others
    objects = LinkageQuerySet.as_manager()

    class Meta:
        verbose_name = _("linkage")
        constraints = (
            models.UniqueConstraint(fields=["item", "inputs"], name="linkage_once"),
            models.CheckConstraint(
                condition=Q(with_grant=None, with_item__isnull=False) | Q(with_grant__isnull=False, with_item=None),
                name="linkage_with_one",
            ),
            models.CheckConstraint(
                condition=Q(state="done", figure__isnull=False) | (~Q(state="done") & Q(figure=None)),
                name="linkage_done_has_figure",
            ),
        )
        indexes = (models.Index(fields=["id"], condition=Q(state__in=["queued", "running"]), name="linkage_due"),)

    def __str__(self) -> str:
        return f"{self.first} + {self.second}"

    @property
    def is_waiting(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def is_worrying(self) -> bool:
        """It could not be measured, or singles out more than the site allows: approving takes a reason."""
        return self.state == JobState.FAILED or (
            self.figure is not None and self.figure["share"] > settings.LINKAGE_SHARE
        )

    @property
    def takes_expert(self) -> bool:
        """And of public data an expert's assessment first (Art. 35): where a seller decides, no committee assesses."""
        return self.is_worrying and self.item.application.seller_id is None

    @property
    def percent(self) -> str:
        return f"{100 * self.figure['share']:.2f}" if self.figure else ""
