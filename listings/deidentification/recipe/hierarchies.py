"""Hierarchies: what stands above a value, level by level. Built in, or a table that a recipe brings along."""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..header import is_invisible
from ..reasons import BadCommand, shown

ALL = "*"
MOST_VALUES = 100_000
MOST_LEVELS, MOST_CHARACTERS = 19, 1_000  # above the value, and of a cell
# A spreadsheet takes what begins so for a formula, in its wide form too; a number or a range of numbers is none.
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+\-]?[0-9][0-9.,%~–-]*")
_TREES = Path(__file__).parent / "trees"


@dataclass(frozen=True)
class Tree:
    """A table value → level 1 → level 2 …; every value above has one value above it, so that classes only merge."""

    rows: list[list[str]]

    @property
    def height(self) -> int:
        return len(self.rows[0]) - 1

    @classmethod
    def read(cls, rows: Any, place: str) -> "Tree":
        """BadCommand (recipe_malformed) with the place where the table is no tree."""
        if not isinstance(rows, list) or not 0 < len(rows) <= MOST_VALUES:
            raise BadCommand("recipe_malformed", field=shown(place))
        width = len(rows[0]) if isinstance(rows[0], list) else 0
        above: list[dict[str, str]] = [{} for _ in range(max(width - 1, 0))]
        seen = set()
        for number, row in enumerate(rows):
            fits = isinstance(row, list) and len(row) == width and 2 <= width <= MOST_LEVELS + 1
            if not fits or not _is_text(row[0]) or row[0] in seen or not all(map(_is_label, row[1:])):
                raise BadCommand("recipe_malformed", field=shown(f"{place}[{number}]"))
            seen.add(row[0])
            for level in range(1, width - 1):
                if above[level].setdefault(row[level], row[level + 1]) != row[level + 1]:
                    raise BadCommand("recipe_malformed", field=shown(f"{place}[{number}]"))
        return cls(rows)

    @classmethod
    def from_csv(cls, file: Path) -> "Tree":
        """A CSV of ours: value;level1;level2;…, without a header (a stranger's: `own`). BadCommand as in `read`."""
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return cls.read([row for row in csv.reader(stream, delimiter=";") if row], shown(file.name))

    def to_json(self) -> list[list[str]]:
        return self.rows

    @property
    def sha256(self) -> str:
        """Of the table in one spelling: CSV with semicolons, UTF-8, every line ended by a line feed."""
        text = io.StringIO()
        csv.writer(text, delimiter=";", lineterminator="\n").writerows(self.rows)
        return hashlib.sha256(text.getvalue().encode("utf-8", "surrogatepass")).hexdigest()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_CHARACTERS


def _is_label(value: Any) -> bool:
    """What goes into the file, and from there into spreadsheets."""
    return _is_text(value) and not is_formula(value) and not is_invisible(value)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet that opens the file would calculate it."""
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text)


@dataclass(frozen=True)
class BuiltIn:
    """A hierarchy of ours: the names of its levels, SQL for a level (of text `{t}` and of the column `{c}`), and,
    where values are looked up, the tree. `{looked_up}` is then what the tree says, null where it says nothing."""

    name: str
    meaning: str
    levels: tuple[str, ...]
    sql: tuple[str, ...] = ()
    tree: Callable[[], Tree] | None = None

    @property
    def height(self) -> int:
        return len(self.levels)

    def expression(self, level: int, column: str) -> str:
        """SQL of one level of `column` (a quoted name); null stays null."""
        value = self.sql[level - 1] if level <= len(self.sql) else f"'{ALL}'"
        text = f"CAST({column} AS VARCHAR)"
        return value.format(t=text, c=column, d=_day(text), looked_up="looked_up")


def _day(text: str) -> str:
    compact = f"CASE WHEN regexp_full_match({text}, '[0-9]{{8}}') THEN TRY_STRPTIME({text}, '%Y%m%d') END"
    month = f"CASE WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}') THEN TRY_CAST({text} || '-01' AS DATE) END"
    return f"coalesce(CAST(TRY_CAST({text} AS TIMESTAMP) AS DATE), CAST({compact} AS DATE), {month})"


def _ages(width: int) -> str:
    low = f"CAST(floor({{c}} / {width}) * {width} AS BIGINT)"
    return f"CAST({low} AS VARCHAR) || '-' || CAST({low} + {width - 1} AS VARCHAR)"


_REGION_CODE = "regexp_full_match({t}, '(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)[0-9]{{4}}')"


def _region(digits: int) -> str:
    code = f"left({{t}}, {digits}) || '{'0' * (6 - digits)}'"
    return f"CASE WHEN {_REGION_CODE} THEN {code} ELSE {{looked_up}} END"


def _postcode(digits: int) -> str:
    padded = "lpad({t}, 6, '0')"
    kept = f"left({padded}, {digits}) || '{ALL * (6 - digits)}'"
    return f"CASE WHEN regexp_full_match({{t}}, '[0-9]{{{{5,6}}}}') THEN {kept} END"


@cache
def _region_names() -> Tree:
    """County, city and province by name, alone where one place only bears it, and with what stands before it."""
    with (_TREES / "regions.csv").open(encoding="utf-8", newline="") as stream:
        names = {code: name for code, name in csv.reader(stream)}
    found: dict[str, set[tuple[str, str]]] = {}
    for code, name in names.items():
        province, city = names[code[:2] + "0000"], names.get(code[:4] + "00", names[code[:2] + "0000"])
        for path in {name, city + name, province + city + name, province + name}:
            found.setdefault(path, set()).add((ALL if code.endswith("0000") else city, province))
    return Tree([[name, *next(iter(above))] for name, above in found.items() if len(above) == 1])


def _tree(name: str) -> Callable[[], Tree]:
    @cache
    def load() -> Tree:
        return Tree.from_csv(_TREES / f"{name}.csv")

    return load


def _looked_up(levels: int) -> tuple[str, ...]:
    return ("{looked_up}",) * levels


BUILT_IN = {
    each.name: each
    for each in (
        BuiltIn(
            "region",
            "county → city → province, by six-digit code (GB/T 2260) or by name",
            ("city", "province", "all"),
            (_region(4), _region(2)),
            _region_names,
        ),
        BuiltIn(
            "date",
            "day → month → quarter → year → decade",
            ("month", "quarter", "year", "decade", "all"),
            (
                "strftime({d}, '%Y-%m')",
                "CAST(year({d}) AS VARCHAR) || '-Q' || CAST(quarter({d}) AS VARCHAR)",
                "CAST(year({d}) AS VARCHAR)",
                "CAST(year({d}) // 10 * 10 AS VARCHAR) || '-' || CAST(year({d}) // 10 * 10 + 9 AS VARCHAR)",
            ),
        ),
        BuiltIn(
            "age",
            "years → bands of 5, 10, 20 and 40 years",
            ("5 years", "10 years", "20 years", "40 years", "all"),
            tuple(map(_ages, (5, 10, 20, 40))),
        ),
        BuiltIn(
            "education",
            "degree → primary, secondary or higher (modelled on GB/T 4658)",
            ("stage", "all"),
            _looked_up(1),
            _tree("education"),
        ),
        BuiltIn(
            "occupation",
            "occupation → major group (modelled on GB/T 6565) → kind of work",
            ("major group", "kind of work", "all"),
            _looked_up(2),
            _tree("occupation"),
        ),
        BuiltIn(
            "postcode",
            "six digits → four (postal area) → three → two (province)",
            ("four digits", "three digits", "two digits", "all"),
            tuple(map(_postcode, (4, 3, 2))),
        ),
    )
}


def known_trees() -> Iterator[tuple[str, Tree]]:
    """The built-in hierarchies that look values up, for guessing which one a column follows."""
    for each in BUILT_IN.values():
        if each.tree is not None:
            yield each.name, each.tree()
