"""The site and the trade. Loads the Celery app, so that every `shared_task` belongs to it."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
