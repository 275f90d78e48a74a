from celery import shared_task

from marketplace.sandboxes import operations


@shared_task(name="sandboxes.prepare")
def prepare() -> None:
    operations.prepare_sandboxes()
