"""What holders say of their use: reports, derived products and what they carry."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers.parties import NamedParty
from marketplace.supervision import queries
from marketplace.supervision.models import (
    DerivedProduct,
    ReportFiling,
    UsageReport,
)


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


class OriginRow(serializers.Serializer[Any]):
    """A version further up, that what was obtained was itself built from."""

    product = serializers.CharField(source="product.title")
    version = serializers.IntegerField(source="number")


class AttributionRow(serializers.Serializer[Any]):
    """One source of a derived product, from the delivery records (Art. 16)."""

    units = serializers.ListField(child=serializers.CharField())
    product = serializers.CharField()
    version = serializers.IntegerField(source="version.number")
    data_from = serializers.DateField(source="version.data_from")
    data_until = serializers.DateField(source="version.data_until")
    obtained_first = serializers.DateField()
    obtained_last = serializers.DateField()
    origins = OriginRow(many=True)


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
