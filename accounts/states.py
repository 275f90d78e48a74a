from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.workflow import Machine, table


class PartyState(models.TextChoices):
    APPLIED = "applied", _("applied")
    VERIFIED = "verified", _("verified")
    BARRED = "barred", _("barred")
    ENDED = "ended", _("ended")


PARTY = Machine(
    name="party",
    states=PartyState,
    initial=PartyState.APPLIED,
    transitions=table(applied="verified", verified="barred ended", barred="verified ended", ended=""),
    owners={
        PartyState.APPLIED: _("platform operator"),
        PartyState.VERIFIED: _("platform operator"),
        PartyState.BARRED: _("platform operator"),
    },
)
