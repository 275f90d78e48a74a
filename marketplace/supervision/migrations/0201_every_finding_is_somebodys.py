import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("supervision", "0200_findings_about_versions")]

    operations = [
        migrations.AlterField("finding", "party", models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party", verbose_name="party"
            )),
        migrations.AddConstraint(
            "finding",
            models.CheckConstraint(
                condition=Q(("grant__isnull", False), ("reviewer", None), ("version", None))
                | Q(("grant", None), ("version__isnull", False)),
                name="finding_about_one",
            ),
        ),
    ]  # fmt: skip
