"""The Celery app. It is told that something is due; what is due is always a query."""

import os

from celery import Celery
from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery("minshu")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_unguarded_ledger(**kwargs: object) -> None:
    """No worker without the ledger's triggers. Celery swallows what a signal raises, except SystemExit."""
    from django.db import connection

    from marketplace.ledger import triggers

    try:
        triggers.require(connection)
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error
    finally:
        connection.close()
