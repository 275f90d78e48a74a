"""The half of the law after delivery: reports, derived products, findings, orders."""

from marketplace.supervision.models.derived import (
    PUBLIC_DERIVED,
    DerivedFlag,
    DerivedFrom,
    DerivedProduct,
    DerivedProductQuerySet,
    new_token,
)
from marketplace.supervision.models.finding import (
    RULES,
    Finding,
    FindingQuerySet,
    Severity,
    severity_of,
)
from marketplace.supervision.models.measure import (
    Evidence,
    EvidenceKind,
    GrantOutcome,
    Measure,
    MeasureGrant,
    MeasureQuerySet,
)
from marketplace.supervision.models.report import (
    ReportFiling,
    UsageReport,
    UsageReportQuerySet,
    calendar_end,
    period_end,
)

__all__ = [
    "PUBLIC_DERIVED",
    "RULES",
    "DerivedFlag",
    "DerivedFrom",
    "DerivedProduct",
    "DerivedProductQuerySet",
    "Evidence",
    "EvidenceKind",
    "Finding",
    "FindingQuerySet",
    "GrantOutcome",
    "Measure",
    "MeasureGrant",
    "MeasureQuerySet",
    "ReportFiling",
    "Severity",
    "UsageReport",
    "UsageReportQuerySet",
    "calendar_end",
    "new_token",
    "period_end",
    "severity_of",
]
