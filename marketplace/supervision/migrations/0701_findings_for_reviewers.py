"""A finding about a grant of non-public data is answered by its compliance reviewer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0700_who_flagged_a_derived_product"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="finding", name="finding_about_one"),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(grant__isnull=False, version=None) | models.Q(grant=None, version__isnull=False),
                name="finding_about_one",
            ),
        ),
    ]
