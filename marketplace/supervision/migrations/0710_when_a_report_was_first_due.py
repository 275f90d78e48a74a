"""When a report that was returned had been due before; of those there are, by what was recorded as each was opened."""

import json
from datetime import datetime

from django.db import migrations, models


def date_what_was_returned(apps, schema_editor):
    Report, Entry = apps.get_model("supervision", "UsageReport"), apps.get_model("ledger", "Entry")
    entries = Entry.objects.filter(object_type="supervision.usagereport")
    returned = entries.filter(new="returned").values("object_id")
    opened = entries.filter(verb="schedule_report", new="open", object_id__in=returned)
    for entry in opened.filter(detail__isnull=False).select_related("detail"):
        due = datetime.fromisoformat(json.loads(entry.detail.json)["due_at"])
        Report.objects.filter(pk=int(entry.object_id)).update(first_due_at=due)


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0020_feed"),
        ("supervision", "0701_findings_for_reviewers"),
    ]

    operations = [
        migrations.AddField(
            model_name="usagereport", name="first_due_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.RunPython(date_what_was_returned, migrations.RunPython.noop),
    ]
