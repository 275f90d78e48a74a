"""What can be reviewed, and what a review does to it: an order, an item, an application or a version refused."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Party
from listings import operations as listing
from listings.models import Version
from listings.states import VersionState
from marketplace import workflow
from marketplace.applications import operations as applying
from marketplace.applications.models import Application, Grant, Item
from marketplace.applications.states import ApplicationState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.supervision.caution import Caution, CautionState
from marketplace.supervision.measure_kinds import Issuer
from marketplace.supervision.models import Measure
from marketplace.supervision.operations import order
from marketplace.supervision.review import Review, adverse_acts
from marketplace.supervision.states import STANDING_MEASURE, MeasureState

Subject = Measure | Item | Application | Version | Caution
ABOUT: dict[type, str] = {
    Measure: "measure",
    Item: "item",
    Application: "application",
    Version: "version",
    Caution: "caution",
}
REVIEWABLE: dict[type, tuple[str, ...]] = {
    Measure: (*STANDING_MEASURE, MeasureState.TERMINATED, MeasureState.REFERRED, MeasureState.FINAL),
    Item: (ItemState.REFUSED,),
    Application: (ApplicationState.REFUSED,),
    Version: (VersionState.REFUSED,),
    Caution: (CautionState.IN_FORCE,),
}
CORRECTING = (MeasureState.ISSUED, MeasureState.EVIDENCE_FILED)
VARIED: Any = gettext_lazy("varied by a review")
pause, resume = order.pause_measure, order.resume_measure


def asker_of(subject: Subject) -> Party:
    """Who was refused, or against whom the order goes."""
    if isinstance(subject, Measure | Caution):
        return subject.party
    if isinstance(subject, Version):
        return subject.product.seller
    return _application_of(subject).buyer


def decided_by(subject: Subject) -> tuple[Party, Party | None]:
    """The authority and, where it refused non-public data in its place, the platform's compliance review."""
    if isinstance(subject, Measure):
        return subject.authority, subject.issuer
    if isinstance(subject, Caution):
        return subject.authority, None
    case: Any = subject if isinstance(subject, Version) else _application_of(subject)
    assert case.authority is not None  # it was submitted
    return case.authority, getattr(case, "reviewer", None)


def _application_of(subject: Item | Application) -> Application:
    return subject.application if isinstance(subject, Item) else subject


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
    """Raises InvalidState where nothing was refused or ordered, where the seller decides for itself, after the term."""
    if isinstance(subject, Item | Application) and _application_of(subject).seller_id is not None:
        raise InvalidState(_("A seller decides itself whom it supplies (Art. 40): no authority reviews that."))
    if isinstance(subject, Measure) and subject.rules.issuer == Issuer.SELLER:
        raise InvalidState(_("A seller gives its notice itself (Art. 40): no authority reviews that."))
    workflow.check_in(subject, *REVIEWABLE[type(subject)])
    if at >= term_of(subject):
        raise InvalidState(_("The term for asking for a review is over. The other remedies named there stay open."))


def term_of(subject: Subject) -> datetime:
    """Until when a review may be asked for: by the newest refusal, order or termination."""
    newest = adverse_acts(subject).values_list("at", flat=True).last()
    assert newest is not None  # it is in a state that only such an act leads to
    return due_after(newest, clock.days(Kind.REVIEW_TERM))


def decision_on(subject: Subject) -> dict[str, str]:
    """What the newest refusal, order or termination said, to be kept with the review."""
    entry = adverse_acts(subject).select_related("detail").last()
    assert entry is not None
    said = json.loads(entry.detail.json) if hasattr(entry, "detail") else {}
    kept = {name: str(said[name]) for name in ("facts", "demand", "reason", "remedy") if said.get(name)}
    return {"verb": entry.verb, "at": entry.at.isoformat(), "article": entry.article, "by": entry.actor_ref, **kept}


def annul(act: ledger.Act, subject: Subject, reason: str) -> None:
    """An order is annulled, also one that is over; a caution is void, and so is a refusal."""
    if isinstance(subject, Measure):
        return order.annul(act, lock(subject), reason)
    if isinstance(subject, Caution):
        return _annul_caution(act, lock(subject), reason)
    reopen(act, subject, reason)


def _annul_caution(act: ledger.Act, caution: Caution, reason: str) -> None:
    """One that was lifted meanwhile stays lifted: that it ought not to have been issued, its history says."""
    if caution.state == CautionState.LIFTED:
        ledger.record(act, caution, detail={"reason": reason})
    else:
        workflow.move(act, caution, CautionState.ANNULLED, detail={"reason": reason})


def reopen(act: ledger.Act, subject: Any, reason: str) -> None:
    """A refused case goes back to who decides, or, where its file is gone, to the seller. A caution is no case."""
    if isinstance(subject, Caution):
        raise InvalidState(_("A caution stands or it does not: uphold or annul it."))
    if isinstance(subject, Item):
        return applying.reopen_item(act, subject, reason)
    if isinstance(subject, Application):
        return applying.reopen_application(act, subject, reason)
    listing.reopen_refused(act, subject, reason)


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
    order.tell_party(act, measure, VARIED)


def _give_time(act: ledger.Act, measure: Measure, days: int) -> None:
    """From now on, also where the time was over; what was filed in the meantime is still looked at first."""
    if measure.state not in CORRECTING:
        raise ValidationError({"days": _("A refusal to correct was found: there is no time to correct any more.")})
    clock.stop(measure, act.at, Kind.CORRECTION)
    clock.start(measure, Kind.CORRECTION, act.at, length=days)
    if measure.state == MeasureState.EVIDENCE_FILED:
        clock.pause(measure, Kind.CORRECTION, act.at)
