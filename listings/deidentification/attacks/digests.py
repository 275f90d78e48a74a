"""Columns whose every value looks like a digest or token of one width, and the bytes behind the writing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_SHORT = 8  # bytes: what is shorter may be a code by chance and needs more values
_FEWEST = 3
_FEWEST_SHORT = 20
_LETTERED = 0.8  # share of values with a letter (hexadecimal) or both cases (base64): numbers are no digests

_HEX = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_HEX[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)
_BASE64 = np.full(256, 255, np.uint8)
_BASE64[np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)] = np.arange(64)
_BASE64[np.frombuffer(b"-_", np.uint8)] = (62, 63)


@dataclass(frozen=True)
class Digests:
    """`writing`: hex, base64 or hex in base64. `values` is uint8[values, bytes]."""

    writing: str
    values: np.ndarray

    @property
    def bytes(self) -> int:
        return self.values.shape[1]


def matrix(texts: Sequence[str]) -> np.ndarray | None:
    """The texts as uint8[texts, bytes]; None unless all have the same number of bytes."""
    encoded = [text.encode() for text in texts]
    if not encoded or len({len(each) for each in encoded}) > 1 or not encoded[0]:
        return None
    return np.frombuffer(b"".join(encoded), np.uint8).reshape(len(encoded), -1)


def recognise(texts: Sequence[str]) -> Digests | None:
    """The digests behind distinct values of a column, whose writing is told by their characters."""
    prefixed = all(text.startswith("0x") for text in texts)
    written = matrix([text.removeprefix("0x") for text in texts] if prefixed else texts)
    if written is None:
        return None
    written = _without_dashes(written)
    found = _of_hex(written, "hex") or _of_base64(written)
    if found is None or printable(found.values):
        return None
    fewest = _FEWEST if found.bytes >= _SHORT else _FEWEST_SHORT
    return found if len(found.values) >= fewest and 4 <= found.bytes <= 64 else None


def _without_dashes(written: np.ndarray) -> np.ndarray:
    """A UUID's digits; one that says in its 13th digit that it is random (4) or of time (1, 6, 7) stays as it is."""
    dashes = (written == ord("-")).all(axis=0)
    if written.shape[1] != 36 or list(np.flatnonzero(dashes)) != [8, 13, 18, 23]:
        return written
    versioned = len(np.unique(written[:, 14])) == 1
    return written if versioned else written[:, ~dashes]


def _of_hex(written: np.ndarray, writing: str) -> Digests | None:
    nibbles = _HEX[written]
    if written.shape[1] % 2 or (nibbles == 255).any():
        return None
    if (nibbles > 9).any(axis=1).mean() < _LETTERED:
        return None
    return Digests(writing, nibbles[:, ::2] << 4 | nibbles[:, 1::2])


def _of_base64(written: np.ndarray) -> Digests | None:
    decoded = from_base64(written)
    if decoded is None:
        return None
    lower = ((written >= 97) & (written <= 122)).any(axis=1)
    upper = ((written >= 65) & (written <= 90)).any(axis=1)
    if (lower & upper).mean() < _LETTERED:
        return None
    return _of_hex(decoded, "base64_hex") or Digests("base64", decoded)


def from_hex(written: np.ndarray) -> np.ndarray | None:
    nibbles = _HEX[written]
    if written.shape[1] % 2 or (nibbles == 255).any():
        return None
    return nibbles[:, ::2] << 4 | nibbles[:, 1::2]


def from_base64(written: np.ndarray) -> np.ndarray | None:
    """Standard or URL-safe alphabet, padded or not, of one length; None where a character or the end is impossible."""
    padding = (written == ord("=")).sum(axis=1)
    if len(np.unique(padding)) > 1 or padding[0] > 2:
        return None
    kept = written.shape[1] - int(padding[0])
    sixes = _BASE64[written[:, :kept]]
    if (sixes == 255).any() or kept % 4 == 1 or (padding[0] and written.shape[1] % 4):
        return None
    fours = np.zeros((len(sixes), -(-kept // 4), 4), np.uint8)
    fours.reshape(len(sixes), -1)[:, :kept] = sixes
    decoded = (fours[:, :, :3] << np.array((2, 4, 6), np.uint8)) | (fours[:, :, 1:] >> np.array((4, 2, 0), np.uint8))
    decoded = decoded.reshape(len(sixes), -1)
    whole = kept * 6 // 8
    return None if decoded[:, whole:].any() else decoded[:, :whole]


def printable(values: np.ndarray) -> bool:
    """Whether nearly everything is printable ASCII: random bytes are in three of eight cases."""
    return bool(((values >= 32) & (values < 127)).mean() > 0.95)
