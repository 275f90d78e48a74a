"""An automaton over the bytes of a column: which cells can hold an identifier, and what plain numbers are.

`scan_text` never misses a cell in which the exact patterns find something (tests compare), may name too many, and
decides by itself on cells that are nothing but digits. It glances once at every byte; most cells are done with then,
and the others are read again for what they may hold. numba compiles it with `digits` (see `compiled`): no strings.
"""

from typing import Any

from . import digits

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
HEADS = sum(1 << (letter & 31) for letter in {*ONE_LETTER, *TWO_LETTERS})
BIGRAMS = (0x7171, 0x7778, 0x7678)  # qq wx vx
FEWEST_DIGITS = 11  # of a number that can be an identifier, split or not
LONG_TOKEN = 18


def next_sign(data: Any, at: int) -> tuple[int, int]:
    """The code of the character at `at`, 0 beyond the basic plane, and where the next one begins."""
    byte = int(data[at])
    if byte < 0x80:
        return byte, at + 1
    if byte < 0xE0:
        return (byte & 31) << 6 | int(data[at + 1]) & 63, at + 2
    if byte < 0xF0:
        return (byte & 15) << 12 | (int(data[at + 1]) & 63) << 6 | int(data[at + 2]) & 63, at + 3
    return 0, at + 4


def is_figure(kind: int) -> bool:
    return DIGIT <= kind <= ZERO


def is_letter(kind: int) -> bool:
    return HEX <= kind <= LETTER


def is_closing(code: int, kind: int) -> bool:
    return kind == CLOSE or code == 0x29 or code == 0xFF09


def is_digest_length(length: int) -> bool:
    return length in (16, 24, 32, 40, 48, 56, 64, 96, 128)


def is_digest(data: Any, start: int, end: int) -> bool:
    """Nothing but hexadecimal digits, as many as a digest has, and a letter among them."""
    if not is_digest_length(end - start):
        return False
    figures = letters = 0
    for at in range(start, end):  # never left early: the compiler makes vector instructions of it
        figures += 48 <= data[at] <= 57
        letters += 97 <= data[at] | 32 <= 102
    return letters > 0 and figures + letters == end - start


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
    bits = digits.classify(values, length, today)
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


def glance(data: Any, start: int, end: int, classes: Any, followers: Any) -> int:
    """What the bytes `start` to `end` may hold, in one reading that keeps nothing but counts: too much is named."""
    seen = figures = letters = heads = chain = longest = late = doubled = closed = words = 0
    colons = dots = breaks = 0
    previous = OTHER
    at = start
    while at < end:
        code, at = next_sign(data, at)
        kind = classes[code]
        if kind == NOTHING:
            continue
        seen |= 1 << kind
        if 0 < kind <= NUMERAL:
            figures += 1
            chain += 1
            longest = max(longest, chain)
        elif is_letter(kind):
            letters += 1
            heads |= HEADS >> (code & 31) & 1
            late |= chain >= 6
            chain = 0
        else:
            breaks += kind == SEPARATOR
            colons += kind == COLON
            dots += kind == DOT
            chain *= kind == SEPARATOR
            doubled |= kind == COLON and previous == COLON
            closed |= is_letter(previous) and is_closing(code, kind)
            words |= followers[code]
        previous = kind
    networked = colons >= 4 or dots >= 3 or doubled or closed or seen >> AT & 1
    found = NUMBER * (longest >= FEWEST_DIGITS)
    found |= CODE * may_be_code(letters, figures, late or (heads and figures >= 7), seen)
    found |= NETWORK * (networked or ((breaks >= 5 or dots >= 2) and figures + letters >= 12))
    found |= CONTEXT * (letters >= 2 or words > 0)
    found |= PLACE * (seen >> HOUSE & 1 and (figures > 0 or seen >> TENS & 1))
    return found | COORDINATES * (seen >> DEGREE & 1 or (dots >= 2 and figures >= 10))


def may_be_code(letters: int, figures: int, is_mixed: int, seen: int) -> bool:
    """A plate, digits where letters may stand before or after them, or a long token."""
    if seen >> PROVINCE & 1:
        return True
    return is_mixed > 0 or (letters > 0 and figures > 0 and figures + letters >= LONG_TOKEN)


def is_hash(token: int, hexes: int, figures: int) -> bool:
    """Hexadecimal digits as long as a digest, and not figures alone."""
    return hexes == token and figures < token and is_digest_length(token)


def promised(pending: int, token: int, hexes: int, figures: int) -> int:
    """What a token that ends here counts for: a digest for nothing."""
    if is_hash(token, hexes, figures):
        return 0
    return pending | CODE * (token >= LONG_TOKEN and figures > 0)


def add_to_runs(wide: int, gap: int, runs: int, first_run: int, before_last: int) -> tuple[int, int, int]:
    """One digit more behind `wide` of them: the runs so far, how long the first is, how many stand before the last."""
    if wide == 0 or gap > 0:
        runs, before_last = (runs + 1 if wide else 1), wide
    return runs, (wide + 1 if runs == 1 else first_run), before_last


def find_numbers_and_codes(data: Any, start: int, end: int, classes: Any, lower: Any) -> int:
    """NUMBER: a chain of eleven digits with at most two separators between. CODE: letters and digits in one token.

    What a token promises counts once it ends, for it may be a digest; the end of the text ends all. A credit code may
    stand right behind a list's “1.”, where other digits would be decimals: `chain` leaves those out, `wide` does not.
    """
    found = pending = chain = wide = runs = gap = first_run = before_last = 0
    run = token = letters = hexes = figures = head = 0
    previous = OTHER
    before_dot = plate = fraction = False
    at = start
    while at <= end:
        code, at = next_sign(data, at) if at < end else (0, at + 1)
        kind = classes[code]
        if kind == NOTHING:
            continue
        in_token = is_figure(kind) or is_letter(kind)
        if not is_figure(kind):
            if not (fraction or in_token) and 7 <= run <= 11 and letters + run == token:
                pending |= CODE * is_code_head(head, letters)
            run, fraction = 0, False
        if not in_token and token:
            chain *= not is_hash(token, hexes, figures)
            found |= promised(pending, token, hexes, figures)
            token = letters = hexes = figures = pending = 0
        if 0 < kind <= NUMERAL:
            if kind != NUMERAL:
                fraction = fraction or (run == 0 and previous == DOT and before_dot)
                run += 1
            runs, first_run, before_last = add_to_runs(wide, gap, runs, first_run, before_last)
            wide += 1
            gap = 0
            if not fraction:
                chain += 1
                pending |= NUMBER * (chain >= FEWEST_DIGITS)
                found |= NUMBER * (chain >= FEWEST_DIGITS and kind == NUMERAL)
        elif kind == SEPARATOR:
            gap += 1
            chain *= gap <= 2
            wide *= gap <= 2
        else:
            is_date = wide == 8 and runs == 3 and first_run == 4 and before_last == 6
            may_go_on = is_letter(kind) and wide >= 6 and (chain >= 6 or end - start >= LONG_TOKEN)
            pending |= CODE * (may_go_on and not is_date)
            chain = wide = gap = 0
        if in_token:
            if token == 0:
                head = int(lower[code])
            token += 1
            hexes += kind != LETTER
            figures += is_figure(kind)
            letters += is_letter(kind) and letters + 1 == token
            found |= CODE * plate
        plate = kind == PROVINCE
        before_dot = kind == DOT and is_figure(previous)
        previous = kind
    return found


def find_networks(data: Any, start: int, end: int, classes: Any, lower: Any) -> int:
    """NETWORK: @ or what is written for it, four numbers with dots, hexadecimal digits with marks between."""
    numbers = digits_seen = colons = points = breaks = history = 0
    previous = OTHER
    before_dot = False
    at = start
    while at < end:
        code, at = next_sign(data, at)
        kind = classes[code]
        if kind == NOTHING:
            continue
        if is_figure(kind):
            numbers += previous == DOT and before_dot
        elif kind != DOT:
            numbers = 0
        if is_figure(kind) or kind == HEX:
            digits_seen += 1
        elif kind in (COLON, DOT, SEPARATOR):
            if kind == COLON and previous == COLON and digits_seen:
                return NETWORK
            colons += kind == COLON
            points += kind == DOT
            breaks += kind == SEPARATOR
        else:
            digits_seen = colons = points = breaks = 0
        if kind == AT or numbers >= 3 or colons >= 4 or (digits_seen >= 12 and (breaks >= 5 or points >= 2)):
            return NETWORK
        if is_closing(code, kind) and history == 0x6174:  # at
            return NETWORK
        history = (history << 8 | int(lower[code])) & 0xFFFF if lower[code] else 0
        before_dot = kind == DOT and is_figure(previous)
        previous = kind
    return 0


def find_words(data: Any, start: int, end: int, classes: Any, followers: Any, lower: Any) -> int:
    """CONTEXT: words beside which numbers and names mean something."""
    history = expected = 0
    at = start
    while at < end:
        code, at = next_sign(data, at)
        if classes[code] == NOTHING:
            continue
        if expected and code == expected:
            return CONTEXT
        expected = int(followers[code])
        history = (history << 8 | int(lower[code])) & 0xFFFFFF if lower[code] else 0
        if history and (is_among(history, TRIGRAMS) or is_among(history & 0xFFFF, BIGRAMS)):
            return CONTEXT
    return 0


def find_places(data: Any, start: int, end: int, classes: Any) -> int:
    """PLACE: a number and what numbers houses. COORDINATES: two degrees, or two numbers with four decimals."""
    found = run = fractions = degrees = 0
    previous = OTHER
    before_dot = fraction = False
    at = start
    while at <= end:
        code, at = next_sign(data, at) if at < end else (0, at + 1)
        kind = classes[code]
        if kind == NOTHING:
            continue
        if is_figure(kind):
            fraction = fraction or (run == 0 and previous == DOT and before_dot)
            run += 1
        else:
            fractions += fraction and run >= 4
            run, fraction = 0, False
        degrees += kind == DEGREE
        found |= PLACE * (kind == HOUSE and (DIGIT <= previous <= NUMERAL or previous == TENS))
        before_dot = kind == DOT and is_figure(previous)
        previous = kind
    return found | COORDINATES * (fractions >= 2 or degrees >= 2)


def look_at(data: Any, start: int, end: int, classes: Any, followers: Any, lower: Any) -> int:
    """The kinds of identifiers that the bytes `start` to `end` may hold."""
    possible = glance(data, start, end, classes, followers)
    found = 0
    if possible & (NUMBER | CODE):
        found |= find_numbers_and_codes(data, start, end, classes, lower)
    if possible & NETWORK:
        found |= find_networks(data, start, end, classes, lower)
    if possible & CONTEXT:
        found |= find_words(data, start, end, classes, followers, lower)
    if possible & (PLACE | COORDINATES):
        found |= find_places(data, start, end, classes)
    return found


def scan_text(data: Any, offsets: Any, count: int, today: int, tables: Any, values: Any, out: Any) -> None:
    """One number for each of `count` texts between `offsets` of the bytes `data`."""
    classes, followers, lower, heads = tables
    for number in range(count):
        start, end = offsets[number], offsets[number + 1]
        out[number] = 0
        if end == start or is_digest(data, start, end):
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
            out[number] = DECIDED | digits.classify(values, length, today) << SHIFT
