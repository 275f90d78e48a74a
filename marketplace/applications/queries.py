"""What operations, forms and pages read alike: who is in charge, whose data an item holds, what is consented to."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import Assignment, AssignmentRole, Party
from accounts.queries import People, parties_of, recipient
from listings.models import Product, Version, VersionSource
from listings.states import VersionState
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Item, LinkageResult, Route
from marketplace.applications.states import CONSENT, ItemState
from marketplace.notices.operations import Recipient


def article_of(case: Application | Item | Grant | GrantEdition) -> str:
    """The article that acts on a case rest on, for buttons and ledger alike: public data Art. 16 (an item that needs
    consent Art. 15), non-public data Art. 40. A draft, which nobody decides yet, by what it asks for."""
    if isinstance(case, Item):
        return Route(case.route).article
    if isinstance(case, GrantEdition):
        return case.grant.article
    if isinstance(case, Application) and case.authority_id is None:
        is_private = case.items.filter(route=Route.NON_PUBLIC).exists()
        return Route.NON_PUBLIC.article if is_private else case.article
    return case.article


def people_in_charge(application: Application) -> list[Recipient]:
    """The officer in charge, as whom to tell."""
    rows = Assignment.objects.filter(
        object_type=application._meta.label_lower, object_id=str(application.pk), ended_at=None,
        role=AssignmentRole.OFFICER_IN_CHARGE,
    ).select_related("user")  # fmt: skip
    return [recipient(row.user) for row in rows]


def counterparts(grant: Grant, people: People) -> list[Recipient]:
    """Who is told of the buyer's acts: the authority, of non-public data the seller as well."""
    told = people(grant.authority)
    return told if grant.product.is_public_data else told + people(grant.product.seller)


def newest_version(product: Product) -> Version | None:
    return product.versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()


def units_in(item: Item) -> list[Party]:
    """The units whose data is in what one item would be granted, save the buyer itself."""
    asked = asked_about(newest_version(item.product))
    return list(asked.exclude(pk=item.application.buyer_id).order_by("pk"))


def asked_about(*versions: Version | None) -> QuerySet[Party]:
    """Who is asked before versions are granted: the units whose data is in them; of built products their developer."""
    offered = [version for version in versions if version is not None]
    units = VersionSource.objects.filter(version__in=offered).values("unit")
    developers = [version.product.seller_id for version in offered if version.product.is_built]
    return Party.objects.filter(Q(pk__in=units) | Q(pk__in=developers))


def items_of(consultation: Consultation) -> list[Item]:
    """The open items of the case that hold data of the unit that is asked."""
    items = consultation.application.items.filter(state=ItemState.OPEN).select_related("product", "application")
    return [item for item in items.order_by("pk") if consultation.unit in units_in(item)]


def is_its_sellers(application: Application, user: Any) -> bool:
    """Whether the person belongs to the seller that decides this case of non-public data."""
    return (
        application.seller_id is not None and parties_of(user, timezone.now()).filter(pk=application.seller_id).exists()
    )


def veil(rows: list[LinkageResult], seller_id: int | None) -> None:
    """Let nothing be told of the data of other sellers, which the buyer has besides: no name, no number, no size."""
    for row in rows:
        row.is_veiled = row.second.product.seller_id != seller_id


def newest_linkages(application: Application, user: Any) -> list[tuple[str, list[LinkageResult]]]:
    """Of each product of the case, the newest figure of each pair; only for those who decide or assess. A seller who
    decides reads the figures of its own product, without a word of whose other data it is."""
    decides = is_its_sellers(application, user)
    rows = LinkageResult.objects.all() if decides else LinkageResult.objects.visible_to(user)
    rows = rows.filter(item__application=application).select_related(
        "item__application", "item__product", "second__product", "with_grant"
    )  # fmt: skip
    newest = {(row.item_id, row.with_grant_id, row.with_item_id): row for row in rows.order_by("pk")}
    if decides:
        veil(list(newest.values()), application.seller_id)
    by_item: dict[int, list[LinkageResult]] = {}
    for row in newest.values():
        by_item.setdefault(row.item_id, []).append(row)
    return [(rows[0].item.product.title, rows) for rows in by_item.values()]


BY_CONSENT = (Route.ON_APPLICATION, Route.BUILT)


def binding_on(item: Item) -> Q:
    """Whose consultations bind the decision: open on application every unit's, of built products their developer's."""
    if item.route == Route.BUILT:
        return Q(unit=item.product.seller_id)
    return Q() if item.route == Route.ON_APPLICATION else Q(pk__in=[])


def consented_fields(item: Item, *whose: Q) -> list[str]:
    """The fields of an item that nobody asked in this round has taken out; an objection takes out none by itself."""
    answers = item.application.consultations.filter(*whose, round=item.application.round, state__in=CONSENT)
    narrowed = [set(row.fields[str(item.pk)]) for row in answers if row.fields and str(item.pk) in row.fields]
    return [name for name in item.fields if all(name in names for names in narrowed)]


def grantable_fields(item: Item) -> list[str]:
    """What a decision can offer at most: what was asked for, less what those took out whose consent it needs."""
    return consented_fields(item, binding_on(item))


def changeable_fields(grant: Grant) -> list[str]:
    """What a later edition can hold at most: where consent was needed the consented fields, else all of the data's."""
    if grant.item.route in BY_CONSENT:
        return grantable_fields(grant.item)
    return list(grant.from_version.columns.order_by("position").values_list("name", flat=True))
