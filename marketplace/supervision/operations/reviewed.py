"""What can be reviewed, and what a review does to it: orders and cautions are undone, refusals are decided anew."""

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import operations as accounts
from accounts.models import Party
from accounts.queries import authority_for, operator_for
from accounts.states import PartyState
from listings import operations as listing
from listings.models import ReleaseRule, Version
from listings.states import RuleState, VersionState
from marketplace import workflow
from marketplace.applications import operations as applying
from marketplace.applications.models import Application, Grant, GrantEdition, HoldCode, Item
from marketplace.applications.states import ApplicationState, EditionState, GrantState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after
from marketplace.documents.models import Document
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.ledger.queries import detail_of
from marketplace.supervision.caution import Caution, CautionState
from marketplace.supervision.closeout import Certificate
from marketplace.supervision.measure_kinds import Issuer
from marketplace.supervision.models import Measure
from marketplace.supervision.operations import order
from marketplace.supervision.operations.correction import forget_hearing, give_time, running_until
from marketplace.supervision.operations.derived import unflag_built
from marketplace.supervision.review import ABOUT, EACH, Review, adverse_acts, is_stayed
from marketplace.supervision.states import STANDING_MEASURE, MeasureState

Subject = Measure | Item | Application | Version | Caution | ReleaseRule | GrantEdition | Grant | Party
NAME_OF: dict[type, str] = {model: name for name, model in ABOUT.items()}
DECIDED_ANEW = ("refuse", "revoke_rule")  # acts; what any other has done is undone, or stands
CORRECTING = (MeasureState.ISSUED, MeasureState.EVIDENCE_FILED)
VARIED: Any = gettext_lazy("varied by a review")
pause, resume = order.pause_measure, order.resume_measure


class Reviewed(NamedTuple):
    """Of one kind of object: when it is reviewed; the paths to who asks, to the authority, and to the compliance review
    that decided on non-public data in its place."""

    states: tuple[str, ...]
    asker: str
    authority: str = "authority"
    reviewer: str = ""


REVIEWABLE: dict[type, Reviewed] = {
    Measure: Reviewed(
        (*STANDING_MEASURE, MeasureState.TERMINATED, MeasureState.REFERRED, MeasureState.FINAL),
        "party",
        reviewer="issuer",
    ),
    Item: Reviewed((ItemState.REFUSED,), "application.buyer", "application.authority"),
    Application: Reviewed((ApplicationState.REFUSED,), "buyer"),
    Version: Reviewed((VersionState.REFUSED,), "product.seller", reviewer="reviewer"),
    Caution: Reviewed((CautionState.IN_FORCE,), "party"),
    ReleaseRule: Reviewed((RuleState.REFUSED, RuleState.REVOKED), "product.seller", reviewer="basis.reviewer"),
    GrantEdition: Reviewed((EditionState.REFUSED,), "grant.buyer", "grant.authority"),
    Grant: Reviewed((GrantState.REVOKED,), "buyer"),
    Party: Reviewed((PartyState.REFUSED, PartyState.BARRED), "answers"),
}


def word_of(name: str) -> str:
    """What one of `ABOUT` is called in addresses: there a measure is an order."""
    return "order" if name == "measure" else name


def asker_of(subject: Subject) -> Party:
    """Who was refused, or against whom the order goes."""
    party: Party = attrgetter(REVIEWABLE[type(subject)].asker)(subject)
    return party


def decided_by(subject: Subject, at: datetime) -> tuple[Party, Party | None]:
    """The authority and, where it decided on non-public data in its place, the platform's compliance review.

    On a party the platform's operator decides; beside it stands the authority of the party's region. A take-down that
    the province required is the province's. Raises InvalidState where there is none.
    """
    if isinstance(subject, Measure) and subject.required_by is not None:
        return subject.required_by, None
    if isinstance(subject, Party):
        authority, reviewer = authority_for(subject.region, at), operator_for(subject.region, at)
    else:
        kind = REVIEWABLE[type(subject)]
        authority = attrgetter(kind.authority)(subject)
        reviewer = attrgetter(kind.reviewer)(subject) if kind.reviewer else None
    if authority is None:
        raise InvalidState(_("No authority is competent for this yet."))
    return authority, reviewer


def lock(subject: Any) -> Any:
    """As it is now, held against whoever changes it at the same time."""
    return type(subject)._base_manager.select_for_update(of=("self",)).get(pk=subject.pk)


def lock_measure(review: Review) -> Measure:
    """The order of a review, which still stands. Raises InvalidState where it is over, or it is a refusal."""
    if review.measure is None:
        raise InvalidState(_("Only an order is stayed: a refusal has no effect that could be paused."))
    measure: Measure = lock(review.measure)
    workflow.check_in(measure, *STANDING_MEASURE)
    return measure


def check_reviewable(subject: Subject, at: datetime) -> None:
    """Raises InvalidState where nothing was refused or ordered, where the seller decides for itself, after the term,
    and while another review of the same is open: of a party, of the same decision on it."""
    if _is_sellers(subject):
        raise InvalidState(_("A seller decides itself whom it supplies (Art. 40): no authority reviews that."))
    if isinstance(subject, Measure) and subject.rules.issuer == Issuer.SELLER:
        raise InvalidState(_("A seller gives its notice itself (Art. 40): no authority reviews that."))
    workflow.check_in(subject, *REVIEWABLE[type(subject)].states)
    if at >= term_of(subject):
        raise InvalidState(_("The term for asking for a review is over. The other remedies named there stay open."))
    name = NAME_OF[type(subject)]
    others = Review.objects.open().filter(**{name: subject})
    if name in EACH:
        others = others.filter(against__at=decision_on(subject)["at"])
    if others.exists():
        raise InvalidState(_("A review of this is open already."))


def _is_sellers(subject: Subject) -> bool:
    """Whether a seller of non-public data has decided it."""
    if isinstance(subject, GrantEdition):
        return not subject.grant.product.is_public_data
    application = subject.application if isinstance(subject, Item) else subject
    return isinstance(application, Application) and application.seller_id is not None


def term_of(subject: Subject) -> datetime:
    """Until when a review may be asked for: by the newest refusal, order or termination, of a measure from when its
    document was served."""
    newest = adverse_acts(subject).values_list("at", flat=True).last()
    assert newest is not None  # it is in a state that only such an act leads to
    served = _served_at(subject, newest) if isinstance(subject, Measure) else None
    return due_after(served or newest, clock.days(Kind.REVIEW_TERM))


def _served_at(measure: Measure, at: datetime) -> datetime | None:
    """When the document of what was decided on it at `at` was served; None of one from before that was recorded."""
    paper = Document.objects.of(measure).filter(issued_at=at).only("seen_at", "deemed_served_at").last()
    return paper.served_at if paper else None


def decision_on(subject: Subject) -> dict[str, str]:
    """What the newest refusal, order or termination said, to be kept with the review."""
    entry = adverse_acts(subject).select_related("detail").last()
    assert entry is not None
    said = detail_of(entry)
    kept = {name: str(said[name]) for name in ("facts", "demand", "reason", "remedy") if said.get(name)}
    return {"verb": entry.verb, "at": entry.at.isoformat(), "article": entry.article, "by": entry.actor_ref, **kept}


def is_decided_anew(review: Review) -> bool:
    """Whether it is asked against a refusal, or the end of a rule: such a case goes back to who decides."""
    return review.against["verb"] in DECIDED_ANEW


def annul(act: ledger.Act, review: Review, reason: str) -> None:
    """An order is annulled, also one that is over; a caution is void, and so is a refusal."""
    if is_decided_anew(review):
        return reopen(act, review, reason)
    ANNUL[type(review.subject)](act, review, reason)


def _annul_order(act: ledger.Act, review: Review, reason: str) -> None:
    order.annul(act, lock(review.measure), reason)


def _annul_caution(act: ledger.Act, review: Review, reason: str) -> None:
    """One that was lifted meanwhile stays lifted: that it ought not to have been issued, its history says."""
    caution = lock(review.caution)
    if caution.state == CautionState.LIFTED:
        ledger.record(act, caution, detail={"reason": reason})
    else:
        workflow.move(act, caution, CautionState.ANNULLED, detail={"reason": reason})


def _annul_revocation(act: ledger.Act, review: Review, reason: str) -> None:
    """The grant is served again, but for what else stands against it: its holds, and each order that names it.

    It stays ended, as its history says, where such an order has terminated the service since, its holder has ended, or
    its copies were certified as destroyed: then the buyer applies anew. Orders are locked before the grant, as in
    issuing them: what is issued at the same time holds it, or is seen here.
    """
    named = Measure.objects.filter(held__grant=review.grant, held__outcome="").order_by("pk")
    orders = list(named.select_for_update(of=("self",)))
    grant = lock(review.grant)
    ended = grant.buyer.state == PartyState.ENDED or Certificate.objects.filter(grant=grant).exists()
    if ended or any(one.state == MeasureState.TERMINATED for one in orders):
        ledger.record(act, grant, detail={"reason": reason})
        return
    applying.restore_grant(act, grant, reason)
    for one in orders:
        if one.state in STANDING_MEASURE and one.rules.suspends and not is_stayed(one):
            applying.open_hold(act, grant, HoldCode.MEASURE, ledger.reference(one), reason=one.demand)
    unflag_built(act, grant, reason)


def _annul_barring(act: ledger.Act, review: Review, reason: str) -> None:
    """A party that was verified again meanwhile and barred anew stays barred: that has a review of its own."""
    party = lock(review.registration)
    if review.against["at"] != decision_on(party)["at"]:
        ledger.record(act, party, detail={"reason": reason})
    else:
        accounts.readmit_party(act, party, reason)


def reopen(act: ledger.Act, review: Review, reason: str) -> None:
    """A refused case goes back to who decides, or, where its file is gone, to the seller. A caution is no case."""
    if not is_decided_anew(review):
        raise InvalidState(_("This stands or it does not: uphold or annul it."))
    REOPEN[type(review.subject)](act, review.subject, reason)


ANNUL: dict[type, Callable[[ledger.Act, Review, str], None]] = {
    Measure: _annul_order,
    Caution: _annul_caution,
    Grant: _annul_revocation,
    Party: _annul_barring,
}
REOPEN: dict[type, Callable[[ledger.Act, Any, str], None]] = {
    Item: applying.reopen_item,
    Application: applying.reopen_application,
    Version: listing.reopen_refused,
    ReleaseRule: listing.reopen_rule,
    GrantEdition: applying.reopen_change,
    Party: accounts.reopen_party,
}


def vary(act: ledger.Act, measure: Measure, days: int | None, free: Sequence[Grant]) -> None:
    """A new time to correct, and fewer grants held."""
    held = set(measure.held.filter(outcome="").values_list("grant", flat=True))
    freed = {grant.pk for grant in free}
    if not days and not freed:
        raise ValidationError({"days": _("Say what changes: the time to correct, or the grants that are held.")})
    if freed and not freed < held:
        raise ValidationError({"free": _("At least one of the grants held stays held: else annul the order.")})
    ledger.record(act, measure, detail={"days": days, "freed": list(free)})
    if days:
        _give_time(act, measure, days)
    order.release_grants(act, measure, free)
    order.tell_party(act, measure, VARIED, **(running_until(measure) if days else {}))


def _give_time(act: ledger.Act, measure: Measure, days: int) -> None:
    """From now on, also where the time was over, and with a new hearing after it; what was filed in the meantime is
    still looked at first."""
    if measure.state not in CORRECTING:
        raise ValidationError({"days": _("A refusal to correct was found: there is no time to correct any more.")})
    forget_hearing(measure, act.at)
    give_time(measure, act.at, days)
    if measure.state == MeasureState.EVIDENCE_FILED:
        clock.pause(measure, Kind.CORRECTION, act.at)
