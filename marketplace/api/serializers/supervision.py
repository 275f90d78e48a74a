"""Findings, measures and everything that follows from them."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.serializers.parties import NamedParty
from marketplace.clock.working_days import calendar_overrides
from marketplace.documents.models import Document
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.concern import Concern, ConcernNote
from marketplace.supervision.deadlines import decide_by
from marketplace.supervision.incidents import Incident, IncidentAcknowledgement
from marketplace.supervision.inquiry import ABOUT as ASKED_ABOUT
from marketplace.supervision.inquiry import Inquiry
from marketplace.supervision.inspections import Inspection, InspectionPlan, InspectionPoint, JointInspector
from marketplace.supervision.models import (
    Evidence,
    Finding,
    Measure,
    MeasureGrant,
    Severity,
)
from marketplace.supervision.preparedness import EmergencyPlan, Exercise
from marketplace.supervision.review import ABOUT, Review


class ConcernNoteRow(serializers.ModelSerializer[ConcernNote]):
    """A message after the report, by which side: no names."""

    class Meta:
        model = ConcernNote
        fields = ("is_reporter", "text", "at")


class ConcernRow(serializers.ModelSerializer[Concern]):
    """Without who reported: that is read on the pages, by whoever looks into it."""

    number = serializers.CharField()
    responder, party = NamedParty(), NamedParty(allow_null=True)
    notes = ConcernNoteRow(many=True)

    class Meta:
        model = Concern
        fields = (
            "id", "number", "kind", "grant", "product", "version", "entry", "derived", "party", "article", "place",
            "text", "wish", "notes", "responder", "state", "answer", "answered_at", "outcome", "closed_at",
            "created_at",
        )  # fmt: skip


class FindingRow(serializers.ModelSerializer[Finding]):
    party, authority = NamedParty(), NamedParty()
    severity = serializers.ChoiceField(Severity.choices)

    class Meta:
        model = Finding
        fields = (
            "id",
            "rule",
            "severity",
            "article",
            "grant",
            "version",
            "party",
            "authority",
            "text",
            "state",
            "created_at",
        )


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
    """What holders see as well: no word of how it happened, and nothing of other holders.

    `reporter` is null for a holder who was told and has no other part in it; `people` where nobody knows how many, as
    of households.
    """

    authority, reporter = NamedParty(), serializers.SerializerMethodField()
    acknowledgements = AcknowledgementRow(many=True)

    @extend_schema_field(NamedParty(allow_null=True))
    def get_reporter(self, row: Incident) -> Any:
        return NamedParty(row.reporter).data if row.is_handled else None

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


class DecideBy(serializers.DateTimeField):
    """By when whoever signed a measure decides what follows; null where nothing is to be decided. The calendar is
    looked up once for all rows."""

    def to_representation(self, value: Any) -> Any:
        if value.hearing_by is not None and "calendar" not in self.context:
            self.context["calendar"] = calendar_overrides()
        by = decide_by(value, self.context.get("calendar"))
        return by and super().to_representation(by)


class MeasureRow(serializers.ModelSerializer[Measure]):
    """`correct_by` is the moment at which the time to correct is over, `correct_paused_at` since when it stands still;
    `served_at` when the party opened it, or it counted as served, null until then; `hearing_by` until when the party
    may make its statement in a hearing, null where none is open; `decide_by` by when it is decided what follows from
    that, from evidence or from a refusal, null where nothing is to be decided."""

    party, authority, issuer = NamedParty(), NamedParty(), NamedParty(allow_null=True)
    held, evidence = HeldRow(many=True), EvidenceRow(many=True)
    served_at = ServedAt(read_only=True, allow_null=True)
    correct_by = serializers.DateTimeField(read_only=True, allow_null=True)
    correct_paused_at = serializers.DateTimeField(read_only=True, allow_null=True)
    hearing_by = serializers.DateTimeField(read_only=True, allow_null=True)
    decide_by = DecideBy(source="*", read_only=True, allow_null=True)

    class Meta:
        model = Measure
        fields = (
            "id", "number", "kind", "party", "authority", "issuer", "version", "whole_product", "clause", "facts",
            "demand", "article", "remedy", "referred_to", "referral", "state", "issued_at", "seen_at",
            "deemed_served_at", "served_at", "correct_by", "correct_paused_at", "hearing_opened_at", "hearing_by",
            "decide_by", "refuses", "held", "evidence", "created_at",
        )  # fmt: skip
