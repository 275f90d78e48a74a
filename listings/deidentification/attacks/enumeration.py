"""One guess about a column of digests, tried: so many keys of a space, hashed and looked up among the digests."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from math import gcd
from typing import Any

import numpy as np

from .spaces import Space

COSTS = {"md5": 1.0, "sha1": 1.6, "sha256": 2.2, "sm3": 2.8}  # measured, in hashes of MD5
SLOW_COST = 40.0  # of one hash in a loop of hashlib, where numba cannot be used
LONGEST_MESSAGE = 55  # one block
THREADS = 2
_BATCH = 5_000  # outer keys at once: five million messages and two megabytes
_MOST_HITS = 4_096
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Guess:
    """Digests are `algorithm`(before + key + after), of which `bytes` from byte `start` on are kept."""

    space: Space
    algorithm: str
    start: int = 0
    before: str = ""
    after: str = ""

    @property
    def salt(self) -> str:
        return "before" if self.before else "after" if self.after else "none"

    @property
    def fits(self) -> bool:
        return self.space.width + len((self.before + self.after).encode()) <= LONGEST_MESSAGE

    @property
    def cost(self) -> float:
        """Of one message."""
        return COSTS[self.algorithm] if search_of(self.algorithm) else SLOW_COST


@dataclass(frozen=True)
class Outcome:
    """`messages` were hashed; `targets` of the digests looked for were met, `hits` times in all."""

    messages: int
    targets: int
    hits: int


def search_of(algorithm: str) -> Callable[..., int] | None:
    """The compiled search, or None where numba cannot be used."""
    try:
        from . import kernels
    except Exception:  # numba reports what it misses in many ways; the slow way is always there
        return None
    return kernels.SEARCHES[algorithm]


def enumerate_keys(guess: Guess, digests: np.ndarray, messages: int, *, enough: int, seed: int) -> Outcome:
    """Hash about `messages` keys, spread evenly over the space from a place that `seed` chooses.

    `digests` is uint8[values, bytes]; 4 to 64 bytes are kept of each. Stops once `enough` digests were met.
    """
    outers = min(guess.space.outers, max(1, -(-messages // guess.space.inner.shape[1])))
    search = search_of(guess.algorithm)
    run = _compiled(guess, digests, search) if search else _looped(guess, digests)
    met: set[int] = set()
    done = hits = 0
    with ThreadPoolExecutor(THREADS) as pool:
        rest = _batches(guess.space.outers, outers, seed, _BATCH if search else 1)
        while group := list(islice(rest, THREADS)):
            for places in pool.map(run, group):
                met.update(places)
                hits += len(places)
            done += sum(map(len, group))
            if len(met) >= enough:
                break
    return Outcome(done * guess.space.inner.shape[1], len(met), hits)


def _batches(outers: int, wanted: int, seed: int, size: int) -> Iterator[np.ndarray]:
    """The first `wanted` of all outer numbers in an order that covers the space evenly and repeats none."""
    step = max(1, int(outers * _GOLDEN))
    while gcd(step, outers) != 1:
        step += 1
    for begin in range(0, wanted, size):
        count = np.arange(begin, min(begin + size, wanted), dtype=object if outers > 2**31 else np.int64)
        yield ((count * step + seed % outers) % outers).astype(np.int64)


def _compiled(guess: Guess, digests: np.ndarray, search: Callable[..., int]) -> Callable[[np.ndarray], list[int]]:
    space, order = guess.space, "<u4" if guess.algorithm == "md5" else ">u4"
    keys, mask = _keys(digests, order)
    wanted, places = np.unique(keys, return_index=True)
    sieve, head = _sieve(wanted), len(guess.before.encode())
    width = space.width - space.inner.shape[2]
    first, inner = _inner_words(space.inner, head + width, order)

    def run(numbers: np.ndarray) -> list[int]:
        heads = space.heads(numbers)
        hits = np.zeros((_MOST_HITS, 3), np.int64)
        blocks = _blocks(guess, heads, order)
        found = search(
            blocks, space.variants(heads), inner, first, guess.start // 4, np.uint64(mask), sieve, wanted, hits
        )
        return [int(place) for place in places[hits[:found, 2]]]

    return run


def _keys(digests: np.ndarray, order: str) -> tuple[np.ndarray, int]:
    """The first eight bytes (or as many as there are) as two words of the algorithm's, and which bits count."""
    kept = min(8, digests.shape[1])
    padded = np.zeros((len(digests), 8), np.uint8)
    padded[:, :kept] = digests[:, :kept]
    ones = np.zeros((1, 8), np.uint8)
    ones[:, :kept] = 255
    words, bits = (each.view(order).astype(np.uint64) for each in (padded, ones))
    return words[:, 0] << np.uint64(32) | words[:, 1], int(bits[0, 0]) << 32 | int(bits[0, 1])


def _sieve(wanted: np.ndarray) -> np.ndarray:
    from .kernels import FILTER_BITS

    slots = (wanted >> np.uint64(64 - FILTER_BITS)).astype(np.int64)
    flags = np.zeros(2**FILTER_BITS, np.uint8)
    flags[slots] = 1
    return np.packbits(flags, bitorder="little")


def _inner_words(inner: np.ndarray, at: int, order: str) -> tuple[int, np.ndarray]:
    """The inner table as words to be added to the block: (first word, uint32[variants, words, entries])."""
    variants, entries, width = inner.shape
    first, last = at // 4, (at + width - 1) // 4
    padded = np.zeros((variants, entries, 4 * (last - first + 1)), np.uint8)
    padded[:, :, at - 4 * first : at - 4 * first + width] = inner
    return first, np.ascontiguousarray(padded.view(order).astype(np.uint32).transpose(0, 2, 1))


def _blocks(guess: Guess, heads: np.ndarray, order: str) -> np.ndarray:
    before, after = guess.before.encode(), guess.after.encode()
    length = len(before) + guess.space.width + len(after)
    block = np.zeros((len(heads), 64), np.uint8)
    block[:, : len(before)] = np.frombuffer(before, np.uint8)
    block[:, len(before) : len(before) + heads.shape[1]] = heads
    block[:, length - len(after) : length] = np.frombuffer(after, np.uint8)
    block[:, length] = 0x80
    size = (8 * length).to_bytes(8, "little" if guess.algorithm == "md5" else "big")
    block[:, 56:] = np.frombuffer(size, np.uint8)
    return block.view(order).astype(np.uint32)


def _looped(guess: Guess, digests: np.ndarray) -> Callable[[np.ndarray], list[int]]:
    """The same without numba, message by message."""
    space, kept = guess.space, digests.shape[1]
    wanted = {digest.tobytes(): place for place, digest in enumerate(digests)}
    tails = [[entry.tobytes() + guess.after.encode() for entry in table] for table in space.inner]

    def run(numbers: np.ndarray) -> list[int]:
        found = []
        heads = space.heads(numbers)
        for head, variant in zip(heads, space.variants(heads), strict=True):
            begun = _new(guess.algorithm, guess.before.encode() + head.tobytes())
            for tail in tails[variant]:
                each = begun.copy()
                each.update(tail)
                place = wanted.get(each.digest()[guess.start : guess.start + kept])
                if place is not None:
                    found.append(place)
        return found

    return run


def _new(algorithm: str, begun: bytes) -> Any:
    return hashlib.new(algorithm, begun, usedforsecurity=False)
