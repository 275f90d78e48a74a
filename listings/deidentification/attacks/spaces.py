"""The key spaces of identifiers: everything that a Chinese mobile number, resident ID and so on can be, in order.

A space is a product of tables of byte strings, each of one width: the outer tables, and the last (inner) table whose
thousand entries the kernels run through at once. Where the last character checks the others, the inner table has a
variant for every remainder that the outer part can leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

Table = np.ndarray  # uint8[entries, width]

_MOBILE_PREFIXES = (
    *range(130, 140), 145, 147, 149, 150, 151, 152, 153, 155, 156, 157, 158, 159, 162, 165, 166, 167, *range(170, 179),
    *range(180, 190), 190, 191, 192, 193, *range(195, 200),
)  # fmt: skip
_LONG_AREAS = ("010", *(f"02{last}" for last in "0123456789"))  # three digits, then eight
_CARD_ISSUERS = (
    "622202", "622848", "621700", "622700", "622588", "621226", "621661", "622150", "622260", "622622", "622909",
    "622666", "622908", "622689", "622516", "622155", "356889", "402658", "436742", "518710", "552245", "625965",
)  # fmt: skip
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_GIVEN = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲建华国梅红志海云玉金春林燕晓宇鑫波斌鹏飞浩凯婷雪"
    "慧倩雨梓涵子轩一诺欣怡浩然思俊佳嘉诗梦琪瑶萱妍悦宁若汐可心语嫣紫馨雅韵诚信义仁德福荣贵祥瑞康安宝庆生才"
    "根发财旺兴昌盛富民爱菊莲凤香珍琴素淑惠贞翠月秋冬夏青山川江河湖泉溪石岩松柏竹枫楠桐柳荷花艺美佩蓉薇蕾莉"
    "萍芬芝茹莎丹彤彩虹琳琼璐璇琦珊珠瑾瑜璟岚峰岭峻崇嵩巍毅力博达学书礼智聪睿哲翰墨彬炳炎焕灿烨煜煊熙昊昕晨"
    "旭昱昭晖景晴暄曦朗星辰宸宏宽弘鸿鹤鹰龙虎豹骏驰骁骐麟阳天地元亨利长永久恒远方圆正立中新世有友朋良善清静"
    "淳淼润泽洁浦津渊源涵瀚滔澜沛沐洪汉湘源亮光耀辉映照明先进前程开启祖宗绍继承传家振业功成名就连胜喜乐欢笑"
    "小大少东西南北双全权桃杏李梨樱菲芸苗茜荣菁蓓芷芮苒芊艾蓝翔翎羽翼鸣凌霄云霆震雷霖露霜冰雪寒冷颖秋稷禾苏"
    "卫武战胜军威猛雄壮健卓超越伦纯维纲经纬纪绪绮缘红绿丝织锦绣帆航舟舰鹭鸥鹃雁莺燕妮娅姣娇婉婕婵媛嫒姝姗娴"
)
_WEIGHTS = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2))
_CHECKS = np.frombuffer(b"10X98765432", np.uint8)


@dataclass(frozen=True)
class Space:
    """All keys of one kind; `shape` says which form (11 digits, area code with a dash and so on)."""

    kind: str
    shape: str
    outer: tuple[Table, ...]
    inner: np.ndarray  # uint8[variants, entries, width]
    check: str = ""  # "", "resident_id" or "luhn": how the outer part chooses the variant

    @property
    def outers(self) -> int:
        product = 1
        for table in self.outer:
            product *= len(table)
        return product

    @property
    def size(self) -> int:
        return self.outers * self.inner.shape[1]

    @property
    def width(self) -> int:
        return sum(table.shape[1] for table in self.outer) + self.inner.shape[2]

    def heads(self, numbers: np.ndarray) -> np.ndarray:
        """The outer part of the keys with these numbers, uint8[numbers, width]."""
        parts, left = [], numbers.astype(np.int64)
        for table in reversed(self.outer):
            left, place = np.divmod(left, len(table))
            parts.append(table[place])
        return np.concatenate(parts[::-1], axis=1)

    def variants(self, heads: np.ndarray) -> np.ndarray:
        digits = heads.astype(np.int64) - 48
        if self.check == "resident_id":
            return (digits * _WEIGHTS[: digits.shape[1]]).sum(axis=1) % 11
        if self.check == "luhn":
            return _luhn(digits, self.inner.shape[2] - 1) % 10
        return np.zeros(len(heads), np.int64)


def _luhn(digits: np.ndarray, after: int) -> np.ndarray:
    """Sum of the digits, every second doubled, where `after` more come before the check digit."""
    doubled = (digits.shape[1] - 1 - np.arange(digits.shape[1]) + after) % 2 == 0
    twice = digits * 2
    return np.where(doubled, twice - 9 * (twice > 9), digits).sum(axis=1)


def table(texts: Sequence[str]) -> Table:
    """Texts that all have the same number of bytes."""
    encoded = [text.encode() for text in texts]
    return np.frombuffer(b"".join(encoded), np.uint8).reshape(len(encoded), -1)


def numbers(first: int, end: int, width: int) -> Table:
    """`first` to `end` − 1 as decimal digits with leading zeros."""
    left = np.arange(first, end, dtype=np.int32)
    digits = np.empty((len(left), width), np.uint8)
    for place in reversed(range(width)):  # all at once would take 25 times the room of the answer
        left, digits[:, place] = np.divmod(left, 10)
    return digits + np.uint8(48)


_TAIL = numbers(0, 1000, 3)


def _plain(kind: str, shape: str, *outer: Table) -> Space:
    return Space(kind, shape, outer, _TAIL[None])


def mobile() -> Space:
    return _plain("mobile", "11", table([str(each) for each in _MOBILE_PREFIXES]), numbers(0, 100_000, 5))


def landlines() -> list[Space]:
    """Without the area code, then with it; those of Fujian (059x) are tried by themselves first."""
    local, short, dash = numbers(20_000, 90_000, 5), numbers(2_000, 9_000, 4), table(["-"])
    areas = [f"{code:04d}" for code in range(310, 1000) if code // 10 != 59 and code % 10]
    fujian = [f"059{last}" for last in "123456789"]
    found = [_plain("landline", "8", local), _plain("landline", "7", short)]
    for codes, rest in ((fujian, local), (_LONG_AREAS, local), (areas, local), (fujian, short)):
        digits = 3 + rest.shape[1]
        found.append(_plain("landline", f"area-{digits}", table(codes), dash, rest))
        found.append(_plain("landline", f"area{digits}", table(codes), rest))
    return found


def qqs() -> list[Space]:
    """Five to ten digits; of ten, the numbers given out so far (up to 3,999,999,999)."""
    found = [_plain("qq", str(n), numbers(10 ** (n - 4), 10 ** (n - 3), n - 3)) for n in range(5, 10)]
    return [*found, _plain("qq", "10", table(["1", "2", "3"]), numbers(0, 1_000_000, 6))]


def names() -> list[Space]:
    """The hundred commonest surnames with one or two of the commonest characters of given names."""
    given = table(sorted(set(_GIVEN)))
    padded = given[np.arange(500) % len(given)]
    inner = padded[None]
    surnames = table(sorted(set(_SURNAMES)))
    return [Space("name", "2", (surnames,), inner), Space("name", "3", (surnames, given), inner)]


def bank_card() -> Space:
    """Sixteen digits with the check digit of Luhn, from the commonest issuers."""
    digits = _TAIL.astype(np.int64) - 48
    own = _luhn(digits, 0)
    checks = (-(own[None, :] + np.arange(10)[:, None]) % 10 + 48).astype(np.uint8)
    inner = np.concatenate([np.repeat(_TAIL[None], 10, axis=0), checks[:, :, None]], axis=2)
    return Space("bank_card", "16", (table(_CARD_ISSUERS), numbers(0, 1_000_000, 6)), inner, "luhn")


def resident_id(dates: Sequence[date] | None = None) -> Space:
    """County × birth date × sequence, with the check digit of GB 11643; all dates of 1930 to 2025, or those given."""
    if dates is None:
        first = date(1930, 1, 1)
        dates = [first + timedelta(days) for days in range((date(2026, 1, 1) - first).days)]
    born = table([f"{day:%Y%m%d}" for day in dates])
    own = ((_TAIL.astype(np.int64) - 48) * _WEIGHTS[14:]).sum(axis=1)
    checks = _CHECKS[(own[None, :] + np.arange(11)[:, None]) % 11]
    inner = np.concatenate([np.repeat(_TAIL[None], 11, axis=0), checks[:, :, None]], axis=2)
    return Space("resident_id", "18", (table(counties()), born), inner, "resident_id")


@cache
def counties() -> tuple[str, ...]:
    """The codes of counties and districts past and present (GB/T 2260), Fujian's (35) first."""
    import stdnum.cn

    found, province = [], ""
    for line in (Path(stdnum.cn.__file__).parent / "loc.dat").read_text(encoding="utf-8").splitlines():
        if line[:2].isdigit():
            province = line[:2]
        elif province and line[2:6].isdigit() and line[4:6] != "00":
            found.append(province + line[2:6])
    return tuple(sorted(set(found), key=lambda code: (code[:2] != "35", code)))


def mobile_segments() -> list[tuple[int, int]]:
    """The numbers in use as ranges [first, end): what shows when a constant was added to them."""
    starts = sorted(_MOBILE_PREFIXES)
    cuts = [0, *(place + 1 for place, (one, two) in enumerate(pairwise(starts)) if two != one + 1), len(starts)]
    return [(starts[low] * 10**8, (starts[high - 1] + 1) * 10**8) for low, high in pairwise(cuts)]


def mobile_prefixes() -> tuple[int, ...]:
    return _MOBILE_PREFIXES


def surnames() -> str:
    return _SURNAMES
