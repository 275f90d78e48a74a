from typing import Any

from django.db import migrations, models


def name_final_ones(apps: Any, _editor: Any) -> None:
    """Until now only making a take-down final had a document."""
    apps.get_model("documents", "Document").objects.filter(kind="take_down").update(kind="take_down_final")


class Migration(migrations.Migration):
    dependencies = [("documents", "0600_take_down_final")]

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
                    ("take_down", "Decision to take data down"),
                    ("take_down_lifting", "Decision to lift a take-down"),
                    ("take_down_final", "Decision to make a take-down final"),
                    ("take_down_annulment", "Decision to annul a take-down"),
                    ("extension", "Decision to extend the time to correct"),
                    ("annulment", "Decision to annul an order"),
                    ("grant", "Decision to grant the use of data"),
                    ("refusal", "Decision to refuse the use of data"),
                    ("review", "Decision on a review"),
                    ("certificate", "Certificate of destruction, checked"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.RunPython(name_final_ones, migrations.RunPython.noop),
    ]
