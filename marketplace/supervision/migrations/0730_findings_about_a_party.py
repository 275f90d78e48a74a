"""What was reported about neither a grant nor a version is a finding about its party alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0721_lapses_of_taken_cases"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="finding", name="finding_about_one"),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(grant=None) | models.Q(version=None), name="finding_about_one"
            ),
        ),
    ]
