from django.urls import path, register_converter
from django.urls.converters import StringConverter

from marketplace.delivery import views


class FormatConverter(StringConverter):
    regex = "(?:csv|parquet)"


register_converter(FormatConverter, "format")

app_name = "delivery"
urlpatterns = [
    path("grant/<int:pk>/version/<int:version>/download.<format:format>", views.download, name="download"),
    path("open/version/<int:version>/download.<format:format>", views.download_open, name="download-open"),
]
