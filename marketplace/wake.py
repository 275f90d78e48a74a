"""Telling the worker that something is due, after the transaction that made it so.

A broker that is away only delays: what is due is a query, and beat asks it again and again.
"""

import logging
from functools import cache

from celery import Task
from django.db import transaction
from django.utils.module_loading import import_string

from marketplace import elsewhere

log = logging.getLogger(__name__)


def on_commit(task: str) -> None:
    """Send the task of this dotted path once after the transaction, however often it is asked for within it."""
    hook = _hook(task)
    if not any(registered[1] is hook for registered in transaction.get_connection().run_on_commit):
        transaction.on_commit(hook)


@cache
def _hook(path: str):  # type: ignore[no-untyped-def]
    def send() -> None:
        task: Task = import_string(path)
        try:
            if elsewhere.current():
                task.run()  # the worker knows nothing of sandboxes: done when the answer is there
            else:
                task.delay()
        except Exception as error:  # the broker's client raises many kinds; none may undo what was committed
            log.warning("the broker is away, %s waits for the next beat: %s", task.name, type(error).__name__)

    return send
