"""Registering, verifying and barring parties."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import (
    Capability,
    CapabilityKind,
    Party,
    PartyKind,
    Region,
    Role,
    User,
    Verification,
)
from accounts.operations.membership import join
from accounts.states import PartyState
from marketplace import workflow
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger


@transaction.atomic
def found_operator(*, founder: User, at: datetime, name: str, region: Region, uscc: str, valid_until: date) -> Party:
    """Start a new site: its first operator, verified by its founder. Refused once any operator exists in the region."""
    if Capability.objects.filter(kind=CapabilityKind.OPERATOR, region=region).exists():
        raise NotAllowed(_("This site has an operator already."))
    act = ledger.begin("found", founder, at)
    party = Party(kind=PartyKind.ORGANISATION, name=name, region=region, uscc=uscc, created_at=at)
    party.full_clean()
    party.save()
    ledger.record(act, party, new=party.state, detail={"name": name})
    Verification.objects.create(party=party, evidence="founding", by=founder, at=at, valid_until=valid_until)
    workflow.move(act, party, PartyState.VERIFIED, verified_until=valid_until)
    join(act, party, founder, Role.OWNER)
    _admit(act, party, CapabilityKind.OPERATOR, "", None)
    return party


@transaction.atomic
def register_party(
    *, actor: User, at: datetime, name: str, region: Region, kind: str = PartyKind.ORGANISATION, uscc: str | None = None
) -> Party:
    """Create a party in state applied, its applicant as owner. It may act once it is verified."""
    permissions.check_is_person(actor)
    party = Party(kind=kind, name=name, region=region, uscc=uscc, created_at=at)
    party.full_clean()
    party.save()
    act = ledger.begin("register", actor, at)
    ledger.record(act, party, new=party.state, detail={"name": name, "region": region.code})
    join(act, party, actor, Role.OWNER)
    return party


@transaction.atomic
def verify_party(
    *,
    party: Party,
    actor: User,
    at: datetime,
    evidence: str,
    valid_until: date,
    capabilities: dict[str, date | None] | None = None,
    level: str = "",
) -> Party:
    """The operator has checked a party against evidence: applied (or barred) → verified.

    `capabilities` maps what the party may be from today on to its last day (None: no end); `level` goes with
    `authority`. Raises NotAllowed for anybody but an operator, and for one who belongs to the party.
    """
    permissions.check_operator(actor, at)
    permissions.check_not_own_case(actor, [party], at)
    if valid_until < local_date(at):
        raise InvalidState(_("A verification cannot end before it begins."))
    act = ledger.begin("verify", actor, at)
    Verification.objects.create(party=party, evidence=evidence, by=actor, at=at, valid_until=valid_until)
    workflow.move(act, party, PartyState.VERIFIED, verified_until=valid_until, detail={"evidence": evidence})
    for kind, until in (capabilities or {}).items():
        _admit(act, party, kind, level if kind == CapabilityKind.AUTHORITY else "", until)
    return party


@transaction.atomic
def bar_party(*, party: Party, actor: User, at: datetime, reason: str) -> None:
    """verified → barred: the party can do nothing and is refused at the gate until it is verified again."""
    permissions.check_operator(actor, at)
    permissions.check_not_own_case(actor, [party], at)
    workflow.move(ledger.begin("bar", actor, at), party, PartyState.BARRED, detail={"reason": reason})


@transaction.atomic
def end_party(*, party: Party, actor: User, at: datetime, reason: str) -> None:
    """verified or barred → ended: it exists no more."""
    permissions.check_operator(actor, at)
    permissions.check_not_own_case(actor, [party], at)
    workflow.move(ledger.begin("end", actor, at), party, PartyState.ENDED, detail={"reason": reason})


def _admit(act: ledger.Act, party: Party, kind: str, level: str, until: date | None) -> Any:
    capability = Capability.objects.create(
        party=party, kind=kind, level=level, region=party.region, valid_from=local_date(act.at), valid_until=until
    )
    ledger.record(act, capability, detail={"party": party, "kind": kind, "level": level, "until": until})
    return capability
