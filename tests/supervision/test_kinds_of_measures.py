"""Orders without suspension (Arts 46, 47), contract notices and take-downs (Art. 40): what is theirs alone."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import CapabilityKind, Membership, Party, Region
from accounts.operations import register_party, verify_party
from listings import operations as listing
from listings.models import Version
from marketplace.applications.models import Hold
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.desk.story import later
from marketplace.desk.templatetags.minshu import owner
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.deadlines import clocks_of, duties_of, run_out
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.referral import referral_text
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("reach", "who"), [(stages.measure, "authority"), (stages.notice, "seller"), (stages.take_down, "reviewer")]
)
def test_it_is_said_who_signs_a_measure_of_this_kind(world, reach, who):
    made, _at = reach(world, "proposed")
    assert owner(made) == CapabilityKind(who).label


def county_shop(world) -> Party:
    """A seller that has its seat in the county."""
    made = register_party(
        actor=world["other_buyer"], at=world.at, name="闽侯数据有限公司", region=world.parties["county"].region,
        uscc="91350100MA00000067",
    )  # fmt: skip
    verify_party(
        party=made, actor=world["operator"], at=world.at, evidence="营业执照",
        valid_until=world.parties["buyer"].verified_until, capabilities={CapabilityKind.SELLER: None},
    )  # fmt: skip
    return made


def order_46(world, who: str, authority: str, against: Party) -> Measure:
    return operations.order_party(
        party=world.parties[authority], actor=world[who], at=world.at, against=against, **stages.CHARGE
    )


def test_every_level_orders_within_its_region_and_suspends_nothing(world, grant):
    shop = county_shop(world)
    levels = (("county_officer", "county"), ("officer", "city"), ("province_officer", "province"))
    for who, authority in levels:
        made = order_46(world, who, authority, shop)
        operations.issue_order(measure=made, actor=world[who], at=world.at, **stages.CHARGE, remedy=stages.REMEDY)
    numbers = Measure.objects.order_by("pk").values_list("number", "article", "state")
    county = world.parties["county"].region_id
    assert list(numbers) == [
        (f"{county}-46-2026-0001", "Art. 46", "issued"),
        ("350100-46-2026-0001", "Art. 46", "issued"),
        ("350000-46-2026-0001", "Art. 46", "issued"),
    ]
    assert not Hold.objects.exists()
    assert grant.is_in_effect(world.at)


@pytest.mark.parametrize(
    ("who", "authority", "against"),
    [("county_officer", "county", "buyer"), ("other_officer", "other_city", "buyer"), ("officer", "city", "operator")],
)
def test_nobody_orders_beyond_their_region_or_the_platform_on_article_46(world, who, authority, against):
    before = rows()
    with pytest.raises(ValidationError):
        order_46(world, who, authority, world.parties[against])
    assert rows() == before


@pytest.mark.parametrize("case", ["merged", "elsewhere"])
def test_a_finding_about_copies_left_over_is_answered_where_the_buyer_was_merged_or_has_its_seat_elsewhere(world, case):
    finding, at = stages.finding(world, "open")
    assert finding.grant.buyer == world.parties["buyer"]
    said = {"finding": finding, "actor": world["officer"], "at": at, **stages.CHARGE}
    if case == "merged":
        parties = {"party": world.parties["buyer"], "successor": world.parties["other_buyer"]}
        operations.merge_party(**parties, actor=world["operator"], at=at, evidence="登记通知书", reason="合并")
    else:
        Party.objects.filter(pk=finding.party_id).update(region=world.parties["other_city"].region)
    made = operations.order_on_finding(**{**said, "finding": Finding.objects.get(pk=finding.pk)})
    assert made.party == world.parties["other_buyer" if case == "merged" else "buyer"]
    operations.issue_order(measure=made, actor=world["officer"], at=at, **stages.CHARGE, remedy=stages.REMEDY)
    assert made.state == "issued"


def test_officer_who_belongs_to_the_party_drafts_and_signs_nothing(world):
    before = rows()
    with pytest.raises(NotAllowed):
        order_46(world, "conflicted_officer", "city", world.parties["buyer"])
    with pytest.raises(NotAllowed):
        order_46(world, "other_officer", "city", world.parties["buyer"])
    assert rows() == before


def test_referral_needs_a_refusal_found_after_hearing_and_names_case_and_words(world):
    made, over = stages.order_46(world, "issued")
    officer = {"measure": made, "actor": world["officer"]}
    refer = {"referred_to": "福州市纪委监委", "referral": "移送", "remedy": stages.REMEDY}
    before = rows()
    with pytest.raises(InvalidState):
        operations.refer_order(**officer, at=over, **refer)
    with pytest.raises(InvalidState):
        operations.find_refusal(**officer, at=over, reason="逾期")
    assert rows() == before
    operations.open_hearing(**officer, at=over, reason="拟移送")
    operations.file_statement(measure=made, actor=world["buyer"], at=over, text="正在整改")
    operations.note_seen(**{**officer, "measure": Measure.objects.get()}, at=over)
    operations.find_refusal(**officer, at=over, reason="逾期未改正")
    text = referral_text(Measure.objects.get())
    for part in (made.number, "福建闽江健康科技有限公司", "超出约定用途使用", "第四十六条", "2026-04-08", "正在整改"):
        assert part in text
    with pytest.raises(InvalidState):
        operations.terminate_service(**officer, at=over, reason="-", remedy="-")
    operations.refer_order(**officer, at=over, **{**refer, "referral": text})
    after = Measure.objects.get()
    assert (after.state, after.referred_to, after.referral) == ("referred", "福州市纪委监委", text)
    assert Entry.objects.get(verb="refer_order").article == "Art. 46"
    told = Outbox.objects.filter(kind="measure_moved", channel="page").order_by("pk")
    assert world["buyer"].ledger_ref in set(told.values_list("recipient_ref", flat=True))


def test_order_on_a_finding_answers_it_when_issued(world):
    finding, at = stages.finding(world, "open")
    made = operations.order_on_finding(finding=finding, actor=world["officer"], at=at, **stages.CHARGE)
    finding.refresh_from_db()
    assert (finding.state, made.kind, made.party) == ("open", "order_46", finding.party)
    operations.issue_order(measure=made, actor=world["officer"], at=at, **stages.CHARGE, remedy=stages.REMEDY)
    finding.refresh_from_db()
    assert finding.state == "measure"


def test_platform_is_ordered_by_the_province_or_the_city_of_its_seat_only(world):
    platform = world.parties["operator"]
    act = {"at": world.at, "against": platform, **stages.CHARGE}
    with pytest.raises(ValidationError):
        operations.order_platform(party=world.parties["city"], actor=world["officer"], **act)
    with pytest.raises(NotAllowed):
        operations.order_platform(party=world.parties["county"], actor=world["county_officer"], **act)
    Party.objects.filter(pk=platform.pk).update(region=Region.objects.get(pk="350100"))
    made = operations.order_platform(party=world.parties["city"], actor=world["officer"], **act)
    assert (made.article, made.kind) == ("Art. 47", "order_47")
    issue = {"measure": made, "at": world.at, **stages.CHARGE, "remedy": stages.REMEDY}
    Membership.objects.filter(user=world["second_officer"]).update(valid_until=None)
    operations.issue_order(actor=world["second_officer"], **issue)
    operations.file_evidence(measure=made, actor=world["operator"], at=world.at, text="已整改")
    operations.lift_order(measure=made, actor=world["officer"], at=world.at, reason="已改正")
    assert Measure.objects.get().state == "lifted"


def test_notice_names_a_clause_suspends_in_the_same_act_and_is_told_to_the_authority(world):
    made, _over = stages.notice(world, "issued")
    grant, at = made.held.get().grant, made.issued_at
    assert made.number == f"P{world.parties['vendor'].pk:06d}-40-2026-0001"
    assert (made.clause, made.signatory, made.authority) == (
        "第三条:不得转售", world.parties["vendor"], world.parties["city"],
    )  # fmt: skip
    assert not grant.is_in_effect(at)
    version = grant.from_version
    with pytest.raises(gate.Denied) as denied:
        delivery.deliver(grant=grant, version=version, actor=world["buyer"], at=at)
    assert denied.value.code == "suspended"
    told = Outbox.objects.filter(kind="measure_moved", channel="page").values_list("recipient_ref", flat=True)
    assert {world["buyer"].ledger_ref, world["officer"].ledger_ref} <= set(told)


def test_notice_ends_the_grant_only_after_hearing_and_refusal(world):
    made, over = stages.notice(world, "issued")
    grant, seller = made.held.get().grant, {"measure": made, "actor": world["vendor"], "at": over}
    for act in (
        lambda: operations.terminate_service(**seller, reason="-", remedy="-"),
        lambda: operations.find_refusal(**seller, reason="-"),
    ):
        with pytest.raises(InvalidState):
            act()
    operations.open_hearing(**seller, reason="拟终止")
    heard = later(over, Kind.HEARING)
    with pytest.raises(InvalidState):
        operations.find_refusal(**{**seller, "at": heard - timedelta(seconds=1)}, reason="-")
    operations.note_seen(**{**seller, "measure": Measure.objects.get()})
    operations.find_refusal(**{**seller, "at": heard}, reason="逾期未改正")
    operations.terminate_service(**{**seller, "at": heard}, reason="拒不改正", remedy=stages.REMEDY)
    grant.refresh_from_db()
    assert (grant.state, made.held.get().outcome, Hold.objects.get().state) == ("terminated", "terminated", "open")


def test_seller_lapsed_gives_and_lifts_its_notices(world):
    """To protect its own data needs no standing; to sell does."""
    grant, _over = stages.non_public_grant(world, "active+lapsed")
    vendor, words = {"actor": world["vendor"], "at": grant.activated_at}, {"clause": "-", **stages.CHARGE}
    made = operations.draft_notice(grant=grant, **words, **vendor)
    other = operations.draft_notice(grant=grant, **words, **{**vendor, "at": made.created_at + HOUR})
    assert {made, other} <= {task.obj for task in todo(world["vendor"], vendor["at"])}
    operations.drop_order(measure=other, reason="重复", **vendor)
    operations.issue_order(measure=made, remedy=stages.REMEDY, **stages.CHARGE, **vendor)
    assert not grant.is_in_effect(vendor["at"])
    operations.lift_order(measure=made, reason="已改正", **vendor)
    assert grant.is_in_effect(vendor["at"])


@pytest.mark.parametrize(("act", "state"), [("lift_order", "lifted"), ("annul_order", "annulled")])
def test_notice_of_a_seller_that_has_ended_is_lifted_or_annulled_by_the_authority(world, act, state):
    made, _over = stages.notice(world, "issued")
    at, grant = made.issued_at, made.held.get().grant
    given = {"measure": made, "actor": world["officer"], "at": at, "reason": "卖方已注销"}
    with pytest.raises(NotAllowed):
        getattr(operations, act)(**given)
    operations.end_party(party=world.parties["vendor"], actor=world["operator"], at=at, reason="注销")
    getattr(operations, act)(**{**given, "measure": Measure.objects.get()})
    assert (Measure.objects.get().state, grant.is_in_effect(at)) == (state, True)


@pytest.mark.parametrize("state", ["issued", "evidence_filed", "refused_to_correct"])
def test_notice_of_a_seller_that_has_ended_waits_for_the_authority(world, state):
    made, _over = stages.notice(world, state)
    at, running = made.issued_at, clock.of(made).running().get()
    operations.end_party(party=world.parties["vendor"], actor=world["operator"], at=at, reason="注销")
    assert (made, running.due_at) in [(task.obj, task.due_at) for task in todo(world["officer"], at)]
    assert running in Clock.objects.filter(clocks_of([world.parties["city"].pk]))
    assert state == "issued" or owner(Measure.objects.get()) == CapabilityKind.AUTHORITY.label
    if state == "issued":
        operations.file_evidence(measure=Measure.objects.get(), actor=world["buyer"], at=at, text="已停用")
        told = Outbox.objects.filter(kind="measure_moved", channel="page", context__reason="已停用")
        assert world["officer"].ledger_ref in told.values_list("recipient_ref", flat=True)


@pytest.mark.parametrize("state", ["proposed", "issued", "evidence_filed", "refused_to_correct"])
def test_notice_of_a_seller_that_was_merged_is_followed_up_by_its_successor(world, state):
    made, _over = stages.notice(world, state)
    grant, successor = made.held.get().grant, world.parties["other_buyer"]
    at, owed = grant.activated_at, list(clock.of(made).running())
    given = {"actor": world["operator"], "at": at, "evidence": "登记通知书", "reason": "吸收合并"}
    operations.merge_party(party=world.parties["vendor"], successor=successor, **given)
    made = Measure.objects.get()
    assert list(clock.of(made).running().filter(duties_of([successor.pk]))) == owed
    assert not clock.of(made).filter(clocks_of(None)).exists()
    waiting = [task.obj for task in todo(world["other_buyer"], at) if isinstance(task.obj, Measure)]
    assert waiting == ([] if state == "issued" else [made])
    end = operations.drop_order if state == "proposed" else operations.lift_order
    end(measure=made, actor=world["other_buyer"], at=at, reason="已改正")
    assert grant.is_in_effect(at)


def test_notice_against_the_very_successor_is_the_authority_s(world):
    """Nobody lifts or issues it in their own case."""
    made, _over = stages.notice(world, "issued")
    at, buyer = made.issued_at, world.parties["buyer"]
    drafted = {"grant": made.held.get().grant, "actor": world["vendor"], "clause": "-", **stages.CHARGE}
    other = operations.draft_notice(at=at + timedelta(hours=1), **drafted)
    given = {"actor": world["operator"], "at": at, "evidence": "登记通知书", "reason": "吸收合并"}
    operations.merge_party(party=world.parties["vendor"], successor=buyer, **given)
    assert Measure.objects.get(pk=other.pk).state == "dropped"
    operations.lift_order(measure=Measure.objects.get(pk=made.pk), actor=world["officer"], at=at, reason="已合并")


def test_take_down_holds_the_version_is_not_released_by_hand_and_ends_in_a_recall(world):
    made, over = stages.take_down(world, "issued")
    version, reviewer = made.version, {"actor": world["reviewer"], "at": over}
    assert (version.state, made.party) == ("held", world.parties["vendor"])
    before = rows()
    with pytest.raises(InvalidState):
        listing.release_version(version=version, reason="-", **reviewer)
    with pytest.raises(InvalidState):
        operations.make_final(measure=made, reason="-", remedy="-", **reviewer)
    assert rows() == before
    operations.open_hearing(measure=made, reason="拟最终下架", **reviewer)
    operations.file_statement(measure=made, actor=world["vendor"], at=over, text="不改")
    operations.note_seen(measure=Measure.objects.get(), **reviewer)
    operations.find_refusal(measure=made, reason="拒不改正", **reviewer)
    operations.make_final(measure=made, reason="拒不改正", remedy=stages.REMEDY, **reviewer)
    version.refresh_from_db()
    assert (version.state, version.is_taken_down, Measure.objects.get().state) == ("recalled", False, "final")


def test_take_down_lifted_leaves_what_was_recalled_meanwhile(world):
    made, at = stages.take_down(world, "issued")
    listing.recall_version(version=made.version, actor=world["reviewer"], at=at, reason="缺陷")
    operations.lift_order(measure=made, actor=world["reviewer"], at=at, reason="已改正")
    assert Version.objects.get(pk=made.version_id).state == "recalled"


@pytest.mark.parametrize("verb", ["lift_order", "annul_review"])
def test_what_was_held_before_its_take_down_is_not_released_by_lifting_that(world, verb):
    made, at = stages.take_down(world, "proposed")
    reviewer = {"actor": world["reviewer"], "at": at}
    listing.hold_version(version=made.version, reason="复评未通过", **reviewer)
    operations.issue_order(measure=made, **stages.CHARGE, remedy=stages.REMEDY, **reviewer)
    if verb == "lift_order":
        operations.lift_order(measure=made, reason="已改正", **reviewer)
    else:
        review = operations.lodge_review(subject=made, actor=world["vendor"], at=at, text="认定有误")
        operations.annul_review(review=review, actor=world["province_officer"], at=at, reason="证据不足")
    assert Version.objects.get(pk=made.version_id).state == "held"
    listing.release_version(version=Version.objects.get(pk=made.version_id), reason="复评通过", **reviewer)
    assert Version.objects.get(pk=made.version_id).state == "published"


@pytest.mark.parametrize("first", ["hand", "take-down"])
def test_what_is_held_by_hand_during_a_take_down_takes_two_lifts_in_either_order(world, first):
    made, at = stages.take_down(world, "issued")
    reviewer = {"actor": world["reviewer"], "at": at}

    def version():
        return Version.objects.get(pk=made.version_id)

    def by_hand(act):
        act(version=version(), reason="另有隐患", **reviewer)

    def lift():
        operations.lift_order(measure=Measure.objects.get(), reason="已改正", **reviewer)

    before = rows()
    with pytest.raises(InvalidState):
        by_hand(listing.release_version)  # nobody holds it by hand yet
    assert rows() == before
    by_hand(listing.hold_version)
    with pytest.raises(InvalidState):
        by_hand(listing.hold_version)  # once
    assert (version().state, version().is_taken_down, version().is_held_by_hand) == ("held", True, True)
    told = Outbox.objects.filter(kind="version_moved", channel="page", recipient_ref=world["vendor"].ledger_ref)
    assert "另有隐患" in str(told.latest("pk").context)
    if first == "hand":
        by_hand(listing.release_version)
        assert (version().state, version().is_held_by_hand) == ("held", False)
        lift()
    else:
        lift()
        assert (version().state, version().is_taken_down) == ("held", False)
        by_hand(listing.release_version)
    assert (version().state, version().is_taken_down, version().is_held_by_hand) == ("published", False, False)


def test_one_version_is_taken_down_once_at_a_time(world):
    made, at = stages.take_down(world, "issued")
    act = {"actor": world["reviewer"], "at": at, **stages.CHARGE}
    again = operations.draft_take_down(version=made.version, clause="第六条", **act)
    before = rows()
    with pytest.raises(InvalidState):
        operations.issue_order(measure=again, remedy=stages.REMEDY, **act)
    assert rows() == before


def test_what_the_province_requires_is_carried_out_in_time_and_watched(world):
    made, at = stages.take_down(world, "proposed+required")
    running = clock.of(made).open().get()
    assert (running.kind, running.working_days) == ("take_down", 3)
    assert (made.required_by, made.issuer) == (world.parties["province"], world.parties["compliance"])
    with pytest.raises(NotAllowed):
        operations.drop_order(measure=made, actor=world["reviewer"], at=at, reason="-")
    late = [due for due in run_out(running.due_at) if due.clock.kind == "take_down"]
    assert [(due.obj, due.owner) for due in late] == [(made, world.parties["compliance"])]
    operations.issue_order(measure=made, actor=world["reviewer"], at=at, **stages.CHARGE, remedy=stages.REMEDY)
    assert [one.kind for one in clock.of(made).open()] == ["correction"]


def test_nobody_but_the_province_requires_a_take_down_and_no_officer_takes_down(world):
    of, at = stages.non_public_version(world, "published")
    texts = {"clause": "第五条", **stages.CHARGE}
    before = rows()
    for who in ("officer", "county_officer", "reviewer", "vendor", "other_vendor"):
        with pytest.raises(NotAllowed):
            operations.require_take_down(version=of, actor=world[who], at=at, **texts)
    for who in ("officer", "province_officer", "vendor", "other_vendor"):
        with pytest.raises(NotAllowed):
            operations.draft_take_down(version=of, actor=world[who], at=at, **texts)
    assert rows() == before
