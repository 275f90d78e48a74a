"""Every write of this app: what overseers state, what operators set."""

from marketplace.console.operations.reading import note_opened, state_reason
from marketplace.console.operations.setting import add_region, publish_year, rename_region, set_deadline

__all__ = ["add_region", "note_opened", "publish_year", "rename_region", "set_deadline", "state_reason"]
