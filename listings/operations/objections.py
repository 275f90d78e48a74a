"""Objections during publicity: raised by anybody, answered with reasons by whoever reviews the version."""

import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import sealing
from accounts.models import User
from accounts.permissions import check_is_job
from accounts.queries import recipient, recipients
from listings import permissions
from listings.models import Objection, Version
from listings.operations import review
from listings.states import ObjectionState, VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

PUBLIC = ledger.SystemActor("public")
ARTICLE = "Art. 17"
KEEP_CONTACT = timedelta(days=183)  # after the answer: as long as an action before the court may be brought


class Lodged(NamedTuple):
    """An objection and the code that, with its number, opens its answer. The code is shown once and kept nowhere."""

    objection: Objection
    code: str


@transaction.atomic
def lodge_objection(
    *, version: Version, actor: Any, at: datetime, text: str, name: str = "", contact: str = ""
) -> Lodged:
    """Anybody objects to a version in publicity: a user, or `PUBLIC`. Whoever reviews it is told and has a deadline."""
    require(text=text)
    version = Version.objects.select_for_update(of=("self",)).get(pk=version.pk)
    check_in_publicity(version, at)
    code = secrets.token_urlsafe(12)
    objection = Objection(
        version=version, by=actor if isinstance(actor, User) else None, person_sealed=_seal(name, contact),
        code_hash=hash_of(code), text=text, created_at=at,
    )  # fmt: skip
    objection.full_clean()
    objection.save()
    act = ledger.begin("lodge", actor, at, ARTICLE)
    ledger.record(act, objection, new=objection.state, detail={"version": version})
    clock.start(objection, Kind.OBJECTION, at)
    if version.reviewing_body:
        tell(
            act, recipients(version.reviewing_body, at), "objection_lodged", link=objection.get_absolute_url(),
            product=version.product.title, number=version.number, objection=objection.number,
        )  # fmt: skip
    return Lodged(objection, code)


@transaction.atomic
def dismiss_objection(*, objection: Objection, actor: User, at: datetime, reason: str) -> None:
    """open → dismissed, with the reasons; the publicity goes on."""
    permissions.check_can_answer_objection(actor, objection, at)
    _answer(ledger.begin("dismiss_objection", actor, at, ARTICLE), objection, ObjectionState.DISMISSED, reason)


@transaction.atomic
def uphold_objection(*, objection: Objection, actor: User, at: datetime, reason: str) -> None:
    """open → upheld, with the reasons: a version still in publicity goes back to its review."""
    permissions.check_can_answer_objection(actor, objection, at)
    act = ledger.begin("uphold_objection", actor, at, ARTICLE)
    _answer(act, objection, ObjectionState.UPHELD, reason)
    version = Version.objects.get(pk=objection.version_id)
    if version.state == VersionState.IN_PUBLICITY:
        review.reopen(act, version, reason)


@transaction.atomic
def erase_objectors(*, objection: Objection, actor: ledger.SystemActor, at: datetime) -> bool:
    """Name and contact go when they are no longer needed; text and answer stay. Returns whether there was anything."""
    check_is_job(actor)
    due = Objection.objects.filter(pk=objection.pk, decided_at__lte=at - KEEP_CONTACT).exclude(person_sealed="")
    if not due.update(person_sealed=""):
        return False
    ledger.record(ledger.begin("erase", actor, at), objection)
    return True


@transaction.atomic
def reseal_objectors() -> int:
    """After a change of keys: names and contacts sealed again under the first. Returns how many."""
    rows = list(Objection.objects.select_for_update().exclude(person_sealed=""))
    for row in rows:
        Objection.objects.filter(pk=row.pk).update(person_sealed=sealing.reseal(row.person_sealed))
    return len(rows)


def check_in_publicity(version: Version, at: datetime) -> None:
    """Raises InvalidState unless objections are heard: in publicity, and its period is not over."""
    workflow.check_in(version, VersionState.IN_PUBLICITY)
    if clock.has_run_out(version, Kind.PUBLICITY, at):
        raise InvalidState(_("The publicity period is over."))


def find_objection(number: str, code: str) -> Objection | None:
    """The objection with this number, if the code is its own."""
    digits = number.strip().upper().removeprefix("O")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        return None
    found = Objection.objects.select_related("version__product").filter(pk=int(digits)).first()
    return found if found and secrets.compare_digest(found.code_hash, hash_of(code.strip())) else None


def hash_of(code: str) -> str:
    """96 random bits need no salt and no slow hash."""
    return hashlib.sha256(code.encode()).hexdigest()


def _seal(name: str, contact: str) -> str:
    person = {key: value.strip() for key, value in (("name", name), ("contact", contact)) if value.strip()}
    if any(len(value) > 200 for value in person.values()):
        raise ValidationError(_("Name and contact have at most 200 characters each."))
    return sealing.seal(json.dumps(person, ensure_ascii=False)) if person else ""


def _answer(act: ledger.Act, objection: Objection, new: str, reason: str) -> None:
    require(reason=reason)
    workflow.move(
        act, objection, new, answer=reason, decided_by=act.actor, decided_at=act.at, detail={"reason": reason}
    )
    clock.stop(objection, act.at)
    if objection.by is not None:
        tell(
            act, [recipient(objection.by)], "objection_answered", link=objection.get_absolute_url(),
            objection=objection.number, state=ObjectionState(new).label, reason=reason,
        )  # fmt: skip
