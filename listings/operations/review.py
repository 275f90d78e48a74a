"""The review of a version, by the authority or the compliance reviewer: returned, refused, made public, held."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import check_is_left
from accounts.queries import recipients
from listings import files, permissions, queries
from listings.models import Version
from listings.operations.built import check_not_stopped, check_sources_stand
from listings.operations.search import follow_product
from listings.operations.sources import check_sources_in_order
from listings.states import VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.ledger.queries import history
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
    *, version: Version, actor: User, at: datetime, sources_checked: bool, reason: str, irreversible: bool = False
) -> None:
    """submitted → in publicity. The reviewer signs off the sources and, of grade 3, that nothing can be restored
    (Art. 17); of aggregates (grade 4) `irreversible` is not asked for and counts for nothing.

    Kept with the version: who signed, when, and on which assessment. Raises InvalidState while an item of the
    lawful-source file is unchecked, rejected or lapsed, a sign-off is missing or a column of digests is not declared.
    """
    permissions.check_can_review(actor, version, at)
    if not sources_checked or (queries.needs_signature(version) and not irreversible):
        raise InvalidState(_("Without its sign-offs a version cannot go public."))
    workflow.check_in(version, VersionState.SUBMITTED)
    check_sources_in_order(version, at)
    if columns := queries.unexplained(version):
        named = {"columns": ", ".join(columns)}
        raise InvalidState(_("Return it: the seller has not declared what became of the key of %(columns)s.") % named)
    act = _decide(
        "approve", version, VersionState.IN_PUBLICITY, actor, at, reason, checked_sources_by=actor,
        **signed_off(version, actor, at),
    )  # fmt: skip
    check_not_stopped(version.product, at)
    check_sources_stand(version)
    clock.start(version, Kind.PUBLICITY, act.at)


def signed_off(version: Version, by: User, at: datetime) -> dict[str, Any]:
    """Who signed when, on which assessment, that nothing can be restored; of a file about nobody nobody has to."""
    newest = queries.passed(version)
    if newest is None or not queries.needs_signature(version):
        return {"signed_off_by": None, "signed_off_at": None, "signed_assessment": None}
    return {"signed_off_by": by, "signed_off_at": at, "signed_assessment": newest}


def reopen(act: ledger.Act, version: Version, reason: str) -> None:
    """Part of upholding an objection: in publicity → submitted, the review's clock runs anew, the seller is told."""
    _move(act, version, VersionState.SUBMITTED, reason)
    clock.start(version, Kind.ACCEPTANCE, act.at)


def reopen_refused(act: ledger.Act, version: Version, reason: str) -> None:
    """Part of a review that does not uphold a refusal: refused → draft. Its file was destroyed and is sent again."""
    check_is_left(version.product.seller)
    version = Version.objects.select_for_update(of=("self",)).select_related("product__seller").get(pk=version.pk)
    workflow.reopen(act, version, VersionState.DRAFT, detail={"reason": reason})
    follow_product(version.product)


@transaction.atomic
def publish_version(*, version: Version, actor: User, at: datetime) -> None:
    """in publicity → published, once the publicity clock has run out. Older versions stay as they are."""
    permissions.check_can_review(actor, version, at)
    workflow.check_in(version, VersionState.IN_PUBLICITY)
    check_not_stopped(version.product, at)
    check_sources_stand(version)
    if not clock.has_run_out(version, Kind.PUBLICITY, at):
        raise InvalidState(_("The publicity period is not over yet."))
    Version.objects.select_for_update(of=("self",)).get(pk=version.pk)  # an objection that is being lodged counts
    if version.objections.open().exists():
        raise InvalidState(_("An objection is still open: answer it first."))
    _decide("publish", version, VersionState.PUBLISHED, actor, at, "", published_at=at)


@transaction.atomic
def hold_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """published → held: nothing of it is served while the officer looks into something."""
    _decide("hold", version, VersionState.HELD, actor, at, reason)


def hold_for_finding(act: ledger.Act, version: Version, reason: str) -> None:
    """Part of answering a finding about the version, whose operation has checked the reviewer: published → held."""
    _move(act, version, VersionState.HELD, reason)


def check_not_taken_down(version: Version) -> None:
    """InvalidState while a take-down of the version stands. Locks it: a second one waits for the first."""
    if Version.objects.select_for_update(of=("self",)).get(pk=version.pk).is_taken_down:
        raise InvalidState(_("It was taken down: the take-down is lifted, not the hold."))


def take_down(act: ledger.Act, version: Version, reason: str) -> None:
    """Part of a take-down, which has checked the reviewer: published or held → held, until the take-down is over."""
    locked = Version.objects.select_for_update(of=("self",)).select_related("product__seller").get(pk=version.pk)
    workflow.check_in(locked, VersionState.PUBLISHED, VersionState.HELD)
    if locked.state == VersionState.PUBLISHED:
        _move(act, locked, VersionState.HELD, reason)
    Version.objects.filter(pk=version.pk).update(is_taken_down=True)


def end_take_down(act: ledger.Act, version: Version, new: str, reason: str) -> None:
    """Part of a take-down that is lifted (→ published) or final (→ recalled).

    What was recalled meanwhile stays so; what had been held for another reason before is released by hand.
    """
    locked = Version.objects.select_for_update(of=("self",)).select_related("product__seller").get(pk=version.pk)
    Version.objects.filter(pk=version.pk).update(is_taken_down=False)
    if locked.state != VersionState.HELD or (new == VersionState.PUBLISHED and not _is_held_by_take_down(locked)):
        return
    _move(act, locked, new, reason)


def _is_held_by_take_down(version: Version) -> bool:
    """By the newest entry that held it: a take-down of what was held already moves nothing."""
    return bool(history([version]).filter(new=VersionState.HELD).latest("pk").verb == "take_down")


@transaction.atomic
def release_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """held → published."""
    permissions.check_can_review(actor, version, at)
    workflow.check_in(version, VersionState.HELD)
    check_not_taken_down(version)
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
    check_is_left(version.product.seller)
    act = ledger.begin(verb, actor, at, _article(version))
    _move(act, version, new, reason, **fields)
    return act


def _article(version: Version) -> str:
    """Non-public data is checked by the platform, as Art. 40 wants it, by the measure of Art. 17."""
    return "Art. 17" if version.product.is_public_data else "Art. 40"


def _move(act: ledger.Act, version: Version, new: str, reason: str, *, remedy: str = "", **fields: Any) -> None:
    signed = {"assessment": assessment} if (assessment := fields.get("signed_assessment")) else {}
    workflow.move(act, version, new, detail={"reason": reason, "remedy": remedy, **signed}, **fields)
    follow_product(version.product)
    clock.stop(version, act.at)
    tell(
        act, recipients(version.product.seller, act.at), "version_moved", link=version.get_absolute_url(),
        product=version.product.title, number=version.number, state=VersionState(new).label,
        reason=" ".join(filter(None, [reason, remedy])),
    )  # fmt: skip
