"""Registering, verifying and barring parties; memberships; who is in charge of a case."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, remove_perm

from accounts import permissions, queries
from accounts.models import (
    Assignment,
    AssignmentRole,
    Capability,
    CapabilityKind,
    Credential,
    Membership,
    Party,
    PartyKind,
    Region,
    Role,
    Scope,
    User,
    Verification,
)
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
    _join(act, party, founder, Role.OWNER)
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
    _join(act, party, actor, Role.OWNER)
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


@transaction.atomic
def add_member(*, party: Party, user: User, role: str, actor: User, at: datetime) -> Membership:
    """An owner or manager of a party takes somebody in; only an owner makes an owner."""
    roles = (Role.OWNER,) if role == Role.OWNER else permissions.MANAGERS
    permissions.check_member(actor, party, at, roles=roles)
    return _join(ledger.begin("add_member", actor, at), party, user, role)


@transaction.atomic
def end_membership(*, membership: Membership, actor: User, at: datetime) -> None:
    """The membership's last day is today: an owner or manager says so."""
    permissions.check_member(actor, membership.party, at, roles=permissions.MANAGERS)
    Membership.objects.filter(pk=membership.pk, valid_until=None).update(valid_until=local_date(at))
    ledger.record(ledger.begin("end_membership", actor, at), membership, detail={"user": membership.user})


def assign(act: ledger.Act, obj: models.Model, user: User, *, reason: str = "") -> None:
    """Put a person in charge of a single case, in place of whoever was; guardian mirrors it.

    Part of another operation: checks nothing itself.
    """
    role = AssignmentRole.OFFICER_IN_CHARGE
    open_rows = Assignment.objects.filter(
        object_type=obj._meta.label_lower, object_id=str(obj.pk), role=role, ended_at=None
    )
    for before in open_rows.select_related("user"):
        remove_perm(role, before.user, obj)
    open_rows.update(ended_at=act.at)
    Assignment.objects.create(
        user=user,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        role=role,
        assigned_at=act.at,
        by=act.actor if isinstance(act.actor, User) else user,
        reason=reason,
    )
    assign_perm(role, user, obj)


KEY_PREFIX, SHOWN = "minshu_", 12  # a key begins so that a leaked one is recognised; this much of it is kept
MOST_DAYS, MOST_OVERLAP_HOURS = 731, 7 * 24


@transaction.atomic
def create_credential(
    *, party: Party, actor: User, at: datetime, name: str, responsible: User, scopes: Sequence[str],
    expires_at: datetime,
) -> tuple[Credential, str]:  # fmt: skip
    """A key for a verified party's own system; returns it with the credential, and nowhere is it kept.

    `responsible` is the member whose eyes the system reads with; what it writes names a person each time.
    """
    permissions.check_can_keep_credentials(actor, party, at)
    if not party.is_in_good_standing(at):
        raise InvalidState(_("%(party)s is not verified, or its verification has lapsed.") % {"party": party.name})
    _check_credential(party, responsible, scopes, at, expires_at)
    return _issue_key(
        ledger.begin("create_credential", actor, at), actor, party=party, name=name, responsible=responsible,
        scopes=sorted(set(scopes)), expires_at=expires_at,
    )  # fmt: skip


@transaction.atomic
def rotate_credential(
    *, credential: Credential, actor: User, at: datetime, overlap_hours: int
) -> tuple[Credential, str]:
    """A new key with the same rights and end; the old one works on for `overlap_hours`, at most to its own end."""
    locked = _lock_live(credential, actor, at)
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        raise ValidationError({"overlap_hours": _("Between 0 and %(most)s hours.") % {"most": MOST_OVERLAP_HOURS}})
    act = ledger.begin("rotate_credential", actor, at)
    ends = min(locked.expires_at, at + timedelta(hours=overlap_hours))
    Credential.objects.filter(pk=locked.pk).update(expires_at=ends)
    ledger.record(act, locked, detail={"old_key_works_until": ends})
    return _issue_key(
        act, actor, party=locked.party, name=locked.name, responsible=locked.responsible, scopes=locked.scopes,
        expires_at=locked.expires_at,
    )  # fmt: skip


@transaction.atomic
def revoke_credential(*, credential: Credential, actor: User, at: datetime) -> None:
    """The key works no more, from now on and for good. Needs no standing."""
    locked = _lock_live(credential, actor, at)
    Credential.objects.filter(pk=locked.pk).update(revoked_at=at, revoked_by=actor)
    ledger.record(ledger.begin("revoke_credential", actor, at), locked)


def _lock_live(credential: Credential, actor: User, at: datetime) -> Credential:
    permissions.check_can_keep_credentials(actor, credential.party, at)
    locked = (
        Credential.objects.select_for_update(of=("self",)).select_related("party", "responsible").get(pk=credential.pk)
    )
    if not locked.is_live(at):
        raise InvalidState(_("This credential has ended."))
    return locked


def _check_credential(
    party: Party, responsible: User, scopes: Sequence[str], at: datetime, expires_at: datetime
) -> None:
    if not scopes or set(scopes) - set(Scope.values):
        raise ValidationError({"scopes": _("Choose at least one scope.")})
    if not queries.writers(party, at).filter(pk=responsible.pk).exists():
        raise ValidationError({"responsible": _("Only people who act for %(party)s.") % {"party": party.name}})
    if not at < expires_at <= at + timedelta(days=MOST_DAYS):
        raise ValidationError({"expires_at": _("The end lies in the future, at most two years away.")})


def _issue_key(act: ledger.Act, actor: User, **fields: Any) -> tuple[Credential, str]:
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    credential = Credential(
        key_prefix=key[:SHOWN], key_hash=queries.hash_of(key), created_by=actor, created_at=act.at, **fields
    )
    credential.full_clean()
    credential.save()
    ledger.record(act, credential, detail={"key_prefix": credential.key_prefix, **fields})
    return credential, key


def _join(act: ledger.Act, party: Party, user: User, role: str) -> Membership:
    membership = Membership.objects.create(user=user, party=party, role=role, valid_from=local_date(act.at))
    ledger.record(act, membership, detail={"user": user, "party": party, "role": role})
    return membership


def _admit(act: ledger.Act, party: Party, kind: str, level: str, until: date | None) -> Any:
    capability = Capability.objects.create(
        party=party, kind=kind, level=level, region=party.region, valid_from=local_date(act.at), valid_until=until
    )
    ledger.record(act, capability, detail={"party": party, "kind": kind, "level": level, "until": until})
    return capability
