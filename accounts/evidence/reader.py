"""What a file is, by its content, and whether it opens. Run as a program, in a process that limits itself first.

Nothing here believes a name. Each `Unfit` says in one word why a file is not taken (`process.WHY` has the sentences).
"""

import logging
import os
import re
import resource
import sys
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 120_000_000  # the largest telephones take 108 million
MOST_INFLATED = 512 * 1024 * 1024  # bytes of all compressed streams of a PDF together
MOST_PAGES = 2000
MOST_OBJECTS, MOST_DEPTH = 100_000, 60
PIECE = 64 * 1024
SECONDS = 20
_ADDRESS_SPACE = 2 * 1024**3

HEADS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}
ENDS = {
    "pdf": re.compile(rb"%%EOF[\s\0]*\Z"),
    "png": re.compile(rb"\0\0\0\0IEND\xaeB`\x82\Z"),
    "jpeg": re.compile(rb"\xff\xd9\0*\Z"),
}
# what no object of a PDF may do or hold here: keys, kinds of actions and of annotations
ACTIVE = {
    "/JavaScript", "/JS", "/Launch", "/ImportData", "/SubmitForm", "/EmbeddedFiles", "/EF", "/FileAttachment", "/XFA",
    "/RichMedia",
}  # fmt: skip


class Unfit(Exception):
    """The file is not taken."""


def check(path: Path) -> str:
    """`pdf`, `png` or `jpeg`, if the file is one, nothing else besides, and opens. Raises Unfit."""
    if not 0 < path.stat().st_size <= MOST_BYTES:
        raise Unfit("too_large" if path.stat().st_size else "empty")
    content = path.read_bytes()
    kind = next((kind for kind, head in HEADS.items() if content.startswith(head)), None)
    if kind is None:
        raise Unfit("kind")
    if not ENDS[kind].search(content, max(0, len(content) - 4096)) or zipfile.is_zipfile(path):
        raise Unfit("more")
    try:
        _open_pdf(path, content) if kind == "pdf" else _open_image(path, kind)
    except (Unfit, MemoryError):
        raise
    except Exception as error:  # whatever a library says of a stranger's file
        raise Unfit("broken") from error
    return kind


def _open_image(path: Path, kind: str) -> None:
    """Decoded, to see that it can be."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=[kind]) as image:
                image.load()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise Unfit("bomb") from error


def _open_pdf(path: Path, content: bytes) -> None:
    from pypdf import PdfReader

    _check_inflation(content)
    logging.getLogger("pypdf").disabled = True
    reader = PdfReader(path)
    if reader.is_encrypted:
        raise Unfit("encrypted")
    if not 0 < len(reader.pages) <= MOST_PAGES:
        raise Unfit("broken")
    _check_objects(reader)


def _check_inflation(content: bytes) -> None:
    """Whatever lies in the file's streams, compressed once, is inflated into nothing and counted."""
    left, whole = MOST_INFLATED, memoryview(content)
    for found in re.finditer(rb"stream\r?\n", content):
        engine, place, tail = zlib.decompressobj(), found.end(), b""
        try:
            while not engine.eof and (tail or place < len(content)) and left >= 0:
                piece = tail or whole[place : place + PIECE]
                place += 0 if tail else PIECE
                left -= len(engine.decompress(piece, 16 * PIECE))
                tail = engine.unconsumed_tail
        except zlib.error:
            continue  # of another kind, or not compressed
        if left < 0:
            raise Unfit("bomb")


def _check_objects(reader: Any) -> None:
    """Every object of the document: a program, another file or a form that asks for one may hang anywhere."""
    from pypdf.generic import IndirectObject

    places = {(number, generation) for generation, found in reader.xref.items() for number in found}
    places |= {(number, 0) for number in reader.xref_objStm}
    if len(places) > MOST_OBJECTS:
        raise Unfit("bomb")
    for number, generation in sorted(places):
        _check_passive(reader.get_object(IndirectObject(number, generation, reader)))


def _check_passive(thing: Any, depth: int = 0) -> None:
    """What lies within an object; what it only points at is an object of its own."""
    if depth > MOST_DEPTH:
        raise Unfit("bomb")
    if isinstance(thing, dict):
        if not ACTIVE.isdisjoint(thing) or _kinds(thing) & ACTIVE:
            raise Unfit("active")
        thing = list(dict.values(thing))
    if isinstance(thing, list):
        for part in thing:
            _check_passive(part, depth + 1)


def _kinds(thing: Any) -> set[str]:
    """Which action or annotation it says it is, wherever that word stands."""
    said = [thing[key] for key in ("/S", "/Subtype") if key in thing]
    return {word for word in said if isinstance(word, str)}


def _confine() -> None:
    """Limits for good: memory, time, no file written, no core, low priority."""
    limits = {
        resource.RLIMIT_AS: _ADDRESS_SPACE, resource.RLIMIT_CPU: SECONDS, resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 64,
    }  # fmt: skip
    for which, limit in limits.items():
        hard = resource.getrlimit(which)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(which, (limit, limit))
    os.nice(10)


def main() -> None:
    _confine()
    try:
        print("is", check(Path(sys.argv[1])))
    except Unfit as why:
        print("no", why)
    except MemoryError:
        print("no", "bomb")


if __name__ == "__main__":
    main()
