"""A suspended holder stops new use, says where its copies are and keeps them as evidence: a term of every grant."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import check_is_job
from accounts.queries import People
from marketplace import workflow
from marketplace.applications.models import Grant, open_holds
from marketplace.applications.queries import counterparts
from marketplace.applications.states import GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions_closeout as permissions
from marketplace.supervision.closeout import Whereabouts, whereabouts_owed


@transaction.atomic
def state_whereabouts(
    *, grant: Grant, actor: User, at: datetime, places: str, systems: str, kept_by: str, was_passed_on: bool,
    kept_as_evidence: bool, passed_to: str = "",
) -> None:  # fmt: skip
    """The holder of a suspended grant says where its copies are, that it uses them no more and keeps them as evidence.

    Once for each suspension. Ends the clock; whoever supervises the grant is told. Raises InvalidState where nobody
    asks: nothing was delivered, it is said already, or the suspension is over.
    """
    permissions.check_can_account_for_copies(actor, grant, at)
    workflow.check_in(grant, GrantState.ACTIVE)
    require(places=places, systems=systems, kept_by=kept_by)
    _check_promise(kept_as_evidence, was_passed_on, passed_to)
    Grant.objects.select_for_update().get(pk=grant.pk)  # a hold that is being lifted is waited for
    since = whereabouts_owed(grant, at)
    if since is None:
        raise InvalidState(_("Nobody asks where copies are: nothing was delivered, it is said, or no hold is open."))
    said = Whereabouts.objects.create(
        grant=grant, suspended_at=since, places=places, systems=systems, kept_by=kept_by,
        was_passed_on=was_passed_on, passed_to=passed_to, by=actor, at=at,
    )  # fmt: skip
    clock.stop(grant, at, Kind.WHEREABOUTS)
    act = ledger.begin("state_whereabouts", actor, at, grant.article)
    ledger.record(
        act, said,
        detail={
            "grant": grant, "places": places, "systems": systems, "kept_by": kept_by, "passed_on": was_passed_on,
            "passed_to": passed_to,
        },
    )  # fmt: skip
    tell(
        act, counterparts(grant, People(at)), "whereabouts_stated", link=grant.get_absolute_url(), number=grant.number,
        buyer=grant.buyer, passed_to=passed_to or "–",
    )  # fmt: skip


def _check_promise(kept_as_evidence: bool, was_passed_on: bool, passed_to: str) -> None:
    if not kept_as_evidence:
        raise ValidationError(
            {"kept_as_evidence": _("Until the suspension ends, copies are not used and not destroyed.")}
        )
    if was_passed_on and not passed_to.strip():
        raise ValidationError({"passed_to": _("Name who got them.")})
    if passed_to.strip() and not was_passed_on:
        raise ValidationError({"was_passed_on": _("You name somebody who got them.")})


@transaction.atomic
def drop_whereabouts(*, grant: Grant, actor: ledger.SystemActor, at: datetime) -> bool:
    """A suspension has ended by itself, as a precaution does: nobody asks any more. Returns whether it was so."""
    check_is_job(actor)
    Grant.objects.select_for_update().get(pk=grant.pk)
    asked = clock.of(grant).open().filter(kind=Kind.WHEREABOUTS)
    if not asked.exists() or open_holds(at, grant=grant).exists():
        return False
    clock.stop(grant, at, Kind.WHEREABOUTS)
    ledger.record(ledger.begin("drop_whereabouts", actor, at, grant.article), grant)
    return True
