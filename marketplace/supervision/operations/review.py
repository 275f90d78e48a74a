"""Review of a refusal or a measure: asked for within a term, decided with reasons by somebody else (Arts 45, 47).

What it does to the decision stands in `reviewed.py`: nothing is ever approved by a review.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.evidence import process
from accounts.models import EvidenceFile, User
from accounts.operations import step_back
from accounts.operations.evidence import attach, rested_on, withdraw
from accounts.queries import level_above, recipients
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.operations import papers, reviewed
from marketplace.supervision.review import Review
from marketplace.supervision.states import ReviewState

STAYED, STAY_ENDED = gettext_lazy("stayed until it is decided"), gettext_lazy("no longer stayed")


@transaction.atomic
def lodge_review(*, subject: reviewed.Subject, actor: User, at: datetime, text: str) -> Review:
    """Whoever was refused, or is ordered something, asks for a review, with reasons; it pauses nothing by itself.

    Another officer than who decided, or the level above, is told and has a deadline. Raises InvalidState where nothing
    was refused or ordered, after the term, and while another review of the same is open.
    """
    party = reviewed.asker_of(subject)
    permissions.check_can_ask_for_review(actor, party, at)
    require(text=text)
    subject = reviewed.lock(subject)
    reviewed.check_reviewable(subject, at)
    authority, reviewer = reviewed.decided_by(subject, at)
    review = Review.objects.create(
        **{reviewed.NAME_OF[type(subject)]: subject}, party=party, authority=authority,
        above=level_above(authority, at), reviewer=reviewer, against=reviewed.decision_on(subject), text=text,
        by=actor, created_at=at,
    )  # fmt: skip
    act = ledger.begin("lodge_review", actor, at, review.article)
    ledger.record(act, review, new=review.state, detail={"of": subject, "text": text})
    due = last_day(clock.start(review, Kind.REVIEW, at).due_at)
    told = recipients(authority, at) + (recipients(reviewer, at) if reviewer else [])
    tell(
        act, told, "review_lodged", link=review.get_absolute_url(),
        number=review.number, subject=subject, party=party, due=due,
    )  # fmt: skip
    return review


@transaction.atomic
def stay_review(*, review: Review, actor: User, at: datetime, reason: str) -> None:
    """The order takes no effect until it is decided: what it holds is served, the time to correct stands still.

    A take-down gives back what it alone holds. Raises InvalidState where the order is over, a final one with it.
    """
    permissions.check_can_decide_review(actor, review, at)
    require(reason=reason)
    review = _locked(review)
    measure = reviewed.lock_measure(review)
    if review.is_staying:
        raise InvalidState(_("It is stayed already."))
    act = ledger.begin("stay", actor, at, review.article)
    Review.objects.filter(pk=review.pk).update(stayed_at=at, stayed_by=actor, stay_ended_at=None)
    ledger.record(act, review, detail={"reason": reason})
    reviewed.pause(act, measure, reason)
    _tell(act, review, STAYED, reason)


@transaction.atomic
def end_stay(*, review: Review, actor: User, at: datetime, reason: str) -> None:
    """An order that still stands suspends again, before the review is decided."""
    permissions.check_can_decide_review(actor, review, at)
    require(reason=reason)
    review = _locked(review)
    if not review.is_staying:
        raise InvalidState(_("It is not stayed."))
    act = ledger.begin("end_stay", actor, at, review.article)
    ledger.record(act, review, detail={"reason": reason})
    _end_stay(act, review)
    _tell(act, review, STAY_ENDED, reason)


@transaction.atomic
def uphold_review(*, review: Review, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """lodged → upheld: the decision stands as it is, and a stay ends. Names its remedy."""
    require(remedy=remedy)
    act, review = _decide("uphold", review, ReviewState.UPHELD, actor, at, reason, remedy)
    _end_stay(act, review)
    _write(act, review)


@transaction.atomic
def vary_review(
    *, review: Review, actor: User, at: datetime, reason: str, remedy: str, days: int | None = None,
    free: Sequence[Grant] = (),
) -> None:  # fmt: skip
    """lodged → varied. Of an order: `days` working days from now to correct, the grants in `free` are held no longer.

    Of a refusal: the case goes back for a new decision that heeds the reasons. Names its remedy. Raises
    ValidationError for an order where nothing would change, or where no grant would be left.
    """
    require(remedy=remedy)
    changes = {"days": days, "freed": list(free)} if review.measure_id else {}
    act, review = _decide("vary", review, ReviewState.VARIED, actor, at, reason, remedy, **changes)
    if review.measure_id is None:
        reviewed.reopen(act, review, reason)
    else:
        reviewed.vary(act, reviewed.lock_measure(review), days, free)
        _end_stay(act, review)
    _write(act, review, days, free)


@transaction.atomic
def annul_review(*, review: Review, actor: User, at: datetime, reason: str) -> None:
    """lodged → annulled: an order is annulled, whatever has become of it; a refusal is void and the case reopens."""
    act, review = _decide("annul", review, ReviewState.ANNULLED, actor, at, reason)
    _close_stay(act, review)
    reviewed.annul(act, review, reason)
    _write(act, review)


@transaction.atomic
def withdraw_review(*, review: Review, actor: User, at: datetime) -> None:
    """lodged → withdrawn, by who asked: the decision stands, and a stay ends."""
    permissions.check_can_keep_review(actor, review, at)
    review = _locked(review)
    act = ledger.begin("withdraw", actor, at, review.article)
    workflow.move(act, review, ReviewState.WITHDRAWN)
    clock.stop(review, at)
    _end_stay(act, review)
    _tell(act, review, ReviewState.WITHDRAWN.label)


@transaction.atomic
def recuse_from_review(*, review: Review, actor: User, at: datetime, reason: str) -> None:
    """An officer who is biased says so: somebody else decides it."""
    permissions.check_can_recuse(actor, review, at)
    require(reason=reason)
    review = _locked(review)
    act = ledger.begin("recuse_review", actor, at, review.article)
    step_back(act, review, reason=reason)
    ledger.record(act, review, detail={"reason": reason})


def add_review_evidence(*, review: Review, actor: User, at: datetime, path: Path, note: str = "") -> EvidenceFile:
    """Who asked adds a file while the review is open. As `accounts.add_party_evidence` otherwise."""
    permissions.check_can_keep_review(actor, review, at)
    workflow.check_in(review, ReviewState.LODGED)
    kind = process.kind_of(path)
    with transaction.atomic():
        locked = _locked(review)
        act = ledger.begin("add_evidence", actor, at, locked.article)
        return attach(act, locked, locked.party, path, kind, subject="other", note=note)


@transaction.atomic
def withdraw_review_evidence(*, review: Review, actor: User, at: datetime, evidence: EvidenceFile) -> None:
    """Who added a file takes it back before the review is decided."""
    permissions.check_can_withdraw_review_evidence(actor, review, at)
    locked = _locked(review)
    withdraw(ledger.begin("withdraw_evidence", actor, at, locked.article), locked, evidence)


def _decide(
    verb: str, review: Review, new: str, actor: User, at: datetime, reason: str, remedy: str = "", **detail: Any
) -> tuple[ledger.Act, Review]:
    """What every decision has in common: who may, the row held, moved and told. The row is locked before any other."""
    permissions.check_can_decide_review(actor, review, at)
    require(reason=reason)
    review = _locked(review)
    act = ledger.begin(verb, actor, at, review.article)
    workflow.move(
        act, review, new, decided_at=at, decided_by=actor, reason=reason, remedy=remedy,
        detail={"reason": reason, "remedy": remedy, **detail, **rested_on(review)},
    )  # fmt: skip
    clock.stop(review, at)
    _tell(act, review, ReviewState(new).label, reason, remedy)
    return act, review


def _write(act: ledger.Act, review: Review, days: int | None = None, freed: Sequence[Grant] = ()) -> None:
    """The document, of the authority whose officer decided."""
    issuer = permissions.reviewing_party(act.actor, review, act.at)
    papers.write_review(act, review, issuer, days, "\n".join(grant.number for grant in freed))


def _locked(review: Review) -> Review:
    locked = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    workflow.check_in(locked, ReviewState.LODGED)
    return locked


def _end_stay(act: ledger.Act, review: Review) -> None:
    if _close_stay(act, review):
        reviewed.resume(act, reviewed.lock(review.measure))


def _close_stay(act: ledger.Act, review: Review) -> bool:
    stayed = Review.objects.filter(pk=review.pk, stayed_at__isnull=False, stay_ended_at=None)
    return stayed.update(stay_ended_at=act.at) == 1


def _tell(act: ledger.Act, review: Review, state: Any, *texts: str) -> None:
    """All sides: who asked, and whose decision it was."""
    told = recipients(review.party, act.at) + recipients(review.reviewer or review.authority, act.at)
    tell(
        act, told, "review_moved", link=review.get_absolute_url(), number=review.number, state=state,
        reason=" ".join(filter(None, texts)),
    )  # fmt: skip
