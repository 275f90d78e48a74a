"""Lists go on from an opaque cursor, so that a page neither repeats nor skips rows that came meanwhile."""

import base64
import binascii
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from marketplace.api.problems import Problem

DEFAULT, MOST = 50, 200
LARGEST = 2**63 - 1


def encode(*numbers: int) -> str:
    return base64.urlsafe_b64encode(".".join(map(str, numbers)).encode()).decode().rstrip("=")


def decode(cursor: str, count: int) -> list[int]:
    """The numbers of a cursor that `encode` made. Raises Problem for anything else."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode("ascii")
        numbers = [int(part) for part in text.split(".") if part.isdecimal() and len(part) < 20]
    except (binascii.Error, ValueError):
        numbers = []
    if len(numbers) != count or encode(*numbers) != cursor or max(numbers) > LARGEST:
        raise Problem(400, "cursor_invalid", _("This cursor was not given by this list."))
    return numbers


def limit_of(request: Any) -> int:
    text = request.query_params.get("limit", str(DEFAULT))
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST):
        raise Problem(400, "malformed", _("“limit” is a number from 1 to %(most)s.") % {"most": MOST})
    return int(text)


class NewestFirst(BasePagination):
    """Pages by descending key: `{"items": […], "next": cursor or null}`."""

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        limit, cursor = limit_of(request), request.query_params.get("after", "")
        if cursor:
            queryset = queryset.filter(pk__lt=decode(cursor, 1)[0])
        rows = list(queryset.order_by("-pk")[: limit + 1])
        self.next = encode(rows[limit - 1].pk) if len(rows) > limit else None
        return rows[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"items": data, "next": self.next})

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        cursor = {"type": "string", "nullable": True}
        return {"type": "object", "required": ["items", "next"], "properties": {"items": schema, "next": cursor}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return PARAMETERS


PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "after", "in": "query", "required": False, "schema": {"type": "string"},
        "description": gettext_lazy("Where to go on: the “next” of the page before."),
    },
    {
        "name": "limit", "in": "query", "required": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT},
        "description": gettext_lazy("The most rows of a page."),
    },
]  # fmt: skip
