"""From the scenario to the grant: applications, consultations, decisions, grants and the holds on them."""

from marketplace.applications.models.application import (
    Application,
    ApplicationGroupObjectPermission,
    ApplicationQuerySet,
    ApplicationUserObjectPermission,
    Consultation,
    ConsultationQuerySet,
    Decision,
    ExpertOpinion,
    Item,
    ItemQuerySet,
    Message,
    Route,
)
from marketplace.applications.models.consent import (
    StandingConsent,
    TwoPersonRule,
)
from marketplace.applications.models.grant import (
    EditionKind,
    Grant,
    GrantEdition,
    GrantEditionQuerySet,
    GrantQuerySet,
    GrantUser,
    Hold,
    HoldCode,
    in_effect,
    open_holds,
)

__all__ = [
    "Application",
    "ApplicationGroupObjectPermission",
    "ApplicationQuerySet",
    "ApplicationUserObjectPermission",
    "Consultation",
    "ConsultationQuerySet",
    "Decision",
    "EditionKind",
    "ExpertOpinion",
    "Grant",
    "GrantEdition",
    "GrantEditionQuerySet",
    "GrantQuerySet",
    "GrantUser",
    "Hold",
    "HoldCode",
    "Item",
    "ItemQuerySet",
    "Message",
    "Route",
    "StandingConsent",
    "TwoPersonRule",
    "in_effect",
    "open_holds",
]
