"""MD5, SHA-1, SHA-256 and SM3 of very many one-block messages, compiled for vector instructions.

A lane is one message. The loops over lanes are what the compiler turns into vector instructions, so nothing but
arithmetic stands in them, and they are split so that each meets few rows: beyond eight checks for overlap the
compiler gives up. `words[16, lane]` is the padded block (FIPS 180-4, RFC 1321, GB/T 32905), `state[8, lane]`
takes the digest in words. Sums of 32-bit words are 64-bit in numba: every one is cut back.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

LANES = 500  # the working set of a block of lanes stays in the second cache; two blocks make a thousand
FILTER_BITS = 20  # 128 KiB: the first sieve before the sorted list of wanted keys

u32 = np.uint32
_compiled: Callable[..., Any] = numba.njit(nogil=True, cache=True)


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % each for each in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits behind the point of the square (2) or cube (3) root."""
    scaled, low, high = number << (32 * power), 0, number << 32
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**power <= scaled else (low, middle - 1)
    return low & 0xFFFFFFFF


def _turned(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & 0xFFFFFFFF


_MD5_SHIFTS = np.array([[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]], u32)
_MD5_ADDED = np.floor(np.abs(np.sin(np.arange(1, 65))) * 2.0**32).astype(np.uint64).astype(u32)
_SHA1_ADDED = np.array([0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6], u32)
_SHA256_ADDED = np.array([_root_bits(prime, 3) for prime in _primes(64)], u32)
_SM3_ADDED = np.array([_turned(0x79CC4519 if s < 16 else 0x7A879D8A, s % 32) for s in range(64)], u32)

_SHA1_START = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0, 0, 0, 0], u32)
_MD5_START = _SHA1_START
_SHA256_START = np.array([_root_bits(prime, 2) for prime in _primes(8)], u32)
_SM3_START = np.array(
    [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E], u32
)


@_compiled
def md5(words, state, work):  # type: ignore[no-untyped-def]
    a, b, c, d = state[0], state[1], state[2], state[3]
    for step in range(64):
        turn, added = _MD5_SHIFTS[step // 16, step % 4], _MD5_ADDED[step]
        back = u32(32 - turn)
        if step < 16:
            word = words[step]
            for lane in range(LANES):
                mixed = u32(a[lane] + (d[lane] ^ (b[lane] & (c[lane] ^ d[lane]))) + added + word[lane])
                a[lane] = b[lane] + (u32(mixed << turn) | (mixed >> back))
        elif step < 32:
            word = words[(5 * step + 1) % 16]
            for lane in range(LANES):
                mixed = u32(a[lane] + (c[lane] ^ (d[lane] & (b[lane] ^ c[lane]))) + added + word[lane])
                a[lane] = b[lane] + (u32(mixed << turn) | (mixed >> back))
        elif step < 48:
            word = words[(3 * step + 5) % 16]
            for lane in range(LANES):
                mixed = u32(a[lane] + (b[lane] ^ c[lane] ^ d[lane]) + added + word[lane])
                a[lane] = b[lane] + (u32(mixed << turn) | (mixed >> back))
        else:
            word = words[(7 * step) % 16]
            for lane in range(LANES):
                mixed = u32(a[lane] + (c[lane] ^ (b[lane] | ~d[lane])) + added + word[lane])
                a[lane] = b[lane] + (u32(mixed << turn) | (mixed >> back))
        a, b, c, d = d, a, b, c


@_compiled
def sha1(words, state, work):  # type: ignore[no-untyped-def]
    a, b, c, d, e = state[0], state[1], state[2], state[3], state[4]
    work[:16] = words
    for step in range(80):
        word, added = work[step % 16], _SHA1_ADDED[step // 20]
        if step >= 16:
            w3, w8, w14 = work[(step - 3) % 16], work[(step - 8) % 16], work[(step - 14) % 16]
            for lane in range(LANES):
                mixed = u32(w3[lane] ^ w8[lane] ^ w14[lane] ^ word[lane])
                word[lane] = u32(mixed << u32(1)) | (mixed >> u32(31))
        if step < 20:
            for lane in range(LANES):
                chosen = d[lane] ^ (b[lane] & (c[lane] ^ d[lane]))
                turned = u32(a[lane] << u32(5)) | (a[lane] >> u32(27))
                e[lane] = e[lane] + turned + chosen + added + word[lane]
        elif 40 <= step < 60:
            for lane in range(LANES):
                chosen = (b[lane] & c[lane]) | (d[lane] & (b[lane] | c[lane]))
                turned = u32(a[lane] << u32(5)) | (a[lane] >> u32(27))
                e[lane] = e[lane] + turned + chosen + added + word[lane]
        else:
            for lane in range(LANES):
                chosen = b[lane] ^ c[lane] ^ d[lane]
                turned = u32(a[lane] << u32(5)) | (a[lane] >> u32(27))
                e[lane] = e[lane] + turned + chosen + added + word[lane]
        for lane in range(LANES):
            b[lane] = u32(b[lane] << u32(30)) | (b[lane] >> u32(2))
        a, b, c, d, e = e, a, b, c, d


@_compiled
def sha256(words, state, work):  # type: ignore[no-untyped-def]
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    work[:16] = words
    for step in range(64):
        word, added = work[step % 16], _SHA256_ADDED[step]
        if step >= 16:
            w2, w7, w15 = work[(step - 2) % 16], work[(step - 7) % 16], work[(step - 15) % 16]
            for lane in range(LANES):
                x, y = w15[lane], w2[lane]
                low = (u32(x << u32(25)) | (x >> u32(7))) ^ (u32(x << u32(14)) | (x >> u32(18))) ^ (x >> u32(3))
                high = (u32(y << u32(15)) | (y >> u32(17))) ^ (u32(y << u32(13)) | (y >> u32(19))) ^ (y >> u32(10))
                word[lane] = word[lane] + low + w7[lane] + high
        for lane in range(LANES):
            x = e[lane]
            turned = (u32(x << u32(26)) | (x >> u32(6))) ^ (u32(x << u32(21)) | (x >> u32(11)))
            turned = turned ^ (u32(x << u32(7)) | (x >> u32(25)))
            h[lane] = h[lane] + turned + (g[lane] ^ (x & (f[lane] ^ g[lane]))) + added + word[lane]
        for lane in range(LANES):
            d[lane] = d[lane] + h[lane]
        for lane in range(LANES):
            y = a[lane]
            turned = (u32(y << u32(30)) | (y >> u32(2))) ^ (u32(y << u32(19)) | (y >> u32(13)))
            turned = turned ^ (u32(y << u32(10)) | (y >> u32(22)))
            h[lane] = h[lane] + turned + ((y & b[lane]) | (c[lane] & (y | b[lane])))
        a, b, c, d, e, f, g, h = h, a, b, c, d, e, f, g


@_compiled
def sm3(words, state, work):  # type: ignore[no-untyped-def]
    a, b, c, d = state[0], state[1], state[2], state[3]
    e, f, g, h = state[4], state[5], state[6], state[7]
    work[:16] = words
    for step in range(16, 68):
        w16, w13, w9, w6, w3 = work[step - 16], work[step - 13], work[step - 9], work[step - 6], work[step - 3]
        word = work[step]
        for lane in range(LANES):
            x = w3[lane]
            x = w16[lane] ^ w9[lane] ^ (u32(x << u32(15)) | (x >> u32(17)))
            y = w13[lane]
            x = x ^ (u32(x << u32(15)) | (x >> u32(17))) ^ (u32(x << u32(23)) | (x >> u32(9)))
            word[lane] = x ^ (u32(y << u32(7)) | (y >> u32(25))) ^ w6[lane]
    for step in range(64):
        word, ahead, added = work[step], work[step + 4], _SM3_ADDED[step]
        for lane in range(LANES):
            x = u32(a[lane] << u32(12)) | (a[lane] >> u32(20))
            y = u32(x + e[lane] + added)
            y = u32(y << u32(7)) | (y >> u32(25))
            h[lane] = h[lane] + y + word[lane]
            d[lane] = d[lane] + (y ^ x)
        for lane in range(LANES):
            d[lane] = d[lane] + (word[lane] ^ ahead[lane])
        if step < 16:
            for lane in range(LANES):
                d[lane] = d[lane] + (a[lane] ^ b[lane] ^ c[lane])
            for lane in range(LANES):
                h[lane] = h[lane] + (e[lane] ^ f[lane] ^ g[lane])
        else:
            for lane in range(LANES):
                d[lane] = d[lane] + ((a[lane] & b[lane]) | (c[lane] & (a[lane] | b[lane])))
            for lane in range(LANES):
                h[lane] = h[lane] + (g[lane] ^ (e[lane] & (f[lane] ^ g[lane])))
        for lane in range(LANES):
            z = h[lane]
            h[lane] = z ^ (u32(z << u32(9)) | (z >> u32(23))) ^ (u32(z << u32(17)) | (z >> u32(15)))
        for lane in range(LANES):
            b[lane] = u32(b[lane] << u32(9)) | (b[lane] >> u32(23))
        for lane in range(LANES):
            f[lane] = u32(f[lane] << u32(19)) | (f[lane] >> u32(13))
        a, b, c, d, e, f, g, h = d, a, b, c, h, e, f, g


@_compiled
def _fill(words, block, table, first, begin):  # type: ignore[no-untyped-def]
    """One block for each lane: `table[word, lane]` is what the lanes add from word `first` on."""
    for place in range(16):
        word, same = words[place], block[place]
        if first <= place < first + table.shape[0]:
            added = table[place - first]
            for lane in range(LANES):
                word[lane] = same | added[begin + lane]
        else:
            for lane in range(LANES):
                word[lane] = same


@_compiled
def _begin(state, start):  # type: ignore[no-untyped-def]
    for place in range(8):
        row, same = state[place], start[place]
        for lane in range(LANES):
            row[lane] = same


@_compiled
def _add(state, start, view):  # type: ignore[no-untyped-def]
    for place in range(view, view + 2):
        row, same = state[place], start[place]
        for lane in range(LANES):
            row[lane] = row[lane] + same


@_compiled
def _xor(state, start, view):  # type: ignore[no-untyped-def]
    for place in range(view, view + 2):
        row, same = state[place], start[place]
        for lane in range(LANES):
            row[lane] = row[lane] ^ same


@_compiled
def _look_up(state, view, mask, sieve, wanted, hits, found, outer, begin):  # type: ignore[no-untyped-def]
    for lane in range(LANES):
        high, low = state[view, lane], state[view + 1, lane]
        slot = high >> u32(32 - FILTER_BITS)
        if (sieve[slot >> u32(3)] >> (slot & u32(7))) & 1:
            key = ((np.uint64(high) << np.uint64(32)) | np.uint64(low)) & mask
            place = np.searchsorted(wanted, key)
            if place < wanted.shape[0] and wanted[place] == key and found < hits.shape[0]:
                hits[found, 0], hits[found, 1], hits[found, 2] = outer, begin + lane, place
                found += 1
    return found


@_compiled
def search_md5(blocks, variants, inner, first, view, mask, sieve, wanted, hits):  # type: ignore[no-untyped-def]
    words, state, work = np.zeros((16, LANES), u32), np.zeros((8, LANES), u32), np.zeros((68, LANES), u32)
    found = 0
    for outer in range(blocks.shape[0]):
        table = inner[variants[outer]]
        for begin in range(0, table.shape[1], LANES):
            _fill(words, blocks[outer], table, first, begin)
            _begin(state, _MD5_START)
            md5(words, state, work)
            _add(state, _MD5_START, view)
            found = _look_up(state, view, mask, sieve, wanted, hits, found, outer, begin)
    return found


@_compiled
def search_sha1(blocks, variants, inner, first, view, mask, sieve, wanted, hits):  # type: ignore[no-untyped-def]
    words, state, work = np.zeros((16, LANES), u32), np.zeros((8, LANES), u32), np.zeros((68, LANES), u32)
    found = 0
    for outer in range(blocks.shape[0]):
        table = inner[variants[outer]]
        for begin in range(0, table.shape[1], LANES):
            _fill(words, blocks[outer], table, first, begin)
            _begin(state, _SHA1_START)
            sha1(words, state, work)
            _add(state, _SHA1_START, view)
            found = _look_up(state, view, mask, sieve, wanted, hits, found, outer, begin)
    return found


@_compiled
def search_sha256(blocks, variants, inner, first, view, mask, sieve, wanted, hits):  # type: ignore[no-untyped-def]
    words, state, work = np.zeros((16, LANES), u32), np.zeros((8, LANES), u32), np.zeros((68, LANES), u32)
    found = 0
    for outer in range(blocks.shape[0]):
        table = inner[variants[outer]]
        for begin in range(0, table.shape[1], LANES):
            _fill(words, blocks[outer], table, first, begin)
            _begin(state, _SHA256_START)
            sha256(words, state, work)
            _add(state, _SHA256_START, view)
            found = _look_up(state, view, mask, sieve, wanted, hits, found, outer, begin)
    return found


@_compiled
def search_sm3(blocks, variants, inner, first, view, mask, sieve, wanted, hits):  # type: ignore[no-untyped-def]
    words, state, work = np.zeros((16, LANES), u32), np.zeros((8, LANES), u32), np.zeros((68, LANES), u32)
    found = 0
    for outer in range(blocks.shape[0]):
        table = inner[variants[outer]]
        for begin in range(0, table.shape[1], LANES):
            _fill(words, blocks[outer], table, first, begin)
            _begin(state, _SM3_START)
            sm3(words, state, work)
            _xor(state, _SM3_START, view)
            found = _look_up(state, view, mask, sieve, wanted, hits, found, outer, begin)
    return found


SEARCHES: dict[str, Callable[..., int]] = {
    "md5": search_md5,
    "sha1": search_sha1,
    "sha256": search_sha256,
    "sm3": search_sm3,
}
