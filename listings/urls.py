from django.urls import path

from listings import verbs, views, views_rules
from marketplace.faces import verb_urls

app_name = "listings"
urlpatterns = [
    path("products/", views.catalogue, name="catalogue"),
    path("products/mine/", views.mine, name="mine"),
    path("products/new/", views.create_product, name="product-create"),
    path("product/<int:pk>/", views.product, name="product"),
    path("version/<int:pk>/", views.version, name="version"),
    path("entries/", views.entries, name="entries"),
    path("entries/new/", views.propose_entry, name="entry-propose"),
    path("entry/<int:pk>/", views.entry, name="entry"),
    path("release-rule/<int:pk>/", views_rules.release_rule, name="release-rule"),
    *verb_urls(verbs.ENTRY, "entry"),
    *verb_urls(verbs.PRODUCT, "product"),
    *verb_urls(verbs.VERSION, "version"),
    *verb_urls(verbs.RULE, "release-rule"),
]
