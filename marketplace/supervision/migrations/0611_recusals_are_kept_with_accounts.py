from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("supervision", "0610_recusals_of_every_case")]

    operations = [
        migrations.DeleteModel("Recusal"),
    ]
