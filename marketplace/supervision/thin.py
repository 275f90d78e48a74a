"""What makes a usage report say nothing new (Art. 16)."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any


def gist(text: str) -> str:
    """Its letters and digits: no blank, width, capital or punctuation makes an answer another one."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def thinness(content: Mapping[str, Any], earlier: Iterable[str]) -> str:
    """Why a filing says nothing new, or "": `nil` though data was delivered, `copied` from what `earlier` reports say
    the data was used for, `empty` answers. Results and security may truthfully be those of last time."""
    if content["is_nil"]:
        return "nil" if content["metered"] else ""
    use, *others = (gist(content[name]) for name in ("use", "results", "security"))
    if use in map(gist, earlier):
        return "copied"
    return "" if use and all(others) else "empty"
