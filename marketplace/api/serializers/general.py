"""What is of no single object: events, figures, problems."""

from typing import Any

from rest_framework import serializers

from marketplace.api.serializers.parties import NamedParty
from marketplace.ledger.models import Entry


class InEffect(serializers.Serializer[Any]):
    """Whether a grant is served at a moment, and if not, why."""

    grant = serializers.IntegerField()
    at = serializers.DateTimeField()
    in_effect = serializers.BooleanField()
    code = serializers.CharField()


class Event(serializers.ModelSerializer[Entry]):
    """One ledger entry about an object that the organisation may see. Where it sees only what anybody may, `verb`,
    `old`, `article` and `operation_id` are empty, save for its keeper's or reviewer's own acts."""

    id = serializers.CharField()
    operation_id = serializers.UUIDField(allow_null=True)
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
