"""A write that was asked for twice happens once."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Party
from marketplace.api.models import IdempotencyKey
from marketplace.api.problems import Problem

REMEMBERED = timedelta(days=30)
Reply = tuple[int, Any]  # status and JSON


def once(
    *, party: Party, key: str, body_hash: str, at: datetime, write: Callable[[], Reply], apart: bool = False
) -> Reply:
    """The kept reply to this key, or what `write` answers, kept in the same transaction.

    With `apart` the write keeps its own transactions (a file is read before any is opened), so a crash just between
    may lead to a second upload of the same file. Raises Problem for a key that is in use, now or for something else.
    A refusal is not kept: nothing was written, and the same key may be tried again.
    """
    with nullcontext() if apart else transaction.atomic():
        if not apart and not _take(f"{party.pk} {key}"):
            raise Problem(409, "request_in_progress", _("A request with this Idempotency-Key is being worked on."))
        kept = IdempotencyKey.objects.filter(party=party, key=key).first()
        if kept is None:
            status, reply = write()
            kept = _keep(party, key, body_hash, status, reply, at)
    if kept.body_hash != body_hash:
        raise Problem(422, "idempotency_key_reused", _("This Idempotency-Key belongs to another request."))
    return kept.status, kept.reply


def _take(name: str) -> bool:
    """Whether nobody else works under this name; held to the end of the transaction. SQLite has one writer anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


def _keep(party: Party, key: str, body_hash: str, status: int, reply: Any, at: datetime) -> IdempotencyKey:
    IdempotencyKey.objects.filter(party=party, created_at__lt=at - REMEMBERED).delete()
    row = IdempotencyKey(party=party, key=key, body_hash=body_hash, status=status, reply=reply, created_at=at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # only of two uploads at once
        return IdempotencyKey.objects.get(party=party, key=key)
    return row
