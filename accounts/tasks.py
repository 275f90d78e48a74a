from celery import shared_task
from django.utils import timezone

from accounts import operations


@shared_task(name="accounts.sweep_evidence")
def sweep_evidence() -> None:
    operations.sweep_evidence(at=timezone.now())
    operations.sweep_evidence_orphans(at=timezone.now())
