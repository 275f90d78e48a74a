"""The level above takes a case over: who decides from then on, what goes with it, and who is told."""

import pytest

from accounts.models import Assignment
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Finding, Measure, MeasureGrant
from marketplace.supervision.operations.finding import open_finding
from tests import crowd
from tests.workflow import stages


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
