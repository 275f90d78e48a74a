"""One mail for what has gathered: at most one for each person and morning, caught up after an outage."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.clock.working_days import local_date
from marketplace.notices import links
from marketplace.notices.kinds import GROUP_OF, GROUPS, Group
from marketplace.notices.messages import render
from marketplace.notices.models import Digest, Outbox, OutboxState
from marketplace.notices.operations import claim, hand_over
from marketplace.notices.rhythm import latest_morning, next_morning

MOST_SHOWN = 100  # notices in one mail; the page has them all


def send_digests(*, at: datetime, limit: int = 100) -> int:
    """Gather what waits and was due by `at`, then send the mails that are due. Returns how many were sent.

    However many runs overlap, each person gets one mail for a morning: its row is unique, and claimed by a lease.
    After an outage one mail holds everything that was missed. What comes due while a claimed mail is still to be sent
    waits until that is done with, and goes into the next.
    """
    waiting = Outbox.objects.filter(state=OutboxState.PENDING, digest=None, next_try__lte=at).exclude(rhythm="")
    claimed = Digest.objects.filter(state=OutboxState.PENDING, claims__gt=0)
    waiting = waiting.exclude(recipient_ref__in=claimed.values("recipient_ref"))
    for ref in waiting.order_by("recipient_ref").values_list("recipient_ref", flat=True).distinct()[:limit]:
        _gather(ref, at)
    due = Digest.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=at), state=OutboxState.PENDING, next_try__lte=at
    )
    sent = 0
    for digest in due.order_by("next_try", "pk")[:limit]:
        if claim(due, digest, at):
            sent += _send(digest, at)
    for done in (OutboxState.SENT, OutboxState.FAILED):
        Outbox.objects.filter(state=OutboxState.PENDING, digest__state=done).update(state=done)
    return sent


@transaction.atomic
def _gather(ref: str, at: datetime) -> None:
    """Put what waits for a person into their open mail, or a new one for the latest morning; else until the next."""
    waiting = Outbox.objects.filter(recipient_ref=ref, state=OutboxState.PENDING, digest=None, next_try__lte=at)
    waiting = waiting.exclude(rhythm="")
    digest = _open_digest(ref, latest_morning(at), at)
    if digest is None:  # this morning's mail is out
        waiting.update(next_try=next_morning(at, "daily"))
    elif not digest.claims:  # else another run was faster
        waiting.update(digest=digest)


def _open_digest(ref: str, morning: datetime, at: datetime) -> Digest | None:
    found = Digest.objects.select_for_update().filter(recipient_ref=ref, state=OutboxState.PENDING).first()
    if found:
        return found
    try:
        with transaction.atomic():
            return Digest.objects.create(recipient_ref=ref, morning=morning, next_try=at)
    except IntegrityError:
        return None


def _send(digest: Digest, at: datetime) -> bool:
    rows = list(digest.rows.filter(state=OutboxState.PENDING).order_by("pk"))
    sent = bool(rows) and hand_over(digest, lambda: _mail(digest, rows), at)
    if sent or not rows:  # none: they were erased meanwhile
        Digest.objects.filter(pk=digest.pk).update(state=OutboxState.SENT, lease_until=None)
    return sent


def _mail(digest: Digest, rows: list[Outbox]) -> EmailMessage:
    last = rows[-1]
    with translation.override(last.language):
        subject, body = words(digest, rows)
    groups = [GROUP_OF[row.kind] for row in rows]
    headers = links.headers(digest.recipient_ref, groups, digest.morning)
    headers["Message-ID"] = f"<digest-{digest.pk}@minshu>"
    return EmailMessage(subject, body, to=[last.address], headers=headers)


def words(digest: Digest, rows: list[Outbox]) -> tuple[str, str]:
    """Subject and body in the active language: the notices by group, oldest first, and how to get fewer mails."""
    day = f"{local_date(digest.morning):%Y-%m-%d}"
    subject = ngettext("%(count)s notice, %(day)s", "%(count)s notices, %(day)s", len(rows))
    parts = [text for group in GROUPS if (text := _section(group, rows[:MOST_SHOWN]))]
    if len(rows) > MOST_SHOWN:
        parts.append(_("And %(count)s more, on the page of notices.") % {"count": len(rows) - MOST_SHOWN})
    settings_page = settings.SITE_URL + reverse("accounts:notices")
    parts.append(_("When mails reach you is your choice: %(address)s") % {"address": settings_page})
    groups = [GROUP_OF[row.kind] for row in rows]
    end = _("No more mails of these kinds, without a login: %(address)s")
    parts.append(end % {"address": links.address(digest.recipient_ref, groups, digest.morning)})
    return subject % {"count": len(rows), "day": day}, "\n\n".join(parts)


def _section(group: str, rows: list[Outbox]) -> str:
    texts = [_one(row) for row in rows if GROUP_OF[row.kind] == group]
    return "\n\n".join([f"== {Group(group).label} ==", *texts]) if texts else ""


def _one(row: Outbox) -> str:
    subject, body = render(row.kind, row.context)
    lines = [f"* {subject}", body.strip(), f"{settings.SITE_URL}{row.link}" if row.link else ""]
    return "\n".join(line for line in lines if line)
