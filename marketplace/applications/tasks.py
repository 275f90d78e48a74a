from celery import shared_task
from django.utils import timezone

from marketplace.applications import operations


@shared_task(name="applications.link_due")
def link_due() -> None:
    operations.link_due(at=timezone.now())
