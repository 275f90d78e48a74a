"""Everything that is kept about a person, for that person."""

import json
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts import identity
from accounts.models import EvidenceFile, Invitation, Party, User
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
        "evidence_files": [_file(file) for file in files_about(user)],
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


def files_about(user: User) -> QuerySet[EvidenceFile]:
    """What the user added to any case, and what proves who the user is."""
    own = {str(party.pk) for party in own_persons(user)}
    return EvidenceFile.objects.filter(Q(by=user) | Q(object_type="accounts.party", object_id__in=own)).order_by("pk")


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


def _file(file: EvidenceFile) -> dict[str, Any]:
    """Without its content, as a file lies about: an identity document is at `address`, for whoever is logged in."""
    about = {
        "case": f"{file.object_type}:{file.object_id}",
        "what": file.subject,
        "note": file.note,
        "format": file.kind,
    }
    is_own = file.object_type == "accounts.party" and file.removed_at is None
    address = reverse("accounts:party-evidence", args=[file.object_id, file.pk]) if is_own else ""
    dates = {"at": file.at, "removed_at": file.removed_at, "removal": file.removal}
    return {**about, "size": file.size, "sha256": file.sha256, "address": address, **dates}


def _act(entry: Entry) -> dict[str, Any]:
    detail = json.loads(entry.detail.json) if hasattr(entry, "detail") else None
    about = f"{entry.object_type}:{entry.object_id}"
    return {"at": entry.at, "verb": entry.verb, "about": about, "old": entry.old, "new": entry.new, "detail": detail}
