"""A review is asked for in time, decided by somebody else, and never grants anything by itself (Arts 45, 47)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts.recusal import Recusal
from listings.models import Version
from marketplace.applications import operations as applications
from marketplace.applications.models import Decision, Grant, Hold
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import ClockSetting
from marketplace.clock.working_days import last_day
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.desk.story import later
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.models import Measure
from marketplace.supervision.review import Review, adverse_acts
from tests.races.together import fresh, together
from tests.supervision.test_papers import paper_of
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

SAID = {"reason": "理由充分", "remedy": stages.REMEDY}


def lodge(world, of, at=None, who="buyer"):
    return operations.lodge_review(subject=of, actor=world[who], at=at or world.at, text="认定有误")


def by_second(world, review, at=None):
    return {"review": review, "actor": world["second_officer"], "at": at or world.at}


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def review(world):
    return stages.review(world, "lodged")[0]


# --- asking -------------------------------------------------------------------------------------------------------


def test_a_review_is_told_to_the_authority_and_binds_it_by_a_clock(world, review):
    assert Outbox.objects.filter(kind="review_lodged", channel="page").values_list("recipient_ref", flat=True)
    running = clock.of(review).open().get()
    assert (running.kind, running.working_days) == (Kind.REVIEW, 15)
    assert (review.against["verb"], review.against["article"], review.against["remedy"]) == (
        "issue_order", "Art. 33", stages.REMEDY,
    )  # fmt: skip
    waits = {who: any(task.obj == review for task in todo(world[who], world.at)) for who in (
        "officer", "second_officer", "province_officer", "conflicted_officer", "buyer",
    )}  # fmt: skip
    assert waits == {
        "officer": False, "second_officer": True, "province_officer": True, "conflicted_officer": False, "buyer": False,
    }  # fmt: skip


def test_nothing_is_paused_by_asking(world, review):
    assert not review.measure.held.get().grant.is_in_effect(world.at)


def test_a_review_is_asked_for_within_its_term_which_is_a_setting(world, grant):
    ClockSetting.objects.create(kind=Kind.REVIEW_TERM, days=3)
    order = stages.order(world, grant)
    operations.note_seen(measure=order, actor=world["buyer"], at=world.at)  # served by being opened
    over = later(world.at, Kind.REVIEW_TERM)
    with pytest.raises(InvalidState, match="term"):
        lodge(world, order, over)
    assert lodge(world, order, over - timedelta(minutes=1)).state == "lodged"


def test_a_termination_begins_a_term_of_its_own(world, grant):
    order = stages.order(world, grant)
    over = later(world.at, Kind.REVIEW_TERM)
    stages.terminate(order, world, over)
    assert lodge(world, fresh(order), over).against["verb"] == "terminate"


@pytest.mark.parametrize("who", ["other_buyer", "officer", "seller", "province_officer"])
def test_only_who_was_ordered_or_refused_asks(world, grant, who):
    with pytest.raises(NotAllowed):
        lodge(world, stages.order(world, grant), who=who)


def test_one_review_at_a_time_and_none_of_what_is_only_proposed(world, grant):
    with pytest.raises(InvalidState):
        lodge(world, stages.proposal(world, grant))
    review, _at = stages.review(world, "lodged")
    with pytest.raises(InvalidState, match="already"):
        lodge(world, review.measure)
    operations.uphold_review(**by_second(world, review), **SAID)
    assert lodge(world, review.measure).state == "lodged"


def test_a_seller_decides_itself_whom_it_supplies(world):
    case, at = stages.non_public_application(world, "refused")
    with pytest.raises(InvalidState, match=r"Art\. 40"):
        operations.lodge_review(subject=case, actor=world["buyer"], at=at, text="不公")


# --- deciding -----------------------------------------------------------------------------------------------------


def test_whoever_found_the_refusal_meanwhile_does_not_decide_it_either(world, review):
    stages.hear(review.measure, world.at, world["officer"], world["buyer"])
    second = {"measure": fresh(review.measure), "at": world.at, "actor": world["second_officer"]}
    operations.note_seen(**second)
    operations.find_refusal(**second, reason="拒绝")
    with pytest.raises(NotAllowed, match="decided"):
        operations.uphold_review(**by_second(world, review), **SAID)
    operations.uphold_review(review=review, actor=world["province_officer"], at=world.at, **SAID)


def test_a_recused_officer_decides_nothing_and_the_reason_stands(world, review):
    operations.recuse_from_review(**by_second(world, review), reason="亲属任职")
    assert Recusal.objects.of(review).get().reason == "亲属任职"
    assert Entry.objects.get(verb="recuse_review").actor_ref == world["second_officer"].ledger_ref
    with pytest.raises(NotAllowed, match="recused"):
        operations.annul_review(**by_second(world, review), reason="证据不足")


@pytest.mark.parametrize(
    "who", ["officer", "county_officer", "other_officer", "conflicted_officer", "buyer", "seller", "operator"]
)
def test_no_other_stays_or_annuls(world, review, who):
    for act in (operations.stay_review, operations.annul_review):
        with pytest.raises(NotAllowed):
            act(review=review, actor=world[who], at=world.at, reason="理由")
    assert fresh(review).state == "lodged"


def test_a_stay_serves_the_data_for_the_time_and_stops_the_clock(world, review):
    grant = review.measure.held.get().grant
    correction = clock.of(review.measure).filter(kind=Kind.CORRECTION)
    operations.stay_review(**by_second(world, review), reason="争议较大")
    assert grant.is_in_effect(world.at)
    assert correction.get().paused_at == world.at
    with pytest.raises(InvalidState, match="stayed already"):
        operations.stay_review(**by_second(world, review), reason="争议较大")
    at = world.at + timedelta(days=7)
    due = correction.get().due_at
    operations.uphold_review(**by_second(world, review, at), **SAID)
    assert not grant.is_in_effect(at)
    assert (correction.get().paused_at, correction.get().due_at > due) == (None, True)
    assert Hold.objects.filter(grant=grant, code="measure").count() == 2


def test_in_a_stay_the_grant_is_not_given_back_so_that_the_order_can_still_end_it(world, review):
    order, grant = fresh(review.measure), review.measure.held.get().grant
    operations.stay_review(**by_second(world, review), reason="争议较大")
    assert grant.is_in_effect(world.at)
    before = rows()
    with pytest.raises(InvalidState, match="An order stands"):
        applications.surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="不再需要")
    assert rows() == before
    operations.uphold_review(**by_second(world, review), **SAID)
    stages.terminate(order, world)
    assert fresh(grant).state == "terminated"


def test_annulled_by_its_review_the_order_keeps_nobody_from_giving_the_grant_back(world, review):
    grant = review.measure.held.get().grant
    operations.annul_review(**by_second(world, review), reason="证据不足")
    applications.surrender_grant(grant=fresh(grant), actor=world["buyer"], at=world.at, reason="不再需要")


def test_a_stayed_order_terminates_nothing(world, review):
    order = fresh(review.measure)
    stages.find_refusal(order, world)
    operations.stay_review(review=review, actor=world["province_officer"], at=world.at, reason="争议较大")
    end = {"measure": fresh(order), "actor": world["officer"], "at": world.at, **SAID}
    with pytest.raises(InvalidState, match="stayed"):
        operations.terminate_service(**end)
    operations.end_stay(review=review, actor=world["province_officer"], at=world.at, reason="已查明")
    operations.terminate_service(**{**end, "measure": fresh(order)})


def test_while_it_is_stayed_no_refusal_is_prepared_or_found_and_the_party_may_go_on_correcting(world, review):
    order, over = fresh(review.measure), later(world.at, Kind.CORRECTION)
    refuses = {"measure": order, "actor": world["buyer"], "text": "不改", "refuses": True}
    officer = {"measure": order, "actor": world["officer"], "reason": "拟终止"}

    def stay(at):
        operations.stay_review(**by_second(world, review, at), reason="争议较大")

    def refused(act, verb, at):
        before = rows()
        with pytest.raises(InvalidState, match="stayed"):
            act(**officer, at=at)
        assert rows() == before
        assert not verbs.MEASURE.get(verb).when(fresh(order))

    stay(over)
    refused(operations.open_hearing, "open_hearing", over)
    operations.end_stay(**by_second(world, review, over), reason="已查明")
    operations.open_hearing(**officer, at=over)
    operations.file_statement(**refuses, at=over)
    operations.note_seen(measure=fresh(order), actor=world["officer"], at=over)
    stay(over)
    refused(operations.find_refusal, "find_refusal", over)
    operations.file_evidence(measure=fresh(order), actor=world["buyer"], at=over, text="已停用")
    assert fresh(order).state == "evidence_filed"


def test_varied_the_order_holds_fewer_grants_and_gives_new_time(world):
    kept, freed = (stages.active_grant(world) for _n in range(2))
    delivery.deliver(grant=freed, version=world.version, actor=world["buyer"], at=world.at)
    built = operations.register_derived(
        party=freed.buyer, title="地图", description="x", built_from=[(freed, world.version)], actor=world["buyer"],
        at=world.at,
    )  # fmt: skip
    operations.publish_derived(derived=built, actor=world["buyer"], at=world.at)
    order = operations.propose_order(
        grants=[kept, freed], actor=world["officer"], at=world.at, key="two", facts="超出约定用途", demand="停止"
    )
    stages.issue(order, world, world.at)
    review = lodge(world, order)
    vary = {**by_second(world, review), **SAID}
    for wrong in ({}, {"free": [kept, freed]}, {"free": [stages.active_grant(world)]}):
        with pytest.raises(ValidationError):
            operations.vary_review(**vary, **wrong)
    operations.vary_review(**vary, days=40, free=[freed])
    assert [one.is_in_effect(world.at) for one in (kept, freed)] == [False, True]
    correction = clock.of(order).open().get(kind=Kind.CORRECTION)
    told = Outbox.objects.filter(kind="measure_moved", channel="page", recipient_ref=world["buyer"].ledger_ref)
    until = told.latest("pk").context["correct_until"]
    assert (correction.working_days, until) == (40, str(last_day(correction.due_at)))
    stages.terminate(fresh(order), world)
    assert dict(order.held.values_list("grant", "outcome")) == {kept.pk: "terminated", freed.pk: "annulled"}
    assert [fresh(one).state for one in (kept, freed)] == ["terminated", "active"]
    assert fresh(built).state == "published"
    _document, text = paper_of(order, world.at, "termination")
    assert kept.number in text and freed.number not in text


def test_nothing_is_terminated_where_no_grant_runs_any_more(world):
    made, at = stages.measure(world, "refused_to_correct")
    said = {"measure": made, "actor": world["officer"], "at": at, "reason": "拒不改正", "remedy": stages.REMEDY}
    assert "terminate" in [verb.name for verb in verbs.MEASURE.available(made, world["officer"], at)]
    stages.terminate(stages.order(world, made.held.get().grant, at), world, at)  # another order on the same grant
    before = rows()
    with pytest.raises(InvalidState):
        operations.terminate_service(**said)
    assert rows() == before
    assert "terminate" not in [verb.name for verb in verbs.MEASURE.available(fresh(made), world["officer"], at)]
    operations.lift_order(measure=fresh(made), actor=world["officer"], at=at, reason="已无授权")


@pytest.mark.parametrize("state", ["lifted", "terminated"])
def test_an_order_that_is_over_can_still_be_annulled_by_its_review(world, review, state):
    order, grant = fresh(review.measure), review.measure.held.get().grant
    if state == "lifted":
        operations.lift_order(measure=order, actor=world["officer"], at=world.at, reason="已改正")
    else:
        stages.terminate(order, world)
    operations.annul_review(review=review, actor=world["province_officer"], at=world.at, reason="证据不足")
    assert fresh(order).state == "annulled"
    assert Grant.objects.get(pk=grant.pk).state == ("active" if state == "lifted" else "terminated")


@pytest.mark.parametrize("verb", ["annul_review", "vary_review"])
def test_a_refused_item_is_open_again_and_granted_only_by_a_new_decision(world, verb):
    item, at = stages.item(world, "refused")
    review = lodge(world, item, at)
    with pytest.raises(InvalidState, match="Only an order"):
        operations.stay_review(**by_second(world, review, at), reason="争议较大")
    said = {"reason": "未说明理由"} if verb == "annul_review" else {**SAID, "reason": "应当考虑用途"}
    getattr(operations, verb)(**by_second(world, review, at), **said)
    assert (fresh(item).state, fresh(item.application).state) == ("open", "under_review")
    assert (Grant.objects.count(), Decision.objects.count()) == (0, 0)
    assert review.against["reason"] == "无必要"
    assert clock.of(item.application).open().get().kind == Kind.DECISION
    stages.approve(fresh(item), world, at)
    assert fresh(item.application).state == "decided"


def test_a_refused_submission_is_submitted_again(world):
    case, at = stages.application(world, "refused")
    operations.annul_review(**by_second(world, lodge(world, case, at), at), reason="材料齐全")
    assert fresh(case).state == "submitted"
    assert clock.of(case).open().get().kind == Kind.ACCEPTANCE
    applications.accept_application(application=fresh(case), actor=world["officer"], at=at)


def test_a_refused_version_goes_back_to_its_seller_who_sends_the_file_again(world):
    version, at = stages.version(world, "refused")
    review = lodge(world, version, at, "seller")
    operations.annul_review(**by_second(world, review, at), reason="来源合法")
    version = fresh(version)
    assert version.state == "draft"
    path = stages.write_visits(stages.scratch("again.csv"))
    stages.listing.upload_file(version=version, actor=world["seller"], at=at, path=path, name="again.csv")
    assert version.files.filter(destroyed_at=None).exists()


def test_what_the_compliance_review_refused_another_of_it_or_the_authority_reviews(world):
    version, at = stages.non_public_version(world, "refused")
    review = lodge(world, version, at, "vendor")
    assert (review.reviewer, review.article) == (version.reviewer, "Art. 47")
    with pytest.raises(NotAllowed, match="decided"):
        operations.annul_review(review=review, actor=world["reviewer"], at=at, reason="符合规定")
    operations.annul_review(**by_second(world, review, at), reason="符合规定")
    assert Version.objects.get(pk=version.pk).state == "draft"
    assert Entry.objects.get(verb="annul", object_type="supervision.review").article == "Art. 47"


def test_upheld_it_names_its_remedy_and_all_sides_are_told(world, review):
    with pytest.raises(ValidationError):
        operations.uphold_review(**by_second(world, review), reason="事实清楚", remedy=" ")
    operations.uphold_review(**by_second(world, review), **SAID)
    told = set(Outbox.objects.filter(kind="review_moved", channel="page").values_list("recipient_ref", flat=True))
    assert {world["buyer"].ledger_ref, world["officer"].ledger_ref} <= told
    assert fresh(review.measure).state == "issued"
    assert not clock.of(review).open().exists()


# --- pages --------------------------------------------------------------------------------------------------------


def test_the_refusal_leads_to_its_review_by_a_button(world, client, time_machine):
    item, at = stages.item(world, "refused")
    time_machine.move_to(at, tick=False)
    client.force_login(world["buyer"])
    address = f"/review/new/item/{item.pk}/"
    assert address in client.get(item.get_absolute_url()).content.decode()
    assert client.post(address, {"text": " "}).status_code == 422
    answer = client.post(address, {"text": "用途已说明"})
    made = Review.objects.get()
    assert (answer.status_code, answer.url, made.text) == (302, made.get_absolute_url(), "用途已说明")
    page = client.get(item.get_absolute_url()).content.decode()
    assert made.get_absolute_url() in page and address not in page
    assert client.post(address, {"text": "再次"}).status_code == 409
    client.force_login(world["other_buyer"])
    assert client.get(address).status_code == client.get(made.get_absolute_url()).status_code == 404
    client.force_login(world["officer"])
    assert client.get(address).status_code == 403


# --- races --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["lift", "terminate"])
def test_annulled_by_a_review_while_it_is_lifted_or_terminated_it_is_annulled(world, verb):
    grant = stages.active_grant(world)
    order = stages.order(world, grant)
    if verb == "terminate":
        stages.find_refusal(order, world)
    review = lodge(world, fresh(order))
    officer = {"measure": fresh(order), "actor": world["officer"], "at": world.at, "reason": "已查明"}
    ends = {
        "lift": lambda: operations.lift_order(**officer),
        "terminate": lambda: operations.terminate_service(**officer, remedy=stages.REMEDY),
    }
    annulled, ended = together(
        lambda: operations.annul_review(
            review=fresh(review), actor=world["province_officer"], at=world.at, reason="证据不足"
        ),
        ends[verb],
    )
    assert annulled is None, annulled
    assert ended is None or isinstance(ended, InvalidState), ended
    assert (Measure.objects.get().state, Review.objects.get().state) == ("annulled", "annulled")
    assert not Hold.objects.filter(state="open").exists()
    assert Grant.objects.get().state == ("terminated" if verb == "terminate" and ended is None else "active")


@pytest.mark.django_db(transaction=True)
def test_stayed_while_it_is_terminated_one_of_the_two_waits(world):
    grant = stages.active_grant(world)
    order = stages.order(world, grant)
    stages.find_refusal(order, world)
    review = lodge(world, fresh(order))
    stayed, ended = together(
        lambda: operations.stay_review(
            review=fresh(review), actor=world["province_officer"], at=world.at, reason="争议较大"
        ),
        lambda: operations.terminate_service(measure=fresh(order), actor=world["officer"], at=world.at, **SAID),
    )
    assert [isinstance(one, InvalidState) for one in (stayed, ended)].count(True) == 1, (stayed, ended)
    assert fresh(review).is_staying == (stayed is None)
    assert fresh(order).state == ("terminated" if ended is None else "refused_to_correct")


# --- measures of the other kinds -----------------------------------------------------------------------------------


def lodged_against(world, of, who):
    """As soon as it was decided."""
    at = adverse_acts(of).latest("pk").at
    return operations.lodge_review(subject=of, actor=world[who], at=at, text="认定有误"), at


def test_an_order_without_suspension_is_reviewed_and_varied(world):
    order, _at = stages.order_46(world, "issued")
    review, at = lodged_against(world, order, "buyer")
    assert review.against["verb"] == "order_correction"
    operations.vary_review(**by_second(world, review, at), days=40, **SAID)
    assert clock.of(order).open().get(kind=Kind.CORRECTION).working_days == 40


def test_a_referral_can_be_annulled_by_its_review(world):
    order, _at = stages.order_46(world, "referred")
    review, at = lodged_against(world, order, "buyer")
    assert review.against["verb"] == "refer_order"
    operations.annul_review(**by_second(world, review, at), reason="证据不足")
    assert fresh(order).state == "annulled"


@pytest.mark.parametrize(("state", "version"), [("issued", "published"), ("final", "recalled")])
def test_a_take_down_annulled_by_a_review_gives_the_version_back_unless_it_was_recalled(world, state, version):
    measure, _at = stages.take_down(world, state)
    review, at = lodged_against(world, measure, "vendor")
    assert (review.reviewer, review.article) == (measure.issuer, "Art. 47")
    with pytest.raises(NotAllowed):  # of whoever issued it
        operations.annul_review(review=review, actor=world["reviewer"], at=at, reason="证据不足")
    operations.annul_review(review=review, actor=world["province_officer"], at=at, reason="证据不足")
    assert (fresh(measure).state, fresh(measure.version).state) == ("annulled", version)


def test_a_sellers_notice_is_reviewed_by_no_authority(world):
    notice, at = stages.notice(world, "issued")
    with pytest.raises(InvalidState, match=r"Art\. 40"):
        lodge(world, notice, at)
