"""Reading the ledger."""

import json
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from marketplace.ledger.models import Entry


def history(objects: Iterable[models.Model]) -> QuerySet[Entry]:
    """All entries about some objects, in the order in which the database recorded them."""
    wanted = Q(pk__in=[])
    for obj in objects:
        wanted |= Q(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    return Entry.objects.filter(wanted).order_by("pk")


def detail_of(entry: Entry) -> dict[str, Any]:
    """What an entry says beyond who, what and when; nothing where it said no more, or that was erased."""
    return json.loads(entry.detail.json) if hasattr(entry, "detail") else {}
