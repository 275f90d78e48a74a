"""What anybody may say against a version while it is in publicity."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.anybody import FromAnybody
from accounts.models import User
from accounts.reach import found_by, reach_of
from listings.models.versions import Version
from listings.states import OBJECTION, ObjectionState


class ObjectionQuerySet(models.QuerySet["Objection"]):
    def open(self) -> "ObjectionQuerySet":
        return self.filter(state=ObjectionState.OPEN)

    def visible_to(self, user: Any) -> "ObjectionQuerySet":
        """The reviewing body's, the authorities' above it, and whoever objected while logged in: not the seller's."""
        if not user.is_authenticated:
            return self.none()
        who = reach_of(user, timezone.now())
        if who.is_province:
            return self
        return self.filter(
            found_by(
                self.model,
                Q(version__authority__in=who.authorities),
                Q(version__reviewer__in=who.reviewers),
                Q(by=user),
            )
        )


class Objection(FromAnybody):
    """An objection against a version in publicity, and its reasoned answer.

    Name and contact are sealed together; only the deciding body opens them, and they are erased some time after the
    answer. Whoever objected without a login follows it with number and code, of which only the hash is kept.
    """

    letter = "O"

    version = models.ForeignKey(Version, verbose_name=_("version"), on_delete=models.PROTECT, related_name="objections")
    text = models.TextField(_("objection"), max_length=4000)
    state = models.CharField(_("state"), max_length=10, choices=ObjectionState.choices, default=ObjectionState.OPEN)
    answer = models.TextField(_("answer"), blank=True)
    decided_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects = ObjectionQuerySet.as_manager()
    machine = OBJECTION
    comes_of = ("version",)

    class Meta:
        verbose_name = _("objection")
        constraints = (
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by=None)
                | (~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(answer="")),
                name="objection_answered_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} · {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("listings:objection", args=[self.pk])
