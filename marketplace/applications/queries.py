"""What operations, forms and pages read alike: who is in charge, whose data an item holds, what is consented to."""

from datetime import datetime
from typing import Any

from accounts.models import Assignment, AssignmentRole, Party
from accounts.queries import recipient, recipients
from listings.models import Product, Version, VersionSource
from listings.states import VersionState
from marketplace.applications.models import Application, Consultation, Grant, Item, LinkageResult, Route
from marketplace.applications.states import CONSENT, ItemState
from marketplace.notices.operations import Recipient


def people_in_charge(application: Application) -> list[Recipient]:
    """The officer in charge, as whom to tell."""
    rows = Assignment.objects.filter(
        object_type=application._meta.label_lower, object_id=str(application.pk), ended_at=None,
        role=AssignmentRole.OFFICER_IN_CHARGE,
    ).select_related("user")  # fmt: skip
    return [recipient(row.user) for row in rows]


def counterparts(grant: Grant, at: datetime) -> list[Recipient]:
    """Who is told of the buyer's acts: the authority, of non-public data the seller as well."""
    told = recipients(grant.authority, at)
    return told if grant.product.is_public_data else told + recipients(grant.product.seller, at)


def newest_version(product: Product) -> Version | None:
    return product.versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()


def units_in(item: Item) -> list[Party]:
    """The units whose data is in what one item would be granted, save the buyer itself."""
    units = VersionSource.objects.filter(version=newest_version(item.product)).values("unit")
    return list(Party.objects.filter(pk__in=units).exclude(pk=item.application.buyer_id).order_by("pk"))


def items_of(consultation: Consultation) -> list[Item]:
    """The open items of the case that hold data of the unit that is asked."""
    items = consultation.application.items.filter(state=ItemState.OPEN).select_related("product", "application")
    return [item for item in items.order_by("pk") if consultation.unit in units_in(item)]


def newest_linkages(application: Application, user: Any) -> list[tuple[str, list[LinkageResult]]]:
    """Of each product of the case, the newest figure of each pair; only for those who decide or assess."""
    rows = LinkageResult.objects.visible_to(user).filter(item__application=application)
    rows = rows.select_related("item__product", "second__product", "with_grant")
    newest = {(row.item_id, row.with_grant_id, row.with_item_id): row for row in rows.order_by("pk")}
    by_item: dict[int, list[LinkageResult]] = {}
    for row in newest.values():
        by_item.setdefault(row.item_id, []).append(row)
    return [(rows[0].item.product.title, rows) for rows in by_item.values()]


def consented_fields(item: Item) -> list[str]:
    """The fields of an item that no unit of this round has taken out; an objection takes out none by itself."""
    answers = item.application.consultations.filter(round=item.application.round, state__in=CONSENT)
    narrowed = [set(row.fields[str(item.pk)]) for row in answers if row.fields and str(item.pk) in row.fields]
    return [name for name in item.fields if all(name in names for names in narrowed)]


def changeable_fields(grant: Grant) -> list[str]:
    """What a later edition can hold at most: on the Art. 15 route the consented fields, else all that the data has."""
    if grant.item.route == Route.ON_APPLICATION:
        return consented_fields(grant.item)
    return list(grant.from_version.columns.order_by("position").values_list("name", flat=True))


def grantable_fields(item: Item) -> list[str]:
    """What a decision can offer at most: on the Art. 15 route the consented fields, else what was asked for."""
    return consented_fields(item) if item.route == Route.ON_APPLICATION else list(item.fields)
