"""In whose place a deputy signed, confirmed or sent back is kept with the signature; so far the ledger alone knew it."""

import json

from django.conf import settings
from django.db import migrations, models


def copy_from_ledger(apps, schema_editor):
    signature, user = apps.get_model("supervision", "Signature"), apps.get_model("accounts", "User")
    entries = apps.get_model("ledger", "Entry").objects.filter(object_type="supervision.signature")
    known = set(user.objects.values_list("pk", flat=True))
    for key, new, detail in entries.order_by("pk").values_list("object_id", "new", "detail__json"):
        principal = json.loads(detail or "{}").get("acting_for", "").rpartition(":")[2]
        if principal and int(principal) in known:
            field = "acting_for_id" if new == "waiting" else "ended_for_id"
            signature.objects.filter(pk=int(key)).update(**{field: int(principal)})


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("ledger", "0020_feed"),
        ("supervision", "0730_findings_about_a_party"),
    ]

    operations = [
        migrations.AddField(
            model_name="signature",
            name="acting_for",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="ended_for",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.RunPython(copy_from_ledger, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(ended_for=None) | models.Q(ended_by__isnull=False), name="signature_ended_for_by"
            ),
        ),
    ]
