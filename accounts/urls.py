from django.urls import path

from accounts import verbs, views
from marketplace.faces import verb_urls

app_name = "accounts"
urlpatterns = [
    path("parties/", views.party_list, name="party-list"),
    path("party/<int:pk>/", views.party, name="party"),
    path("party/<int:pk>/credentials/", views.credentials, name="credentials"),
    path("party/<int:pk>/credentials/new/", views.create_credential, name="credential-create"),
    path("party/<int:pk>/credentials/<int:credential>/rotate/", views.rotate_credential, name="credential-rotate"),
    path("party/<int:pk>/credentials/<int:credential>/revoke/", views.revoke_credential, name="credential-revoke"),
    *verb_urls(verbs.PARTY, "party"),
]
