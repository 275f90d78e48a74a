"""A hierarchy of the seller's own: a CSV from a stranger, read or refused with the row and the column of its fault."""

import csv
import io
from collections.abc import Iterator

from ..header import is_invisible
from ..reasons import BadCommand, shown
from .hierarchies import MOST_CHARACTERS, MOST_LEVELS, MOST_VALUES, Tree, is_formula
from .scanned import Line, check_labels

MOST_BYTES = 4 * 1024 * 1024
HEADERS = ("value", "值", "取值", "原值")  # what the first cell of a line of names says
_DELIMITERS = (";", "\t", ",")


def read(content: bytes) -> Tree:
    """The tree in a CSV as ARX writes it: value;level1;level2;… in UTF-8 or GB 18030, without or with a line of names.

    Cells are stripped, empty lines skipped; rows and columns are counted from 1, as a spreadsheet does. BadCommand
    (hierarchy_…) where it is too large, no such text, ragged, has an empty, invisible or too long cell or a formula,
    says a value twice, puts one label under two others, so that classes would split on the way up, or holds what
    identifies somebody.
    """
    if len(content) > MOST_BYTES:
        raise BadCommand("hierarchy_too_large", limit=MOST_BYTES)
    lines = _lines(_text(content))
    if lines and lines[0][1][0].lower() in HEADERS:
        lines = lines[1:]
    if not lines:
        raise BadCommand("hierarchy_empty")
    if len(lines) > MOST_VALUES:
        raise BadCommand("hierarchy_too_many_values", limit=MOST_VALUES)
    _check_cells(lines)
    _check_values(lines)
    _check_parents(lines)
    check_labels(lines)
    return Tree([cells for _, cells in lines])


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadCommand("hierarchy_encoding")


def _lines(text: str) -> list[Line]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((each for each in _DELIMITERS if each in first), ";")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(number, [cell.strip() for cell in cells]) for number, cells in enumerate(reader, 1) if any(cells)]
    except csv.Error:
        raise BadCommand("hierarchy_no_csv", row=reader.line_num) from None


def _check_cells(lines: list[Line]) -> None:
    number, cells = lines[0]
    width = len(cells)
    if not 2 <= width <= MOST_LEVELS + 1:
        raise BadCommand("hierarchy_width", row=number, found=width, most=MOST_LEVELS + 1)
    for number, cells in lines:
        if len(cells) != width:
            raise BadCommand("hierarchy_ragged", row=number, found=len(cells), expected=width)
        for column, cell in enumerate(cells, start=1):
            if code := _fault(cell):
                raise BadCommand(code, row=number, column=column)


def _fault(cell: str) -> str | None:
    if not cell:
        return "hierarchy_missing"
    if len(cell) > MOST_CHARACTERS:
        return "hierarchy_long_cell"
    if is_invisible(cell):
        return "hierarchy_invisible"
    return "hierarchy_formula" if is_formula(cell) else None


def _check_values(lines: list[Line]) -> None:
    seen: dict[str, int] = {}
    for number, cells in lines:
        first = seen.setdefault(cells[0], number)
        if first != number:
            raise BadCommand("hierarchy_twice", row=number, value=shown(cells[0]), first=first)


def _check_parents(lines: list[Line]) -> None:
    seen: dict[tuple[int, str], tuple[str, int]] = {}
    for number, column, label, parent in _steps_up(lines):
        above, first = seen.setdefault((column, label), (parent, number))
        if above != parent:
            raise BadCommand(
                "hierarchy_two_parents", row=number, column=column, value=shown(label), above=shown(parent),
                first=first, other=shown(above),
            )  # fmt: skip


def _steps_up(lines: list[Line]) -> Iterator[tuple[int, int, str, str]]:
    """Row, column, the label that stands there, and what stands above it; the values themselves come only once."""
    for number, cells in lines:
        for column in range(2, len(cells)):
            yield number, column, cells[column - 1], cells[column]
