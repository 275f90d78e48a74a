"""Closing an account: needs to know about everything that may still be open."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts import permissions
from accounts.models import Capability, CapabilityKind, Membership, Party, PartyKind, User, valid_on
from accounts.operations.membership import other_owners
from accounts.states import LIVING
from listings.models import Product
from listings.states import ProductState
from marketplace.applications.models import Application, Grant
from marketplace.applications.operations.handover import open_cases
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState
from marketplace.supervision.models import Measure, UsageReport
from marketplace.workflow import Machine

PUBLIC = (CapabilityKind.OPERATOR, CapabilityKind.AUTHORITY, CapabilityKind.UNIT, CapabilityKind.PRIMARY_DEVELOPER)


@transaction.atomic
def close_account(*, actor: User, at: datetime) -> None:
    """The person's memberships end and what is personal is erased; a party that only they own ends with them.

    Raises InvalidState, with what to do first, while such a party has open cases, other people or a public office, or
    while cases are in the person's charge. A person who has traded keeps the name that stands in the contracts.
    """
    permissions.check_is_person(actor)
    mine = Party.objects.filter(pk__in=actor.memberships.values("party"), state__in=LIVING)
    parties = list(mine.select_for_update().order_by("pk"))
    for party in parties:
        if open_cases(party, actor):
            raise InvalidState(_("You are in charge of cases of %(party)s: hand them over first.") % {"party": party})
    ended = [party for party in parties if _owns_alone(actor, party, at)]
    for party in ended:
        _check_can_end(party, actor, at)
    nameless = [party for party in ended if party.kind == PartyKind.PERSON and not _has_traded(party)]
    accounts.close_account(actor=actor, at=at, ended=ended, nameless=nameless)


def has_open_business(party: Party) -> bool:
    """Whether anything of the party is not over: applications, grants, products, reports, orders."""
    return (
        Application.objects.filter(buyer=party, state__in=_living(Application.machine)).exists()
        or Grant.objects.filter(buyer=party, state__in=_living(Grant.machine)).exists()
        or Product.objects.filter(seller=party, state=ProductState.ACTIVE).exists()
        or UsageReport.objects.owed().filter(grant__buyer=party).exists()
        or Measure.objects.filter(party=party, state__in=_living(Measure.machine)).exists()
    )


def _living(machine: Machine) -> list[str]:
    return [state for state, following in machine.transitions.items() if following]


def _owns_alone(actor: User, party: Party, at: datetime) -> bool:
    mine = Membership.objects.filter(valid_on(local_date(at)), user=actor, party=party, role="owner", deputy_for=None)
    return mine.exists() and not other_owners(party, actor)


def _check_can_end(party: Party, actor: User, at: datetime) -> None:
    today = valid_on(local_date(at))
    others = Membership.objects.filter(today, party=party, user__is_active=True).exclude(user=actor)
    if others.exists() or Capability.objects.filter(today, party=party, kind__in=PUBLIC).exists():
        raise InvalidState(
            _("You are the last owner of %(party)s: make somebody else an owner first.") % {"party": party}
        )
    if has_open_business(party):
        raise InvalidState(
            _(
                "%(party)s still has open cases. First withdraw its applications, surrender its grants, file its "
                "reports and withdraw its products; or make somebody else an owner."
            )
            % {"party": party}
        )


def _has_traded(party: Party) -> bool:
    return Grant.objects.filter(buyer=party).exists() or Product.objects.filter(seller=party).exists()
