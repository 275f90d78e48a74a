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
PIECE = 64 * 1024
SECONDS = 20
_ADDRESS_SPACE = 2 * 1024**3

HEADS = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}
ENDS = {
    "pdf": re.compile(rb"%%EOF[\s\0]*\Z"),
    "png": re.compile(rb"\0\0\0\0IEND\xaeB`\x82\Z"),
    "jpeg": re.compile(rb"\xff\xd9\0*\Z"),
}
ACTIVE = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm"}  # what an action of a PDF may not do here


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
    for page in reader.pages:
        _check_actions(page)
    _check_catalog(reader.trailer["/Root"])


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


def _check_catalog(root: Any) -> None:
    names = root.get("/Names")
    names = names.get_object() if names is not None else {}
    if "/JavaScript" in names or "/EmbeddedFiles" in names:
        raise Unfit("active")
    opening = root.get("/OpenAction")
    _check_action(opening.get_object() if opening is not None else None)
    _check_actions(root)


def _check_actions(holder: Any) -> None:
    """What happens by itself when the document or a page is opened."""
    actions = holder.get("/AA")
    for action in (actions.get_object() if actions is not None else {}).values():
        _check_action(action.get_object())


def _check_action(action: Any) -> None:
    if hasattr(action, "get") and action.get("/S") in ACTIVE:
        raise Unfit("active")


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
