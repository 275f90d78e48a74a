import base64
import hmac
import random
import secrets
import uuid
from collections import Counter

import pytest

from listings.deidentification.attacks import encodings, guesses, spaces
from listings.deidentification.attacks.digests import matrix

from . import planted

N = 3_000
MOBILES = planted.mobiles(N)


def hexed(algorithm: str, texts: list[str]) -> list[str]:
    return [planted.digest(algorithm, text).hex() for text in texts]


def based(algorithm: str, texts: list[str]) -> list[str]:
    return [base64.b64encode(planted.digest(algorithm, text)).decode() for text in texts]


HASHED = {
    "md5": ("md5_mobile", hexed("md5", MOBILES)),
    "upper": ("md5_mobile", [each.upper() for each in hexed("md5", MOBILES)]),
    "middle": ("md5_mobile", [each[8:24] for each in hexed("md5", MOBILES)]),
    "uuid": ("md5_mobile", [str(uuid.UUID(each)) for each in hexed("md5", MOBILES)]),
    "sha1 in base64": ("sha1_mobile", based("sha1", MOBILES)),
    "url-safe": (
        "md5_mobile",
        [each.replace("+", "-").replace("/", "_").rstrip("=") for each in based("md5", MOBILES)],
    ),
    "hex in base64": ("md5_mobile", [base64.b64encode(each.encode()).decode() for each in hexed("md5", MOBILES)]),
    "sm3": ("sm3_mobile", hexed("sm3", MOBILES)),
    "qq": ("md5_qq", hexed("md5", [str(10_000 + 29 * n) for n in range(N)])),
    "local": ("md5_landline", hexed("md5", [str(83_000_000 + 997 * n) for n in range(N)])),
}


@pytest.mark.parametrize("name", HASHED)
def test_hash_without_key_is_restored_and_fails(name: str) -> None:
    method, values = HASHED[name]
    [each] = planted.found({"p": values}, work=1e9)
    assert (each.column, each.method, each.level, each.code) == ("p", method, "fails", "hash_restored")
    assert not any(value in each.text + str(each.tried) for value in MOBILES)


@pytest.mark.parametrize(("before", "after"), [("salt", ""), ("", "123456"), ("", "phone")])
def test_salt_that_is_easily_guessed_is_restored(before: str, after: str) -> None:
    [each] = planted.found({"phone": hexed("md5", [before + text + after for text in MOBILES])}, work=1e9)
    assert (each.method, each.level, each.code) == ("md5_mobile", "fails", "salted_hash_restored")


def test_resident_ids_are_restored_with_the_birth_dates_beside_them() -> None:
    days = planted.born(300)
    table = {"id": hexed("sha256", planted.resident_ids(days)), "d": days}  # the query calls a day d as well
    [each] = planted.found(table, {"d": "date"}, work=5e8)
    assert (each.column, each.method, each.level) == ("id", "sha256_resident_id", "fails")
    assert each.tried[0]["chance"] >= 0.999
    commonest = sorted(Counter(days).items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    assert each.params["values"] == sum(count for _day, count in commonest)  # only these were tried


KEYED = {
    "hmac": [hmac.new(b"5up3r", text.encode(), "sha256").hexdigest() for text in MOBILES],
    "random": [secrets.token_hex(16) for _ in MOBILES],
    "short": [secrets.token_hex(4) for _ in MOBILES],
    "url": [secrets.token_urlsafe(16) for _ in MOBILES],
    "uuid4": [str(uuid.uuid4()).replace("-", "") for _ in MOBILES],
}


@pytest.mark.parametrize("name", KEYED)
def test_keyed_and_random_tokens_are_no_finding_but_no_pass_by_silence(name: str) -> None:
    [each] = planted.found({"t": KEYED[name]}, work=5e7)
    assert (each.level, each.code) == ("warns", "keyed_or_unknown")
    assert len(each.tried) == each.params["tried"]


CHANCE = random.Random(9)
PLAIN = {
    "orders": [f"20241126{n:08d}" for n in range(N)],
    "orders of 11 digits": [f"202411{n:05d}" for n in range(N)],
    "numbers of 11 digits": [str(CHANCE.randrange(10**10, 10**11)) for _ in range(N)],
    "numbers of 18 digits": [str(CHANCE.randrange(10**17, 10**18)) for _ in range(N)],
    "numbers of 16 digits": [str(CHANCE.randrange(10**15, 10**16)) for _ in range(N)],
    "words": [CHANCE.choice(["data", "city", "male", "road", "Abcd"]) + str(n % 40) for n in range(N)],
    "mobiles": MOBILES,
    "regions": [f"35{n % 900:04d}" for n in range(N)],
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_numbers_and_words_are_not_claimed(name: str) -> None:
    assert planted.found({"n": PLAIN[name]}, work=1e7) == []


SWAPPED = str.maketrans("0123456789", "3870516942")
WRITTEN = {
    "reversed": [each[::-1] for each in MOBILES],
    "shifted_digits": [each.translate(str.maketrans("0123456789", "3456789012")) for each in MOBILES],
    "substituted_digits": [each.translate(SWAPPED) for each in planted.mobiles(N, prefixes=spaces.mobile_prefixes())],
    "offset": [str(int(each) + 987_654_321) for each in MOBILES],
    "base64": [base64.b64encode(each.encode()).decode() for each in MOBILES],
    "hex": [each.encode().hex() for each in MOBILES],
    "base64+hex": [base64.b64encode(each.encode().hex().encode()).decode() for each in MOBILES],
    "hex+xor": [bytes(byte ^ 0x5A for byte in each.encode()).hex() for each in MOBILES],
    "hex+reversed": [each[::-1].encode().hex() for each in MOBILES],
}


@pytest.mark.parametrize("method", WRITTEN)
def test_other_writing_of_mobile_numbers_fails(method: str) -> None:
    [each] = planted.found({"p": WRITTEN[method]}, work=1e7)
    assert (each.method, each.level, each.params["kind"]) == (method, "fails", "mobile")
    assert each.code == ("offset_restored" if method == "offset" else "encoding_restored")


def test_encoded_text_that_is_no_identifier_warns() -> None:
    texts = [base64.b64encode(f"remark number {n}".encode()).decode() for n in range(100, 400)]
    [each] = planted.found({"remark": texts}, work=1e7)
    assert (each.method, each.level, each.code) == ("base64", "warns", "encoded_text")


def test_mask_is_judged_by_what_it_leaves_and_what_stands_beside_it() -> None:
    ids = planted.resident_ids(planted.born(400))
    table = {"id": [f"{each[:14]}***{each[17:]}" for each in ids], "order": [each[14:17] for each in ids]}
    [each] = planted.found(table)
    assert (each.code, each.level, each.params["other"]) == ("mask_restored", "fails", "order")
    [alone] = planted.found({"id": table["id"]})
    assert (alone.code, alone.level, alone.params["possible"]) == ("mask_too_thin", "fails", 90)
    [phone] = planted.found({"p": [f"{each[:3]}****{each[7:]}" for each in MOBILES]})
    assert (phone.code, phone.level, phone.params["possible"]) == ("mask_too_thin", "warns", 10_000)
    assert planted.found({"p": [f"{each[:3]}*****{each[8:]}" for each in MOBILES]}) == []


def test_parts_of_a_resident_id_in_two_columns_fail() -> None:
    ids = planted.resident_ids(planted.born(400))
    [each] = planted.found({"a": [each[:14] for each in ids], "b": ["1" + each[15:] for each in ids]}) or [None]
    assert each is None
    bodies = [each for each in ids if each[17] != "X"]
    [each] = planted.found({"a": [each[:14] for each in bodies], "b": [each[14:] for each in bodies]})
    assert (each.column, each.code, each.level, each.params["kind"]) == ("a", "parts_restored", "fails", "resident_id")


def test_mask_of_two_digits_leaves_a_hundred_numbers_and_fails() -> None:
    [each] = planted.found({"p": [f"{each[:5]}**{each[7:]}" for each in MOBILES]})
    assert (each.code, each.level, each.params["possible"]) == ("mask_too_thin", "fails", 100)


@pytest.mark.parametrize(("prefixes", "kind"), [(11, ""), (12, "mobile")])
def test_numbers_of_too_few_prefixes_are_no_mobile_numbers(prefixes: int, kind: str) -> None:
    some = [prefix for prefix in spaces.mobile_prefixes() if prefix % 10 < 3][:prefixes]
    assert len({prefix // 10 for prefix in some}) >= 4
    values = matrix([f"{some[n % prefixes]}{n * 7919 % 10**8:08d}" for n in range(120)])
    assert values is not None and encodings.looks_like(values) == kind


@pytest.mark.parametrize(
    ("targets", "digests", "width", "convinces"),
    [(2, 3_000, 4, False), (3, 3_000, 4, True), (1, 1, 4, True), (1, 3_000, 8, True), (0, 3_000, 8, False)],
)
def test_so_many_short_digests_met_are_no_chance(targets: int, digests: int, width: int, convinces: bool) -> None:
    met = guesses.convincing(targets=targets, digests=digests, messages=10_000, width=width)
    assert met is convinces


def test_same_file_gives_the_same_answer() -> None:
    table = {"p": HASHED["md5"][1], "t": KEYED["random"]}
    assert planted.found(table, work=3e7) == planted.found(table, work=3e7)


@pytest.mark.parametrize("values", [HASHED["md5"][1][:300], KEYED["random"][:300]], ids=["restored", "keyed"])
def test_repeated_and_empty_cells_change_nothing(values: list[str]) -> None:
    once = planted.found({"p": values}, work=3e7)
    assert len(once) == 1
    assert planted.found({"p": [*values, *values, *values[:50], None, ""]}, work=3e7) == once


def test_column_of_one_value_tells_nobody_apart() -> None:
    assert planted.found({"p": hexed("md5", MOBILES[:1]) * 50}, work=1e9) == []
