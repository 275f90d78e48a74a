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
    ScenarioDraft,
)
from marketplace.applications.models.consent import (
    StandingConsent,
    TwoPersonRule,
)
from marketplace.applications.models.disclosure import Disclosure
from marketplace.applications.models.grant import (
    EditionKind,
    Grant,
    GrantEdition,
    GrantEditionQuerySet,
    GrantQuerySet,
    GrantSystem,
    GrantUser,
    Hold,
    HoldCode,
    ReportSchedule,
    in_effect,
    open_holds,
)
from marketplace.applications.models.linkage import LinkageResult

__all__ = [
    "Application",
    "ApplicationGroupObjectPermission",
    "ApplicationQuerySet",
    "ApplicationUserObjectPermission",
    "Consultation",
    "ConsultationQuerySet",
    "Decision",
    "Disclosure",
    "EditionKind",
    "ExpertOpinion",
    "Grant",
    "GrantEdition",
    "GrantEditionQuerySet",
    "GrantQuerySet",
    "GrantSystem",
    "GrantUser",
    "Hold",
    "HoldCode",
    "Item",
    "ItemQuerySet",
    "LinkageResult",
    "Message",
    "ReportSchedule",
    "Route",
    "ScenarioDraft",
    "StandingConsent",
    "TwoPersonRule",
    "in_effect",
    "open_holds",
]
