"""Workbooks for the tests, honest and hostile."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import openpyxl


def workbook(rows: Sequence[Sequence[Any]], **more: Sequence[Sequence[Any]]) -> bytes:
    """One sheet of these rows, and further sheets by name."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "数据"
    for row in rows:
        sheet.append(row)
    for title, others in more.items():
        extra = book.create_sheet(title)
        for row in others:
            extra.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def replaced(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """The same archive with some of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            new.writestr(name, data)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
PLAIN = [["区县", "人数"], ["鼓楼区", 3], ["台江区", 4]]


def sheet_of(cells: str) -> bytes:
    """A workbook whose sheet holds these rows, written by hand."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    xml = f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'
    return replaced(workbook(PLAIN), {SHEET: xml.encode()})


def bomb(inflated: int) -> bytes:
    """Some kilobytes that unpack to `inflated` bytes of zeros."""
    return replaced(workbook(PLAIN), {"xl/media/image1.png": bytes(inflated)})


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "xxxxxxxxxx">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><worksheet>&b;</worksheet>"""
