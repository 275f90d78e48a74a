from django.db import migrations
from django.db.models import Max, OuterRef, Subquery


def fill(apps, schema_editor):
    """The last day of the newest report period of each grant."""
    grant, report = apps.get_model("applications", "Grant"), apps.get_model("supervision", "UsageReport")
    newest = report.objects.filter(grant=OuterRef("pk")).order_by().values("grant").annotate(last=Max("end"))
    grant.objects.update(reported_until=Subquery(newest.values("last")))


class Migration(migrations.Migration):
    dependencies = [("applications", "0540_reported_until"), ("supervision", "0540_reports_to_judge")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
