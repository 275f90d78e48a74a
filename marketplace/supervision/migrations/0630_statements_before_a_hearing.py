from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0620_stated_purposes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="evidence",
            name="kind",
            field=models.CharField(
                choices=[("correction", "evidence of correction"), ("statement", "statement")], max_length=12
            ),
        ),
    ]
