"""`/api/v1/`: two addresses for each resource, one for each verb, and what is no object."""

from django.urls import URLPattern, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import parsers

from marketplace.api import evidence, papers, views
from marketplace.api.faces import Face
from marketplace.api.resources import CREATIONS, RESOURCES, Resource

app_name = "api"
DOCS = {"schema": None, "url_name": "api:schema", "template_name": "api/docs.html", "permission_classes": ()}


def has_file(form: type) -> bool:
    return any(field.widget.needs_multipart_form for field in form.base_fields.values())  # type: ignore[attr-defined]


def of(resource: Resource) -> list[URLPattern]:
    noun = resource.noun
    creation = next((one for one in CREATIONS if one.path == noun), None)
    listed = (
        views.CollectionFace.as_view(resource=resource, creation=creation)
        if creation
        else views.ListFace.as_view(resource=resource)
    )
    urls = [
        path(f"{noun}/", listed, name=f"{noun}-list"),
        path(f"{noun}/<int:pk>/", views.ObjectFace.as_view(resource=resource), name=f"{noun}-detail"),
    ]
    for table in resource.tables:
        for verb in table.verbs:
            taken = (parsers.MultiPartParser,) if has_file(verb.form) else Face.parser_classes
            view = views.VerbFace.as_view(resource=resource, table=table, verb=verb, parser_classes=taken)
            urls.append(path(f"{noun}/<int:pk>/{verb.name.replace('_', '-')}/", view, name=f"{noun}-{verb.name}"))
    return urls


urlpatterns = [
    *(url for resource in RESOURCES for url in of(resource)),
    *(
        path(f"{one.path}/", views.CreateFace.as_view(creation=one), name=f"{one.verb}-{one.made}")
        for one in CREATIONS
        if "<" in one.path
    ),
    *evidence.urls(),
    *papers.urls(),
    path("uploads/<int:pk>/chunk/", views.ChunkFace.as_view(), name="upload-chunk"),
    path("entries/import/", views.ImportFace.as_view(), name="entries-import"),
    path("grants/<int:pk>/in-effect/", views.InEffectFace.as_view(), name="grant-in-effect"),
    path(
        "grants/<int:pk>/versions/<int:number>/download.<format:kind>",
        views.DownloadFace.as_view(),
        name="grant-download",
    ),
    path("open/versions/<int:pk>/download.<format:kind>", views.OpenDownloadFace.as_view(), name="open-download"),
    path("events/", views.EventsFace.as_view(), name="events"),
    path("inspection-statistics/", views.InspectionStatisticsFace.as_view(), name="inspection-statistics"),
    path("schema/", SpectacularAPIView.as_view(schema=None), name="schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(schema=None, url_name="api:schema", template_name="api/docs.html"),
        name="docs",
    ),
    re_path(r"^.*$", views.NothingHere.as_view()),
]
