import threading

from celery import shared_task
from django.utils import timezone

from listings import operations
from marketplace import elsewhere

_busy = threading.Lock()  # one heavy job at a time in each process: the other threads are for notices and the sweep


@shared_task(name="listings.assess_due")
def assess_due() -> None:
    if _busy.acquire(blocking=elsewhere.current() is not None):  # a sandbox has no other run that does it later
        try:
            operations.assess_due(at=timezone.now())
        finally:
            _busy.release()


@shared_task(name="listings.sweep_uploads")
def sweep_uploads() -> None:
    operations.sweep_uploads(at=timezone.now())
    operations.sweep_orphans(at=timezone.now())
    operations.sweep_failed_files(at=timezone.now())
