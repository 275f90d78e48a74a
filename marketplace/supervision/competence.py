"""Who looks into what is reported or found, by what it is about."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from accounts.models import Party, Region
from accounts.queries import authority_for, level_above
from listings.models import CatalogueEntry, Product, Version
from marketplace.applications.models import Grant
from marketplace.errors import InvalidState
from marketplace.supervision.models import DerivedProduct

Subject = Grant | Product | Version | CatalogueEntry | DerivedProduct | Party | None


class Competent(NamedTuple):
    """Whose use or data a report is about, which authority or compliance reviewer looks into misuse of it."""

    party: Party | None
    authority: Party
    reviewer: Party | None = None


def competent_for(subject: Subject, at: datetime) -> Competent:
    """By the grant, by the newest reviewed version of a product, by the entry, by a grant that was built on: the first
    of public data, if there is one."""
    if isinstance(subject, Grant):
        return Competent(subject.buyer, subject.authority, _reviewer(subject.from_version))
    if isinstance(subject, Product):
        version = subject.versions.exclude(authority=None).order_by("-number").first()
        if version is not None and version.authority is not None:
            return Competent(subject.seller, version.authority, _reviewer(version))
        return Competent(subject.seller, _nearest(subject.seller.region, at))
    if isinstance(subject, Version):
        authority = subject.authority or _nearest(subject.product.seller.region, at)
        return Competent(subject.product.seller, authority, _reviewer(subject))
    if isinstance(subject, Party):
        nearest = _nearest(subject.region, at)
        return Competent(subject, nearest if nearest != subject else _above(subject, at))
    if isinstance(subject, CatalogueEntry):
        return Competent(subject.unit, subject.authority or _nearest(subject.unit.region, at))
    if isinstance(subject, DerivedProduct):
        uses = subject.built_from.select_related("grant__authority", "grant__product", "grant__from_version__product")
        grants = sorted((use.grant for use in uses.order_by("pk")), key=lambda grant: not grant.product.is_public_data)
        if not grants:
            return Competent(subject.party, _nearest(subject.party.region, at))
        return Competent(subject.party, grants[0].authority, _reviewer(grants[0].from_version))
    return Competent(None, _nearest(Region.objects.order_by("code").filter(parent=None).first(), at))


def _reviewer(version: Version) -> Party | None:
    return None if version.product.is_public_data else version.reviewer


def _nearest(region: Region | None, at: datetime) -> Party:
    found = authority_for(region, at) if region else None
    if found is None:
        raise InvalidState(_("No authority is competent for this yet."))
    return found


def _above(authority: Party, at: datetime) -> Party:
    """What is said against an authority goes to the level above."""
    found = level_above(authority, at)
    if found is None:
        raise InvalidState(_("No authority is competent for this yet."))
    return found
