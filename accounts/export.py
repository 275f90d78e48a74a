"""Everything that is kept about a person, for that person."""

import json
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from accounts import identity
from accounts.models import Invitation, Party, User
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox, Preference


def collect(user: User) -> dict[str, Any]:
    """As plain values. Numbers of documents stay masked: a file lies about."""
    acts = Entry.objects.filter(actor_ref=user.ledger_ref).order_by("pk").select_related("detail")
    return {
        "account": _rows(User.objects.filter(pk=user.pk), "email", "name", "language", "date_joined", "last_login")[0],
        "second_factors": _rows(Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
        "sessions": _rows(UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at"),
        "memberships": _rows(user.memberships.all(), "party__name", "role", "valid_from", "valid_until"),
        "registrations": [_person(party) for party in own_persons(user)],
        "invitations": _rows(
            Invitation.objects.filter(email__iexact=user.email), "party__name", "role", "created_at", "state"
        ),
        "notices": _rows(
            Outbox.objects.filter(recipient_ref=user.ledger_ref), "channel", "kind", "context", "created_at"
        ),
        "named_by_systems": _rows(user.namings.all(), "credential__name", "agreed_at", "withdrawn_at"),
        "mails": _rows(Preference.objects.filter(recipient_ref=user.ledger_ref), "group", "delivery"),
        "acts": [_act(entry) for entry in acts],
    }


def own_persons(user: User) -> list[Party]:
    """What the user registered as a person; mostly one."""
    mine = Party.objects.filter(kind="person", memberships__user=user, memberships__role="owner")
    return list(mine.filter(memberships__deputy_for=None).distinct().order_by("pk"))


def _rows(rows: Any, *names: str) -> list[dict[str, Any]]:
    return list(rows.order_by("pk").values(*names))


def _person(party: Party) -> dict[str, Any]:
    return {
        "name": party.name,
        "state": party.state,
        "document": party.id_kind,
        "number": identity.mask(party.id_encrypted) if party.id_encrypted else "",
        "verifications": _rows(party.verifications.all(), "at", "valid_until", "evidence"),
    }


def _act(entry: Entry) -> dict[str, Any]:
    detail = json.loads(entry.detail.json) if hasattr(entry, "detail") else None
    about = f"{entry.object_type}:{entry.object_id}"
    return {"at": entry.at, "verb": entry.verb, "about": about, "old": entry.old, "new": entry.new, "detail": detail}
