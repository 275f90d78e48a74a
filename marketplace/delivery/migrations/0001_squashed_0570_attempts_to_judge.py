import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("delivery", "0001_initial"),
        ("delivery", "0540_daily_use"),
        ("delivery", "0541_count_earlier_use"),
        ("delivery", "0542_access_outside"),
        ("delivery", "0570_attempts_to_judge"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0610_recusals"),
        ("applications", "0001_squashed_0551_words_of_precautions"),
        ("listings", "0001_squashed_0590_whole_product"),
    ]

    operations = [
        migrations.CreateModel(
            name="Extract",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="extracts", to="listings.version"
                    ),
                ),
                ("fields", models.JSONField()),
                ("fields_hash", models.CharField(max_length=64)),
                ("format", models.CharField(choices=[("csv", "CSV"), ("parquet", "Parquet")], max_length=8)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveBigIntegerField()),
                ("key", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("version", "fields_hash", "format"), name="extract_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AccessRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("grant_ref", models.CharField(blank=True, max_length=80)),
                ("version_ref", models.CharField(max_length=80)),
                ("principal_ref", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("outcome", models.CharField(choices=[("allowed", "allowed"), ("refused", "refused")], max_length=8)),
                ("code", models.CharField(max_length=40)),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("is_judged", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["grant_ref", "-id"], name="access_of_grant"),
                    models.Index(
                        condition=models.Q(("code__in", ("outside_hours", "outside_networks")), ("is_judged", False)),
                        fields=["at"],
                        name="access_to_judge",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DailyUse",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="daily_uses", to="applications.grant"
                    ),
                ),
                ("day", models.DateField()),
                ("downloads", models.PositiveIntegerField()),
                ("rows", models.PositiveBigIntegerField()),
                ("is_judged", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["day"], name="daily_use_of_day"),
                    models.Index(condition=models.Q(("is_judged", False)), fields=["id"], name="daily_use_to_judge"),
                ],
                "constraints": [models.UniqueConstraint(fields=("grant", "day"), name="daily_use_once")],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "grant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="applications.grant",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="listings.version"
                    ),
                ),
                (
                    "principal",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "extract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="delivery.extract"
                    ),
                ),
                ("obtained_at", models.DateTimeField()),
                ("fields", models.JSONField()),
                ("rows", models.PositiveBigIntegerField()),
                ("bytes", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("is_examined", models.BooleanField(default=False)),
            ],
            options={
                "verbose_name": "delivery",
                "indexes": [
                    models.Index(fields=["grant", "version", "obtained_at"], name="delivery_of_grant"),
                    models.Index(condition=models.Q(("is_examined", False)), fields=["id"], name="delivery_to_examine"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("grant", None), ("principal", None)),
                            models.Q(("grant__isnull", False), ("principal__isnull", False)),
                            _connector="OR",
                        ),
                        name="delivery_grant_and_principal",
                    )
                ],
            },
        ),
    ]
