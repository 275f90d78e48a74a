"""What the page's script asks for while it sends a file in chunks. Every answer is JSON; a no has its sentence."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from listings import forms, operations
from listings.models import Upload, Version
from listings.uploads import OFFSET, read_chunk
from marketplace.errors import Refused

View = Callable[..., JsonResponse]


def json_face(view: View) -> View:
    """A refusal as JSON, {"detail"}; where the next chunk begins elsewhere, {"received"} too."""

    @wraps(view)
    def answer(request: HttpRequest, pk: int) -> JsonResponse:
        try:
            return view(request, pk)
        except Http404:
            return JsonResponse({"detail": _("There is no such object, or you may not see it.")}, status=404)
        except ValidationError as error:
            return JsonResponse({"detail": " ".join(error.messages)}, status=422)
        except Refused as error:
            offset = getattr(error, "offset", None)
            body = {"detail": str(error), **({} if offset is None else {"received": offset})}
            return JsonResponse(body, status=error.status)

    return answer


@require_POST
@json_face
def start(request: HttpRequest, pk: int) -> JsonResponse:
    version = get_object_or_404(Version.objects.visible_to(request.user), pk=pk)
    form = forms.StartUploadForm(request.POST)
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts])
    upload = operations.start_upload(version=version, actor=request.user, at=timezone.now(), **form.cleaned_data)
    return _shown(upload, 201)


@require_safe
@json_face
def status(request: HttpRequest, pk: int) -> JsonResponse:
    return _shown(_visible(request, pk))


@require_http_methods(["PUT"])
@json_face
def chunk(request: HttpRequest, pk: int) -> JsonResponse:
    upload = _visible(request, pk)
    operations.check_chunk(upload=upload, actor=request.user, at=timezone.now())
    offset, content = read_chunk(request)
    operations.receive_chunk(upload=upload, actor=request.user, at=timezone.now(), offset=offset, content=content)
    return _shown(upload)


@require_POST
@json_face
def complete(request: HttpRequest, pk: int) -> JsonResponse:
    upload = _visible(request, pk)
    return _shown(operations.finish_upload(upload=upload, actor=request.user, at=timezone.now()))


def _visible(request: HttpRequest, pk: int) -> Upload:
    visible = Upload.objects.visible_to(request.user).select_related("version__product__seller")
    return get_object_or_404(visible, pk=pk)


def _shown(upload: Upload, status: int = 200) -> JsonResponse:
    body: dict[str, Any] = {
        "id": upload.pk, "received": upload.received, "size": upload.size, "state": upload.state,
        "detail": upload.refusal, "page": upload.get_absolute_url(),
    }  # fmt: skip
    return JsonResponse(body, status=status, headers={OFFSET: str(upload.received)})
