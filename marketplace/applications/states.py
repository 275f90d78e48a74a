from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.workflow import Machine, table

DECIDER = _("big-data authority; for non-public data the seller")


class ApplicationState(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    RETURNED = "returned", _("returned")
    ACCEPTED = "accepted", _("accepted for processing")
    IN_CONSULTATION = "in_consultation", _("in consultation")
    UNDER_REVIEW = "under_review", _("under review")
    EXPERT_REVIEW = "expert_review", _("expert review")
    DECIDED = "decided", _("decided")
    REFUSED = "refused", pgettext_lazy("application", "refused")
    WITHDRAWN = "withdrawn", _("withdrawn")


APPLICATION = Machine(
    name="application",
    states=ApplicationState,
    initial=ApplicationState.DRAFT,
    transitions=table(
        draft="submitted withdrawn",
        submitted="accepted refused returned withdrawn",
        returned="submitted withdrawn",
        accepted="in_consultation under_review returned withdrawn",
        in_consultation="under_review returned withdrawn",
        under_review="decided returned withdrawn expert_review",
        expert_review="under_review withdrawn",
        decided="",
        refused="",
        withdrawn="",
    ),
    owners={
        ApplicationState.DRAFT: _("buyer"),
        ApplicationState.SUBMITTED: DECIDER,
        ApplicationState.RETURNED: _("buyer"),
        ApplicationState.ACCEPTED: DECIDER,
        ApplicationState.IN_CONSULTATION: _("providing units, then big-data authority"),
        ApplicationState.UNDER_REVIEW: DECIDER,
        ApplicationState.EXPERT_REVIEW: _("expert committee"),
    },
    reopened=table(refused="submitted", decided="under_review"),
)
OPEN_APPLICATION = tuple(s for s in ApplicationState.values if s not in APPLICATION.terminal)


class ItemState(models.TextChoices):
    OPEN = "open", pgettext_lazy("item", "open")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    SPLIT_OFF = "split_off", _("split off")


ITEM = Machine(
    name="item",
    states=ItemState,
    initial=ItemState.OPEN,
    transitions=table(open="approved refused split_off", approved="", refused="", split_off=""),
    owners={ItemState.OPEN: DECIDER},
    reopened=table(refused="open"),
)


class ConsultationState(models.TextChoices):
    ASKED = "asked", _("asked")
    QUESTION = "question", _("question to the buyer")
    CONSENTED = "consented", _("consented")
    CONSENTED_IN_PART = "consented_in_part", _("consented in part")
    REFUSED = "refused", pgettext_lazy("consultation", "refused")
    NO_ANSWER = "no_answer", _("no answer")
    CLOSED = "closed", pgettext_lazy("consultation", "no longer asked")


CONSULTATION = Machine(
    name="consultation",
    states=ConsultationState,
    initial=ConsultationState.ASKED,
    transitions=table(
        asked="consented consented_in_part refused no_answer question closed",
        question="asked closed",
        consented="",
        consented_in_part="",
        refused="",
        no_answer="",
        closed="",
    ),
    owners={
        ConsultationState.ASKED: _("providing unit; after the clock, big-data authority"),
        ConsultationState.QUESTION: _("buyer"),
    },
)
UNANSWERED = (ConsultationState.ASKED, ConsultationState.QUESTION)
CONSENT = (ConsultationState.CONSENTED, ConsultationState.CONSENTED_IN_PART)


class GrantState(models.TextChoices):
    OFFERED = "offered", _("offered")
    ACTIVE = "active", pgettext_lazy("grant", "active")
    DECLINED = "declined", _("declined")
    CLOSED = "closed", _("closed")
    SURRENDERED = "surrendered", _("surrendered")
    TERMINATED = "terminated", _("terminated")
    REVOKED = "revoked", _("revoked")


LIVING_GRANT = (GrantState.OFFERED, GrantState.ACTIVE)  # served, or will be once its terms are accepted
ENDED = (GrantState.SURRENDERED, GrantState.CLOSED, GrantState.TERMINATED, GrantState.REVOKED)  # was in force once
GRANT = Machine(
    name="grant",
    states=GrantState,
    initial=GrantState.OFFERED,
    transitions=table(
        offered="active declined",
        active="closed surrendered terminated revoked",
        declined="",
        closed="",
        surrendered="",
        terminated="",
        revoked="",
    ),
    reopened=table(revoked="active"),
    owners={
        GrantState.OFFERED: _("buyer"),
        GrantState.ACTIVE: _("buyer; after its end, big-data authority or, for non-public data, the seller"),
    },
)


class EditionState(models.TextChoices):
    REQUESTED = "requested", _("requested")
    AGREED = "agreed", _("agreed")
    REFUSED = "refused", pgettext_lazy("edition", "refused")
    WITHDRAWN = "withdrawn", _("withdrawn")


EDITION = Machine(
    name="edition of a grant",
    states=EditionState,
    initial=EditionState.REQUESTED,
    transitions=table(requested="agreed refused withdrawn", agreed="", refused="", withdrawn=""),
    reopened=table(refused="requested"),
    owners={EditionState.REQUESTED: DECIDER},
)


class StandingState(models.TextChoices):
    GIVEN = "given", _("given")
    WITHDRAWN = "withdrawn", _("withdrawn")


STANDING_CONSENT = Machine(
    name="standing consent",
    states=StandingState,
    initial=StandingState.GIVEN,
    transitions=table(given="withdrawn", withdrawn=""),
    owners={StandingState.GIVEN: _("providing unit")},
)


class HoldState(models.TextChoices):
    OPEN = "open", pgettext_lazy("hold", "open")
    LIFTED = "lifted", _("lifted")
    ANNULLED = "annulled", _("annulled")  # with the order that opened it: it ought never to have been


HOLD = Machine(
    name="hold",
    states=HoldState,
    initial=HoldState.OPEN,
    transitions=table(open="lifted annulled", lifted="", annulled=""),
    owners={HoldState.OPEN: _("whoever opened it")},
)
