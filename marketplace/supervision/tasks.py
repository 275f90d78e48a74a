from celery import shared_task
from django.utils import timezone

from marketplace.supervision.sweep import sweep as run_sweep


@shared_task(name="supervision.sweep")
def sweep() -> None:
    run_sweep(at=timezone.now())
