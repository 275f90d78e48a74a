"""The expert review of a version: who is asked to assess it, and what was found (Art. 35)."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from accounts.models import User
from listings.models.versions import Version


class VersionUserObjectPermission(UserObjectPermissionBase):
    """Guardian's row for one version, with a real foreign key: mirrors `accounts.Assignment`."""

    content_object = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="assigned")


class VersionGroupObjectPermission(GroupObjectPermissionBase):
    content_object = models.ForeignKey(Version, on_delete=models.CASCADE)


class VersionOpinion(models.Model):
    """What a member of the expert committee found in a version, and the measures it asks for (Art. 35)."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="opinions")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opinion = models.TextField(_("opinion"))
    measures = models.TextField(_("measures that should be taken"), blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("expert opinion")

    def __str__(self) -> str:
        return f"{self.by} · {self.version}"


def assessed_by(user: Any) -> models.Q:
    """Versions that a member of the expert committee is asked to assess, or has assessed."""
    asked = models.Q(assigned__user=user, assigned__permission__codename="expert")
    rows = Version._base_manager.filter(asked | models.Q(opinions__by=user))
    return models.Q(pk__in=rows.values("pk"))
