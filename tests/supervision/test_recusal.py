"""Who is biased steps back from a case, with a reason, and does nothing more in it; it goes to somebody else."""

import json
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Membership, Recusal, User
from accounts.operations import appoint_deputy
from listings.models import Objection
from listings.operations import approve_rule, dismiss_objection, revoke_rule
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant
from marketplace.applications.permissions import check_can_close_grant, check_can_process
from marketplace.clock.working_days import local_date
from marketplace.delivery.operations import deliver
from marketplace.desk.queries import todo
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.closeout import Certificate
from marketplace.supervision.concern import Concern
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.proposals import waiting_to_be_signed
from marketplace.supervision.review import Review, decidable_by
from marketplace.supervision.second_pair import SecondPairRule, Signature
from tests import crowd
from tests.actors import BEGAN, World
from tests.console.conftest import log_in
from tests.workflow import stages, tables
from tests.workflow.matrix import JOB, rows

WHY = "当事人的负责人是我弟弟"


@pytest.fixture
def proposal(world: World, grant: Grant) -> Measure:
    return stages.proposal(world, grant)


def step_back(world: World, measure: Measure, who: str = "officer", **more: Any) -> None:
    operations.recuse_from(case=measure, actor=world[who], at=world.at, reason=WHY, **more)


def told() -> set[str]:
    return set(Outbox.objects.filter(kind="recused", channel="page").values_list("recipient_ref", flat=True))


def test_who_steps_back_does_nothing_more_and_the_colleague_named_is_told_alone(
    world: World, proposal: Measure
) -> None:
    step_back(world, proposal, colleague=world["second_officer"])
    assert told() == {world["second_officer"].ledger_ref}
    entry = Entry.objects.get(verb="recuse")
    assert (entry.article, entry.actor_ref) == ("Art. 45", world["officer"].ledger_ref)
    assert WHY in EntryDetail.objects.get(entry=entry).json
    before = rows()
    for act in (
        lambda: operations.issue_order(
            measure=proposal, actor=world["officer"], at=world.at, **stages.CHARGE, remedy="-"
        ),
        lambda: operations.drop_order(measure=proposal, actor=world["officer"], at=world.at, reason="-"),
        lambda: step_back(world, proposal),
    ):
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act()
    assert rows() == before
    assert not waiting_to_be_signed(world["officer"], world.at).exists()
    assert waiting_to_be_signed(world["second_officer"], world.at).get() == proposal
    operations.issue_order(
        measure=proposal, actor=world["second_officer"], at=world.at, **stages.CHARGE, remedy=stages.REMEDY
    )
    assert Measure.objects.get().state == "issued"


def test_nobody_named_all_colleagues_and_the_level_above_are_told_and_the_pages_show_it(
    world: World, proposal: Measure
) -> None:
    step_back(world, proposal)
    assert told() >= {world[who].ledger_ref for who in ("second_officer", "province_officer")}
    assert world["officer"].ledger_ref not in told()
    with time_machine.travel(world.at, tick=False):
        second, officer = log_in(world["second_officer"]), log_in(world["officer"])
        for address in (proposal.get_absolute_url(), reverse("console:supervision_measure_change", args=[proposal.pk])):
            assert WHY in second.get(address).content.decode()
        queue = reverse("console:supervision_measure_changelist")
        shown = [str(proposal.party) in one.get(queue).content.decode() for one in (second, officer)]
    assert shown == [True, False]  # it waits for the colleague, and for who stepped back no more


def test_from_a_finding_it_reaches_the_measure_that_answers_it_and_from_a_measure_its_review(
    world: World, grant: Grant
) -> None:
    found, _at = stages.finding(world, "open")
    assert isinstance(found, Finding)
    made = operations.propose_order_on_finding(finding=found, actor=world["officer"], at=world.at, **stages.CHARGE)
    assert made is not None
    operations.recuse_from(case=found, actor=world["officer"], at=world.at, reason=WHY)
    for act in (
        lambda: operations.dismiss_finding(finding=found, actor=world["officer"], at=world.at, reason="-"),
        lambda: operations.drop_order(measure=made, actor=world["officer"], at=world.at, reason="-"),
    ):
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act()
    order = stages.order(world, grant)
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    step_back(world, order, "second_officer")
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.uphold_review(review=review, actor=world["second_officer"], at=world.at, reason="-", remedy="-")


def test_what_they_signed_first_is_signed_anew(world: World, proposal: Measure) -> None:
    SecondPairRule.objects.create(authority=proposal.authority, by=world["officer"], since=world.at)
    stages.issue(proposal, world, world.at)
    step_back(world, proposal)
    assert Signature.objects.get().outcome == "overtaken"
    with pytest.raises(InvalidState):
        operations.confirm_signature(measure=proposal, actor=world["second_officer"], at=world.at)


def test_not_to_somebody_biased_or_oneself_nor_where_nobody_is_left(world: World, proposal: Measure) -> None:
    before = rows()
    for who in ("conflicted_officer", "other_officer", "buyer", "officer"):
        with pytest.raises(ValidationError):
            step_back(world, proposal, colleague=world[who])
    for who in ("buyer", "other_officer", "county_officer", "conflicted_officer", "province_officer"):
        with pytest.raises(NotAllowed):
            step_back(world, proposal, who)
    assert rows() == before
    alone, _at = stages.order_47(world, "issued")
    before = rows()
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        step_back(world, alone, "province_officer")
    assert rows() == before and not Recusal.objects.exists()


def test_a_version_stays_with_who_reviewed_it_whatever_is_above_and_whoever_is_biased(world: World) -> None:
    act = stages.ledger.begin("notice", JOB, world.at)
    found = open_finding(act, world.version, "data_stale", "stale", "Art. 13")
    assert found is not None
    Membership.objects.create(
        party=world.parties["developer"], user=world["conflicted_officer"], role="member", valid_from=local_date(BEGAN)
    )
    with time_machine.travel(world.at, tick=False):
        assert "recuse" in offered("finding", found, world["officer"], world.at)
        operations.recuse_from(case=found, actor=world["second_officer"], at=world.at, reason=WHY)
        assert "recuse" not in offered("finding", found, world["officer"], world.at)
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        operations.recuse_from(case=found, actor=world["officer"], at=world.at, reason=WHY)


def disable(world: World, *people: str) -> None:
    User.objects.filter(pk__in=[world[who].pk for who in people]).update(is_active=False)


@pytest.mark.parametrize("noun", ["report", "application", "version", "measure", "certificate"])
def test_the_only_one_is_not_offered_to_step_back(world: World, noun: str) -> None:
    states = {"application": "under_review", "version": "submitted", "measure": "proposed"}
    case, at = tables.MATRICES[noun].reach(world, states.get(noun, "filed"))
    file = reverse(f"console:{case._meta.app_label}_{case._meta.model_name}_change", args=[case.pk])
    with time_machine.travel(at, tick=False):
        officer = world["officer"]
        client = log_in(officer)

        def seen() -> tuple[bool, ...]:
            pages = [client.get(where).content.decode() for where in (case.get_absolute_url(), file)]
            return "recuse" in offered(noun, case, officer, at), *(f"{case.pk}/recuse/" in page for page in pages)

        assert seen() in ((True, True, True), (True, False, True))  # of a version on the console only
        disable(world, "province_officer")
        assert seen()[0]
        disable(world, "second_officer", *(["conflicted_officer"] if noun == "version" else []))
        assert seen() == (False, False, False)


def test_a_deputy_of_the_only_one_is_nobody_to_pass_it_on_to(world: World) -> None:
    case, at = stages.report(world, "filed")
    second = world["second_officer"].memberships.get(party=world.parties["city"])
    with time_machine.travel(at, tick=False):
        assert "recuse" in offered("report", case, world["officer"], at)
        own = world["officer"].memberships.get(party=world.parties["city"])
        Membership.objects.filter(pk=second.pk).update(deputy_for=own, valid_until=local_date(at))
        assert "recuse" not in offered("report", case, world["officer"], at)
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        operations.recuse_from(case=case, actor=world["officer"], at=at, reason=WHY)


def test_who_signed_first_is_nobody_to_pass_it_on_to(world: World, proposal: Measure) -> None:
    SecondPairRule.objects.create(authority=proposal.authority, by=world["officer"], since=world.at)
    User.objects.filter(pk=world["province_officer"].pk).update(is_active=False)
    stages.issue(proposal, world, world.at)
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        step_back(world, proposal, "second_officer")
    with time_machine.travel(world.at, tick=False):
        offers = [
            "recuse" in offered("measure", proposal, world[who], world.at) for who in ("officer", "second_officer")
        ]
    assert offers == [True, False]
    step_back(world, proposal, "officer")
    assert Recusal.objects.get().user == world["officer"]


def test_the_queue_offers_no_review_of_what_answers_a_finding_one_has_stepped_back_from(world: World) -> None:
    found, at = stages.finding(world, "open")
    operations.recuse_from(case=found, actor=world["second_officer"], at=at, reason=WHY)
    order = operations.propose_order_on_finding(finding=found, actor=world["officer"], at=at, **stages.CHARGE)
    assert order is not None
    stages.issue(order, world, at)
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=at, text="认定有误")
    assert not Review.objects.filter(decidable_by(world["second_officer"])).exists()
    assert Review.objects.filter(decidable_by(world["province_officer"])).get() == review


# what each of them leaves the officer who stepped back from it: the case, and none of these
CASES = {
    "report": ("filed", {"accept", "return", "recuse"}),
    "concern": ("open", {"take_up", "merge", "dismiss", "write", "recuse"}),
    "incident": ("opened", {"contain", "tell_holders", "supplement", "close", "dismiss", "recuse"}),
    "inspection": ("under_way+checked", {"check_points", "report", "name_inspector", "cancel", "recuse"}),
    "version": ("submitted", {"return", "refuse", "open_publicity", "recuse"}),
}


@pytest.mark.parametrize("noun", CASES)
def test_from_whatever_case_one_steps_back_one_sees_it_and_has_no_verb_in_it(world: World, noun: str) -> None:
    state, decided = CASES[noun]
    case, at = tables.MATRICES[noun].reach(world, state)
    queue = reverse(f"console:{case._meta.app_label}_{case._meta.model_name}_changelist")
    file = reverse(f"console:{case._meta.app_label}_{case._meta.model_name}_change", args=[case.pk])
    with time_machine.travel(at, tick=False):
        officer, second = world["officer"], world["second_officer"]
        first, other = log_in(officer), log_in(second)
        assert case in [task.obj for task in todo(officer, at)] or noun == "inspection"
        assert file in first.get(file).content.decode() and file in first.get(queue).content.decode()
        assert offered(noun, case, officer, at) >= (decided & offered(noun, case, second, at)) != set()
        operations.recuse_from(case=case, actor=officer, at=at, reason=WHY, colleague=second)
        assert told() == {second.ledger_ref}
        assert Recusal.objects.of(case).get().colleague == second
        assert Entry.objects.filter(verb="recuse").get().article == "Art. 45"
        assert offered(noun, case, officer, at) == set() and decided & offered(noun, case, second, at)
        assert file not in first.get(queue).content.decode() and file in other.get(queue).content.decode()
        assert case not in [task.obj for task in todo(officer, at)]
        assert WHY in first.get(file).content.decode()
        page = first.get(case.get_absolute_url())
        # whoever stepped back reads neither who reported, nor what inspectors have not reported yet
        assert (page.status_code, WHY in page.content.decode()) == (200, noun not in ("concern", "inspection"))


def offered(noun: str, case: Any, person: Any, at: Any) -> set[str]:
    more = {"version": (verbs.VERSION,), "edition": (verbs.EDITION,)}.get(noun, ())
    return {verb.name for table in (tables.MATRICES[noun].verbs, *more) for verb in table.available(case, person, at)}


def test_nobody_left_one_stays_and_from_what_is_over_nobody_steps_back(world: World) -> None:
    case, at = stages.report(world, "accepted")
    with pytest.raises(InvalidState):
        operations.recuse_from(case=case, actor=world["officer"], at=at, reason=WHY)
    UsageReport.objects.update(state="filed")
    User.objects.filter(pk=world["second_officer"].pk).update(is_active=False)
    before = rows()
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        operations.recuse_from(case=case, actor=world["officer"], at=at, reason=WHY)
    assert rows() == before


def test_from_a_report_of_misuse_it_reaches_the_finding_that_it_becomes(world: World) -> None:
    case, at = stages.concern(world, "open")
    assert isinstance(case, Concern)
    operations.recuse_from(case=case, actor=world["officer"], at=at, reason=WHY)
    found = operations.take_up_concern(concern=case, actor=world["second_officer"], at=at, reason="属实")
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.dismiss_finding(finding=found, actor=world["officer"], at=at, reason="-")
    operations.dismiss_finding(finding=found, actor=world["second_officer"], at=at, reason="不实")


def test_from_a_version_it_reaches_its_objections(world: World) -> None:
    objection, at = stages.objection(world, "open")
    assert isinstance(objection, Objection)
    operations.recuse_from(case=objection.version, actor=world["officer"], at=at, reason=WHY)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        dismiss_objection(objection=objection, actor=world["officer"], at=at, reason="-")
    with time_machine.travel(at, tick=False):
        assert objection not in [task.obj for task in todo(world["officer"], at)]
        assert objection in [task.obj for task in todo(world["second_officer"], at)]
    dismiss_objection(objection=objection, actor=world["second_officer"], at=at, reason="样本已核")


def test_who_passed_an_application_on_decides_nothing_in_it_and_takes_it_over_no_more(world: World) -> None:
    case, at = stages.application(world, "under_review")
    assert isinstance(case, Application)
    who: dict[str, Any] = {"actor": world["officer"], "at": at}
    applications.recuse_officer(application=case, **who, colleague=world["second_officer"], reason=WHY)
    for act in (
        lambda: applications.take_over_application(application=case, **who, reason="-"),
        lambda: applications.refuse_item(item=case.items.get(), **who, reason="-", remedy=stages.REMEDY),
    ):
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act()
    with pytest.raises(ValidationError):  # nor does the case come back to them
        applications.recuse_officer(
            application=case, actor=world["second_officer"], at=at, colleague=world["officer"], reason=WHY
        )
    with time_machine.travel(at, tick=False):
        assert case.items.get() not in [task.obj for task in todo(world["officer"], at)]


def stand_in(world: World, party: Any, absent: str, deputy: str, at: Any) -> None:
    own = Membership.objects.filter(party=party, deputy_for=None)
    held = {who: own.get(user=world[who]) for who in (absent, deputy)}
    appoint_deputy(
        party=party, membership=held[absent], deputy=held[deputy], valid_from=local_date(at),
        valid_until=local_date(at), actor=world[absent], at=at,
    )  # fmt: skip


def test_deputy_of_who_stepped_back_decides_in_their_own_name(world: World) -> None:
    case, at = stages.report(world, "filed")
    stand_in(world, world.parties["city"], "officer", "second_officer", at)
    operations.recuse_from(case=case, actor=world["officer"], at=at, reason=WHY)
    operations.accept_report(report=case, actor=world["second_officer"], at=at)
    entry = Entry.objects.get(verb="accept", object_type="supervision.usagereport")
    assert "acting_for" not in EntryDetail.objects.get(entry=entry).json


def test_but_not_in_the_name_of_who_stepped_back(world: World) -> None:
    """A member of the seller decides only in the owner's place: then nobody is left, or nobody may any more."""
    case, at = stages.non_public_application(world, "under_review")
    stand_in(world, world.parties["vendor"], "vendor", "vendor_member", at)
    given: dict[str, Any] = {"application": case, "at": at, "reason": WHY}
    before = rows()
    with pytest.raises(ValidationError):
        applications.recuse_officer(**given, actor=world["vendor"], colleague=world["vendor_member"])
    assert rows() == before
    check_can_process(world["vendor_member"], case, at)
    out_of(world, "vendor", case)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        check_can_process(world["vendor_member"], case, at)


def test_from_a_certificate_of_destruction_who_checks_it_steps_back_and_a_colleague_checks(world: World) -> None:
    case, at = stages.certificate(world, "filed")
    given: dict[str, Any] = {"certificate": case, "at": at}
    with time_machine.travel(at, tick=False):
        assert case in [task.obj for task in todo(world["officer"], at)]
        address = reverse("supervision:certificate-recuse", args=[case.pk])
        assert log_in(world["officer"]).post(address, {"reason": WHY}).status_code == 302
        assert case not in [task.obj for task in todo(world["officer"], at)]
        assert case in [task.obj for task in todo(world["second_officer"], at)]
        assert WHY in log_in(world["second_officer"]).get(case.get_absolute_url()).content.decode()
    for act, more in ((operations.accept_certificate, {}), (operations.return_certificate, {"reason": "-"})):
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act(**given, actor=world["officer"], **more)
    operations.accept_certificate(**given, actor=world["second_officer"])
    assert Certificate.objects.get(pk=case.pk).state == "accepted"


def test_who_stepped_back_from_the_application_does_not_check_that_its_copies_are_destroyed(world: World) -> None:
    case, at = stages.certificate(world, "filed")
    out_of(world, "officer", case.grant.item.application)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.accept_certificate(certificate=case, actor=world["officer"], at=at)


def test_seller_with_one_who_signs_does_not_step_back_from_a_certificate(world: World) -> None:
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    deliver(grant=grant, version=grant.from_version, actor=world["buyer"], at=at)
    applications.surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="项目结束")
    said = {**stages.CERTIFIED, "destroyed_on": local_date(at)}
    case = operations.certify_destruction(grant=grant, actor=world["buyer"], at=at, **said)
    before = rows()
    with pytest.raises(InvalidState):
        operations.recuse_from(case=case, actor=world["vendor"], at=at, reason=WHY)
    assert rows() == before


def test_from_a_release_rule_who_decides_on_it_steps_back_and_a_colleague_approves_and_ends_it(world: World) -> None:
    case, at = stages.release_rule(world, "proposed")
    with time_machine.travel(at, tick=False):
        page = reverse("console:listings_releaserule_change", args=[case.pk])
        address = reverse("console:listings_releaserule-recuse", args=[case.pk])
        assert address in log_in(world["officer"]).get(page).content.decode()
        assert log_in(world["officer"]).post(address, {"reason": WHY}).status_code == 302
        assert WHY in log_in(world["second_officer"]).get(page).content.decode()
    given: dict[str, Any] = {"rule": case, "at": at, "reason": "更新稳定"}
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        approve_rule(**given, actor=world["officer"])
    approve_rule(**given, actor=world["second_officer"])
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        revoke_rule(**given, actor=world["officer"], remedy=stages.REMEDY)
    revoke_rule(**given, actor=world["second_officer"], remedy=stages.REMEDY)


def test_from_a_change_of_a_grant_who_decides_on_it_steps_back_and_a_colleague_agrees(world: World) -> None:
    case, at = stages.edition(world, "requested")
    page, file = case.get_absolute_url(), reverse("console:applications_grant_change", args=[case.grant_id])
    on_page, on_console = (
        reverse(f"{where}-recuse", args=[case.pk])
        for where in ("supervision:edition", "console:applications_grantedition")
    )
    queue = reverse("console:applications_grantedition_changelist")
    with time_machine.travel(at, tick=False):
        officer, second = log_in(world["officer"]), log_in(world["second_officer"])
        assert on_page in officer.get(page).content.decode() and on_console in officer.get(file).content.decode()
        assert on_page not in log_in(world["buyer"]).get(page).content.decode()
        assert case in [task.obj for task in todo(world["officer"], at)]
        form = officer.get(on_page).context["form"]
        assert [*form.fields["colleague"].queryset] == [world["conflicted_officer"], world["second_officer"]]
        assert officer.post(on_page, {"reason": WHY}).status_code == 302
        assert told() == {world[who].ledger_ref for who in ("second_officer", "conflicted_officer")}
        assert case not in [task.obj for task in todo(world["officer"], at)]
        shown = [file in one.get(queue).content.decode() for one in (second, officer)]
        assert shown == [True, False]
        assert all(WHY in second.get(where).content.decode() for where in (page, file))
        assert on_page not in officer.get(page).content.decode()
    entry = Entry.objects.get(verb="recuse")
    assert (entry.object_type, entry.article) == ("applications.grantedition", "Art. 45")
    given: dict[str, Any] = {"edition": case, "at": at, "reason": "延续"}
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        applications.agree_change(**given, actor=world["officer"])
    applications.agree_change(**given, actor=world["second_officer"])
    check_can_close_grant(world["officer"], case.grant, at)  # from the grant itself nobody has stepped back


def test_from_a_change_of_a_grant_an_officer_who_belongs_to_the_buyer_steps_back_and_to_no_such_is_it_passed(
    world: World,
) -> None:
    case, at = stages.edition(world, "requested")
    theirs = {"withdraw"}  # as of the buyer
    assert offered("edition", case, world["conflicted_officer"], at) == {"recuse"} | theirs
    given: dict[str, Any] = {"case": case, "at": at, "reason": "我是申请方的兼职顾问"}
    before = rows()
    with pytest.raises(ValidationError):
        operations.recuse_from(**given, actor=world["officer"], colleague=world["conflicted_officer"])
    assert rows() == before
    operations.recuse_from(**given, actor=world["conflicted_officer"], colleague=world["second_officer"])
    assert told() == {world["second_officer"].ledger_ref}
    assert Recusal.objects.of(case).get().user == world["conflicted_officer"]
    assert offered("edition", case, world["conflicted_officer"], at) == theirs
    operations.recuse_from(**given, actor=world["second_officer"])
    with pytest.raises(InvalidState, match=r"Nobody else|没有其他人"):
        operations.recuse_from(**given, actor=world["officer"])
    assert "recuse" not in offered("edition", case, world["officer"], at)


def test_from_a_refused_change_it_reaches_its_review(world: World) -> None:
    case, at = stages.edition(world, "requested")
    operations.recuse_from(case=case, actor=world["officer"], at=at, reason=WHY)
    applications.refuse_change(
        edition=case, actor=world["second_officer"], at=at, reason="超出范围", remedy=stages.REMEDY
    )
    case.refresh_from_db()
    review = operations.lodge_review(subject=case, actor=world["buyer"], at=at, text="认定有误")
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.uphold_review(review=review, actor=world["officer"], at=at, reason="-", remedy="-")


TWO = ("vendor", "other_vendor")


@pytest.fixture
def of_two(world: World) -> tuple[Application, Any]:
    """A case of a seller with two managers, in whose places, and in no role that decides, its member acts."""
    case, at = stages.non_public_application(world, "under_review")
    vendor = world.parties["vendor"]
    Membership.objects.create(party=vendor, user=world["other_vendor"], role="manager", valid_from=local_date(BEGAN))
    for absent in TWO:
        stand_in(world, vendor, absent, "vendor_member", at)
    return case, at


@pytest.mark.parametrize("out", TWO)
def test_deputy_of_two_decides_in_the_name_of_who_has_not_stepped_back(world: World, of_two: Any, out: str) -> None:
    case, at = of_two
    (left,) = set(TWO) - {out}
    given: dict[str, Any] = {"application": case, "at": at, "reason": WHY}
    if out == "other_vendor":
        applications.take_over_application(**given, actor=world[out])
    applications.recuse_officer(**given, actor=world[out], colleague=world[left])
    applications.refuse_item(
        item=case.items.get(), actor=world["vendor_member"], at=at, reason="-", remedy=stages.REMEDY
    )
    entry = Entry.objects.filter(verb="refuse", object_type="applications.item").get()
    assert json.loads(EntryDetail.objects.get(entry=entry).json)["acting_for"] == world[left].ledger_ref


@pytest.mark.parametrize("out", [TWO, ("vendor_member",)], ids=["both", "the-deputy"])
def test_deputy_of_two_decides_nothing_once_both_have_stepped_back_or_the_deputy(
    world: World, of_two: Any, out: tuple[str, ...]
) -> None:
    case, at = of_two
    check_can_process(world["vendor_member"], case, at)
    for who in out:
        out_of(world, who, case)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        check_can_process(world["vendor_member"], case, at)


def test_deputy_of_two_does_not_act_for_who_stepped_back_from_what_the_case_came_of(world: World, of_two: Any) -> None:
    """Nor, once they act for somebody else in one case, is that kept for the next."""
    case, at = of_two
    grant, _over = stages.non_public_grant(world, "active")
    deputy, seen = world["vendor_member"], []
    out_of(world, "vendor", grant.item.application)
    for check, of in ((check_can_process, case), (check_can_close_grant, grant), (check_can_process, case)):
        check(deputy, of, at)
        seen.append(deputy.acting_for)
    assert seen == [world[who].ledger_ref for who in ("vendor", "other_vendor", "vendor")]


def test_deputy_of_an_author_and_of_who_stepped_back_reviews_in_nobody_s_name(world: World) -> None:
    """For neither of the two: one is biased, the other has decided it."""
    case, at = stages.application(world, "refused")
    review = operations.lodge_review(subject=case, actor=world["buyer"], at=at, text="理由不足")
    city = world.parties["city"]
    Membership.objects.filter(party=city, user=world["second_officer"]).update(role="auditor")
    for absent in ("second_officer", "officer"):
        held = Membership.objects.get(party=city, user=world[absent])
        Membership.objects.create(
            party=city, user=world["provider"], role="manager", deputy_for=held, valid_from=local_date(BEGAN),
            valid_until=local_date(at),
        )  # fmt: skip
    provider = User.objects.get(pk=world["provider"].pk)
    out_of(world, "second_officer", case)
    with pytest.raises(NotAllowed):
        operations.uphold_review(review=review, actor=provider, at=at, reason="-", remedy=stages.REMEDY)
    assert Review.objects.get().state == "lodged"


def out_of(world: World, who: str, case: Any) -> None:
    Recusal.objects.create(
        user=world[who], object_type=case._meta.label_lower, object_id=str(case.pk), reason=WHY, at=world.at
    )


def test_from_an_application_it_reaches_the_review_of_its_refusal(world: World) -> None:
    case, at = stages.application(world, "refused")
    review = operations.lodge_review(subject=case, actor=world["buyer"], at=at, text="理由不足")
    given: dict[str, Any] = {"review": review, "at": at, "reason": "-", "remedy": stages.REMEDY}
    out_of(world, "second_officer", case)
    assert not Review.objects.filter(decidable_by(world["second_officer"])).exists()
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.uphold_review(**given, actor=world["second_officer"])
    operations.uphold_review(**given, actor=world["province_officer"])


def test_from_a_version_it_reaches_its_take_down(world: World) -> None:
    measure, at = stages.take_down(world, "proposed")
    assert isinstance(measure, Measure)
    out_of(world, "reviewer", measure.version)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.drop_order(measure=measure, actor=world["reviewer"], at=at, reason="-")


def test_who_stepped_back_does_not_take_the_case_up_to_the_level_above_either(world: World) -> None:
    found, at = stages.finding(world, "open")
    Membership.objects.create(
        party=world.parties["province"], user=world["officer"], role="member", valid_from=local_date(BEGAN)
    )
    out_of(world, "officer", found)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.take_finding(finding=found, actor=world["officer"], at=at, reason="-")
    operations.take_finding(finding=found, actor=world["province_officer"], at=at, reason="-")


def signed_first(world: World) -> tuple[Finding, Measure]:
    """An order on a finding, which the officer has signed and nobody has confirmed."""
    found, at = stages.finding(world, "open")
    made = operations.propose_order_on_finding(finding=found, actor=world["officer"], at=at, **stages.CHARGE)
    assert made is not None
    SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=at)
    stages.issue(made, world, at)
    return found, made


def test_from_a_finding_what_they_signed_first_in_its_measure_is_signed_anew(world: World) -> None:
    found, made = signed_first(world)
    operations.recuse_from(case=found, actor=world["officer"], at=world.at, reason=WHY)
    assert Signature.objects.get().outcome == "overtaken"
    stages.issue(made, {"officer": world["second_officer"]}, world.at)  # type: ignore[arg-type]
    assert Signature.objects.waiting().get().by == world["second_officer"]


def test_what_somebody_signed_who_has_stepped_back_is_sent_back_not_confirmed(world: World) -> None:
    found, made = signed_first(world)
    out_of(world, "officer", found)
    second: dict[str, Any] = {"measure": made, "actor": world["second_officer"], "at": world.at}
    with pytest.raises(InvalidState):
        operations.confirm_signature(**second)
    operations.send_back(**second, reason="须重新签署")
    assert Measure.objects.get().state == "proposed"


def test_from_an_application_it_reaches_the_part_that_is_split_off(world: World) -> None:
    item = stages.unconsented(world)
    out_of(world, "second_officer", item.application)
    part = applications.split_off_item(item=item, actor=world["officer"], at=world.at, reason="缺一家同意")
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        check_can_process(world["second_officer"], part, world.at)
    check_can_process(world["officer"], part, world.at)


@pytest.mark.parametrize("of", ["finding", "version"])
def test_from_a_finding_or_its_version_it_reaches_the_one_into_which_it_is_merged(world: World, of: str) -> None:
    act = stages.ledger.begin("notice", JOB, world.at)
    found = open_finding(act, world.version, "data_stale", "stale", "Art. 13")
    assert found is not None
    into = stages.another_finding(world.version, world.at)
    out_of(world, "second_officer", found if of == "finding" else world.version)
    given: dict[str, Any] = {"at": world.at, "reason": "-"}
    operations.merge_finding(finding=found, into=into, actor=world["officer"], **given)
    assert Recusal.objects.of(into).get().user == world["second_officer"]
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.dismiss_finding(finding=into, actor=world["second_officer"], **given)
    operations.dismiss_finding(finding=into, actor=world["officer"], **given)


def test_from_an_inspection_it_reaches_the_findings_it_opens(world: World) -> None:
    case, at = stages.inspection(world, "reported")
    out_of(world, "second_officer", case)
    operations.follow_up_points(inspection=case, actor=world["officer"], at=at)  # type: ignore[arg-type]
    found = Finding.objects.get()
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.dismiss_finding(finding=found, actor=world["second_officer"], at=at, reason="-")
    operations.dismiss_finding(finding=found, actor=world["officer"], at=at, reason="-")


def test_from_a_version_it_reaches_the_release_rule_and_the_description_that_rest_on_it(world: World) -> None:
    rule, at = stages.release_rule(world, "proposed")
    change, _at = stages.description_change(world, "proposed")
    out_of(world, "officer", world.version)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        approve_rule(rule=rule, actor=world["officer"], at=at, reason="-")
    with time_machine.travel(at, tick=False):
        waiting = {who: [task.obj for task in todo(world[who], at)] for who in ("officer", "second_officer")}
    assert [case in waiting["officer"] for case in (rule, change)] == [False, False]
    assert [case in waiting["second_officer"] for case in (rule, change)] == [True, True]
    approve_rule(rule=rule, actor=world["second_officer"], at=at, reason="更新稳定")


def test_from_an_application_it_reaches_its_grant_and_the_changes_of_that(world: World) -> None:
    change, at = stages.edition(world, "requested")
    grant = change.grant
    out_of(world, "officer", grant.item.application)
    given: dict[str, Any] = {"actor": world["officer"], "at": at, "reason": "-"}
    for act in (
        lambda: applications.agree_change(edition=change, **given),
        lambda: applications.close_grant(grant=grant, **given),
        lambda: operations.revoke_grant(grant=grant, article="Art. 15", remedy="-", **given),
    ):
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act()
    applications.agree_change(edition=change, **{**given, "actor": world["second_officer"]})


def test_from_a_grant_of_non_public_data_its_seller_steps_back_as_well(world: World) -> None:
    grant, at = stages.non_public_grant(world, "active")
    check_can_close_grant(world["vendor"], grant, at)
    out_of(world, "vendor", grant.item.application)
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        check_can_close_grant(world["vendor"], grant, at)


@pytest.mark.parametrize(
    ("reach", "state"),
    [
        (stages.finding, "open"), (stages.concern, "open"), (stages.report, "filed"), (stages.inspection, "under_way"),
    ],
)  # fmt: skip
def test_who_stepped_back_does_not_act_on_the_grant_instead_while_it_is_open(
    world: World, reach: Any, state: str
) -> None:
    case, at = reach(world, state)
    out_of(world, "officer", case)
    acts: tuple[tuple[Any, dict[str, str]], ...] = (
        (operations.propose_order_on_grant, stages.CHARGE), (operations.take_precaution, {"reason": "查明前暂停"}),
    )  # fmt: skip
    before = rows()
    for act, said in acts:
        with pytest.raises(NotAllowed, match=r"recused|回避"):
            act(grant=case.grant, actor=world["officer"], at=at, **said)
    assert rows() == before
    with time_machine.travel(at, tick=False):
        offered = {who: log_in(world[who]).get(case.grant.get_absolute_url()) for who in ("officer", "second_officer")}
    address = reverse("supervision:grant-take_precaution", args=[case.grant.pk])
    assert {who: address in page.content.decode() for who, page in offered.items()} == {
        "officer": False, "second_officer": True,
    }  # fmt: skip
    for act, said in acts:
        act(grant=case.grant, actor=world["second_officer"], at=at, **said)


def test_once_it_is_answered_by_somebody_else_they_act_on_the_grant_again(world: World) -> None:
    case, at = stages.finding(world, "open")
    out_of(world, "officer", case)
    operations.dismiss_finding(finding=case, actor=world["second_officer"], at=at, reason="已说明")
    assert case.grant is not None
    operations.take_precaution(grant=case.grant, actor=world["officer"], at=at, reason="另有情况")


def test_nor_do_they_hold_it_as_well_by_an_order_on_another_grant(world: World, grant: Grant) -> None:
    other = crowd.copy_grant(grant)
    act = ledger.begin("notice", JOB, world.at)
    about = open_finding(act, other, "report_overdue", "k", "Art. 16", report="x")
    out_of(world, "officer", about)
    made = stages.proposal(world, grant)
    order: dict[str, Any] = {**stages.CHARGE, "remedy": stages.REMEDY, "measure": made, "grants": [other]}
    before = rows()
    with pytest.raises(NotAllowed, match=r"recused|回避"):
        operations.issue_order(**order, actor=world["officer"], at=world.at)
    assert rows() == before
    operations.issue_order(**order, actor=world["second_officer"], at=world.at)
