"""From the bytes of an uploaded CSV to UTF-8, as a stream."""

import codecs
from pathlib import Path

from . import limits
from .reasons import Unreadable

_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"%PDF")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def transcode(source: Path, target: Path) -> str:
    """Write the text of `source` to `target` as UTF-8 without BOM and return the encoding found.

    UTF-8 (with or without BOM) is tried first, then GB 18030.
    Unreadable: spreadsheet, unknown_encoding, binary.
    """
    _refuse_other_formats(source)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            _copy(source, target, encoding)
        except UnicodeDecodeError:
            continue
        return "utf-8" if encoding == "utf-8-sig" else encoding
    raise Unreadable("unknown_encoding")


def _refuse_other_formats(source: Path) -> None:
    with source.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(_ARCHIVES):
        raise Unreadable("spreadsheet")
    if start.startswith(_UTF16):
        raise Unreadable("unknown_encoding")


def _copy(source: Path, target: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with source.open("rb") as stream, target.open("wb") as out:
        while chunk := stream.read(limits.CHUNK_BYTES):
            if b"\0" in chunk:
                raise Unreadable("binary")
            out.write(decoder.decode(chunk).encode())
        out.write(decoder.decode(b"", final=True).encode())
