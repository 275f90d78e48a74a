"""What plain numbers are. numba compiles this file (see `compiled`), so there are no strings in it; Python runs it too.

`classify` takes a string of digits as numbers 0 to 9, the last perhaps 10 for X.
"""

from typing import Any

MOBILE = 1
LANDLINE = 2
RESIDENT_ID = 4
PERMIT = 8  # residence permits of Hong Kong, Macau and Taiwan have resident ID numbers of the regions 81 to 83
USCC = 16
CARD = 32  # issuer and Luhn
CARD_TRIED = 64  # issuer alone: what CARD is measured against
IMEI = 128
IMEI_TRIED = 256
OLD_ID = 512
OLD_ID_TRIED = 1024

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TACS = (1, 35, 44, 45, 49, 86, 91, 98, 99)  # reporting bodies in use, the first two digits of an IMEI


def is_province(code: int) -> bool:
    """GB/T 2260; 91 to 96: foreigners' permanent residence cards. Hong Kong, Macau and Taiwan: `is_permit_region`."""
    return (
        11 <= code <= 15
        or 21 <= code <= 23
        or 31 <= code <= 37
        or 41 <= code <= 46
        or 50 <= code <= 54
        or 61 <= code <= 65
        or code == 71
        or 91 <= code <= 96
    )


def is_permit_region(code: int) -> bool:
    """81 Hong Kong, 82 Macau, 83 Taiwan."""
    return 81 <= code <= 83


def is_date(year: int, month: int, day: int) -> bool:
    if month < 1 or month > 12 or day < 1:
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day <= _MONTH_DAYS[month - 1] + leap


def is_checked(d: Any) -> bool:
    """The MOD 11-2 check digit of GB 11643."""
    total = 0
    for place in range(17):
        total += _ID_WEIGHTS[place] * d[place]
    return (12 - total % 11) % 11 == d[17]


def is_born(d: Any, today: int) -> bool:
    """A birth date from 1900 to `today` (as 20250630)."""
    year = 1000 * d[6] + 100 * d[7] + 10 * d[8] + d[9]
    month, day = 10 * d[10] + d[11], 10 * d[12] + d[13]
    return year >= 1900 and 10000 * year + 100 * month + day <= today and is_date(year, month, day)


def is_luhn(d: Any, n: int) -> bool:
    total = 0
    for place in range(n):
        digit = d[n - 1 - place]
        if place % 2:
            digit *= 2
            if digit > 9:
                digit -= 9
        total += digit
    return total % 10 == 0


def is_uscc(d: Any) -> bool:
    """GB 32100, here for codes of digits alone: register, region, MOD 31-3."""
    if not (d[0] == 1 or d[0] == 5 or d[0] == 9) or not (1 <= d[1] <= 3 or (d[1] == 9 and d[0] < 9)):
        return False
    region = 10 * d[2] + d[3]
    if region > 82 or not (is_province(region) or region == 10 or region >= 81):
        return False
    total = 0
    for place in range(17):
        total += _USCC_WEIGHTS[place] * d[place]
    return (31 - total % 31) % 31 == d[17]


def is_issued(d: Any, n: int) -> bool:
    """Whether a card number of `n` digits has an issuer's prefix: UnionPay, Visa, Mastercard, JCB, Discover, Amex."""
    two = 10 * d[0] + d[1]
    four = 100 * two + 10 * d[2] + d[3]
    if 16 <= n <= 19 and (two == 62 or four == 9558):
        return True
    if n == 16:
        return d[0] == 4 or 51 <= two <= 55 or 2221 <= four <= 2720 or 3528 <= four <= 3589 or four == 6011 or two == 65
    return n == 15 and (two == 34 or two == 37)


def is_mobile(d: Any, at: int) -> bool:
    """1, then 3 to 9: the plan of the ministry leaves few gaps, and they are filled from year to year."""
    return d[at] == 1 and 3 <= d[at + 1] <= 9


def is_landline(d: Any, n: int) -> bool:
    """Area code with its 0, or 86 or 0086 instead of it, then 7 or 8 digits of which the first is 2 to 8."""
    if d[0] == 0:
        if d[1] == 0 and d[2] == 8 and d[3] == 6:
            return is_in_area(d, 4, n)
        return is_in_area(d, 1, n)
    return d[0] == 8 and d[1] == 6 and is_in_area(d, 2, n)


def is_in_area(d: Any, at: int, n: int) -> bool:
    """Area code from `at` on, without 0: 10, 20 to 29, else three digits."""
    short = (d[at] == 1 and d[at + 1] == 0) or (d[at] == 2 and d[at + 1] != 6)
    start = at + 2 if short else at + 3
    if n - start < 7 or n - start > 8 or not 2 <= d[start] <= 8:
        return False
    if short:
        return n - start == 8
    if d[at] == 6:
        return d[at + 1] == 3 or d[at + 1] == 6 or d[at + 1] == 9
    return 3 <= d[at] <= 9 and d[at + 1] != 0


def classify(d: Any, n: int, today: int) -> int:
    """What `n` digits may be, as a sum of the constants above; `today` is the last birth date that counts."""
    bits = 0
    if n < 10 or n > 19:
        return 0
    if d[n - 1] > 9:
        return classify_18(d, today) if n == 18 else 0
    if n == 11 and is_mobile(d, 0):
        bits |= MOBILE
    if n == 13 and d[0] == 8 and d[1] == 6 and is_mobile(d, 2):
        bits |= MOBILE
    if is_landline(d, n):
        bits |= LANDLINE
    if n == 18:
        bits |= classify_18(d, today)
    if n == 15 and not bits:
        bits |= classify_15(d)
    if is_issued(d, n) and not bits & (RESIDENT_ID | PERMIT):
        bits |= CARD_TRIED
        if is_luhn(d, n):
            bits |= CARD
    return bits


def classify_18(d: Any, today: int) -> int:
    region = 10 * d[0] + d[1]
    if is_born(d, today) and is_checked(d):
        if is_permit_region(region):
            return PERMIT
        if is_province(region):
            return RESIDENT_ID
    return USCC if d[17] < 10 and is_uscc(d) else 0


def classify_15(d: Any) -> int:
    if d[0] == 0 and d[1] == 0 and d[2] == 8 and d[3] == 6:
        return MOBILE if is_mobile(d, 4) else 0
    bits = OLD_ID_TRIED
    month, day = 10 * d[8] + d[9], 10 * d[10] + d[11]
    if is_province(10 * d[0] + d[1]) and is_date(1900 + 10 * d[6] + d[7], month, day):
        bits |= OLD_ID
    for tac in _TACS:
        if 10 * d[0] + d[1] == tac:
            bits |= IMEI_TRIED
            if is_luhn(d, 15):
                bits |= IMEI
    return bits
