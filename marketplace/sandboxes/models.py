"""What the site itself keeps about sandboxes; their contents lie in databases of their own."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from marketplace.elsewhere import Place
from marketplace.sandboxes import template


class Sandbox(models.Model):
    """A trade to practise on, of one organisation. `keys` holds the hashes of its keys, which outlive a reset."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    keys = models.JSONField(default=list)
    generation = models.PositiveIntegerField(default=1)
    ahead = models.DurationField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sandbox")
        constraints = (models.UniqueConstraint(fields=["party"], condition=Q(closed_at=None), name="sandbox_one_open"),)

    def __str__(self) -> str:
        return f"{self.party}: {self.pk}"

    @property
    def place(self) -> Place:
        """After an upgrade of the site this is another folder: the sandbox begins afresh."""
        return Place(self.pk, template.root() / f"{self.pk}-{self.generation}-{template.edition()}", self.ahead)

    @property
    def is_ready(self) -> bool:
        return self.place.folder.exists()
