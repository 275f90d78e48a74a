from celery import shared_task
from django.utils import timezone

from marketplace.notices import digests, operations


@shared_task(name="notices.send_due")
def send_due() -> None:
    operations.send_due(at=timezone.now())


@shared_task(name="notices.send_digests")
def send_digests() -> None:
    digests.send_digests(at=timezone.now())
