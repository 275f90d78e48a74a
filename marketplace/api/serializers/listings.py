"""What is on offer: entries, products, versions and how they are prepared."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

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
from marketplace.api.serializers.parties import NamedParty
from marketplace.supervision.register import shown_conditions

FIGURES = (
    "about", "subjects", "k", "unique_share", "l_distinct", "t", "classes", "quasi_identifiers", "sensitive",
    "l_entropy", "t_equal", "size_bands", "risk", "suggested_quasi_identifiers", "suggested_subject", "with_suggested",
    "grade", "allowed_modes",
)  # fmt: skip


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
        shown = shown_conditions(upstream_conditions(row), self.context["reader"]) if row.is_built else []
        return UpstreamCondition(shown, many=True).data

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
