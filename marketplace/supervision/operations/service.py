"""When an order and each later document reached its party, and its answers who decides: noted as each opens it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from marketplace.clock.working_days import local_date
from marketplace.documents.models import Document, DocumentQuerySet
from marketplace.documents.operations import note_opened
from marketplace.errors import InvalidState, is_allowed
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.models import Measure
from marketplace.supervision.reading import EvidenceReading, newest_filed, unread_since


def note_seen(*, measure: Measure, actor: User, at: datetime) -> None:
    """Somebody opens it, on a page or through the API: of its party, recorded the first time, and again for each later
    document; of who decides on it, whenever there is something that this person had not read."""
    if measure.issued_at is None:
        return
    if is_allowed(permissions.check_can_respond, actor, measure, at):
        _note_service(measure, Document.objects.of(measure), actor, at, is_order=True)
    elif any(
        is_allowed(check, actor, measure, at) for check in (permissions.check_can_order, permissions.check_can_end)
    ):
        with transaction.atomic():
            if count_as_read(measure, actor, at):
                ledger.record(ledger.begin("read_evidence", actor, at, measure.article), measure)


def note_downloaded(*, document: Document, actor: User, at: datetime) -> None:
    """Somebody of its party downloads a document of a measure: it is served by that, and by its own the measure."""
    measure = Measure.objects.get(pk=document.object_id)
    if is_allowed(permissions.check_can_respond, actor, measure, at):
        is_order = not Document.objects.of(measure).filter(pk__lt=document.pk).exists()  # the first says it
        _note_service(measure, Document.objects.filter(pk=document.pk), actor, at, is_order=is_order)


def _note_service(measure: Measure, opens: DocumentQuerySet, actor: User, at: datetime, *, is_order: bool) -> None:
    if (measure.seen_at is not None or not is_order) and not opens.unopened().exists():
        return
    with transaction.atomic():
        unseen = Measure.objects.filter(pk=measure.pk, seen_at=None)
        is_first = is_order and bool(unseen.update(seen_at=at, seen_by=actor))
        opened = note_opened(opens, actor, at)
        if is_first or opened:
            act = ledger.begin("see_order", actor, at, measure.article)
            ledger.record(act, measure, detail={"documents": opened})
        if is_first:
            measure.seen_at, measure.seen_by = at, actor


def count_as_read(measure: Measure, actor: User, at: datetime) -> bool:
    """Part of opening a measure: all that is filed now is read by the actor. Returns
    whether there was something new in it."""
    newest = newest_filed(measure)
    row, _made = EvidenceReading.objects.get_or_create(measure=measure, by=actor, defaults={"at": at})
    before = {"last_text__lte": newest["last_text"], "last_file__lte": newest["last_file"]}
    return bool(EvidenceReading.objects.filter(pk=row.pk, **before).exclude(**newest).update(at=at, **newest))


def check_has_read(measure: Measure, actor: User) -> None:
    """Raises InvalidState while the party, whose measure is held, has filed what the actor has not read."""
    since = unread_since(measure, actor)
    if since is not None:
        raise InvalidState(_("Read the evidence filed on %(day)s first: open the case.") % {"day": local_date(since)})
