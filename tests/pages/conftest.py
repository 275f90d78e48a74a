"""Visitors of the demo site."""

from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.demo import demo_user

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def visitor(demo_site: None, db: None) -> Callable[..., Client]:
    """`visitor("officer", "en")`: a client logged in as a demo person; without a name, nobody."""

    def visit(key: str = "", language: str = "zh-hans") -> Client:
        client = Client()
        client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = language
        if key:
            client.force_login(demo_user(key), backend=BACKEND)
        return client

    return visit
