"""Changing what is said of a product that was reviewed: the seller proposes, whoever reviewed it accepts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import check_is_left
from accounts.permissions import check_is_job
from accounts.queries import recipients
from listings import permissions
from listings.models import CHANGEABLE, DescriptionChange, Product
from listings.operations.search import follow_product
from listings.states import OPEN_CHANGE, ChangeState, ProductState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 32"


@transaction.atomic
def propose_description(
    *, product: Product, actor: User, at: datetime, reason: str, **fields: Any
) -> DescriptionChange:
    """The seller of a reviewed product proposes other texts; until they are accepted the old ones stand.

    Raises ValidationError for what is no change or does not fit, InvalidState while another change is open.
    """
    permissions.check_can_keep_product(actor, product, at)
    require(reason=reason)
    product = Product.objects.select_for_update(of=("self",)).select_related("seller").get(pk=product.pk)
    workflow.check_in(product, ProductState.ACTIVE)
    basis = product.versions.exclude(authority=None).order_by("-number").first()
    if basis is None or basis.authority is None:
        raise InvalidState(_("Nobody has reviewed this product yet: correct its description itself."))
    if product.description_changes.filter(state__in=OPEN_CHANGE).exists():
        raise InvalidState(_("A change of this description is proposed already."))
    before, after = texts_of(product), _checked(product, fields)
    change = DescriptionChange.objects.create(
        product=product, basis=basis, authority=basis.authority, reviewer=basis.reviewer, before=before, after=after,
        reason=reason, by=actor, created_at=at,
    )  # fmt: skip
    act = ledger.begin("propose", actor, at, ARTICLE)
    ledger.record(act, change, new=change.state, detail={"before": before, "after": after, "reason": reason})
    _ask(act, change)
    return change


@transaction.atomic
def revise_description(*, change: DescriptionChange, actor: User, at: datetime, reason: str, **fields: Any) -> None:
    """returned → proposed, with other texts."""
    permissions.check_can_keep_change(actor, change, at)
    require(reason=reason)
    workflow.check_in(change, ChangeState.RETURNED)
    workflow.check_in(change.product, ProductState.ACTIVE)
    before, after = texts_of(change.product), _checked(change.product, fields)
    act = ledger.begin("revise", actor, at, ARTICLE)
    workflow.move(
        act, change, ChangeState.PROPOSED, before=before, after=after, reason=reason,
        detail={"before": before, "after": after, "reason": reason},
    )  # fmt: skip
    _ask(act, change)


@transaction.atomic
def accept_description(*, change: DescriptionChange, actor: User, at: datetime, reason: str) -> None:
    """proposed → accepted: the product's page and the search have the new texts from now on. Grants keep their terms;
    who holds one is told by the sweep."""
    permissions.check_can_decide_change(actor, change, at)
    require(reason=reason)
    product = Product.objects.select_for_update(of=("self",)).select_related("seller").get(pk=change.product_id)
    workflow.check_in(product, ProductState.ACTIVE)
    check_is_left(product.seller)
    if texts_of(product) != change.before:
        raise InvalidState(_("The description is another by now: return the proposal."))
    act = ledger.begin("accept", actor, at, ARTICLE)
    workflow.move(act, change, ChangeState.ACCEPTED, decided_by=actor, decided_at=at, detail={"reason": reason})
    Product.objects.filter(pk=product.pk).update(**change.after)
    change.product.refresh_from_db(fields=CHANGEABLE)
    ledger.record(act, product, detail={"description": change, "before": change.before, "after": change.after})
    follow_product(product)
    _end(act, change, reason)


@transaction.atomic
def return_description(*, change: DescriptionChange, actor: User, at: datetime, reason: str) -> None:
    """proposed → returned, with everything that has to change."""
    permissions.check_can_decide_change(actor, change, at)
    require(reason=reason)
    act = ledger.begin("return", actor, at, ARTICLE)
    workflow.move(act, change, ChangeState.RETURNED, detail={"reason": reason})
    _end(act, change, reason)


@transaction.atomic
def withdraw_description(*, change: DescriptionChange, actor: User, at: datetime) -> None:
    """proposed or returned → withdrawn, by the seller: the old texts stand."""
    permissions.check_can_keep_change(actor, change, at)
    workflow.move(ledger.begin("withdraw", actor, at, ARTICLE), change, ChangeState.WITHDRAWN)
    clock.stop(change, at)


def withdraw_open_changes(act: ledger.Act, products: Any) -> None:
    """The products leave the catalogue: nobody needs to look at other words for them. Part of another operation."""
    for change in DescriptionChange.objects.filter(product__in=products, state__in=OPEN_CHANGE).order_by("pk"):
        workflow.move(act, change, ChangeState.WITHDRAWN)
        clock.stop(change, act.at)


def claim_untold(*, change: DescriptionChange, actor: ledger.SystemActor, at: datetime) -> bool:
    """Whether it is for the caller to tell the holders of grants, in whose transaction this is."""
    check_is_job(actor)
    untold = DescriptionChange.objects.filter(pk=change.pk, state=ChangeState.ACCEPTED, holders_told_at=None)
    return bool(untold.update(holders_told_at=at))


def texts_of(product: Product) -> dict[str, str]:
    return {name: getattr(product, name) for name in CHANGEABLE}


def _checked(product: Product, fields: Mapping[str, Any]) -> dict[str, str]:
    """The new texts, as the product would take them. ValidationError where they are no others."""
    after = {**texts_of(product), **{name: fields[name] for name in CHANGEABLE if name in fields}}
    if after == texts_of(product):
        raise ValidationError(_("Nothing would change."))
    Product(**after).clean_fields(exclude={f.name for f in Product._meta.concrete_fields} - set(CHANGEABLE))
    return after


def _ask(act: ledger.Act, change: DescriptionChange) -> None:
    clock.start(change, Kind.ACCEPTANCE, act.at)
    tell(
        act, recipients(change.reviewing_body, act.at), "description_proposed", link=change.get_absolute_url(),
        product=change.product.title, reason=change.reason,
    )  # fmt: skip


def _end(act: ledger.Act, change: DescriptionChange, reason: str) -> None:
    clock.stop(change, act.at)
    tell(
        act, recipients(change.product.seller, act.at), "description_moved", link=change.get_absolute_url(),
        product=change.product.title, state=ChangeState(change.state).label, reason=reason,
    )  # fmt: skip
