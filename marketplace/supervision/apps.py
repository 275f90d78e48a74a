from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SupervisionConfig(AppConfig):
    name = "marketplace.supervision"
    label = "supervision"

    def ready(self) -> None:
        # models of their own files
        from marketplace.supervision import (  # noqa: F401
            caution,
            closeout,
            concern,
            incidents,
            inquiry,
            inspections,
            preparedness,
            reading,
            review,
            second_pair,
        )

        post_migrate.connect(rules_after_migrate, sender=self, dispatch_uid="standing-rules")


def rules_after_migrate(*, using: str, **kwargs: Any) -> None:
    from django.utils import timezone

    from marketplace.supervision.standing import install_rules

    install_rules(using, timezone.now())
