"""`manage.py generate_docs`: draw the state diagrams, deadlines and settings into `docs/`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from marketplace.desk.database import prepare
from marketplace.desk.generated_docs import documents


class Command(BaseCommand):
    help = "Writes the generated documents into docs/. A test fails when they are stale."

    def handle(self, **options: Any) -> None:
        prepare()  # some forms look for their choices
        for name, text in documents().items():
            path = settings.BASE_DIR / "docs" / name
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"docs/{name}")
