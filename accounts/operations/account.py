"""A person's account: opened by the person or the operator's command, closed by the person."""

from collections.abc import Iterable
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from marketplace.errors import NotAllowed
from marketplace.ledger import entries as ledger

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
