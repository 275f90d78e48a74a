from django.db import migrations, models


def what_was_held(apps, schema_editor):
    """Held, and not by a take-down alone: the newest entry that held it was another act."""
    version_model, entry = apps.get_model("listings", "Version"), apps.get_model("ledger", "Entry")
    for version in version_model.objects.filter(state="held").only("pk", "is_taken_down"):
        held = entry.objects.filter(object_type="listings.version", object_id=str(version.pk), new="held")
        last = held.order_by("pk").values_list("verb", flat=True).last()
        if not version.is_taken_down or last != "take_down":
            version_model.objects.filter(pk=version.pk).update(is_held_by_hand=True)


class Migration(migrations.Migration):
    dependencies = [
        ("listings", "0500_samples"),
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="version",
            name="is_held_by_hand",
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(what_was_held, migrations.RunPython.noop),
    ]
