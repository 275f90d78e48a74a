"""The embedded default's database makes itself ready; any other is the operator's."""

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from marketplace.ledger import triggers


def prepare() -> None:
    """Migrate an SQLite database in development if it is behind, then insist on the ledger's guards."""
    if settings.DEMO and connection.vendor == "sqlite":
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0)
    triggers.require(connection)
