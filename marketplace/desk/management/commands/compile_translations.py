"""`manage.py compile_translations`: the catalogues compiled in pure Python, so that no gettext is needed."""

import os
from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compile every translation catalogue whose compiled form is missing or older."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for catalogue in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                compile_if_stale(catalogue)


def compile_if_stale(catalogue: Path) -> None:
    compiled = catalogue.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime > catalogue.stat().st_mtime:
        return
    partial = compiled.with_suffix(f".mo.{os.getpid()}")
    polib.pofile(str(catalogue)).save_as_mofile(str(partial))
    partial.replace(compiled)  # a site that is running never reads half a catalogue
