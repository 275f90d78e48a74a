import os
from concurrent.futures import ThreadPoolExecutor

from django.core.asgi import get_asgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
application = get_asgi_application()

from marketplace.ledger import triggers  # noqa: E402  (needs the apps, which the line above loads)


def refuse_unguarded_ledger() -> None:
    triggers.require(connection)
    connection.close()


# Some servers import this inside their event loop, where Django refuses queries.
with ThreadPoolExecutor(1) as thread:
    thread.submit(refuse_unguarded_ledger).result()
