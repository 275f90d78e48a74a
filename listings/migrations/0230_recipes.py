import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("listings", "0210_purposes_and_invited_persons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="wish",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="processingstep",
            name="facts",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(
                choices=[
                    ("read", "reading"),
                    ("assess", "assessment"),
                    ("reassess", "re-assessment"),
                    ("suggest", "search for a recipe"),
                    ("apply", "application of a recipe"),
                ],
                default="assess",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Recipe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("found", "found: least is lost"),
                            ("alternative", "found: the next best"),
                            ("written", "written by the seller"),
                        ],
                        max_length=12,
                        verbose_name="where it is from",
                    ),
                ),
                ("document", models.JSONField(null=True)),
                ("bounds", models.JSONField(default=dict)),
                ("suggestion", models.JSONField(default=dict)),
                ("figures", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                (
                    "assessment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="listings.assessment"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="listings.job"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="recipes", to="listings.version"
                    ),
                ),
            ],
            options={
                "verbose_name": "recipe",
            },
        ),
        migrations.CreateModel(
            name="AppliedRecipe",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("record", models.JSONField()),
                ("sha256_in", models.CharField(max_length=64)),
                ("sha256_out", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recipe",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="applied", to="listings.recipe"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="recipe",
            constraint=models.UniqueConstraint(fields=("version", "number"), name="recipe_number"),
        ),
    ]
