from django.db import migrations
from django.utils import timezone

from marketplace.clock.working_days import due_after

WORKING_DAYS = 5  # the default on the day of the upgrade; no site had set another


def give_open_objections_a_deadline(apps, schema_editor):
    """Objections that were open before answers had a deadline: it begins with the upgrade."""
    Clock, Objection = apps.get_model("clock", "Clock"), apps.get_model("listings", "Objection")
    mine = Clock.objects.filter(object_type="listings.objection", kind="objection", ended_at=None)
    running = set(mine.values_list("object_id", flat=True))
    at = timezone.now()
    for pk in Objection.objects.filter(state="open").values_list("pk", flat=True):
        if str(pk) not in running:
            Clock.objects.create(
                object_type="listings.objection", object_id=str(pk), kind="objection", started_at=at,
                working_days=WORKING_DAYS, due_at=due_after(at, WORKING_DAYS),
            )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("clock", "0210_objections"),
        ("listings", "0240_sign_off_on_an_assessment"),
    ]

    operations = [
        migrations.RunPython(give_open_objections_a_deadline, migrations.RunPython.noop),
    ]
