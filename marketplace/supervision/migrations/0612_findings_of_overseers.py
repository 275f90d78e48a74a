import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("listings", "0570_held_by_hand"),
        ("supervision", "0611_recusals_are_kept_with_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="concern",
            name="article",
            field=models.CharField(blank=True, max_length=40, verbose_name="article"),
        ),
        migrations.AddField(
            model_name="concern",
            name="version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="concerns",
                to="listings.version",
                verbose_name="version",
            ),
        ),
    ]
