"""`tell` writes a message with the change it tells of; `send_due` sends what is due."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.utils import translation

from marketplace import wake
from marketplace.ledger import entries as ledger
from marketplace.notices.messages import render
from marketplace.notices.models import Channel, Outbox, OutboxState

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
BACKOFF_MINUTES = (1, 5, 30, 120, 720)


class Recipient(NamedTuple):
    """Whom a message is for, without knowing what a user is."""

    ref: str
    email: str
    language: str


def tell(
    act: ledger.Act, recipients: Iterable[Recipient], kind: str, *, link: str = "", key: str = "", **context: Any
) -> None:
    """One page notice and one e-mail for each recipient, in the caller's transaction.

    `key` makes a message unique across operations (a reminder that must go out once); by default each operation
    tells each person once of each kind and link.
    """
    for to in set(recipients):
        for channel in Channel.values:
            _write(act, to, channel, kind, link, key or f"{act.operation_id}:{link}", context)
    wake.on_commit("marketplace.notices.tasks.send_due")


def _write(
    act: ledger.Act, to: Recipient, channel: str, kind: str, link: str, key: str, context: dict[str, Any]
) -> None:
    Outbox.objects.get_or_create(
        dedup_key=f"{kind}:{channel}:{to.ref}:{key}"[:200],
        defaults={
            "channel": channel,
            "recipient_ref": to.ref,
            "address": to.email if channel == Channel.EMAIL else "",
            "language": to.language,
            "kind": kind,
            "context": {name: _words(value) for name, value in context.items()},
            "link": link,
            "state": OutboxState.SENT if channel == Channel.PAGE else OutboxState.PENDING,
            "next_try": act.at,
            "created_at": act.at,
        },
    )


def _words(value: Any) -> str | dict[str, str]:
    """A value as text; one that speaks (a label, an object's name) in every language: its reader may change theirs."""
    said = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            said[language] = str(value)
    return said if len(set(said.values())) > 1 else said[settings.LANGUAGE_CODE]


def send_due(*, at: datetime, limit: int = 100) -> int:
    """Send the e-mails that are due. Claims each by a lease, so that overlapping runs share the work.

    Returns how many were sent. A message that fails is tried again later and never blocks the others.
    """
    due = Outbox.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=at), state=OutboxState.PENDING, next_try__lte=at
    )
    sent = 0
    for row in due.order_by("next_try", "pk")[:limit]:
        if due.filter(pk=row.pk).update(lease_until=at + LEASE, attempts=F("attempts") + 1):
            sent += _send(row, at)
    return sent


def _send(row: Outbox, at: datetime) -> bool:
    with translation.override(row.language):
        subject, body = render(row.kind, row.context)
    if row.link:
        body = f"{body}\n\n{settings.SITE_URL}{row.link}"
    message = EmailMessage(subject, body, to=[row.address], headers={"Message-ID": f"<outbox-{row.pk}@minshu>"})
    try:
        message.send()
    except Exception as error:  # smtplib and sockets raise many kinds; each means: later
        _postpone(row, at, error)
        return False
    Outbox.objects.filter(pk=row.pk).update(state=OutboxState.SENT, lease_until=None)
    return True


def _postpone(row: Outbox, at: datetime, error: Exception) -> None:
    tried = row.attempts + 1
    state = OutboxState.FAILED if tried > len(BACKOFF_MINUTES) else OutboxState.PENDING
    wait = timedelta(minutes=BACKOFF_MINUTES[min(tried, len(BACKOFF_MINUTES)) - 1])
    Outbox.objects.filter(pk=row.pk).update(state=state, lease_until=None, next_try=at + wait)
    log.warning("notice %s was not sent (try %s): %s", row.pk, tried, type(error).__name__)


def mark_seen(*, recipient_ref: str, at: datetime) -> None:
    """The reader has opened the list of notices."""
    Outbox.objects.filter(recipient_ref=recipient_ref, channel=Channel.PAGE, seen_at=None).update(seen_at=at)


def forget_about(*, link: str) -> None:
    """Nothing stays of what was told, to anybody, about what stands at this address: its words name a person."""
    Outbox.objects.filter(link=link).delete()


def forget(*, recipient_ref: str) -> None:
    """A person's account is closed: what was told to them goes, and nothing waiting is sent any more."""
    Outbox.objects.filter(recipient_ref=recipient_ref).delete()
