"""The review of a version, by the authority or the compliance reviewer: returned, refused, made public, held."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import check_is_left
from accounts.queries import recipients
from listings import files, permissions, queries
from listings.models import Product, Version
from listings.operations.built import check_not_stopped, check_sources_stand
from listings.operations.search import follow_product
from listings.operations.sources import check_sources_in_order
from listings.states import IN_USE, ON_OFFER, VersionState
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
    *, version: Version, actor: User, at: datetime, sources_checked: bool, reason: str, irreversible: bool = False
) -> None:
    """submitted → in publicity. The reviewer signs off the sources and, of grade 3, that nothing can be restored
    (Art. 17); of aggregates (grade 4) `irreversible` is not asked for and counts for nothing.

    Kept with the version: who signed, when, and on which assessment. Raises InvalidState while an item of the
    lawful-source file is unchecked, rejected or lapsed, a sign-off is missing or a column of digests is not declared.
    """
    permissions.check_can_review(actor, version, at)
    check_product_stands(version.product)
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
    """Part of upholding an objection and of taking a product down: in publicity → submitted, the review's clock runs
    anew, the seller is told."""
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
    check_product_stands(version.product)
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
    """published → held: nothing of it is served while the officer looks into something.

    What a take-down holds can be held by hand besides: two reasons, and each is lifted for itself.
    """
    _check_decides(version, actor, at, reason)
    locked = _locked(version)
    if locked.is_held_by_hand:
        raise InvalidState(_("It is not published, or held already."))
    hold_for_finding(ledger.begin("hold", actor, at, _article(version)), locked, reason)


def hold_for_finding(act: ledger.Act, version: Version, reason: str) -> None:
    """Part of holding, and of answering a finding, whose operation has checked the reviewer: published → held, or held
    by a take-down and from now on by hand as well. Nothing where it is held by hand already."""
    locked = _locked(version)
    if locked.state == VersionState.PUBLISHED:
        return _move(act, locked, VersionState.HELD, reason, is_held_by_hand=True)
    if not locked.is_held_by_hand:
        workflow.check_in(locked, VersionState.HELD)
        _note_hold(act, locked, reason, is_held_by_hand=True)


def take_down(act: ledger.Act, version: Version, reason: str) -> None:
    """Part of a take-down, which has checked the reviewer: published or held → held, until the take-down is over."""
    workflow.check_in(_locked(version), *ON_OFFER)
    take_down_again(act, version, reason)


def take_down_again(act: ledger.Act, version: Version, reason: str) -> None:
    """Part of ending a stay: as `take_down`. What was retired meanwhile is not served until the take-down is over, what
    was recalled stays so."""
    locked = _locked(version)
    if locked.state == VersionState.PUBLISHED:
        _move(act, locked, VersionState.HELD, reason)
    Version.objects.filter(pk=version.pk).update(is_taken_down=True)


def end_take_down(act: ledger.Act, version: Version, new: str, reason: str) -> None:
    """Part of a take-down that is lifted (→ published) or final (→ recalled).

    What was recalled meanwhile stays so; what is held for another reason as well stays held until that is gone.
    """
    locked = _locked(version)
    Version.objects.filter(pk=version.pk).update(is_taken_down=False)
    locked.is_taken_down = False
    if locked.machine.allows(locked.state, new) and (new == VersionState.RECALLED or not is_held_otherwise(locked)):
        _move(act, locked, new, reason)


def is_held_otherwise(version: Version) -> bool:
    """Whether a reason to hold it is left: by hand, a take-down of it, a take-down of its whole product."""
    return version.is_held_by_hand or version.is_taken_down or bool(version.product.taken_down_by)


@transaction.atomic
def release_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """held by hand → published; where a take-down holds it as well, it stays held until that is lifted."""
    _check_decides(version, actor, at, reason)
    locked = _locked(version)
    workflow.check_in(locked, VersionState.HELD)
    if not locked.is_held_by_hand:
        raise InvalidState(_("It was taken down: the take-down is lifted, not the hold."))
    locked.is_held_by_hand = False
    act = ledger.begin("release", actor, at, _article(version))
    if is_held_otherwise(locked):
        return _note_hold(act, locked, reason, is_held_by_hand=False)
    _move(act, locked, VersionState.PUBLISHED, reason, is_held_by_hand=False)


@transaction.atomic
def recall_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """published, held or retired → recalled: never served again."""
    _decide("recall", version, VersionState.RECALLED, actor, at, reason)


def _decide(verb: str, version: Version, new: str, actor: User, at: datetime, reason: str, **fields):  # type: ignore[no-untyped-def]
    """What every decision on a version has in common. Extra text fields that are no columns go into the detail."""
    if verb == "publish":
        permissions.check_can_review(actor, version, at)
        check_is_left(version.product.seller)
    else:
        _check_decides(version, actor, at, reason)
    act = ledger.begin(verb, actor, at, _article(version))
    _move(act, version, new, reason, **fields)
    return act


def _check_decides(version: Version, actor: User, at: datetime, reason: str) -> None:
    permissions.check_can_review(actor, version, at)
    require(reason=reason)
    check_is_left(version.product.seller)


def _locked(version: Version) -> Version:
    """This very object, as the database has it now."""
    version.refresh_from_db(from_queryset=Version.objects.select_for_update(of=("self",)))
    return version


def check_product_stands(product: Product) -> None:
    """InvalidState, naming the measure, once the whole product was taken down. Locks the product: what makes a version
    public comes before such a take-down, and is held by it, or after it, and is refused."""
    _check_not_taken_down_whole(_locked_product(product))


def take_down_product(act: ledger.Act, product: Product, number: str, reason: str) -> None:
    """Part of a take-down of a whole product, known by its `number`: each published version → held, each one in
    publicity → submitted, and none of any state is served or made public until it is over. InvalidState where one
    stands, or nothing was ever published."""
    locked = _locked_product(product)
    _check_not_taken_down_whole(locked)
    if not _in_use(locked):
        raise InvalidState(_("No version of this product is in use: there is nothing to take down."))
    take_down_product_again(act, product, number, reason)


def take_down_product_again(act: ledger.Act, product: Product, number: str, reason: str) -> None:
    """Part of ending a stay: as `take_down_product`, of whatever is in use now."""
    locked = _locked_product(product)
    versions = _in_use(locked)
    locked.taken_down_by = number
    locked.save(update_fields=["taken_down_by"])
    ledger.record(act, locked, detail={"taken_down_by": number, "versions": versions, "reason": reason})
    for version in versions:
        if version.state == VersionState.PUBLISHED:
            _move(act, version, VersionState.HELD, reason)
    _end_publicity(act, locked, reason)


def give_product_back(act: ledger.Act, product: Product, number: str, reason: str) -> None:
    """Part of a take-down of a whole product, known by its `number`, that is lifted or annulled: its versions that are
    held for no other reason → published; what was recalled stays so. Nothing where another one holds the product."""
    locked = _locked_product(product)
    if locked.taken_down_by != number:
        return
    locked.taken_down_by = ""
    locked.save(update_fields=["taken_down_by"])
    ledger.record(act, locked, detail={"taken_down_by": "", "reason": reason})
    for version in _in_use(locked):
        if version.state == VersionState.HELD and not is_held_otherwise(version):
            _move(act, version, VersionState.PUBLISHED, reason)


def recall_product(act: ledger.Act, product: Product, reason: str) -> list[Version]:
    """Part of a take-down of a whole product that is final: whatever version is held or retired → recalled. The product
    stays taken down. Returns what was recalled."""
    recalled = _in_use(_locked_product(product))
    for version in recalled:
        _move(act, version, VersionState.RECALLED, reason)
    return recalled


def _end_publicity(act: ledger.Act, product: Product, reason: str) -> None:
    waiting = product.versions.filter(state=VersionState.IN_PUBLICITY)
    for version in waiting.select_for_update(of=("self",)).order_by("pk"):
        reopen(act, version, reason)


def _locked_product(product: Product) -> Product:
    """Not its key: whoever writes a row that names it does not wait."""
    return Product.objects.select_for_update(of=("self",), no_key=True).select_related("seller").get(pk=product.pk)


def _check_not_taken_down_whole(product: Product) -> None:
    if product.taken_down_by:
        raise InvalidState(_("The whole product was taken down by %(number)s: no version of it is made public.")
                           % {"number": product.taken_down_by})  # fmt: skip


def _in_use(product: Product) -> list[Version]:
    """What buyers get, or would get again, locked against deliveries."""
    return list(product.versions.filter(state__in=IN_USE).select_for_update(of=("self",)).order_by("pk"))


def _note_hold(act: ledger.Act, version: Version, reason: str, *, is_held_by_hand: bool) -> None:
    """The second of two reasons comes or goes: the version stays held."""
    Version.objects.filter(pk=version.pk).update(is_held_by_hand=is_held_by_hand)
    ledger.record(act, version, detail={"reason": reason})
    _tell_seller(act, version, VersionState.HELD, reason)


def _article(version: Version) -> str:
    """Non-public data is checked by the platform, as Art. 40 wants it, by the measure of Art. 17."""
    return "Art. 17" if version.product.is_public_data else "Art. 40"


def _move(act: ledger.Act, version: Version, new: str, reason: str, *, remedy: str = "", **fields: Any) -> None:
    signed = {"assessment": assessment} if (assessment := fields.get("signed_assessment")) else {}
    workflow.move(act, version, new, detail={"reason": reason, "remedy": remedy, **signed}, **fields)
    follow_product(version.product)
    clock.stop(version, act.at)
    _tell_seller(act, version, new, reason, remedy)


def _tell_seller(act: ledger.Act, version: Version, new: str, reason: str, remedy: str = "") -> None:
    tell(
        act, recipients(version.product.seller, act.at), "version_moved", link=version.get_absolute_url(),
        product=version.product.title, number=version.number, state=VersionState(new).label,
        reason=" ".join(filter(None, [reason, remedy])), **clock.review_term(act.at, remedy),
    )  # fmt: skip
