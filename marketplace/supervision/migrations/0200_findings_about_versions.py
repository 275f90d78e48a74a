import django.db.models.deletion
from django.db import migrations, models


def say_whose(apps, schema_editor):
    """Of the findings so far, each is about a grant: its buyer's case."""
    findings = apps.get_model("supervision", "Finding").objects
    for pk, buyer in findings.values_list("pk", "grant__buyer"):
        findings.filter(pk=pk).update(party=buyer)


def to(model, **kwargs):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=model, **kwargs)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0040_experts"),
        ("listings", "0200_reassessment_and_descriptions"),
        ("supervision", "0110_listed_as"),
    ]

    operations = [
        migrations.AlterField(
            "finding", "grant",
            to("applications.grant", null=True, blank=True, related_name="findings", verbose_name="grant"),
        ),
        migrations.AddField(
            "finding", "version",
            to("listings.version", null=True, blank=True, related_name="findings", verbose_name="version"),
        ),
        migrations.AddField("finding", "reviewer", to("accounts.party", null=True, blank=True, related_name="+")),
        migrations.AddField("finding", "party", to("accounts.party", null=True, related_name="+")),
        migrations.RunPython(say_whose, migrations.RunPython.noop, elidable=True),
    ]  # fmt: skip
