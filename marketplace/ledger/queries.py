"""Reading the ledger."""

from collections.abc import Iterable

from django.db import models
from django.db.models import Q, QuerySet

from marketplace.ledger.models import Entry


def history(objects: Iterable[models.Model]) -> QuerySet[Entry]:
    """All entries about some objects, in the order in which the database recorded them."""
    wanted = Q(pk__in=[])
    for obj in objects:
        wanted |= Q(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    return Entry.objects.filter(wanted).order_by("pk")
