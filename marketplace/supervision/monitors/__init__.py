"""The table of rules that watch. Each finds its offenders with one query and handles each by one operation.

A monitor reminds, opens a finding, pauses by the grant's own terms, or proposes: what a standing rule that an officer
has signed lets follow by itself (`standing.py`). None orders, lifts or terminates.
Every occasion fires once: report periods, holds, findings, proposals, occasions and notices have unique keys, so
repeated or overlapping sweeps are harmless and an outage is caught up by the next one.
"""

from marketplace.supervision.deadlines import DUTIES
from marketplace.supervision.monitors.base import Monitor, Scope, Severity
from marketplace.supervision.monitors.table import MONITORS

__all__ = ["DUTIES", "MONITORS", "Monitor", "Scope", "Severity"]
