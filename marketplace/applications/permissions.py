"""Who applies, who is asked, who decides."""

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from guardian.shortcuts import get_user_perms

from accounts.models import AssignmentRole, CapabilityKind, Party, RegionLevel, User
from accounts.permissions import (
    MANAGERS,
    WRITERS,
    act_for,
    check_acts_for,
    check_is_asked,
    check_is_person,
    check_member,
    check_not_own_case,
    check_not_recused,
    check_officer,
    could_follow,
)
from accounts.queries import memberships, people_of, represents
from listings.models import VersionSource
from listings.states import REVIEWED
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Item, Route, StandingConsent
from marketplace.errors import NotAllowed, is_allowed

DECIDING = (RegionLevel.PROVINCE, RegionLevel.CITY)


def parties_of_case(application: Application) -> list[Party]:
    """Buyer, sellers and units: whoever belongs to one of them decides nothing here."""
    products = application.items.values("product")
    sources = VersionSource.objects.filter(version__product__in=products, version__state__in=REVIEWED)
    units = Party.objects.filter(pk__in=sources.values("unit"))
    sellers = Party.objects.filter(products__in=products)
    return [application.buyer, *sellers, *units]


def sides_of_case(application: Application) -> list[Party]:
    """Who of these belongs to whom decides: of non-public data the seller does, and only the buyer is another."""
    return [application.buyer] if application.seller is not None else parties_of_case(application)


def check_can_apply(actor: Any, buyer: Party, at: datetime) -> None:
    check_acts_for(actor, buyer, CapabilityKind.BUYER, at)


def check_can_keep_application(actor: Any, application: Application, at: datetime) -> None:
    check_can_apply(actor, application.buyer, at)


def check_can_withdraw_application(actor: Any, application: Application, at: datetime) -> None:
    """Withdrawing needs no standing: a lapsed or barred buyer may always step back."""
    check_member(actor, application.buyer, at)


def check_can_process(actor: Any, application: Application, at: datetime) -> None:
    """An officer of the competent authority, on nobody's side; of non-public data the seller's owners and managers."""
    if application.seller is not None:
        check_decides_as_seller(actor, application.seller, application.buyer, at)
    else:
        check_officer(actor, application.authority, at, levels=DECIDING)
        check_not_own_case(actor, parties_of_case(application), at)
    check_not_recused(actor, application)


def check_decides_as_seller(actor: Any, seller: Party, buyer: Party, at: datetime) -> None:
    """Who signs for the seller of non-public data: an owner or manager who does not belong to the buyer."""
    check_acts_for(actor, seller, CapabilityKind.SELLER, at)
    check_member(actor, seller, at, roles=MANAGERS)
    check_not_own_case(actor, [buyer], at)


def speaker(actor: Any, application: Application, at: datetime) -> Party:
    """For whom a person speaks in a case: the buyer, a unit that was asked, or whoever decides."""
    check_is_person(actor)
    mine = memberships(actor, at).filter(role__in=WRITERS).values("party")
    sides = Q(pk=application.buyer_id) | Q(consultations__application=application)
    found = list(Party.objects.filter(sides, pk__in=mine).distinct())
    if found:
        return next((party for party in found if party.pk == application.buyer_id), found[0])
    check_can_process(actor, application, at)
    assert application.deciding_party is not None  # else the check has refused
    return application.deciding_party


def check_can_write(actor: Any, application: Application, at: datetime) -> None:
    speaker(actor, application, at)


def check_can_reply(actor: Any, application: Application, at: datetime) -> None:
    """The buyer's people. An answer needs no standing: it is what the case waits for."""
    check_member(actor, application.buyer, at)


def check_in_charge(actor: Any, application: Application, at: datetime) -> None:
    """As `check_can_process`, and the case is assigned to this officer, or to one on nobody's side whose deputy this
    is."""
    check_can_process(actor, application, at)
    if _is_in_charge(actor, application):
        return
    assert application.deciding_party is not None  # else `check_can_process` had refused
    for principal in represents(actor, application.deciding_party, at):
        if _is_in_charge(principal, application):
            act_for(actor, principal.pk)
            return check_not_own_case(actor, sides_of_case(application), at)
    raise NotAllowed(_("Another officer is in charge of this case: take it over first."))


def _is_in_charge(user: User, application: Application) -> bool:
    # Asked of guardian directly: `has_perm` would let a superuser through.
    return AssignmentRole.OFFICER_IN_CHARGE in get_user_perms(user, application)


def check_can_recuse(actor: Any, application: Application, at: datetime) -> None:
    """The officer in charge, also of a case that has turned out to be its own."""
    if application.seller is not None:
        check_member(actor, application.seller, at, roles=MANAGERS)
    else:
        check_officer(actor, application.authority, at, levels=DECIDING)
    if AssignmentRole.OFFICER_IN_CHARGE not in get_user_perms(actor, application):
        raise NotAllowed(_("Only the officer in charge can pass the case on."))


def has_colleague(application: Application, actor: Any, at: datetime) -> bool:
    """Whether somebody else may decide for the same party, to whom the case could be passed."""
    assert application.deciding_party is not None  # else nobody would be in charge
    return any(
        is_allowed(check_can_process, person, application, at) and could_follow(person, actor)
        for person in people_of(application.deciding_party, at)
    )


def check_can_assess(actor: Any, application: Application, at: datetime) -> None:
    """The member of the expert committee who was asked, on nobody's side."""
    check_is_asked(actor, application, parties_of_case(application), at)


def check_can_decide(actor: Any, item: Item, at: datetime) -> None:
    check_in_charge(actor, item.application, at)


def check_can_answer(actor: Any, consultation: Consultation, at: datetime) -> None:
    """Somebody of the unit, or of the developer of a built product, that was asked; not of the applicant."""
    built = consultation.application.items.filter(route=Route.BUILT, product__seller=consultation.unit_id)
    check_acts_for(actor, consultation.unit, CapabilityKind.BUYER if built.exists() else CapabilityKind.UNIT, at)
    check_not_own_case(actor, [consultation.application.buyer], at)


def check_can_reply_to_unit(actor: Any, consultation: Consultation, at: datetime) -> None:
    check_can_reply(actor, consultation.application, at)


def check_can_withdraw_standing(actor: Any, consent: StandingConsent, at: datetime) -> None:
    """The unit's people; stepping back needs no standing."""
    check_member(actor, consent.unit, at)


def check_can_record_silence(actor: Any, consultation: Consultation, at: datetime) -> None:
    check_in_charge(actor, consultation.application, at)


def check_can_take_grant(actor: Any, grant: Grant, at: datetime) -> None:
    check_can_apply(actor, grant.buyer, at)


def check_can_leave_grant(actor: Any, grant: Grant, at: datetime) -> None:
    """Declining and surrendering need no standing."""
    check_member(actor, grant.buyer, at)


def check_can_decide_edition(actor: Any, edition: GrantEdition, at: datetime) -> None:
    check_can_close_grant(actor, edition.grant, at)
    check_not_recused(actor, edition)


def check_can_leave_edition(actor: Any, edition: GrantEdition, at: datetime) -> None:
    """Whoever decides on changes of such grants, also where it has turned out to be their own case."""
    if edition.grant.product.is_public_data:
        check_officer(actor, edition.grant.authority, at, levels=DECIDING)
    else:
        check_member(actor, edition.grant.product.seller, at, roles=MANAGERS)
    check_not_recused(actor, edition)


def check_can_keep_edition(actor: Any, edition: GrantEdition, at: datetime) -> None:
    check_member(actor, edition.grant.buyer, at)


def check_can_close_grant(actor: Any, grant: Grant, at: datetime) -> None:
    """Who could grant it, and nobody who has stepped back from its application."""
    if grant.product.is_public_data:
        return check_can_revoke_grant(actor, grant, at)
    check_decides_as_seller(actor, grant.product.seller, grant.buyer, at)
    check_not_recused(actor, grant)


def check_can_revoke_grant(actor: Any, grant: Grant, at: datetime) -> None:
    """Public data only: what ends a contract on non-public data before its time is a contract notice."""
    if not grant.product.is_public_data:
        raise NotAllowed(_("The authority grants and revokes public data only."))
    check_officer(actor, grant.authority, at, levels=DECIDING)
    check_not_own_case(actor, parties_of_case(grant.item.application), at)
    check_not_recused(actor, grant)
