import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0520_plan_evidence"),
        ("applications", "0540_reported_until"),
        ("listings", "0570_held_by_hand"),
        ("supervision", "0580_occasions_told"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="review",
            name="review_of_one",
        ),
        migrations.AddField(
            model_name="review",
            name="rule",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="listings.releaserule",
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="edition",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="applications.grantedition",
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="grant",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="applications.grant",
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="registration",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.party",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", True),
                        ("edition__isnull", True),
                        ("grant__isnull", True),
                        ("item__isnull", True),
                        ("measure__isnull", False),
                        ("registration__isnull", True),
                        ("rule__isnull", True),
                        ("version__isnull", True),
                    ),
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", True),
                        ("edition__isnull", True),
                        ("grant__isnull", True),
                        ("item__isnull", False),
                        ("measure__isnull", True),
                        ("registration__isnull", True),
                        ("rule__isnull", True),
                        ("version__isnull", True),
                    ),
                    models.Q(
                        ("application__isnull", False),
                        ("caution__isnull", True),
                        ("edition__isnull", True),
                        ("grant__isnull", True),
                        ("item__isnull", True),
                        ("measure__isnull", True),
                        ("registration__isnull", True),
                        ("rule__isnull", True),
                        ("version__isnull", True),
                    ),
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", True),
                        ("edition__isnull", True),
                        ("grant__isnull", True),
                        ("item__isnull", True),
                        ("measure__isnull", True),
                        ("registration__isnull", True),
                        ("rule__isnull", True),
                        ("version__isnull", False),
                    ),
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", False),
                        ("edition__isnull", True),
                        ("grant__isnull", True),
                        ("item__isnull", True),
                        ("measure__isnull", True),
                        ("registration__isnull", True),
                        ("rule__isnull", True),
                        ("version__isnull", True),
                    ),
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", True),
                        ("edition__isnull", True),
                        ("grant__isnull", True),
                        ("item__isnull", True),
                        ("measure__isnull", True),
                        ("registration__isnull", True),
                        ("rule__isnull", False),
                        ("version__isnull", True),
                    ),
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", True),
                        ("edition__isnull", False),
                        ("grant__isnull", True),
                        ("item__isnull", True),
                        ("measure__isnull", True),
                        ("registration__isnull", True),
                        ("rule__isnull", True),
                        ("version__isnull", True),
                    ),
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", True),
                        ("edition__isnull", True),
                        ("grant__isnull", False),
                        ("item__isnull", True),
                        ("measure__isnull", True),
                        ("registration__isnull", True),
                        ("rule__isnull", True),
                        ("version__isnull", True),
                    ),
                    models.Q(
                        ("application__isnull", True),
                        ("caution__isnull", True),
                        ("edition__isnull", True),
                        ("grant__isnull", True),
                        ("item__isnull", True),
                        ("measure__isnull", True),
                        ("registration__isnull", False),
                        ("rule__isnull", True),
                        ("version__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="review_of_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "lodged")), fields=("rule",), name="review_open_once_rule"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "lodged")), fields=("edition",), name="review_open_once_edition"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "lodged")), fields=("grant",), name="review_open_once_grant"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "lodged")), fields=("registration",), name="review_open_once_registration"
            ),
        ),
    ]
