from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0652_wish_about_copies"),
        ("delivery", "0542_access_outside"),
    ]

    operations = [
        migrations.AddField(
            model_name="incident",
            name="only_deliveries",
            field=models.ManyToManyField(related_name="+", to="delivery.delivery"),
        ),
    ]
