"""Ratios against a peer and a physical bound, taken round by round in one run: `make bench` (docs/measures.md)."""
