"""Every list page: how often it asks the database, and how fast it is beside an empty page of the same server."""

from typing import Any

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from tests.bench.measure import Bench

MOST = 12
PAGES = [
    ("", "/"), ("", "/products/"), ("", "/products/?q=福州"), ("", "/entries/"), ("seller", "/products/mine/"),
    ("officer", "/todo/"), ("officer", "/entries/"), ("officer", "/applications/"), ("officer", "/grants/"),
    ("officer", "/orders/"), ("officer", "/findings/"), ("buyer", "/applications/"), ("buyer", "/grants/"),
    ("buyer", "/derived/"), ("buyer", "/notices/"), ("operator", "/parties/"),
]  # fmt: skip


def run(bench: Bench, world: Any) -> None:
    with override_settings(ROOT_URLCONF="tests.bench.urls", ALLOWED_HOSTS=["testserver"]):
        for who, address in PAGES:
            client = Client()
            if who:
                client.force_login(world.cast[who], backend="allauth.account.auth_backends.AuthenticationBackend")
            figure = f"{who or 'anybody'} {address}"
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200, figure
            bench.write("pages", f"queries of {figure}", len(queries), MOST, "12", len(queries), MOST)
            bench.compare(
                "pages", figure, lambda client=client, address=address: _often(client, address),  # type: ignore[misc]
                lambda client=client: _often(client, "/bench/empty/"), "throughput of an empty page", 0.3,  # type: ignore[misc]
                want="times faster",
            )  # fmt: skip


def _often(client: Client, address: str) -> None:
    for _number in range(5):
        assert client.get(address).status_code == 200
