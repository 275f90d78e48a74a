"""One pass of all monitors."""

import logging
from datetime import datetime
from typing import Any, NamedTuple

from marketplace.supervision.monitors import MONITORS, Monitor, Scope
from marketplace.supervision.monitors.base import CHUNK
from marketplace.supervision.standing import rules_of

log = logging.getLogger(__name__)


class Result(NamedTuple):
    """What one monitor found and how much of it led to something new. `failed` rows wait for the next sweep."""

    monitor: str
    article: str
    found: int
    did: int
    failed: int


def sweep(*, at: datetime, scope: Scope = None) -> list[Result]:
    """Run every monitor once at `at`, for all parties or those in `scope`. Safe to repeat and to overlap.

    Nothing follows where no standing rule is in force.
    """
    return [run(monitor, at, scope) for monitor in MONITORS]


def run(monitor: Monitor, at: datetime, scope: Scope = None) -> Result:
    """One pass of one monitor: a bad row keeps neither the others nor the next sweep from being watched."""
    try:
        rows = list(monitor.find(at, scope))
        rules = rules_of(monitor.name) if rows else None
        due = [row for row in rows if rules is not None and rules.allow(monitor.authority(row))]
    except Exception:  # nor one bad monitor the others
        log.exception("monitor %s failed and waits for the next sweep", monitor.name)
        return Result(monitor.name, monitor.article, 0, 0, 1)
    did = failed = 0
    for first in range(0, len(due), CHUNK):
        done, lost = _handle(monitor, due[first : first + CHUNK], at)
        did, failed = did + done, failed + lost
    return Result(monitor.name, monitor.article, len(rows), did, failed)


def _handle(monitor: Monitor, rows: list[Any], at: datetime) -> tuple[int, int]:
    """How many led to something, and how many failed. Together in one transaction where the monitor can; one by one
    where it cannot, or where one of them is bad."""
    if monitor.together is not None and len(rows) > 1:
        try:
            return monitor.together(rows, at), 0
        except Exception:
            log.exception("monitor %s: %d rows failed together and are handled one by one", monitor.name, len(rows))
    did = failed = 0
    for row in rows:
        try:
            did += monitor.handle(row, at)
        except Exception:  # one bad row must never keep the others from being watched
            failed += 1
            log.exception("monitor %s: a row failed and waits for the next sweep", monitor.name)
    return did, failed
