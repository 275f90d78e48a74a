"""An automaton over the bytes of a column: which cells can hold an identifier, and what plain numbers are.

`scan_text` never misses a cell in which the exact patterns find something (tests compare), may name too many, and
decides by itself on cells that are nothing but digits. It reads every byte once; its states are counters. All of it
is one file without imports or strings: numba compiles it and knows by this file when to compile anew. `classify`
also serves Python, for numbers in odd spellings: a string of digits as numbers 0 to 9, the last perhaps 10 for X.
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

NUMBER, CODE, NETWORK, CONTEXT, PLACE, COORDINATES, NAME, DECIDED = 1, 2, 4, 8, 16, 32, 64, 128
ALL = NUMBER | CODE | NETWORK | CONTEXT | PLACE | COORDINATES | NAME
SHIFT = 8  # where DECIDED, what `classify` says lies above

OTHER, DIGIT, ZERO, NUMERAL, SEPARATOR, NOTHING, HEX, LETTER, DOT, COLON, AT, CLOSE, PROVINCE, HOUSE, DEGREE, TENS = (
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
)  # fmt: skip
TRIGRAMS = (0x74656C, 0x666178, 0x70686F, 0x776563, 0x776569, 0x6D6163)  # tel fax pho wec wei mac
# first letters of passports and permits: of one letter and eight or ten digits, of two and seven
ONE_LETTER = (0x65, 0x67, 0x68, 0x6D, 0x63, 0x77, 0x6C, 0x74)  # e g h m c w l t
TWO_LETTERS = (0x65, 0x64, 0x73, 0x70, 0x63, 0x6C)  # e d s p c l
BIGRAMS = (0x7171, 0x7778, 0x7678)  # qq wx vx

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


def is_digest_length(length: int) -> bool:
    return length in (16, 24, 32, 40, 48, 56, 64, 96, 128)


def is_among(letter: int, letters: Any) -> bool:
    for each in letters:  # noqa: SIM110  numba knows no generators
        if each == letter:
            return True
    return False


def is_code_head(letter: int, count: int) -> bool:
    """Whether a passport or permit may begin with so many letters, the first of them `letter`."""
    return (count == 1 and is_among(letter, ONE_LETTER)) or (count == 2 and is_among(letter, TWO_LETTERS))


def decide(data: Any, start: int, end: int, today: int, values: Any) -> int:
    """DECIDED and what the cell is if it is nothing but ASCII digits (the last perhaps X), else 0."""
    length = end - start
    last = data[end - 1]
    for place in range(start, end - 1):
        if data[place] < 48 or data[place] > 57:
            return 0
    is_x = (last == 88 or last == 120) and length == 18
    if not is_x and (last < 48 or last > 57):
        return 0
    if length < 10 or length > 19:
        return DECIDED
    for place in range(length):
        values[place] = data[start + place] - 48
    if is_x:
        values[17] = 10
    bits = classify(values, length, today)
    if is_x and not bits:
        return 0  # perhaps a credit code
    return DECIDED | bits << SHIFT


def is_name(data: Any, start: int, end: int, heads: Any) -> bool:
    """Two to four characters of three bytes, the first that of a surname."""
    while start < end and data[start] == 32:
        start += 1
    while start < end and data[end - 1] == 32:
        end -= 1
    length = end - start
    if length % 3 or length < 6 or length > 12 or data[start] < 0xE4 or data[start] > 0xE9:
        return False
    code = (data[start] & 15) << 12 | (data[start + 1] & 63) << 6 | data[start + 2] & 63
    return heads[code] > 0


def look_at(data: Any, start: int, end: int, classes: Any, followers: Any, lower: Any) -> int:
    """The kinds of identifiers that the bytes `start` to `end` may hold."""
    found = pending = 0
    chain = seps = gap = first_run = 0  # a chain of digits, a gap of at most two separators
    run = token = letters_before = hexes = figures = 0  # a run of digits, an alphanumeric token
    dots = fraction = fractions = degrees = 0
    network = colons = points = breaks = 0  # hexadecimal digits with colons, dots or separators between
    previous = OTHER
    before_dot = False
    expected = 0
    history = head = 0
    plate = False
    at = start
    while at <= end:
        code = 0
        kind = OTHER
        if at == end:
            at += 1
        else:
            byte = data[at]
            if byte < 0x80:
                code = int(byte)
                at += 1
                kind = classes[code]
            elif byte < 0xE0:
                code = (int(byte) & 31) << 6 | int(data[at + 1]) & 63
                at += 2
                kind = classes[code]
            elif byte < 0xF0:
                code = (int(byte) & 15) << 12 | (int(data[at + 1]) & 63) << 6 | int(data[at + 2]) & 63
                at += 3
                kind = classes[code]
            else:
                at += 4
        if kind == NOTHING:
            continue
        is_digit = DIGIT <= kind <= ZERO
        in_token = is_digit or HEX <= kind <= LETTER
        if run and not is_digit:
            if fraction:
                if run >= 4:
                    fractions += 1
                    if fractions >= 2:
                        found |= COORDINATES
                fraction = 0
            elif 7 <= run <= 11 and letters_before + run == token and not in_token:
                pending |= CODE * is_code_head(head, letters_before)
            run = 0
        if not in_token and token:
            if hexes == token and figures < token and is_digest_length(token):
                pending = chain = 0
            if token >= 18 and figures and (hexes < token or not is_digest_length(token)):
                pending |= CODE
            found |= pending
            token = letters_before = hexes = figures = pending = 0
        if is_digit or kind == NUMERAL:
            if is_digit:
                if run == 0 and previous == DOT and before_dot:
                    fraction = 1
                run += 1
                dots += previous == DOT and before_dot
                if dots >= 3:
                    found |= NETWORK
            if not fraction:
                if chain == 0:
                    seps = first_run = 0
                chain += 1
                gap = 0
                if seps == 0:
                    first_run += 1
                if chain >= 11:
                    pending |= NUMBER
                    if kind == NUMERAL:
                        found |= NUMBER
        elif kind == SEPARATOR:
            gap += 1
            seps += chain > 0
            if gap > 2:
                chain = 0
        else:
            if HEX <= kind <= LETTER and chain >= 6 and not (chain == 8 and seps >= 2 and first_run == 4):
                pending |= CODE
            chain = 0
        if not is_digit and kind != DOT:
            dots = 0
        if in_token:
            if token == 0:
                head = int(lower[code])
            token += 1
            hexes += kind != LETTER
            figures += is_digit
            letters_before += (not is_digit) and letters_before + 1 == token
            if plate:
                found |= CODE
        plate = kind == PROVINCE
        if is_digit or kind == HEX:
            network += 1
        elif kind == COLON:
            colons += 1
            if network and previous == COLON:
                found |= NETWORK
        elif kind == DOT:
            points += 1
        elif kind == SEPARATOR:
            breaks += 1
        else:
            network = colons = points = breaks = 0
        if colons >= 4 or (breaks >= 5 and network >= 12) or (points >= 2 and network >= 12):
            found |= NETWORK
        if kind == AT:
            found |= NETWORK
        elif kind == HOUSE:
            if DIGIT <= previous <= NUMERAL or previous == TENS:
                found |= PLACE
        elif kind == DEGREE:
            degrees += 1
            if degrees >= 2:
                found |= COORDINATES
        letter = lower[code]
        if letter:
            history = (history << 8 | int(letter)) & 0xFFFFFF
            for word in TRIGRAMS:
                if history == word:
                    found |= CONTEXT
            for word in BIGRAMS:
                if history & 0xFFFF == word:
                    found |= CONTEXT
        else:
            if (kind == CLOSE or code == 41 or code == 0xFF09) and history & 0xFFFF == 0x6174:
                found |= NETWORK
            history = 0
        if expected and code == expected:
            found |= CONTEXT
        expected = followers[code]
        before_dot = kind == DOT and (DIGIT <= previous <= ZERO)
        previous = kind
    return found


def scan_text(data: Any, offsets: Any, count: int, today: int, tables: Any, values: Any, out: Any) -> None:
    """One number for each of `count` texts between `offsets` of the bytes `data`."""
    classes, followers, lower, heads = tables
    for number in range(count):
        start, end = offsets[number], offsets[number + 1]
        if end == start:
            out[number] = 0
            continue
        out[number] = decide(data, start, end, today, values)
        if out[number]:
            continue
        out[number] = look_at(data, start, end, classes, followers, lower)
        if is_name(data, start, end, heads):
            out[number] |= NAME


def scan_whole(numbers: Any, count: int, today: int, values: Any, out: Any) -> None:
    """The same for whole numbers; the sign does not count."""
    for number in range(count):
        left = abs(numbers[number])
        length = 0
        reach = left
        while reach > 0:
            reach //= 10
            length += 1
        out[number] = DECIDED
        if 10 <= length <= 19:
            for place in range(length):
                values[length - 1 - place] = left % 10
                left //= 10
            out[number] = DECIDED | classify(values, length, today) << SHIFT
