import os

from django.core.wsgi import get_wsgi_application
from django.db import connection

from marketplace.middleware import only_utf8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
application = only_utf8(get_wsgi_application())

from marketplace.ledger import triggers  # noqa: E402  (needs the apps, which the line above loads)

triggers.require(connection)
connection.close()
