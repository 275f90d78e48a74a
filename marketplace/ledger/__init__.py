"""What happened: append-only entries, one per object changed, with an erasable detail.

Used as `from marketplace.ledger import entries as ledger`. Imports none of our apps: what it knows of the others are
plain references (type, id).
"""
