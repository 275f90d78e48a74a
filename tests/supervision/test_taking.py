"""The level above takes a case over: who decides from then on, what goes with it, and who is told."""

from datetime import date, timedelta

import pytest
import time_machine

from accounts.models import Assignment, Membership, Recusal, User
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant
from marketplace.clock.models import Clock
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.concern import Concern
from marketplace.supervision.deadlines import due_of
from marketplace.supervision.incidents import Incident
from marketplace.supervision.inspections import Inspection
from marketplace.supervision.models import Finding, Measure, MeasureGrant
from marketplace.supervision.occasions import Lapse
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.review import Review
from tests import crowd
from tests.workflow import stages
from tests.workflow.matrix import rows


def told(kind):
    return set(Outbox.objects.filter(kind=kind).values_list("recipient_ref", flat=True))


def test_the_province_decides_what_it_has_taken_and_the_city_is_told(world):
    case, at = stages.application(world, "in_consultation")
    province, city = world.parties["province"], case.authority
    operations.take_application(application=case, actor=world["province_officer"], at=at, reason="跨市影响")
    case = Application.objects.get(pk=case.pk)
    assert (case.authority, case.taken_from, case.state) == (province, city, "in_consultation")
    charge = Assignment.objects.get(object_type="applications.application", object_id=str(case.pk), ended_at=None)
    assert charge.user == world["province_officer"]
    assert {world["officer"].ledger_ref, world["buyer"].ledger_ref} <= told("case_taken")
    assert world["province_officer"].ledger_ref not in told("case_taken")
    with pytest.raises(NotAllowed):
        applications.return_application(application=case, actor=world["officer"], at=at, reason="补充")
    with pytest.raises(NotAllowed):  # nobody is above the province
        operations.take_application(application=case, actor=world["province_officer"], at=at, reason="x")
    applications.return_application(application=case, actor=world["province_officer"], at=at, reason="补充")
    applications.submit_application(application=case, actor=world["buyer"], at=at)
    case.refresh_from_db()
    assert (case.state, case.authority) == ("submitted", province)  # a new round stays where it is
    applications.accept_application(application=case, actor=world["province_officer"], at=at)
    applications.consult_units(application=case, actor=world["province_officer"], at=at)


def test_a_decided_case_is_taken_by_nobody_and_a_city_takes_none(world):
    case, at = stages.application(world, "decided")
    with pytest.raises(InvalidState):
        operations.take_application(application=case, actor=world["province_officer"], at=at, reason="x")
    for who in ("officer", "other_officer", "county_officer", "operator", "buyer"):
        with pytest.raises(NotAllowed):
            operations.take_application(application=case, actor=world[who], at=at, reason="x")


def test_all_that_is_open_about_the_grants_of_a_measure_goes_with_it(world, grant):
    """Two grants held by one measure, a second measure and a finding on one of them; a third grant stays."""
    second, third = crowd.copy_grant(grant), crowd.copy_grant(grant)
    for one in (grant, second):
        operations.propose_order_on_grant(grant=one, actor=world["officer"], at=world.at, facts="f", demand="d")
    both, other = Measure.objects.order_by("pk")
    MeasureGrant.objects.create(measure=both, grant=second)
    act = ledger.begin("notice", stages.JOB, world.at)
    opened = open_finding(act, second, "report_overdue", "k", "Art. 16", report="x")
    closed = crowd.copy(opened, occasion_key="closed", state="dismissed")
    operations.take_measure(measure=both, actor=world["province_officer"], at=world.at, reason="重大")
    above = world.parties["province"]
    moved = [*Grant.objects.filter(authority=above), *Finding.objects.filter(authority=above)]
    assert moved == [grant, second, opened] and closed.authority != above and third.authority != above
    assert {one.authority for one in Measure.objects.all()} == {above} and other.authority != above
    who = {"actor": world["province_officer"], "at": world.at}
    operations.issue_order(measure=Measure.objects.get(pk=both.pk), facts="f", demand="d", remedy=stages.REMEDY, **who)
    with pytest.raises(NotAllowed):
        operations.drop_order(measure=Measure.objects.get(pk=other.pk), actor=world["officer"], at=world.at, reason="x")


@pytest.mark.parametrize("why", ["belongs to a side", "stepped back"])
def test_nobody_takes_along_what_is_their_own_case_or_what_they_stepped_back_from(world, grant, why):
    """A finding about the first of two grants that one measure holds: the measure is about the second as well."""
    second = crowd.copy_grant(grant)
    other = crowd.copy(grant.product, seller=world.parties["vendor"])
    Grant.objects.filter(pk=second.pk).update(product=other)
    measure = operations.propose_order_on_grant(grant=grant, actor=world["officer"], at=world.at, facts="f", demand="d")
    MeasureGrant.objects.create(measure=measure, grant=Grant.objects.get(pk=second.pk))
    opened = open_finding(ledger.begin("notice", stages.JOB, world.at), grant, "report_overdue", "k", "Art. 16")
    if why == "stepped back":
        case = ("supervision.measure", str(measure.pk))
        Recusal.objects.create(
            object_type=case[0], object_id=case[1], user=world["province_officer"], reason="亲属", at=world.at
        )
    else:
        crowd.copy(world["province_officer"].memberships.earliest("pk"), party=world.parties["vendor"])
    before = rows()
    with pytest.raises(NotAllowed, match=r"own case|本案应当回避|recused|回避"):
        operations.take_finding(finding=opened, **above(world, world.at))
    assert rows() == before


def test_with_a_measure_goes_its_open_review_but_nothing_that_is_over_or_before_another_authority(world, grant):
    city, province, other = (world.parties[name] for name in ("city", "province", "other_city"))
    who, third = {"actor": world["officer"], "at": world.at, "reason": "已改正"}, crowd.copy_grant(grant)
    lifted = stages.proposal(world, grant)
    MeasureGrant.objects.create(measure=lifted, grant=third)
    stages.issue(lifted, world, world.at)
    operations.lift_order(measure=lifted, **who)
    settled = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="用于约定之外的用途")
    operations.dismiss_concern(concern=settled, **who)
    opened = open_finding(ledger.begin("notice", stages.JOB, world.at), grant, "report_overdue", "k", "Art. 16")
    closed, elsewhere = (
        crowd.copy(opened, occasion_key="closed", state="dismissed"),
        crowd.copy(opened, occasion_key="elsewhere", authority=other),
    )
    order = stages.order(world, grant, world.at + timedelta(seconds=1))
    asked = {"subject": order, "actor": world["buyer"], "at": order.issued_at, "text": "认定有误"}
    old = operations.lodge_review(**asked)
    operations.withdraw_review(review=old, actor=world["buyer"], at=order.issued_at)
    new = operations.lodge_review(**asked)
    operations.take_measure(measure=order, actor=world["province_officer"], at=order.issued_at, reason="重大")
    cases = (order, new, opened, grant, old, lifted, settled, closed, third, elsewhere)
    decide = [type(case).objects.get(pk=case.pk).authority for case in cases]
    assert decide == [province] * 4 + [city] * 5 + [other]
    assert [Review.objects.get(pk=one.pk).above for one in (new, old)] == [None, province]


def above(world, at, reason="跨市影响"):
    return {"actor": world["province_officer"], "at": at, "reason": reason}


def test_of_an_incident_the_province_decides_and_everybody_else_reads_on(world):
    case, at = stages.incident(world, "opened")
    due = set(Clock.objects.running().values_list("kind", "due_at"))
    operations.take_incident(incident=case, **above(world, at))
    case = Incident.objects.get(pk=case.pk)
    assert (case.authority, case.version.authority) == (world.parties["province"], world.parties["city"])
    assert set(Clock.objects.running().values_list("kind", "due_at")) == due != set()
    people = ("officer", "second_officer", "seller", "provider", "overseer")
    assert {world[who].ledger_ref for who in people} <= told("case_taken")
    assert not {world[who].ledger_ref for who in ("province_officer", "buyer", "other_officer")} & told("case_taken")
    with time_machine.travel(at, tick=False):
        for who in people:
            assert Incident.objects.handled_by(world[who]).get() == case
    operations.acknowledge_incident(incident=case, actor=world["overseer"], at=at)  # of the city's region
    with pytest.raises(NotAllowed):
        operations.dismiss_incident(incident=case, actor=world["officer"], at=at, reason="演练")
    with pytest.raises(NotAllowed):  # nobody is above the province
        operations.take_incident(incident=case, **above(world, at))
    assert Grant.objects.get().authority == world.parties["city"]
    Outbox.objects.all().delete()
    operations.dismiss_incident(incident=case, **above(world, at, "演练"))
    assert world["officer"].ledger_ref in Outbox.objects.values_list("recipient_ref", flat=True)
    with pytest.raises(InvalidState):
        Incident.objects.update(authority=world.parties["city"])
        operations.take_incident(incident=Incident.objects.get(), **above(world, at))


def test_a_city_whose_data_it_is_reads_on_though_nobody_has_obtained_any(world):
    case = stages.report_incident(world)
    operations.take_incident(incident=case, **above(world, world.at))
    assert not case.copies.exists()
    with time_machine.travel(world.at, tick=False):
        seen = {who: Incident.objects.handled_by(world[who]).exists() for who in ("officer", "other_officer")}
    assert seen == {"officer": True, "other_officer": False}


def test_a_city_that_reported_an_incident_which_was_taken_still_supplements_it(world):
    case = stages.report_incident(world, who="officer", party="city")
    operations.take_incident(incident=case, **above(world, world.at))
    said = {"incident": Incident.objects.get(), "at": world.at, "text": "涉及三个区", "may_identify": True}
    operations.supplement_incident(actor=world["officer"], **said)
    with pytest.raises(NotAllowed):
        operations.supplement_incident(actor=world["other_officer"], **said)


def test_a_province_that_reported_an_incident_takes_it_over_but_who_belongs_to_a_side_does_not(world):
    case = stages.report_incident(world, who="province_officer", party="province")
    assert case.authority == world.parties["city"]
    with time_machine.travel(world.at, tick=False):
        offered = verbs.INCIDENT.available(case, world["province_officer"], world.at)
    assert "take_case" in {verb.name for verb in offered}
    unit = Membership.objects.create(
        user=world["province_officer"], party=world.parties["unit"], role="member", valid_from=date(2026, 1, 1)
    )
    with pytest.raises(NotAllowed):
        operations.take_incident(incident=case, **above(world, world.at))
    unit.delete()
    operations.take_incident(incident=case, **above(world, world.at))
    case = Incident.objects.get()
    assert case.authority == world.parties["province"]
    operations.dismiss_incident(incident=case, **above(world, world.at, "演练"))


@pytest.mark.parametrize("kind", ["incident", "concern"])
def test_where_no_colleague_is_left_the_level_above_may_take_it_over(world, kind):
    case, at = getattr(stages, kind)(world, "open+fault" if kind == "concern" else "opened")
    others = ("second_officer", "conflicted_officer")
    User.objects.filter(pk__in=[world[who].pk for who in others]).update(is_active=False)
    operations.recuse_from(case=case, actor=world["officer"], at=at, reason="亲属任职")
    assert told("recused") == {world["province_officer"].ledger_ref}
    getattr(operations, f"take_{kind}")(**{kind: case}, **above(world, at))


def reported(world, grant):
    return operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="用于约定之外的用途")


def test_with_a_report_of_misuse_go_its_grant_and_all_that_is_open_about_it(world, grant):
    """Of a second grant, and of faulty data, nothing goes."""
    concern, other = reported(world, grant), reported(world, crowd.copy_grant(grant))
    operations.propose_order_on_grant(grant=grant, actor=world["officer"], at=world.at, facts="f", demand="d")
    inspection = operations.open_inspection(grant=grant, actor=world["officer"], at=world.at, reason="举报")
    over = crowd.copy(inspection, state="cancelled", closed_at=world.at, closing="x")
    due = Clock.objects.running().get(object_type="supervision.concern", object_id=str(concern.pk)).due_at
    operations.take_concern(concern=concern, **above(world, world.at))
    province, city = world.parties["province"], world.parties["city"]
    concern, other = Concern.objects.order_by("pk")
    assert (concern.authority, concern.responder, concern.state) == (province, province, "open")
    assert (other.authority, other.responder, other.grant.authority) == (city, city, city)
    assert (Grant.objects.get(pk=grant.pk).authority, Measure.objects.get().authority) == (province, province)
    assert Inspection.objects.get(pk=inspection.pk).authority == province
    assert Inspection.objects.get(pk=over.pk).authority == city
    clock = Clock.objects.running().get(object_type="supervision.concern", object_id=str(concern.pk))
    assert (clock.due_at, due_of(clock).owner) == (due, province)
    assert {world["officer"].ledger_ref, world["provider"].ledger_ref} <= told("case_taken")
    assert world["buyer"].ledger_ref not in told("case_taken")
    with pytest.raises(NotAllowed):
        operations.dismiss_concern(concern=concern, actor=world["officer"], at=world.at, reason="x")
    found = operations.take_up_concern(concern=concern, **above(world, world.at))
    assert found.authority == province


def test_a_report_goes_with_the_open_finding_about_its_grant(world, grant):
    first, second = reported(world, grant), reported(world, grant)
    found = operations.take_up_concern(concern=first, actor=world["officer"], at=world.at, reason="属实")
    merged = reported(world, crowd.copy_grant(grant))  # of another grant of the same buyer
    operations.merge_concern(concern=merged, finding=found, actor=world["officer"], at=world.at, reason="同一事项")
    before, said = rows(), set()
    for concern in (*Concern.objects.filter(finding=found), second):
        with pytest.raises(InvalidState) as refused:
            operations.take_concern(concern=concern, **above(world, world.at))
        said.add(str(refused.value))
    assert rows() == before and len(said) == 1  # both name the finding
    operations.take_finding(finding=found, **above(world, world.at))
    assert {(one.authority, one.responder) for one in Concern.objects.all()} == {(world.parties["province"],) * 2}
    for concern in Concern.objects.all():
        said = {"concern": concern, "at": world.at, "text": "请补充时间"}
        operations.write_to_concern(actor=world["province_officer"], **said)
        with pytest.raises(NotAllowed):
            operations.write_to_concern(actor=world["officer"], **said)
    operations.merge_concern(concern=Concern.objects.get(pk=second.pk), finding=Finding.objects.get(),
                             **above(world, world.at))  # fmt: skip


def test_a_report_is_taken_where_no_finding_about_its_grant_is_open_before_the_same_authority(world, grant):
    concern = reported(world, grant)
    opened = open_finding(ledger.begin("notice", stages.JOB, world.at), grant, "report_overdue", "k", "Art. 16")
    crowd.copy(opened, occasion_key="closed", state="dismissed")
    Finding.objects.filter(pk=opened.pk).update(authority=world.parties["other_city"])
    operations.take_concern(concern=concern, **above(world, world.at))
    assert Concern.objects.get().authority == world.parties["province"]


def test_with_a_report_on_a_derived_product_go_the_grants_that_it_is_built_on(world):
    derived, at = stages.derived(world, "published")
    built = derived.built_from.get().grant
    operations.report_concern(subject=derived, actor=world["provider"], at=at, kind="misuse", text="未注明来源")
    Concern.objects.update(id=built.pk)  # the number of the one says nothing of the other
    operations.take_concern(concern=Concern.objects.get(), **above(world, at))
    assert Concern.objects.get().authority == world.parties["province"]
    assert list(Grant.objects.filter(authority=world.parties["province"])) == [built] != list(Grant.objects.all())


def test_of_faulty_data_the_level_above_takes_the_place_of_the_authority_alone(world, grant):
    concern, at = stages.concern(world, "open+fault")
    assert isinstance(concern, Concern)
    Concern.objects.filter(pk=concern.pk).update(grant=grant)
    operations.take_concern(concern=concern, **above(world, at))
    concern = Concern.objects.get()
    assert (concern.authority, concern.responder) == (world.parties["province"], world.parties["developer"])
    assert Grant.objects.get().authority == world.parties["city"]
    with pytest.raises(NotAllowed):
        operations.dismiss_concern(concern=concern, actor=world["officer"], at=at, reason="x")
    operations.correct_fault(concern=concern, **above(world, at, "已更正"))


def test_misuse_that_is_of_no_grant_stays_where_it_is(world):
    """A version with whoever reviewed it; of a party, the grant that would be named could not go with it."""
    entry = world.version.sources.first().entry
    said = {"at": world.at, "text": "可复原"}
    reports = [
        operations.report_concern(subject=subject, actor=world["provider"], kind="misuse", **said).made
        for subject in (world.product, world.version, entry)
    ]
    against = {"party": world.parties["oversight"], "against": world.parties["developer"], "article": "Art. 34"}
    for made in (*reports, operations.file_finding(actor=world["overseer"], **against, **said)):
        with pytest.raises(NotAllowed):
            operations.take_concern(concern=made, **above(world, world.at))
        operations.ask_report(case=made, actor=world["province_officer"], at=world.at, question="如何处置?")


def test_of_what_is_about_a_grant_each_lapse_stays_whose_it_was(world):
    """Of its report to be judged, too, and only of what had run out by then."""
    report, _at = stages.report(world, "filed")
    late = Clock.objects.running().get(kind="report_check")
    finding = open_finding(ledger.begin("notice", stages.JOB, late.due_at), report.grant, "thin_report", "k", "Art. 16")
    operations.take_finding(finding=finding, **above(world, late.due_at))
    assert [(one.clock, one.authority) for one in Lapse.objects.all()] == [(late, world.parties["city"])]
