"""A document as a PDF: A4, Chinese with its font embedded, a QR code to the public check on the first page's foot.

The same content gives the same bytes. Text is escaped: nothing that somebody wrote is markup to the renderer.
"""

import io
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import segno
from django.conf import settings
from django.urls import reverse
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

FONT, FILE = "MinshuHei", Path(__file__).parent / "fonts" / "minshu-hei.ttf"
GETA = "〓"  # stands for a character that the font has not: which one, the end says
QR = 26 * mm
FOOT = 46 * mm


@cache
def known_characters() -> frozenset[int]:
    """Registers the font with the library, once for each process; the code points that it can print."""
    font = TTFont(FONT, str(FILE))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def render(number: str, token: str, content: Mapping[str, Any]) -> bytes:
    """The file. `content`: title, issuer, to, date, article, and sections of heading and text."""
    out, known = io.BytesIO(), known_characters()
    unknown: dict[str, None] = {}
    page = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=25 * mm, rightMargin=25 * mm, topMargin=22 * mm, bottomMargin=FOOT, invariant=1,
        title=f"{content['title']} {number}", author=content["issuer"], lang="zh-CN",
    )  # fmt: skip

    def printable(text: str) -> str:
        unknown.update(dict.fromkeys(char for char in text if ord(char) not in known and char not in "\r\n\t"))
        return "".join(GETA if char in unknown else " " if char == "\t" else char for char in text)

    flow = list(_flow(number, content, printable))
    if unknown:
        named = "、".join(f"U+{ord(char):04X}" for char in unknown)
        flow += [Spacer(1, 4 * mm), _text(f"{GETA}：{named}", "small")]
    foot = _foot(number, token)
    page.build(flow, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _flow(number: str, content: Mapping[str, Any], printable: Any) -> Iterable[Flowable]:
    yield _text(printable(content["issuer"]), "issuer")
    yield _text(printable(content["title"]), "title")
    yield _text(printable(number), "number")
    yield _text(printable(f"{content['to']}："), "body")
    for head, text in content["sections"]:
        yield _text(printable(head), "head")
        for line in text.splitlines():
            yield _text(printable(line), "body")
    yield Spacer(1, 8 * mm)
    yield _text(printable(content["issuer"]), "signed")
    yield _text(content["date"], "signed")


STYLES: dict[str, dict[str, Any]] = {
    "issuer": {"fontSize": 15, "leading": 22, "alignment": TA_CENTER},
    "title": {"fontSize": 19, "leading": 28, "alignment": TA_CENTER, "spaceBefore": 4},
    "number": {"fontSize": 10.5, "leading": 16, "alignment": TA_CENTER, "spaceAfter": 14},
    "head": {"fontSize": 11.5, "leading": 19, "spaceBefore": 8},
    "body": {"fontSize": 11, "leading": 18},
    "signed": {"fontSize": 11, "leading": 18, "alignment": TA_RIGHT},
    "small": {"fontSize": 8, "leading": 12},
}


def _text(text: str, style: str) -> Paragraph:
    look = ParagraphStyle(style, fontName=FONT, wordWrap="CJK", **STYLES[style])
    return Paragraph(escape(text) or " ", look)


def address_of(token: str) -> str:
    """Of the public page that says whether a document is genuine."""
    return settings.SITE_URL + reverse("documents:check-token", args=[token])


def _foot(number: str, token: str) -> Any:
    address = address_of(token)
    modules = list(segno.make(address, error="m").matrix_iter(border=2))

    def draw(canvas: Canvas, _page: Any) -> None:
        canvas.saveState()
        side, left, top = QR / len(modules), 25 * mm, FOOT - 8 * mm
        for row, line in enumerate(modules):
            for column, dark in enumerate(line):
                if dark:
                    canvas.rect(left + column * side, top - (row + 1) * side, side, side, stroke=0, fill=1)
        canvas.setFont(FONT, 8)
        words = (
            "扫码核验本文书的文号、日期和文件哈希值（SHA-256）。",
            address,
            f"{number} · 第 {canvas.getPageNumber()} 页",
        )
        for line, text in enumerate(words):
            canvas.drawString(left + QR + 5 * mm, top - 8 * mm - line * 5 * mm, text)
        canvas.restoreState()

    return draw
