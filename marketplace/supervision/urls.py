from django.urls import path

from marketplace.faces import verb_urls
from marketplace.supervision import verbs, views

app_name = "supervision"
urlpatterns = [
    path("grants/", views.grant_list, name="grant-list"),
    path("grant/<int:pk>/", views.grant, name="grant"),
    path("report/<int:pk>/", views.report, name="report"),
    path("orders/", views.measure_list, name="measure-list"),
    path("order/<int:pk>/", views.measure, name="measure"),
    path("findings/", views.finding_list, name="finding-list"),
    path("finding/<int:pk>/", views.finding, name="finding"),
    path("derived/", views.derived_list, name="derived-list"),
    path("derived/new/<int:party>/", views.register_derived, name="derived-register"),
    path("derived/<str:token>/", views.derived, name="derived"),
    *verb_urls(verbs.REPORT, "report"),
    *verb_urls(verbs.DERIVED, "derived-product"),
    *verb_urls(verbs.FINDING, "finding"),
    *verb_urls(verbs.MEASURE, "order"),
    *verb_urls(verbs.GRANT, "grant"),
]
