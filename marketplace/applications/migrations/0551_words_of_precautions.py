from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0550_sweep_indexes")]

    operations = [
        migrations.AlterField(
            model_name="hold",
            name="code",
            field=models.CharField(
                choices=[
                    ("measure", "an order or a contract notice suspends it"),
                    ("report_overdue", "a term of the grant: a usage report is overdue"),
                    ("precaution", "a precaution"),
                ],
                max_length=16,
            ),
        ),
    ]
