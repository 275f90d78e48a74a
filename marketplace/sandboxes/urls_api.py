"""`/api/v1/sandbox/`."""

from django.urls import path

from marketplace.sandboxes import faces

urlpatterns = [
    path("", faces.SandboxFace.as_view()),
    path("time/", faces.TimeFace.as_view()),
]
