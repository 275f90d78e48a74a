"""State machines of what is on offer. What time decides (listed, overdue) is computed, not stored."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.workflow import Machine, table

REVIEWER = _("big-data authority; for non-public data the compliance reviewer")


class EntryState(models.TextChoices):
    PROPOSED = "proposed", _("proposed")
    RETURNED = "returned", _("returned")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


CATALOGUE_ENTRY = Machine(
    name="catalogue entry",
    states=EntryState,
    initial=EntryState.PROPOSED,
    transitions=table(
        proposed="published returned withdrawn", returned="proposed withdrawn", published="withdrawn", withdrawn=""
    ),
    owners={
        EntryState.PROPOSED: _("big-data authority"),
        EntryState.RETURNED: _("providing unit"),
        EntryState.PUBLISHED: _("providing unit"),
    },
)


ENTRY_OPEN = (EntryState.PROPOSED, EntryState.RETURNED, EntryState.PUBLISHED)


class ProductState(models.TextChoices):
    ACTIVE = "active", _("active")
    WITHDRAWN = "withdrawn", _("withdrawn")


PRODUCT = Machine(
    name="product",
    states=ProductState,
    initial=ProductState.ACTIVE,
    transitions=table(active="withdrawn", withdrawn=""),
    owners={ProductState.ACTIVE: _("seller")},
    reopened=table(withdrawn="active"),  # built on data, withdrawn for a flag that was annulled
)


class SourceState(models.TextChoices):
    UNCHECKED = "unchecked", _("not checked yet")
    ACCEPTED = "accepted", pgettext_lazy("lawful source", "checked: in order")
    REJECTED = "rejected", pgettext_lazy("lawful source", "checked: not in order")
    WITHDRAWN = "withdrawn", _("withdrawn")


SOURCE_FILE = Machine(
    name="item of the lawful-source file",
    states=SourceState,
    initial=SourceState.UNCHECKED,
    transitions=table(
        unchecked="accepted rejected withdrawn",
        accepted="rejected withdrawn",
        rejected="accepted withdrawn",
        withdrawn="",
    ),
    owners={
        SourceState.UNCHECKED: REVIEWER,
        SourceState.ACCEPTED: _("seller"),
        SourceState.REJECTED: _("seller"),
    },
)


class VersionState(models.TextChoices):
    DRAFT = "draft", _("draft")
    ASSESSED = "assessed", _("assessed")
    SUBMITTED = "submitted", _("submitted")
    EXPERT_REVIEW = "expert_review", _("expert review")
    RETURNED = "returned", _("returned")
    REFUSED = "refused", pgettext_lazy("version", "refused")
    IN_PUBLICITY = "in_publicity", _("in publicity")
    PUBLISHED = "published", _("published")
    HELD = "held", _("held")
    RECALLED = "recalled", _("recalled")
    RETIRED = "retired", _("retired")
    DISCARDED = "discarded", _("discarded")


VERSION = Machine(
    name="version",
    states=VersionState,
    initial=VersionState.DRAFT,
    transitions=table(
        draft="assessed discarded",
        assessed="draft submitted published discarded",
        submitted="expert_review returned refused in_publicity",
        expert_review="submitted",
        returned="submitted discarded",
        in_publicity="submitted published",
        published="held recalled retired",
        held="published recalled",
        refused="",
        recalled="",
        retired="recalled",
        discarded="",
    ),
    owners={
        VersionState.DRAFT: _("seller"),
        VersionState.ASSESSED: _("seller"),
        VersionState.SUBMITTED: REVIEWER,
        VersionState.SUBMITTED: _("big-data authority"),
        VersionState.EXPERT_REVIEW: _("expert committee"),
        VersionState.RETURNED: _("seller"),
        VersionState.IN_PUBLICITY: REVIEWER,
        VersionState.PUBLISHED: _("seller"),
        VersionState.HELD: REVIEWER,
        VersionState.RETIRED: REVIEWER,
    },
    reopened=table(refused="draft"),
)
UNDER_REVIEW = (VersionState.SUBMITTED, VersionState.EXPERT_REVIEW, VersionState.IN_PUBLICITY)
WITH_SELLER = (VersionState.DRAFT, VersionState.ASSESSED, VersionState.RETURNED)
REVIEWED = (VersionState.PUBLISHED, VersionState.HELD, VersionState.RECALLED, VersionState.RETIRED)
IN_USE = (VersionState.PUBLISHED, VersionState.HELD, VersionState.RETIRED)  # buyers get it, or would again
ON_OFFER = (VersionState.PUBLISHED, VersionState.HELD)  # what is assessed again, periodically (Art. 35)
PUBLIC_STATES = (VersionState.IN_PUBLICITY, VersionState.PUBLISHED, VersionState.HELD, VersionState.RETIRED)
WITH_SAMPLE = (*UNDER_REVIEW, VersionState.ASSESSED, VersionState.RETURNED, VersionState.PUBLISHED)


class UploadState(models.TextChoices):
    OPEN = "open", pgettext_lazy("upload", "open")
    RECEIVED = "received", _("received")
    DONE = "done", _("done")
    REFUSED = "refused", pgettext_lazy("upload", "refused")
    ABANDONED = "abandoned", _("abandoned")


UPLOAD = Machine(
    name="upload",
    states=UploadState,
    initial=UploadState.OPEN,
    transitions=table(open="received abandoned", received="done refused abandoned", done="", refused="", abandoned=""),
    owners={UploadState.OPEN: _("seller"), UploadState.RECEIVED: _("the site")},
)
UNDER_WAY = (UploadState.OPEN, UploadState.RECEIVED)


class ObjectionState(models.TextChoices):
    OPEN = "open", pgettext_lazy("objection", "open")
    UPHELD = "upheld", pgettext_lazy("objection", "upheld")
    DISMISSED = "dismissed", pgettext_lazy("objection", "dismissed")


OBJECTION = Machine(
    name="objection",
    states=ObjectionState,
    initial=ObjectionState.OPEN,
    transitions=table(open="upheld dismissed", upheld="", dismissed=""),
    owners={ObjectionState.OPEN: REVIEWER},
)


class RuleState(models.TextChoices):
    PROPOSED = "proposed", _("proposed")
    RETURNED = "returned", _("returned")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    REVOKED = "revoked", _("revoked")
    WITHDRAWN = "withdrawn", _("withdrawn")


RELEASE_RULE = Machine(
    name="release rule",
    states=RuleState,
    initial=RuleState.PROPOSED,
    transitions=table(
        proposed="approved returned refused withdrawn",
        returned="proposed withdrawn",
        approved="revoked withdrawn",
        refused="",
        revoked="",
        withdrawn="",
    ),
    reopened=table(refused="proposed", revoked="proposed"),
    owners={
        RuleState.PROPOSED: _("big-data authority"),
        RuleState.RETURNED: _("seller"),
        RuleState.APPROVED: _("seller"),
    },
)
LIVING_RULE = (RuleState.PROPOSED, RuleState.RETURNED, RuleState.APPROVED)


class ChangeState(models.TextChoices):
    PROPOSED = "proposed", _("proposed")
    RETURNED = "returned", _("returned")
    ACCEPTED = "accepted", _("accepted")
    WITHDRAWN = "withdrawn", _("withdrawn")


DESCRIPTION_CHANGE = Machine(
    name="change of a description",
    states=ChangeState,
    initial=ChangeState.PROPOSED,
    transitions=table(proposed="accepted returned withdrawn", returned="proposed withdrawn", accepted="", withdrawn=""),
    owners={ChangeState.PROPOSED: REVIEWER, ChangeState.RETURNED: _("seller")},
)
OPEN_CHANGE = (ChangeState.PROPOSED, ChangeState.RETURNED)
