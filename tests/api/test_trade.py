"""A whole trade over HTTP by partners who know nothing but the description: addresses, fields and headers are its."""

import csv
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Credential, User
from listings import operations as listing
from listings.models import Job
from marketplace.clock.defaults import Kind
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.desk.story import SCENARIO, later
from marketplace.ledger.models import Entry
from marketplace.supervision.sweep import sweep
from tests.api.conftest import credential_for
from tests.api.test_schema import document
from tests.workflow import stages


class Described:
    """Calls operations by their id. What the description does not name cannot be sent."""

    def __init__(self, description: dict[str, Any], key: str, person: User) -> None:
        self.description, self.client = description, Client(headers={"Authorization": f"Bearer {key}"})
        self.values = {"Responsible-Person": person.email}

    def __call__(self, name: str, pk: int | None = None, /, *, expect: int | None = None, **given: Any) -> Any:
        path, method, operation = next(
            (path, method, operation)
            for path, methods in self.description["paths"].items()
            for method, operation in methods.items()
            if operation["operationId"] == name
        )
        places = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        path = path.format(**{"id": pk}, **{place: given.pop(place) for place in places - {"id"}})
        values = {"Idempotency-Key": uuid.uuid4().hex, **self.values}
        headers = {one["name"]: values[one["name"]] for one in operation.get("parameters", []) if one["in"] == "header"}
        if method == "get":
            answer = self.client.get(path, given, headers=headers)
        else:
            ((kind, content),) = operation["requestBody"]["content"].items()
            fields = content["schema"].get("properties", {})
            assert set(given) <= set(fields) or content["schema"].get("additionalProperties"), (name, given)
            body = given if kind.startswith("multipart") else {**given}
            media = {} if kind.startswith("multipart") else {"content_type": kind}
            answer = self.client.post(path, body, headers=headers, **media)
        assert str(answer.status_code) in operation["responses"], (name, answer.content)
        assert answer.status_code == (expect or answer.status_code) and (expect or answer.status_code < 300), (
            name, answer.content,
        )  # fmt: skip
        return answer if answer.streaming or answer.status_code == 204 else answer.json()


@pytest.fixture
def systems(world, settings):
    settings.API_RATE = "100000/min"
    with time_machine.travel(world.at, tick=False):
        description = document()
    return {
        who: Described(
            description, credential_for(world, world.parties[party], person=world[who]), world[who]
        )
        for who, party in (
            ("provider", "unit"), ("officer", "city"), ("second_officer", "city"), ("seller", "developer"),
            ("buyer", "buyer"),
        )
    }  # fmt: skip


def test_a_trade_from_the_catalogue_to_the_termination_over_http(world, systems, feed_sees_this_test):
    with time_machine.travel(world.at, tick=False) as clock:
        last = Entry.objects.latest("pk").pk
        product, version, published = list_product(world, systems)
        clock.move_to(published)
        grant = grant_product(systems, product, published)
        read = use(systems, grant)
        assert len(read) == 1001 and read[0] == ["区县", "年龄段"]
        report_and_build(systems, grant, version, clock)
        break_the_terms(systems, grant)
    kinds = set(Entry.objects.filter(pk__gt=last, actor_ref__startswith="accounts.user").values_list("actor_kind"))
    assert all(kind.startswith("partner:") for (kind,) in kinds) and len(kinds) == 5


def list_product(world, systems):
    unit, officer, seller = systems["provider"], systems["officer"], systems["seller"]
    entry = unit(
        "create_entries", unit=world.parties["unit"].pk, title="门诊统计", description="统计",
        sharing="conditional",
        opening="on_application", frequency="monthly", contact="数据科",
    )  # fmt: skip
    officer("publish_entries", entry["id"])
    product = seller(
        "create_products", seller=world.parties["developer"].pk, entry=entry["id"], nature="government",
        acquisition="primary_developer", category="health", grade="general", title="门诊分析", summary="分区县",
        description="分年龄段", frequency="monthly",
    )["id"]  # fmt: skip
    seller("declare_products", product, declared=True)
    seller("add_source_file_products", product, kind="statute", title="归集通知", reference="1号", summary="依目录归集")
    fields = {name: value if value is False else str(value) for name, value in stages.VERSION_FIELDS.items()}
    version = seller("create_version_products", product, about="persons", **fields)["id"]
    content = write_visits(stages.scratch("visits.csv")).read_bytes()
    uploaded = seller("upload_file_versions", version, file=SimpleUploadedFile("visits.csv", content))
    roles = {f"column_{one['position']}": VISIT_ROLES.get(one["name"], "plain") for one in uploaded["columns"]}
    seller("mark_columns_versions", version, **roles)
    seller("request_assessment_versions", version)
    assert listing.run_assessment(job=Job.objects.latest("pk"), at=world.at)  # the site's worker
    assert seller("get_versions", version)["assessment"]["passes"] is True
    seller("submit_versions", version)
    (source,) = officer("get_products", product)["source_files"]
    assert officer("accept_source_files", source["id"], reason="原件核对无误")["state"] == "accepted"
    officer("approve_versions", version, sources_checked=True, irreversible=True, reason="材料齐全")
    published = later(world.at, Kind.PUBLICITY)
    with time_machine.travel(published, tick=False):
        assert officer("publish_versions", version)["state"] == "published"
    return product, version, published


def grant_product(systems, product, at):
    buyer, officer, unit = systems["buyer"], systems["officer"], systems["provider"]
    own = buyer("list_parties")["items"][0]["id"]
    case = buyer("create_applications", product, buyer=own, title="需求预测", fields_wanted=["区县", "年龄段"])
    period = {"period_from": f"{at:%F}", "period_until": f"{at + timedelta(days=300):%F}"}
    buyer("describe_applications", case["id"], **period, **SCENARIO)
    buyer("submit_applications", case["id"])
    officer("accept_applications", case["id"])
    officer("consult_applications", case["id"])
    (asked,) = unit("list_consultations")["items"]
    unit("consent_in_part_consultations", asked["id"], conditions="仅限本市")
    officer("begin_review_applications", case["id"])
    item = officer("approve_items", case["items"][0], reason="必要")
    assert (item["state"], item["fields_wanted"]) == ("approved", ["区县", "年龄段"])
    grant = buyer("accept_grants", item["grant"], terms_accepted=True)["id"]
    system = Credential.objects.get(party=own)
    buyer("name_system_grants", grant, credential=system.pk)
    return grant


def use(systems, grant):
    buyer = systems["buyer"]
    assert buyer("grant_in_effect", grant)["in_effect"] is True
    answer = buyer("download_grant_version", grant, number=1, kind="csv")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def report_and_build(systems, grant, version, clock):
    buyer, officer = systems["buyer"], systems["officer"]
    derived = buyer("create_derived_products", title="需求地图", description="每月", built_from=[f"{grant}:{version}"])
    buyer("publish_derived_products", derived["id"])
    (source,) = buyer("get_derived_products", derived["id"])["attribution"]
    assert (source["units"], source["version"]) == (["福州市卫生健康委员会"], 1)
    clock.shift(timedelta(days=100))  # the quarter has ended, the report is not yet due
    sweep(at=timezone.now())
    report = buyer("list_reports")["items"][-1]
    buyer("file_reports", report["id"], use="训练模型")
    assert officer("accept_reports", report["id"])["state"] == "accepted"


def break_the_terms(systems, grant):
    buyer, officer, second = systems["buyer"], systems["officer"], systems["second_officer"]
    cursor = buyer("list_events", limit=200)["next"]
    proposal = officer("propose_order_grants", grant, facts="超出约定用途", demand="停止")
    order = officer("issue_measures", proposal["id"])  # facts, demand and remedy stay as proposed
    refused = buyer("download_grant_version", grant, number=1, kind="csv", expect=403)
    assert refused["code"] == "suspended"
    news = {(row["object"], row["verb"]) for row in buyer("list_events", after=cursor)["items"]}
    assert {("supervision.measure", "issue_order"), ("applications.hold", "issue_order")} <= news
    early = officer("open_hearing_measures", order["id"], reason="拟终止", expect=409)
    assert early["code"] == "invalid_state"  # it may still correct, and has not refused
    buyer("file_statement_measures", order["id"], text="不改", refuses=True)
    officer("open_hearing_measures", order["id"], reason="拟终止")
    buyer("file_statement_measures", order["id"], text="仍不改", refuses=True)
    assert second("find_refusal_measures", order["id"], reason="-", expect=409)["code"] == "invalid_state"
    second("get_measures", order["id"])  # what the party says is read before a refusal is found
    second("find_refusal_measures", order["id"], reason="明确拒绝")
    officer("get_measures", order["id"])  # and by who ends the service
    assert officer("terminate_measures", order["id"], reason="拒不改正")["state"] == "terminated"
    assert buyer("get_grants", grant)["state"] == "terminated"
