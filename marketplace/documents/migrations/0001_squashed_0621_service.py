import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import marketplace.documents.models


class Migration(migrations.Migration):
    replaces = [
        ("documents", "0001_initial"),
        ("documents", "0530_extension_and_annulment"),
        ("documents", "0550_certificates"),
        ("documents", "0600_take_down_final"),
        ("documents", "0610_take_downs"),
        ("documents", "0620_notices_and_hearings"),
        ("documents", "0621_service"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0610_recusals"),
    ]

    operations = [
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("prefix", models.CharField(max_length=20)),
                ("year", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("prefix", "year"), name="series_once")],
            },
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=40, unique=True, verbose_name="number")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("order", "Order to correct, with suspension of the data service"),
                            ("correction", "Order to correct within a time"),
                            ("hearing", "Notice of intent to find a refusal to correct, with the time to be heard"),
                            ("refusal_found", "Finding of a refusal to correct"),
                            ("referral", "Decision to refer an order that was not obeyed"),
                            ("lifting", "Decision to lift an order"),
                            ("termination", "Decision to terminate the data service"),
                            ("notice", "Contract notice, with suspension of the data service"),
                            ("notice_extension", "More time to correct after a contract notice"),
                            ("notice_lifting", "Lifting of a contract notice"),
                            ("notice_termination", "Termination of the data service after a contract notice"),
                            ("notice_annulment", "Annulment of a contract notice"),
                            ("take_down", "Decision to take data down"),
                            ("take_down_lifting", "Decision to lift a take-down"),
                            ("take_down_final", "Decision to make a take-down final"),
                            ("take_down_annulment", "Decision to annul a take-down"),
                            ("extension", "Decision to extend the time to correct"),
                            ("annulment", "Decision to annul an order"),
                            ("grant", "Decision to grant the use of data"),
                            ("refusal", "Decision to refuse the use of data"),
                            ("review", "Decision on a review"),
                            ("certificate", "Certificate of destruction, checked"),
                        ],
                        max_length=20,
                        verbose_name="kind",
                    ),
                ),
                ("object_type", models.CharField(max_length=80)),
                ("object_id", models.CharField(max_length=64)),
                (
                    "issuer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="authority",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.party",
                        verbose_name="to",
                    ),
                ),
                ("content", models.JSONField()),
                ("token", models.CharField(default=marketplace.documents.models.new_token, max_length=24, unique=True)),
                ("issued_at", models.DateTimeField(verbose_name="date")),
                ("pdf", models.BinaryField(null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("rendered_at", models.DateTimeField(blank=True, null=True)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "seen_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("deemed_served_at", models.DateTimeField(blank=True, null=True)),
                ("void_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "numbered document",
                "indexes": [
                    models.Index(fields=["object_type", "object_id"], name="document_of"),
                    models.Index(condition=models.Q(("rendered_at", None)), fields=["id"], name="document_due"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("pdf", None), ("rendered_at", None), ("sha256", "")),
                            models.Q(
                                ("pdf__isnull", False),
                                ("rendered_at__isnull", False),
                                models.Q(("sha256", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="document_file_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("seen_at", None), ("seen_by", None)),
                            models.Q(("seen_at__isnull", False), ("seen_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="document_seen_both",
                    ),
                ],
            },
        ),
    ]
