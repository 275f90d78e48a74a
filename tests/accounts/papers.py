"""Files as people send them, and as nobody should: made anew, small."""

import io
import struct
import zipfile
import zlib
from functools import cache
from typing import Any

from PIL import Image
from pypdf import PdfWriter


class Sent(io.BytesIO):
    """A file that can be sent several times."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name

    def read(self, *args: Any) -> bytes:
        if not args:
            self.seek(0)
        return super().read(*args)


@cache
def pdf(text: str = "", **changes: bool) -> bytes:
    """A blank page; two texts make two files."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Title": text})
    if changes.get("encrypted"):
        writer.encrypt("secret")
    if changes.get("attached"):
        writer.add_attachment("x.exe", b"MZ")
    writer.write(out)
    return out.getvalue()


@cache
def image(kind: str, side: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "white").save(out, kind)
    return out.getvalue()


def pdf_with(catalog: bytes, stream: bytes = b"") -> bytes:
    """Written by hand, with what stands in its catalogue and in a stream of its page."""
    body, places = b"%PDF-1.7\n", []
    packed = zlib.compress(stream)
    for number, text in enumerate(
        (
            b"<</Type/Catalog/Pages 2 0 R " + catalog + b">>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
            b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed) + packed + b"\nendstream",
        ),
        start=1,
    ):
        places.append(len(body))
        body += b"%d 0 obj" % number + text + b"\nendobj\n"
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + table + b"trailer\n<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def png_of(width: int, height: int) -> bytes:
    """Says that it is that large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
