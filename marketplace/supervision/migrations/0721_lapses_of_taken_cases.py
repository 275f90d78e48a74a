import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0610_recusals"),
        ("clock", "0001_squashed_0441_kinds_by_a_function"),
        ("supervision", "0720_precautions_that_were_over"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lapse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField()),
                (
                    "authority",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lapses", to="clock.clock"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("clock", "due_at"), name="lapse_once")],
            },
        ),
    ]
