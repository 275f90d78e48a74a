from celery import shared_task
from django.utils import timezone

from listings import operations


@shared_task(name="listings.assess_due")
def assess_due() -> None:
    operations.assess_due(at=timezone.now())
