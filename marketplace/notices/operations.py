"""`tell` writes a message with the change it tells of; `send_due` sends what is due.

Mails that wait for a morning are gathered in `digests.py`.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q, QuerySet
from django.utils import translation

from marketplace import elsewhere, wake
from marketplace.ledger import entries as ledger
from marketplace.notices import links
from marketplace.notices.kinds import GROUP_OF, Delivery, Group, choosable, is_binding
from marketplace.notices.messages import render
from marketplace.notices.models import Channel, Digest, Outbox, OutboxState, Preference
from marketplace.notices.rhythm import next_morning

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
BACKOFF_MINUTES = (1, 5, 30, 120, 720)
MOST_CLAIMS = 20  # far more than refusals: workers die of other things; but one mail may kill each that takes it up


class Recipient(NamedTuple):
    """Whom a message is for, without knowing what a user is."""

    ref: str
    email: str
    language: str


class Message(NamedTuple):
    """What `tell` says, of many at once: see there."""

    act: ledger.Act
    recipients: Iterable[Recipient]
    kind: str
    link: str = ""
    key: str = ""
    words: Mapping[str, Any] = {}


def tell(
    act: ledger.Act, recipients: Iterable[Recipient], kind: str, *, link: str = "", key: str = "", **context: Any
) -> None:
    """One page notice for each recipient and, as each has chosen, one e-mail, in the caller's transaction.

    `key` makes a message unique across operations (a reminder that must go out once); by default each operation
    tells each person once of each kind and link.
    """
    tell_each([Message(act, recipients, kind, link, key, context)])


def tell_each(messages: Sequence[Message]) -> None:
    """What `tell` does, for many messages at once."""
    chosen = _chosen(messages)
    rows = [row for message in messages for row in _rows(message, chosen)]
    Outbox.objects.bulk_create(rows, ignore_conflicts=True)  # what was told before stays as it was told
    wake.on_commit("marketplace.notices.tasks.send_due")


def _chosen(messages: Sequence[Message]) -> dict[tuple[str, str], str]:
    """How recipients want to hear of each kind that leaves them a choice; who chose nothing is left out."""
    people = dict[str, set[str]]()
    for message in messages:
        if not is_binding(message.kind):
            people.setdefault(message.kind, set()).update(to.ref for to in message.recipients)
    return {(kind, ref): way for kind, refs in people.items() for ref, way in chosen_by(refs, GROUP_OF[kind]).items()}


def _rows(message: Message, chosen: Mapping[tuple[str, str], str]) -> Iterator[Outbox]:
    said = {name: _words(value) for name, value in message.words.items()}
    key = message.key or f"{message.act.operation_id}:{message.link}"
    row = {"kind": message.kind, "link": message.link, "context": said, "created_at": message.act.at}
    for to in sorted(set(message.recipients)):  # in one order, lest two operations wait for each other
        way = chosen.get((message.kind, to.ref), Delivery.AT_ONCE)
        yield _message(to, Channel.PAGE, Delivery.AT_ONCE, key, row)
        if way != Delivery.PAGE and not elsewhere.current():  # no mail leaves a sandbox
            yield _message(to, Channel.EMAIL, way, key, row)


def chosen_by(refs: Iterable[str], group: str) -> dict[str, str]:
    """How these people want to hear of the group; who chose nothing is left out."""
    return dict(Preference.objects.filter(recipient_ref__in=refs, group=group).values_list("recipient_ref", "delivery"))


def _message(to: Recipient, channel: str, delivery: str, key: str, row: dict[str, Any]) -> Outbox:
    return Outbox(
        dedup_key=f"{row['kind']}:{channel}:{to.ref}:{key}"[:200],
        channel=channel,
        recipient_ref=to.ref,
        address=to.email if channel == Channel.EMAIL else "",
        language=to.language,
        state=OutboxState.SENT if channel == Channel.PAGE else OutboxState.PENDING,
        **row,
        **_plan(delivery, row["created_at"]),
    )


def _plan(delivery: str, at: datetime) -> dict[str, Any]:
    if delivery == Delivery.AT_ONCE:
        return {"rhythm": "", "next_try": at}
    return {"rhythm": delivery, "next_try": next_morning(at, delivery)}


def _words(value: Any) -> str | dict[str, str]:
    """A value as text; one that speaks (a label, an object's name) in every language: its reader may change theirs."""
    if isinstance(value, str | int | date):
        return str(value)
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
        Q(lease_until=None) | Q(lease_until__lte=at), state=OutboxState.PENDING, rhythm="", next_try__lte=at
    )
    sent = 0
    for row in due.order_by("next_try", "pk")[:limit]:
        if claim(due, row, at):
            sent += _send(row, at)
    return sent


def claim(due: QuerySet[Any], row: Outbox | Digest, at: datetime) -> bool:
    """Take a mail up, unless another run was faster. Counts as a claim, not as an attempt."""
    return bool(due.filter(pk=row.pk).update(lease_until=at + LEASE, claims=F("claims") + 1))


def _send(row: Outbox, at: datetime) -> bool:
    sent = hand_over(row, lambda: _mail(row), at)
    if sent:
        Outbox.objects.filter(pk=row.pk).update(state=OutboxState.SENT, lease_until=None)
    return sent


def _mail(row: Outbox) -> EmailMessage:
    with translation.override(row.language):
        subject, body = render(row.kind, row.context)
    if row.link:
        body = f"{body}\n\n{settings.SITE_URL}{row.link}"
    headers = {"Message-ID": f"<outbox-{row.pk}@minshu>"}
    if not is_binding(row.kind):
        headers |= links.headers(row.recipient_ref, [GROUP_OF[row.kind]], row.created_at)
    return EmailMessage(subject, body, to=[row.address], headers=headers)


def hand_over(row: Outbox | Digest, write: Callable[[], EmailMessage], at: datetime) -> bool:
    """Write a mail and give it to the mail server. Where that fails, plan the next try, or give up after the last.

    Where a worker died of it nothing has failed: it is tried again, and given up only after `MOST_CLAIMS` deaths.
    """
    mine = type(row)._base_manager.filter(pk=row.pk)
    if row.claims >= MOST_CLAIMS:
        mine.update(state=OutboxState.FAILED, lease_until=None)
        log.warning("%s %s is given up: taken up %s times", row._meta.model_name, row.pk, row.claims)
        return False
    try:
        write().send()
    except Exception as error:  # smtplib and sockets raise many kinds, a text may lack a word; each means: later
        tried = row.attempts + 1
        state = OutboxState.FAILED if tried > len(BACKOFF_MINUTES) else OutboxState.PENDING
        wait = timedelta(minutes=BACKOFF_MINUTES[min(tried, len(BACKOFF_MINUTES)) - 1])
        mine.update(state=state, attempts=tried, lease_until=None, next_try=at + wait)
        log.warning("%s %s was not sent (try %s): %s", row._meta.model_name, row.pk, tried, type(error).__name__)
        return False
    return True


def choose(*, recipient_ref: str, chosen: Mapping[str, str], at: datetime) -> dict[str, str]:
    """Keep a person's choices by group, and plan anew what is still waiting for them. Returns what changed.

    What is on its way stays on its way; what waits of a group that is now on the page only is sent no more.
    """
    known = dict(Preference.objects.filter(recipient_ref=recipient_ref).values_list("group", "delivery"))
    changed = {group: way for group, way in chosen.items() if known.get(group, Delivery.AT_ONCE) != way}
    for group, delivery in changed.items():
        Preference.objects.update_or_create(
            recipient_ref=recipient_ref, group=Group(group).value, defaults={"delivery": Delivery(delivery).value}
        )
        waiting = Outbox.objects.filter(
            recipient_ref=recipient_ref, channel=Channel.EMAIL, state=OutboxState.PENDING, lease_until=None,
            digest=None, kind__in=choosable(group),
        )  # fmt: skip
        if delivery == Delivery.PAGE:
            waiting.delete()
        else:
            waiting.update(**_plan(delivery, at))
    return changed


def speak(*, recipient_ref: str, language: str) -> None:
    """What is still waiting for a person goes out in the language that they have chosen now.

    What a worker has taken up may have been sent, and stays what it was.
    """
    waiting = Outbox.objects.filter(recipient_ref=recipient_ref, state=OutboxState.PENDING, claims=0)
    waiting.exclude(digest__claims__gt=0).update(language=language)


def mark_seen(*, recipient_ref: str, at: datetime) -> None:
    """The reader has opened the list of notices."""
    Outbox.objects.filter(recipient_ref=recipient_ref, channel=Channel.PAGE, seen_at=None).update(seen_at=at)


def forget_about(*, link: str) -> None:
    """Nothing stays of what was told, to anybody, about what stands at this address: its words name a person."""
    Outbox.objects.filter(link=link).delete()


def forget(*, recipient_ref: str) -> None:
    """A person's account is closed: what was told to them goes, and nothing waiting is sent any more."""
    for model in (Outbox, Digest, Preference):
        model._base_manager.filter(recipient_ref=recipient_ref).delete()
