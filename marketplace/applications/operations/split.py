"""An item that lacks a unit's consent goes on in an application of its own, so that the rest is not kept waiting."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import assign, carry_recusals
from accounts.queries import recipients
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, Item, Route
from marketplace.applications.operations.application import SCENARIO
from marketplace.applications.operations.decision import finish, lacking_consent, lock_under_review
from marketplace.applications.states import ApplicationState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 15"


@transaction.atomic
def split_off_item(*, item: Item, actor: User, at: datetime, reason: str) -> Application:
    """open → split off: a new application, accepted and with the same officer, asks the units for this item again.

    Only for data open on application whose units have not all consented, and only where something is left to go on.
    """
    permissions.check_can_decide(actor, item, at)
    require(reason=reason)
    application = lock_under_review(item)
    workflow.check_in(item, ItemState.OPEN)
    if item.route != Route.ON_APPLICATION or not lacking_consent(item):
        raise InvalidState(_("Only an item that lacks a unit's consent is split off (Art. 15): decide this one."))
    if not application.items.exclude(pk=item.pk).exclude(state=ItemState.SPLIT_OFF).exists():
        raise InvalidState(_("Nothing else of this application would go on: decide or return it."))
    act = ledger.begin("split_off", actor, at, ARTICLE)
    workflow.move(act, item, ItemState.SPLIT_OFF, detail={"reason": reason})
    part = _part(act, application, item, actor)
    tell(
        act, recipients(part.buyer, at), "item_split_off", link=part.get_absolute_url(), number=application.number,
        product=item.product, part=part.number, reason=reason,
    )  # fmt: skip
    finish(act, application)
    return part


def _part(act: ledger.Act, application: Application, item: Item, officer: User) -> Application:
    """The same scenario with one item, through the states that the old application went through. Who has stepped back
    from that has from this."""
    scenario = {name: getattr(application, name) for name in SCENARIO}
    part = Application.objects.create(
        buyer=application.buyer, applicant=application.applicant, split_from=item, created_at=act.at, **scenario
    )
    ledger.record(act, part, new=part.state, detail={"split_from": item, **scenario})
    moved = Item.objects.create(application=part, product=item.product, fields=item.fields, route=item.route)
    ledger.record(act, moved, new=moved.state, detail={"product": item.product, "fields": item.fields})
    workflow.move(
        act, part, ApplicationState.SUBMITTED, authority=application.authority, submitted_at=application.submitted_at
    )
    workflow.move(act, part, ApplicationState.ACCEPTED)
    carry_recusals(application, part)
    assign(act, part, officer)
    clock.start(part, Kind.DECISION, act.at)
    clock.start(part, Kind.PRECHECK, act.at)
    return part
