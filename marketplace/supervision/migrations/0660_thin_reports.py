from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("supervision", "0653_incident_deliveries")]

    operations = [
        migrations.AddField(
            model_name="usagereport",
            name="thin",
            field=models.CharField(blank=True, default="", max_length=8),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="usagereport",
            index=models.Index(
                condition=models.Q(("state", "filed"), models.Q(("thin", ""), _negated=True)),
                fields=["grant"],
                name="report_thin",
            ),
        ),
    ]
