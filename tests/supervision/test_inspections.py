"""Inspections beyond the matrix: what a draw keeps, whom it is from, silence of the party, what points become."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Party
from marketplace.applications.models import Grant
from marketplace.applications.operations import surrender_grant
from marketplace.clock.working_days import start_of_day
from marketplace.delivery import operations as delivery
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.supervision import operations as supervision
from marketplace.supervision.inspections import Inspection, InspectionPlan
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.operations.inspection_plan import (
    frame_of,
    population,
    risk_figures,
    stratum_of,
    weight_of,
)
from tests import crowd
from tests.workflow import stages


def test_a_plan_is_drawn_again_from_what_it_kept_and_says_when_it_was_tampered_with(world):
    plan, _at = stages.inspection_plan(world, "drawn")
    assert (plan.frame_count, plan.drawn_again()) == (1, True)
    ((_grant, _stratum, weight, figures),) = plan.frame
    assert weight == plan.inspections.get().weight == 1 + figures["years"]  # nothing delivered, found or overdue
    InspectionPlan.objects.filter(pk=plan.pk).update(frame=[[*plan.frame[0][:2], weight + 1, figures]])
    assert not InspectionPlan.objects.get(pk=plan.pk).drawn_again()


@pytest.mark.parametrize("changes", [{"purpose": "别的用途"}, {"buyer_kind": "person"}, {"seller_kind": "person"}])
def test_a_plan_draws_only_from_the_grants_that_its_filters_leave(world, changes):
    stages.active_grant(world)
    who = {"actor": world["officer"], "at": world.at}
    given = {**stages.PLANNED, **changes}
    plan = supervision.plan_inspections(party=world.parties["city"], **who, **given)
    with pytest.raises(InvalidState):
        supervision.draw_sample(plan=plan, **who)


def test_a_purpose_is_one_of_those_granted_and_not_part_of_anothers_name(world):
    grant = stages.active_grant(world)
    grants = Grant.objects.filter(pk=grant.pk)
    grants.update(terms={**grant.terms, "purposes": "规划研究\n医疗"})
    who = {"party": world.parties["city"], "actor": world["officer"], "at": world.at}
    found = {}
    for purpose in ("规划", "规划研究", "医疗"):
        plan = supervision.plan_inspections(**who, **{**stages.PLANNED, "purpose": purpose})
        found[purpose] = list(population(plan, world.at))
    assert found == {"规划": [], "规划研究": [grant], "医疗": [grant]}
    plan.strata = "purpose"
    first = stratum_of(plan, Grant.objects.get(pk=grant.pk))
    grants.update(terms={**grant.terms, "purposes": "医疗、规划研究"})
    assert stratum_of(plan, Grant.objects.get(pk=grant.pk)) == first


@pytest.mark.parametrize("who", ["county_officer", "other_officer", "buyer"])
def test_nobody_else_plans_inspections_of_the_city(world, who):
    with pytest.raises(NotAllowed):
        supervision.plan_inspections(party=world.parties["city"], actor=world[who], at=world.at, **stages.PLANNED)
    assert not InspectionPlan.objects.exists()


def test_an_inspection_begins_when_the_notice_is_over_not_before(world):
    made, at = stages.inspection(world, "announced")
    with pytest.raises(InvalidState):
        supervision.begin_inspection(inspection=made, actor=world["officer"], at=made.announced_at + timedelta(hours=1))
    supervision.begin_inspection(inspection=made, actor=world["officer"], at=at)
    assert made.state == "under_way"


def test_a_party_that_stays_silent_does_not_keep_an_inspection_open(world):
    made, at = stages.inspection(world, "reported")
    given = {"inspection": made, "actor": world["officer"], "outcome": "followed_up", "text": "逾期未答复"}
    with pytest.raises(InvalidState):
        supervision.close_inspection(**given, at=at)
    late = at + timedelta(days=30)
    with pytest.raises(ValidationError):  # no finding was opened
        supervision.close_inspection(**given, at=late)
    supervision.follow_up_points(inspection=made, actor=world["officer"], at=late)
    supervision.close_inspection(**given, at=late)
    assert (made.state, made.outcome) == ("closed", "followed_up")


def test_each_point_that_is_not_in_order_becomes_one_finding_once_and_can_be_ordered(world):
    made, at = stages.inspection(world, "answered")
    who = {"actor": world["officer"], "at": at}
    supervision.follow_up_points(inspection=made, **who)
    finding = Finding.objects.get(rule="inspection")
    assert (finding.grant, finding.party) == (made.grant, made.party)
    assert made.number in finding.said and "离职人员仍有权限" in finding.said
    with pytest.raises(InvalidState):
        supervision.follow_up_points(inspection=made, **who)
    assert supervision.propose_order_on_finding(finding=finding, **who, **stages.CHARGE).finding == finding


def test_what_was_found_is_told_to_the_party_with_the_report(world, client):
    made, at = stages.inspection(world, "under_way+checked")
    client.force_login(world["buyer"])
    page = client.get(made.get_absolute_url())
    assert "离职人员仍有权限" not in page.content.decode()
    assert "check_points" not in {row.entry.verb for row in page.context["history"]}
    evidence = f"{made.get_absolute_url()}evidence/1/"
    assert client.get(evidence).status_code == 403
    supervision.report_inspection(inspection=made, actor=world["officer"], at=at, text="发现一处问题")
    assert "离职人员仍有权限" in client.get(made.get_absolute_url()).content.decode()
    assert Inspection.objects.visible_to(world["other_buyer"]).count() == 0


def test_an_outcome_does_not_contradict_what_was_found(world):
    made, at = stages.inspection(world, "answered")
    who = {"inspection": made, "actor": world["officer"], "at": at, "text": "办结"}
    with pytest.raises(ValidationError):
        supervision.close_inspection(**who, outcome="in_order")
    made.points.update(verdict="in_order")
    for outcome in ("put_right", "followed_up"):
        with pytest.raises(ValidationError):
            supervision.close_inspection(**who, outcome=outcome)
    supervision.close_inspection(**who, outcome="in_order")
    assert made.state == "closed"


def test_a_plan_draws_from_the_counties_of_its_region_but_nothing_over_or_inspected_already(world):
    grant = stages.active_grant(world)
    buyer, county = world.parties["buyer"], world.parties["county"].region
    Party.objects.filter(pk=buyer.pk).update(region=county)
    given = {**stages.PLANNED, "region": world.parties["province"].region}
    plan = supervision.plan_inspections(party=world.parties["city"], actor=world["officer"], at=world.at, **given)
    over = start_of_day(grant.ends + timedelta(days=1))
    assert (county.level, list(population(plan, world.at)), list(population(plan, over))) == ("county", [grant], [])
    supervision.open_inspection(grant=grant, actor=world["officer"], at=world.at, reason="举报")
    assert not population(plan, world.at).exists()


def planned(world, who="officer", party="city", **changes):
    given = {**stages.PLANNED, **changes}
    return supervision.plan_inspections(party=world.parties[party], actor=world[who], at=world.at, **given)


def test_a_plan_draws_from_public_data_before_its_own_authority_and_up_to_the_last_day_of_a_grant(world, grant):
    own, elsewhere = planned(world), planned(world, "other_officer", "other_city")
    stages.non_public_grant(world, "active")
    last = start_of_day(grant.ends)
    assert [list(population(plan, last)) for plan in (own, elsewhere)] == [[grant], []]
    surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="项目结束")
    assert not population(own, world.at).exists()


@pytest.mark.parametrize("where", ["county", "city", "province"])
def test_a_plan_for_a_region_draws_from_the_buyers_of_it_and_of_all_that_lies_in_it(world, grant, where):
    Party.objects.filter(pk=grant.buyer_id).update(region=world.parties["county"].region)
    region = {"region": world.parties[where].region}
    assert list(population(planned(world, **region), world.at)) == [grant]
    Party.objects.filter(pk=grant.buyer_id).update(region=world.parties["other_city"].region)
    assert population(planned(world, **region), world.at).exists() == (where == "province")


def test_a_plan_keeps_the_seed_that_is_given_and_may_be_for_one_day(world):
    day = stages.PLANNED["first"]
    assert planned(world, last=day).seed == stages.PLANNED["seed"]
    assert planned(world, seed="").seed == ""
    with pytest.raises(ValidationError):
        planned(world, last=day - timedelta(days=1))


def test_who_knows_frame_and_seed_cannot_work_out_the_draw_and_a_dropped_plan_stays(world, grant):
    for _more in range(19):
        crowd.copy_grant(grant)
    who, samples = {"actor": world["officer"], "at": world.at}, set()
    for _again in range(4):
        plan = planned(world, size=5, method="random", strata="")
        supervision.draw_sample(plan=plan, **who)
        plan.refresh_from_db()
        given, _colon, drawn = plan.seed.rpartition(":")
        assert (given, len(drawn), plan.drawn_again()) == (stages.PLANNED["seed"], 32, True)
        samples.add(tuple(sorted(plan.inspections.values_list("grant", flat=True))))
        Inspection.objects.update(state="cancelled", closed_at=world.at, closing="x")
    assert len(samples) > 1  # by the same frame and the same words
    unlucky = planned(world, seed="")
    supervision.drop_inspection_plan(plan=unlucky, reason="改期", **who)
    unlucky.refresh_from_db()
    assert (unlucky.state, InspectionPlan.objects.count()) == ("dropped", 5)
    plain = planned(world, seed="", size=5)
    supervision.draw_sample(plan=plain, **who)
    plain.refresh_from_db()
    assert len(plain.seed) == 32 and plain.drawn_again()


def test_by_chance_all_weigh_alike_and_a_grant_stands_in_the_part_that_the_plan_makes(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    later = world.at + timedelta(days=30)
    ((_grant, _stratum, weight, figures),) = frame_of(planned(world, method="random"), later)
    assert (weight, figures) == (1.0, {})
    parts = {strata: stratum_of(planned(world, strata=strata), grant) for strata in ("", "purpose", "region", "buyer")}
    assert parts == {
        "": "", "purpose": "便民服务、公共卫生研究、医疗资源规划", "region": grant.buyer.region.name,
        "buyer": grant.buyer.kind,
    }  # fmt: skip


def test_a_grant_weighs_by_its_findings_overdue_reports_deliveries_and_years(world, grant):
    """Of findings each that there ever was, of reports what is still owed and overdue."""
    assert weight_of({"findings": 2, "overdue_reports": 1, "deliveries": 9, "years": 0.5}) == 1 + 6 + 2 + 1 + 0.5
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    act = ledger.begin("notice", stages.JOB, world.at)
    found = open_finding(act, grant, "report_thin", "k", "Art. 16")
    supervision.dismiss_finding(finding=found, actor=world["officer"], at=world.at, reason="-")
    report, *_more = supervision.schedule_reports(grants=[grant], actor=stages.JOB, at=world.at + timedelta(days=20))
    crowd.copy(report, start=report.start - timedelta(days=1), state="ceased")
    crowd.copy(report, start=report.start - timedelta(days=2), due_at=report.due_at + timedelta(days=9))
    at = report.due_at + timedelta(days=1)
    figures = risk_figures(planned(world), Grant.objects.filter(pk=grant.pk), at)[grant.pk]
    assert figures == {
        "findings": 1, "overdue_reports": 1, "deliveries": 1, "years": round((at - grant.activated_at).days / 365, 2),
    }  # fmt: skip


def test_the_years_of_a_grant_count_from_its_last_inspection(world):
    made, _at = stages.inspection(world, "reported")
    later = made.reported_at + timedelta(days=146)
    figures = risk_figures(made.plan, Grant.objects.filter(pk=made.grant_id), later)
    assert made.reported_at - made.grant.activated_at > timedelta(days=5)
    assert figures[made.grant_id]["years"] == 0.4


def test_a_party_is_told_of_each_step_and_of_nothing_that_was_only_planned(world, grant):
    def told():
        kinds = ("inspection_moved", "inspection_announced")
        news = Outbox.objects.filter(kind__in=kinds, channel="page", recipient_ref=world["buyer"].ledger_ref)
        return [(one.kind, one.context.get("reason", "")) for one in news.order_by("pk")]

    who = {"actor": world["officer"], "at": world.at}
    only = supervision.open_inspection(grant=grant, reason="举报", **who)
    supervision.cancel_inspection(inspection=only, reason="误报", **who)
    assert told() == []
    made = supervision.open_inspection(grant=grant, reason="再次举报", **who)  # one after another
    with pytest.raises(InvalidState):
        supervision.open_inspection(grant=grant, reason="又一次", **who)
    supervision.begin_unannounced(inspection=made, reason="突击", **who)
    supervision.cancel_inspection(inspection=made, reason="停业", **who)
    assert told() == [("inspection_moved", "突击"), ("inspection_moved", "停业")]
