"""What a column's name makes of its cells: 12345678 is a QQ number in a column called QQ, and nothing elsewhere."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Hint:
    """`name`: columns called so; `cell`: a cell (RE2) that counts there, None where the name only lends weight."""

    kind: str
    name: re.Pattern[str]
    cell: str | None


def _hint(kind: str, name: str, cell: str | None) -> Hint:
    return Hint(kind, re.compile(name, re.I), cell)


_PERMITS = r"^[ ]*(?:[0-9]{8}|[0-9]{10}[A-Za-z]|[HMCWLThmcwlt][A-Za-z0-9][0-9]{7,9})[ ]*$"
_NAMES = (
    r"姓名|^名字|联系人|户主|患者$|法人|法定代表|xing_?ming|拼音|pinyin|^name$"
    "|(full|real|patient|first|last|sur|given|customer|contact)_?name"
)
_PLACES = r"经度|纬度|坐标|(^|[^a-z])(lng|lon|lat|longitude|latitude)([^a-z]|$)"
_D = "[0-9０-９]"
_LOCAL = rf"^[ ]*[2-8２-８]{_D}{{2,3}}[- －]?{_D}{{4}}[ ]*$|^[1-9][0-9]{{8,9}}$"  # 591… lost its 0
HINTS = (
    _hint("resident_id", "身份|证件号|公民|id_?card|id_?no|sfz", None),
    _hint("bank_card", "卡号|银行|账号|帐号|bank|card_?(no|num)|account", None),
    _hint("imei", "imei|串号|设备号", None),
    _hint("passport", "护照|passport", r"^[ ]*[A-Za-z]{1,2}[0-9]{6,8}[ ]*$"),
    _hint("travel_permit", "通行证|回乡证|台胞|permit", _PERMITS),
    _hint("landline", "电话|座机|固话|传真|^tel|telephone|phone|^fax", _LOCAL),
    _hint("qq", "(^|[^a-z])qq|扣扣|企鹅", rf"^[ ]*[1-9１-９]{_D}{{4,10}}[ ]*$"),
    _hint("wechat", "微信|wechat|weixin|wxid|(^|_)(wx|vx)(_|$)|openid", r"^[ ]*[A-Za-z][-_A-Za-z0-9]{5,27}[ ]*$"),
    _hint("mac", r"(^|[^a-z])mac([^a-z]|$)", r"^[ ]*(?:[0-9A-Fa-f]{12})[ ]*$"),
    _hint("coordinates", _PLACES, r"^[ ]*-?[0-9]{1,3}\.[0-9]{4,}[ ]*$"),
    _hint("name", _NAMES,
          r"^[ ]*[A-Za-z]{2,20}(?:[ ,'·-]{1,2}[A-Za-z]{1,20}){1,3}[ ]*$"),
)  # fmt: skip


def of(column: str) -> dict[str, Hint]:
    """The hints of a column's name, by kind."""
    return {hint.kind: hint for hint in HINTS if hint.name.search(column)}
