"""How often one address may try what needs no login, counted in the cache."""

from typing import Any

from django.conf import settings
from rest_framework.throttling import SimpleRateThrottle


class PerAddress(SimpleRateThrottle):
    """So many tries for each address; `scope` keeps one form's count apart from another's."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__()

    def get_rate(self) -> str:
        return settings.OBJECTION_RATE

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


def is_over(request: Any, scope: str) -> bool:
    """Counts this try; true when there were too many from the address."""
    return not PerAddress(scope).allow_request(request, None)  # type: ignore[arg-type]
