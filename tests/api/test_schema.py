"""The description: fresh, shown under the site's own policy, and every answer is as it says."""

import json
import os
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
import time_machine
import urllib3
from django.db import transaction
from django.test import Client
from hypothesis import strategies
from schemathesis import checks as known

from marketplace.api.resources import RESOURCES
from marketplace.ledger import entries as ledger
from marketplace.supervision.operations.finding import open_finding
from tests.api.conftest import Partner
from tests.workflow import stages

EXAMPLES = int(os.environ.get("API_EXAMPLES", "4"))  # a request each, for each of the some 180 operations
STEPS = int(os.environ.get("API_STEPS", "60"))  # requests in a row that leave what they wrote
ROLES = ("officer", "buyer", "seller", "provider", "operator", "other_buyer", "expert", "county_officer")
CHECKS = (
    known.not_a_server_error, known.status_code_conformance, known.content_type_conformance,
    known.response_schema_conformance, known.response_headers_conformance,
)  # fmt: skip


def document() -> dict[str, Any]:
    return json.loads(Client().get("/api/v1/schema/?format=json", headers={"Accept-Language": "en"}).content)


@pytest.fixture
def fuzzed(world, partner, settings, grant):
    """A trade with one of everything, and systems of three organisations that may do much with it."""
    settings.API_RATE = "1000000/min"
    stages.draft_with_file(world)
    stages.proposal(world, grant)
    act = ledger.begin("notice", ledger.SystemActor("sweep"), world.at)
    open_finding(act, grant, "report_overdue", "first", "Art. 16", report="x")
    return [partner(who) for who in ROLES]


def sent(case: Any, headers: dict[str, str]) -> requests.Response:
    """The case through Django's own test client, the answer as schemathesis reads it."""
    given = case.as_transport_kwargs(base_url="http://testserver", headers=headers)
    request = requests.Request(
        **{name: given.get(name) for name in ("method", "url", "headers", "params", "data", "json", "files")}
    ).prepare()
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    kept = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    answer = Client().generic(
        request.method or "", request.path_url, body, request.headers.get("Content-Type", ""), headers=kept
    )
    response = requests.Response()
    response.status_code, response.request, response.url = answer.status_code, request, request.url or ""
    response.headers = requests.structures.CaseInsensitiveDict(answer.headers)
    response.raw = urllib3.HTTPResponse(headers=dict(answer.headers), status=answer.status_code)
    response._content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return response


def existing() -> dict[str, list[int]]:
    return {
        resource.noun: list(resource.model._base_manager.order_by("-pk").values_list("pk", flat=True)[:3])
        for resource in RESOURCES
    }


def test_every_answer_is_as_described_and_none_is_the_sites_fault(db, world, fuzzed):
    schema = schemathesis.openapi.from_dict(document())
    schema.config.update(base_url="http://testserver")
    ids, asked = existing(), []
    with time_machine.travel(world.at, tick=True):
        for found in schema.get_all_operations():
            operation = found.ok()
            run(operation, fuzzed, ids.get(operation.path.split("/")[3], []), asked)
    statuses = {status for _operation, status in asked}
    print(f"\n{len(asked)} requests")
    assert len(asked) >= EXAMPLES * 170 and {200, 400, 404, 409, 422} <= statuses, statuses


def test_requests_in_a_row_that_build_on_each_other_are_answered_as_described(db, world, fuzzed):
    """Without rolling back: each request finds what the ones before it wrote, whoever sent them."""
    schema = schemathesis.openapi.from_dict(document())
    schema.config.update(base_url="http://testserver")
    operations = [found.ok() for found in schema.get_all_operations()]
    asked: list[Any] = []

    @hypothesis.settings(
        max_examples=max(1, STEPS // 20), deadline=None, database=None, derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(data=strategies.data())
    def walk(data: Any) -> None:
        with transaction.atomic():
            for number in range(20):
                ask_next(data, operations, fuzzed, asked, number)
            transaction.set_rollback(True)

    with time_machine.travel(world.at, tick=True):
        walk()
    print(f"\n{len(asked)} requests in rows of 20")
    assert len(asked) >= STEPS


def ask_next(data: Any, operations: list[Any], systems: list[Partner], asked: list[Any], number: int) -> None:
    operation = data.draw(strategies.sampled_from(operations))
    case, system = data.draw(operation.as_strategy()), data.draw(strategies.sampled_from(systems))
    if "id" in (case.path_parameters or {}):
        ids = existing().get(operation.path.split("/")[3], [])
        case.path_parameters["id"] = data.draw(strategies.sampled_from([*ids, 10**6]))
    answer = sent(case, system.headers(**{"Idempotency-Key": f"row-{number}"}))
    asked.append((operation.label, answer.status_code))
    case.validate_response(answer, checks=CHECKS)


def run(operation: Any, systems: list[Partner], ids: list[int], asked: list[Any]) -> None:
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(
        case=operation.as_strategy(), system=strategies.sampled_from(systems),
        pk=strategies.sampled_from([*ids, 10**6]), own=strategies.sampled_from([True, True, True, False]),
    )  # fmt: skip
    def ask(case: Any, system: Partner, pk: int, own: bool) -> None:
        if own and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = pk
        with transaction.atomic():
            answer = sent(case, system.headers(**{"Idempotency-Key": "k"}) if own else {})
            transaction.set_rollback(True)
        asked.append((operation.label, answer.status_code))
        case.validate_response(answer, checks=CHECKS)

    ask()
