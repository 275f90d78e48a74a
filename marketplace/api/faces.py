"""What every endpoint has in common: who may call, what is read, how a write is answered."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import parsers, renderers
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Scope
from marketplace.api import fields, operations
from marketplace.api.authentication import BearerAuthentication, PerCredential, check_scope
from marketplace.api.problems import Problem
from marketplace.api.resources import (
    Resource,
)
from marketplace.api.schema import Described
from marketplace.errors import TooLarge
from marketplace.faces import submit

MOST_JSON = 1024 * 1024  # bytes
READING, WRITING = (400, 401, 403, 404, 405, 429), (400, 401, 403, 404, 405, 409, 413, 415, 422, 429)


class StrictJSON(parsers.JSONParser):
    """A JSON object in text that a database can hold."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > MOST_JSON:
            raise TooLarge(_("The body is larger than 1 MiB."))
        try:
            body = super().parse(stream, media_type, parser_context)
            json.dumps(body, ensure_ascii=False).encode()
        except (RecursionError, UnicodeEncodeError) as error:
            raise ParseError(_("This is no JSON that can be read here.")) from error
        if not isinstance(body, dict):
            raise ParseError(_("The body is to be a JSON object."))
        return body


class OnlyJSON(BaseContentNegotiation):
    """Whatever is asked for, the answer is JSON (or the file)."""

    def select_parser(self, request: Any, all_parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in all_parsers if parser.media_type == kind), None)

    def select_renderer(self, request: Any, all_renderers: Any, format_suffix: Any = None) -> Any:
        return all_renderers[0], all_renderers[0].media_type


class Face(APIView):
    """What every endpoint has in common."""

    authentication_classes: tuple[Any, ...] = (BearerAuthentication,)
    permission_classes = ()
    throttle_classes: tuple[Any, ...] = (PerCredential,)
    renderer_classes = (renderers.JSONRenderer,)
    parser_classes = (StrictJSON,)
    content_negotiation_class = OnlyJSON
    http_method_names = ("get", "head", "post")  # type: ignore[assignment]
    schema: Any = Described()

    tag = name = ""
    about: Any = ""
    is_public = False
    parameters: tuple[OpenApiParameter, ...] = ()

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        if not hasattr(self, request.method.lower()):
            raise MethodNotAllowed(request.method)  # before anybody is asked for anything
        super().initial(request, *args, **kwargs)
        if isinstance(request.user, AnonymousUser):
            if not (self.is_public and request.method != "POST"):
                raise NotAuthenticated
        elif scope := self.scope_needed(request.method):
            check_scope(request, scope)

    def name_of(self, method: str) -> str:
        return self.name

    def about_of(self, method: str) -> Any:
        return self.about

    def scope_needed(self, method: str) -> str:
        return Scope.READ

    def body(self) -> Any:
        return None

    def answers(self, method: str) -> dict[Any, Any]:
        raise NotImplementedError

    def problems_of(self, method: str) -> tuple[int, ...]:
        return WRITING if method == "POST" else READING


def shown(resource: Resource, user: Any, pk: int | None) -> Any:
    """An object as it stands in the database, for one who may see it, else 404."""
    row = get_object_or_404(resource.rows(user), pk=pk)
    return (resource.page or resource.row)(row, context={"reader": user}).data


class WriteFace(Face):
    """A POST: a form filled from JSON (or a file), one operation, once per Idempotency-Key."""

    made: Resource = None  # type: ignore[assignment]

    def is_apart(self) -> bool:
        return False

    def write(self, request: Any, **path: Any) -> operations.Reply:
        raise NotImplementedError

    def post(self, request: Any, **path: Any) -> Response:
        digest = digest_of(request)
        status, reply = operations.once(
            party=request.auth.party, key=key_of(request), body_hash=digest, at=timezone.now(),
            write=lambda: self.write(request, **path), apart=bool(request.FILES) or self.is_apart(),
        )  # fmt: skip
        return Response(reply, status=status)

    def perform(self, request: Any, make: Callable[..., Any], write: Callable[..., Any]) -> Any:
        """What the operation made. `make(*sent)` builds the form. Raises Problem 422 with the errors of its fields."""
        if request.FILES or self.parser_classes == (parsers.MultiPartParser,):
            form = make(request.data, request.FILES)
        else:
            form = make(fields.data_of(make(), request.data))
        made = submit(request, form, write)
        if made is None:
            raise Problem(422, "invalid_fields", _("Some fields are wrong."), form.errors)
        return made

    def reply(self, request: Any, resource: Resource, pk: int | None, status: int) -> operations.Reply:
        """The object afterwards; 204 where it is gone, or no longer this person's to see."""
        try:
            return status, json.loads(renderers.JSONRenderer().render(shown(resource, request.user, pk)))
        except Http404:
            return 204, None


def key_of(request: Any) -> str:
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
    if not re.fullmatch(r"[!-~]{1,64}", key):
        raise Problem(400, "idempotency_key_missing", _("Send a fresh Idempotency-Key: 1 to 64 printable characters."))
    return key


def digest_of(request: Any) -> str:
    """Of everything that makes this request what it is: whose, where, and its body, files by their content."""
    data = request.data
    if getattr(request._request, "upload_too_large", False):
        raise TooLarge(_("The file is larger than 100 MiB."))
    parts = {name: _content(data, name) for name in data}
    text = json.dumps([request.path, request.user.pk, parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(data: Mapping[str, Any], name: str) -> Any:
    value = data.getlist(name) if hasattr(data, "getlist") else data[name]
    files = [one for one in value if isinstance(one, UploadedFile)] if isinstance(value, list) else []
    if not files:
        return value
    return [[one.name, _hash(one)] for one in files]


def _hash(file: Any) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()
