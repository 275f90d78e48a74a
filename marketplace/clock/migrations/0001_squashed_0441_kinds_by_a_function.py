from django.db import migrations, models

import marketplace.clock.models


class Migration(migrations.Migration):
    replaces = [
        ("clock", "0001_initial"),
        ("clock", "0040_pause_and_extension"),
        ("clock", "0200_reassessment"),
        ("clock", "0210_objections"),
        ("clock", "0230_mending"),
        ("clock", "0440_concerns"),
        ("clock", "0441_kinds_by_a_function"),
    ]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("date", models.DateField(primary_key=True, serialize=False)),
                ("is_workday", models.BooleanField()),
                ("published", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="ClockSetting",
            fields=[
                (
                    "kind",
                    models.CharField(
                        choices=marketplace.clock.models.kinds, max_length=20, primary_key=True, serialize=False
                    ),
                ),
                ("days", models.PositiveSmallIntegerField()),
                ("source", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_type", models.CharField(max_length=80)),
                ("object_id", models.CharField(max_length=64)),
                (
                    "kind",
                    models.CharField(choices=marketplace.clock.models.kinds, max_length=20, verbose_name="deadline"),
                ),
                ("started_at", models.DateTimeField()),
                ("working_days", models.PositiveSmallIntegerField()),
                ("paused_days", models.PositiveSmallIntegerField(default=0)),
                ("extended_days", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("paused_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("ended_at", None)), fields=["kind", "due_at"], name="clock_due")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("object_type", "object_id", "kind"),
                        name="clock_one_open_per_kind",
                    )
                ],
            },
        ),
    ]
