from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0541_count_earlier_use")]

    operations = [
        migrations.AddIndex(
            model_name="accessrecord",
            index=models.Index(
                condition=models.Q(("code__in", ("outside_hours", "outside_networks"))),
                fields=["at"],
                name="access_outside",
            ),
        ),
    ]
