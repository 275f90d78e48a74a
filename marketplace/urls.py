"""The site's addresses."""

from django.urls import include, path

from accounts.views import set_language
from marketplace.console.admin import console

urlpatterns = [
    path("", include("marketplace.desk.urls")),
    path("", include("accounts.urls")),
    path("", include("marketplace.documents.urls")),
    path("", include("listings.urls")),
    path("", include("marketplace.applications.urls")),
    path("", include("marketplace.delivery.urls")),
    path("", include("marketplace.supervision.urls")),
    path("console/", console.urls),
    path("", include("marketplace.sandboxes.urls")),
    path("api/v1/sandbox/", include("marketplace.sandboxes.urls_api")),
    path("api/v1/", include("marketplace.api.urls")),
    path("language/", set_language, name="set_language"),
    path("accounts/", include("accounts.entrance")),
]
