from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import migrations
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

SHANGHAI = ZoneInfo("Asia/Shanghai")


def count(apps, schema_editor):
    """What was delivered so far, by grant and day. Every sweep before looked at it, save at what came since the last
    one: what was delivered since yesterday is left open. Of non-public data nobody looks at anything."""
    delivery, daily = apps.get_model("delivery", "Delivery"), apps.get_model("delivery", "DailyUse")
    midnight = datetime.now(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    began = midnight - timedelta(days=1)
    day = TruncDate("obtained_at", tzinfo=SHANGHAI)
    rows = delivery.objects.filter(grant__isnull=False).values("grant", day=day).order_by("grant", "day")
    daily.objects.bulk_create(
        (
            daily(grant_id=row["grant"], day=row["day"], downloads=row["count"], rows=row["sum"], is_judged=True)
            for row in rows.annotate(count=Count("pk"), sum=Sum("rows")).iterator()
        ),
        batch_size=500,
    )
    other = {"grant__product__nature": "non_public"}
    daily.objects.filter(day__gte=began.date()).exclude(**other).update(is_judged=False)
    delivery.objects.filter(Q(obtained_at__lt=began) | Q(grant=None) | Q(**other)).update(is_examined=True)


class Migration(migrations.Migration):
    dependencies = [("delivery", "0540_daily_use")]
    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
