"""All the ledger's migrations with one more, as a later issue may write it."""

from pathlib import Path

from marketplace.ledger import migrations

__path__ = [str(Path(__file__).parent), *migrations.__path__]
