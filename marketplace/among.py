"""One of many values, sent as one parameter: of thousands that `__in` sends one by one, most of the time goes into
reading the query."""

import json
from typing import Any

from django.db.models import BooleanField, Lookup


class Among(Lookup):  # type: ignore[type-arg]
    """`filter(Among(F("pk"), keys))`, as `filter(pk__in=keys)`."""

    lookup_name = "among"
    output_field = BooleanField()

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", [*params, self.rhs]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, json.dumps(self.rhs)]
