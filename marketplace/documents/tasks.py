from celery import shared_task
from django.utils import timezone

from marketplace.documents import operations


@shared_task(name="documents.render_due")
def render_due() -> None:
    operations.render_due(at=timezone.now())
