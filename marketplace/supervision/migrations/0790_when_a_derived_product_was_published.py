"""When a derived product was first public, by what was recorded: flagged, it stays public only if it was."""

from django.db import migrations, models


def date_what_was_published(apps, schema_editor):
    Derived, Entry = apps.get_model("supervision", "DerivedProduct"), apps.get_model("ledger", "Entry")
    published = Entry.objects.filter(object_type="supervision.derivedproduct", new="published")
    for entry in published.order_by("pk"):
        Derived.objects.filter(pk=int(entry.object_id), published_at=None).update(published_at=entry.at)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0020_feed"),
        ("supervision", "0760_seeds_grow_at_the_draw"),
    ]

    operations = [
        migrations.AddField(
            model_name="derivedproduct", name="published_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(date_what_was_published, migrations.RunPython.noop),
    ]
