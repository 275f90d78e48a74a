from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("listings", "0300_irreversibility_declaration"),
    ]

    operations = [
        migrations.AlterField(
            model_name="product",
            name="acquisition",
            field=models.CharField(
                choices=[
                    ("own_duty", "own collection in duty"),
                    ("primary_developer", "gathered and governed by a primary developer"),
                    ("authorised", "authorised operation"),
                    ("own_business", "collected in own business"),
                    ("bought", "bought with the right to resell"),
                    ("sharing", "received by inter-agency sharing"),
                    ("grant", "built under a grant"),
                ],
                max_length=20,
                verbose_name="acquisition basis",
            ),
        ),
    ]
