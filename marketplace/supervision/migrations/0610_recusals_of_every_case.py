from django.db import migrations

ABOUT = ("review", "measure", "finding")


def carry_over(apps, schema_editor):
    Before, Recusal = apps.get_model("supervision", "Recusal"), apps.get_model("accounts", "Recusal")
    for row in Before.objects.order_by("pk").iterator():
        name = next(one for one in ABOUT if getattr(row, f"{one}_id"))
        Recusal.objects.get_or_create(
            user_id=row.user_id, object_type=f"supervision.{name}", object_id=str(getattr(row, f"{name}_id")),
            defaults={"reason": row.reason, "at": row.at, "colleague_id": row.colleague_id},
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("supervision", "0601_second_pair_of_endings"), ("accounts", "0610_recusals")]

    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
