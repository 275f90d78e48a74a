from django.db import migrations
from django.db.models import F, Value
from django.db.models.functions import Concat

CAUSES = ("supervision.incident", "supervision.finding")  # what an act that paused a grant may have been about


def name_causes(apps, schema_editor):
    """The source of a precaution was the operation alone; it begins with its cause, as the ledger knows it."""
    entries = apps.get_model("ledger", "Entry").objects
    holds = apps.get_model("applications", "Hold").objects.filter(code="precaution").exclude(source_ref__contains=":")
    for hold in holds.order_by("pk").iterator():
        about = entries.filter(operation_id=hold.source_ref, object_type__in=CAUSES).order_by("-object_type", "pk")
        found = about.values_list("object_type", "object_id").first() or ("applications.grant", str(hold.grant_id))
        cause = Concat(Value(":".join(found) + ":"), F("source_ref"))
        type(hold).objects.filter(pk=hold.pk).update(source_ref=cause)


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0640_grants_signed_for"),
        ("applications", "0550_sweep_indexes"),
        ("ledger", "0001_initial"),
    ]

    operations = [migrations.RunPython(name_causes, migrations.RunPython.noop, elidable=True)]
