from importlib import import_module

Migration = import_module("marketplace.ledger.migrations.0001_initial").Migration
