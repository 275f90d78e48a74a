from django.urls import path

from listings import verbs, views, views_catalogue, views_import
from marketplace.faces import verb_urls

app_name = "listings"
urlpatterns = [
    path("products/", views_catalogue.catalogue, name="catalogue"),
    path("products/mine/", views.mine, name="mine"),
    path("products/new/", views.create_product, name="product-create"),
    path("product/<int:pk>/", views.product, name="product"),
    path("version/<int:pk>/", views.version, name="version"),
    path("entries/", views_catalogue.entries, name="entries"),
    path("entries/import/", views_import.import_entries, name="entry-import"),
    path("entries/import/confirm/", views_import.confirm_import, name="entry-import-confirm"),
    path("entries/import/download.csv", views_import.import_template, name="entry-import-template"),
    path("entries/publish/", views_import.publish_entries, name="entries-publish"),
    path("entries/new/", views.propose_entry, name="entry-propose"),
    path("entry/<int:pk>/", views.entry, name="entry"),
    *verb_urls(verbs.ENTRY, "entry"),
    *verb_urls(verbs.PRODUCT, "product"),
    *verb_urls(verbs.VERSION, "version"),
]
