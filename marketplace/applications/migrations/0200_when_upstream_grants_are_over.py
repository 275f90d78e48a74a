from django.db import migrations

from marketplace.clock.working_days import end_of_day

GIVEN_UP = ("surrendered", "closed")


def say_when_over(apps, schema_editor):
    """What was built before: its grants are over at their end, or when they were given back."""
    grants = apps.get_model("applications", "Grant").objects
    for upstream in apps.get_model("listings", "Upstream").objects.all():
        grant = grants.get(pk=upstream.grant_ref.rpartition(":")[2])
        upstream.over_at = end_of_day(grant.ends)
        if grant.state in GIVEN_UP:
            upstream.over_at = min(upstream.over_at, grant.ended_at)
        upstream.save(update_fields=["over_at"])


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0110_route_of_built_products"),
        ("listings", "0200_reassessment_and_descriptions"),
    ]

    operations = [migrations.RunPython(say_when_over, migrations.RunPython.noop)]
