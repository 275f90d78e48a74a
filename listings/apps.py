from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class ListingsConfig(AppConfig):
    name = "listings"

    def ready(self) -> None:
        post_migrate.connect(index_after_migrate, sender=self, dispatch_uid="search-index")
        post_migrate.connect(purposes_after_migrate, sender=self, dispatch_uid="purposes")
        from listings.deidentification import sandbox

        sandbox.keep_compiled(settings.VAR_DIR / "numba")


def index_after_migrate(*, using: str, **kwargs: Any) -> None:
    """The index outside the models; and its rows, where there were products before there was a search."""
    from listings.models import SearchRow
    from listings.operations.search import reindex
    from listings.search import triggers

    if triggers.install_on(using) and not SearchRow.objects.using(using).exists():
        reindex()


def purposes_after_migrate(*, using: str, **kwargs: Any) -> None:
    from listings.operations.purposes import install_purposes

    install_purposes(using)
