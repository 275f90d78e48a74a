"""Catalogue entries (Art. 10): proposed by a unit, published by the authority of its region."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.operations import check_is_left
from accounts.queries import authority_for
from listings import permissions
from listings.models import CatalogueEntry
from listings.operations.search import follow_entries
from listings.states import EntryState
from marketplace import workflow
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger

ARTICLE = "Art. 10"


@transaction.atomic
def propose_entry(*, unit: Party, actor: User, at: datetime, **fields: Any) -> CatalogueEntry:
    """A unit describes data it holds. Raises ValidationError where the law wants a basis and none is given."""
    permissions.check_can_propose_entry(actor, unit, at)
    authority = authority_for(unit.region, at)
    if authority is None:
        raise InvalidState(_("No authority is set up for %(region)s.") % {"region": unit.region})
    entry = CatalogueEntry(unit=unit, authority=authority, created_at=at, **fields)
    entry.full_clean()
    entry.save()
    ledger.record(ledger.begin("propose", actor, at, ARTICLE), entry, new=entry.state, detail=fields)
    return entry


@transaction.atomic
def revise_entry(*, entry: CatalogueEntry, actor: User, at: datetime, **fields: Any) -> None:
    """returned → proposed, with corrected fields."""
    permissions.check_can_keep_entry(actor, entry, at)
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.full_clean()
    workflow.move(ledger.begin("revise", actor, at, ARTICLE), entry, EntryState.PROPOSED, detail=fields, **fields)


@transaction.atomic
def publish_entry(*, entry: CatalogueEntry, actor: User, at: datetime) -> None:
    """proposed → published."""
    permissions.check_can_decide_entry(actor, entry, at)
    workflow.move(ledger.begin("publish", actor, at, ARTICLE), entry, EntryState.PUBLISHED)
    follow_entries([entry])


@transaction.atomic
def return_entry(*, entry: CatalogueEntry, actor: User, at: datetime, reason: str) -> None:
    """proposed → returned, naming everything that is missing."""
    permissions.check_can_decide_entry(actor, entry, at)
    require(reason=reason)
    check_is_left(entry.unit)
    workflow.move(ledger.begin("return", actor, at, ARTICLE), entry, EntryState.RETURNED, detail={"reason": reason})


@transaction.atomic
def withdraw_entry(*, entry: CatalogueEntry, actor: User, at: datetime, reason: str) -> None:
    """published → withdrawn: no new products from it; what is listed stays."""
    permissions.check_can_keep_entry(actor, entry, at)
    workflow.check_in(entry, EntryState.PUBLISHED)  # what is not published ends only with its unit
    require(reason=reason)
    workflow.move(ledger.begin("withdraw", actor, at, ARTICLE), entry, EntryState.WITHDRAWN, detail={"reason": reason})
    follow_entries([entry])
