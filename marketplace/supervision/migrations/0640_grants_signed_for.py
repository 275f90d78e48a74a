from django.db import migrations


def name_the_grants(apps, _editor):
    """What waits for a second officer named no grants but "all": those of the party under this authority. Whichever are
    in force when it is confirmed are held, as before."""
    signatures, grants = apps.get_model("supervision", "Signature"), apps.get_model("applications", "Grant")
    for signature in signatures.objects.filter(outcome="", texts__has_key="all_grants").select_related("measure"):
        theirs = {"buyer": signature.measure.party_id, "authority": signature.measure.authority_id}
        keys = grants.objects.filter(**theirs).order_by("pk").values_list("pk", flat=True)
        takes_all = signature.texts.pop("all_grants")
        signature.texts["grants"] = [f"applications.grant:{key}" for key in keys] if takes_all else []
        signature.save(update_fields=["texts"])


class Migration(migrations.Migration):
    dependencies = [("supervision", "0630_statements_before_a_hearing"), ("applications", "0550_sweep_indexes")]

    operations = [migrations.RunPython(name_the_grants, migrations.RunPython.noop, elidable=True)]
