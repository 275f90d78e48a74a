from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.regions import load_after_migrate

        post_migrate.connect(load_after_migrate, sender=self, dispatch_uid="regions")
