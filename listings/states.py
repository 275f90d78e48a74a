"""State machines of what is on offer. What time decides (listed, overdue) is computed, not stored."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.workflow import Machine, table


class EntryState(models.TextChoices):
    PROPOSED = "proposed", _("proposed")
    RETURNED = "returned", _("returned")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


CATALOGUE_ENTRY = Machine(
    name="catalogue entry",
    states=EntryState,
    initial=EntryState.PROPOSED,
    transitions=table(proposed="published returned", returned="proposed", published="withdrawn", withdrawn=""),
    owners={
        EntryState.PROPOSED: _("big-data authority"),
        EntryState.RETURNED: _("providing unit"),
        EntryState.PUBLISHED: _("providing unit"),
    },
)


class ProductState(models.TextChoices):
    ACTIVE = "active", _("active")
    WITHDRAWN = "withdrawn", _("withdrawn")


PRODUCT = Machine(
    name="product",
    states=ProductState,
    initial=ProductState.ACTIVE,
    transitions=table(active="withdrawn", withdrawn=""),
    owners={ProductState.ACTIVE: _("seller")},
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
        retired="",
        discarded="",
    ),
    owners={
        VersionState.DRAFT: _("seller"),
        VersionState.ASSESSED: _("seller"),
        VersionState.SUBMITTED: _("big-data authority"),
        VersionState.EXPERT_REVIEW: _("expert committee"),
        VersionState.RETURNED: _("seller"),
        VersionState.IN_PUBLICITY: _("big-data authority"),
        VersionState.PUBLISHED: _("seller"),
        VersionState.HELD: _("big-data authority"),
    },
)
WITH_SELLER = (VersionState.DRAFT, VersionState.ASSESSED, VersionState.RETURNED)
REVIEWED = (VersionState.PUBLISHED, VersionState.HELD, VersionState.RECALLED, VersionState.RETIRED)
PUBLIC_STATES = (VersionState.IN_PUBLICITY, VersionState.PUBLISHED, VersionState.HELD, VersionState.RETIRED)


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
    owners={
        RuleState.PROPOSED: _("big-data authority"),
        RuleState.RETURNED: _("seller"),
        RuleState.APPROVED: _("seller"),
    },
)
LIVING_RULE = (RuleState.PROPOSED, RuleState.RETURNED, RuleState.APPROVED)
