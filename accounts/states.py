from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.workflow import Machine, table


class PartyState(models.TextChoices):
    APPLIED = "applied", _("applied")
    RETURNED = "returned", _("returned")
    REFUSED = "refused", _("refused")
    VERIFIED = "verified", _("verified")
    BARRED = "barred", _("barred")
    ENDED = "ended", _("ended")


LIVING = (PartyState.APPLIED, PartyState.RETURNED, PartyState.VERIFIED, PartyState.BARRED)
OVER = (PartyState.REFUSED, PartyState.ENDED)  # its code or number is free again

PARTY = Machine(
    name="party",
    states=PartyState,
    initial=PartyState.APPLIED,
    transitions=table(
        applied="verified returned refused ended",
        returned="applied ended",
        refused="",
        verified="barred ended",
        barred="verified ended",
        ended="",
    ),
    reopened=table(refused="applied"),
    owners={
        PartyState.APPLIED: _("platform operator"),
        PartyState.RETURNED: _("the party itself"),
        PartyState.VERIFIED: _("platform operator"),
        PartyState.BARRED: _("platform operator"),
    },
)


class InvitationState(models.TextChoices):
    OPEN = "open", _("open")
    ACCEPTED = "accepted", _("accepted")
    REVOKED = "revoked", _("revoked")


INVITATION = Machine(
    name="invitation",
    states=InvitationState,
    initial=InvitationState.OPEN,
    transitions=table(open="accepted revoked", accepted="", revoked=""),
    owners={InvitationState.OPEN: _("whoever was invited")},
)
