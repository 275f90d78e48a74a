"""The lawful-source file (Arts 11, 17): items added by the seller, checked one by one by whoever reviews."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations.evidence import rested_on
from accounts.queries import recipients
from listings import permissions
from listings.models import Product, SourceFile, Version
from listings.queries import faulty_sources
from listings.states import ProductState, SourceState
from marketplace import workflow
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 17"


@transaction.atomic
def add_source_file(
    *, product: Product, actor: User, at: datetime, kind: str, title: str, reference: str, summary: str,
    valid_until: date | None = None,
) -> SourceFile:  # fmt: skip
    """Add an item to the lawful-source file (Arts 11, 17); it is unchecked."""
    permissions.check_can_keep_product(actor, product, at)
    workflow.check_in(product, ProductState.ACTIVE)
    if valid_until and valid_until < local_date(at):
        raise ValidationError({"valid_until": _("This document has already lapsed.")})
    item = SourceFile(
        product=product, kind=kind, title=title, reference=reference, summary=summary, valid_until=valid_until,
        created_at=at,
    )  # fmt: skip
    item.full_clean()
    item.save()
    ledger.record(
        ledger.begin("add_source_file", actor, at, ARTICLE),
        item,
        new=item.state,
        detail={"product": product, "kind": kind, "title": title, "reference": reference, "valid_until": valid_until},
    )
    return item


@transaction.atomic
def accept_source_file(
    *, source: SourceFile, actor: User, at: datetime, reason: str, valid_until: date | None = None
) -> None:
    """unchecked or rejected → accepted: the reviewer has read it and says what was found, and until when it holds.

    Without `valid_until` the seller's own day stays. Raises InvalidState when it has lapsed.
    """
    permissions.check_can_check_source(actor, source, at)
    require(reason=reason)
    if valid_until and valid_until < local_date(at):
        raise ValidationError({"valid_until": _("This document has already lapsed.")})
    until = valid_until or source.valid_until
    if until and until < local_date(at):
        raise InvalidState(_("This document has already lapsed."))
    act = ledger.begin("accept_source", actor, at, ARTICLE)
    workflow.move(
        act, source, SourceState.ACCEPTED, valid_until=until, check_words=reason, checked_by=actor, checked_at=at,
        detail={"reason": reason, "valid_until": until, **rested_on(source)},
    )  # fmt: skip


@transaction.atomic
def reject_source_file(*, source: SourceFile, actor: User, at: datetime, reason: str) -> None:
    """unchecked or accepted → rejected: no version can be approved while it stands. The seller is told why."""
    permissions.check_can_check_source(actor, source, at)
    require(reason=reason)
    act = ledger.begin("reject_source", actor, at, ARTICLE)
    workflow.move(
        act, source, SourceState.REJECTED, check_words=reason, checked_by=actor, checked_at=at,
        detail={"reason": reason, **rested_on(source)},
    )  # fmt: skip
    product = source.product
    tell(
        act, recipients(product.seller, at), "source_rejected", link=product.get_absolute_url(), source=source.title,
        product=product.title, reason=reason,
    )  # fmt: skip


@transaction.atomic
def withdraw_source_file(*, source: SourceFile, actor: User, at: datetime) -> None:
    """Any but an item in order → withdrawn, by the seller, to make room for its successor. What holds stays."""
    permissions.check_can_keep_source(actor, source, at)
    if source.state == SourceState.ACCEPTED and not source.has_lapsed(at):
        raise InvalidState(_("This item was found to be in order and still holds: it stays."))
    workflow.move(ledger.begin("withdraw_source", actor, at, ARTICLE), source, SourceState.WITHDRAWN)


def check_sources_in_order(version: Version, at: datetime) -> None:
    """Every item that stands was checked, found in order and has not lapsed; there is one. Names each that is not."""
    items = SourceFile.objects.standing().filter(product=version.product_id)
    if not items.exists():
        raise InvalidState(_("The lawful-source file has no item."))
    if faulty := faulty_sources(version, at):
        lapsed = _("lapsed")
        said = [f"{item.title} – {lapsed if item.has_lapsed(at) else item.get_state_display()}" for item in faulty]
        raise InvalidState(
            _("The lawful-source file is not in order, item by item: %(items)s.") % {"items": "; ".join(said)}
        )
