"""Standing rules are signed and withdrawn by officers who could act themselves."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.standing import ACTIONS, Action, StandingRule

ARTICLE = "Art. 45"


@transaction.atomic
def sign_standing_rule(
    *, monitor: str, action: str, actor: User, at: datetime, authority: Party, reason: str, text: str = ""
) -> StandingRule:
    """From now on `action` may follow by itself: of the province everywhere, of a city in its own cases.

    Replaces the rule that held for the same. `text` is the demand of a proposed order. Raises ValidationError for an
    action that this monitor does not have.
    """
    is_for_all = permissions.check_can_sign_rule(actor, authority, at)
    require(reason=reason)
    if action not in ACTIONS.get(monitor, ()):
        raise ValidationError(_("This does not follow from this monitor."))
    if text and action != Action.PROPOSE:
        raise ValidationError({"text": _("Only a proposed order has a text.")})
    act = ledger.begin("sign_standing_rule", actor, at, ARTICLE)
    Party.objects.select_for_update().get(pk=authority.pk)
    same = StandingRule.objects.in_force().filter(monitor=monitor, action=action, is_for_all=is_for_all)
    for old in same if is_for_all else same.filter(authority=authority):
        _end(act, old, actor, reason)
    rule = StandingRule.objects.create(
        monitor=monitor, action=action, authority=authority, is_for_all=is_for_all, text=text, signed_by=actor,
        signed_at=at,
    )  # fmt: skip
    detail = {"monitor": monitor, "action": action, "authority": authority, "text": text, "reason": reason}
    ledger.record(act, rule, detail=detail)
    return rule


@transaction.atomic
def withdraw_standing_rule(*, rule: StandingRule, actor: User, at: datetime, reason: str) -> StandingRule:
    """Nothing follows by it any more. What already followed stays. By the authority that signed it, what holds for all
    by the province."""
    permissions.check_can_withdraw_rule(actor, rule, at)
    require(reason=reason)
    _end(ledger.begin("withdraw_standing_rule", actor, at, ARTICLE), rule, actor, reason)
    return rule


def _end(act: ledger.Act, rule: StandingRule, actor: User, reason: str) -> None:
    changed = StandingRule.objects.in_force().filter(pk=rule.pk).update(withdrawn_at=act.at, withdrawn_by=actor)
    if not changed:
        raise InvalidState(_("This rule was withdrawn already."))
    ledger.record(act, rule, new="withdrawn", detail={"reason": reason})
