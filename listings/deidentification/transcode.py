"""From the bytes of an uploaded text file to UTF-8, as a stream."""

import codecs
from pathlib import Path

from . import limits
from .reasons import Unreadable

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NAMES = {"utf-8-sig": "utf-8"}


def transcode(source: Path, target: Path) -> str:
    """Write the text of `source` to `target` as UTF-8 without BOM and return the encoding found.

    UTF-16 needs its BOM; else UTF-8 (with or without) is tried first, then GB 18030. Unreadable: unknown_encoding,
    binary.
    """
    with source.open("rb") as stream:
        candidates = ("utf-16",) if stream.read(2) in _UTF16 else ("utf-8-sig", "gb18030")
    for encoding in candidates:
        try:
            _copy(source, target, encoding)
        except UnicodeDecodeError:
            continue
        return _NAMES.get(encoding, encoding)
    raise Unreadable("unknown_encoding")


def _copy(source: Path, target: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with source.open("rb") as stream, target.open("wb") as out:
        while chunk := stream.read(limits.CHUNK_BYTES):
            if encoding != "utf-16" and b"\0" in chunk:
                raise Unreadable("binary")
            _write(out, decoder.decode(chunk))
        _write(out, decoder.decode(b"", final=True))


def _write(out, text: str) -> None:  # type: ignore[no-untyped-def]
    if "\0" in text:
        raise Unreadable("binary")
    out.write(text.encode())
