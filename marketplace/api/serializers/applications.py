"""Applications, their items and the grants that come of them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers.parties import NamedParty
from marketplace.applications.models import (
    Application,
    Consultation,
    Decision,
    Grant,
    GrantEdition,
    Hold,
    Item,
    StandingConsent,
)
from marketplace.supervision.register import shown_conditions


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


class HoldRow(serializers.ModelSerializer[Hold]):
    """Why a grant is not served: `ends_at` where it ends by itself."""

    class Meta:
        model = Hold
        fields = ("code", "opened_at", "ends_at")


class Terms(serializers.JSONField):
    """As they were agreed to; what travels along names no grant that would tell this reader whose it is."""

    def to_representation(self, value: Any) -> Any:
        if not value.get("upstream"):
            return value
        reader = self.context["reader"] if "reader" in self.context else self.context["request"].user
        return {**value, "upstream": shown_conditions(value["upstream"], reader)}


class GrantRow(serializers.ModelSerializer[Grant]):
    buyer, authority = NamedParty(), NamedParty()
    number = serializers.CharField()
    from_version = serializers.IntegerField(source="from_version.number")
    fields_granted = serializers.ListField(source="fields", child=serializers.CharField())  # type: ignore[assignment]
    in_effect = serializers.BooleanField(source="effective")
    holds = HoldRow(source="standing_holds", many=True)
    terms = Terms()

    class Meta:
        model = Grant
        fields = (
            "id", "number", "item", "buyer", "product", "from_version", "authority", "starts", "ends",
            "fields_granted", "terms", "state", "in_effect", "holds", "activated_at", "ended_at", "created_at",
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
