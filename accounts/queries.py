"""Who belongs where, on a given day."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import (
    Capability,
    CapabilityKind,
    Credential,
    Membership,
    Party,
    PartyKind,
    Region,
    RegionLevel,
    Role,
    Scope,
    User,
    standing,
    valid_on,
)
from marketplace.clock.defaults import RECUSAL_MONTHS
from marketplace.clock.working_days import local_date
from marketplace.notices.operations import Recipient


def memberships(user: User | AnonymousUser, at: datetime) -> QuerySet[Membership]:
    """The memberships in force at `at`; none for a disabled or anonymous user.

    Through a credential a person acts for the credential's party and for no other that they belong to.
    """
    if not user.is_authenticated or not user.is_active:
        return Membership.objects.none()
    current = Membership.objects.filter(valid_on(local_date(at)), user=user)
    return current.filter(party=user.credential.party_id) if user.credential else current


def parties_of(user: Any, at: datetime) -> QuerySet[Party]:
    """The user's parties, and those that were merged into one of them."""
    own = memberships(user, at).values("party")
    return Party.objects.filter(Q(pk__in=own) | Q(merged_into__in=own))


def parties_as(user: Any, kind: str, at: datetime) -> QuerySet[Party]:
    """The user's parties that have a capability and are in good standing at `at`."""
    able = Capability.objects.filter(valid_on(local_date(at)), party=OuterRef("pk"), kind=kind)
    return parties_of(user, at).filter(standing(at), Exists(able))


def persons_at(email: str, at: datetime) -> QuerySet[Party]:
    """Natural persons whose own, verified address this is."""
    holders = EmailAddress.objects.filter(verified=True, email__iexact=email, user__is_active=True).values("user")
    own = Membership.objects.filter(valid_on(local_date(at)), user__in=holders, role=Role.OWNER, deputy_for=None)
    return Party.objects.filter(kind=PartyKind.PERSON, pk__in=own.values("party"))


def people_as(kind: str, at: datetime) -> QuerySet[User]:
    """Active users who act for a party in good standing that has a capability at `at`."""
    able = Capability.objects.filter(valid_on(local_date(at)), standing(at, "party__"), kind=kind).values("party")
    acting = Membership.objects.filter(valid_on(local_date(at)), party__in=able).exclude(role=Role.AUDITOR)
    return User.objects.filter(is_active=True, pk__in=acting.values("user")).order_by("name", "pk")


def acting_as(user: Any, kinds: Collection[str], at: datetime) -> QuerySet[Membership]:
    """The memberships by which somebody acts for a party in good standing that has one of these capabilities."""
    able = Capability.objects.filter(valid_on(local_date(at)), standing(at, "party__"), kind__in=kinds).values("party")
    return memberships(user, at).exclude(role=Role.AUDITOR).filter(party__in=able)


def people_of(party: Party, at: datetime) -> QuerySet[User]:
    """Active users who act for a party, or for the one that it was merged into."""
    acting = Membership.objects.filter(valid_on(local_date(at)), party=party.merged_into_id or party.pk).exclude(
        role=Role.AUDITOR
    )
    return User.objects.filter(is_active=True, pk__in=acting.values("user")).order_by("name", "pk")


def recent_parties(user: User | AnonymousUser, at: datetime) -> QuerySet[Party]:
    """Parties the user belongs to, or did in the last 12 months, whatever the role; and what was merged into them."""
    if not user.is_authenticated:
        return Party.objects.none()
    recent = Membership.objects.filter(_recent(at), user=user)
    return Party.objects.filter(Q(pk__in=recent.values("party")) | Q(merged_into__in=recent.values("party")))


def _recent(at: datetime) -> Q:
    since = local_date(at) - timedelta(days=round(RECUSAL_MONTHS * 30.5))
    return Q(valid_until=None) | Q(valid_until__gte=since)


def represents(user: User, party: Party, at: datetime) -> list[User]:
    """The people of a party in whose place the user stands on that day."""
    rows = memberships(user, at).filter(party=party, deputy_for__isnull=False).select_related("deputy_for__user")
    return [row.deputy_for.user for row in rows.order_by("pk") if row.deputy_for]


def authority_level(authority: Party, at: datetime) -> str:
    """`province`, `city` or `county`; empty when it is no authority on that day."""
    held = Capability.objects.filter(valid_on(local_date(at)), party=authority, kind=CapabilityKind.AUTHORITY)
    return held.values_list("level", flat=True).first() or ""


def is_reviewer(party: Party, at: datetime) -> bool:
    """Whether it is a compliance reviewer of the platform on that day."""
    return Capability.objects.filter(valid_on(local_date(at)), party=party, kind=CapabilityKind.REVIEWER).exists()


def authority_for(region: Region, at: datetime) -> Party | None:
    """The nearest authority of a city or the province at or above a region (Art. 33 names no others)."""
    here: Region | None = region
    while here is not None:
        if here.level != RegionLevel.COUNTY:
            seat = Capability.objects.filter(
                valid_on(local_date(at)),
                standing(at, "party__"),
                kind=CapabilityKind.AUTHORITY,
                region=here,
                level=here.level,
            ).order_by("pk")
            if found := seat.select_related("party").first():
                return found.party
        here = here.parent
    return None


def level_above(party: Party, at: datetime) -> Party | None:
    """The city's authority above a county's, the province's above a city's; None above the province and for others."""
    if not authority_level(party, at) or party.region.parent is None:
        return None
    return authority_for(party.region.parent, at)


def operator_for(region: Region, at: datetime) -> Party | None:
    """The platform's operator for a region: the nearest at or above it."""
    return _nearest(CapabilityKind.OPERATOR, Q(), region, at)


def reviewer_for(region: Region, at: datetime) -> Party | None:
    """The platform's compliance reviewer for a region: the nearest at or above it, in good standing."""
    return _nearest(CapabilityKind.REVIEWER, standing(at, "party__"), region, at)


def _nearest(kind: str, condition: Q, region: Region, at: datetime) -> Party | None:
    here: Region | None = region
    while here is not None:
        seat = Capability.objects.filter(condition, valid_on(local_date(at)), kind=kind, region=here)
        if found := seat.order_by("pk").select_related("party").first():
            return found.party
        here = here.parent
    return None


def authority_over(regions: set[Region], at: datetime) -> Party | None:
    """The authority for data of several regions: of one city its own, of several the province's."""
    cities = {city_of(region) for region in regions}
    if len(cities) == 1:
        return authority_for(next(iter(cities)), at)
    province = next(iter(cities))
    while province.parent is not None:
        province = province.parent
    return authority_for(province, at)


def city_of(region: Region) -> Region:
    """The city a county lies in; a city or the province is itself."""
    return region.parent if region.level == RegionLevel.COUNTY and region.parent else region


def recipients(party: Party, at: datetime, case_of: Party | None = None) -> list[Recipient]:
    """The people to tell when something concerns a party: everyone who may act for it. `case_of`: as for `People`."""
    return People(at)(party, case_of)


class People:
    """The people of parties at a moment, each party looked up once for all that is told together.

    `case_of`: whose case they are told of, where it is another's. Nobody hears of their own, as `recent_parties` says;
    where that leaves nobody, the people of the level above do.
    """

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._known: dict[int, list[User]] = {}
        self._belong: dict[int, set[tuple[int, int]]] = {}

    def __call__(self, party: Party, case_of: Party | None = None) -> list[Recipient]:
        people = self._people(party)
        if case_of is None or case_of == party or not people:
            return [recipient(user) for user in people]
        own = {user for user, of in self._recent(party) if of in (case_of.pk, case_of.merged_into_id)}
        others = [recipient(user) for user in people if user.pk not in own]
        above = None if others else level_above(party, self.at)
        return others if above in (None, case_of) else self(above, case_of)

    def _people(self, party: Party) -> list[User]:
        if party.pk not in self._known:
            self._known[party.pk] = list(people_of(party, self.at))
        return self._known[party.pk]

    def _recent(self, party: Party) -> set[tuple[int, int]]:
        """Whoever of a party's people belongs where, or did in the last 12 months."""
        if party.pk not in self._belong:
            rows = Membership.objects.filter(_recent(self.at), user__in=self._people(party))
            self._belong[party.pk] = set(rows.values_list("user", "party"))
        return self._belong[party.pk]


def recipient(user: User) -> Recipient:
    return Recipient(user.ledger_ref, user.email, user.language)


def names(refs: set[str]) -> dict[str, str]:
    """Names of the users among ledger references (`accounts.user:7`); other references are left out."""
    keys = [ref.split(":")[1] for ref in refs if ref.startswith("accounts.user:")]
    return {user.ledger_ref: user.name for user in User.objects.filter(pk__in=keys)}


def in_whose_place(person: Any, principal: Any) -> str:
    """The name of a person and, where there is somebody in whose place they act, that name too."""
    if not principal:
        return str(person)
    return _("%(deputy)s for %(principal)s") % {"deputy": person, "principal": principal}


def hash_of(key: str) -> str:
    """What is kept of a credential's key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def credential_of(key: str, at: datetime) -> Credential | None:
    """The live credential with this key. Looked up by its hash: the time it takes tells nothing about the key."""
    found = Credential.objects.select_related("party", "responsible").filter(key_hash=hash_of(key)).first()
    return found if found and found.is_live(at) else None


def has_agreed(credential: Credential, person: User) -> bool:
    """Whether the person lets this credential's system name them."""
    return credential.namings.filter(user=person, withdrawn_at=None).exists()


def systems_of(user: User, at: datetime) -> QuerySet[Credential]:
    """Live credentials that may write and could name the user, or that the user lets name them."""
    parties = memberships(user, at).exclude(role=Role.AUDITOR).values("party")
    agreed = user.namings.filter(withdrawn_at=None).values("credential")
    live = Credential.objects.filter(revoked_at=None, expires_at__gt=at).exclude(scopes=[Scope.READ])
    return live.filter(Q(party__in=parties) | Q(pk__in=agreed)).select_related("party").order_by("-pk")


def acting(credential: Credential, person: User) -> User:
    """The person as the one for whom this credential's system acts."""
    person.credential = credential
    return person
