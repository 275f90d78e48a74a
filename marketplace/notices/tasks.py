from celery import shared_task
from django.utils import timezone

from marketplace.notices import operations


@shared_task(name="notices.send_due")
def send_due() -> None:
    operations.send_due(at=timezone.now())
