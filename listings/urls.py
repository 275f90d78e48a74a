from django.urls import path

from listings import (
    verbs,
    views,
    views_catalogue,
    views_import,
    views_publicity,
    views_recipes,
    views_rules,
    views_uploads,
)
from marketplace.faces import verb_urls

app_name = "listings"
urlpatterns = [
    path("source-file/<int:pk>/evidence/<int:file>/", views.source_evidence, name="source-file-evidence"),
    path("products/", views_catalogue.catalogue, name="catalogue"),
    path("products/mine/", views.mine, name="mine"),
    path("products/new/", views.create_product, name="product-create"),
    path("product/<int:pk>/", views.product, name="product"),
    path("version/<int:pk>/", views.version, name="version"),
    path("publicity/", views_publicity.publicity, name="publicity"),
    path("version/<int:pk>/object/", views_publicity.object_to_version, name="version-object"),
    path("objections/follow/", views_publicity.follow_objection, name="objection-follow"),
    path("objection/<int:pk>/", views_publicity.objection, name="objection"),
    path("entries/", views_catalogue.entries, name="entries"),
    path("entries/import/", views_import.import_entries, name="entry-import"),
    path("entries/import/confirm/", views_import.confirm_import, name="entry-import-confirm"),
    path("entries/import/download.csv", views_import.import_template, name="entry-import-template"),
    path("entries/publish/", views_import.publish_entries, name="entries-publish"),
    path("entries/new/", views.propose_entry, name="entry-propose"),
    path("entry/<int:pk>/", views.entry, name="entry"),
    path("release-rule/<int:pk>/", views_rules.release_rule, name="release-rule"),
    path("version/<int:pk>/uploads/", views_uploads.start, name="upload-start"),
    path("recipe/<int:pk>/recipe.json", views_recipes.download, name="recipe-download"),
    path("upload/<int:pk>/", views_uploads.status, name="upload"),
    path("upload/<int:pk>/chunk/", views_uploads.chunk, name="upload-chunk"),
    path("upload/<int:pk>/complete/", views_uploads.complete, name="upload-complete"),
    *verb_urls(verbs.ENTRY, "entry"),
    *verb_urls(verbs.PRODUCT, "product"),
    *verb_urls(verbs.VERSION, "version"),
    *verb_urls(verbs.UPLOAD, "upload"),
    *verb_urls(verbs.SOURCE, "source-file"),
    *verb_urls(verbs.OBJECTION, "objection"),
    *verb_urls(verbs.RULE, "release-rule"),
    path("description-change/<int:pk>/", views_rules.description_change, name="description-change"),
    *verb_urls(verbs.DESCRIPTION, "description-change"),
]
