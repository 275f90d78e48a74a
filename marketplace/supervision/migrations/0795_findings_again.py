"""What was remedied is noticed again where its cause comes back: of an occasion all findings but one are remedied."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("supervision", "0790_when_a_derived_product_was_published")]
    operations = [
        migrations.AlterField("finding", "occasion_key", models.CharField(db_index=True, max_length=120)),
        migrations.AddConstraint(
            "finding",
            models.UniqueConstraint(
                fields=["occasion_key"], condition=~models.Q(state="remedied"), name="finding_once_per_occasion"
            ),
        ),
    ]
