"""What makes a usage report say nothing new (Art. 16)."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

ANSWERS = ("use", "results", "security")
SAID = (*ANSWERS, "purposes", "other_purpose")
# What stands in the place of an answer; and what says "none": of results and incidents that may be so, of the use not.
NOTHING = frozenset({"", "略", "从略", "同上", "同前", "见上", "na", "待填", "待补充"})
NONE = frozenset({"无", "没有", "暂无", "none", "no", "nil"})


def gist(text: str) -> str:
    """Its letters and digits: no blank, width, capital or punctuation makes an answer another one."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def thinness(content: Mapping[str, Any], earlier: Iterable[str], returned: Iterable[Mapping[str, Any]]) -> str:
    """Why a filing says nothing new, or "": `nil` though data was delivered, `copied` from what `earlier` reports say
    the data was used for, or word for word what was filed and `returned`, `empty` answers. Results and security may
    truthfully be those of last time, or none."""
    if content["is_nil"]:
        return "nil" if content["metered"] else ""
    use, *others = (gist(content[name]) for name in ANSWERS)
    if use in map(gist, earlier) or _whole(content) in map(_whole, returned):
        return "copied"
    return "empty" if use in NOTHING | NONE or NOTHING.intersection(others) else ""


def _whole(content: Mapping[str, Any]) -> list[str]:
    return [gist(content[name] or "") for name in SAID]
