"""Sandboxes: opened and closed by an organisation, prepared by a job, moved in time by their own keys."""

import logging
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import permissions, queries
from accounts.models import Credential, Membership, Naming, Party, Scope, User
from accounts.operations.credential import KEY_PREFIX, SHOWN
from listings.operations import assess_due, sweep_failed_files, sweep_uploads
from marketplace import elsewhere, wake
from marketplace.applications.operations import link_due
from marketplace.clock.working_days import add_working_days, is_working_day, local_date
from marketplace.elsewhere import Place
from marketplace.errors import InvalidState, StaleState
from marketplace.ledger import entries as ledger
from marketplace.notices.rhythm import morning
from marketplace.sandboxes import template
from marketplace.sandboxes.models import Sandbox
from marketplace.supervision.sweep import sweep

log = logging.getLogger(__name__)
DOMAIN = "sandbox.minshu.invalid"
ROLES = (
    "buyer", "other_buyer", "seller", "provider", "officer", "second_officer", "province_officer", "expert",
)  # fmt: skip
MOST_DAYS = 400  # that time moves at once
KEYS_LAST = timedelta(days=365 * 50)  # by the sandbox's clock; closing the sandbox ends them


@transaction.atomic
def open_sandbox(*, party: Party, actor: User, at: datetime) -> tuple[Sandbox, dict[str, str]]:
    """A sandbox for a verified organisation, prepared by the next run of the job. Returns its keys by role, once."""
    permissions.check_can_keep_credentials(actor, party, at)
    if not Party.objects.select_for_update().get(pk=party.pk).is_in_good_standing(at):
        raise InvalidState(_("%(party)s is not verified, or its verification has lapsed.") % {"party": party.name})
    if Sandbox.objects.filter(party=party, closed_at=None).exists():
        raise InvalidState(_("%(party)s has a sandbox already.") % {"party": party.name})
    sandbox = Sandbox.objects.create(party=party, ahead=timedelta(0), opened_by=actor, opened_at=at)
    ledger.record(ledger.begin("open_sandbox", actor, at), sandbox, detail={"party": party})
    keys = _new_keys(sandbox)
    wake.on_commit("marketplace.sandboxes.tasks.prepare")
    return sandbox, keys


@transaction.atomic
def renew_keys(*, sandbox: Sandbox, actor: User, at: datetime) -> dict[str, str]:
    """New keys for every role; the old ones open nothing more. The sandbox begins afresh."""
    locked = _lock_open(sandbox, actor, at)
    keys = _new_keys(locked)
    _begin_afresh(locked)
    ledger.record(ledger.begin("renew_sandbox_keys", actor, at), locked)
    return keys


@transaction.atomic
def reset_sandbox(*, sandbox: Sandbox, actor: User, at: datetime) -> None:
    """Everything in it is as on its first day, its clock too; the keys stay."""
    locked = _lock_open(sandbox, actor, at)
    _begin_afresh(locked)
    ledger.record(ledger.begin("reset_sandbox", actor, at), locked)


@transaction.atomic
def close_sandbox(*, sandbox: Sandbox, actor: User, at: datetime) -> None:
    """Its keys open nothing more, and its files are removed by the job."""
    locked = _lock_open(sandbox, actor, at)
    Sandbox.objects.filter(pk=locked.pk).update(closed_at=at, keys=[])
    ledger.record(ledger.begin("close_sandbox", actor, at), locked)
    wake.on_commit("marketplace.sandboxes.tasks.prepare")


def move_time(*, place: Place, until: datetime, at: datetime) -> int:
    """Move a sandbox's clock on, with a sweep on each working day's morning in between. Returns what the sweeps did.

    Called inside the sandbox. Raises ValidationError for a time that is not ahead, or too far; StaleState where
    another request has moved it meanwhile.
    """
    if not at < until <= at + timedelta(days=MOST_DAYS):
        raise ValidationError(
            {"until": _("Time only moves on, by at most %(most)s days at once.") % {"most": MOST_DAYS}}
        )
    ahead = place.ahead + (until - at)
    with elsewhere.back_on_site():
        if not Sandbox.objects.filter(pk=place.number, ahead=place.ahead, closed_at=None).update(ahead=ahead):
            raise StaleState
    did = 0
    for moment in _stops(at, until):
        did += _pass(moment)
    place.ahead = ahead
    return did


def _pass(at: datetime) -> int:
    """What the site's worker does every minute: it knows nothing of sandboxes."""
    did = sum(result.did for result in sweep(at=at))
    return did + sweep_uploads(at=at) + sweep_failed_files(at=at) + assess_due(at=at) + link_due(at=at)


def after_working_days(at: datetime, days: int) -> datetime:
    """The same hour, so many working days on."""
    return at + timedelta(days=(add_working_days(local_date(at), days) - local_date(at)).days)


def _stops(at: datetime, until: datetime) -> Iterator[datetime]:
    day = local_date(at)
    while (stop := morning(day)) < until:
        if stop > at and is_working_day(day):
            yield stop
        day += timedelta(days=1)
    yield until


def prepare_sandboxes() -> int:
    """Make what is asked for and not there yet, and remove what is nobody's any more. Returns how many were made."""
    made = 0
    waiting = [sandbox for sandbox in Sandbox.objects.filter(closed_at=None).order_by("pk") if not sandbox.is_ready]
    if waiting:
        template.make()
    for sandbox in waiting:
        template.copy(sandbox.place.folder, lambda folder, row=sandbox: _put_keys_in(row, folder))  # type: ignore[misc]
        made += 1
    _remove_leftovers()
    return made


def _remove_leftovers() -> None:
    """A request may still be at work in the generation before the last."""
    kept = {f"{row.pk}-{row.generation - back}" for row in Sandbox.objects.filter(closed_at=None) for back in (0, 1)}
    for folder in template.root().glob("*-*-*"):
        if not folder.name.startswith("template-") and folder.name.rpartition("-")[0] not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def _lock_open(sandbox: Sandbox, actor: User, at: datetime) -> Sandbox:
    permissions.check_can_keep_credentials(actor, sandbox.party, at)
    locked = Sandbox.objects.select_for_update().get(pk=sandbox.pk)
    if locked.closed_at:
        raise InvalidState(_("This sandbox is closed."))
    return locked


def _new_keys(sandbox: Sandbox) -> dict[str, str]:
    prefix = KEY_PREFIX + sandbox.place.key_prefix
    keys = {role: prefix + secrets.token_urlsafe(32) for role in ROLES}
    rows = [{"role": role, "hash": queries.hash_of(key), "prefix": key[:SHOWN]} for role, key in keys.items()]
    Sandbox.objects.filter(pk=sandbox.pk).update(keys=rows)
    return keys


def _begin_afresh(sandbox: Sandbox) -> None:
    Sandbox.objects.filter(pk=sandbox.pk).update(generation=sandbox.generation + 1, ahead=timedelta(0))
    wake.on_commit("marketplace.sandboxes.tasks.prepare")


def email_of(role: str) -> str:
    return f"{role.replace('_', '-')}@{DOMAIN}"


def _put_keys_in(sandbox: Sandbox, folder: Path) -> None:
    with elsewhere.inside(Place(sandbox.pk, folder, timedelta(0))), transaction.atomic():
        at = elsewhere.now()
        people = {user.email: user for user in User.objects.filter(email__endswith=f"@{DOMAIN}")}
        for key in sandbox.keys:
            person = people[email_of(key["role"])]
            first = Membership.objects.filter(user=person).order_by("pk").select_related("party")[0]
            credential = Credential.objects.create(
                party=first.party, name=key["role"], responsible=person, created_by=person, key_prefix=key["prefix"],
                key_hash=key["hash"], scopes=list(Scope.values), created_at=at, expires_at=at + KEYS_LAST,
            )  # fmt: skip
            Naming.objects.create(credential=credential, user=person, agreed_at=at)
