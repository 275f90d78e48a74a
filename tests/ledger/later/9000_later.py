from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0020_feed")]
    operations = [
        migrations.AlterField("entry", "verb", models.CharField(max_length=90)),
        migrations.AddField("entry", "later", models.CharField(max_length=10, default="x", db_default="x")),
        migrations.AlterField("entrydetail", "salt", models.CharField(max_length=40)),
    ]
