"""Objections during publicity: raised by anybody, answered with reasons by whoever reviews the version."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import anybody
from accounts.anybody import KEEP_CONTACT, PUBLIC, Lodged
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

__all__ = ["PUBLIC"]
ARTICLE = "Art. 17"


@transaction.atomic
def lodge_objection(
    *, version: Version, actor: Any, at: datetime, text: str, name: str = "", contact: str = ""
) -> Lodged:
    """Anybody objects to a version in publicity: a user, or `PUBLIC`. Whoever reviews it is told and has a deadline."""
    require(text=text)
    version = Version.objects.select_for_update(of=("self",)).get(pk=version.pk)
    check_in_publicity(version, at)
    code = anybody.new_code()
    objection = Objection(
        version=version, by=actor if isinstance(actor, User) else None,
        person_sealed=anybody.seal_person(name, contact),
        code_hash=anybody.hash_of(code), text=text, created_at=at,
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
    return anybody.erase_person(objection, Objection.objects.filter(decided_at__lte=at - KEEP_CONTACT), actor, at)


@transaction.atomic
def reseal_objectors() -> int:
    """After a change of keys: names and contacts sealed again under the first. Returns how many."""
    return anybody.reseal_people(Objection)


def check_in_publicity(version: Version, at: datetime) -> None:
    """Raises InvalidState unless objections are heard: in publicity, and its period is not over."""
    workflow.check_in(version, VersionState.IN_PUBLICITY)
    if clock.has_run_out(version, Kind.PUBLICITY, at):
        raise InvalidState(_("The publicity period is over."))


def find_objection(number: str, code: str) -> Objection | None:
    """The objection with this number, if the code is its own."""
    found: Objection | None = anybody.find(Objection.objects.select_related("version__product"), number, code)
    return found


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
