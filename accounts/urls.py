from django.urls import path

from accounts import verbs, views
from marketplace.faces import verb_urls

app_name = "accounts"
urlpatterns = [
    path("parties/", views.party_list, name="party-list"),
    path("party/<int:pk>/", views.party, name="party"),
    *verb_urls(verbs.PARTY, "party"),
]
