"""Accounts of before sign-up: the operator set them up, so their addresses count as verified."""

from django.db import migrations


def verify_addresses(apps, schema_editor):
    address, user = apps.get_model("account", "EmailAddress"), apps.get_model("accounts", "User")
    known = address.objects.values("user")
    address.objects.bulk_create(
        address(user=one, email=one.email.lower(), verified=True, primary=True)
        for one in user.objects.exclude(pk__in=known)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_credential"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(verify_addresses, migrations.RunPython.noop)]
