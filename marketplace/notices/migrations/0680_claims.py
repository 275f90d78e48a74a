from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0100_digests_and_preferences"),
    ]

    operations = [
        migrations.AddField(
            model_name="digest",
            name="claims",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="outbox",
            name="claims",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
