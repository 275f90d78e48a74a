"""A workbook from a stranger: unpacked under a count, read cell by cell, one sheet into a CSV."""

import csv
import datetime
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils.cell import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser

from . import csv_source, limits, progress
from .database import Column
from .header import check_names
from .reasons import Refused, Unreadable, shown

_MOST_ROWS = 1_048_576  # of a sheet, by the format
_EXACT = 10**15
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ParseError, DefusedXmlException, ValueError, KeyError, IndexError, TypeError,
    AttributeError, OSError, NotImplementedError, RuntimeError, EOFError, OverflowError,
)  # fmt: skip
Row = dict[int, Any]


def write_canonical(source: Path, target: Path, scratch: Path) -> tuple[int, list[Column]]:
    """Write the one sheet with data of the workbook `source` as Parquet; rows and columns.

    The first row with anything in it names the columns. Numbers are kept to their last digit, dates and times as
    ISO 8601, whatever they look like on the sheet. Unreadable: broken_xlsx, inflates_too_large, formula_cell,
    error_cell, several_sheets, ragged, and what a CSV raises.
    """
    text = scratch / "text.csv"
    progress.report("reading", 5)
    try:
        _count_inflated(source)
        with source.open("rb") as stream:  # by a path openpyxl judges its ending
            book = openpyxl.load_workbook(stream, read_only=True, keep_links=False)
            names, numeric = _write_sheet(_only_sheet(book), text)
    except Refused:
        raise
    except _BROKEN:  # whatever openpyxl trips over in a file that is none
        raise Unreadable("broken_xlsx") from None
    return csv_source.write_text(text, target, scratch, names, ",", numeric)


def _count_inflated(source: Path) -> None:
    """Unpack everything once and keep nothing: what the archive says of its own size is not believed."""
    inflated = 0
    with zipfile.ZipFile(source) as archive:
        if len(archive.infolist()) > limits.MAX_WORKBOOK_PARTS:
            raise Unreadable("broken_xlsx")
        for part in archive.infolist():
            with archive.open(part) as stream:
                while chunk := stream.read(limits.CHUNK_BYTES):
                    inflated += len(chunk)
                    if inflated > limits.MAX_INFLATED_BYTES:
                        raise Unreadable("inflates_too_large", limit=limits.MAX_INFLATED_BYTES)


def _only_sheet(book: Any) -> ReadOnlyWorksheet:
    """The sheet with data. Hidden ones count: nothing is left out in silence."""
    sheets = [sheet for sheet in book.worksheets if isinstance(sheet, ReadOnlyWorksheet)]
    filled = [sheet for sheet in sheets if next(_rows(sheet), None)]
    if not filled:
        raise Unreadable("empty_file")
    if len(filled) > 1:
        raise Unreadable("several_sheets", first=shown(filled[0].title), second=shown(filled[1].title))
    return filled[0]


def _rows(sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, Row]]:
    """Rows with anything in them, as number and cells by column. The sheet's own claim of its size is not asked."""
    book = sheet.parent
    with sheet._get_source() as stream:
        parser = WorkSheetParser(
            stream, sheet._shared_strings, epoch=book.epoch, date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )  # fmt: skip
        for number, cells in parser.parse():
            if number > _MOST_ROWS:
                raise Unreadable("too_many_rows", found=number, limit=_MOST_ROWS)
            row = {cell["column"]: cell for cell in cells if cell["value"] is not None or cell["data_type"] == "f"}
            if row:
                yield number, row


def _write_sheet(sheet: ReadOnlyWorksheet, text: Path) -> tuple[list[str], list[str]]:
    """The sheet as CSV; names, and the columns of numbers only, some of them with a fraction."""
    rows = _rows(sheet)
    _, header = next(rows)
    width = max(header)
    if width > limits.MAX_COLUMNS:
        raise Unreadable("too_many_columns", found=width, limit=limits.MAX_COLUMNS)
    names = check_names(_texts(sheet, header, width))
    kinds: list[set[str]] = [set() for _ in names]
    with text.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names)
        for number, row in rows:
            if max(row) > width:
                raise Unreadable("ragged", line=number, expected=width, found=max(row))
            writer.writerow(_texts(sheet, row, width))
            for column, cell in row.items():
                kinds[column - 1].add(_kind(cell["value"]))
    return names, [
        name for name, seen in zip(names, kinds, strict=True) if "fraction" in seen and seen <= {"fraction", "whole"}
    ]


def _texts(sheet: ReadOnlyWorksheet, row: Row, width: int) -> list[str]:
    return [_text(sheet, row[column]) if column in row else "" for column in range(1, width + 1)]


def _text(sheet: ReadOnlyWorksheet, cell: Any) -> str:
    value, kind = cell["value"], cell["data_type"]
    if kind in ("f", "e") or (isinstance(value, float) and not math.isfinite(value)):
        place = f"{get_column_letter(cell['column'])}{cell['row']}"
        raise Unreadable("formula_cell" if kind == "f" else "error_cell", cell=place, sheet=shown(sheet.title))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)
    if isinstance(value, datetime.datetime):
        return str(value.date() if value.time() == datetime.time() else value)
    return str(value)


def _kind(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) >= _EXACT:
        return "text"
    return "whole" if value == int(value) else "fraction"
