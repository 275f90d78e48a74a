"""Of precautions that had ended by themselves before their end was told of at all, nobody is told now."""

from datetime import timedelta

from django.db import migrations
from django.utils import timezone

RECENT = timedelta(days=1)  # what ended later than this before the upgrade is told by the next sweep


def keep(apps, schema_editor):
    Hold, Occasion = apps.get_model("applications", "Hold"), apps.get_model("supervision", "Occasion")
    now = timezone.now()
    over = Hold.objects.filter(code="precaution", state="open", ends_at__lte=now - RECENT)
    keys = [f"hold_over:{pk}" for pk in over.order_by("pk").values_list("pk", flat=True)]
    Occasion.objects.bulk_create([Occasion(key=key, at=now) for key in keys], batch_size=500, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0551_words_of_precautions"),
        ("supervision", "0710_when_a_report_was_first_due"),
    ]
    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]
