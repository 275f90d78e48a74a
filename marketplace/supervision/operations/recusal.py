"""Whoever decides on a measure or a finding steps back, with a reason, and passes it to somebody else (Art. 45)."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import people_of, recipient, recipients
from marketplace import workflow
from marketplace.errors import InvalidState, is_allowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.deadlines import level_above
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.operations.second_pair import overtake_signature
from marketplace.supervision.operations.taking import OPEN_MEASURE
from marketplace.supervision.review import Recusal
from marketplace.supervision.second_pair import is_waiting, waiting_signature
from marketplace.supervision.states import FindingState

ARTICLE = "Art. 45"
_CHECKS: dict[type, tuple[Callable[..., None], Callable[..., None]]] = {
    Measure: (permissions.check_can_confirm, permissions.check_can_take_measure),
    Finding: (permissions.check_can_answer_finding, permissions.check_can_take_finding),
}


@transaction.atomic
def recuse_from_measure(
    *, measure: Measure, actor: User, at: datetime, reason: str, colleague: User | None = None
) -> None:  # fmt: skip
    """Who decides on a measure steps back for good, from its review as well; `colleague`, or else everybody who is left
    and the level above, is told. What they signed and nobody has confirmed is signed anew.

    Raises InvalidState where nobody would be left, ValidationError for a colleague who may not decide on it.
    """
    permissions.check_can_order(actor, measure, at)
    require(reason=reason)
    locked = Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)
    workflow.check_in(locked, *OPEN_MEASURE)
    if colleague and not is_allowed(permissions.check_can_order, colleague, locked, at):
        raise ValidationError({"colleague": _("This person may not decide on it either.")})
    act = _recuse(locked, actor, at, reason, colleague)
    signature = waiting_signature(locked)
    if signature is not None and signature.by == actor:
        overtake_signature(act, locked)


@transaction.atomic
def recuse_from_finding(
    *, finding: Finding, actor: User, at: datetime, reason: str, colleague: User | None = None
) -> None:  # fmt: skip
    """Who answers an open finding steps back for good, from the measures that answer it as well. As of a measure."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(reason=reason)
    locked = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    workflow.check_in(locked, FindingState.OPEN)
    if colleague and not is_allowed(permissions.check_can_answer_finding, colleague, locked, at):
        raise ValidationError({"colleague": _("This person may not decide on it either.")})
    _recuse(locked, actor, at, reason, colleague)


def _recuse(case: Measure | Finding, actor: User, at: datetime, reason: str, colleague: User | None) -> ledger.Act:
    if colleague == actor:
        raise ValidationError({"colleague": _("Name somebody else.")})
    if not has_others(case, actor, at):
        raise InvalidState(_("Nobody else could decide on it: ask for a deputy or a colleague first."))
    about = {"measure": case} if isinstance(case, Measure) else {"finding": case}
    Recusal.objects.create(**about, user=actor, reason=reason, at=at, colleague=colleague)
    act = ledger.begin("recuse", actor, at, ARTICLE)
    ledger.record(act, case, detail={"reason": reason, "colleague": colleague})
    told = [recipient(colleague)] if colleague else [
        to for to in recipients(case.signatory, at) if to.ref != actor.ledger_ref
    ]  # fmt: skip
    above = level_above(case.signatory, at)
    if not colleague and above is not None:
        told += recipients(above, at)
    tell(act, told, "recused", link=case.get_absolute_url(), object=case, name=actor.name, reason=reason)
    return act


def has_others(case: Measure | Finding, actor: User, at: datetime) -> bool:
    """Whether somebody else is left who may decide, or take the case over."""
    return any(person != actor for person in able(case, at))


def could_pass_on(case: Measure | Finding, at: datetime) -> bool:
    """Whether of all who may decide one could step back; who signed first may, where another confirms it."""
    people = set(islice(able(case, at), 2))
    return len(people) > 1 or (bool(people) and isinstance(case, Measure) and is_waiting(case))


def able(case: Measure | Finding, at: datetime) -> Iterator[User]:
    """Those of the same party who may decide, and of the level above who may take it over, as they are asked for. Of
    what waits for a second signature, not who signed first."""
    check, take = _CHECKS[type(case)]
    above = level_above(case.signatory, at)
    for may, party in ((check, case.signatory), (take, above)):
        if party is not None:
            yield from (person for person in people_of(party, at) if is_allowed(may, person, case, at))
