"""Columns of invented cells of which it is known what they hold: identifiers in every spelling, and near misses.

python-stdnum and phonenumbers are the judges of what is one. The same seed gives the same corpus.
"""

# ruff: noqa: E501  a kind, a style, a near miss is one row

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import phonenumbers
from stdnum import imei, luhn
from stdnum.cn import ric, uscc

FULL_WIDTH = str.maketrans({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
NUMERALS = str.maketrans("0123456789", "〇一二三四五六七八九")
CHECKSUMMED = ("resident_id", "uscc", "bank_card", "imei")
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华建国志文玉兰春梅海燕雪峰宇轩子涵欣怡梓晨浩然思远"
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余杜叶程魏苏吕丁沈姚"


@dataclass(frozen=True)
class Sheet:
    """A column: every cell holds one identifier of `kind`, or (None) none of any kind."""

    name: str
    kind: str | None
    cells: list[str]


def sheets(size: int = 60, seed: int = 1) -> list[Sheet]:
    """The corpus: `size` cells a column."""
    chance = random.Random(seed)
    made = [Sheet(f"{kind}_{style}", kind, [spell(chance, make(chance)) for _ in range(size)])
            for kind, make in MAKERS.items() for style, spell in _styles(kind)]  # fmt: skip
    named = [Sheet(name, kind, [make(chance) for _ in range(size)]) for name, kind, make in BY_NAME]
    misses = [Sheet(f"miss_{name}", None, [make(chance) for _ in range(size)]) for name, make in MISSES.items()]
    return made + named + misses


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _date(chance: random.Random) -> str:
    return f"{chance.randrange(1940, 2020)}{chance.randrange(1, 13):02d}{chance.randrange(1, 29):02d}"


def a_resident_id(chance: random.Random) -> str:
    region = chance.choice(("350102", "350203", "110105", "440305", "620102", "510107", "653101"))
    body = region + _date(chance) + _digits(chance, 3)
    return body + ric.calc_check_digit(body + "0")


def an_old_id(chance: random.Random) -> str:
    return "350102" + _date(chance)[2:] + _digits(chance, 3)


def a_mobile(chance: random.Random) -> str:
    while True:
        number = "1" + chance.choice("3456789") + _digits(chance, 9)
        if phonenumbers.is_valid_number(phonenumbers.parse(number, "CN")):
            return number


def a_landline(chance: random.Random) -> str:
    while True:
        area = chance.choice(("0591", "0592", "0595", "010", "021", "0755", "0571"))
        number = area + chance.choice("2345678") + _digits(chance, 7)
        if phonenumbers.is_valid_number(phonenumbers.parse(number, "CN")):
            return f"{area}-{number[len(area) :]}"


def a_card(chance: random.Random) -> str:
    body = chance.choice(("622848", "621700", "622202", "436742"))
    body += _digits(chance, 15 - 6 if body[0] == "4" else 18 - 6)
    return body + luhn.calc_check_digit(body)


def a_credit_code(chance: random.Random) -> str:
    body = (
        "91"
        + chance.choice(("350100", "350200", "110108"))
        + "MA"
        + "".join(chance.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=7))
    )
    return body + uscc.calc_check_digit(body + "0")


def an_imei(chance: random.Random) -> str:
    body = chance.choice(("35", "86")) + _digits(chance, 12)
    number = body + luhn.calc_check_digit(body)
    assert imei.is_valid(number)
    return number


def a_plate(chance: random.Random) -> str:
    head = chance.choice("闽京沪粤浙") + chance.choice("ABCDEFGHJK")
    return head + (
        chance.choice("DF") + _digits(chance, 5)
        if chance.random() < 0.5
        else chance.choice("ABCDEFGH0123456789") + _digits(chance, 4)
    )


def an_email(chance: random.Random) -> str:
    return f"{''.join(chance.choices('abcdefgxyz', k=5))}.{_digits(chance, 3)}@{chance.choice(('qq.com', '163.com', 'mail.fj.gov.cn'))}"


def an_ip(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return ":".join(f"{chance.randrange(1, 65536):x}" for _ in range(8))
    return f"{chance.randrange(10, 223)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def a_mac(chance: random.Random) -> str:
    return chance.choice(":-").join(f"{chance.randrange(256):02X}" for _ in range(6))


def a_name(chance: random.Random) -> str:
    return chance.choice(_FAMILY) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2, 2))))


def a_passport(chance: random.Random) -> str:
    return (
        chance.choice("EG") + _digits(chance, 8)
        if chance.random() < 0.6
        else "E" + chance.choice("ABCDEFGH") + _digits(chance, 7)
    )


def a_permit(chance: random.Random) -> str:
    return chance.choice("HM") + _digits(chance, chance.choice((8, 10)))


def an_address(chance: random.Random) -> str:
    city = chance.choice(("福州市鼓楼区", "厦门市思明区", "泉州市丰泽区", "福建省福州市仓山区"))
    street = chance.choice(("五四路", "湖滨南路", "津淮街", "安泰巷", "金山大道", "上三路"))
    number = f"{chance.randrange(1, 900)}号"
    return (
        city
        + street
        + number
        + chance.choice(
            ("", f"{chance.randrange(1, 30)}栋{chance.randrange(101, 2900)}室", f"{chance.randrange(1, 9)}号楼")
        )
    )


def a_position(chance: random.Random) -> str:
    return f"{chance.uniform(115, 120):.6f},{chance.uniform(23, 28):.6f}"


def a_wechat(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefghij", k=4)) + "_" + _digits(chance, 5)


def a_qq(chance: random.Random) -> str:
    return str(chance.randrange(10**6, 10**10))


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "resident_id": a_resident_id, "mobile": a_mobile, "landline": a_landline, "bank_card": a_card,
    "uscc": a_credit_code, "imei": an_imei, "plate": a_plate, "email": an_email, "ip": an_ip, "mac": a_mac,
    "passport": a_passport, "travel_permit": a_permit, "address": an_address, "coordinates": a_position,
    "wechat": a_wechat, "qq": a_qq, "name": a_name,
}  # fmt: skip
_LABELS = {
    "resident_id": "身份证", "mobile": "手机", "landline": "电话", "bank_card": "卡号", "uscc": "信用代码", "imei": "IMEI",
    "plate": "车牌", "email": "邮箱", "ip": "来自", "mac": "MAC", "passport": "护照", "travel_permit": "通行证",
    "address": "住址", "coordinates": "位置", "wechat": "微信", "qq": "QQ", "name": "姓名",
}  # fmt: skip
_LABELLED_ONLY = ("wechat", "qq")


def _styles(kind: str) -> Iterator[tuple[str, Callable[[random.Random, str], str]]]:
    label = _LABELS[kind]
    if kind not in _LABELLED_ONLY:
        yield "bare", lambda chance, value: value
        yield "spaced", lambda chance, value: f" {value} "
    yield "sentence", lambda chance, value: f"备注：{label}：{value}，{chance.choice(('已核对', '待回访', '无'))}。"
    yield "json", lambda chance, value: json.dumps({"id": chance.randrange(99), label: value}, ensure_ascii=False)
    if kind not in ("name", "address", *_LABELLED_ONLY):
        yield "full_width", lambda chance, value: value.translate(FULL_WIDTH)
        yield "invisible", lambda chance, value: value[:3] + "\u200b" + value[3:]
    if kind in ("resident_id", "mobile"):
        yield "spelled", lambda chance, value: " ".join(value)
    if kind == "mobile":
        yield "split", lambda chance, value: chance.choice(" -").join((value[:3], value[3:7], value[7:]))
        yield "prefixed", lambda chance, value: chance.choice(("+86", "+86 ", "0086")) + value
        yield "numerals", lambda chance, value: value.translate(NUMERALS)
    if kind == "resident_id":
        yield "split", lambda chance, value: chance.choice(" -").join((value[:6], value[6:14], value[14:]))
        yield "lower", lambda chance, value: value.lower()
    if kind == "landline":
        yield "brackets", lambda chance, value: "({}) {}".format(*value.split("-"))
        yield "run", lambda chance, value: value.replace("-", "")
    if kind == "bank_card":
        yield "split", lambda chance, value: " ".join(value[at : at + 4] for at in range(0, len(value), 4))
    if kind in ("uscc", "plate", "mac", "email"):
        yield "lower", lambda chance, value: value.lower()


def _pinyin(chance: random.Random) -> str:
    return f"{chance.choice(('Wang', 'Li', 'Zhang', 'Chen', 'Lin'))} {chance.choice(('Wei', 'Xiaoming', 'Fang', 'Jianguo'))}"


BY_NAME: list[tuple[str, str, Callable[[random.Random], str]]] = [
    ("QQ", "qq", a_qq), ("微信号", "wechat", a_wechat), ("护照号", "passport", a_passport), ("name", "name", _pinyin),
    ("住宅电话", "landline", lambda chance: chance.choice("2345678") + _digits(chance, 7)),
    ("latitude", "coordinates", lambda chance: f"{chance.uniform(23, 28):.6f}1"),
    ("old_id", "resident_id", an_old_id),
]  # fmt: skip


def _wrong(make: Callable[[random.Random], str], check: Callable[[str], bool]) -> Callable[[random.Random], str]:
    def miss(chance: random.Random) -> str:
        while True:
            value = make(chance)
            value = value[:-1] + chance.choice("123456789")
            if not check(value):
                return value

    return miss


_WORDS = [
    "高中",
    "初中",
    "小学",
    "大学",
    "本科",
    "硕士",
    "中专",
    "高级",
    "白色",
    "黄色",
    "金属",
    "文员",
    "司机",
    "农民",
    "方案",
    "计划",
    "成功",
    "常规",
    "安溪",
    "连江",
    "平潭",
    "龙岩",
]
MISSES: dict[str, Callable[[random.Random], str]] = {
    "resident_id": _wrong(a_resident_id, ric.is_valid), "uscc": _wrong(a_credit_code, uscc.is_valid),
    "card": _wrong(a_card, luhn.is_valid), "imei": _wrong(an_imei, imei.is_valid),
    "order_card": lambda chance: "62" + _digits(chance, 17), "order_14": lambda chance: f"20{_digits(chance, 12)}",
    "order_18": lambda chance: "99" + _digits(chance, 16), "order_20": lambda chance: _digits(chance, 20),
    "time": lambda chance: f"2024-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d} 12:{chance.randrange(60):02d}:00",
    "iso": lambda chance: f"2024-01-{chance.randrange(1, 29):02d}T12:{chance.randrange(60):02d}:00+08:00",
    "stamp": lambda chance: str(chance.randrange(1_600_000_000_000, 1_800_000_000_000)),
    "compact": lambda chance: f"202401{chance.randrange(1, 29):02d}12{chance.randrange(60):02d}00",
    "amount": lambda chance: f"{chance.uniform(0, 10**7):.2f}", "fraction": lambda chance: f"{chance.random():.14f}",
    "education": lambda chance: chance.choice(_WORDS), "product": lambda chance: f"SKU-{_digits(chance, 8)}",
    "model": lambda chance: f"X{_digits(chance, 8)}", "version": lambda chance: f"v{chance.randrange(9)}.{chance.randrange(20)}.{chance.randrange(9)}",
    "digest": lambda chance: f"{chance.getrandbits(128):032x}", "sha256": lambda chance: f"{chance.getrandbits(256):064x}",
    "short": lambda chance: _digits(chance, 8), "note": lambda chance: f"第{chance.randrange(99)}号通知，地铁{chance.randrange(9)}号线，3路公交",
    "district": lambda chance: chance.choice(("福建省福州市鼓楼区", "厦门市思明区", "泉州市丰泽区")),
    "pressure": lambda chance: f"血压{chance.randrange(90, 180)}/{chance.randrange(60, 99)}，心率{chance.randrange(60, 99)}",
    "readings": lambda chance: " ".join(str(chance.randrange(256)) for _ in range(40)),
}  # fmt: skip
