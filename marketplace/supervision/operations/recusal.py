"""Whoever decides on a measure or a finding steps back, with a reason, and passes it to somebody else (Art. 45)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import MANAGERS
from accounts.queries import people_of, recipient, recipients
from marketplace import workflow
from marketplace.errors import InvalidState, is_allowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.deadlines import level_above
from marketplace.supervision.measure_kinds import Issuer
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.operations.second_pair import overtake_signature
from marketplace.supervision.operations.taking import OPEN_MEASURE
from marketplace.supervision.review import Recusal
from marketplace.supervision.second_pair import waiting_signature
from marketplace.supervision.states import FindingState

ARTICLE = "Art. 45"


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
    if not has_others(case, at):
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


def has_others(case: Measure | Finding, at: datetime) -> bool:
    """Whether somebody is left to decide: a second person who acts for the same party, or a level above it."""
    if level_above(case.signatory, at) is not None:
        return True
    people = people_of(case.signatory, at).exclude(pk__in=case.recusals.values("user"))
    if isinstance(case, Measure) and case.rules.issuer == Issuer.SELLER:
        people = people.filter(memberships__party=case.signatory, memberships__role__in=MANAGERS)
    return people.distinct().count() > 1
