"""What partners read: theirs and nothing else, page by page, through the gate, event by event."""

import hashlib
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from listings.models import Version
from marketplace.api import paging, queries
from marketplace.api.resources import RESOURCES
from marketplace.applications.models import Application, Grant
from marketplace.applications.operations import name_system
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import AccessRecord, Delivery
from marketplace.ledger.models import Entry
from marketplace.supervision import operations as supervision
from tests.api.conftest import Partner, credential_in
from tests.pages.test_queries import busy  # noqa: F401
from tests.supervision.test_derived import built, built_on_both, revoke
from tests.workflow import stages

NOUNS = [resource.noun for resource in RESOURCES]


pytestmark = pytest.mark.usefixtures("feed_sees_this_test")


@pytest.fixture(autouse=True)
def _today(world):
    with time_machine.travel(world.at, tick=False):
        yield


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["items"]]


def test_attribution_names_a_deal_in_non_public_data_to_its_parties_alone(world, partner, grant):
    made, deal = built_on_both(world, grant)
    told = {who: partner(who).get(f"derived-products/{made.pk}/").json() for who in ("buyer", "other_buyer")}
    rows = {who: [row["product"] for row in page["attribution"]] for who, page in told.items()}
    assert rows == {"buyer": [deal.product.title, world.product.title], "other_buyer": [world.product.title]}
    assert {who: page["other_sources"] for who, page in told.items()} == {"buyer": False, "other_buyer": True}
    assert deal.product.title not in str(told["other_buyer"])


def test_lists_and_objects_show_what_the_organisation_may_see(world, partner, busy):  # noqa: F811
    buyer, other, officer = partner("buyer"), partner("other_buyer"), partner("officer")
    assert {noun: len(ids(buyer.get(f"{noun}/"))) for noun in NOUNS} == {
        "parties": 1, "source-files": 1, "objections": 0, "entries": 1, "products": 1, "versions": 1, "uploads": 0,
        "release-rules": 0, "description-changes": 0,
        "applications": 1, "items": 1, "consultations": 1, "grants": 1, "editions": 0,
        "standing-consents": 0, "reports": 0, "whereabouts": 0, "cautions": 0, "certificates": 0,
        "derived-products": 1, "measures": 0, "documents": 1, "reviews": 1,
        "concerns": 0, "incidents": 0, "emergency-plans": 0, "findings": 0, "inquiries": 0,
        "inspections": 0, "inspection-plans": 0,
    }  # fmt: skip
    assert {noun: len(ids(other.get(f"{noun}/"))) for noun in NOUNS if noun not in ("parties",)} == {
        "source-files": 1, "objections": 0, "entries": 1, "products": 1, "versions": 1, "uploads": 0,
        "release-rules": 0, "description-changes": 0,
        "applications": 0, "items": 0, "consultations": 0, "grants": 0, "editions": 0,
        "standing-consents": 0, "reports": 0, "whereabouts": 0, "cautions": 0, "certificates": 0,
        "derived-products": 0, "measures": 0, "documents": 0, "reviews": 0,
        "concerns": 0, "incidents": 0, "emergency-plans": 0, "findings": 0, "inquiries": 0,
        "inspections": 0, "inspection-plans": 0,
    }  # fmt: skip
    for noun in ("applications", "items", "consultations", "grants", "measures", "findings"):
        (pk,) = ids(officer.get(f"{noun}/"))
        assert officer.get(f"{noun}/{pk}/").json()["id"] == pk
        assert other.get(f"{noun}/{pk}/").status_code == 404


def test_through_a_credential_the_person_is_only_of_its_party(world, partner, busy):  # noqa: F811
    as_city = partner("conflicted_officer", party="city")
    as_buyer = partner("conflicted_officer", party="buyer")
    assert ids(as_city.get("parties/")) == [world.parties["city"].pk]
    assert ids(as_buyer.get("parties/")) == [world.parties["buyer"].pk]
    # what the city found about the own firm is for other eyes, through whichever key one comes
    assert ids(as_city.get("findings/")) == ids(as_buyer.get("findings/")) == []


def test_without_a_credential_only_the_public_catalogue_is_read(world, busy):  # noqa: F811
    anybody = Partner()
    public = {"source-files", "entries", "products", "versions"}
    for noun in NOUNS:
        assert anybody.get(f"{noun}/").status_code == (200 if noun in public else 401), noun
    assert anybody.get("events/").status_code == 401
    row = anybody.get(f"versions/{world.version.pk}/").json()
    assert [column["name"] for column in row["columns"]] == world.fields
    assert row["assessment"]["passes"] is True and row["assessment"]["figures"]["k"] == 25
    Version.objects.filter(pk=world.version.pk).update(state="draft")
    assert anybody.get(f"versions/{world.version.pk}/").status_code == 404


def test_pages_go_on_from_a_cursor_and_miss_nothing_that_came_meanwhile(world, partner):
    made = [stages.entry(world, "published")[0].pk for _ in range(4)]
    seller = partner("seller")
    first = seller.get("entries/", limit=2).json()
    later = stages.entry(world, "published")[0].pk
    second = seller.get("entries/", limit=2, after=first["next"]).json()
    third = seller.get("entries/", limit=2, after=second["next"]).json()
    read = [row["id"] for page in (first, second, third) for row in page["items"]]
    assert read == [*reversed(made), world.product.entry_id] and later not in read
    assert third["next"] is None


@pytest.mark.parametrize("after", ["x", "%00", "MTIz.", "MS4y", "LTE", "é", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "MDE"])
def test_a_cursor_of_no_list_is_named(world, partner, after):
    answer = partner("buyer").get("entries/", after=after)
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "²", "1e3"])
def test_a_limit_is_a_number_in_bounds(world, partner, limit):
    answer = partner("buyer").get("events/", limit=limit)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_in_effect_says_why_not(world, partner, grant):
    seller, other = partner("seller"), partner("other_buyer")
    path = f"grants/{grant.pk}/in-effect/"
    assert seller.get(path).json() | {"at": ""} == {"grant": grant.pk, "at": "", "in_effect": True, "code": "ok"}
    before = (world.at - timedelta(days=30)).isoformat()
    assert seller.get(path, at=before).json()["code"] == "outside_period"
    stages.order(world, grant)
    assert seller.get(path).json() | {"at": ""} == {
        "grant": grant.pk, "at": "", "in_effect": False, "code": "suspended",
    }  # fmt: skip
    assert other.get(path).status_code == 404
    for wrong in ("tomorrow", "2026-13-01T00:00:00Z", "2026-04-01T09:00:00", "0001-01-01T00:00:00Z"):
        assert seller.get(path, at=wrong).json()["code"] == "malformed"


def test_download_under_a_grant_goes_through_the_gate(world, partner, grant):
    buyer = partner("buyer", scopes=("read",))
    path = f"grants/{grant.pk}/versions/1/download.csv"
    name_system(grant=grant, actor=world["buyer"], at=world.at, credential=credential_in(world, buyer))
    answer = buyer.get(path)
    content = b"".join(answer.streaming_content)
    assert answer.status_code == 200 and answer["Content-Type"] == "text/csv; charset=utf-8"
    assert hashlib.sha256(content).hexdigest() == answer["X-Content-SHA256"]
    delivery = Delivery.objects.get()
    assert (delivery.grant, delivery.principal) == (grant, world["buyer"])
    assert Entry.objects.get(verb="deliver").actor_kind.startswith("partner:")
    stages.order(world, grant)
    refused = buyer.get(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "suspended")
    assert list(AccessRecord.objects.order_by("pk").values_list("code", flat=True)) == ["ok", "suspended"]
    assert partner("seller").get(path).json()["code"] == "not_a_user"
    assert partner("other_buyer").get(path).status_code == 404
    assert buyer.get(f"grants/{grant.pk}/versions/2/download.csv").status_code == 404
    assert buyer.client.head(f"/api/v1/{path}", headers=buyer.headers()).status_code == 405
    assert Delivery.objects.count() == 1


def test_closed_data_is_not_downloaded_openly(world):
    answer = Partner().get(f"open/versions/{world.version.pk}/download.csv")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_open")


def events(one, after="", limit=200):
    answer = one.get("events/", limit=limit, **({"after": after} if after else {}))
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_the_feed_is_ordered_complete_and_goes_on(world, partner, grant):
    buyer = partner("buyer")
    whole = events(buyer)
    read, cursor = [], ""
    while True:
        page = events(buyer, cursor, limit=20)
        cursor = page["next"]
        if not page["items"]:
            break
        read += page["items"]
    assert read == whole["items"]
    known = [int(row["id"]) for row in read]
    assert known == sorted(set(known))
    seen = {
        str(entry.pk)
        for entry in Entry.objects.filter(object_type__in=["applications.application", "applications.grant"])
    }
    assert seen <= {row["id"] for row in read}
    supervision.take_precaution(grant=grant, actor=world["officer"], at=world.at, reason="查证")
    news = events(buyer, cursor)["items"]
    assert [(row["object"], row["verb"], row["new"]) for row in news] == [
        ("applications.hold", "take_precaution", "open")
    ]
    assert events(buyer, events(buyer, cursor)["next"])["items"] == []


def test_the_feed_tells_nothing_of_what_is_not_visible(world, partner, grant):
    proposed = stages.proposal(world, grant)
    buyer, other, officer = partner("buyer"), partner("other_buyer"), partner("officer")
    assert "supervision.measure" not in {row["object"] for row in events(buyer)["items"]}
    assert "supervision.measure" in {row["object"] for row in events(officer)["items"]}
    outside = events(other)["items"]
    assert {row["object"] for row in outside} == {"accounts.party", "listings.catalogueentry", "listings.version"}
    of_version = [row["verb"] for row in outside if row["object"] == "listings.version"]
    assert of_version == ["approve", "publish"]  # that it was assessed, submitted and by whom is its parties' affair
    assert {row["object_id"] for row in outside if row["object"] == "accounts.party"} == {
        str(world.parties["other_buyer"].pk)
    }
    stages.issue(proposed, world, world.at)
    assert "supervision.measure" in {row["object"] for row in events(buyer)["items"]}
    assert all("actor" not in key and "detail" not in key for row in events(buyer)["items"] for key in row)


def of_object(one, kind):
    return [
        (row["verb"], row["old"], row["new"], row["article"], bool(row["operation_id"]))
        for row in events(one)["items"] if row["object"] == kind
    ]  # fmt: skip


def test_the_feed_names_no_measure_to_whoever_is_not_inside(world, partner):
    """Public only when final, and never once annulled: until then no more than that what is on offer is held."""
    outside, inside = partner("other_buyer"), partner("vendor")
    made, _at = stages.take_down(world, "issued")
    assert of_object(outside, "listings.version")[-2:] == [
        ("publish", "in_publicity", "published", "Art. 40", True), ("", "", "held", "", False)
    ]  # fmt: skip
    assert of_object(inside, "listings.version")[-1] == ("take_down", "published", "held", made.article, True)


def test_the_feed_says_nothing_of_a_revocation_by_what_was_built(world, partner, grant):
    outside, inside = partner("other_buyer"), partner("buyer")
    made = built(world, grant, "需求地图")
    supervision.publish_derived(derived=made, actor=world["buyer"], at=world.at)
    revoke(world, grant)
    told = [("publish", "registered", "published", "Art. 16", True)]
    assert of_object(outside, "supervision.derivedproduct") == told
    assert of_object(inside, "supervision.derivedproduct")[-1][:4] == ("revoke", "published", "flagged", "Art. 15")
    made.refresh_from_db()
    supervision.clear_derived(derived=made, actor=world["second_officer"], at=world.at, reason="可继续公开")
    assert of_object(outside, "supervision.derivedproduct") == told  # not even that it was flagged
    assert [row[0] for row in of_object(inside, "supervision.derivedproduct")][-1] == "clear"


def test_the_feed_keeps_from_a_party_what_inspectors_write_down_before_they_report(world, partner):
    stages.inspection(world, "under_way+checked")
    told = {
        who: [row["verb"] for row in events(partner(who))["items"] if row["object"] == "supervision.inspection"]
        for who in ("buyer", "officer")
    }
    assert told["officer"] == [
        "draw_sample", "announce_inspection", "begin_inspection", "check_points",
    ]  # fmt: skip
    assert told["buyer"] == told["officer"][:-1]


def test_the_feed_says_of_an_incident_to_each_what_its_page_does(world, partner, grant):
    """The whole history, all but what was done with holders, or to a holder who was told that it is over."""
    holder = stages.active_grant(world, buyer="other_buyer")
    for one, who in ((grant, "buyer"), (holder, "other_buyer")):
        delivery.deliver(grant=one, version=world.version, actor=world[who], at=world.at)
    incident = stages.report_incident(world, who="buyer", party="buyer")
    officer = {"incident": incident, "actor": world["officer"], "at": world.at}
    supervision.hold_affected(**officer, reason="先停后查")
    supervision.tell_holders(**officer, text="请自查")
    supervision.confirm_notice(incident=incident, actor=world["other_buyer"], at=world.at)
    supervision.dismiss_incident(**officer, reason="演练")
    told = {
        who: [row["verb"] for row in events(partner(who))["items"] if row["object"] == "supervision.incident"]
        for who in ("officer", "seller", "buyer", "other_buyer")
    }
    whole = ["open_incident", "hold_affected", "tell_holders", "confirm_notice", "dismiss_incident"]
    assert told["officer"] == told["seller"] == whole
    assert told["buyer"] == ["open_incident", "tell_holders", "dismiss_incident"]
    assert told["other_buyer"] == ["dismiss_incident"]


def test_the_seller_reads_how_its_version_came_to_be(world, partner):
    verbs = [row["verb"] for row in events(partner("seller"))["items"] if row["object"] == "listings.version"]
    assert verbs == [
        "create", "upload", "mark_columns", "request_assessment", "assess", "submit", "approve", "publish",
    ]  # fmt: skip


def test_a_cursor_says_nothing_about_the_rest(world):
    assert paging.decode(paging.encode(0, 7), 2) == [0, 7]
    assert queries.position(Entry(pk=7, xid=None)) == (0, 7)
    assert (Application.objects.count(), Grant.objects.count()) == (0, 0) and timezone.now() == world.at


@pytest.mark.parametrize("accept", ["image/png", "text/csv"])
@pytest.mark.parametrize("address", ["schema/", "docs/"])
def test_a_form_in_which_the_description_is_not_there_is_refused(db, client, address, accept):
    answer = client.get(f"/api/v1/{address}", headers={"accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("address", ["schema/", "docs/"])
def test_a_no_of_the_description_is_a_problem_in_json(db, client, address):
    answer = client.post(f"/api/v1/{address}")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
