"""Files of evidence: listed and downloaded under their case. They are added and taken back by the case's verbs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.response import Response

from accounts.evidence.pages import download
from accounts.evidence.store import CONTENT_TYPES
from accounts.models import EvidenceFile
from listings.permissions import check_can_read_source_evidence
from marketplace.api.faces import Face
from marketplace.api.resources import BY_NOUN
from marketplace.supervision.permissions import check_can_read_case_evidence
from marketplace.supervision.permissions_closeout import check_can_read_certificate_evidence
from marketplace.supervision.permissions_inspection import check_can_read_inspection_evidence

Check = Callable[[Any, Any, datetime], None]
# noun of the case -> what is asked, beside the case being visible, before its files are shown. Who a party is, is
# proved to people: no system reads identity documents.
MAY_READ: dict[str, Check] = {
    "source-files": check_can_read_source_evidence,
    "measures": check_can_read_case_evidence, "findings": check_can_read_case_evidence,
    "concerns": check_can_read_case_evidence, "reviews": check_can_read_case_evidence,
    "emergency-plans": check_can_read_case_evidence,
    "certificates": check_can_read_certificate_evidence,
    "inspections": check_can_read_inspection_evidence,
}  # fmt: skip


class EvidenceFileRow(serializers.ModelSerializer[EvidenceFile]):
    class Meta:
        model = EvidenceFile
        fields = ("id", "subject", "note", "kind", "size", "sha256", "at")


class EvidenceFace(Face):
    """What both faces ask of a case."""

    noun = ""

    @property
    def tag(self) -> str:  # type: ignore[override]
        return self.noun

    def case(self, pk: int) -> Any:
        user = self.request.user
        found = get_object_or_404(BY_NOUN[self.noun].model.objects.visible_to(user), pk=pk)  # type: ignore[attr-defined]
        MAY_READ[self.noun](user, found, timezone.now())
        return found


class EvidenceListFace(EvidenceFace):
    """The files of a case."""

    def name_of(self, method: str) -> str:
        return f"list_evidence_{self.noun}"

    def about_of(self, method: str) -> Any:
        return _("Files of evidence, oldest first")

    def get(self, request: Any, pk: int) -> Response:
        files = EvidenceFile.objects.of(self.case(pk)).order_by("pk")
        return Response(EvidenceFileRow(files, many=True).data)

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: EvidenceFileRow(many=True)}


class EvidenceDownloadFace(EvidenceFace):
    """One file of a case."""

    def name_of(self, method: str) -> str:
        return f"download_evidence_{self.noun}"

    def about_of(self, method: str) -> Any:
        return _("Download a file of evidence")

    def get(self, request: Any, pk: int, file: int) -> FileResponse:
        return download(self.request, self.case(pk), file)

    def answers(self, method: str) -> dict[Any, Any]:
        return {(200, kind): {"type": "string", "format": "binary"} for kind in CONTENT_TYPES.values()}


def urls() -> list[URLPattern]:
    return [
        url
        for noun in MAY_READ
        for url in (
            path(f"{noun}/<int:pk>/evidence/", EvidenceListFace.as_view(noun=noun), name=f"{noun}-evidence"),
            path(
                f"{noun}/<int:pk>/evidence/<int:file>/",
                EvidenceDownloadFace.as_view(noun=noun),
                name=f"{noun}-evidence-file",
            ),
        )
    ]
