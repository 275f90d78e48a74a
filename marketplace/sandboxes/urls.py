from django.urls import path

from marketplace.sandboxes import views

app_name = "sandboxes"
urlpatterns = [
    path("party/<int:pk>/sandbox/", views.sandbox, name="sandbox"),
    path("party/<int:pk>/sandbox/<slug:verb>/", views.sandbox_verb, name="sandbox-verb"),
]
