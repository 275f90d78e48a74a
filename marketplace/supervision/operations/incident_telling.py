"""What follows for others: holders are told and confirm it, grants pause, the public is told (Art. 34)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import recipients
from marketplace.applications.models import Grant
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions_incident as permissions
from marketplace.supervision.incidents import Incident, IncidentNotice
from marketplace.supervision.operations.incident import ARTICLE, holders_untold, lock
from marketplace.supervision.operations.incident_reach import count_reach
from marketplace.supervision.operations.precaution import hold_as_precaution
from marketplace.supervision.permissions import check_is_in_charge


@transaction.atomic
def tell_holders(*, incident: Incident, actor: User, at: datetime, text: str) -> None:
    """Each holder that was not told yet gets the text. The reach is computed afresh first; who obtained a copy later
    can be told by doing it again. Raises InvalidState when nobody is left to be told."""
    permissions.check_can_tell_holders(actor, incident, at)
    require(text=text)
    lock(incident)
    act = ledger.begin("tell_holders", actor, at, ARTICLE)
    count_reach(act, incident)
    untold = holders_untold(incident)
    if not untold:
        raise InvalidState(_("Nobody is left to be told: nobody else obtained it, or all were told."))
    for party in untold:
        IncidentNotice.objects.create(incident=incident, party=party, text=text, sent_at=at)
        tell(
            act, recipients(party, at), "incident_notice", link=incident.get_absolute_url(),
            key=f"incident:{incident.pk}:{party.pk}", number=incident.number, title=incident.title, text=text,
        )  # fmt: skip
    incident.holders_told_at = incident.holders_told_at or at
    incident.save(update_fields=["holders_told_at"])
    ledger.record(act, incident, detail={"text": text, "parties": untold})


@transaction.atomic
def confirm_notice(*, incident: Incident, actor: User, at: datetime) -> None:
    """A holder's person confirms that the notice was read. Once for each holder."""
    permissions.check_can_confirm_notice(actor, incident, at)
    lock(incident)
    mine = permissions.notices_of(actor, incident, at)
    if not mine.filter(confirmed_at=None).update(confirmed_at=at, confirmed_by=actor):
        raise InvalidState(_("This was confirmed already."))
    ledger.record(ledger.begin("confirm_notice", actor, at, ARTICLE), incident)


@transaction.atomic
def hold_affected(*, incident: Incident, actor: User, at: datetime, reason: str) -> None:
    """One act: a precaution on every active grant under which a copy was obtained and that the person is in charge of.

    Each authority pauses its own grants, and of non-public data the seller. Left out, and counted in the ledger: those
    of others, and those that were paused for this incident already; a precaution for another matter is no obstacle.
    Raises InvalidState when none is left.
    """
    permissions.check_can_hold_affected(actor, incident, at)
    require(reason=reason)
    lock(incident)
    act = ledger.begin("hold_affected", actor, at, ARTICLE)
    count_reach(act, incident)
    grants = permissions.reached_grants(incident).select_related("product__seller__merged_into", "buyer", "authority")
    found = list(grants.select_for_update(of=("self",)).order_by("pk"))
    held = [grant for grant in found if _hold(act, incident, grant, actor, reason)]
    if not held:
        raise InvalidState(_("No grant is left that you could pause."))
    ledger.record(act, incident, detail={"reason": reason, "held": held, "left": len(found) - len(held)})


def _hold(act: ledger.Act, incident: Incident, grant: Grant, actor: User, reason: str) -> bool:
    try:
        check_is_in_charge(actor, grant, act.at)
        hold_as_precaution(act, grant, reason, cause=incident)
    except (NotAllowed, InvalidState):
        return False
    return True


@transaction.atomic
def tell_public(*, incident: Incident, actor: User, at: datetime, text: str) -> None:
    """A notice on a public page, where people may have become recognisable. Once; it stays as it is."""
    permissions.check_can_decide_incident(actor, incident, at)
    require(text=text)
    lock(incident)
    if not incident.may_identify:
        raise InvalidState(_("The public is told where people may have become recognisable: say so in a supplement."))
    if incident.public_told_at is not None:
        raise InvalidState(_("The public was told already."))
    incident.public_told_at, incident.public_text = at, text
    incident.save(update_fields=["public_told_at", "public_text"])
    ledger.record(ledger.begin("tell_public", actor, at, ARTICLE), incident, detail={"text": text})
