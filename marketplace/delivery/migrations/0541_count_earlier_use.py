from zoneinfo import ZoneInfo

from django.db import migrations
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate


def count(apps, schema_editor):
    """What was delivered so far, by grant and day: it was looked at by every sweep before."""
    delivery, daily = apps.get_model("delivery", "Delivery"), apps.get_model("delivery", "DailyUse")
    day = TruncDate("obtained_at", tzinfo=ZoneInfo("Asia/Shanghai"))
    rows = delivery.objects.filter(grant__isnull=False).values("grant", day=day).order_by("grant", "day")
    daily.objects.bulk_create(
        (
            daily(grant_id=row["grant"], day=row["day"], downloads=row["count"], rows=row["sum"], is_judged=True)
            for row in rows.annotate(count=Count("pk"), sum=Sum("rows")).iterator()
        ),
        batch_size=500,
    )
    delivery.objects.update(is_examined=True)


class Migration(migrations.Migration):
    dependencies = [("delivery", "0540_daily_use")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
