"""A person's account: opened by the person or the operator's command, closed by the person."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import export, permissions
from accounts.evidence.models import Removal
from accounts.models import Invitation, Membership, Party, PartyKind, User, valid_on
from accounts.operations.evidence import remove_all
from accounts.operations.membership import leave
from accounts.queries import recipient
from accounts.states import PartyState
from marketplace import workflow
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.notices.operations import forget, forget_about, tell

CLOSED = "（已注销）"  # stands where a name stood
PRIVACY_NOTICE = "2026-11"  # edition that a new account's owner has read


@transaction.atomic
def open_account(*, user: User, at: datetime, name: str, language: str) -> User:
    """Save a new account that its owner signs up for; the address is still to be verified."""
    user.name, user.language = name, language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    user.date_joined = at
    user.save()
    ledger.record(ledger.begin("open_account", user, at), user, detail={"privacy_notice": PRIVACY_NOTICE})
    return user


@transaction.atomic
def set_up_account(*, at: datetime, email: str, name: str, password: str | None, language: str = "zh-hans") -> User:
    """An account whose address is known to be its owner's: of the first operator, and of the demo's people."""
    user = User.objects.create_user(email=email, password=password, name=name, language=language, date_joined=at)
    EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
    ledger.record(ledger.begin("open_account", user, at), user)
    return user


@transaction.atomic
def end_sessions(*, sessions: Iterable[UserSession], actor: User, at: datetime) -> None:
    """Log the person out of the browsers that hold these sessions, all their own."""
    if any(session.user_id != actor.pk for session in sessions):
        raise NotAllowed(_("These are somebody else's sessions."))
    for session in sessions:
        session.end()
    ledger.record(ledger.begin("end_sessions", actor, at), actor)


@transaction.atomic
def reset_second_factor(*, party: Party, membership: Membership, actor: User, at: datetime, reason: str) -> None:
    """An operator takes away the lost second factor of somebody who belongs to a party, never their own.

    Every factor and recovery code goes, every session ends, and the person is told by mail; where their role needs a
    factor, the next login asks for a new one. Raises InvalidState where there is none.
    """
    permissions.check_operator(actor, at)
    person = membership.user
    if person.pk == actor.pk:
        raise NotAllowed(_("Nobody resets their own second factor: ask another operator."))
    require(reason=reason)
    mine = Membership.objects.filter(valid_on(local_date(at)), pk=membership.pk, party=party)
    if not mine.exists():
        raise InvalidState(_("This person does not belong to the party today."))
    if not Authenticator.objects.filter(user=person).delete()[0]:
        raise InvalidState(_("This person has no second factor."))
    for session in UserSession.objects.filter(user=person):
        session.end()
    act = ledger.begin("reset_second_factor", actor, at, "Art. 45")
    ledger.record(act, person, detail={"party": party, "reason": reason})
    tell(act, [recipient(person)], "second_factor_reset", link=reverse("mfa_index"), name=actor.name, reason=reason)


@transaction.atomic
def export_account(*, actor: User, at: datetime) -> dict[str, Any]:
    """Everything that is kept about the person, and an entry that it was handed out."""
    permissions.check_is_person(actor)
    ledger.record(ledger.begin("export_account", actor, at), actor)
    return export.collect(actor)


@transaction.atomic
def close_account(*, actor: User, at: datetime, ended: Iterable[Party], nameless: Iterable[Party]) -> None:
    """End the memberships and erase what is personal: the entries of the ledger stay, and say “closed account”.

    `ended` are the parties that end with the account, `nameless` those of them, persons, whose name nobody needs any
    more. Part of the desk's operation, which knows about open cases and has the parties locked.
    """
    act, forgotten = ledger.begin("close_account", actor, at), {party.pk for party in nameless}
    for membership in actor.memberships.filter(valid_on(local_date(at))).order_by("pk"):
        leave(act, membership)
    for party in ended:
        workflow.move(act, party, PartyState.ENDED, id_encrypted="", id_hmac=None)
        if party.kind == PartyKind.PERSON:
            remove_all(act, party, Removal.ACCOUNT)
        if party.pk in forgotten:
            _forget_name(party, actor, at)
    ledger.record(act, actor)
    _forget_person(actor)


def erase_account(act: ledger.Act, user: User, party: Party, *, nameless: bool) -> None:
    """Part of another operation: a person's account opens no more, what is personal of it and of its ended party goes.

    The name of the party goes only when `nameless`: who has traded keeps the name that stands in the contracts.
    """
    Party.objects.filter(pk=party.pk).update(id_encrypted="", id_hmac=None)
    remove_all(act, party, Removal.ACCOUNT)
    if nameless:
        _forget_name(party, act.actor, act.at)
    ledger.record(act, user)
    _forget_person(user)


def _forget_name(party: Party, actor: Any, at: datetime) -> None:
    Party.objects.filter(pk=party.pk).update(name=CLOSED)
    forget_about(link=party.get_absolute_url())
    named = Entry.objects.filter(object_type=party._meta.label_lower, object_id=str(party.pk))
    for entry in named.filter(verb__in=("register", "amend")).exclude(detail=None):
        ledger.erase_detail(entry=entry, actor=actor, at=at, reason_code="account_closed")


def _forget_person(user: User) -> None:
    address = f"closed-{user.pk}@closed.invalid"
    Invitation.objects.filter(accepted_by=user).update(email=address)
    forget(recipient_ref=user.ledger_ref)
    for session in UserSession.objects.filter(user=user):
        session.end()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    user.email, user.name, user.is_active, user.last_login = address, CLOSED, False, None
    user.set_unusable_password()
    user.save()
