from django.db import migrations, models
from django.db.models import Q


def name_what_flagged(apps, schema_editor):
    """Of those flagged now: the grants of public data that they were built under and that an order or a revocation
    ended, as long as it stands."""
    use, held = apps.get_model("supervision", "DerivedFrom"), apps.get_model("supervision", "MeasureGrant")
    flag = apps.get_model("supervision", "DerivedFlag")
    ended = held.objects.filter(measure__state="terminated").exclude(outcome="annulled")
    uses = use.objects.filter(derived__state="flagged").exclude(grant__product__nature="non_public")
    uses = uses.filter(Q(grant__state="revoked") | Q(grant__in=ended.values("grant")))
    pairs = (
        uses.values_list("derived", "grant", "grant__ended_at", "derived__created_at")
        .distinct()
        .order_by("derived", "grant")
    )
    flag.objects.bulk_create(
        flag(derived_id=derived, grant_id=grant, raised_at=at or created) for derived, grant, at, created in pairs
    )


class Migration(migrations.Migration):
    dependencies = [("supervision", "0001_squashed_0680_people_and_days")]

    operations = [
        migrations.CreateModel(
            name="DerivedFlag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("raised_at", models.DateTimeField()),
                ("cleared_at", models.DateTimeField(blank=True, null=True)),
                (
                    "derived",
                    models.ForeignKey(
                        on_delete=models.deletion.PROTECT, related_name="flags", to="supervision.derivedproduct"
                    ),
                ),
                (
                    "grant",
                    models.ForeignKey(on_delete=models.deletion.PROTECT, related_name="+", to="applications.grant"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("cleared_at", None)), fields=("derived", "grant"), name="flagged_once"
                    )
                ],
            },
        ),
        migrations.RunPython(name_what_flagged, migrations.RunPython.noop),
    ]
