"""A partner's client, generated from the OpenAPI document alone: one method for each operation, over real HTTP.

Nothing of the site is imported here. What the document does not describe cannot be sent, and an answer whose status it
does not describe is an error.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

Call = Callable[..., Any]


def source_of(document: dict[str, Any]) -> str:
    """Python source of a class `Client`."""
    lines = ["class Client:", "    def __init__(self, call):", "        self.call = call"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            given = operation.get("parameters", [])
            places = [one["name"] for one in given if one["in"] == "path"]
            headers = [one["name"] for one in given if one["in"] == "header"]
            query = [one["name"] for one in given if one["in"] == "query"]
            body = next(iter(operation.get("requestBody", {}).get("content", {"": {}}).items()))
            fields = list(body[1].get("schema", {}).get("properties", {}))
            taken = [*places, *(f"{name}=None" for name in dict.fromkeys([*query, *fields]))]
            lines += [
                f"    def {operation['operationId']}(self{''.join(', ' + name for name in taken)}):",
                f"        places = {{{', '.join(f'{name!r}: {name}' for name in places)}}}",
                f"        query = {{{', '.join(f'{name!r}: {name}' for name in query)}}}",
                f"        fields = {{{', '.join(f'{name!r}: {name}' for name in fields)}}}",
                f"        return self.call({method.upper()!r}, {path!r}, places, query, fields, {headers!r},",
                f"                         {body[0]!r}, {[int(status) for status in operation['responses']]!r})",
            ]
    return "\n".join(lines)


def client_of(document: dict[str, Any], address: str, key: str, person: str) -> Any:
    made: dict[str, Any] = {}
    exec(compile(source_of(document), "<generated>", "exec"), made)
    return made["Client"](transport(address, key, person))


class Refused(Exception):
    """A problem, as the document describes it."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem}")
        self.status, self.problem = status, problem


def transport(address: str, key: str, person: str) -> Call:
    def call(
        method: str, path: str, places: Any, query: Any, fields: Any, headers: Any, kind: str, statuses: list[int]
    ) -> Any:
        known = {"Idempotency-Key": uuid.uuid4().hex, "Responsible-Person": person}
        sent = {"Authorization": f"Bearer {key}", **{name: known[name] for name in headers}}
        body = None
        if method == "POST":
            assert kind in ("application/json", ""), kind
            body = json.dumps({name: value for name, value in fields.items() if value is not None}).encode()
            sent["Content-Type"] = "application/json"
        asked = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
        target = f"{address}{path.format(**places)}?{asked}"
        try:
            answer = urllib.request.urlopen(urllib.request.Request(target, body, sent, method=method), timeout=120)
        except urllib.error.HTTPError as error:
            assert error.code in statuses, (method, path, error.code)
            raise Refused(error.code, json.load(error)) from error
        with answer:
            assert answer.status in statuses, (method, path, answer.status)
            content = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return json.loads(content) if is_json else content

    return call
