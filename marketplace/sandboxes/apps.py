from typing import Any

from django.apps import AppConfig
from django.utils import timezone

from marketplace import elsewhere


class SandboxesConfig(AppConfig):
    name = "marketplace.sandboxes"
    label = "sandboxes"

    def __init__(self, *args: Any) -> None:
        """Views and tasks ask `timezone.now()`; in a sandbox that is the sandbox's time (decision 0100).

        Here, before any model is imported: defaults of fields name the function.
        """
        super().__init__(*args)
        elsewhere.now.__module__ = timezone.__name__  # as migrations write it
        timezone.now = elsewhere.now
