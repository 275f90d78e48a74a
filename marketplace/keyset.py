"""Pages that go on from where the last one ended, forwards and backwards: as cheap a thousand pages on as at first.

A cursor is opaque and signed: it holds the values of the row it stands at, and fits only the list that gave it.
"""

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

SIZE = 20
NEWEST = ("-pk",)


class BadCursor(Exception):
    """Not a cursor that this list gave."""


@dataclass
class Page:
    """Some rows of a list, and the cursors of the pages beside it; empty where there is none."""

    object_list: list[Any]
    previous: str
    next: str

    def __iter__(self) -> Iterator[Any]:
        return iter(self.object_list)

    def __len__(self) -> int:
        return len(self.object_list)

    @property
    def has_other_pages(self) -> bool:
        return bool(self.previous or self.next)


def paged(request: HttpRequest, rows: QuerySet[Any], *order: str, size: int = SIZE) -> Page:
    """The page that a reader asks for by `?page=<cursor>`; the first one for anything else."""
    try:
        return page([rows], request.GET.get("page", ""), order or NEWEST, size)
    except BadCursor:
        return page([rows], "", order or NEWEST, size)


def page(sections: Sequence[QuerySet[Any]], cursor: str, order: Sequence[str] = NEWEST, size: int = SIZE) -> Page:
    """At most `size` rows of the sections, one after the other, each in the same total order.

    Raises BadCursor. Asks one query for each section it touches; what is further away is never read.
    """
    salt = f"keyset {sections[0].model._meta.label_lower} {' '.join(order)}"
    number, backwards, values = _read(cursor, salt, sections, order) if cursor else (0, False, None)
    rows = _rows(sections, number, backwards, values, order, size + 1)
    has_more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    ends = [_write(salt, *end, order) for end in ((rows[0], True), (rows[-1], False))] if rows else ["", ""]
    return Page(
        [row for _number, row in rows],
        previous=ends[0] if (has_more if backwards else cursor) else "",
        next=ends[1] if (backwards or has_more) else "",
    )


def page_of(items: Sequence[Any], key: Callable[[Any], list[Any]], cursor: str, size: int = SIZE) -> Page:
    """The same of what is computed and stands in no table: `key` orders the items, in what JSON can hold.

    A cursor that is none gives the first page.
    """
    signer = signing.Signer(salt="keyset items")
    ordered = sorted(items, key=key)
    try:
        backwards, value = signer.unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError):
        backwards, value = False, []
    start = bisect_left(ordered, value, key=key) if backwards else bisect_right(ordered, value, key=key)
    start = max(0, start - size) if backwards else start
    shown = ordered[start : start + size]
    more_before, more_after = start > 0, start + size < len(ordered)
    ends = (
        [signer.sign_object([way, key(item)]) for way, item in ((True, shown[0]), (False, shown[-1]))] if shown else []
    )
    return Page(shown, ends[0] if shown and more_before else "", ends[1] if shown and more_after else "")


Row = tuple[int, Any]  # the number of its section, and the row


def _rows(
    sections: Sequence[QuerySet[Any]], start: int, backwards: bool, values: Any, order: Sequence[str], limit: int
) -> list[Row]:
    directed = [_turned(name) for name in order] if backwards else list(order)
    found: list[Row] = []
    for number in range(start, -1, -1) if backwards else range(start, len(sections)):
        if len(found) == limit:
            break
        rows = sections[number].order_by(*directed)
        if values is not None and number == start:
            rows = rows.filter(_beyond(directed, values))
        found += [(number, row) for row in rows[: limit - len(found)]]
    return found


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows that come after `values`. The first column alone bounds it, too, so that an index is entered there."""
    wanted, equal = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        column, way = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        wanted |= equal & Q(**{f"{column}__{way}": value})
        equal &= Q(**{column: value})
    first, way = order[0].removeprefix("-"), "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{way}": values[0]}) & wanted


def _write(salt: str, row: Row, backwards: bool, order: Sequence[str]) -> str:
    number, obj = row
    values = [_plain(getattr(obj, name.removeprefix("-"))) for name in order]
    return signing.Signer(salt=salt).sign_object([number, backwards, values])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


def _read(
    cursor: str, salt: str, sections: Sequence[QuerySet[Any]], order: Sequence[str]
) -> tuple[int, bool, list[Any]]:
    try:
        number, backwards, values = signing.Signer(salt=salt).unsign_object(cursor)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadCursor from error
    if number >= len(sections):  # the query that had more of them was another one
        raise BadCursor
    model: type[Model] = sections[0].model
    try:
        return number, backwards, [_column(model, name).to_python(v) for name, v in zip(order, values, strict=True)]
    except (ValidationError, ValueError) as error:
        raise BadCursor from error


def _column(model: type[Model], name: str) -> Any:
    name = name.removeprefix("-")
    return model._meta.pk if name == "pk" else model._meta.get_field(name)
