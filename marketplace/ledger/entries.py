"""Writing and checking entries. Nothing here ever updates one."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import rfc8785
from django.db import models, transaction
from django.utils.functional import Promise

from marketplace.ledger.acts import Act, Actor, SystemActor, begin, reference
from marketplace.ledger.models import Entry, EntryDetail

__all__ = [
    "Act",
    "Actor",
    "SystemActor",
    "begin",
    "erase_detail",
    "record",
    "record_each",
    "reference",
    "verify_detail",
]

SAFE_INTEGER = 2**53 - 1  # beyond it, JSON readers differ: RFC 8785 wants strings


def plain(value: Any) -> Any:
    """A value as JSON that every reader reads alike: dates ISO, money and big integers strings, rows references."""
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | Promise):
        return str(value)
    if isinstance(value, models.Model):
        return reference(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in value]
    raise TypeError(f"a ledger detail cannot hold {type(value).__name__}")


def hash_detail(salt: str, canonical: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(salt) + canonical).hexdigest()


def record(
    act: Act, obj: models.Model, *, old: str = "", new: str = "", detail: Mapping[str, Any] | None = None
) -> Entry:
    """Append one entry for `obj`, and its detail if there is one, in the caller's transaction.

    What a deputy does names, in the detail, for whom it was done.
    """
    if act.acting_for:
        detail = {**(detail or {}), "acting_for": act.acting_for}
    entry = Entry(object_type=obj._meta.label_lower, object_id=str(obj.pk), old=old, new=new, **_act_columns(act))
    if not detail:
        entry.save(force_insert=True)
        return entry
    salt, canonical = secrets.token_hex(16), rfc8785.dumps(plain(detail))
    entry.detail_hash = hash_detail(salt, canonical)
    entry.save(force_insert=True)
    EntryDetail.objects.create(entry=entry, salt=salt, json=canonical.decode())
    return entry


def record_each(
    acts: Act | Sequence[Act], objects: Sequence[models.Model], details: Sequence[Mapping[str, Any]], *, new: str = ""
) -> None:
    """What `record` does, for many new objects at once: an entry with a detail for each, of one act or each of its
    own."""
    rows, texts = [], []
    each = [acts] * len(objects) if isinstance(acts, Act) else acts
    for act, obj, detail in zip(each, objects, details, strict=True):
        told = {**detail, "acting_for": act.acting_for} if act.acting_for else detail
        salt, canonical = secrets.token_hex(16), rfc8785.dumps(plain(told))
        texts.append((salt, canonical.decode()))
        rows.append(
            Entry(
                object_type=obj._meta.label_lower, object_id=str(obj.pk), new=new,
                detail_hash=hash_detail(salt, canonical), **_act_columns(act),
            )
        )  # fmt: skip
    Entry.objects.bulk_create(rows, batch_size=500)
    EntryDetail.objects.bulk_create(
        (EntryDetail(entry=row, salt=salt, json=text) for row, (salt, text) in zip(rows, texts, strict=True)),
        batch_size=500,
    )


@transaction.atomic
def erase_detail(*, entry: Entry, actor: Any, at: datetime, reason_code: str) -> None:
    """Delete the text of an entry (a person's right to erasure); the entry and its hash stay.

    Records an `erase` entry whose object is the erased one; without it the database refuses the deletion.
    `reason_code` is a word, not text, for it cannot be erased later.
    """
    record(begin("erase", actor, at), entry, new=reason_code)
    EntryDetail.objects.filter(entry=entry).delete()


def verify_detail(entry: Entry) -> bool:
    """Whether the stored text is the one that was recorded. True, too, where it was lawfully erased."""
    detail = EntryDetail.objects.filter(entry=entry).first()
    if detail is None:
        return (
            not entry.detail_hash
            or Entry.objects.filter(object_type=entry._meta.label_lower, object_id=str(entry.pk), verb="erase").exists()
        )
    canonical = rfc8785.dumps(json.loads(detail.json))
    return secrets.compare_digest(hash_detail(detail.salt, canonical), entry.detail_hash)


def _act_columns(act: Act) -> dict[str, Any]:
    return {
        "operation_id": act.operation_id,
        "actor_ref": act.actor.ledger_ref,
        "actor_kind": act.actor.ledger_kind,
        "verb": act.verb,
        "article": act.article,
        "at": act.at,
    }
