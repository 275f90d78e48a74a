"""Two at once, for real: threads with connections of their own. PostgreSQL races; SQLite must at least take turns."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from tests.workflow.memory import remembered_sandbox  # noqa: F401

ROUNDS = 12 if connection.vendor == "postgresql" else 3


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Each act in a thread of its own, all let go at once; what each returned or raised, in order."""
    start, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(10)
            outcomes[number] = act()
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def one_won(outcomes: list[Any], *refusals: type[Exception]) -> None:
    """Exactly one act went through; the others were refused, not broken."""
    errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert len(errors) == len(outcomes) - 1, outcomes
    assert all(isinstance(error, refusals or (InvalidState,)) for error in errors), outcomes


def entries(obj: Any, verb: str) -> int:
    return Entry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk), verb=verb).count()


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)
