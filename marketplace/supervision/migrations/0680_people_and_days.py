import json

from django.db import migrations, models


def date_what_was_named_later(apps, schema_editor):
    """From the ledger: what was named after a derived product was registered, for a newer edition of it."""
    use, entry = apps.get_model("supervision", "DerivedFrom"), apps.get_model("ledger", "Entry")
    named = entry.objects.filter(object_type="supervision.derivedproduct", verb="add_sources", detail__isnull=False)
    for row in named.select_related("detail").order_by("pk").iterator():
        for pair in json.loads(row.detail.json).get("built_from", []):
            grant, version = (ref.split(":")[1] for ref in pair)
            use.objects.filter(derived=row.object_id, grant=grant, version=version).update(named_at=row.at)


class Migration(migrations.Migration):
    dependencies = [("supervision", "0670_inquiries_about_each_case"), ("ledger", "0001_initial")]

    operations = [
        migrations.AddField("derivedfrom", "named_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("incident", "people_at_most", models.BooleanField(default=False)),
        migrations.RunPython(date_what_was_named_later, migrations.RunPython.noop),
    ]
