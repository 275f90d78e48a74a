"""The ledger's migrations with one more, as a later issue may write it."""
