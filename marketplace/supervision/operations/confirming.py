"""The second of two signatures: it gives effect to what another officer signed, or sends it back."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import recipient
from marketplace.errors import InvalidState, is_allowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.order import check_can_hold_also, hold_also, issue, refer, terminate
from marketplace.supervision.operations.second_pair import end_signature
from marketplace.supervision.operations.take_down import finish
from marketplace.supervision.queries import grants_signed_for
from marketplace.supervision.second_pair import Outcome, Signature, What

# What was signed: its word in the ledger, where the kind of measure does not say it, and how it takes effect.
EFFECTS: dict[str, tuple[str, Callable[..., None]]] = {
    What.ISSUE: ("", issue),
    What.TERMINATE: ("terminate", terminate),
    What.REFER: ("refer_order", refer),
    What.FINAL: ("make_final", finish),
}


@transaction.atomic
def confirm_signature(*, measure: Measure, actor: User, at: datetime) -> None:
    """What another officer signed takes effect now, with their texts: an order with its suspension, in one act, or what
    ends the case. Raises NotAllowed for whoever signed it, InvalidState where nothing waits or who signed first could
    not sign it any more."""
    permissions.check_can_confirm(actor, measure, at)
    signature = _locked(measure)
    if not is_allowed(permissions.check_can_sign, signature.by, measure, at):
        raise InvalidState(_("Who signed first may not sign this any more: send it back."))
    verb, take_effect = EFFECTS[signature.what]
    act = ledger.begin(verb or measure.rules.issued_as, actor, at, measure.article)
    end_signature(act, signature, Outcome.CONFIRMED)
    if grants := grants_signed_for(signature, at):
        if not is_allowed(check_can_hold_also, signature.by, measure, grants, at):
            raise InvalidState(_("Who signed first belongs to a side of a grant that it would hold now: send it back."))
        hold_also(measure, grants, actor, at)
    texts: dict[str, Any] = {name: text for name, text in signature.texts.items() if name != "grants"}
    take_effect(act, measure, **texts)


@transaction.atomic
def send_back(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """Another officer does not confirm it, with reasons that the first is told: it is as before the first signed."""
    permissions.check_can_confirm(actor, measure, at)
    require(reason=reason)
    signature = _locked(measure)
    act = ledger.begin("send_back", actor, at, measure.article)
    end_signature(act, signature, Outcome.SENT_BACK, reason=reason)
    tell(
        act, [recipient(signature.by)], "measure_sent_back", link=measure.get_absolute_url(), object=measure, by=actor,
        reason=reason,
    )  # fmt: skip


def _locked(measure: Measure) -> Signature:
    Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)
    signature = Signature.objects.waiting().select_related("by", "measure").filter(measure=measure).first()
    if signature is None:
        raise InvalidState(_("Nobody has signed this: nothing waits for a second officer."))
    return signature
