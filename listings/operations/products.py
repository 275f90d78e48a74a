"""Products: created, declared under Art. 31, given their lawful-source file, withdrawn."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import CapabilityKind, Party, User
from listings import permissions
from listings.models import Acquisition, CatalogueEntry, Product, SourceFile
from listings.states import WITH_SELLER, EntryState, ProductState, VersionState
from marketplace import workflow
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger


@transaction.atomic
def create_product(*, seller: Party, entry: CatalogueEntry, actor: User, at: datetime, **fields: Any) -> Product:
    """A seller starts a product on a published catalogue entry. Raises ValidationError naming the field."""
    permissions.check_can_sell(actor, seller, at)
    product = Product(seller=seller, entry=entry, created_at=at, **fields)
    product.full_clean()
    _check_entry(product)
    _check_acquisition(product, at)
    _check_price(product)
    product.save()
    ledger.record(
        ledger.begin("create", actor, at),
        product,
        new=product.state,
        detail={"seller": seller, "entry": entry, **fields},
    )
    return product


@transaction.atomic
def describe_product(*, product: Product, actor: User, at: datetime, **fields: Any) -> None:
    """Correct what the seller says of a product, until a version of it is under review or was public.

    Raises InvalidState afterwards: what was reviewed, and what buyers have read, stays as it was.
    """
    permissions.check_can_keep_product(actor, product, at)
    product = Product.objects.select_for_update().get(pk=product.pk)
    workflow.check_in(product, ProductState.ACTIVE)
    if was_reviewed(product):
        raise InvalidState(_("A version of this product is under review or was public: what was reviewed stays."))
    for name, value in fields.items():
        setattr(product, name, value)
    product.full_clean()
    _check_price(product)
    product.save(update_fields=list(fields))
    ledger.record(ledger.begin("describe", actor, at), product, detail=fields)


def was_reviewed(product: Product) -> bool:
    return product.versions.exclude(state__in=[*WITH_SELLER, VersionState.REFUSED, VersionState.DISCARDED]).exists()


@transaction.atomic
def declare_product(*, product: Product, actor: User, at: datetime) -> None:
    """The seller declares that nothing Art. 31 forbids is in the data."""
    permissions.check_can_keep_product(actor, product, at)
    workflow.check_in(product, ProductState.ACTIVE)
    if not Product.objects.filter(pk=product.pk, declared_at=None).update(declared_at=at, declared_by=actor):
        raise InvalidState(_("This was declared already."))
    product.declared_at, product.declared_by = at, actor
    ledger.record(ledger.begin("declare", actor, at, "Art. 31"), product)


@transaction.atomic
def add_source_file(
    *, product: Product, actor: User, at: datetime, kind: str, title: str, reference: str, summary: str,
    valid_until: date | None = None,
) -> SourceFile:  # fmt: skip
    """Add an item to the lawful-source file (Arts 11, 17)."""
    permissions.check_can_keep_product(actor, product, at)
    workflow.check_in(product, ProductState.ACTIVE)
    if valid_until and valid_until < local_date(at):
        raise ValidationError({"valid_until": _("This document has already lapsed.")})
    item = SourceFile(
        product=product,
        kind=kind,
        title=title,
        reference=reference,
        summary=summary,
        valid_until=valid_until,
        created_at=at,
    )
    item.full_clean()
    item.save()
    ledger.record(
        ledger.begin("add_source_file", actor, at, "Art. 17"),
        item,
        detail={"product": product, "kind": kind, "title": title, "reference": reference, "valid_until": valid_until},
    )
    return item


@transaction.atomic
def withdraw_product(*, product: Product, actor: User, at: datetime, reason: str) -> None:
    """active → withdrawn: no new applications; live grants run to their end."""
    permissions.check_can_keep_product(actor, product, at)
    require(reason=reason)
    workflow.move(ledger.begin("withdraw", actor, at), product, ProductState.WITHDRAWN, detail={"reason": reason})


def _check_price(product: Product) -> None:
    if product.is_openly_available and product.price_text:
        raise ValidationError({"price_text": _("Openly available data is free: leave the price empty (Art. 15).")})


def _check_entry(product: Product) -> None:
    entry = product.entry
    if entry.state != EntryState.PUBLISHED:
        raise ValidationError({"entry": _("This catalogue entry is not published.")})
    if not entry.may_be_listed:
        raise ValidationError({"entry": _("Data that is withheld or not open cannot be listed (Arts 14, 15).")})


def _check_acquisition(product: Product, at: datetime) -> None:
    """Own data is the unit's own; a primary developer lists what it has gathered and governed."""
    if product.is_built:
        raise ValidationError({"nature": _("What was built under a grant is listed from its derived product.")})
    kind = permissions.selling_capability(product.seller, at)
    if product.acquisition == Acquisition.OWN_DUTY and product.entry.unit_id != product.seller_id:
        raise ValidationError({"acquisition": _("Own collection in duty means your own catalogue entry.")})
    if product.acquisition == Acquisition.PRIMARY_DEVELOPER and kind != CapabilityKind.PRIMARY_DEVELOPER:
        raise ValidationError({"acquisition": _("Only a primary developer lists what it has gathered and governed.")})
