"""A Redis cache that may vanish at any time: this process's memory stands in while it is away.

What is cached here (the limits of the login) stays right enough in memory: each process then counts for itself.
"""

import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
AWAY_SECONDS = 5  # how long nobody asks a Redis that has just failed


class ResilientRedisCache(RedisCache):
    """Django's Redis cache; an operation that Redis fails is done in memory."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._memory = LocMemCache("resilient", {})
        self._away_until = 0.0

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("add", *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("touch", *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("delete", *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("get_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("has_key", *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("incr", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._do("delete_many", *args, **kwargs)

    def clear(self) -> Any:
        self._memory.clear()
        return self._do("clear")

    def _do(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(super(), operation)(*args, **kwargs)
            except RedisError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("the cache is away, memory stands in: %s", type(error).__name__)
        return getattr(self._memory, operation)(*args, **kwargs)
