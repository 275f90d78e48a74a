"""A measure, what it holds and what its party does at once: one order of events."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import EvidenceFile
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant, Hold
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import AccessRecord, Delivery
from marketplace.desk.story import apply_for, consult, decide
from marketplace.errors import InvalidState, StaleState
from marketplace.ledger.models import Entry
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import Measure
from marketplace.supervision.operations import correction, evidence
from marketplace.supervision.second_pair import SecondPairRule, Signature
from tests.races.together import ROUNDS, entries, fresh, one_won, together
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


def slow(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Between the look at the case and what follows from it the other has the time to come in: only a lock keeps it
    out."""
    real = getattr(module, name)

    def late(*args: Any, **kwargs: Any) -> Any:
        time.sleep(0.2)
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, late)


def test_one_order_issued_twice_at_once_has_one_number_and_one_hold(world, grant):
    measure = stages.proposal(world, grant)
    act = {"at": world.at, "facts": "-", "demand": "-", "remedy": "-"}
    outcomes = together(
        *(
            lambda who=who: supervision.issue_order(measure=fresh(measure), actor=world[who], **act)
            for who in ("officer", "second_officer", "officer")
        )
    )
    one_won(outcomes)
    assert (Hold.objects.count(), entries(measure, "issue_order"), fresh(measure).number) == (
        1,
        1,
        "350100-33-2026-0001",
    )


def test_orders_of_one_authority_at_once_have_numbers_of_their_own(world, grant):
    grants = [grant, stages.active_grant(world), stages.active_grant(world, buyer="other_buyer")]
    measures = [stages.proposal(world, one) for one in grants]
    outcomes = together(*(lambda one=one: stages.issue(fresh(one), world, world.at) for one in measures))
    assert outcomes == measures
    numbers = Measure.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == ["350100-33-2026-0001", "350100-33-2026-0002", "350100-33-2026-0003"]


def test_two_officers_sign_as_the_first_at_once_and_one_is(world, grant):
    SecondPairRule.objects.create(authority=grant.authority, by=world["officer"], since=world.at)
    made = stages.proposal(world, grant)
    texts = {"at": world.at, **stages.CHARGE, "remedy": stages.REMEDY}
    one_won(together(*(
        lambda who=who: supervision.issue_order(measure=fresh(made), actor=world[who], **texts)
        for who in ("officer", "second_officer")
    )))  # fmt: skip
    assert (Signature.objects.count(), Hold.objects.count(), fresh(made).state) == (1, 0, "proposed")


def test_order_lifted_and_annulled_at_once(world, grant):
    measure = stages.order(world, grant)
    outcomes = together(
        lambda: supervision.lift_order(measure=fresh(measure), actor=world["officer"], at=world.at, reason="-"),
        lambda: supervision.annul_order(measure=fresh(measure), actor=world["second_officer"], at=world.at, reason="-"),
    )
    one_won(outcomes)
    state = fresh(measure).state
    outcome = {"lifted": "resumed", "annulled": "annulled"}[state]
    assert (Hold.objects.get().state, measure.held.get().outcome) == (state, outcome)


def test_an_order_lifted_while_a_second_is_issued_leaves_the_grant_held_by_the_second(world, grant):
    for round in range(min(ROUNDS, 5)):
        first = stages.order(world, grant, world.at + timedelta(seconds=2 * round))
        second = stages.proposal(world, grant, world.at + timedelta(seconds=2 * round + 1))
        act = {"actor": world["officer"], "at": world.at, "reason": "已改正"}
        outcomes = together(
            lambda m=first, a=act: supervision.lift_order(measure=fresh(m), **a),
            lambda m=second: stages.issue(fresh(m), world, world.at),
        )
        assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
        held = Hold.objects.filter(grant=grant, state="open")
        assert [hold.source_ref for hold in held] == [f"supervision.measure:{second.pk}"]
        assert not fresh(grant).is_in_effect(world.at)
        supervision.lift_order(measure=fresh(second), **act)


def test_refusal_found_and_evidence_filed_at_once_the_case_knows_what_came_first(world, grant):
    made, at = stages.measure(world, "issued+hearing")
    outcomes = together(
        lambda: supervision.find_refusal(measure=fresh(made), actor=world["officer"], at=at, reason="逾期"),
        lambda: supervision.file_evidence(measure=fresh(made), actor=world["buyer"], at=at, text="已停用"),
    )
    found, filed = (one is None for one in outcomes)
    assert filed and all(one is None or isinstance(one, InvalidState) for one in outcomes), outcomes
    # found first, what is filed then changes nothing of it; filed first, it has to be read first
    assert fresh(made).state == ("refused_to_correct" if found else "evidence_filed")
    assert (entries(made, "find_refusal"), entries(made, "file_evidence")) == (found, filed)
    assert made.evidence.filter(kind="correction").count() == filed
    assert not fresh(made.held.get().grant).is_in_effect(at)


@pytest.mark.parametrize("what", ["text", "file"])
def test_terminated_and_evidence_filed_at_once_nothing_is_filed_on_what_is_over(world, what, monkeypatch):
    """Whoever comes first: terminated, nothing is filed any more; filed, it is read before the service ends."""
    slow(monkeypatch, correction, "rested_on")
    slow(monkeypatch, evidence, "attach")
    for _ in range(max(2, ROUNDS // 3)):
        made, at = stages.measure(world, "refused_to_correct")
        before = made.evidence.count(), EvidenceFile.objects.of(made).count()
        buyer, officer = {"actor": world["buyer"], "at": at}, {"actor": world["officer"], "at": at}
        act = {
            "text": lambda m=made, by=buyer: supervision.file_evidence(measure=fresh(m), text="已停用", **by),
            "file": lambda m=made, by=buyer: supervision.add_measure_evidence(
                measure=fresh(m), path=stages.paper("late"), **by
            ),
        }[what]
        end = {"reason": "拒不改正", "remedy": stages.REMEDY, **officer}
        ended, filed = together(lambda m=made, e=end: supervision.terminate_service(measure=fresh(m), **e), act)
        one_won([ended, None if isinstance(filed, EvidenceFile) else filed])
        grant = made.held.get().grant
        state, more = ("terminated", 0) if ended is None else ("refused_to_correct", 1)
        assert (fresh(made).state, fresh(grant).state) == (state, "terminated" if ended is None else "active")
        after = made.evidence.count(), EvidenceFile.objects.of(made).count()
        assert sum(after) - sum(before) == more
        newest = Entry.objects.filter(object_type="supervision.measure", object_id=str(made.pk)).exclude(new="")
        assert newest.latest("pk").new == state
        supervision.note_seen(measure=fresh(made), **officer)
        if ended is not None:  # what was filed is read now
            supervision.terminate_service(measure=fresh(made), **end)
        with pytest.raises(InvalidState):
            act()
        assert sum((made.evidence.count(), EvidenceFile.objects.of(made).count())) == sum(after)


def test_terminated_and_lifted_at_once_it_ends_one_way(world):
    made, at = stages.measure(world, "refused_to_correct")
    officer = {"actor": world["officer"], "at": at, "reason": "-"}
    one_won(together(
        lambda: supervision.terminate_service(measure=fresh(made), remedy=stages.REMEDY, **officer),
        lambda: supervision.lift_order(measure=fresh(made), **officer),
    ))  # fmt: skip
    grant = fresh(made.held.get().grant)
    assert (fresh(made).state, grant.state) in {("terminated", "terminated"), ("lifted", "active")}


def test_grant_is_not_given_back_while_its_order_is_being_signed(world):
    """The buyer looks for holds, the officer signs, the buyer goes on: one of the two must have waited."""
    for _ in range(ROUNDS // 3):
        grant = stages.active_grant(world)
        measure = stages.proposal(world, grant)
        one_won(
            together(
                lambda measure=measure: stages.issue(fresh(measure), world, world.at),
                lambda grant=grant: applications.surrender_grant(
                    grant=fresh(grant), actor=world["buyer"], at=world.at, reason="不用了"
                ),
            )
        )
        assert (fresh(measure).state, fresh(grant).state) in [("issued", "active"), ("proposed", "surrendered")]


def test_nothing_is_handed_over_once_the_suspension_is_recorded(world, grant, monkeypatch):
    """Both write their entries while they hold the grant's lock, so the entries' order is the order of the locks."""
    judge = gate.judge

    def slow(*args: Any) -> gate.Verdict:
        verdict = judge(*args)
        time.sleep(0.02)  # between the verdict and its record
        return verdict

    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)  # the file is there
    monkeypatch.setattr(gate, "judge", slow)

    def download() -> str:
        try:
            delivery.deliver(grant=fresh(grant), version=fresh(world.version), actor=world["buyer"], at=world.at)
        except gate.Denied as no:
            return no.code
        return "ok"

    seen = set()
    for round in range(ROUNDS):
        measure = stages.proposal(world, grant, world.at + timedelta(seconds=round))
        wait = round % 4 * 0.008
        order = lambda m=measure, w=wait: (time.sleep(w), stages.issue(m, world, world.at))  # noqa: E731
        before = Delivery.objects.count()
        issued, *codes = together(order, download, download)
        assert issued == (None, measure)
        assert set(codes) <= {"ok", "suspended"}
        assert Delivery.objects.count() - before == codes.count("ok")
        hold = Entry.objects.filter(object_type="applications.hold", verb="issue_order").latest("pk")
        last = Entry.objects.filter(verb="deliver").latest("pk")
        assert last.pk < hold.pk, "handed over after the suspension"
        assert download() == "suspended"
        seen |= set(codes)
        supervision.lift_order(measure=measure, actor=world["officer"], at=world.at, reason="-")
    assert AccessRecord.objects.filter(outcome="allowed").count() == Delivery.objects.count()
    assert "suspended" in seen or connection.vendor == "sqlite"


def test_an_offer_accepted_while_an_order_holds_it_begins_suspended(world, grant):
    measure, offer = stages.proposal(world, grant), offered_too(world)
    act = {"actor": world["officer"], "at": world.at, **stages.CHARGE, "remedy": stages.REMEDY}
    outcomes = together(
        lambda: supervision.issue_order(measure=fresh(measure), grants=[fresh(offer)], **act),
        lambda: applications.accept_grant(grant=fresh(offer), actor=world["buyer"], at=world.at, terms_accepted=True),
    )
    assert outcomes == [None, None]
    assert (fresh(offer).state, fresh(offer).holds.get().state) == ("active", "open")
    assert not offer.is_in_effect(world.at)


def test_an_offer_accepted_while_its_order_ends_the_service_ends_with_it(world, grant):
    measure, offer = stages.proposal(world, grant), offered_too(world)
    officer = {"measure": measure, "actor": world["officer"], "at": world.at, "remedy": stages.REMEDY}
    supervision.issue_order(**officer, **stages.CHARGE, grants=[offer])
    stages.find_refusal(measure, world)
    terminated, accepted = together(
        lambda: supervision.terminate_service(**{**officer, "measure": fresh(measure)}, reason="拒不改正"),
        lambda: applications.accept_grant(grant=fresh(offer), actor=world["buyer"], at=world.at, terms_accepted=True),
    )
    assert terminated is None
    assert fresh(offer).state == ("terminated" if accepted is None else "declined")
    assert accepted is None or isinstance(accepted, (InvalidState, StaleState))


def offered_too(world: Any) -> Grant:
    """Another grant of the buyer, whose terms are not accepted yet."""
    case = apply_for(world.product, world.cast, world.at, world.fields)
    consult(case, world.cast, world.at)
    return decide(case, world.cast, world.at)
