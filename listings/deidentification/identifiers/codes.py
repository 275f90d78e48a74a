"""Identifiers with letters in them: credit codes, plates, passports, permits, addresses of mail and networks."""

import ipaddress
import re
from collections.abc import Iterator

from .found import CHANCE, FIRM, Found

_USCC_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(
    r"(?<![0-9A-Z])(?=([159ANY](?:[ -]?[0-9A-HJ-NPQRTUWXY])(?:[ -]?[0-9]){6}"
    r"(?:[ -]?[0-9A-HJ-NPQRTUWXY]){10})(?![0-9A-Z]))"
)
_DATED = re.compile(r"[0-9]{4}[ -]?[0-9]{2}[ -][0-9]{2}(?![0-9])")
_REGISTERS = {"1": "1239", "5": "1239", "9": "123", "A": "1239", "N": "1239", "Y": "1"}
_PROVINCES = {
    *range(11, 16),
    *range(21, 24),
    *range(31, 38),
    *range(41, 47),
    *range(50, 55),
    *range(61, 66),
    71,
    81,
    82,
}
_CENTRAL = 10  # 100000: registered with the state itself

PLATE_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"([{PLATE_PROVINCES}][A-HJ-NP-Z])[·.•\- ]?"
    r"([DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF]|[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳])(?![0-9A-Za-z])"
)
_PASSPORT = re.compile(r"(?<![0-9A-Z])(?:[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[DSP]E[0-9]{7})(?![0-9A-Z])")
_PERMIT = re.compile(r"(?<![0-9A-Z])(?:[HM][0-9]{8}(?:[0-9]{2})?|[CWLT][0-9]{8}|[CL][A-HJ-NP-Z][0-9]{7})(?![0-9A-Z])")
_ABOUT_PASSPORT = re.compile("护照|passport", re.I)
_ABOUT_PERMIT = re.compile("通行证|回乡证|台胞证|来往|港澳|permit", re.I)

_EMAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_SPACED_AT = re.compile(r" ?[\[(]at[\])] ?| @ ?|@ ")
_IPV4 = re.compile(r"(?<![0-9A-Za-z.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\.?[0-9A-Za-z])")
_VERSION = re.compile(r"(?:v|ver|version|版本|版)[.:：= ]{0,3}$", re.I)
_IPV6 = re.compile(r"(?<![0-9A-Za-z:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{6,41}(?![0-9A-Za-z:])")
_MAC = re.compile(
    r"(?<![0-9A-Fa-f])(?<![0-9][:.-])(?:[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})"
    r"(?![0-9A-Za-z:.-])"
)
_BARE_MAC = re.compile(
    r"(?<![A-Za-z])mac[^0-9A-Za-z]{0,8}(?:地址|address)?[^0-9A-Za-z]{0,4}([0-9A-Fa-f]{12})(?![0-9A-Za-z])", re.I
)
_FEWEST_GROUPS = 3


def look(text: str, upper: str) -> Iterator[Found]:
    """Every identifier with letters in a plain text; `upper` is the text in capitals."""
    yield from _credit_codes(upper)
    for match in _PLATE.finditer(upper):
        if sum(sign.isdigit() for sign in match[2]) >= 3:
            yield Found("plate", match[0], FIRM)
    for kind, pattern, about in (
        ("passport", _PASSPORT, _ABOUT_PASSPORT),
        ("travel_permit", _PERMIT, _ABOUT_PERMIT),
    ):
        for match in pattern.finditer(upper):
            alone = len(match[0]) == len(upper.strip())
            if about.search(text):
                yield Found(kind, match[0], FIRM)
            elif alone:
                yield Found(kind, match[0], CHANCE)


def look_in_networks(text: str) -> Iterator[Found]:
    """E-mail, IP and MAC."""
    if "@" in text or "at" in text:
        for match in _EMAIL.finditer(_SPACED_AT.sub("@", text)):
            yield Found("email", match[0], FIRM)
    for match in _IPV4.finditer(text):
        if _is_address(match[0]) and not _VERSION.search(text, max(0, match.start() - 12), match.start()):
            yield Found("ip", match[0], FIRM)
    for match in _MAC.finditer(text):
        if not _is_trivial(match[0]):
            yield Found("mac", match[0], FIRM)
    for match in _BARE_MAC.finditer(text):
        yield Found("mac", match[1], FIRM)
    for match in _IPV6.finditer(text):
        address = match[0] if match[0].startswith("::") else match[0].removeprefix(":")  # IP:2400:…
        if len([group for group in address.split(":") if group]) >= _FEWEST_GROUPS and _is_address(address):
            yield Found("ip", address, FIRM)


def is_credit_code(code: str) -> bool:
    """GB 32100: register, region, MOD 31-3."""
    if code[1] not in _REGISTERS.get(code[0], ""):
        return False
    region = int(code[2:4])
    if region not in _PROVINCES and region != _CENTRAL:
        return False
    total = sum(_USCC_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return (31 - total % 31) % 31 == _USCC_SIGNS.index(code[17])


def _credit_codes(upper: str) -> Iterator[Found]:
    for match in _USCC.finditer(upper):
        code = match[1].replace(" ", "").replace("-", "")
        split = len(match[1]) - len(code)
        if _DATED.match(match[1]):
            continue
        if not code.isdigit() and split < 6 and is_credit_code(code):
            yield Found("uscc", code, FIRM)


def _is_address(text: str) -> bool:
    """Of a device: not this host, no mask, no section 1.2.3.4 of a paper."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 4 and (max(len(part) for part in text.split(".")) == 1 or address.packed[0] in (0, 255)):
        return False
    return not address.is_loopback and not address.is_unspecified


def _is_trivial(text: str) -> bool:
    return len(set(text.upper()) - set(":-.")) == 1
