"""What pages, console and API show of a case's files. Whoever calls has found the case for its reader, and asked
whether they may read its files."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from django.db import models
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from accounts.evidence import store
from accounts.evidence.models import EvidenceFile
from accounts.operations.evidence import open_evidence


class Listed(NamedTuple):
    file: EvidenceFile
    url: str


def listed(case: models.Model, name: str) -> list[Listed]:
    """The standing files of a case, with their addresses; `name` is that of the address, as `reverse` takes it."""
    files = EvidenceFile.objects.of(case).select_related("by").order_by("pk")
    return [Listed(file, reverse(name, args=[case.pk, file.pk])) for file in files]


def listed_each(cases: Sequence[models.Model], name: str) -> dict[int, list[Listed]]:
    """The same for several cases of one kind, by their keys, in one query."""
    found: dict[int, list[Listed]] = {case.pk: [] for case in cases}
    if not found:
        return found
    of = EvidenceFile.objects.filter(object_type=cases[0]._meta.label_lower, removed_at=None)
    for file in of.filter(object_id__in=[str(key) for key in found]).select_related("by").order_by("pk"):
        key = int(file.object_id)
        found[key].append(Listed(file, reverse(name, args=[key, file.pk])))
    return found


def download(
    request: HttpRequest, case: models.Model, pk: Any, opens: Callable[..., object] = open_evidence
) -> FileResponse:
    """One file of this very case, else 404. That it was opened is recorded before anything of it leaves."""
    file = get_object_or_404(EvidenceFile.objects.of(case).select_related("party"), pk=pk)
    answer = store.answer(file)
    if request.method != "HEAD":
        opens(file=file, actor=request.user, at=timezone.now())
    return answer
