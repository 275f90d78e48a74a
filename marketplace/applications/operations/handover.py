"""When an officer leaves or falls ill: all their cases at once."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Assignment, CapabilityKind, Membership, Party, User
from accounts.operations import assign
from accounts.permissions import MANAGERS, check_member
from accounts.queries import authority_level, recipient
from marketplace.applications import permissions
from marketplace.applications.models import Application
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def hand_over_cases(
    *, party: Party, officer: Membership, successor: Membership, actor: User, at: datetime, reason: str
) -> None:
    """Every open case of an authority's officer passes to a named successor: one act, one entry for each case.

    The officer says so, or an owner or manager of the authority. Refused as a whole when the successor may not
    decide one of the cases, above all because it is the successor's own.
    """
    check_can_hand_over(actor, party, at)
    require(reason=reason)
    if officer.party_id != party.pk or successor.party_id != party.pk:
        raise NotAllowed(_("This person does not belong to %(party)s.") % {"party": party.name})
    if officer.user_id != actor.pk:
        check_member(actor, party, at, roles=MANAGERS)
    cases = list(open_cases(party, officer.user))
    if not cases:
        raise InvalidState(_("There is no open case to hand over."))
    act = ledger.begin("hand_over", actor, at, "Art. 45")
    for case in cases:
        _check_successor(successor.user, case, at)
        assign(act, case, successor.user, reason=reason)
        ledger.record(act, case, detail={"from": officer.user, "to": successor.user, "reason": reason})
    said: dict[str, Any] = {"by": actor.name, "count": len(cases), "reason": reason}
    tell(act, [recipient(successor.user)], "cases_handed_over", link="/todo/", **said)


def open_cases(party: Party, officer: User) -> list[Application]:
    """The applications that an authority or a seller decides on, not over, and in this person's charge."""
    label = Application._meta.label_lower
    held = Assignment.objects.filter(user=officer, object_type=label, ended_at=None).values_list("object_id", flat=True)
    open_states = [state for state, following in Application.machine.transitions.items() if following]
    decided = Q(authority=party, seller=None) | Q(seller=party)
    cases = Application.objects.filter(decided, pk__in=[int(key) for key in held], state__in=open_states)
    return list(cases.order_by("pk"))


def check_can_hand_over(actor: Any, party: Party, at: datetime) -> None:
    """An officer of an authority; of a seller its people, the rest is checked case by case."""
    if authority_level(party, at):
        permissions.check_officer(actor, party, at)
    else:
        permissions.check_acts_for(actor, party, CapabilityKind.SELLER, at)


def _check_successor(successor: User, case: Application, at: datetime) -> None:
    try:
        permissions.check_can_process(successor, case, at)
    except NotAllowed as error:
        said = {"name": successor.name, "number": case.number, "error": error}
        raise InvalidState(_("%(name)s cannot take application %(number)s: %(error)s") % said) from error
