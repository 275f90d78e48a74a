from django.urls import path

from accounts import account_views, credential_views, naming_views, notice_views, verbs, views
from marketplace.faces import verb_urls

app_name = "accounts"
urlpatterns = [
    path("parties/", views.party_list, name="party-list"),
    path("parties/register/person/", views.register, {"kind": "person"}, name="register-person"),
    path("parties/register/organisation/", views.register, {"kind": "organisation"}, name="register-organisation"),
    path("party/<int:pk>/", views.party, name="party"),
    path("party/<int:pk>/evidence/<int:file>/", views.party_evidence, name="party-evidence"),
    path("privacy/", account_views.privacy, name="privacy"),
    path("account/", account_views.account, name="account"),
    path("account/export/", account_views.export, name="export"),
    path("account/notices/", notice_views.notices, name="notices"),
    path("notices/off/<str:token>/", notice_views.notices_off, name="notices-off"),
    path("account/systems/", naming_views.systems, name="systems"),
    path("account/systems/<int:pk>/agree/", naming_views.agree, name="system-agree"),
    path("account/systems/<int:pk>/withdraw/", naming_views.withdraw, name="system-withdraw"),
    path("account/sessions/", account_views.sessions, name="sessions"),
    path("account/sessions/<int:pk>/end/", account_views.end_session, name="session-end"),
    path("account/sessions/end-all/", account_views.end_all_sessions, name="sessions-end"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("party/<int:pk>/credentials/", credential_views.credentials, name="credentials"),
    path("party/<int:pk>/credentials/new/", credential_views.create_credential, name="credential-create"),
    path(
        "party/<int:pk>/credentials/<int:credential>/rotate/",
        credential_views.rotate_credential,
        name="credential-rotate",
    ),
    path(
        "party/<int:pk>/credentials/<int:credential>/revoke/",
        credential_views.revoke_credential,
        name="credential-revoke",
    ),
    *verb_urls(verbs.PARTY, "party"),
]
