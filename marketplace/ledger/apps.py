from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class LedgerConfig(AppConfig):
    name = "marketplace.ledger"
    label = "ledger"

    def ready(self) -> None:
        from marketplace.ledger.triggers import install_after_migrate, step_aside_before_migrate

        pre_migrate.connect(step_aside_before_migrate, sender=self, dispatch_uid="ledger-triggers")
        post_migrate.connect(install_after_migrate, dispatch_uid="ledger-triggers")
