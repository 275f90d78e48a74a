from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform


class Migration(migrations.Migration):
    dependencies = [("supervision", "0612_findings_of_overseers")]

    operations = [
        migrations.RemoveConstraint(model_name="review", name="review_open_once_registration"),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                models.F("registration"),
                KeyTextTransform("at", "against"),
                condition=models.Q(("state", "lodged")),
                name="review_open_once_registration",
            ),
        ),
    ]
