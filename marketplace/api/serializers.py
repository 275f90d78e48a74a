"""What partners read of each object. Each is fetched through `visible_to`; nothing here hides or shows more."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Capability, Party
from listings import reasons
from listings.models import (
    Assessment,
    CatalogueEntry,
    Column,
    DescriptionChange,
    Job,
    Objection,
    ProcessingStep,
    Product,
    ReleaseRule,
    SourceFile,
    Upload,
    Version,
)
from listings.operations import why_stopped
from listings.queries import concerns, pseudonym_columns, shown_assessment, shown_sample, upstream_conditions
from listings.states import WITH_SELLER
from marketplace.applications.models import (
    Application,
    Consultation,
    Decision,
    Grant,
    GrantEdition,
    Item,
    StandingConsent,
)
from marketplace.documents.models import Document
from marketplace.ledger.models import Entry
from marketplace.supervision import queries
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident, IncidentAcknowledgement
from marketplace.supervision.inquiry import ABOUT as ASKED_ABOUT
from marketplace.supervision.inquiry import Inquiry
from marketplace.supervision.inspections import Inspection, InspectionPlan, InspectionPoint, JointInspector
from marketplace.supervision.models import (
    DerivedProduct,
    Evidence,
    Finding,
    Measure,
    MeasureGrant,
    ReportFiling,
    UsageReport,
)
from marketplace.supervision.preparedness import EmergencyPlan, Exercise
from marketplace.supervision.review import ABOUT, Review

FIGURES = (
    "about", "subjects", "k", "unique_share", "l_distinct", "t", "classes", "quasi_identifiers", "sensitive",
    "l_entropy", "t_equal", "size_bands", "risk", "suggested_quasi_identifiers", "suggested_subject", "with_suggested",
    "grade", "allowed_modes",
)  # fmt: skip


class NamedParty(serializers.ModelSerializer[Party]):
    class Meta:
        model = Party
        fields = ("id", "name")


class CapabilityRow(serializers.ModelSerializer[Capability]):
    class Meta:
        model = Capability
        fields = ("kind", "level", "region", "valid_from", "valid_until")


class PartyRow(serializers.ModelSerializer[Party]):
    capabilities = CapabilityRow(many=True)

    class Meta:
        model = Party
        fields = ("id", "kind", "name", "region", "uscc", "state", "verified_until", "capabilities")


class EntryRow(serializers.ModelSerializer[CatalogueEntry]):
    unit, authority = NamedParty(), NamedParty()

    class Meta:
        model = CatalogueEntry
        fields = (
            "id", "unit", "authority", "title", "description", "sharing", "withheld_basis", "opening", "frequency",
            "contact", "state", "created_at",
        )  # fmt: skip


class SourceFileRow(serializers.ModelSerializer[SourceFile]):
    class Meta:
        model = SourceFile
        fields = (
            "id", "product", "kind", "title", "reference", "summary", "valid_until", "state", "checked_at",
        )  # fmt: skip


class ObjectionRow(serializers.ModelSerializer[Objection]):
    """Without name and contact: these are read on the pages, by whoever decides."""

    number = serializers.CharField()

    class Meta:
        model = Objection
        fields = ("id", "number", "version", "text", "state", "answer", "decided_at", "created_at")


class ProductRow(serializers.ModelSerializer[Product]):
    seller = NamedParty()
    source_files = SourceFileRow(many=True)
    is_openly_available = serializers.BooleanField()

    class Meta:
        model = Product
        fields = (
            "id", "seller", "entry", "nature", "acquisition", "category", "grade", "visibility", "title", "summary",
            "description", "purposes", "terms", "price_text", "frequency", "is_openly_available", "declared_at",
            "source_files", "state", "taken_down_by", "created_at",
        )  # fmt: skip


class UnitCondition(serializers.Serializer[Any]):
    unit = serializers.CharField()
    text = serializers.CharField()


class UpstreamCondition(serializers.Serializer[Any]):
    """What a grant demands, under which a product was built, of whoever gets the product."""

    grant = serializers.CharField()
    product = serializers.CharField()
    purposes = serializers.CharField(required=False)
    terms = serializers.CharField(required=False)
    conditions = serializers.CharField(required=False)
    units = UnitCondition(many=True, required=False)


class ProductPage(ProductRow):
    """A product; of one that was built under grants also what travels along, and why nothing new comes of it now."""

    conditions = serializers.SerializerMethodField()
    stands_still = serializers.SerializerMethodField()

    class Meta(ProductRow.Meta):
        fields = (*ProductRow.Meta.fields, "conditions", "stands_still")  # type: ignore[assignment]

    @extend_schema_field(UpstreamCondition(many=True))
    def get_conditions(self, row: Product) -> Any:
        return UpstreamCondition(upstream_conditions(row), many=True).data if row.is_built else []

    def get_stands_still(self, row: Product) -> str:
        return why_stopped(row, timezone.now()) if row.is_built else ""


class ColumnRow(serializers.ModelSerializer[Column]):
    class Meta:
        model = Column
        fields = ("position", "name", "type", "role", "profile")


class StepRow(serializers.ModelSerializer[ProcessingStep]):
    class Meta:
        model = ProcessingStep
        fields = ("number", "step", "tool", "operator", "at", "is_measured", "hash_in", "hash_out", "facts")


class AssessmentRow(serializers.ModelSerializer[Assessment]):
    """What was measured (Art. 17), and in words why it did not pass."""

    figures = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = Assessment
        fields = ("at", "rule_set", "passes", "figures", "reasons")

    def get_figures(self, row: Assessment) -> dict[str, Any]:
        return {name: row.report[name] for name in FIGURES if name in row.report}

    def get_reasons(self, row: Assessment) -> list[str]:
        return [reasons.sentence(one["code"], one["params"]) for one in row.report.get("reasons", [])]


class VersionRow(serializers.ModelSerializer[Version]):
    authority, reviewer = NamedParty(allow_null=True), NamedParty(allow_null=True)
    pseudonym_columns = serializers.SerializerMethodField()

    class Meta:
        model = Version
        fields = (
            "id", "product", "number", "state", "authority", "reviewer", "about", "data_from", "data_until",
            "collected_from", "collected_until", "deidentification_tool", "tool_version", "key_is_kept", "key_kept_by",
            "key_kept_where", "pseudonym_columns", "pseudonyms", "shows_sample", "rows", "allowed_modes",
            "signed_off_at", "published_at", "created_at",
        )  # fmt: skip

    def get_pseudonym_columns(self, row: Version) -> list[str]:
        return pseudonym_columns(row)


class UploadRow(serializers.ModelSerializer[Upload]):
    """A file that arrives in chunks: the next one begins at `received`."""

    refusal = serializers.CharField()

    class Meta:
        model = Upload
        fields = (
            "id", "version", "name", "size", "modified", "sha256", "received", "state", "refusal", "expires_at",
            "created_at",
        )  # fmt: skip


class JobRow(serializers.ModelSerializer[Job]):
    """What is, or was last, done with the file."""

    failure = serializers.CharField()

    class Meta:
        model = Job
        fields = ("kind", "state", "stage", "percent", "failure", "created_at")


class SampleRows(serializers.Serializer[Any]):
    """Rows for everybody to see. A cell is its text, "" where it is empty, null where its value is too rare."""

    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField(child=serializers.CharField(allow_null=True)))


class VersionPage(VersionRow):
    """A version with its columns, sources, steps, newest assessment, and, while it is the seller's, newest job."""

    columns = serializers.SerializerMethodField()
    units = serializers.SerializerMethodField()
    steps = StepRow(many=True)
    assessment = serializers.SerializerMethodField()
    sample = serializers.SerializerMethodField()
    job = serializers.SerializerMethodField()

    class Meta(VersionRow.Meta):
        fields = (  # type: ignore[assignment]
            *VersionRow.Meta.fields, "columns", "units", "steps", "assessment", "sample", "job"
        )  # fmt: skip

    @extend_schema_field(ColumnRow(many=True))
    def get_columns(self, row: Version) -> Any:
        return ColumnRow(sorted(row.columns.all(), key=lambda column: column.position), many=True).data

    @extend_schema_field(NamedParty(many=True))
    def get_units(self, row: Version) -> Any:
        return NamedParty([source.unit for source in row.sources.all()], many=True).data

    @extend_schema_field(AssessmentRow(allow_null=True))
    def get_assessment(self, row: Version) -> Any:
        shown = shown_assessment(row, concerns(self.context["reader"], row))
        return AssessmentRow(shown).data if shown else None

    @extend_schema_field(SampleRows(allow_null=True))
    def get_sample(self, row: Version) -> Any:
        return shown_sample(row)

    @extend_schema_field(JobRow(allow_null=True))
    def get_job(self, row: Version) -> Any:
        newest = next(iter(row.jobs.all()), None) if row.state in WITH_SELLER else None
        return JobRow(newest).data if newest else None


class ReleaseRuleRow(serializers.ModelSerializer[ReleaseRule]):
    authority = NamedParty()

    class Meta:
        model = ReleaseRule
        fields = (
            "id", "product", "basis", "authority", "state", "min_rows", "max_rows", "min_k", "max_drift", "valid_until",
            "decided_at", "created_at",
        )  # fmt: skip


class DescriptionChangeRow(serializers.ModelSerializer[DescriptionChange]):
    authority = NamedParty()

    class Meta:
        model = DescriptionChange
        fields = (
            "id", "product", "basis", "authority", "state", "before", "after", "reason", "decided_at", "created_at",
        )  # fmt: skip


class ApplicationRow(serializers.ModelSerializer[Application]):
    buyer, authority, seller = NamedParty(), NamedParty(allow_null=True), NamedParty(allow_null=True)
    number = serializers.CharField()

    class Meta:
        model = Application
        fields = (
            "id", "number", "buyer", "authority", "seller", "state", "round", "title", "beneficiaries", "what_is_built",
            "purposes", "why_these_fields", "period_from", "period_until", "security", "people_with_access", "items",
            "submitted_at", "created_at",
        )  # fmt: skip


class DecisionRow(serializers.ModelSerializer[Decision]):
    class Meta:
        model = Decision
        fields = ("is_approval", "at", "reason", "article", "remedy")


class ItemRow(serializers.ModelSerializer[Item]):
    fields_wanted = serializers.ListField(source="fields", child=serializers.CharField())  # type: ignore[assignment]
    decision = serializers.SerializerMethodField()
    grant = serializers.SerializerMethodField()

    class Meta:
        model = Item
        fields = ("id", "application", "product", "fields_wanted", "route", "state", "decision", "grant")

    @extend_schema_field(DecisionRow(allow_null=True))
    def get_decision(self, row: Item) -> Any:
        return DecisionRow(row.decision).data if hasattr(row, "decision") else None

    def get_grant(self, row: Item) -> int | None:
        return row.grant.pk if hasattr(row, "grant") else None


class ConsultationRow(serializers.ModelSerializer[Consultation]):
    unit = NamedParty()

    class Meta:
        model = Consultation
        fields = ("id", "application", "unit", "round", "state", "reason", "conditions", "answered_at")


class GrantRow(serializers.ModelSerializer[Grant]):
    buyer, authority = NamedParty(), NamedParty()
    number = serializers.CharField()
    from_version = serializers.IntegerField(source="from_version.number")
    fields_granted = serializers.ListField(source="fields", child=serializers.CharField())  # type: ignore[assignment]
    in_effect = serializers.BooleanField(source="effective")

    class Meta:
        model = Grant
        fields = (
            "id", "number", "item", "buyer", "product", "from_version", "authority", "starts", "ends",
            "fields_granted", "terms", "state", "in_effect", "activated_at", "ended_at", "created_at",
        )  # fmt: skip


class EditionRow(serializers.ModelSerializer[GrantEdition]):
    class Meta:
        model = GrantEdition
        fields = ("id", "grant", "number", "kind", "state", "before", "after", "reason", "at")


class StandingRow(serializers.ModelSerializer[StandingConsent]):
    unit = NamedParty()
    fields_covered = serializers.ListField(source="fields", child=serializers.CharField())  # type: ignore[assignment]

    class Meta:
        model = StandingConsent
        fields = (
            "id", "unit", "entry", "document", "purposes", "fields_covered", "conditions", "valid_from", "valid_until",
            "state", "created_at",
        )  # fmt: skip


class FilingRow(serializers.ModelSerializer[ReportFiling]):
    class Meta:
        model = ReportFiling
        fields = ("round", "is_nil", "purposes", "other_purpose", "use", "results", "security", "at")


class ReportRow(serializers.ModelSerializer[UsageReport]):
    filings = FilingRow(many=True)

    class Meta:
        model = UsageReport
        fields = ("id", "grant", "start", "end", "due_at", "late_at", "state", "round", "filings")


class DerivedRow(serializers.ModelSerializer[DerivedProduct]):
    party = serializers.SerializerMethodField()

    @extend_schema_field(NamedParty(allow_null=True))
    def get_party(self, row: DerivedProduct) -> Any:
        """Null for a natural person who is not named."""
        return NamedParty(row.party).data if row.is_named else None

    class Meta:
        model = DerivedProduct
        fields = ("id", "token", "party", "title", "description", "url", "state", "created_at")


class AttributionRow(serializers.Serializer[Any]):
    """One source of a derived product, from the delivery records (Art. 16)."""

    units = serializers.ListField(child=serializers.CharField())
    product = serializers.CharField()
    version = serializers.IntegerField(source="version.number")
    data_from = serializers.DateField(source="version.data_from")
    data_until = serializers.DateField(source="version.data_until")
    obtained_first = serializers.DateField()
    obtained_last = serializers.DateField()


class DerivedPage(DerivedRow):
    """`other_sources`: it was also built on non-public data, of a deal that you are no part of."""

    attribution = serializers.SerializerMethodField()
    other_sources = serializers.SerializerMethodField()

    class Meta(DerivedRow.Meta):
        fields = (*DerivedRow.Meta.fields, "attribution", "other_sources")  # type: ignore[assignment]

    @extend_schema_field(AttributionRow(many=True))
    def get_attribution(self, row: DerivedProduct) -> Any:
        return AttributionRow(queries.attribution(row, self.context["reader"]), many=True).data

    def get_other_sources(self, row: DerivedProduct) -> bool:
        return queries.has_other_sources(row, self.context["reader"])


class ConcernRow(serializers.ModelSerializer[Concern]):
    """Without who reported: that is read on the pages, by whoever looks into it."""

    number = serializers.CharField()
    responder = NamedParty()

    class Meta:
        model = Concern
        fields = (
            "id", "number", "kind", "grant", "product", "version", "entry", "derived", "article", "place", "text",
            "wish", "responder", "state", "answer", "answered_at", "outcome", "closed_at", "created_at",
        )  # fmt: skip


class FindingRow(serializers.ModelSerializer[Finding]):
    authority = NamedParty()

    class Meta:
        model = Finding
        fields = ("id", "rule", "article", "grant", "version", "authority", "text", "state", "created_at")


class WhereaboutsRow(serializers.ModelSerializer[Whereabouts]):
    class Meta:
        model = Whereabouts
        fields = ("id", "grant", "suspended_at", "places", "systems", "kept_by", "was_passed_on", "passed_to", "at")


class CertificateRow(serializers.ModelSerializer[Certificate]):
    class Meta:
        model = Certificate
        fields = (
            "id", "grant", "destroyed", "places", "method", "done_by", "destroyed_on", "kept", "kept_why", "filed_at",
            "state", "checked_at", "reason",
        )  # fmt: skip


class CautionRow(serializers.ModelSerializer[Caution]):
    """In force until its last day, unless it was lifted."""

    number = serializers.CharField()
    party, authority = NamedParty(), NamedParty()

    class Meta:
        model = Caution
        fields = (
            "id", "number", "party", "authority", "scope", "purpose", "region", "nature", "article", "reason", "ends",
            "state", "issued_at", "lifted_at",
        )  # fmt: skip


class AcknowledgementRow(serializers.ModelSerializer[IncidentAcknowledgement]):
    """`acknowledged_at` is null while the body has not said that it has seen it."""

    party = NamedParty()

    class Meta:
        model = IncidentAcknowledgement
        fields = ("party", "acknowledged_at")


class IncidentRow(serializers.ModelSerializer[Incident]):
    """What holders see as well: no word of how it happened, and nothing of other holders."""

    authority, reporter = NamedParty(), NamedParty()
    acknowledgements = AcknowledgementRow(many=True)

    class Meta:
        model = Incident
        fields = (
            "id", "number", "kind", "title", "version", "reporter", "authority", "may_identify", "people",
            "people_at_most", "noticed_at", "contained_at", "authority_told_at", "cyberspace_told_at",
            "holders_told_at", "public_told_at", "acknowledgements", "state", "created_at",
        )  # fmt: skip


class ExerciseRow(serializers.ModelSerializer[Exercise]):
    class Meta:
        model = Exercise
        fields = ("id", "kind", "day", "people", "scenario", "lessons", "at")


class PlanRow(serializers.ModelSerializer[EmergencyPlan]):
    unit, authority = NamedParty(), NamedParty()
    exercises = ExerciseRow(many=True)

    class Meta:
        model = EmergencyPlan
        fields = (
            "id", "unit", "authority", "title", "contact", "covers", "adopted_on", "exercises", "state", "created_at"
        )  # fmt: skip


class HeldRow(serializers.ModelSerializer[MeasureGrant]):
    class Meta:
        model = MeasureGrant
        fields = ("grant", "outcome")


class EvidenceRow(serializers.ModelSerializer[Evidence]):
    class Meta:
        model = Evidence
        fields = ("kind", "text", "at")


class ServedAt(serializers.DateTimeField):
    """Opened by somebody of the party or, if not before, the last moment of the last day for that; null until then."""

    def to_representation(self, value: datetime) -> Any:
        return super().to_representation(value) if value <= timezone.now() else None


class DocumentRow(serializers.ModelSerializer[Document]):
    """`object` is the case as events name it; `sha256` is empty until the file was made, moments after the decision.

    Of a measure, `seen_at` says when its party first opened it, `deemed_served_at` when it is served at the latest,
    `served_at` when it was, null until then.
    """

    issuer, party = NamedParty(), NamedParty()
    served_at = ServedAt(read_only=True, allow_null=True)
    object = serializers.CharField(source="object_type")

    class Meta:
        model = Document
        fields = (
            "id", "number", "kind", "object", "object_id", "issuer", "party", "issued_at", "seen_at",
            "deemed_served_at", "served_at", "sha256",
        )  # fmt: skip


class ReviewRow(serializers.ModelSerializer[Review]):
    number = serializers.CharField()
    party, authority = NamedParty(), NamedParty()
    above, reviewer = NamedParty(allow_null=True), NamedParty(allow_null=True)

    class Meta:
        model = Review
        fields = (
            "id", "number", *ABOUT, "party", "authority", "above",
            "reviewer", "text", "state", "stayed_at", "stay_ended_at", "decided_at", "reason", "remedy", "created_at",
        )  # fmt: skip


class InspectionPlanRow(serializers.ModelSerializer[InspectionPlan]):
    """With `seed`, `frame_hash` and `frame_count` its draw can be checked."""

    number = serializers.CharField()
    authority = NamedParty()

    class Meta:
        model = InspectionPlan
        fields = (
            "id", "number", "title", "authority", "first", "last", "method", "strata", "size", "region", "purpose",
            "buyer_kind", "seller_kind", "seed", "frame_hash", "frame_count", "drawn_at", "state", "created_at",
        )  # fmt: skip


class InspectionPointRow(serializers.ModelSerializer[InspectionPoint]):
    class Meta:
        model = InspectionPoint
        fields = ("code", "verdict", "words")


class JointInspectorRow(serializers.ModelSerializer[JointInspector]):
    name = serializers.CharField(source="user.name")

    class Meta:
        model = JointInspector
        fields = ("id", "name", "department", "role")


class InspectionRow(serializers.ModelSerializer[Inspection]):
    """`points` and `inspectors`, whom the report names, are empty until the inspection is reported.

    To whoever inspects, `points` says at once what was written down, and `joint` who takes part.
    """

    number = serializers.CharField()
    party, authority = NamedParty(), NamedParty()
    points, joint = InspectionPointRow(many=True), JointInspectorRow(many=True)
    inspectors = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))

    class Meta:
        model = Inspection
        fields = (
            "id", "number", "grant", "party", "authority", "reason", "announced_at", "announcement", "unannounced",
            "begun_at", "points", "joint", "report", "inspectors", "reported_at", "answer", "answered_at", "outcome",
            "closing", "closed_at", "state", "created_at",
        )  # fmt: skip


class InquiryRow(serializers.ModelSerializer[Inquiry]):
    authority, above = NamedParty(), NamedParty()

    class Meta:
        model = Inquiry
        fields = (
            "id", *ASKED_ABOUT, "authority", "above", "question", "at", "answer", "answered_at",
        )  # fmt: skip


class MeasureRow(serializers.ModelSerializer[Measure]):
    """`correct_by` is the moment at which the time to correct is over, `correct_paused_at` since when it stands still;
    `served_at` when the party opened it, or it counted as served, null until then."""

    party, authority, issuer = NamedParty(), NamedParty(), NamedParty(allow_null=True)
    held, evidence = HeldRow(many=True), EvidenceRow(many=True)
    served_at = ServedAt(read_only=True, allow_null=True)
    correct_by = serializers.DateTimeField(read_only=True, allow_null=True)
    correct_paused_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Measure
        fields = (
            "id", "number", "kind", "party", "authority", "issuer", "version", "whole_product", "clause", "facts",
            "demand", "article", "remedy", "referred_to", "referral", "state", "issued_at", "seen_at",
            "deemed_served_at", "served_at", "correct_by", "correct_paused_at", "hearing_opened_at", "refuses", "held",
            "evidence", "created_at",
        )  # fmt: skip


class InEffect(serializers.Serializer[Any]):
    """Whether a grant is served at a moment, and if not, why."""

    grant = serializers.IntegerField()
    at = serializers.DateTimeField()
    in_effect = serializers.BooleanField()
    code = serializers.CharField()


class Event(serializers.ModelSerializer[Entry]):
    """One ledger entry about an object that the organisation may see."""

    id = serializers.CharField()
    object = serializers.CharField(source="object_type")

    class Meta:
        model = Entry
        fields = ("id", "operation_id", "object", "object_id", "verb", "old", "new", "article", "at", "recorded_at")


class FigureRow(serializers.Serializer[Any]):
    code, label = serializers.CharField(), serializers.CharField()
    value = serializers.FloatField(allow_null=True)


class FigureSection(serializers.Serializer[Any]):
    code, title = serializers.CharField(), serializers.CharField()
    figures = FigureRow(many=True)


class Figures(serializers.Serializer[Any]):
    """What was counted within a period; `authority` null: of the whole province. A value is null where there is nothing
    to measure, or too few to tell."""

    authority = NamedParty(allow_null=True)
    first, last = serializers.DateField(), serializers.DateField()
    sections = FigureSection(many=True)


class ProblemBody(serializers.Serializer[Any]):
    """A refusal (RFC 9457). `code` is stable; `detail` is a sentence in the language asked for."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()), required=False)  # type: ignore[assignment]


class Imported(serializers.Serializer[Any]):
    """The entries that an import proposed, in the order of its rows."""

    entries = serializers.ListField(child=serializers.IntegerField())


class EventPage(serializers.Serializer[Any]):
    items = Event(many=True)
    next = serializers.CharField()
