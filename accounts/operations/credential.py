"""Keys of a party's own systems: created, rotated, revoked."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import permissions, queries
from accounts.models import Credential, Naming, Party, Scope, User
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

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
    act = ledger.begin("create_credential", actor, at)
    made = _issue_key(
        act, actor, party=party, name=name, responsible=responsible, scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )  # fmt: skip
    tell(act, [queries.recipient(responsible)], "naming_asked", link="/account/systems/", party=party, name=name)
    return made


@transaction.atomic
def rotate_credential(
    *, credential: Credential, actor: User, at: datetime, overlap_hours: int
) -> tuple[Credential, str]:
    """A new key with the same rights and end; the old one works on for `overlap_hours`, at most to its own end.

    It is the same system: who agreed to be named by it may be named with the new key, too.
    """
    locked = _lock_live(credential, actor, at)
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        raise ValidationError({"overlap_hours": _("Between 0 and %(most)s hours.") % {"most": MOST_OVERLAP_HOURS}})
    act = ledger.begin("rotate_credential", actor, at)
    ends = min(locked.expires_at, at + timedelta(hours=overlap_hours))
    Credential.objects.filter(pk=locked.pk).update(expires_at=ends)
    ledger.record(act, locked, detail={"old_key_works_until": ends})
    made = _issue_key(
        act, actor, party=locked.party, name=locked.name, responsible=locked.responsible, scopes=locked.scopes,
        expires_at=locked.expires_at, first_key_id=locked.system,
    )  # fmt: skip
    for naming in locked.namings.filter(withdrawn_at=None).select_related("user").order_by("pk"):
        _name(act, made[0], naming.user)
    return made


@transaction.atomic
def agree_to_be_named(*, credential: Credential, actor: User, at: datetime) -> Naming:
    """From now on the credential's system may name the person as responsible for what it writes.

    Only the person agrees, on the page, where a second factor is asked for. Raises InvalidState when they have agreed
    already, or the key has ended; NotAllowed for whom the party's people do not include today.
    """
    _check_own_will(actor, credential, at)
    locked = Credential.objects.select_for_update(of=("self",)).get(pk=credential.pk)
    if not locked.is_live(at):
        raise InvalidState(_("This credential has ended."))
    if locked.namings.filter(user=actor, withdrawn_at=None).exists():
        raise InvalidState(_("You have agreed to this already."))
    return _name(ledger.begin("agree_to_be_named", actor, at), locked, actor)


@transaction.atomic
def withdraw_from_naming(*, credential: Credential, actor: User, at: datetime) -> None:
    """From the next request on the credential's system may not name the person. Needs no membership any more."""
    _check_on_page(actor)
    open_one = Naming.objects.filter(credential=credential, user=actor, withdrawn_at=None)
    if not open_one.update(withdrawn_at=at):
        raise InvalidState(_("You have not agreed to this, or withdrawn it already."))
    ledger.record(ledger.begin("withdraw_from_naming", actor, at), credential, detail={"user": actor})


def _name(act: ledger.Act, credential: Credential, user: User) -> Naming:
    naming = Naming.objects.create(credential=credential, user=user, agreed_at=act.at)
    ledger.record(act, naming, detail={"credential": credential, "user": user})
    return naming


def _check_own_will(actor: User, credential: Credential, at: datetime) -> None:
    _check_on_page(actor)
    permissions.check_member(actor, credential.party, at)


def _check_on_page(actor: User) -> None:
    permissions.check_is_person(actor)
    if actor.credential:
        raise NotAllowed(_("A person says this on the page, not through a partner's system."))


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
    if not queries.people_of(party, at).filter(pk=responsible.pk).exists():
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
