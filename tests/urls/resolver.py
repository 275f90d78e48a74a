"""Every address of the site, read from its resolver: nothing is listed by hand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """`name` as `reverse` takes it (where there is none, its route); `converters`: what each parameter takes."""

    name: str
    patterns: tuple[Any, ...]
    view: Any
    defaults: tuple[tuple[str, Any], ...] = ()

    @property
    def parameters(self) -> list[str]:
        return [name for pattern in self.patterns for name in sorted(pattern.regex.groupindex)]

    @property
    def path(self) -> str:
        return "".join(str(pattern) for pattern in self.patterns)

    def address(self, **values: Any) -> str:
        """The address with these values, whether or not the converters would take them."""
        parts = []
        for pattern in self.patterns:
            if isinstance(pattern, RoutePattern):
                parts.append(PARAMETER.sub(lambda found: str(values[found[2]]), str(pattern)))
            else:
                parts.append(_filled(str(pattern), values))
        return "/" + "".join(parts)


def _filled(expression: str, values: dict[str, Any]) -> str:
    """A regular expression's named groups filled in."""
    for name in re.findall(r"\(\?P<(\w+)>", expression):
        start = expression.index(f"(?P<{name}>")
        end, depth = start, 0
        while True:
            depth += {"(": 1, ")": -1}.get(expression[end], 0)
            end += 1
            if depth == 0:
                break
        expression = expression[:start] + str(values[name]) + expression[end:]
    return expression.strip("^$").replace("\\", "").replace(".*", "nothing-here")


def routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, (), ()))


def _walk(patterns: Any, before: tuple[Any, ...], names: tuple[str, ...]) -> Iterator[Route]:
    for one in patterns:
        if isinstance(one, URLPattern):
            path = "".join(map(str, (*before, one.pattern)))
            yield Route(":".join([*names, one.name]) if one.name else path, (*before, one.pattern), one.callback)
        else:
            inner = (*names, one.namespace) if one.namespace else names
            yield from _walk(one.url_patterns, (*before, one.pattern), inner)
