"""Redis may vanish at any time without a wrong answer."""

import logging

import pytest

from marketplace.caching import ResilientRedisCache
from tests.actors import DOMAIN, PASSWORD


@pytest.fixture
def without_redis(settings, tmp_path):
    settings.CACHES = {
        "default": {
            "BACKEND": "marketplace.caching.ResilientRedisCache",
            "LOCATION": f"unix://{tmp_path / 'gone.sock'}?db=0",
            "OPTIONS": settings.CACHES["default"].get("OPTIONS", {}),
        }
    }


def test_cache_stands_in_with_memory(tmp_path, caplog):
    cache = ResilientRedisCache(f"unix://{tmp_path / 'gone.sock'}?db=0", {"OPTIONS": {}})
    with caplog.at_level(logging.WARNING):
        cache.set("a", 1)
        assert (cache.incr("a"), cache.get("a"), cache.get("b", 7)) == (2, 2, 7)
        assert cache.add("a", 5) is False
        assert cache.get_many(["a", "c"]) == {"a": 2}
        assert cache.delete("a") is True
        assert cache.has_key("a") is False
    assert len(caplog.records) == 1


def test_login_works_without_redis(world, client, without_redis):
    answer = client.post("/accounts/login/", {"login": f"buyer@{DOMAIN}", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/todo/")


def test_login_is_limited_without_redis(world, client, without_redis):
    wrong = {"login": f"buyer@{DOMAIN}", "password": "guess-number-one"}
    answers = [client.post("/accounts/login/", wrong) for _ in range(12)]
    assert (
        answers[-1].status_code == 429
        or "too many" in answers[-1].content.decode().lower()
        or "过多" in answers[-1].content.decode()
    )
    refused = client.post("/accounts/login/", {**wrong, "password": PASSWORD})
    assert refused.status_code != 302
