from django.db import migrations

# kind of the notice -> how many parts its occasion had at the end of the notice's key
PARTS = {"clock_overdue": 2, "report_due": 3}


def keep(apps, schema_editor):
    """What was told of a deadline, or of a report due soon, before such reminders had occasions: told once, not again."""
    occasion, outbox = apps.get_model("supervision", "Occasion"), apps.get_model("notices", "Outbox")
    told = {}
    for kind, parts in PARTS.items():
        rows = outbox.objects.filter(kind=kind, channel="page").order_by("-pk")
        for key, at in rows.values_list("dedup_key", "created_at").iterator():
            told[":".join([kind, *key.split(":")[-parts:]])] = at
    occasion.objects.bulk_create(
        [occasion(key=key, at=at) for key, at in told.items()], batch_size=500, ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("notices", "0100_digests_and_preferences"), ("supervision", "0571_recusals")]
    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
