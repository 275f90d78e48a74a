"""Several proposals of one kind, read together and signed once."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.order import issue
from marketplace.supervision.operations.second_pair import sign_first
from marketplace.supervision.proposals import MOST_AT_ONCE, shown_now
from marketplace.supervision.second_pair import What


class Signed(NamedTuple):
    """What was issued, what waits for a second officer, and what was left out with the reason why."""

    issued: list[Measure]
    waiting: list[Measure]
    left_out: list[tuple[Measure, str]]


@transaction.atomic
def issue_orders(
    *, proposals: Mapping[Measure, str], actor: User, at: datetime, reason: str, remedy: str
) -> Signed:  # fmt: skip
    """Issue each of these proposals of one kind, as it stands, for one `reason` and with one `remedy`.

    `proposals` gives for each the digest of what was shown of it (`proposals.Shown`). What has changed since, or cannot
    be issued, is left out; the others are issued, each as by `issue_order`, all under one operation id. Raises
    NotAllowed, and issues none, where the actor may not sign every one of them.
    """
    require(reason=reason, remedy=remedy)
    if not 0 < len(proposals) <= MOST_AT_ONCE:
        raise ValidationError({"shown": _("Choose between one and %(n)s proposals.") % {"n": MOST_AT_ONCE}})
    if len({measure.kind for measure in proposals}) != 1:
        raise ValidationError({"shown": _("Proposals of one kind are signed together.")})
    for measure in proposals:
        permissions.check_can_order(actor, measure, at)
    first = next(iter(proposals))
    act = ledger.begin(first.rules.issued_as, actor, at, first.article)
    signed = Signed([], [], [])
    for measure in sorted(proposals, key=lambda one: one.pk):
        try:
            locked, waits = _sign(act, measure, actor, proposals[measure], reason=reason, remedy=remedy)
            (signed.waiting if waits else signed.issued).append(locked)
        except InvalidState as error:
            signed.left_out.append((measure, str(error)))
    return signed


@transaction.atomic
def _sign(act: ledger.Act, measure: Measure, actor: User, digest: str, **texts: str) -> tuple[Measure, bool]:
    """In a savepoint of its own: what is refused leaves nothing, and the others go on. Returns whether it waits."""
    locked = Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)
    if shown_now(locked).digest != digest:
        raise InvalidState(_("It is not any more what you were shown: look at it again."))
    texts |= {"facts": locked.facts, "demand": locked.demand}
    waits = sign_first(locked, What.ISSUE, actor, act.at, dict(texts))
    if not waits:
        issue(act, locked, days=None, **texts)
    return locked, waits
