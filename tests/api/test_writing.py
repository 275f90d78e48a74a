"""Writes over HTTP: who may, what is wrong with them, and that twice is once."""

import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.timezone import localdate

from accounts import operations as accounts
from accounts.models import Membership, Party
from listings.models import Version
from marketplace.api.models import IdempotencyKey
from marketplace.applications.models import Application
from marketplace.applications.operations import name_system
from marketplace.delivery.operations import deliver
from marketplace.desk.sample_data import write_visits
from marketplace.ledger.models import Entry
from marketplace.supervision.incidents import Incident
from tests.api.conftest import Partner, credential_in
from tests.workflow import stages
from tests.workflow.matrix import last_entry, rows


@pytest.fixture(autouse=True)
def _today(world):
    with time_machine.travel(world.at, tick=False):
        yield


@pytest.fixture
def draft(world):
    return stages.application(world, "draft")[0]


def refused(answer, status, code):
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status), body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["type"] == f"urn:minshu:problem:{code}" and body["title"] and body["detail"]
    return body


def test_what_happens_is_recorded_as_the_persons_through_the_credential(world, partner, draft):
    buyer = partner("buyer")
    answer = buyer.post(f"applications/{draft.pk}/submit/")
    assert (answer.status_code, answer.json()["state"]) == (200, "submitted")
    entry = Entry.objects.latest("pk")
    assert (entry.verb, entry.actor_ref) == ("submit", world["buyer"].ledger_ref)
    assert entry.actor_kind == f"partner:{credential_in(world, buyer).pk}"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"Authorization": ""}, 401, "credential_missing"),
        ({"Authorization": "Bearer minshu_wrong"}, 401, "credential_invalid"),
        ({"Authorization": "Basic eDp5"}, 401, "credential_invalid"),
        ({"Authorization": "Bearer " + "é" * 40}, 401, "credential_invalid"),
        ({"Responsible-Person": ""}, 400, "responsible_person_missing"),
        ({"Responsible-Person": "nobody@test.example"}, 403, "responsible_person_refused"),
        ({"Responsible-Person": "other-buyer@test.example"}, 403, "responsible_person_refused"),
        ({"Idempotency-Key": ""}, 400, "idempotency_key_missing"),
        ({"Idempotency-Key": "x" * 65}, 400, "idempotency_key_missing"),
        ({"Idempotency-Key": "é"}, 400, "idempotency_key_missing"),
    ],
)
def test_each_header_that_is_missing_or_wrong_is_named(world, partner, draft, change, status, code):
    buyer = partner("buyer")
    before = rows()
    answer = buyer.post(f"applications/{draft.pk}/submit/", **change)
    refused(answer, status, code)
    assert ("WWW-Authenticate" in answer) == (status == 401)
    assert rows() == before


@pytest.mark.parametrize(
    ("scopes", "path", "status"),
    [
        (("read",), "describe", 403),
        (("read", "act"), "describe", 403),
        (("read", "write"), "submit", 403),
        (("act",), "submit", 200),
    ],
)
def test_scopes_part_reading_preparing_and_acting(world, partner, draft, scopes, path, status):
    answer = partner("buyer", scopes=scopes).post(f"applications/{draft.pk}/{path}/", {})
    assert answer.status_code == status
    if status == 403:
        refused(answer, 403, "scope_missing")


def test_a_credential_without_the_scope_read_reads_nothing(world, partner):
    refused(partner("buyer", scopes=("act",)).get("grants/"), 403, "scope_missing")


def test_expired_revoked_and_ended_open_nothing(world, partner, draft):
    buyer = partner("buyer")
    with time_machine.travel(world.at + timedelta(days=730)):
        refused(buyer.get("grants/"), 401, "credential_invalid")
    Party.objects.filter(pk=draft.buyer_id).update(state="ended")
    refused(buyer.get("grants/"), 403, "party_not_in_standing")
    Party.objects.filter(pk=draft.buyer_id).update(state="verified")
    accounts.revoke_credential(credential=credential_in(world, buyer), actor=world["buyer"], at=world.at)
    refused(buyer.post(f"applications/{draft.pk}/submit/"), 401, "credential_invalid")


@pytest.mark.parametrize("change", [{"state": "barred"}, {"verified_until": date(2026, 1, 1)}])
def test_a_barred_or_lapsed_party_still_reads_and_reports_but_begins_nothing(world, partner, grant, change):
    buyer = partner("buyer")
    report, later = stages.report(world, "open")
    draft = stages.application(world, "draft")[0]
    name_system(grant=grant, actor=world["buyer"], at=world.at, credential=credential_in(world, buyer))
    Party.objects.filter(pk=grant.buyer_id).update(**change)
    assert buyer.get("grants/").status_code == 200
    with time_machine.travel(later, tick=False):
        assert buyer.post(f"reports/{report.pk}/file/", {"use": "训练"}).json()["state"] == "filed"
    refused(buyer.post(f"applications/{draft.pk}/submit/"), 403, "not_allowed")
    refused(buyer.get(f"grants/{grant.pk}/versions/1/download.csv"), 403, "buyer_not_in_standing")


@pytest.mark.parametrize("who", ["buyer", "officer"])
def test_nobody_is_named_who_did_not_agree_nor_after_they_withdrew(world, partner, who):
    system = partner(who)
    accounts.withdraw_from_naming(credential=credential_in(world, system), actor=world[who], at=world.at)
    before = Entry.objects.count()
    refused(system.post("applications/1/submit/"), 403, "responsible_person_not_agreed")
    assert Entry.objects.count() == before
    assert system.get("grants/").status_code == 200


def test_person_who_left_is_responsible_no_more(world, partner):
    owner = Membership.objects.get(user=world["buyer"])
    system = partner("conflicted_officer", party="buyer")
    left = Membership.objects.get(user=world["conflicted_officer"], party=owner.party)
    accounts.end_membership(party=left.party, membership=left, actor=world["buyer"], at=world.at - timedelta(days=1))
    refused(system.get("grants/"), 403, "responsible_person_refused")


BODIES = [
    ("{", 400, "malformed"),
    ("[]", 400, "malformed"),
    ('"x"', 400, "malformed"),
    ("NaN", 400, "malformed"),
    ("1" * 5000, 400, "malformed"),
    ("[" * 100_000, 400, "malformed"),
    ('{"title": "\\ud800"}', 400, "malformed"),
    ('{"title": "x' + " " * 1024 * 1024 + '"}', 413, "too_large"),
]


@pytest.mark.parametrize(("text", "status", "code"), BODIES, ids=[text[:12] for text, _status, _code in BODIES])
def test_a_body_that_cannot_be_read_is_refused(world, partner, draft, text, status, code):
    buyer = partner("buyer")
    answer = buyer.client.post(
        f"/api/v1/applications/{draft.pk}/describe/", text, content_type="application/json",
        headers=buyer.headers(**{"Idempotency-Key": "k"}),
    )  # fmt: skip
    refused(answer, status, code)


def test_other_content_and_methods_are_refused(world, partner, draft):
    buyer = partner("buyer")
    path = f"/api/v1/applications/{draft.pk}/describe/"
    headers = buyer.headers(**{"Idempotency-Key": "k"})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        refused(buyer.client.post(path, b"x=1", content_type=kind, headers=headers), 415, "unsupported_media_type")
    for method in ("get", "put", "patch", "delete", "options"):
        refused(getattr(buyer.client, method)(path, headers=headers), 405, "method_not_allowed")
    refused(Partner().client.get(path), 405, "method_not_allowed")
    refused(buyer.client.post("/api/v1/grants/", headers=headers), 405, "method_not_allowed")
    for nothing in ("", "grant/1/", "grants", "grants/x/", "grants/1/fly/", "grants/-1/", "%00/"):
        refused(buyer.get(nothing), 404, "not_found")


WRONG = [
    ("describe", {"nonsense": 1}, ["nonsense"]),
    ("describe", {"title": 5}, ["title"]),
    ("describe", {"title": None}, ["title"]),
    ("describe", {"title": "x" * 201}, ["title"]),
    ("describe", {"title": "a\x00b"}, ["title"]),
    ("describe", {"period_from": "2026-4-1", "period_until": True}, ["period_from", "period_until"]),
    ("describe", {"period_from": "0001-01-01"}, ["period_from"]),
    ("describe", {"period_from": "2027-01-01", "period_until": "2026-01-01"}, ["__all__"]),
    ("add-item", {}, ["product"]),
    ("add-item", {"product": 10**30}, ["product"]),
    ("add-item", {"product": -1}, ["product"]),
    ("add-item", {"product": [1]}, ["product"]),
    ("add-item", {"product": "1; DROP"}, ["product"]),
    ("withdraw", {"reason": "  "}, ["reason"]),
]


@pytest.mark.parametrize(("verb", "body", "fields"), WRONG)
def test_wrong_fields_are_named_one_by_one(world, partner, draft, verb, body, fields):
    answer = partner("buyer").post(f"applications/{draft.pk}/{verb}/", body)
    assert sorted(refused(answer, 422, "invalid_fields")["errors"]) == sorted(fields)
    assert not IdempotencyKey.objects.exists()


def test_what_is_left_out_stays_and_null_empties(world, partner, draft):
    answer = partner("buyer").post(f"applications/{draft.pk}/describe/", {"security": "加密", "period_until": None})
    row = answer.json()
    assert (row["title"], row["security"], row["period_until"]) == (draft.title, "加密", None)


def test_foreign_ids_in_path_and_body_are_not_there(world, partner, grant):
    other = partner("other_buyer")
    for path in (
        f"grants/{grant.pk}/surrender/", f"applications/{grant.item.application_id}/withdraw/", "grants/999999/accept/",
        "grants/99999999999999999999999/accept/", f"items/{grant.item_id}/remove/",
    ):  # fmt: skip
        refused(other.post(path, {"reason": "x"}), 404, "not_found")
    foreign = {"title": "t", "description": "d", "built_from": [f"{grant.pk}:{world.version.pk}"]}
    assert "built_from" in refused(other.post("derived-products/", foreign), 422, "invalid_fields")["errors"]
    body = {"buyer": world.parties["buyer"].pk, "title": "t", "fields_wanted": ["区县"]}
    assert "buyer" in refused(other.post(f"products/{world.product.pk}/apply/", body), 422, "invalid_fields")["errors"]


def test_wrong_state_is_a_conflict(world, partner, draft):
    buyer = partner("buyer")
    assert buyer.post(f"applications/{draft.pk}/submit/").status_code == 200
    refused(buyer.post(f"applications/{draft.pk}/submit/"), 409, "invalid_state")


def test_twice_with_one_key_is_once(world, partner, draft):
    buyer = partner("buyer")
    last = last_entry()
    first = buyer.post(f"applications/{draft.pk}/submit/", key="k-1")
    again = buyer.post(f"applications/{draft.pk}/submit/", key="k-1")
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (200, again.json())
    assert Entry.objects.filter(pk__gt=last).count() == 1
    other_body = buyer.post(f"applications/{draft.pk}/withdraw/", {"reason": "x"}, key="k-1")
    refused(other_body, 422, "idempotency_key_reused")
    refused(buyer.post("applications/999/submit/", key="k-1"), 422, "idempotency_key_reused")
    colleague = Partner(buyer.key, world["conflicted_officer"])
    accounts.agree_to_be_named(credential=credential_in(world, buyer), actor=world["conflicted_officer"], at=world.at)
    refused(colleague.post(f"applications/{draft.pk}/submit/", key="k-1"), 422, "idempotency_key_reused")
    assert Application.objects.get(pk=draft.pk).state == "submitted"
    assert IdempotencyKey.objects.count() == 1


def test_a_key_is_the_organisations_own_and_is_forgotten_after_a_month(world, partner, draft):
    buyer, seller = partner("buyer"), partner("seller")
    assert buyer.post(f"applications/{draft.pk}/describe/", {"security": "加密"}, key="k").status_code == 200
    assert seller.post(f"products/{world.product.pk}/withdraw/", {"reason": "x"}, key="k").status_code == 200
    with time_machine.travel(world.at + timedelta(days=31)):
        assert buyer.post(f"applications/{draft.pk}/describe/", {}, key="l").status_code == 200
    assert sorted(IdempotencyKey.objects.values_list("key", "party__name")) == [
        ("k", world.parties["developer"].name),
        ("l", world.parties["buyer"].name),
    ]


def test_a_refusal_keeps_no_key(world, partner, draft):
    buyer = partner("buyer")
    refused(buyer.post(f"applications/{draft.pk}/describe/", {"title": ""}, key="k"), 422, "invalid_fields")
    assert buyer.post(f"applications/{draft.pk}/describe/", {"title": "新名"}, key="k").status_code == 200


def test_too_many_requests_are_told_to_wait(world, partner, settings):
    settings.API_RATE = "2/min"
    buyer, seller = partner("buyer"), partner("seller")
    assert [buyer.get("grants/").status_code for _ in range(3)] == [200, 200, 429]
    answer = buyer.get("grants/")
    refused(answer, 429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60
    assert seller.get("grants/").status_code == 200


def upload(one, version, content, key=""):
    return one.post(f"versions/{version.pk}/upload-file/", {"file": SimpleUploadedFile("门诊.csv", content)}, key=key)


def test_a_file_is_uploaded_once_per_key_and_a_bad_one_leaves_nothing(world, partner):
    made = stages.draft_with_file(world)
    seller = partner("seller")
    last = last_entry()
    content = write_visits(stages.scratch("x.csv")).read_bytes()
    first, again = (upload(seller, made, content, "k") for _ in range(2))
    assert (first.status_code, first.json()) == (200, again.json())
    assert [row["name"] for row in first.json()["columns"]] == world.fields
    assert Entry.objects.filter(pk__gt=last).count() == 1
    refused(upload(seller, made, content + b"\n", "k"), 422, "idempotency_key_reused")
    before = sorted(path.name for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file())
    body = refused(upload(seller, made, b"\x00\x01PK"), 422, "invalid_fields")
    assert list(body["errors"]) == ["file"]
    assert list(refused(seller.post(f"versions/{made.pk}/upload-file/"), 422, "invalid_fields")["errors"]) == ["file"]
    assert sorted(path.name for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()) == before


def test_an_upload_over_the_limit_is_cut_off(world, partner, settings):
    made = stages.draft_with_file(world)
    settings.UPLOAD_LIMIT = 1000
    before = Version.objects.get(pk=made.pk).rows
    refused(upload(partner("seller"), made, b"a,b\n" * 1000), 413, "too_large")
    assert Version.objects.get(pk=made.pk).rows == before


def test_columns_are_marked_by_position(world, partner):
    made = stages.draft_with_file(world)
    path = f"versions/{made.pk}/mark-columns/"
    answer = partner("seller").post(path, {"column_0": "plain"})
    column = {"position": 0, "name": "区县", "type": "text", "role": "plain", "profile": {}}
    assert answer.json()["columns"][0] == column
    assert answer.json()["columns"][1]["role"] == "quasi_identifier"  # what is left out stays
    errors = refused(partner("seller").post(path, {"column_0": "x", "column_99": "plain"}), 422, "invalid_fields")
    assert list(errors["errors"]) == ["column_99"]


def test_a_file_object_is_no_json_field(world, partner, draft):
    buyer = partner("buyer")
    answer = buyer.post(f"applications/{draft.pk}/describe/", {"title": io.BytesIO(b"x")})
    refused(answer, 415, "unsupported_media_type")
    assert json.loads(answer.content)["title"]


def test_a_report_through_the_api_states_purposes_of_the_grant(world, partner, grant):
    buyer = partner("buyer")
    report, later = stages.report(world, "open")
    with time_machine.travel(later, tick=False):
        foreign = buyer.post(f"reports/{report.pk}/file/", {"use": "训练", "purposes": "广告投放"})
        assert list(refused(foreign, 422, "invalid_fields")["errors"]) == ["purposes"]
        stated = {"use": "训练", "purposes": "便民服务", "other_purpose": "广告投放"}
        (filing,) = buyer.post(f"reports/{report.pk}/file/", stated).json()["filings"]
    assert (filing["purposes"], filing["other_purpose"]) == ("便民服务", "广告投放")


def test_an_incident_is_reported_with_the_deliveries_of_a_day_as_far_as_they_are_seen(world, partner, grant):
    other, day = stages.active_grant(world, buyer="other_buyer"), timedelta(days=1)
    for one, who, at in ((grant, "buyer", 0), (grant, "buyer", 1), (other, "other_buyer", 1)):
        deliver(grant=one, version=world.version, actor=world[who], at=world.at + at * day)
    buyer = partner("buyer")
    path, later = f"versions/{world.version.pk}/incidents/", world.at + day
    sent = {**stages.ALARM, "party": world.parties["buyer"].pk, "may_identify": False, "noticed_at": later.isoformat()}
    with time_machine.travel(later, tick=False):
        for foreign in (f"{other.pk}:{localdate(later)}", f"{grant.pk}:2020-01-01"):
            answer = buyer.post(path, {**sent, "only_deliveries": [foreign]})
            assert list(refused(answer, 422, "invalid_fields")["errors"]) == ["only_deliveries"]
        answer = buyer.post(path, {**sent, "only_deliveries": [f"{grant.pk}:{localdate(later)}"]})
    assert answer.status_code == 201, answer.content
    copy = Incident.objects.get().copies.get()
    assert (copy.grant, copy.deliveries, copy.first_at) == (grant, 1, later)
