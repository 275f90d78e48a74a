import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone


def carry_over(apps, schema_editor):
    """What one person acknowledged for all was their own body's; the others of an open incident have still to."""
    Row = apps.get_model("supervision", "IncidentAcknowledgement")
    for incident in (
        apps.get_model("supervision", "Incident").objects.select_related("authority__region").order_by("pk")
    ):
        for party in bodies_of(apps, incident):
            by = incident.acknowledged_by_id if party == said_by(apps, incident) else None
            if by or incident.state == "opened":
                Row.objects.create(
                    incident=incident, party_id=party, acknowledged_by_id=by,
                    acknowledged_at=incident.acknowledged_at if by else None,
                )  # fmt: skip


def bodies_of(apps, incident):
    """The oversight bodies of the region and above it, and the authorities over the data and over the grants that it
    reaches, but who reported it."""
    held = apps.get_model("accounts", "Capability").objects.filter(kind="oversight", region__in=regions_of(incident))
    over = incident.copies.values_list("grant__authority", flat=True)
    found = {*held.filter(still_held()).values_list("party", flat=True), incident.authority_id, *over}
    return sorted((found - {incident.reporter_id}) | ({said_by(apps, incident)} - {None}))


def still_held():
    return Q(valid_until=None) | Q(valid_until__gte=timezone.localdate())


def regions_of(incident):
    found, region = [], incident.authority.region
    while region is not None:
        found, region = [*found, region.pk], region.parent
    return found


def said_by(apps, incident):
    """The body in whose name it was acknowledged: the person's own that oversees the region, else any of theirs."""
    if incident.acknowledged_by_id is None:
        return None
    theirs = apps.get_model("accounts", "Membership").objects.filter(user=incident.acknowledged_by_id).order_by("pk")
    here = theirs.filter(party__capabilities__kind="oversight", party__capabilities__region__in=regions_of(incident))
    found = here.first() or theirs.filter(party__capabilities__kind="oversight").first() or theirs.first()
    return found.party_id if found else incident.authority_id


class Migration(migrations.Migration):
    dependencies = [
        ("supervision", "0650_causes_of_precautions"),
        ("accounts", "0610_recusals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="IncidentAcknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="supervision.incident",
                    ),
                ),
                (
                    "party",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.party"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "party"), name="incident_acknowledged_once"),
                    models.CheckConstraint(
                        condition=Q(
                            Q(("acknowledged_at", None), ("acknowledged_by", None)),
                            Q(("acknowledged_at__isnull", False), ("acknowledged_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="incident_acknowledged_by_somebody",
                    ),
                ],
            },
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint(model_name="incident", name="incident_acknowledged_both"),
        migrations.RemoveField(model_name="incident", name="acknowledged_at"),
        migrations.RemoveField(model_name="incident", name="acknowledged_by"),
    ]
