from django.urls import path, re_path

from marketplace.faces import verb_urls
from marketplace.supervision import verbs, views, views_concern, views_derived, views_incidents

app_name = "supervision"
urlpatterns = [
    path("order/<int:pk>/evidence/<int:file>/", views.measure_evidence, name="measure-evidence"),
    path("finding/<int:pk>/evidence/<int:file>/", views.finding_evidence, name="finding-evidence"),
    path("grants/", views.grant_list, name="grant-list"),
    path("grant/<int:pk>/", views.grant, name="grant"),
    path("report/<int:pk>/", views.report, name="report"),
    path("orders/", views.measure_list, name="measure-list"),
    path("order/<int:pk>/", views.measure, name="measure"),
    path("findings/", views.finding_list, name="finding-list"),
    path("finding/<int:pk>/", views.finding, name="finding"),
    path("concern/<int:pk>/evidence/<int:file>/", views_concern.concern_evidence, name="concern-evidence"),
    path("concerns/", views_concern.concern_list, name="concern-list"),
    path("concern/<int:pk>/", views_concern.concern, name="concern"),
    path("concern/new/", views_concern.report, name="concern-new"),
    path("concern/new/<str:about>/<str:key>/", views_concern.report, name="concern-new-about"),
    path("concern/follow/", views_concern.follow, name="concern-follow"),
    path("incidents/", views_incidents.incident_list, name="incident-list"),
    path("incident/<int:pk>/", views_incidents.incident, name="incident"),
    path("incident/new/<int:version>/", views_incidents.open_incident, name="incident-open"),
    path("incident-notices/", views_incidents.notice_list, name="incident-notices"),
    path("incident-notice/<int:pk>/", views_incidents.notice, name="incident-notice"),
    path("check/", views_derived.check, name="check"),
    path("derived/", views_derived.derived_list, name="derived-list"),
    path("derived/new/<int:party>/", views_derived.register_derived, name="derived-register"),
    path("derived/<str:token>/", views_derived.derived, name="derived"),
    re_path(
        r"^derived/(?P<token>[\w-]{1,24})/download\.(?P<format>txt|html|jsonld|svg)$",
        views_derived.download_attribution,
        name="attribution",
    ),
    *verb_urls(verbs.REPORT, "report"),
    *verb_urls(verbs.DERIVED, "derived-product"),
    *verb_urls(verbs.FINDING, "finding"),
    *verb_urls(verbs.CONCERN, "concern"),
    *verb_urls(verbs.MEASURE, "order"),
    *verb_urls(verbs.INCIDENT, "incident"),
    *verb_urls(verbs.GRANT, "grant"),
    *verb_urls(verbs.PARTY, "party"),
]
