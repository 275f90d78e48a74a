"""Reports on a case that the level above asks for: question, answer, and a clock in between."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.models import Party
from marketplace.clock.models import Clock
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, permissions_above
from marketplace.supervision.deadlines import DUTIES, due_of
from marketplace.supervision.inquiry import ABOUT, Inquiry
from tests import crowd
from tests.api.conftest import Partner, credential_for
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.matrix import rows


def test_the_province_asks_and_the_city_answers_within_its_time(world):
    case, at = stages.application(world, "accepted")
    asking = {"case": case, "at": at, "question": "为何尚未征求意见?"}
    for who in ("officer", "other_officer", "county_officer", "buyer", "operator"):
        with pytest.raises(NotAllowed):
            operations.ask_report(actor=world[who], **asking)
    made = operations.ask_report(actor=world["province_officer"], **asking)
    clock = Clock.objects.running().get(kind="inquiry")
    assert (due_of(clock).owner, due_of(clock).obj, clock.working_days) == (case.authority, made, 5)
    with pytest.raises(InvalidState):
        operations.ask_report(actor=world["province_officer"], **asking)
    answering = {"inquiry": made, "at": at, "answer": "单位负责人休假"}
    for who in ("province_officer", "other_officer", "buyer"):
        with pytest.raises(NotAllowed):
            operations.answer_inquiry(actor=world[who], **answering)
    with pytest.raises(ValidationError):
        operations.answer_inquiry(actor=world["officer"], **(answering | {"answer": " "}))
    operations.answer_inquiry(actor=world["officer"], **answering)
    with pytest.raises(InvalidState):
        operations.answer_inquiry(actor=world["second_officer"], **answering)
    assert not Clock.objects.running().filter(kind="inquiry").exists()
    assert list(Entry.objects.order_by("-pk").values_list("verb", flat=True)[:2]) == ["answer_inquiry", "ask_report"]
    told = {kind: set(Outbox.objects.filter(kind=kind).values_list("recipient_ref", flat=True)) for kind in
            ("report_asked", "report_answered")}  # fmt: skip
    assert world["officer"].ledger_ref in told["report_asked"] - told["report_answered"]
    assert world["province_officer"].ledger_ref in told["report_answered"] - told["report_asked"]
    operations.ask_report(actor=world["province_officer"], **asking)  # again, about something else
    case.refresh_from_db()
    assert case.state == "accepted"


def test_question_and_answer_stand_on_a_page_of_both_authorities_alone(world, grant):
    operations.propose_order_on_grant(grant=grant, actor=world["officer"], at=world.at, facts="f", demand="d")
    order = grant.measures.get().measure
    with time_machine.travel(world.at, tick=False):
        above, city = log_in(world["province_officer"]), log_in(world["officer"])
        asked = above.post(f"/console/inquiries/new/measure/{order.pk}/", {"question": "请报告处置情况"})
        made = Inquiry.objects.get()
        assert asked.status_code == 302 and "请报告处置情况" in city.get("/console/inquiries/").content.decode()
        assert city.post(f"/console/inquiries/{made.pk}/answer/", {"answer": "已约谈"}).status_code == 302
        assert "已约谈" in above.get("/console/inquiries/").content.decode()
        others = log_in(world["other_officer"]).get("/console/inquiries/").content.decode()
    assert "已约谈" not in others and str(order) not in others


def test_systems_of_both_ask_and_answer_and_nobody_else_sees_it(world):
    case, at = stages.application(world, "accepted")
    keys = {"province_officer": "province", "officer": "city", "other_officer": "other_city", "buyer": "buyer"}
    with time_machine.travel(at, tick=False):
        systems = {
            who: Partner(credential_for(world, world.parties[party], person=world[who]), world[who])
            for who, party in keys.items()
        }
        asked = {"question": "为何尚未征求意见?", "application": case.pk}
        assert systems["province_officer"].post("inquiries/", {"question": "x"}).status_code == 422
        assert systems["officer"].post("inquiries/", asked).status_code == 403
        made = systems["province_officer"].post("inquiries/", asked)
        assert made.status_code == 201, made.content
        path = f"inquiries/{made.json()['id']}/"
        assert made.json()["authority"]["id"] == world.parties["city"].pk
        for who in ("other_officer", "buyer"):
            assert systems[who].get(path).status_code == 404
            assert systems[who].post(f"{path}answer/", {"answer": "x"}).status_code == 404
        assert systems["province_officer"].post(f"{path}answer/", {"answer": "x"}).status_code == 403
        answered = systems["officer"].post(f"{path}answer/", {"answer": "单位负责人休假"})
        assert (answered.status_code, answered.json()["answer"]) == (201, "单位负责人休假")
        assert systems["officer"].post(f"{path}answer/", {"answer": "x"}).status_code == 409
        assert [row["answer"] for row in systems["province_officer"].get("inquiries/").json()["items"]] == [
            "单位负责人休假"
        ]


def test_a_county_answers_on_its_order_and_nobody_on_a_case_of_a_side_of_theirs(world, grant):
    county = {"party": world.parties["county"], "actor": world["county_officer"], "at": world.at}
    Party.objects.filter(pk=world.parties["buyer"].pk).update(region=world.parties["county"].region)
    made = operations.order_party(against=Party.objects.get(pk=grant.buyer_id), **county, **stages.CHARGE)
    asked = {"at": world.at, "question": "为何?"}
    told = operations.ask_report(case=made, actor=world["officer"], **asked)
    operations.answer_inquiry(inquiry=told, actor=world["county_officer"], at=world.at, answer="已约谈")
    told.refresh_from_db()
    assert told.answered_by == world["county_officer"]
    about = operations.ask_report(case=stages.proposal(world, grant), actor=world["province_officer"], **asked)
    for side in (grant.product.seller, world.version.sources.get().unit):
        sided = crowd.copy(world["second_officer"].memberships.earliest("pk"), party=side)
        with pytest.raises(NotAllowed, match=r"own case|本案应当回避"):
            operations.answer_inquiry(inquiry=about, actor=world["second_officer"], at=world.at, answer="无")
        sided.delete()
    operations.answer_inquiry(inquiry=about, actor=world["second_officer"], at=world.at, answer="无")


CASES = {
    "incident": lambda world: stages.incident(world, "opened"),
    "misuse": lambda world: stages.concern(world, "open"),
    "fault": lambda world: stages.concern(world, "open+fault"),
    "planned inspection": lambda world: stages.inspection(world, "planned"),
    "inspection": lambda world: stages.inspection(world, "reported"),
    "version": lambda world: stages.finding(world, "open+failing"),
    "listing": lambda world: stages.version(world, "submitted"),
    "objection": lambda world: stages.objection(world, "open"),
    "rule": lambda world: stages.release_rule(world, "proposed"),
    "description": lambda world: stages.description_change(world, "proposed"),
    "edition": lambda world: stages.edition(world, "requested"),
    "usage report": lambda world: stages.report(world, "filed"),
    "certificate": lambda world: stages.certificate(world, "filed"),
    "review": lambda world: stages.review(world, "lodged"),
}
OF_GRANT, OF_VERSION = ("buyer", "developer", "unit"), ("developer", "unit")
SIDES = {
    "incident": ("developer", "unit", "buyer"), "misuse": OF_GRANT, "fault": ("developer",),
    "planned inspection": OF_GRANT, "inspection": OF_GRANT, "version": OF_VERSION, "listing": OF_VERSION,
    "objection": OF_VERSION, "rule": OF_VERSION, "description": OF_VERSION, "edition": OF_GRANT,
    "usage report": OF_GRANT, "certificate": OF_GRANT, "review": OF_GRANT,
}  # fmt: skip


@pytest.mark.parametrize("kind", CASES)
def test_of_each_kind_of_case_the_level_above_alone_asks_and_the_city_answers(world, kind):
    case, at = CASES[kind](world)
    asking, before = {"case": case, "at": at, "question": "处置到哪一步?"}, rows()
    for who in ("officer", "other_officer", "county_officer", "buyer", "seller", "provider", "operator", "overseer"):
        with pytest.raises(NotAllowed):
            operations.ask_report(actor=world[who], **asking)
    assert rows() == before
    for side in SIDES[kind]:
        sided = crowd.copy(world["province_officer"].memberships.earliest("pk"), party=world.parties[side])
        with pytest.raises(NotAllowed, match=r"own case|本案应当回避"):
            operations.ask_report(actor=world["province_officer"], **asking)
        sided.delete()
    made = Inquiry.objects.get(pk=operations.ask_report(actor=world["province_officer"], **asking).pk)
    assert (made.subject, made.authority, made.above) == (case, world.parties["city"], world.parties["province"])
    assert made.party == world.parties[SIDES[kind][0]]
    with pytest.raises(InvalidState):
        operations.ask_report(actor=world["province_officer"], **asking)
    with time_machine.travel(at, tick=False):
        city = log_in(world["officer"])
        assert case.get_absolute_url() in city.get("/console/inquiries/").content.decode()
        assert city.post(f"/console/inquiries/{made.pk}/answer/", {"answer": "已约谈"}).status_code == 302
    made.refresh_from_db()
    assert (made.answer, made.answered_by) == ("已约谈", world["officer"])
    case.refresh_from_db()
    assert permissions_above.ROWS[type(case)].authority(case) == world.parties["city"]


def test_every_duty_of_an_authority_that_goes_up_can_be_asked_about():
    """Whatever is a case of its own; a party's duties and the answer to such a question are none."""
    rest = {"applications.grant", "supervision.emergencyplan", "supervision.inquiry"}
    assert {model for model, _kind in DUTIES} - rest == {kind._meta.label_lower for kind in ABOUT.values()}
    assert set(permissions_above.ROWS) == set(ABOUT.values())


def test_what_goes_up_is_asked_about_where_the_level_above_finds_it_and_by_its_systems(world):
    case, at = CASES["listing"](world)
    at += timedelta(days=60)
    ask = f"/console/inquiries/new/version/{case.pk}/"
    with time_machine.travel(at, tick=False):
        above = log_in(world["province_officer"])
        assert ask in above.get("/console/deadlines/").content.decode()
        assert above.post(ask, {"question": "为何未受理?"}).status_code == 302
        system = Partner(credential_for(world, world.parties["province"], person=world["province_officer"]),
                         world["province_officer"])  # fmt: skip
        rule = stages.release_rule(world, "proposed")[0]
        made = system.post("inquiries/", {"question": "为何?", "rule": rule.pk})
        assert (made.status_code, made.json()["rule"], made.json()["version"]) == (201, rule.pk, None)
    assert [one.subject for one in Inquiry.objects.order_by("pk")] == [case, rule]


def test_of_what_no_authority_decides_no_report_is_asked_and_it_says_why(world):
    refused = {
        r"compliance|合规": stages.non_public_version(world, "submitted"),
        r"no report|不就此": stages.emergency_plan(world, "adopted"),
        r"platform|平台": stages.review_of_refusal(world, "lodged+registration"),
    }
    for words, (case, at) in refused.items():
        with pytest.raises(NotAllowed, match=words):
            operations.ask_report(case=case, actor=world["province_officer"], at=at, question="为何?")


@pytest.mark.parametrize("kind", ["misuse", "version"])
def test_what_the_compliance_review_answers_is_asked_of_no_authority(world, kind):
    case, at = CASES[kind](world)
    type(case).objects.filter(pk=case.pk).update(reviewer=world.parties["operator"])
    case.refresh_from_db()
    with pytest.raises(NotAllowed, match=r"compliance|合规"):
        operations.ask_report(case=case, actor=world["province_officer"], at=at, question="处置到哪一步?")


def test_whoever_may_ask_finds_the_way_on_the_case_and_systems_name_it(world):
    case, at = stages.incident(world, "opened")
    file, ask = f"/console/supervision/incident/{case.pk}/", f"/console/inquiries/new/incident/{case.pk}/"
    with time_machine.travel(at, tick=False):
        assert ask in log_in(world["province_officer"]).get(file).content.decode()
        assert ask not in log_in(world["officer"]).get(file).content.decode()
        system = Partner(credential_for(world, world.parties["province"], person=world["province_officer"]),
                         world["province_officer"])  # fmt: skip
        both = {"question": "为何?", "incident": case.pk, "concern": stages.concern(world, "open")[0].pk}
        assert system.post("inquiries/", both).status_code == 422
        made = system.post("inquiries/", {"question": "为何?", "incident": case.pk})
        assert (made.status_code, made.json()["incident"], made.json()["concern"]) == (201, case.pk, None)


def test_a_city_that_reported_an_incident_itself_still_answers_for_it(world):
    case = stages.report_incident(world, who="officer", party="city")
    told = operations.ask_report(case=case, actor=world["province_officer"], at=world.at, question="原因?")
    operations.answer_inquiry(inquiry=told, actor=world["officer"], at=world.at, answer="外链误开")
    told.refresh_from_db()
    assert told.answer == "外链误开"
