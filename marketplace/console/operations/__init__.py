"""Every write of this app: what overseers state, what operators set."""

from marketplace.console.operations.reading import state_reason
from marketplace.console.operations.setting import add_region, publish_year, rename_region, set_deadline

__all__ = ["add_region", "publish_year", "rename_region", "set_deadline", "state_reason"]
