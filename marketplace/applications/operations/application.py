"""The application in the buyer's hands: started, described, submitted, withdrawn."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Party, Region, User
from accounts.queries import authority_over, recipients
from listings import operations as listing
from listings.models import GOVERNED, Opening, Product, Version
from listings.queries import regions_of
from listings.states import EntryState, VersionState
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, Item, Route, ScenarioDraft, TwoPersonRule
from marketplace.applications.queries import article_of
from marketplace.applications.states import UNANSWERED, ApplicationState, ConsultationState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

EDITABLE = (ApplicationState.DRAFT, ApplicationState.RETURNED)
NEEDED = (
    "title", "beneficiaries", "what_is_built", "why_these_fields", "period_from", "period_until", "security",
    "people_with_access",
)  # fmt: skip
SCENARIO = (*NEEDED, "purposes", "public_summary", "wait_months", "wait_reason")
MIXED = gettext_lazy(
    "Public data is decided by the authority, non-public data by its seller: send an application to each of them."
)
DRAFT_LIMIT = 60_000  # characters of all texts together


@transaction.atomic
def start_application(
    *, buyer: Party, actor: User, at: datetime, title: str, product: Product, fields: Sequence[str], **scenario: Any
) -> Application:
    """A buyer begins an application for a listed product."""
    permissions.check_can_apply(actor, buyer, at)
    application = Application(buyer=buyer, applicant=actor, title=title, created_at=at, **scenario)
    application.full_clean()
    application.save()
    act = ledger.begin(
        "start", actor, at, (Route.SECONDARY_DEVELOPMENT if product.is_public_data else Route.NON_PUBLIC).article
    )
    ledger.record(act, application, new=application.state, detail={"buyer": buyer, "title": title, **scenario})
    _add(act, application, product, fields)
    return application


@transaction.atomic
def add_item(*, application: Application, actor: User, at: datetime, product: Product, fields: Sequence[str]) -> Item:
    """Another product in the same scenario."""
    permissions.check_can_keep_application(actor, application, at)
    workflow.check_in(application, *EDITABLE)
    _unprepare(application)
    return _add(ledger.begin("add_item", actor, at, article_of(application)), application, product, fields)


@transaction.atomic
def choose_fields(*, item: Item, actor: User, at: datetime, fields: Sequence[str]) -> None:
    """Ask for other fields of a product while the application is with the buyer."""
    permissions.check_can_keep_application(actor, item.application, at)
    application = Application.objects.select_for_update().get(pk=item.application_id)
    workflow.check_in(application, *EDITABLE)
    workflow.check_in(item, ItemState.OPEN)
    _check_fields(offered_version(item.product), fields)
    Item.objects.filter(pk=item.pk).update(fields=list(fields))
    _unprepare(application)
    ledger.record(
        ledger.begin("choose_fields", actor, at, article_of(item)),
        item,
        detail={"before": item.fields, "after": list(fields)},
    )


@transaction.atomic
def remove_item(*, item: Item, actor: User, at: datetime) -> None:
    """Take a product out again while the application is with the buyer; the last one stays."""
    permissions.check_can_keep_application(actor, item.application, at)
    workflow.check_in(item.application, *EDITABLE)
    workflow.check_in(item, ItemState.OPEN)
    if item.application.items.filter(state=ItemState.OPEN).count() == 1:
        raise InvalidState(_("An application needs at least one product: withdraw it instead."))
    ledger.record(
        ledger.begin("remove_item", actor, at, article_of(item)), item, old=item.state, detail={"product": item.product}
    )
    item.delete()
    _unprepare(item.application)


@transaction.atomic
def describe_application(*, application: Application, actor: User, at: datetime, **scenario: Any) -> None:
    """Save the scenario while the application is with the buyer."""
    permissions.check_can_keep_application(actor, application, at)
    locked = Application.objects.select_for_update().get(pk=application.pk)
    workflow.check_in(locked, *EDITABLE)
    permitted = application.items.values_list("product__purposes", flat=True)
    listing.choose_purposes(scenario.get("purposes", ""), "\n".join([locked.purposes, *permitted]))
    for name in SCENARIO:
        if name in scenario:
            setattr(locked, name, scenario[name])
    locked.full_clean()
    locked.prepared_by = None
    locked.save(update_fields=[*SCENARIO, "prepared_by"])
    ScenarioDraft.objects.filter(application=locked).delete()
    application.refresh_from_db(fields=list(SCENARIO))
    ledger.record(ledger.begin("describe", actor, at, article_of(locked)), locked, detail=scenario)


@transaction.atomic
def keep_draft(*, application: Application, actor: User, at: datetime, texts: Mapping[str, str]) -> None:
    """Keep what is being typed into the scenario, unchecked, until it is saved. No act: it records nothing."""
    permissions.check_can_keep_application(actor, application, at)
    workflow.check_in(application, *EDITABLE)
    data = {name: texts[name] for name in SCENARIO if name in texts}
    if sum(map(len, data.values())) > DRAFT_LIMIT:
        raise ValidationError(_("This is too long to be kept."))
    ScenarioDraft.objects.update_or_create(application=application, defaults={"data": data, "by": actor, "at": at})


@transaction.atomic
def submit_application(*, application: Application, actor: User, at: datetime) -> None:
    """draft or returned → submitted, to the authority competent for everything that is asked for.

    Raises ValidationError naming each scenario field that is missing. A returned application starts a new round.
    """
    permissions.check_can_keep_application(actor, application, at)
    locked = Application.objects.select_for_update().get(pk=application.pk)
    workflow.check_in(locked, *EDITABLE)
    check_complete(locked)
    _check_second_person(locked, actor)
    items = list(
        application.items.filter(state=ItemState.OPEN).select_related(
            "product__entry", "product__seller__region__parent"
        )
    )
    for item in items:
        _check_offered_to(locked.buyer, item.product)
        listing.check_grantable(item.product, at)
        _check_fields(offered_version(item.product), item.fields)
    seller = _check_one_decider(items)
    authority = application.authority if application.taken_from_id else authority_over(_regions(items), at)
    if authority is None:
        raise InvalidState(_("No authority is set up that is competent for all products of this application."))
    again = application.state == ApplicationState.RETURNED
    act = ledger.begin("submit", actor, at, (Route.NON_PUBLIC if seller else Route.SECONDARY_DEVELOPMENT).article)
    workflow.move(
        act, application, ApplicationState.SUBMITTED, authority=authority, seller=seller, submitted_at=at,
        round=application.round + again, question_at=None, prepared_by=None,
        detail={"authority": authority, "seller": seller, "items": [item.product for item in items]},
    )  # fmt: skip
    clock.start(application, Kind.ACCEPTANCE, at)
    said: dict[str, Any] = {
        "link": application.get_absolute_url(), "number": application.number, "buyer": application.buyer,
        "products": "; ".join(item.product.title for item in items),
    }  # fmt: skip
    tell(act, recipients(seller or authority, at), "application_submitted", **said)
    if seller:
        tell(act, recipients(authority, at), "application_to_seller", seller=seller, **said)


@transaction.atomic
def withdraw_application(*, application: Application, actor: User, at: datetime, reason: str) -> None:
    """Any open state → withdrawn."""
    permissions.check_can_withdraw_application(actor, application, at)
    require(reason=reason)
    Application.objects.select_for_update().get(pk=application.pk)  # a decision made meanwhile is not overtaken
    if application.items.exclude(decision=None).exists():
        raise InvalidState(_("A part of this application is already decided; decline the offer instead."))
    act = ledger.begin("withdraw", actor, at, article_of(application))
    workflow.move(act, application, ApplicationState.WITHDRAWN, detail={"reason": reason})
    clock.stop(application, at)
    close_consultations(act, application)


def close_consultations(act: ledger.Act, application: Application) -> None:
    """asked or question → closed: the application went back, so nobody waits for the unit's answer any more."""
    for consultation in application.consultations.filter(state__in=UNANSWERED).order_by("pk"):
        workflow.move(act, consultation, ConsultationState.CLOSED)
        clock.stop(consultation, act.at)


def needs_two_persons(application: Application) -> bool:
    return TwoPersonRule.objects.filter(party=application.buyer_id).exists()


def _check_offered_to(buyer: Party, product: Product) -> None:
    """A seller buys nothing from itself; what is for invited parties only, no other gets."""
    if product.seller_id == buyer.pk and not product.is_public_data:
        raise InvalidState(_("A seller does not apply for its own data."))
    if not Product.objects.offered_to(buyer).filter(pk=product.pk).exists():
        raise ValidationError({"product": _("This product is offered to invited parties only.")})


def _check_one_decider(items: Iterable[Item]) -> Party | None:
    """The seller who decides on non-public data, None for public data. One application has one decider (ADR 70)."""
    sellers = {item.product.seller if item.route == Route.NON_PUBLIC else None for item in items}
    if len(sellers) > 1:
        raise ValidationError({"product": MIXED})
    return sellers.pop() if sellers else None


def _check_second_person(application: Application, actor: User) -> None:
    if not needs_two_persons(application):
        return
    if application.prepared_by_id is None:
        raise InvalidState(_("This party signs with two persons: mark the application as ready first."))
    if application.prepared_by_id == actor.pk:
        raise NotAllowed(_("Somebody else than who prepared the application signs it."))


def _unprepare(application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(prepared_by=None)


def offered_version(product: Product) -> Version:
    """The newest published version of a product on offer. Raises InvalidState when there is none."""
    version = product.versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()
    if version is None or not Product.objects.listed().filter(pk=product.pk).exists():
        raise InvalidState(_("“%(product)s” is not on offer at present.") % {"product": product})
    return version


def check_still_competent(application: Application, items: Iterable[Item], at: datetime) -> None:
    """A version published meanwhile may hold data of another city: then the case is no longer this authority's."""
    authority = application.authority
    assert authority is not None  # it was submitted
    if authority_over(_regions(items) | {authority.region}, at) != authority:
        raise InvalidState(
            _("The data now falls to another authority: return the application, so that it is submitted there.")
        )


def _regions(items: Iterable[Item]) -> set[Region]:
    """Whose authorities are competent for what is on offer of some items."""
    return {region for item in items for region in regions_of(offered_version(item.product))}


def route_of(product: Product) -> str:
    """By which route an item of this product is decided. Raises InvalidState where the law knows none."""
    entry = product.entry
    if entry is None:
        return Route.NON_PUBLIC
    if product.is_built:
        return Route.BUILT
    if entry.opening == Opening.OPENLY_AVAILABLE:
        raise InvalidState(_("This data is openly available: download it, nobody needs to be asked (Art. 15)."))
    if entry.state == EntryState.WITHDRAWN or not entry.may_be_listed:
        raise InvalidState(_("This data is withheld or not open: it cannot be applied for (Arts 14, 15)."))
    return Route.SECONDARY_DEVELOPMENT if product.acquisition in GOVERNED else Route.ON_APPLICATION


def _add(act: ledger.Act, application: Application, product: Product, fields: Sequence[str]) -> Item:
    if application.items.filter(product=product).exists():
        raise InvalidState(_("This product is already part of the application."))
    _check_offered_to(application.buyer, product)
    version = offered_version(product)
    listing.check_grantable(product, act.at)
    _check_fields(version, fields)
    item = Item(application=application, product=product, fields=list(fields), route=route_of(product))
    _check_one_decider([*application.items.filter(state=ItemState.OPEN).select_related("product__seller"), item])
    item.save(force_insert=True)
    ledger.record(act, item, new=item.state, detail={"product": product, "fields": list(fields), "route": item.route})
    return item


def _check_fields(version: Version, fields: Sequence[str]) -> None:
    known = set(version.columns.values_list("name", flat=True))
    if not fields:
        raise ValidationError({"fields": _("Choose at least one field.")})
    if unknown := sorted(set(fields) - known):
        raise ValidationError({"fields": _("No such field: %(names)s.") % {"names": ", ".join(unknown)}})


def check_complete(application: Application) -> None:
    missing = [name for name in NEEDED if not getattr(application, name)]
    if missing:
        labels = [str(Application._meta.get_field(name).verbose_name) for name in missing]  # type: ignore[union-attr]
        raise ValidationError(_("Still missing in the scenario: %(fields)s.") % {"fields": "; ".join(labels)})
