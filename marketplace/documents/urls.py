from django.urls import path, re_path

from marketplace.documents import views

app_name = "documents"
urlpatterns = [
    path("document/<int:pk>/", views.file, name="file"),
    path("document/check/", views.check, name="check"),
    re_path(r"^document/check/(?P<token>[\w-]{1,24})/$", views.check, name="check-token"),
]
