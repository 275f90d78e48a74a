"""What every test of the engine stands on."""

import pytest

from listings.deidentification.attacks import guesses

WORK = 5e7  # hashes: enough for a thousand mobile numbers; a column of random tokens takes all of it


@pytest.fixture(autouse=True)
def _little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens with a key are given up after a second instead of a minute."""
    monkeypatch.setattr(guesses, "WORK", WORK)
