"""The site, and a page with nothing on it but the frame of every page."""

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.urls import include, path

urlpatterns = [
    path("bench/empty/", login_not_required(lambda request: render(request, "base.html"))),
    path("", include("marketplace.urls")),
]
