"""Identifiers that only the words around them, or their own words, give away: QQ, WeChat, street addresses, names."""

import re
from collections.abc import Iterator

from .found import FIRM, Found
from .names import is_name_shaped

_GAP = r"(?:号码|号|帐号|账号|id|number|no)?[^0-9A-Za-z一-鿿]{0,6}(?:是|为)?[^0-9A-Za-z一-鿿]{0,4}"
_QQ = re.compile(rf"(?:(?<![A-Za-z])QQ|扣扣|企鹅){_GAP}([1-9][0-9]{{4,10}})(?![0-9A-Za-z])", re.I)
_WECHAT = re.compile(
    rf"(?:微信|(?<![A-Za-z])(?:wechat|weixin|wx|vx)){_GAP}([A-Za-z][-_A-Za-z0-9]{{5,19}})(?![-_A-Za-z0-9])", re.I
)
_WXID = re.compile(r"(?<![A-Za-z0-9])wxid_[a-z0-9]{6,20}(?![A-Za-z0-9])", re.I)
_LOCAL = re.compile(
    r"(?:电话|座机|固话|传真|(?<![A-Za-z])(?:tel|fax|phone))[^0-9A-Za-z一-鿿]{0,6}"
    r"([2-8][0-9]{2,3}[- ]?[0-9]{4})(?![0-9]|[- ][0-9])",
    re.I,
)
_NAMED = re.compile(r"(?:姓名|联系人|患者|户主|代表人|本人)[^0-9A-Za-z一-鿿，。,;；]{1,5}([一-鿿]{2,4})(?![一-鿿])")
_NUMBER = r"(?:[0-9]{1,5}|[一二三四五六七八九十百零〇]{1,5})"
_STREET = re.compile(
    rf"[一-鿿](?:路|街|大道|巷|弄|胡同|里|道|村|社区|大街|坊)(?:[东南西北中]段?|[一二三四五六七八九十]段)?[一-鿿]{{0,4}}?{_NUMBER}"
    rf"(?:-{_NUMBER})?(?:号(?!线|车|公交|文|令|通知|公告|意见)|弄|之|栋|幢|座|组{_NUMBER}号)"
)
_HOUSE = re.compile(
    rf"[一-鿿](?:小区|花园|花苑|苑|新村|公寓|家园|城|府|湾|庄|里|大厦|广场|园|居|轩|宿舍)[一-鿿]{{0,3}}?"
    rf"(?:[A-Za-z]|{_NUMBER})[ -]?(?:栋|幢|座|号楼|#楼|楼)[^，。,;；]{{0,6}}?{_NUMBER}(?:室|号|房|单元|户)"
)
_PAIR = re.compile(
    r"(?<![0-9.])(-?[0-9]{1,3}\.[0-9]{4,15})[°EN]?[^0-9A-Za-z.]{1,3}(?:(?:lat|lng|lon|纬度|经度|latitude|longitude)[^0-9A-Za-z.]{1,4})?"
    r"(-?[0-9]{1,3}\.[0-9]{4,15})(?![0-9.])",
    re.I,
)
_DEGREES = re.compile(r"[0-9]{1,3} ?° ?[0-9]{1,2} ?[′'’] ?[0-9]{1,2}(?:\.[0-9]+)? ?[″\"”]")


def look(text: str) -> Iterator[Found]:
    """What is named as such."""
    for kind, pattern in (("qq", _QQ), ("wechat", _WECHAT), ("landline", _LOCAL), ("name", _NAMED)):
        for match in pattern.finditer(text):
            if kind != "name" or is_name_shaped(match[1]):
                yield Found(kind, match[1], FIRM)
    for match in _WXID.finditer(text):
        yield Found("wechat", match[0], FIRM)


def look_for_places(text: str) -> Iterator[Found]:
    """Street addresses with a house number."""
    for pattern in (_STREET, _HOUSE):
        for match in pattern.finditer(text):
            yield Found("address", match[0], FIRM)


def look_for_coordinates(text: str) -> Iterator[Found]:
    """Pairs to at least four decimals (eleven metres), or to the second of an arc."""
    for match in _PAIR.finditer(text):
        first, second = abs(float(match[1])), abs(float(match[2]))
        if min(first, second) <= 90 and max(first, second) <= 180 and not first == second == 0:
            yield Found("coordinates", match[0], FIRM)
    if len(_DEGREES.findall(text)) >= 2:
        yield Found("coordinates", text[:40], FIRM)
