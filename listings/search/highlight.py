"""Hits shown in their text, escaped."""

import re
from itertools import pairwise

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from listings.search.tokens import CHUNK, HAN, is_han, normal, runs

AROUND = 40  # characters before the first hit in an excerpt


def highlight(text: str, query: str) -> SafeString:
    """The text with every hit of the query in `<mark>`."""
    spans = hits(text, query)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    return mark_safe(  # every piece is escaped
        "".join(
            format_html("<mark>{}</mark>", piece) if number % 2 else conditional_escape(piece)
            for number, piece in enumerate(pieces)
        )
    )


def excerpt(text: str, query: str, width: int = 120) -> str:
    """The text around its first hit; empty where there is none."""
    spans = hits(text, query)
    if not spans:
        return ""
    start = max(0, spans[0][0] - AROUND)
    return ("…" if start else "") + text[start : start + width] + ("…" if start + width < len(text) else "")


def hits(text: str, query: str) -> list[tuple[int, int]]:
    """Where the query's terms stand in the text, in order, overlapping ones made one."""
    folded, origin = _folded(text)
    spans = sorted(
        (origin[match.start()], origin[match.end() - 1] + 1)
        for pattern in _patterns(query)
        for match in re.finditer(pattern, folded)
    )
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _folded(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and for each of its characters the one of the text that it came from."""
    parts = [normal(character) for character in text]
    return "".join(parts), [index for index, part in enumerate(parts) for _character in part]


def _patterns(query: str) -> list[str]:
    between, word = r"[\W_]*", rf"[^\W_{HAN}]"
    found = (runs(quoted or plain) for quoted, plain in CHUNK.findall(query))
    return [
        between.join(re.escape(run) if is_han(run) else f"(?<!{word}){re.escape(run)}(?!{word})" for run in term)
        for term in found
        if term
    ]
