from django.db import migrations, models


class Migration(migrations.Migration):
    """Attempts from before are judged once more: of those that were found already, the finding is known."""

    dependencies = [("delivery", "0542_access_outside")]

    operations = [
        migrations.RemoveIndex(model_name="accessrecord", name="access_outside"),
        migrations.AddField(model_name="accessrecord", name="is_judged", field=models.BooleanField(default=False)),
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(
                condition=models.Q(("code__in", ("outside_hours", "outside_networks")), ("is_judged", False)),
                fields=["at"],
                name="access_to_judge",
            ),
        ),
    ]
