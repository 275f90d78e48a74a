from django.conf import settings
from django.db import migrations, models

import listings.models.purposes


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0613_review_of_each_barring"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="reportfiling",
            name="other_purpose",
            field=models.CharField(blank=True, max_length=300, verbose_name="other purposes it was used for"),
        ),
        migrations.AddField(
            model_name="reportfiling",
            name="purposes",
            field=listings.models.purposes.PurposesField(
                blank=True, null=True, verbose_name="which of the grant's purposes it was used for"
            ),
        ),
        migrations.AddIndex(
            model_name="reportfiling",
            index=models.Index(
                condition=models.Q(
                    models.Q(("other_purpose", ""), _negated=True),
                    models.Q(("is_nil", False), ("purposes", "")),
                    _connector="OR",
                ),
                fields=["report"],
                name="filing_beyond",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportfiling",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_nil", False),
                    models.Q(("other_purpose", ""), models.Q(("purposes", None), ("purposes", ""), _connector="OR")),
                    _connector="OR",
                ),
                name="filing_nil_has_no_purpose",
            ),
        ),
    ]
