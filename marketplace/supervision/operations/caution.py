"""A caution on a party: issued for a term with reasons, lifted by an act, over by itself. It decides nothing."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, Region, User
from accounts.permissions import check_not_own_case
from accounts.queries import recipients
from listings.models import Purpose
from marketplace import workflow
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions_closeout as permissions
from marketplace.supervision.caution import Caution, CautionScope, CautionState, latest_end
from marketplace.supervision.queries import cautionable

WANTED = {CautionScope.PURPOSE: "purpose", CautionScope.REGION: "region", CautionScope.KIND: "nature"}


@transaction.atomic
def issue_caution(
    *, party: Party, actor: User, at: datetime, about: Party, scope: str, article: str, reason: str, ends: date,
    purpose: Purpose | None = None, region: Region | None = None, nature: str = "",
) -> Caution:  # fmt: skip
    """An officer of `party`, an authority of a city or the province, cautions about a party that it has to do with.

    The party is told, with the reasons. Whoever decides on its cases within the scope is shown it until it ends;
    nothing is refused by it. Raises ValidationError for another party, no end or an end beyond three years.
    """
    permissions.check_can_caution(actor, party, at)
    require(reason=reason)
    check_not_own_case(actor, [about], at)
    if not cautionable(party, at).filter(pk=about.pk).exists():
        raise ValidationError({"about": _("This authority has nothing to do with this party.")})
    if not local_date(at) < ends <= latest_end(at):
        raise ValidationError({"ends": _("After today, and at most three years from now.")})
    parts: dict[str, Any] = {"purpose": purpose, "region": region, "nature": nature}
    _check_scope(scope, parts)
    caution = Caution(
        party=about, authority=party, scope=scope, article=article, reason=reason, ends=ends, issued_by=actor,
        issued_at=at, **parts,
    )  # fmt: skip
    caution.full_clean()
    caution.save()
    act = ledger.begin("issue_caution", actor, at, article)
    detail = {"party": about, "scope": scope, "covers": str(caution.covers), "ends": str(ends), "reason": reason}
    ledger.record(act, caution, new=caution.state, detail=detail)
    _tell(act, caution, "caution_issued", reason)
    return caution


@transaction.atomic
def lift_caution(*, caution: Caution, actor: User, at: datetime, reason: str) -> None:
    """in force → lifted, with reasons; the party is told. One that is over by itself is left as it is."""
    permissions.check_can_lift_caution(actor, caution, at)
    require(reason=reason)
    if caution.has_expired(at):
        raise InvalidState(_("It is over by itself."))
    act = ledger.begin("lift_caution", actor, at, caution.article)
    workflow.move(act, caution, CautionState.LIFTED, lifted_by=actor, lifted_at=at, detail={"reason": reason})
    _tell(act, caution, "caution_lifted", reason)


def _check_scope(scope: str, parts: dict[str, Any]) -> None:
    """What the scope names is given, and nothing else."""
    wanted = WANTED.get(CautionScope(scope))
    for name, value in parts.items():
        if name == wanted and not value:
            raise ValidationError({name: _("Choose for what it is.")})
        if name != wanted and value:
            raise ValidationError({name: _("This does not go with what you chose above.")})


def _tell(act: ledger.Act, caution: Caution, kind: str, reason: str) -> None:
    tell(
        act, recipients(caution.party, act.at), kind, link=caution.get_absolute_url(), number=caution.number,
        authority=caution.authority, ends=caution.ends, reason=reason,
    )  # fmt: skip
