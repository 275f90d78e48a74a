from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("supervision", "0651_acknowledgements")]

    operations = [
        migrations.AlterField(
            model_name="concern",
            name="wish",
            field=models.CharField(
                blank=True,
                choices=[
                    ("suspend", "suspend the data service"),
                    ("terminate", "terminate the data service"),
                    ("destroy", "have the copies destroyed, and check it"),
                ],
                max_length=10,
                verbose_name="what is asked for",
            ),
        ),
    ]
