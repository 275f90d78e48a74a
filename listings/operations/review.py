"""The authority's review of a version: returned, refused, made public, published; held, released, recalled."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import recipients
from listings import files, permissions
from listings.models import Version
from listings.operations.built import check_not_stopped, check_sources_stand
from listings.states import VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def return_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """submitted → returned: everything that is missing, named once."""
    _decide("return", version, VersionState.RETURNED, actor, at, reason)


@transaction.atomic
def refuse_version(*, version: Version, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """submitted → refused, with the remedy against it. Its file is destroyed at once; report and hashes stay."""
    require(remedy=remedy)
    _decide("refuse", version, VersionState.REFUSED, actor, at, reason, remedy=remedy)
    files.destroy(version.files.filter(destroyed_at=None), at)


@transaction.atomic
def approve_version(
    *, version: Version, actor: User, at: datetime, sources_checked: bool, irreversible: bool, reason: str
) -> None:
    """submitted → in publicity. The officer signs off each source item and that nothing can be restored (Art. 17)."""
    if not (sources_checked and irreversible):
        raise InvalidState(_("Without both sign-offs a version cannot go public."))
    act = _decide("approve", version, VersionState.IN_PUBLICITY, actor, at, reason, checked_sources_by=actor)
    check_not_stopped(version.product, at)
    check_sources_stand(version)
    clock.start(version, Kind.PUBLICITY, act.at)


@transaction.atomic
def uphold_objection(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """in publicity → submitted: an objection was upheld, the review begins again."""
    permissions.check_can_review(actor, version, at)
    workflow.check_in(version, VersionState.IN_PUBLICITY)
    _decide("uphold_objection", version, VersionState.SUBMITTED, actor, at, reason)
    clock.start(version, Kind.ACCEPTANCE, at)


@transaction.atomic
def publish_version(*, version: Version, actor: User, at: datetime) -> None:
    """in publicity → published, once the publicity clock has run out. Older versions stay as they are."""
    permissions.check_can_review(actor, version, at)
    workflow.check_in(version, VersionState.IN_PUBLICITY)
    check_not_stopped(version.product, at)
    check_sources_stand(version)
    if not clock.has_run_out(version, Kind.PUBLICITY, at):
        raise InvalidState(_("The publicity period is not over yet."))
    _decide("publish", version, VersionState.PUBLISHED, actor, at, "", published_at=at)


@transaction.atomic
def hold_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """published → held: nothing of it is served while the officer looks into something."""
    _decide("hold", version, VersionState.HELD, actor, at, reason)


@transaction.atomic
def release_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """held → published."""
    permissions.check_can_review(actor, version, at)
    workflow.check_in(version, VersionState.HELD)
    _decide("release", version, VersionState.PUBLISHED, actor, at, reason)


@transaction.atomic
def recall_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """published or held → recalled: never served again."""
    _decide("recall", version, VersionState.RECALLED, actor, at, reason)


def _decide(verb: str, version: Version, new: str, actor: User, at: datetime, reason: str, **fields):  # type: ignore[no-untyped-def]
    """What every decision on a version has in common. Extra text fields that are no columns go into the detail."""
    permissions.check_can_review(actor, version, at)
    if verb != "publish":
        require(reason=reason)
    remedy = fields.pop("remedy", "")
    act = ledger.begin(verb, actor, at, "Art. 17")
    workflow.move(act, version, new, detail={"reason": reason, "remedy": remedy}, **fields)
    clock.stop(version, at)
    tell(
        act, recipients(version.product.seller, at), "version_moved", link=version.get_absolute_url(),
        product=version.product.title, number=version.number, state=VersionState(new).label,
        reason=" ".join(filter(None, [reason, remedy])),
    )  # fmt: skip
    return act
