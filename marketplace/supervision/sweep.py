"""One pass of all monitors."""

import logging
from datetime import datetime
from typing import NamedTuple

from marketplace.supervision.monitors import MONITORS, Monitor, Scope
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
    found = did = failed = 0
    try:
        rows = list(monitor.find(at, scope))
    except Exception:  # nor one bad monitor the others
        log.exception("monitor %s failed and waits for the next sweep", monitor.name)
        return Result(monitor.name, monitor.article, 0, 0, 1)
    rules = rules_of(monitor.name) if rows else None
    for row in rows:
        found += 1
        try:
            did += rules is not None and rules.allow(monitor.authority(row)) and monitor.handle(row, at)
        except Exception:  # one bad row must never keep the others from being watched
            failed += 1
            log.exception("monitor %s: a row failed and waits for the next sweep", monitor.name)
    return Result(monitor.name, monitor.article, found, did, failed)
