"""The grant: accepted, declined, surrendered, closed, ended by a measure."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import People, recipients
from listings import operations as listing
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Grant, HoldCode, open_holds
from marketplace.applications.operations.copies import ask_certificates, owes_destruction
from marketplace.applications.operations.edition import withdraw_changes
from marketplace.applications.queries import counterparts
from marketplace.applications.states import GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import end_of_day, local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

BY_FORCE = (GrantState.TERMINATED, GrantState.REVOKED)
GIVEN_UP = (GrantState.SURRENDERED, GrantState.CLOSED)
REVOCATION = ("Art. 15", "Art. 16", "Art. 17", "Art. 35")


@transaction.atomic
def accept_grant(*, grant: Grant, actor: User, at: datetime, terms_accepted: bool) -> None:
    """offered → active: the buyer agrees to the frozen terms, in time."""
    permissions.check_can_take_grant(actor, grant, at)
    workflow.check_in(grant, GrantState.OFFERED)
    if not terms_accepted:
        raise InvalidState(_("The grant begins only when its terms are accepted."))
    if clock.has_run_out(grant, Kind.OFFER, at) or grant.ends < local_date(at):
        raise InvalidState(_("The offer has lapsed: apply again."))
    listing.check_supplier(grant.product, at)
    listing.check_grantable(grant.product, at)
    act = ledger.begin("accept", actor, at, grant.article)
    workflow.move(act, grant, GrantState.ACTIVE, activated_at=at, detail={"terms": grant.terms})
    clock.stop(grant, at)
    tell(
        act, counterparts(grant, People(at)), "grant_moved", link=grant.get_absolute_url(),
        number=grant.number, state=GrantState.ACTIVE.label, reason=grant.product.title,
    )  # fmt: skip


@transaction.atomic
def decline_grant(*, grant: Grant, actor: User, at: datetime, reason: str) -> None:
    """offered → declined."""
    permissions.check_can_leave_grant(actor, grant, at)
    require(reason=reason)
    _end("decline", grant, GrantState.DECLINED, actor, at, reason)


@transaction.atomic
def surrender_grant(*, grant: Grant, actor: User, at: datetime, reason: str) -> None:
    """active → surrendered: the buyer gives it back; the duties for what it received go on.

    Not while an order or a notice names it, also where a review has it served again for the time: it would end nothing
    any more. Nor while a precaution holds it: the order that may follow would find nothing to suspend.
    """
    permissions.check_can_leave_grant(actor, grant, at)
    require(reason=reason)
    Grant.objects.select_for_update().get(pk=grant.pk)  # an order that is being issued is waited for
    # of an active grant: what was lifted, annulled or has ended it would have left its outcome
    if grant.measures.filter(outcome="", measure__issued_at__isnull=False).exists():
        raise InvalidState(_("An order stands against this grant: correct what it names first."))
    if open_holds(at, grant=grant, code=HoldCode.PRECAUTION).exists():
        raise InvalidState(_("A precaution holds this grant: give it back once what is looked into is decided."))
    _end("surrender", grant, GrantState.SURRENDERED, actor, at, reason)


@transaction.atomic
def close_grant(*, grant: Grant, actor: User, at: datetime, reason: str) -> None:
    """active → closed, by an officer or the seller of non-public data, once its period is over.

    Its rights ended with its period. Where copies were delivered it is closed out with their certificate of
    destruction, once that is checked; until then raises InvalidState.
    """
    permissions.check_can_close_grant(actor, grant, at)
    require(reason=reason)
    workflow.check_in(grant, GrantState.ACTIVE)
    if grant.ends >= local_date(at):
        raise InvalidState(_("The grant's period is not over yet."))
    if owes_destruction(grant):
        raise InvalidState(_("Copies were delivered: closed with their certificate of destruction, once checked."))
    _end("close", grant, GrantState.CLOSED, actor, at, reason)


@transaction.atomic
def revoke_grant(*, grant: Grant, actor: User, at: datetime, article: str, reason: str, remedy: str) -> ledger.Act:
    """active → revoked: the ground of the grant has gone (a consent, the purpose, the safety of the data). Art. 33 is
    another thing: there a breach is corrected first. Names its article and its remedy. Part of supervision's operation,
    which flags what was built."""
    permissions.check_can_revoke_grant(actor, grant, at)
    if article not in REVOCATION:
        raise ValidationError({"article": _("Name the article on which the grant no longer rests.")})
    require(reason=reason, remedy=remedy)
    workflow.check_in(grant, GrantState.ACTIVE)
    act = ledger.begin("revoke", actor, at, article)
    end_grant(act, grant, GrantState.REVOKED, reason=reason, remedy=remedy)
    return act


def restore_grant(act: ledger.Act, grant: Grant, reason: str) -> None:
    """Part of a review that annuls its revocation: revoked → active, on its frozen terms, for what is left of its
    period. Its holds stay, and what was built under it is stopped by it no more. All sides are told."""
    workflow.reopen(act, grant, GrantState.ACTIVE, detail={"reason": reason}, ended_at=None)
    if grant.ends >= local_date(act.at):
        clock.stop(grant, act.at, Kind.DESTRUCTION)
    listing.resume_products(act, [ledger.reference(grant)])
    _tell(act, grant, reason)


def end_grant(act: ledger.Act, grant: Grant, new: str, *, reason: str, remedy: str = "") -> None:
    """Part of a measure: its operation has checked everything. Moves the grant, with a change that is asked for, and
    tells its holder and its seller."""
    fields = {} if new == GrantState.DECLINED else {"ended_at": act.at}
    named = {"remedy": remedy} if remedy else {}
    workflow.move(act, grant, new, detail={"reason": reason, **named}, **fields)
    clock.stop(grant, act.at, Kind.OFFER, Kind.WHEREABOUTS)
    withdraw_changes(act, grant.editions.all(), reason)
    if new in BY_FORCE and grant.product.is_public_data:
        stop_built(act, grant, new)
    elif new != GrantState.DECLINED:
        _end_built(act, grant)
    _tell(act, grant, reason, remedy)
    if new != GrantState.DECLINED:
        ask_certificates([(act, grant)], People(act.at))


def stop_built(act: ledger.Act, grant: Grant, new: str) -> None:
    """Part of an authority's ending it by force: nothing new of what was built under it, until an officer clears it."""
    ref = ledger.reference(grant)
    listing.stop_products(act, ref, ref, reason=f"{grant.number}: {GrantState(new).label}")


def _end_built(act: ledger.Act, grant: Grant) -> None:
    """Given up, or its contract ended: as when its period is over, nothing new of what was built until another grant.
    What stands still with a hold of an ended contract would do so for ever: nobody decides on that."""
    listing.end_upstream(ledger.reference(grant), min(act.at, end_of_day(grant.ends)))
    if grant.state in BY_FORCE:
        listing.resume_products(act, map(ledger.reference, grant.holds.order_by("pk")))


def _tell(act: ledger.Act, grant: Grant, reason: str, remedy: str = "") -> None:
    """All sides; its holder also until when a review can be asked for, where a remedy is named."""
    others = recipients(grant.product.seller, act.at) + recipients(grant.authority, act.at)
    for told, contested in ((recipients(grant.buyer, act.at), remedy), (others, "")):
        tell(
            act, told, "grant_moved", link=grant.get_absolute_url(), key=f"{act.operation_id}:{grant.pk}",
            number=grant.number, state=GrantState(grant.state).label, reason=f"{reason} {remedy}".strip(),
            **clock.review_term(act.at, contested),
        )  # fmt: skip


def _end(verb: str, grant: Grant, new: str, actor: User, at: datetime, reason: str) -> None:
    end_grant(ledger.begin(verb, actor, at, grant.article), grant, new, reason=reason)
