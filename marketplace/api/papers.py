"""The files of numbered documents: listed as `documents`, handed out here, the same bytes each time."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from marketplace.api.faces import Face
from marketplace.documents.models import Document
from marketplace.documents.views import download


class DocumentFileFace(Face):
    """The PDF of one document."""

    tag = "documents"

    def name_of(self, method: str) -> str:
        return "download_documents"

    def about_of(self, method: str) -> Any:
        return _("Download the PDF of a document")

    def get(self, request: Any, pk: int) -> HttpResponse:
        return download(request, get_object_or_404(Document.objects.visible_to(self.request.user), pk=pk))

    def answers(self, method: str) -> dict[Any, Any]:
        return {(200, "application/pdf"): {"type": "string", "format": "binary"}}


def urls() -> list[URLPattern]:
    return [path("documents/<int:pk>/file/", DocumentFileFace.as_view(), name="document-file")]
