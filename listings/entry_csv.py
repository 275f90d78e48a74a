"""A table of catalogue entries as a CSV file: its columns, and what is wrong with its rows, said row by row."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import override

from listings.models import CatalogueEntry, Frequency, Opening, Sharing

MOST_ROWS, MOST_BYTES, MOST_ERRORS = 5_000, 10 * 1024 * 1024, 200
# field -> its names in a header, the Chinese one first
COLUMNS = {
    "title": ("标题", "title"), "description": ("描述", "description"), "sharing": ("共享类型", "sharing"),
    "withheld_basis": ("暂不共享依据", "withheld_basis"), "opening": ("开放类型", "opening"),
    "frequency": ("更新频率", "frequency"), "contact": ("质量联系人", "contact"),
}  # fmt: skip
CHOICES: dict[str, Any] = {"sharing": Sharing, "opening": Opening, "frequency": Frequency}
MAY_BE_LEFT_OUT = {"withheld_basis"}
TITLE_OF = {name: field for field, names in COLUMNS.items() for name in names}


class Wrong(NamedTuple):
    """`row` counts as a spreadsheet does, the header being 1; `column` is as the file writes it."""

    row: int
    column: str
    what: str

    def __str__(self) -> str:
        return _("Row %(row)s, %(column)s: %(what)s") % self._asdict()


class Row(NamedTuple):
    number: int
    fields: dict[str, str]


class Table(NamedTuple):
    rows: list[Row]
    wrong: list[Wrong]
    header: dict[str, str]  # field -> its name in this file


def template(language: str) -> bytes:
    """An empty table with its header; the mark in front tells spreadsheets that it is UTF-8."""
    chinese = language.startswith("zh")
    return ("\ufeff" + ",".join(names[0 if chinese else 1] for names in COLUMNS.values()) + "\r\n").encode()


def read(content: bytes) -> Table:
    """The rows and all that is wrong within each of them. Raises ValidationError for a file that is no such table."""
    lines = _lines(content)
    header = _header(next(lines, (0, []))[1])
    rows, wrong = [], []
    for number, cells in lines:
        if len(rows) == MOST_ROWS:
            raise ValidationError(_("At most %(most)s rows: split the file.") % {"most": MOST_ROWS})
        if len(cells) != len(header):
            wrong.append(
                Wrong(number, "–", _("Give this row as many cells as the header has: %(n)s.") % {"n": len(header)})
            )
            continue
        named = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        row = Row(number, {field: _code(field, named.get(field, "")) for field in COLUMNS})
        rows.append(row)
        wrong += _wrong_in(row, header)
    if not rows and not wrong:
        raise ValidationError(_("The file has a header and no rows."))
    return Table(rows, wrong + _repeated(rows, header), header)


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if len(content) > MOST_BYTES:
        raise ValidationError(_("The file is larger than 10 MiB."))
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as error:
        raise ValidationError(_("This is no CSV table: save it as CSV and try again.")) from error


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise ValidationError(_("The file is neither UTF-8 nor GB 18030: save it as CSV in one of these."))


def _header(cells: Sequence[str]) -> dict[str, str]:
    """Field → the name that this file gives it, in the file's order."""
    found: dict[str, str] = {}
    for cell in cells:
        field = TITLE_OF.get(cell.strip().lower())
        if field is None or field in found:
            raise ValidationError(
                _("The header's “%(name)s” is unknown or there twice: use the template's header.") % {"name": cell[:60]}
            )
        found[field] = cell.strip()
    if missing := [names[0] for field, names in COLUMNS.items() if field not in found and field not in MAY_BE_LEFT_OUT]:
        raise ValidationError(_("The header lacks: %(names)s.") % {"names": "、".join(missing)})
    return found


def words_of(field: str) -> dict[str, str]:
    """How a choice may be written → the choice: its code, its Chinese or English word."""
    words = {}
    for language in ("zh-hans", "en"):
        with override(language):
            words.update({str(label).lower(): str(code) for code, label in CHOICES[field].choices})
    return words | {str(code): str(code) for code in CHOICES[field].values}


def _code(field: str, text: str) -> str:
    return words_of(field).get(text.lower(), text) if field in CHOICES else text


def _wrong_in(row: Row, header: dict[str, str]) -> Iterator[Wrong]:
    for field, kind in CHOICES.items():
        if row.fields[field] and row.fields[field] not in kind.values:
            allowed = "、".join(str(label) for label in kind.labels)
            yield Wrong(row.number, header[field], _("Write one of: %(words)s.") % {"words": allowed})
    entry = CatalogueEntry(
        **{**row.fields, **{field: kind.values[0] for field, kind in CHOICES.items() if row.fields[field]}}
    )
    try:
        entry.clean_fields(exclude=["unit", "authority", "created_at", "state"])
    except ValidationError as error:
        for field, texts in error.message_dict.items():
            yield Wrong(row.number, header.get(field, field), " ".join(texts))
    if row.fields["sharing"] == Sharing.WITHHELD and not row.fields["withheld_basis"]:
        what = _("Data may be withheld only on a legal basis: name it (Art. 14).")
        yield Wrong(row.number, header.get("withheld_basis", COLUMNS["withheld_basis"][0]), what)


def _repeated(rows: Iterable[Row], header: dict[str, str]) -> list[Wrong]:
    seen: dict[str, int] = {}
    wrong = []
    for row in rows:
        title = row.fields["title"]
        if title and title in seen:
            what = _("The same title as in row %(row)s: leave one of them out.") % {"row": seen[title]}
            wrong.append(Wrong(row.number, header["title"], what))
        seen.setdefault(title, row.number)
    return wrong
