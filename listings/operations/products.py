"""Products: created, declared under Art. 31, offered to all or to invited parties, withdrawn."""

import hashlib
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Capability, CapabilityKind, Party, User, standing, valid_on
from accounts.queries import persons_at, recipients
from listings import permissions
from listings.models import (
    GOVERNED,
    NON_PUBLIC_BASES,
    Acquisition,
    CatalogueEntry,
    Nature,
    Product,
    ProductInvitation,
    Visibility,
)
from listings.operations import mending
from listings.operations.description import withdraw_open_changes
from listings.operations.purposes import choose_purposes
from listings.operations.search import follow_product
from listings.states import WITH_SELLER, EntryState, ProductState, VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def create_product(
    *, seller: Party, actor: User, at: datetime, entry: CatalogueEntry | None = None, **fields: Any
) -> Product:
    """A seller starts a product: of public data on a published catalogue entry, of non-public data on none.

    Raises ValidationError naming the field.
    """
    permissions.check_can_sell(actor, seller, fields.get("nature", ""), at)
    product = Product(seller=seller, entry=entry, created_at=at, **fields)
    _check_nature(product)
    product.full_clean()
    if product.entry is not None:
        _check_entry(product.entry)
        _check_acquisition(product, product.entry, at)
    _check_price(product)
    choose_purposes(product.purposes)
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
    before = product.purposes
    for name, value in fields.items():
        setattr(product, name, value)
    product.full_clean()
    _check_price(product)
    choose_purposes(product.purposes, before)
    product.save(update_fields=list(fields))
    follow_product(product)
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
def set_visibility(*, product: Product, actor: User, at: datetime, visibility: str) -> None:
    """Show a product of non-public data to everybody, or to invited parties only.

    It is narrowed only until a version of it was in publicity: nobody loses what they have seen. Opened to everybody it
    can be at any time; a publicity period that runs begins anew, for now the public is heard, and the reviewer is told.
    """
    permissions.check_can_keep_product(actor, product, at)
    product = Product.objects.select_for_update().get(pk=product.pk)
    workflow.check_in(product, ProductState.ACTIVE)
    if product.is_public_data:
        raise InvalidState(_("Public data is shown to everybody."))
    if visibility == product.visibility:
        raise InvalidState(_("It is shown so already."))
    if visibility == Visibility.INVITED and was_shown(product):
        raise InvalidState(_("A version of it was public: what people have seen is not taken away from them."))
    old, product.visibility = product.visibility, visibility
    product.save(update_fields=["visibility"])
    act = ledger.begin("set_visibility", actor, at, "Art. 40")
    ledger.record(act, product, detail={"before": old, "visibility": visibility})
    if visibility == Visibility.ALL:
        _hear_the_public(act, product)
    follow_product(product)


def was_shown(product: Product) -> bool:
    """Whether a version was ever in publicity, and so before the eyes of others than its seller and reviewers."""
    keys = [str(key) for key in product.versions.values_list("pk", flat=True)]
    return Clock.objects.filter(object_type="listings.version", object_id__in=keys, kind=Kind.PUBLICITY).exists()


def _hear_the_public(act: ledger.Act, product: Product) -> None:
    reviewers: dict[int, Party] = {}
    for version in product.versions.select_related("reviewer").order_by("pk"):
        if version.reviewer is not None:
            reviewers[version.reviewer.pk] = version.reviewer
        if version.state == VersionState.IN_PUBLICITY:
            clock.stop(version, act.at, Kind.PUBLICITY)
            clock.start(version, Kind.PUBLICITY, act.at)
    for reviewer in reviewers.values():
        tell(
            act, recipients(reviewer, act.at), "product_opened", link=product.get_absolute_url(),
            product=product.title, seller=product.seller,
        )  # fmt: skip


@transaction.atomic
def invite_buyer(*, product: Product, actor: User, at: datetime, uscc: str = "", email: str = "") -> None:
    """A buyer may see and apply for a product that not everybody sees: an organisation named by its unified social
    credit code, a natural person (Art. 16) by their e-mail address.

    An address is answered alike whoever has it: the invitation counts where it is the verified address of a verified
    natural person; an earlier one is looked up again. Raises ValidationError unless exactly one is given.
    """
    permissions.check_can_keep_product(actor, product, at)
    workflow.check_in(product, ProductState.ACTIVE)
    if product.visibility != Visibility.INVITED:
        raise InvalidState(_("Everybody sees this product: nobody needs to be invited."))
    if bool(uscc.strip()) == bool(email.strip()):
        raise ValidationError(_("Give either a code or an e-mail address."))
    invitation = _by_code(product, actor, at, uscc) if uscc.strip() else _by_email(product, actor, at, email)
    act = ledger.begin("invite_buyer", actor, at, "Art. 40")
    ledger.record(act, invitation, detail={"product": product, "invited": _named(invitation)})
    if invitation.party is None:
        return
    tell(
        act, recipients(invitation.party, at), "product_offered", link=product.get_absolute_url(),
        product=product.title, seller=product.seller,
    )  # fmt: skip


def _by_code(product: Product, actor: User, at: datetime, uscc: str) -> ProductInvitation:
    party = _buyers(at).filter(uscc=uscc.strip().upper()).first()
    if party is None or party.pk == product.seller_id:
        raise ValidationError({"uscc": _("No verified buyer other than yourself has this code.")})
    invitation, is_new = ProductInvitation.objects.get_or_create(
        product=product, party=party, email="", defaults={"by": actor, "at": at}
    )
    if not is_new:
        raise InvalidState(_("This party is invited already."))
    return invitation


def _by_email(product: Product, actor: User, at: datetime, email: str) -> ProductInvitation:
    email = email.strip().lower()
    person = _buyers(at).filter(pk__in=persons_at(email, at)).order_by("pk").first()
    invitation, _is_new = ProductInvitation.objects.update_or_create(
        product=product, email=email, defaults={"party": person, "by": actor, "at": at}
    )
    return invitation


def _named(invitation: ProductInvitation) -> Any:
    """In the ledger an address stands as its hash alone: who was asked for is not kept for ever."""
    return hashlib.sha256(invitation.email.encode()).hexdigest() if invitation.email else invitation.party


def _buyers(at: datetime) -> Any:
    able = Capability.objects.filter(valid_on(local_date(at)), kind=CapabilityKind.BUYER).values("party")
    return Party.objects.filter(standing(at), pk__in=able)


@transaction.atomic
def uninvite_buyer(*, product: Product, actor: User, at: datetime, party: Party | None = None, email: str = "") -> None:
    """Who was invited by code or by address sees the product no more; what was applied for or granted goes on."""
    permissions.check_can_keep_product(actor, product, at)
    workflow.check_in(product, ProductState.ACTIVE)
    asked = {"email": email.strip().lower()} if party is None else {"party": party, "email": ""}
    invitation = ProductInvitation.objects.filter(product=product, **asked).first()
    if invitation is None or asked == {"email": ""}:
        raise InvalidState(_("This party is not invited."))
    detail = {"product": product, "invited": _named(invitation)}
    ledger.record(ledger.begin("uninvite_buyer", actor, at, "Art. 40"), invitation, detail=detail)
    invitation.delete()


@transaction.atomic
def withdraw_product(*, product: Product, actor: User, at: datetime, reason: str) -> None:
    """active → withdrawn: no new applications; live grants run to their end."""
    permissions.check_can_keep_product(actor, product, at)
    require(reason=reason)
    act = ledger.begin("withdraw", actor, at)
    workflow.move(act, product, ProductState.WITHDRAWN, detail={"reason": reason})
    withdraw_open_changes(act, [product])
    mending.give_up(product, act)
    follow_product(product)


def _check_price(product: Product) -> None:
    if product.is_openly_available and product.price_text:
        raise ValidationError({"price_text": _("Openly available data is free: leave the price empty (Art. 15).")})


def _check_nature(product: Product) -> None:
    """Non-public data has a basis of its own and no catalogue entry; public data the other way round."""
    is_own_basis = product.acquisition in NON_PUBLIC_BASES
    if (product.nature == Nature.NON_PUBLIC) != is_own_basis:
        raise ValidationError({"acquisition": _("This basis and this nature do not go together.")})
    if product.nature == Nature.NON_PUBLIC and product.entry is not None:
        raise ValidationError({"entry": _("Non-public data belongs to no catalogue entry.")})
    if product.nature != Nature.NON_PUBLIC and product.entry is None:
        raise ValidationError({"entry": _("Choose the catalogue entry that this public data belongs to.")})
    if product.nature != Nature.NON_PUBLIC and product.visibility == Visibility.INVITED:
        raise ValidationError({"visibility": _("Public data is shown to everybody.")})


def _check_entry(entry: CatalogueEntry) -> None:
    if entry.state != EntryState.PUBLISHED:
        raise ValidationError({"entry": _("This catalogue entry is not published.")})
    if not entry.may_be_listed:
        raise ValidationError({"entry": _("Data that is withheld or not open cannot be listed (Arts 14, 15).")})


def _check_acquisition(product: Product, entry: CatalogueEntry, at: datetime) -> None:
    """Own data is the unit's own; a primary developer lists what it has gathered and governed, or is authorised to
    operate."""
    if product.is_built:
        raise ValidationError({"nature": _("What was built under a grant is listed from its derived product.")})
    kind = permissions.selling_capability(product.seller, at)
    if product.acquisition == Acquisition.OWN_DUTY and entry.unit_id != product.seller_id:
        raise ValidationError({"acquisition": _("Own collection in duty means your own catalogue entry.")})
    if product.acquisition in GOVERNED and kind != CapabilityKind.PRIMARY_DEVELOPER:
        raise ValidationError(
            {"acquisition": _("Only a primary developer lists what it has gathered and governed, or operates.")}
        )
    if product.acquisition in GOVERNED and not permissions.has_mandate(product.seller, at, entry.unit.region):
        raise ValidationError({"entry": _("The mandate of this primary developer does not reach to that region.")})
