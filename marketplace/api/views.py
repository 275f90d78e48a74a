"""The API's adapter: a verb or a creation becomes an endpoint, a refusal a problem."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import generics, parsers
from rest_framework.response import Response

from accounts.models import Scope
from listings import operations as listing
from listings.models import Version
from listings.uploads import CHUNK_TYPE, OFFSET, read_chunk
from marketplace.api import fields, operations, paging, queries, search, serializers
from marketplace.api.faces import READING, WRITING, Face, WriteFace, shown
from marketplace.api.problems import Problem
from marketplace.api.resources import (
    BY_NOUN,
    EXAMPLES,
    OPEN_FORMS,
    Creation,
    Resource,
    import_entries,
    resource_made_by,
    scope_of,
)
from marketplace.applications.models import Grant
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.delivery.views import CONTENT_TYPES, answer, hand_over
from marketplace.supervision.forms_period import PeriodForm
from marketplace.supervision.inspection_statistics import statistics
from marketplace.verbs import Verb, Verbs


class ListFace(Face, generics.ListAPIView):
    """A page of a resource."""

    resource: Resource = None  # type: ignore[assignment]
    pagination_class = paging.NewestFirst

    @property
    def tag(self) -> str:  # type: ignore[override]
        return self.resource.noun

    @property
    def is_public(self) -> bool:  # type: ignore[override]
        return self.resource.is_public

    def name_of(self, method: str) -> str:
        return f"list_{self.resource.noun}"

    def about_of(self, method: str) -> Any:
        return _("Newest first")

    def get_queryset(self) -> Any:
        return self.resource.rows(self.request.user)

    @property
    def parameters(self) -> tuple[OpenApiParameter, ...]:  # type: ignore[override]
        return search.parameters(self.resource.search) if self.resource.search else ()

    def paginate_queryset(self, queryset: Any) -> Any:
        """Searched where anything is looked for, chosen or ordered; else everything that may be seen."""
        if not (self.resource.search and search.is_asked(self.request, self.resource.search)):
            return super().paginate_queryset(queryset)
        page = search.page(self.request, self.resource.search, queryset)
        self.paginator.next = page.next or None  # type: ignore[union-attr]
        return page.object_list

    def get_serializer_class(self) -> Any:
        return self.resource.row

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: self.resource.row(many=True)}


class ObjectFace(Face):
    """One object."""

    resource: Resource = None  # type: ignore[assignment]
    tag, is_public = ListFace.tag, ListFace.is_public  # type: ignore[assignment]

    def name_of(self, method: str) -> str:
        return f"get_{self.resource.noun}"

    def about_of(self, method: str) -> Any:
        return self.resource.model._meta.verbose_name

    def get(self, request: Any, pk: int) -> Response:
        if self.resource.seen is not None:
            obj = get_object_or_404(_visible(self.resource, request.user), pk=pk)
            self.resource.seen(obj, request.user, timezone.now())
        return Response(shown(self.resource, request.user, pk))

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: self.resource.page or self.resource.row}


class VerbFace(WriteFace):
    resource: Resource = None  # type: ignore[assignment]
    table: Verbs = None  # type: ignore[assignment]
    verb: Verb = None  # type: ignore[assignment]
    tag = ListFace.tag  # type: ignore[assignment]

    def name_of(self, method: str) -> str:
        return f"{self.verb.name}_{self.resource.noun}"

    def about_of(self, method: str) -> Any:
        return " · ".join(str(text) for text in (self.verb.label, self.verb.article) if text)

    def scope_needed(self, method: str) -> str:
        return scope_of(self.resource, self.verb)

    def is_apart(self) -> bool:
        return self.verb.apart

    def write(self, request: Any, pk: int) -> operations.Reply:  # type: ignore[override]
        user, at = request.user, timezone.now()
        obj = get_object_or_404(_visible(self.resource, user), pk=pk)
        self.table.check(self.verb, obj, user, at)
        made = self.perform(
            request,
            lambda *sent: self.verb.form(*sent, target=obj, actor=user, at=at),
            lambda **given: self.table.perform(self.verb, obj, user, at, **given),
        )
        if self.verb.leads_on:
            return self.reply(request, resource_made_by(self.verb, self.resource), getattr(made, "pk", None), 201)
        return self.reply(request, self.resource, pk, 200)

    def body(self) -> Any:
        if self.verb.form in OPEN_FORMS:
            return {"application/json": OPEN_FORMS[self.verb.form]}
        target = EXAMPLES.get(self.verb.form, lambda: self.resource.model(pk=0))()
        form = self.verb.form(target=target, actor=AnonymousUser(), at=timezone.now())
        return {self.parser_classes[0].media_type: fields.schema_of(form)}

    def answers(self, method: str) -> dict[Any, Any]:
        made = resource_made_by(self.verb, self.resource)
        return {201 if self.verb.leads_on else 200: made.page or made.row, 204: None}


def _visible(resource: Resource, user: Any) -> Any:
    return resource.model.objects.visible_to(user)  # type: ignore[attr-defined]


class CreateFace(WriteFace):
    creation: Creation = None  # type: ignore[assignment]

    @property
    def tag(self) -> str:  # type: ignore[override]
        return self.creation.made

    def name_of(self, method: str) -> str:
        return f"{self.creation.verb}_{self.creation.made}"

    def about_of(self, method: str) -> Any:
        return " · ".join(str(text) for text in (self.creation.label, self.creation.article) if text)

    def scope_needed(self, method: str) -> str:
        return self.creation.scope

    def write(self, request: Any, pk: int | None = None) -> operations.Reply:  # type: ignore[override]
        user, at, creation = request.user, timezone.now(), self.creation
        target = creation.target(user, pk)
        made = self.perform(
            request,
            lambda *sent: creation.form(user, at, target, *sent),
            lambda **given: creation.write(target, actor=user, at=at, **given),
        )
        return self.reply(request, BY_NOUN[creation.made], made.pk, 201)

    def body(self) -> Any:
        form = self.creation.form(AnonymousUser(), timezone.now(), None)
        return {"application/json": fields.schema_of(form)}

    def answers(self, method: str) -> dict[Any, Any]:
        made = BY_NOUN[self.creation.made]
        return {201: made.page or made.row, 204: None}


class ImportFace(WriteFace):
    """Many catalogue entries from a CSV file: all or none."""

    tag, name, about = "entries", "import_entries", gettext_lazy("Propose catalogue entries from a CSV file")
    parser_classes = (parsers.MultiPartParser,)

    def scope_needed(self, method: str) -> str:
        return Scope.ACT

    def write(self, request: Any) -> operations.Reply:  # type: ignore[override]
        user, at = request.user, timezone.now()
        made = self.perform(
            request,
            lambda *sent: import_entries(user, at, None, *sent),
            lambda **given: listing.import_entries(actor=user, at=at, **given),
        )
        return 201, {"entries": [entry.pk for entry in made]}

    def body(self) -> Any:
        form = import_entries(AnonymousUser(), timezone.now(), None)
        return {"multipart/form-data": fields.schema_of(form)}

    def answers(self, method: str) -> dict[Any, Any]:
        return {201: serializers.Imported}


class CollectionFace(CreateFace, ListFace):
    """GET lists, POST makes."""

    tag = ListFace.tag  # type: ignore[assignment]

    def _face(self, method: str) -> Any:
        return CreateFace if method == "POST" else ListFace

    def name_of(self, method: str) -> str:
        return self._face(method).name_of(self, method)

    def about_of(self, method: str) -> Any:
        return self._face(method).about_of(self, method)

    def scope_needed(self, method: str) -> str:
        return self._face(method).scope_needed(self, method)

    def answers(self, method: str) -> dict[Any, Any]:
        return self._face(method).answers(self, method)


class InEffectFace(Face):
    """Introspection: the one expression, asked for a moment."""

    tag, name, about = "grants", "grant_in_effect", gettext_lazy("Is this grant in effect?")
    parameters = (OpenApiParameter("at", {"type": "string", "format": "date-time"}, description="Default: now."),)  # type: ignore[arg-type]

    def get(self, request: Any, pk: int) -> Response:
        grant = get_object_or_404(Grant.objects.visible_to(request.user), pk=pk)
        at = _moment(request.query_params.get("at"))
        code = gate.introspect(grant, at, request.user)
        row = {"grant": grant.pk, "at": at, "in_effect": code == "ok", "code": code}
        return Response(serializers.InEffect(row).data)

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: serializers.InEffect}


def _moment(text: str | None) -> Any:
    if text is None:
        return timezone.now()
    try:
        at = parse_datetime(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.year not in fields.YEARS:
        raise Problem(400, "malformed", _("“at” is a time with its zone, such as 2026-04-01T09:00:00+08:00."))
    return at


class DownloadFace(Face):
    """A version under a grant, through the gate; leaves a delivery, which is when the data was obtained."""

    tag, name, about = "grants", "download_grant_version", gettext_lazy("Download a version under a grant")

    def get(self, request: Any, pk: int, number: int, kind: str) -> FileResponse:
        grant = get_object_or_404(Grant, pk=pk)  # the gate records a stranger's request, too
        version = get_object_or_404(Version.objects.filter(product=grant.product_id), number=number)
        return answer(hand_over(request, grant, version, kind))

    def head(self, request: Any, **path: Any) -> Any:
        return self.http_method_not_allowed(request)

    def answers(self, method: str) -> dict[Any, Any]:
        return files()

    def problems_of(self, method: str) -> tuple[int, ...]:
        return (*READING, 409)


class OpenDownloadFace(DownloadFace):
    """Openly available data: nobody is asked (Art. 15)."""

    tag, name, about = "versions", "download_open_version", gettext_lazy("Download openly available data")
    authentication_classes = ()
    is_public = True

    def scope_needed(self, method: str) -> str:
        return ""

    def get(self, request: Any, pk: int, kind: str) -> FileResponse:  # type: ignore[override]
        version = get_object_or_404(Version.objects.visible_to(AnonymousUser()), pk=pk)
        return answer(delivery.deliver_openly(version=version, at=timezone.now(), format=kind))


class ChunkFace(Face):
    """The next bytes of an upload. The offset makes it safe to send again: no Idempotency-Key."""

    tag, name, about = "uploads", "put_upload_chunk", gettext_lazy("Send the next chunk · Art. 17")
    http_method_names = ("put",)  # type: ignore[assignment]
    parameters = (
        OpenApiParameter(
            OFFSET, {"type": "integer", "minimum": 0}, OpenApiParameter.HEADER, required=True,  # type: ignore[arg-type]
            description="Where the chunk begins; another place than the next is 409 with the right one in this header.",
        ),
    )  # fmt: skip

    def scope_needed(self, method: str) -> str:
        return Scope.WRITE

    def put(self, request: Any, pk: int) -> Response:
        upload = get_object_or_404(BY_NOUN["uploads"].rows(request.user), pk=pk)
        listing.check_chunk(upload=upload, actor=request.user, at=timezone.now())
        offset, content = read_chunk(request._request)
        listing.receive_chunk(upload=upload, actor=request.user, at=timezone.now(), offset=offset, content=content)
        return Response(serializers.UploadRow(upload).data, headers={OFFSET: str(upload.received)})

    def body(self) -> Any:
        return {CHUNK_TYPE: OpenApiTypes.BINARY}

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: serializers.UploadRow}

    def problems_of(self, method: str) -> tuple[int, ...]:
        return tuple(status for status in WRITING if status != 415)


def files() -> dict[Any, Any]:
    return {(200, kind.partition(";")[0]): {"type": "string", "format": "binary"} for kind in CONTENT_TYPES.values()}


class EventsFace(Face):
    """Poll it: `next` is always a cursor, also when there is nothing new."""

    tag, name, about = "events", "list_events", gettext_lazy("What happened, oldest first")

    def get(self, request: Any) -> Response:
        limit, cursor = paging.limit_of(request), request.query_params.get("after", "")
        after = paging.decode(cursor, 2) if cursor else (0, 0)
        rows = list(queries.feed(request.user, after)[:limit])
        reached = queries.position(rows[-1]) if rows else after
        told = [queries.as_told(row) for row in rows]
        return Response({"items": serializers.Event(told, many=True).data, "next": paging.encode(*reached)})

    parameters = tuple(
        OpenApiParameter(one["name"], one["schema"], description=str(one["description"])) for one in paging.PARAMETERS
    )

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: serializers.EventPage}


class InspectionStatisticsFace(Face):
    """The figures of the console's page, for an authority's own systems; without a period, this year so far."""

    tag, name = "inspection-statistics", "inspection_statistics"
    about = gettext_lazy("Inspections of an authority within a period, in figures")
    parameters = (
        OpenApiParameter("authority", OpenApiTypes.INT, description=gettext_lazy("One's own; the province: any")),
        OpenApiParameter("first", OpenApiTypes.DATE, description=gettext_lazy("First day")),
        OpenApiParameter("last", OpenApiTypes.DATE, description=gettext_lazy("Last day")),
    )

    def get(self, request: Any) -> Response:
        form = PeriodForm.asked(request.query_params, request.user)
        if not form.is_valid():
            raise Problem(422, "invalid_fields", _("Some fields are wrong."), form.errors)
        scope, authority = form.scope(), form.cleaned_data["authority"]
        said = {"authority": authority, "first": scope.first, "last": scope.last, "sections": statistics(scope)}
        return Response(serializers.Figures(said).data)

    def answers(self, method: str) -> dict[Any, Any]:
        return {200: serializers.Figures}

    def problems_of(self, method: str) -> tuple[int, ...]:
        return (*READING, 422)


class NothingHere(Face):
    """Every other address under the API."""

    schema = None
    is_public = True
    throttle_classes = ()
    authentication_classes = ()

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        raise Http404
