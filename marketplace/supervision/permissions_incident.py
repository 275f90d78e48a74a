"""Who reports an incident, who decides about it, who acknowledges it (Art. 34)."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Capability, CapabilityKind, Party, valid_on
from accounts.permissions import (
    WRITERS,
    check_is_person,
    check_member,
    check_not_own_case,
    check_not_recused,
    check_officer,
)
from accounts.queries import memberships, parties_as, parties_of
from listings.models import Version, VersionSource
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.clock.working_days import local_date
from marketplace.delivery.models import Delivery
from marketplace.errors import NotAllowed, is_allowed
from marketplace.supervision.closeout import checker_of
from marketplace.supervision.incidents import IN_REVIEW, Incident, IncidentAcknowledgement, IncidentNotice
from marketplace.supervision.permissions import ORDERING, check_is_in_charge
from marketplace.supervision.precautions import lately_held

PLATFORM = (CapabilityKind.AUTHORITY, CapabilityKind.OPERATOR, CapabilityKind.REVIEWER)


def reporters(user: Any, version: Version, at: datetime) -> QuerySet[Party]:
    """The person's parties that may report an incident with a version: seller, units, holders, officers, platform."""
    mine = memberships(user, at).filter(role__in=WRITERS).values("party")
    able = Capability.objects.filter(valid_on(local_date(at)), party=OuterRef("pk"), kind__in=PLATFORM)
    units = VersionSource.objects.filter(version=version).values("unit")
    own = Q(grant__buyer=OuterRef("pk")) | Q(grant__buyer__merged_into=OuterRef("pk"))
    holds = Delivery.objects.filter(own, version=version)
    if version.state in IN_REVIEW and not Version.objects.visible_to(user).filter(pk=version.pk).exists():
        able = able.none()  # of what was never on offer they know nothing
    concerned = Q(pk=version.product.seller_id) | Q(pk__in=units) | Exists(holds) | Exists(able)
    return Party.objects.filter(concerned, pk__in=mine).order_by("name", "pk")


def check_can_open_incident(actor: Any, party: Party, version: Version, at: datetime) -> None:
    """A duty needs no standing: whoever is concerned reports, also where a verification has lapsed."""
    check_member(actor, party, at)
    if party not in reporters(actor, version, at):
        raise NotAllowed(_("Who offers, provides, obtained or supervises this data reports an incident with it."))


def owners(incident: Incident) -> list[Party]:
    """Whose data it is."""
    units = VersionSource.objects.filter(version=incident.version_id).values("unit")
    return [incident.version.product.seller, *Party.objects.filter(pk__in=units)]


def sides_of_incident(incident: Incident) -> list[Party]:
    """Whose data it is, who has copies, and who reported it; not an authority over the data or over a grant of it, and
    none, as the province above them, by having reported it: that is its office."""
    holders = Party.objects.filter(pk__in=incident.copies.values("grant__buyer"))
    authorities = {incident.authority_id, incident.version.authority_id}
    authorities.update(incident.copies.values_list("grant__authority", flat=True))
    able = Capability.objects.filter(party=incident.reporter_id, kind=CapabilityKind.AUTHORITY)
    is_office = incident.reporter_id in authorities or able.exists()
    reporter = [] if is_office else [incident.reporter]
    return [*(party for party in owners(incident) if party.pk not in authorities), *reporter, *holders]


def check_can_keep_incident(actor: Any, incident: Incident, at: datetime) -> None:
    """Whoever reported it, the seller, the units, and the officers who decide."""
    check_is_person(actor)
    keepers = (incident.reporter, *owners(incident))
    living = [party.answers.pk for party in keepers if party != incident.authority]
    own = memberships(actor, at).filter(party__in=living, role__in=WRITERS).order_by("pk")
    if first := own.select_related("party").first():
        return check_member(actor, first.party, at)
    check_can_decide_incident(actor, incident, at)


def check_can_decide_incident(actor: Any, incident: Incident, at: datetime) -> None:
    """An officer of its authority, province or city, who belongs to none of its parties or holders."""
    check_officer(actor, incident.authority, at, levels=ORDERING)
    check_not_own_case(actor, sides_of_incident(incident), at)
    check_not_recused(actor, incident)


def authorities_beside(incident: Incident) -> QuerySet[Party]:
    """The authorities over a grant that it reaches, other than the one that decides about it."""
    return Party.objects.filter(pk__in=incident.copies.values("grant__authority")).exclude(pk=incident.authority_id)


def seat_beside(actor: Any, incident: Incident, at: datetime) -> Party | None:
    """For which of these somebody has a part in it who does not decide about it."""
    if is_allowed(check_can_decide_incident, actor, incident, at):
        return None
    return parties_of(actor, at).filter(pk__in=authorities_beside(incident).values("pk")).order_by("pk").first()


def check_can_step_back(actor: Any, incident: Incident, at: datetime) -> None:
    """Who decides about it, or an officer, on no side of it, of an authority over a grant that it reaches."""
    check_is_person(actor)
    seat = seat_beside(actor, incident, at)
    if seat is None:
        return check_can_decide_incident(actor, incident, at)
    check_officer(actor, seat, at)
    check_not_own_case(actor, sides_of_incident(incident), at)
    check_not_recused(actor, incident)


def check_can_hold_affected(actor: Any, incident: Incident, at: datetime) -> None:
    """Who is in charge of a grant that it reaches and that was not paused for it: an officer of whichever authority, on
    no side of the incident; of non-public data who signs for the seller."""
    check_is_person(actor)
    left = reached_grants(incident).exclude(pk__in=lately_held(incident, at).values("grant"))
    mine = parties_of(actor, at)
    theirs = left.filter(Q(authority__in=mine) | Q(product__seller__in=mine))
    for grant in theirs.select_related("product__seller__merged_into", "buyer", "authority").order_by("pk"):
        if is_allowed(check_is_in_charge, actor, grant, at):
            if checker_of(grant) == grant.authority:
                check_not_own_case(actor, sides_of_incident(incident), at)
            return check_not_recused(actor, incident)
    raise NotAllowed(_("None of the grants that it reaches is yours to pause, or they are paused for it already."))


def reached_grants(incident: Incident) -> QuerySet[Grant]:
    """The active grants under which a copy was obtained that the incident reaches."""
    return Grant.objects.filter(pk__in=incident.copies.values("grant"), state=GrantState.ACTIVE)


def check_can_tell_holders(actor: Any, incident: Incident, at: datetime) -> None:
    """The seller, who has delivered, or the officers."""
    check_is_person(actor)
    seller = incident.version.product.seller
    if memberships(actor, at).filter(party=seller.answers, role__in=WRITERS).exists():
        return check_member(actor, seller, at)
    check_can_decide_incident(actor, incident, at)


def oversight_over(incident: Incident, at: datetime) -> QuerySet[Party]:
    """The oversight bodies whose region the authority over the data lies in."""
    assert incident.version.authority is not None  # reviewed once
    region = incident.version.authority.region
    above = [place for place in (region, region.parent, region.parent and region.parent.parent) if place]
    seats = Capability.objects.filter(valid_on(local_date(at)), kind=CapabilityKind.OVERSIGHT, region__in=above)
    return Party.objects.filter(pk__in=seats.values("party"))


def bodies_over(incident: Incident, at: datetime) -> list[Party]:
    """Who has to know of it: who oversees, and the authorities over the data and over the grants that it reaches; but
    not who reported it."""
    over = Q(pk=incident.authority_id) | Q(pk__in=incident.copies.values("grant__authority"))
    over |= Q(pk__in=oversight_over(incident, at).values("pk"))
    found = {party.answers for party in Party.objects.filter(over).select_related("merged_into")}
    return sorted(found - {incident.reporter.answers}, key=lambda party: party.pk)


def unacknowledged(actor: Any, incident: Incident, at: datetime) -> QuerySet[IncidentAcknowledgement]:
    """What the person's bodies have still to acknowledge, and those that were merged into them."""
    own = memberships(actor, at).filter(role__in=WRITERS).values("party")
    able = (parties_as(actor, kind, at) for kind in (CapabilityKind.OVERSIGHT, CapabilityKind.AUTHORITY))
    bodies = Party.objects.filter(reduce(or_, (Q(pk__in=parties.values("pk")) for parties in able)), pk__in=own)
    asked = Q(party__in=bodies.values("pk")) | Q(party__merged_into__in=bodies.values("pk"))
    return incident.acknowledgements.filter(asked, acknowledged_at=None)


def check_can_acknowledge_incident(actor: Any, incident: Incident, at: datetime) -> None:
    """Somebody of a body that has to know of it and has not said yet that it does."""
    check_is_person(actor)
    if not unacknowledged(actor, incident, at).exists():
        raise NotAllowed(_("Only an authority or oversight body that still has to acknowledge it may do this."))
    check_not_recused(actor, incident)


def notices_of(actor: Any, incident: Incident, at: datetime) -> QuerySet[IncidentNotice]:
    """The notices to the person's parties, and to those that were merged into them."""
    own = memberships(actor, at).filter(role__in=WRITERS).values("party")
    return incident.notices.filter(Q(party__in=own) | Q(party__merged_into__in=own))


def check_can_confirm_notice(actor: Any, incident: Incident, at: datetime) -> None:
    check_is_person(actor)
    if not notices_of(actor, incident, at).exists():
        raise NotAllowed(_("Only a holder who was told may do this."))
