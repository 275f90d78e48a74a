"""Which guesses about a column of digests are tried, in which order, and how much work each may take.

With D different digests of keys drawn from a space of N, hashing n keys misses all of them with probability
(1 − n/N)^D. Each guess gets the n for which that is under `MISS` (`MISS_LATER` but for the likeliest), in the order of
likelihood, until the work is used up; the first few may have what is left, if less.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, expm1, log, log1p

from . import spaces
from .digests import Digests
from .enumeration import Guess

MISS, MISS_LATER = 1e-6, 1e-3  # for the likeliest guesses, and for the others
WORK = 1_000_000_000  # hashes of MD5 for all columns of a file together: under a minute on two processors
SLOWER = 25  # so much less where numba cannot be used
LEAST_CHANCE = 0.3  # a guess with less hope is not begun
SALTS = ("salt", "123456", "md5", "hash", "key", "secret", "password", "admin", "abc123", "minshu", "86", "+86")
_ALGORITHMS = {16: ["md5"], 20: ["sha1"], 32: ["sha256", "sm3"]}
_ALL = ("md5", "sha1", "sha256", "sm3")
_CHEAP = 8  # kinds of a few million keys at most come before the salted ones
_LONG_ENOUGH = 6  # bytes: shorter digests of different keys are often equal
_BYTES = {"md5": 16, "sha1": 20, "sha256": 32, "sm3": 32}


@dataclass(frozen=True)
class Plan:
    """A guess, how many keys of it are hashed, and with which probability that meets a digest if the guess is right."""

    guess: Guess
    messages: int
    chance: float

    @property
    def work(self) -> float:
        return self.messages * self.guess.cost


def views(width: int) -> list[tuple[str, int]]:
    """(algorithm, first byte) that digests of so many bytes can be: whole ones, else beginnings (of MD5 the middle)."""
    if width in _ALGORITHMS:
        whole = [(name, 0) for name in _ALGORITHMS[width]]
        return whole + [(name, 0) for name in _ALL if _BYTES[name] > width]
    middle = [("md5", 4)] if width == 8 else []  # what Chinese systems call the 16-digit MD5
    return middle + [(name, 0) for name in _ALL if _BYTES[name] > width]


def guesses(digests: Digests, column: str) -> Iterator[Guess]:
    """The likeliest first: bare mobile numbers, salted ones, and then the other kinds, small spaces first."""
    likely = foremost(digests)
    seen = [(guess.algorithm, guess.start) for guess in likely]
    rest = [view for view in views(digests.bytes) if view not in seen]
    mobile, rare = spaces.mobile(), sorted(_rare_spaces(), key=lambda space: space.size)
    yield from likely
    yield from (Guess(space, *view) for space in rare[:_CHEAP] for view in seen)
    yield from _salted(mobile, seen, column)
    yield from (Guess(space, *view) for space in rare[_CHEAP:] for view in seen)
    yield from (Guess(mobile, *view) for view in rest)
    yield from _salted(mobile, rest, column)


def foremost(digests: Digests) -> list[Guess]:
    """What is tried with whatever work there is: whole digests, the middle of MD5, and all beginnings that short."""
    seen = views(digests.bytes)
    sure = [view for view in seen if digests.bytes == _BYTES[view[0]] or view == ("md5", 4)]
    return [Guess(spaces.mobile(), *view) for view in sure or seen]


def with_birth_dates(digests: Digests, born: Sequence[date]) -> Iterator[Guess]:
    """Resident IDs of people born on these days, whom another column of the file tells apart."""
    space = spaces.resident_id(born)
    return (Guess(space, *view) for view in views(digests.bytes))


def _rare_spaces() -> list[spaces.Space]:
    return [*spaces.names(), spaces.resident_id(), *spaces.landlines(), *spaces.qqs(), spaces.bank_card()]


def _salted(space: spaces.Space, seen: list[tuple[str, int]], column: str) -> Iterator[Guess]:
    for salt in dict.fromkeys([*SALTS, column]):
        for view in seen:
            yield Guess(space, *view, before=salt)
            yield Guess(space, *view, after=salt)


def chance(space: int, digests: int, messages: int) -> float:
    """That hashing `messages` of `space` keys meets one of `digests`."""
    return 1.0 if messages >= space else -expm1(digests * log1p(-messages / space))


def needed(space: int, digests: int, miss: float) -> int:
    """How many keys to hash so that none is met with probability `miss` only."""
    return min(space, ceil(-expm1(log(miss) / digests) * space))


def plan(candidates: Iterator[Guess], likely: int, digests: int, width: int, work: float) -> Iterator[Plan]:
    """What is tried within `work`; the first `likely` candidates share it, the others are tried whole or not at all.

    Short digests are also met by chance: that takes more keys to tell apart.
    """
    left = work
    for place, guess in enumerate(candidates):
        if not guess.fits:
            continue
        size = guess.space.size
        wanted = needed(size, digests, MISS if place < likely else MISS_LATER)
        if width < _LONG_ENOUGH:
            wanted = min(size, 8 * wanted)
        share = left / (likely - place) if place < likely else left / 4
        messages = min(wanted, int(share / guess.cost))
        hope = chance(size, digests, messages)
        if messages == wanted or (place < likely and hope >= LEAST_CHANCE):
            left -= messages * guess.cost
            yield Plan(guess, messages, hope)


def convincing(*, targets: int, digests: int, messages: int, width: int) -> bool:
    """Whether so many digests met cannot be chance: more than by chance by six deviations, and three at least
    where only a few bytes of several digests are known."""
    kept = min(width, 8)
    expected = digests * -expm1(-messages / 256.0**kept)
    fewest = 1 if kept == 8 or digests == 1 else 3
    return targets >= fewest and targets > expected + 6 * expected**0.5
