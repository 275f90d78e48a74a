from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0530_extension_and_annulment"),
    ]

    operations = [
        migrations.AlterField(
            model_name="document",
            name="kind",
            field=models.CharField(
                choices=[
                    ("order", "Order to correct, with suspension of the data service"),
                    ("correction", "Order to correct within a time"),
                    ("referral", "Decision to refer an order that was not obeyed"),
                    ("lifting", "Decision to lift an order"),
                    ("termination", "Decision to terminate the data service"),
                    ("extension", "Decision to extend the time to correct"),
                    ("annulment", "Decision to annul an order"),
                    ("grant", "Decision to grant the use of data"),
                    ("refusal", "Decision to refuse the use of data"),
                    ("review", "Decision on a review"),
                    ("certificate", "Certificate of destruction, checked"),
                ],
                max_length=12,
                verbose_name="kind",
            ),
        ),
    ]
