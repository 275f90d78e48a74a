"""What the public register says of a grant, and from when on."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from marketplace.applications.models.grant import Grant

SUMMARY_LENGTH = 500  # characters of a summary for the public
LONGEST_WAIT = 12  # months that the publication may wait
LANGUAGES = (("zh-hans", _("Chinese")), ("en", _("English")))


class Disclosure(models.Model):
    """The entry of a grant in the public register of data uses: its summary, in the language of whoever wrote it.

    `public_from` is set with the decision, up to 12 months later where `wait_reason` says why. A natural person is
    shown by role unless `is_named`, which the person may take back by writing again.
    """

    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="disclosure")
    public_from = models.DateField(_("in the public register from"))
    wait_reason = models.TextField(_("why it waits"), max_length=1000, blank=True)
    summary = models.TextField(_("summary for the public"), max_length=SUMMARY_LENGTH, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="zh-hans")
    is_named = models.BooleanField(_("named in the register"), default=False)
    written_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("entry in the public register")
        constraints = (
            models.CheckConstraint(
                condition=Q(written_at=None, written_by=None) | Q(written_at__isnull=False, written_by__isnull=False),
                name="disclosure_written_both",
            ),
        )

    def __str__(self) -> str:
        return str(self.grant)
