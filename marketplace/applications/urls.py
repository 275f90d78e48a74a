from django.urls import path

from marketplace.applications import verbs, views, views_standing
from marketplace.faces import verb_urls

app_name = "applications"
urlpatterns = [
    path("applications/", views.application_list, name="application-list"),
    path("application/<int:pk>/", views.application, name="application"),
    path("application/<int:pk>/draft/", views.draft, name="draft"),
    path("product/<int:pk>/apply/", views.start, name="start"),
    path("standing-consents/", views_standing.standing_consent_list, name="standing-consent-list"),
    path("standing-consents/new/<int:unit>/", views_standing.give_standing_consent, name="standing-consent-give"),
    path("standing-consent/<int:pk>/", views_standing.standing_consent, name="standing-consent"),
    path("signing/<int:party>/", views_standing.two_person_rule, name="two-person-rule"),
    *verb_urls(verbs.STANDING, "standing-consent"),
    *verb_urls(verbs.APPLICATION, "application"),
    *verb_urls(verbs.ITEM, "item"),
    *verb_urls(verbs.CONSULTATION, "consultation"),
    *verb_urls(verbs.GRANT, "grant"),
    *verb_urls(verbs.EDITION, "edition"),
    *verb_urls(verbs.AUTHORITY, "party"),
]
