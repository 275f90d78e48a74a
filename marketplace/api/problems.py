"""Every no of the API is a problem (RFC 9457) with a stable code. Nothing a caller sends is the site's fault."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, ValidationError
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from listings.operations.uploads import WrongOffset
from marketplace.errors import InvalidState, NotAllowed, Refused, StaleState, TooLarge

CONTENT_TYPE = "application/problem+json"


class Problem(Exception):
    """A no of the API's own."""

    def __init__(self, status: int, code: str, detail: Any, errors: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.errors = status, code, errors


TITLES: dict[int, Any] = {
    400: _("The request cannot be read"),
    401: _("No valid credential"),
    403: _("Not allowed"),
    404: _("Not there, or not visible to you"),
    405: _("Not with this method"),
    406: _("Not in this form"),
    409: _("Not in this state"),
    413: _("Too large"),
    415: _("This content type is not read here"),
    422: _("Fields are wrong"),
    429: _("Too many requests"),
}

# Looked through in order: the first class that fits gives status and code.
KINDS: tuple[tuple[type[BaseException], int, str], ...] = (
    (StaleState, 409, "stale_state"),
    (WrongOffset, 409, "wrong_offset"),
    (InvalidState, 409, "invalid_state"),
    (TooLarge, 413, "too_large"),
    (NotAllowed, 403, "not_allowed"),
    (Refused, 400, "refused"),
    (Http404, 404, "not_found"),
    (exceptions.NotAuthenticated, 401, "credential_missing"),
    (exceptions.AuthenticationFailed, 401, "credential_invalid"),
    (exceptions.ParseError, 400, "malformed"),
    (exceptions.MethodNotAllowed, 405, "method_not_allowed"),
    (exceptions.NotAcceptable, 406, "not_acceptable"),
    (exceptions.UnsupportedMediaType, 415, "unsupported_media_type"),
    (exceptions.Throttled, 429, "throttled"),
    (RequestDataTooBig, 413, "too_large"),
    (SuspiciousOperation, 400, "malformed"),
)
SENTENCES: dict[str, Any] = {
    "not_found": _("There is no such object, or you may not see it."),
    "credential_missing": _("Send a credential: Authorization: Bearer <key>."),
    "method_not_allowed": _("This address does not take this method."),
    "not_acceptable": _("The description is there as YAML and as JSON, its page as HTML."),
    "unsupported_media_type": _("Send JSON, or a file as multipart/form-data where a file is asked for."),
    "throttled": _("Too many requests: wait as long as Retry-After says."),
    "malformed": _("The request cannot be read."),
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler. None, and so a 500 that is logged, only for what is our own fault.

    A problem is JSON also where the answer would have been YAML or a page.
    """
    request = context["request"]
    request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
    if isinstance(error, ValidationError):
        error = Problem(422, "invalid_fields", _("Some fields are wrong."), error.message_dict)
    if isinstance(error, Problem):
        return problem(error.status, error.code, error, error.errors)
    for kind, status, code in KINDS:
        if isinstance(error, kind):
            answer = problem(status, getattr(error, "code", code), SENTENCES.get(code, error))
            for name, value in _headers(error).items():
                answer[name] = value
            return answer
    return None


def problem(status: int, code: str, detail: Any, errors: Mapping[str, Any] | None = None) -> Response:
    body = {
        "type": f"urn:minshu:problem:{code}", "title": str(TITLES[status]), "status": status, "code": code,
        "detail": str(detail),
    }  # fmt: skip
    if errors is not None:
        body["errors"] = {name: [str(text) for text in texts] for name, texts in errors.items()}
    return Response(body, status=status, content_type=CONTENT_TYPE)


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if isinstance(error, WrongOffset):
        headers["Upload-Offset"] = str(error.offset)
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    return headers
