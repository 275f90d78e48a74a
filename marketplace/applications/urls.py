from django.urls import path

from marketplace.applications import verbs, views
from marketplace.faces import verb_urls

app_name = "applications"
urlpatterns = [
    path("applications/", views.application_list, name="application-list"),
    path("application/<int:pk>/", views.application, name="application"),
    path("product/<int:pk>/apply/", views.start, name="start"),
    *verb_urls(verbs.APPLICATION, "application"),
    *verb_urls(verbs.ITEM, "item"),
    *verb_urls(verbs.CONSULTATION, "consultation"),
    *verb_urls(verbs.GRANT, "grant"),
    *verb_urls(verbs.AUTHORITY, "party"),
]
