"""Where the authority wants two officers: the first signs, nothing has effect, another confirms it or sends it back."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from accounts.models import Membership, Role
from marketplace.applications.models import Grant, Hold
from marketplace.clock.working_days import local_date
from marketplace.documents.models import Document
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.operations.proposing import ended_with
from marketplace.supervision.proposals import shown_now, waiting_to_be_signed
from marketplace.supervision.second_pair import SecondPairRule, Signature
from marketplace.supervision.verbs import SIGNED_FIRST
from tests.actors import World
from tests.console.conftest import log_in
from tests.console.test_case import file_of
from tests.supervision.test_recusal import stand_in
from tests.workflow import stages
from tests.workflow.matrix import JOB, rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

ORDER: dict[str, Any] = {"facts": "超出约定用途", "demand": "停止", "remedy": stages.REMEDY}


@pytest.fixture
def rule(world: World) -> None:
    operations.set_second_pair(
        authority=world.parties["city"], actor=world["officer"], at=world.at, is_on=True, reason="内控要求"
    )


@pytest.fixture
def signed(world: World, rule: None, grant: Grant) -> Measure:
    made = stages.proposal(world, grant)
    operations.issue_order(measure=made, actor=world["officer"], at=world.at, **ORDER)
    return Measure.objects.get()


def by(world: World, who: str, measure: Measure) -> dict[str, Any]:
    return {"measure": measure, "actor": world[who], "at": world.at}


def told(kind: str) -> set[str]:
    return set(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))


def test_what_one_signed_has_no_effect_and_the_confirmation_is_order_and_suspension_in_one_act(
    world: World, grant: Grant, signed: Measure
) -> None:
    assert (signed.state, signed.number, Hold.objects.count(), grant.is_in_effect(world.at)) == (
        "proposed", None, 0, True,
    )  # fmt: skip
    assert told("measure_signed") >= {world["second_officer"].ledger_ref}
    assert world["officer"].ledger_ref not in told("measure_signed") and not told("measure_moved")
    before = Entry.objects.latest("pk").pk
    operations.confirm_signature(**by(world, "second_officer", signed))
    new = Entry.objects.filter(pk__gt=before).order_by("pk")
    assert [(entry.object_type, entry.new) for entry in new] == [
        ("supervision.signature", "confirmed"), ("supervision.measure", "issued"), ("applications.hold", "open"),
    ]  # fmt: skip
    assert new.values("operation_id").distinct().count() == 1
    issued = Measure.objects.get()
    assert (issued.facts, issued.demand, issued.issued_by) == ("超出约定用途", "停止", world["second_officer"])
    assert not grant.is_in_effect(world.at)


def test_nobody_confirms_what_they_signed_nor_signs_twice(world: World, signed: Measure) -> None:
    before = rows()
    for who in ("officer", "conflicted_officer", "other_officer", "county_officer", "province_officer", "buyer"):
        with pytest.raises(NotAllowed):
            operations.confirm_signature(**by(world, who, signed))
        with pytest.raises(NotAllowed):
            operations.send_back(**by(world, who, signed), reason="不同意")
    for who in ("officer", "second_officer"):
        with pytest.raises(InvalidState):
            operations.issue_order(**by(world, who, signed), **ORDER)
    assert rows() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        Signature.objects.update(outcome="confirmed", ended_by=world["officer"], ended_at=world.at)


def test_sent_back_it_is_as_before_and_the_first_is_told_why(world: World, signed: Measure) -> None:
    with pytest.raises(ValidationError):
        operations.send_back(**by(world, "second_officer", signed), reason=" ")
    operations.send_back(**by(world, "second_officer", signed), reason="事实不清")
    assert (told("measure_sent_back"), Measure.objects.get().state) == ({world["officer"].ledger_ref}, "proposed")
    with pytest.raises(InvalidState):
        operations.confirm_signature(**by(world, "second_officer", signed))
    operations.issue_order(**by(world, "second_officer", signed), **ORDER)
    operations.confirm_signature(**by(world, "officer", Measure.objects.get()))
    assert Measure.objects.get().state == "issued"


def test_a_termination_waits_as_well_and_lifting_overtakes_it(world: World, grant: Grant) -> None:
    made = stages.order(world, grant)
    stages.find_refusal(made, world)
    SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=world.at)
    end = {"reason": "拒不改正", "remedy": stages.REMEDY}
    operations.terminate_service(**by(world, "officer", made), **end)
    grant.refresh_from_db()
    assert (grant.state, Measure.objects.get().state) == ("active", "refused_to_correct")
    with transaction.atomic():
        operations.confirm_signature(**by(world, "second_officer", Measure.objects.get()))
        assert (Grant.objects.get().state, Measure.objects.get().state) == ("terminated", "terminated")
        transaction.set_rollback(True)
    operations.lift_order(**by(world, "officer", Measure.objects.get()), reason="已改正")
    assert Signature.objects.get().outcome == "overtaken"


def test_a_termination_closes_the_findings_that_are_ticked_once_it_is_confirmed(world: World, grant: Grant) -> None:
    made = stages.order(world, grant)
    stages.find_refusal(made, world)
    reported = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="疑似转售")
    operations.take_up_concern(concern=reported, grant=grant, actor=world["officer"], at=world.at, reason="属实")
    (ticked,) = grant.findings.all()
    left = stages.another_finding(grant, world.at)
    notice = ledger.begin("notice", JOB, world.at)
    elsewhere = open_finding(notice, stages.active_grant(world), "report_overdue", "elsewhere", "Art. 16")
    unticked = open_finding(notice, grant, "report_thin", "thin", "Art. 16")
    assert elsewhere is not None and unticked is not None
    operations.recuse_from(case=left, actor=world["second_officer"], at=world.at, reason="亲属")
    end: dict[str, Any] = {"reason": "拒不改正", "remedy": stages.REMEDY}
    with pytest.raises(ValidationError):
        operations.terminate_service(**by(world, "officer", made), **end, findings=[elsewhere])
    SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=world.at)
    address = reverse("supervision:order-terminate", args=[made.pk])
    with time_machine.travel(world.at, tick=False):
        first, second = log_in(world["officer"]), log_in(world["second_officer"])
        assert list(first.get(address).context["form"].fields["findings"].queryset) == [ticked, left, unticked]
        assert first.post(address, end | {"findings": [ticked.pk, left.pk]}).status_code == 302
        assert set(grant.findings.values_list("state", flat=True)) == {"open"}
        address = reverse("supervision:order-confirm", args=[made.pk])
        assert list(second.get(address).context["form"].also_closed) == [ticked]
        assert second.post(address).status_code == 302
    for row in (ticked, left, unticked, elsewhere, reported):
        row.refresh_from_db()
    assert (ticked.state, reported.state) == ("measure", "settled")
    assert {left.state, unticked.state, elsewhere.state} == {"open"}
    assert world["provider"].ledger_ref in told("concern_moved")


def test_a_contract_notice_that_ends_a_grant_closes_no_finding_of_the_reviewers(world: World) -> None:
    made, _at = stages.notice(world, "refused_to_correct")
    stages.another_finding(made.held.get().grant, world.at)
    assert not ended_with(made, world["reviewer"], world.at).exists()


def test_a_referral_waits_as_well_until_the_second_confirms_or_sends_it_back(world: World) -> None:
    made, at = stages.order_46(world, "refused_to_correct+signed")
    refer = {"referred_to": "市监委", "referral": "移送", "remedy": stages.REMEDY}
    with pytest.raises(InvalidState):  # it is signed already
        operations.refer_order(measure=made, actor=world["second_officer"], at=at, **refer)
    with pytest.raises(NotAllowed):
        operations.confirm_signature(measure=made, actor=world["officer"], at=at)
    operations.send_back(measure=made, actor=world["second_officer"], at=at, reason="移送对象有误")
    assert (Measure.objects.get().state, Measure.objects.get().referral) == ("refused_to_correct", "")
    operations.refer_order(measure=Measure.objects.get(), actor=world["second_officer"], at=at, **refer)
    assert not Document.objects.filter(kind="referral").exists()
    operations.confirm_signature(measure=Measure.objects.get(), actor=world["officer"], at=at)
    done = Measure.objects.get()
    assert (done.state, done.referred_to, done.referral) == ("referred", "市监委", "移送")
    entry = Entry.objects.get(object_type="supervision.measure", new="referred")
    assert (entry.verb, entry.actor_ref) == ("refer_order", world["officer"].ledger_ref)
    assert Document.objects.filter(kind="referral").count() == 1


def test_a_take_down_is_made_final_by_two_reviewers_and_begins_at_once(world: World) -> None:
    SecondPairRule.objects.create(authority=world.parties["city"], by=world["officer"], since=world.at)
    made, at = stages.take_down(world, "refused_to_correct", whole=True)  # issued, so it did not wait
    second = world["other_buyer"]
    Membership.objects.create(
        user=second, party=world.parties["compliance"], role=Role.MEMBER, valid_from=world.at.date()
    )
    end = {"measure": made, "at": at, "reason": "拒不改正", "remedy": stages.REMEDY}
    operations.make_final(actor=world["reviewer"], **end)
    version = made.version
    assert version is not None
    version.refresh_from_db()
    assert (Measure.objects.get().state, version.state) == ("refused_to_correct", "held")
    assert told("measure_signed") == {second.ledger_ref}
    for who in ("reviewer", "officer", "province_officer", "vendor"):
        with pytest.raises(NotAllowed):
            operations.confirm_signature(measure=made, actor=world[who], at=at)
    with pytest.raises(InvalidState):  # who confirms has read what was filed
        operations.confirm_signature(measure=made, actor=second, at=at)
    operations.note_seen(measure=made, actor=second, at=at)
    operations.confirm_signature(measure=made, actor=second, at=at)
    version.refresh_from_db()
    assert (Measure.objects.get().state, version.state) == ("final", "recalled")
    entry = Entry.objects.get(object_type="supervision.measure", new="final")
    assert (entry.verb, entry.actor_ref) == ("make_final", second.ledger_ref)


def test_taken_over_by_the_province_it_waits_no_more_and_the_province_signs_anew(
    world: World, grant: Grant, signed: Measure
) -> None:
    operations.take_measure(**by(world, "province_officer", signed), reason="跨市影响")
    assert (Signature.objects.get().outcome, Signature.objects.get().ended_by) == (
        "overtaken", world["province_officer"],
    )  # fmt: skip
    taken = Measure.objects.get()
    with pytest.raises(InvalidState):
        operations.confirm_signature(**by(world, "province_officer", taken))
    assert (Measure.objects.get().state, grant.is_in_effect(world.at)) == ("proposed", True)
    operations.issue_order(**by(world, "province_officer", taken), **ORDER)
    assert Measure.objects.get().number.startswith("350000-33-")


@pytest.mark.parametrize(
    ("verb", "act"), [("drop_order", operations.drop_order), ("take_case", operations.take_measure)]
)
def test_what_waits_no_more_stands_in_the_ledger_and_is_told_to_who_signed(
    world: World, signed: Measure, verb: str, act: Any
) -> None:
    who = "second_officer" if verb == "drop_order" else "province_officer"
    act(**by(world, who, signed), reason="已说明")
    entry = Entry.objects.get(object_type="supervision.signature", new="overtaken")
    assert (entry.verb, entry.old, entry.actor_ref) == (verb, "waiting", world[who].ledger_ref)
    assert told("measure_overtaken") == {world["officer"].ledger_ref}


def test_who_signed_and_drops_it_is_told_nothing(world: World, signed: Measure) -> None:
    operations.drop_order(**by(world, "officer", signed), reason="已说明")
    assert Entry.objects.filter(object_type="supervision.signature", new="overtaken").count() == 1
    assert told("measure_overtaken") == set()


def ended(world: World) -> None:
    Membership.objects.filter(user=world["officer"], party=world.parties["city"]).update(
        valid_until=local_date(world.at) - timedelta(days=1)
    )


def of_the_buyer(world: World) -> None:
    Membership.objects.create(
        user=world["officer"], party=world.parties["buyer"], role=Role.AUDITOR, valid_from=local_date(world.at)
    )


@pytest.mark.parametrize("change", [ended, of_the_buyer])
def test_what_the_first_could_not_sign_any_more_is_not_confirmed(world: World, signed: Measure, change: Any) -> None:
    change(world)
    before = rows()
    with pytest.raises(InvalidState, match=r"signed first|首位签署人"):
        operations.confirm_signature(**by(world, "second_officer", signed))
    assert rows() == before
    operations.send_back(**by(world, "second_officer", signed), reason="签署人已离任")
    assert Signature.objects.get().outcome == "sent_back"


def only_in_the_place_of_the_officer(world: World, *deputies: str) -> None:
    """They stand in today for the officer and have lost what they might write themselves."""
    for who in deputies:
        stand_in(world, world.parties["city"], "officer", who, world.at)
        Membership.objects.filter(user=world[who], party=world.parties["city"], deputy_for=None).update(role="auditor")


@pytest.mark.parametrize(
    ("first", "second"),
    [("second_officer", "officer"), ("officer", "second_officer"), ("second_officer", "other_buyer")],
)
def test_two_signatures_are_not_both_in_the_place_of_one(
    world: World, rule: None, grant: Grant, first: str, second: str
) -> None:
    Membership.objects.create(
        user=world["other_buyer"], party=world.parties["city"], role=Role.MEMBER, valid_from=local_date(world.at)
    )
    only_in_the_place_of_the_officer(world, "second_officer", "other_buyer")
    made = stages.proposal(world, grant)
    operations.issue_order(**by(world, first, made), **ORDER)
    before = rows()
    with pytest.raises(NotAllowed, match=r"another officer confirms|由另一名"):
        operations.confirm_signature(**by(world, second, made))
    assert rows() == before


@pytest.mark.parametrize("how", ["confirmed", "sent_back", "overtaken"])
def test_in_whose_place_a_deputy_signed_and_another_ended_it_is_kept_and_shown(
    world: World, rule: None, grant: Grant, how: str
) -> None:
    for who in ("vendor", "other_buyer"):
        Membership.objects.create(
            user=world[who], party=world.parties["city"], role=Role.MEMBER, valid_from=local_date(world.at)
        )
    only_in_the_place_of_the_officer(world, "second_officer")
    stand_in(world, world.parties["city"], "vendor", "other_buyer", world.at)
    Membership.objects.filter(user=world["other_buyer"], party=world.parties["city"], deputy_for=None).update(
        role="auditor"
    )
    made = stages.proposal(world, grant)
    operations.issue_order(**by(world, "second_officer", made), **ORDER)
    kept = Signature.objects.get()
    assert (kept.by, kept.acting_for, kept.ended_for) == (world["second_officer"], world["officer"], None)
    first, english = f"{kept.by.name} for {world['officer'].name}", {"accept-language": "en"}
    with time_machine.travel(world.at, tick=False):
        officer, case = log_in(world["officer"]), file_of(made)
        assert f"{first} signed on" in officer.get(made.get_absolute_url(), headers=english).content.decode()
        assert first in officer.get(case, headers=english).content.decode()
    second = by(world, "other_buyer", made)
    end = {
        "confirmed": lambda: operations.confirm_signature(**second),
        "sent_back": lambda: operations.send_back(**second, reason="事实不清"),
        "overtaken": lambda: operations.drop_order(**second, reason="已改正"),
    }  # fmt: skip
    end[how]()
    kept.refresh_from_db()
    assert (kept.outcome, kept.ended_by, kept.ended_for) == (how, world["other_buyer"], world["vendor"])
    with time_machine.travel(world.at, tick=False):
        page = officer.get(case, headers=english).content.decode()
    assert f"{world['other_buyer'].name} for {world['vendor'].name}" in page


def test_what_was_signed_in_the_place_of_somebody_that_person_never_confirms(
    world: World, rule: None, grant: Grant
) -> None:
    """Not the day after, either, when the deputy signs in their own name."""
    only_in_the_place_of_the_officer(world, "second_officer")
    made = stages.proposal(world, grant)
    operations.issue_order(**by(world, "second_officer", made), **ORDER)
    Membership.objects.filter(user=world["second_officer"], deputy_for=None).update(role=Role.MEMBER)
    before = rows()
    with pytest.raises(NotAllowed, match=r"another officer confirms|由另一名"):
        operations.confirm_signature(**by(world, "officer", made))
    assert rows() == before


def test_what_a_deputy_signed_is_not_confirmed_once_nobody_is_stood_in_for(
    world: World, rule: None, grant: Grant
) -> None:
    Membership.objects.create(
        user=world["other_buyer"], party=world.parties["city"], role=Role.MEMBER, valid_from=local_date(world.at)
    )
    only_in_the_place_of_the_officer(world, "second_officer")
    made = stages.proposal(world, grant)
    operations.issue_order(**by(world, "second_officer", made), **ORDER)
    before = rows()
    tomorrow = by(world, "other_buyer", made) | {"at": world.at + timedelta(days=1)}
    with pytest.raises(InvalidState, match=r"signed first|首位签署人"):
        operations.confirm_signature(**tomorrow)
    assert rows() == before
    of_the_buyer(world)  # today the deputy still signs, but nobody in the place of whose own case it is
    with pytest.raises(InvalidState, match=r"signed first|首位签署人"):
        operations.confirm_signature(**by(world, "other_buyer", made))
    operations.send_back(**tomorrow, reason="代理已结束")


def test_neither_of_the_two_annuls_or_reviews_it(world: World, signed: Measure) -> None:
    operations.confirm_signature(**by(world, "second_officer", signed))
    made = Measure.objects.get()
    review = operations.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="认定有误")
    for who in ("officer", "second_officer"):
        with pytest.raises(NotAllowed):
            operations.annul_order(**by(world, who, made), reason="认定有误")
        with pytest.raises(NotAllowed):
            operations.uphold_review(
                review=review, actor=world[who], at=world.at, reason="无误", remedy=stages.REMEDY
            )  # fmt: skip


def test_a_precaution_and_what_a_seller_issues_do_not_wait(world: World, rule: None, grant: Grant) -> None:
    operations.take_precaution(grant=grant, actor=world["officer"], at=world.at, reason="查明前暂停")
    assert not grant.is_in_effect(world.at)
    made, _over = stages.notice(world, "issued")
    assert (made.state, Signature.objects.count()) == ("issued", 0)


def test_several_signed_at_once_wait_one_by_one(world: World, rule: None, grant: Grant) -> None:
    made = stages.proposal(world, grant)
    act = {"actor": world["officer"], "at": world.at, "reason": "标准规则", "remedy": stages.REMEDY}
    result = operations.issue_orders(proposals={made: shown_now(made).digest}, **act)
    assert ([one.pk for one in result.waiting], result.issued, result.left_out) == ([made.pk], [], [])
    assert not waiting_to_be_signed(world["second_officer"], world.at).exists()
    operations.confirm_signature(**by(world, "second_officer", made))
    assert (Measure.objects.get().state, Measure.objects.get().facts) == ("issued", made.facts)


def test_the_setting_is_changed_by_the_authoritys_officers_with_a_reason_and_told(world: World) -> None:
    city = world.parties["city"]
    act: dict[str, Any] = {"authority": city, "at": world.at, "is_on": True, "reason": "内控要求"}
    before = rows()
    for who in ("province_officer", "other_officer", "county_officer", "operator", "buyer"):
        with pytest.raises(NotAllowed):
            operations.set_second_pair(actor=world[who], **act)
    with pytest.raises(InvalidState):
        operations.set_second_pair(actor=world["officer"], **(act | {"is_on": False}))
    assert rows() == before
    with time_machine.travel(world.at, tick=False):
        officer, address = log_in(world["officer"]), reverse("console:second-pair-set", args=[city.pk, "on"])
        assert address in officer.get("/console/second-pair/").content.decode()
        assert officer.post(address, {"reason": ""}).status_code == 422
        assert officer.post(address, {"reason": "内控要求"}).status_code == 302
        assert log_in(world["other_officer"]).post(address, {"reason": "x"}).status_code == 404
    entry = Entry.objects.get(verb="set_second_pair")
    assert (entry.object_type, entry.object_id) == ("accounts.party", str(city.pk))
    assert world["second_officer"].ledger_ref in told("second_pair_set")


def test_the_second_reads_on_the_page_what_the_first_signed(world: World, signed: Measure) -> None:
    with time_machine.travel(world.at, tick=False):
        second = log_in(world["second_officer"])
        page = second.get(signed.get_absolute_url()).content.decode()
        address = reverse("supervision:order-confirm", args=[signed.pk])
        assert address in page and world["officer"].name in page
        form = second.get(address).content.decode()
        assert all(words in form for words in ORDER.values())
        assert second.post(address).status_code == 302
    assert Measure.objects.get().state == "issued"


def test_who_signs_first_is_told_that_it_waits_and_who_confirms_that_it_is_done(
    world: World, rule: None, grant: Grant
) -> None:
    made = stages.proposal(world, grant)
    english = {"accept-language": "en"}

    def said(who: str, verb: str, **sent: Any) -> list[str]:
        address = reverse(f"supervision:order-{verb}", args=[made.pk])
        page = log_in(world[who]).post(address, sent, follow=True, headers=english)
        return [str(message) for message in page.context["messages"]]

    with time_machine.travel(world.at, tick=False), translation.override("en"):
        assert said("officer", "issue", **ORDER) == [str(SIGNED_FIRST)]
        assert said("second_officer", "confirm") == ["Done: Confirm what was signed."]
