"""Many catalogue entries in one act (Art. 10): proposed from a table by a unit, published by its authority."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.queries import authority_for
from listings import entry_csv, permissions
from listings.models import CatalogueEntry
from listings.operations.search import follow_entries
from listings.states import EntryState
from marketplace import workflow
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger

ARTICLE = "Art. 10"


def check_table(*, unit: Party, actor: User, at: datetime, content: bytes) -> entry_csv.Table:
    """The table as it would be imported now, with all that is wrong in it; writes nothing.

    Raises ValidationError on `file` for what is no such table.
    """
    permissions.check_can_propose_entry(actor, unit, at)
    try:
        table = entry_csv.read(content)
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from error
    living = CatalogueEntry.objects.filter(unit=unit).exclude(state=EntryState.WITHDRAWN)
    there = set(living.values_list("title", flat=True))
    what = _("Your unit has an entry of this title already: leave the row out.")
    known = [
        entry_csv.Wrong(row.number, table.header["title"], what) for row in table.rows if row.fields["title"] in there
    ]
    return table._replace(wrong=sorted([*table.wrong, *known]))


@transaction.atomic
def import_entries(*, unit: Party, actor: User, at: datetime, content: bytes) -> list[CatalogueEntry]:
    """Propose an entry for each row, all or none: one ledger entry each, under one operation.

    Raises ValidationError on `file` naming each wrong row; a table that was imported before is wrong in every row.
    """
    permissions.check_can_propose_entry(actor, unit, at)
    Party.objects.select_for_update().get(pk=unit.pk)  # two imports at once: the second sees what the first wrote
    table = check_table(unit=unit, actor=actor, at=at, content=content)
    if table.wrong:
        raise ValidationError({"file": [str(one) for one in table.wrong[: entry_csv.MOST_ERRORS]]})
    authority = authority_for(unit.region, at)
    if authority is None:
        raise InvalidState(_("No authority is set up for %(region)s.") % {"region": unit.region})
    made = CatalogueEntry.objects.bulk_create(
        [CatalogueEntry(unit=unit, authority=authority, created_at=at, **row.fields) for row in table.rows],
        batch_size=500,
    )
    details = [row.fields for row in table.rows]
    ledger.record_each(ledger.begin("propose", actor, at, ARTICLE), made, details, new=EntryState.PROPOSED)
    return made


@transaction.atomic
def publish_entries(*, entries: Collection[CatalogueEntry], actor: User, at: datetime) -> Sequence[CatalogueEntry]:
    """proposed → published, all or none, under one operation. The officer must be competent for each of them."""
    if not entries:
        raise ValidationError({"entries": _("Choose at least one entry.")})
    for entry in {(entry.authority_id, entry.unit_id): entry for entry in entries}.values():
        permissions.check_can_decide_entry(actor, entry, at)
    act = ledger.begin("publish", actor, at, ARTICLE)
    for entry in entries:
        workflow.move(act, entry, EntryState.PUBLISHED)
    follow_entries(list(entries))
    return list(entries)
