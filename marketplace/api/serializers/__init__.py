"""What partners read of each object. Each is fetched through `visible_to`; nothing here hides or shows more."""

from marketplace.api.serializers.applications import (
    ApplicationRow,
    ConsultationRow,
    DecisionRow,
    EditionRow,
    GrantRow,
    HoldRow,
    ItemRow,
    StandingRow,
)
from marketplace.api.serializers.general import (
    Event,
    EventPage,
    FigureRow,
    Figures,
    FigureSection,
    Imported,
    InEffect,
    ProblemBody,
)
from marketplace.api.serializers.listings import (
    AssessmentRow,
    ColumnRow,
    DescriptionChangeRow,
    EntryRow,
    JobRow,
    ObjectionRow,
    ProductPage,
    ProductRow,
    ReleaseRuleRow,
    SampleRows,
    SourceFileRow,
    StepRow,
    UnitCondition,
    UploadRow,
    UpstreamCondition,
    VersionPage,
    VersionRow,
)
from marketplace.api.serializers.parties import CapabilityRow, NamedParty, PartyRow
from marketplace.api.serializers.supervision import (
    AcknowledgementRow,
    CautionRow,
    CertificateRow,
    ConcernNoteRow,
    ConcernRow,
    DocumentRow,
    EvidenceRow,
    ExerciseRow,
    FindingRow,
    HeldRow,
    IncidentRow,
    InquiryRow,
    InspectionPlanRow,
    InspectionPointRow,
    InspectionRow,
    JointInspectorRow,
    MeasureRow,
    PlanRow,
    ReviewRow,
    ServedAt,
    WhereaboutsRow,
)
from marketplace.api.serializers.uses import AttributionRow, DerivedPage, DerivedRow, FilingRow, ReportRow

__all__ = [
    "AcknowledgementRow", "ApplicationRow", "AssessmentRow", "AttributionRow", "CapabilityRow", "CautionRow",
    "CertificateRow", "ColumnRow", "ConcernNoteRow", "ConcernRow", "ConsultationRow", "DecisionRow",
    "DerivedPage", "DerivedRow",
    "DescriptionChangeRow", "DocumentRow", "EditionRow", "EntryRow", "Event", "EventPage", "EvidenceRow",
    "ExerciseRow", "FigureRow", "FigureSection", "Figures", "FilingRow", "FindingRow", "GrantRow", "HeldRow", "HoldRow",
    "Imported", "InEffect", "IncidentRow", "InquiryRow", "InspectionPlanRow", "InspectionPointRow", "InspectionRow",
    "ItemRow", "JobRow", "JointInspectorRow", "MeasureRow", "NamedParty", "ObjectionRow", "PartyRow", "PlanRow",
    "ProblemBody", "ProductPage", "ProductRow", "ReleaseRuleRow", "ReportRow", "ReviewRow", "SampleRows",
    "ServedAt", "SourceFileRow", "StandingRow", "StepRow", "UnitCondition", "UploadRow", "UpstreamCondition",
    "VersionPage", "VersionRow", "WhereaboutsRow",
]  # fmt: skip
