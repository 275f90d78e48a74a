"""What the API has for sandboxes and for nothing else: who is there, and time that can be moved."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.response import Response

from accounts.models import Credential, Scope
from marketplace import elsewhere
from marketplace.api import fields
from marketplace.api.faces import Face, WriteFace
from marketplace.api.operations import Reply
from marketplace.api.problems import Problem
from marketplace.elsewhere import Place
from marketplace.sandboxes import operations
from marketplace.sandboxes.forms import TimeForm


class SandboxPerson(serializers.Serializer[Any]):
    """Somebody played by the sandbox, for whom there is a key."""

    role = serializers.CharField()
    email = serializers.EmailField()
    party = serializers.IntegerField()
    party_name = serializers.CharField()


class SandboxRow(serializers.Serializer[Any]):
    """The sandbox: its time, and its people."""

    now = serializers.DateTimeField()
    people = SandboxPerson(many=True)


class SandboxTime(serializers.Serializer[Any]):
    """The sandbox's time after it was moved, and how much the sweeps on the way did."""

    now = serializers.DateTimeField()
    did = serializers.IntegerField()


def here() -> Place:
    """The sandbox of this request. Raises Problem for a real organisation: its time is nobody's to move."""
    place = elsewhere.current()
    if place is None:
        raise Problem(403, "not_a_sandbox", _("This is only for the key of a sandbox."))
    return place


class SandboxFace(Face):
    tag, name, about = "sandbox", "get_sandbox", gettext_lazy("The sandbox, its people and its time")

    def get(self, request: Any) -> Response:
        here()
        keys = Credential.objects.select_related("party", "responsible").order_by("pk")
        people = [
            {"role": key.name, "email": key.responsible.email, "party": key.party_id, "party_name": key.party.name}
            for key in keys
        ]
        return Response(SandboxRow({"now": timezone.now(), "people": people}).data)

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: SandboxRow}


class TimeFace(WriteFace):
    """Of a sandbox only, and only onwards. The sweep, the reminders and the deadlines happen on the way."""

    tag, name, about = "sandbox", "move_sandbox_time", gettext_lazy("Move the sandbox's time on")

    def scope_needed(self, method: str) -> str:
        return Scope.ACT

    def write(self, request: Any, **path: Any) -> Reply:
        place, at = here(), timezone.now()
        did = self.perform(request, lambda *sent: TimeForm(*sent, at=at), lambda until: _moved(place, until, at))
        return 200, dict(SandboxTime({"now": timezone.now(), "did": did["did"]}).data)

    def body(self) -> Any:
        return {"application/json": fields.schema_of(TimeForm(at=timezone.now()))}

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: SandboxTime}


def _moved(place: Place, until: datetime, at: datetime) -> dict[str, int]:
    return {"did": operations.move_time(place=place, until=until, at=at)}
