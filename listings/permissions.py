"""Who may list and who may review."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Capability, CapabilityKind, Party, Region, Role, valid_on
from accounts.permissions import (
    check_acts_for,
    check_added_evidence,
    check_is_asked,
    check_member,
    check_not_own_case,
    check_not_recused,
    check_officer,
)
from listings.models import (
    CatalogueEntry,
    DescriptionChange,
    Nature,
    Objection,
    Product,
    ReleaseRule,
    SourceFile,
    Upload,
    Version,
)
from marketplace.clock.working_days import local_date
from marketplace.errors import NotAllowed

SELLING = (CapabilityKind.PRIMARY_DEVELOPER, CapabilityKind.UNIT)


def check_can_propose_entry(actor: Any, unit: Party, at: datetime) -> None:
    check_acts_for(actor, unit, CapabilityKind.UNIT, at)


def check_can_keep_entry(actor: Any, entry: CatalogueEntry, at: datetime) -> None:
    check_acts_for(actor, entry.unit, CapabilityKind.UNIT, at)


def check_can_decide_entry(actor: Any, entry: CatalogueEntry, at: datetime) -> None:
    check_officer(actor, entry.authority, at)
    check_not_own_case(actor, [entry.unit], at)


def selling_capability(seller: Party, at: datetime) -> str | None:
    """As what a party lists public data: primary developer before providing unit; None if as neither."""
    held = set(
        Capability.objects.filter(valid_on(local_date(at)), party=seller, kind__in=SELLING).values_list(
            "kind", flat=True
        )
    )
    return next((kind for kind in SELLING if kind in held), None)


def has_mandate(seller: Party, at: datetime, region: Region | None = None) -> bool:
    """Whether a party is a primary developer today, of `region` or of one that it lies in (Art. 16)."""
    above = []
    while region is not None:
        above.append(region.pk)
        region = region.parent
    mandates = Capability.objects.filter(valid_on(local_date(at)), party=seller, kind=CapabilityKind.PRIMARY_DEVELOPER)
    return (mandates.filter(region__in=above) if above else mandates).exists()


def check_can_sell(actor: Any, seller: Party, nature: str, at: datetime) -> None:
    """Public data: a verified primary developer, or a providing unit with its own. Non-public data: a seller."""
    if nature == Nature.NON_PUBLIC:
        return check_acts_for(actor, seller, CapabilityKind.SELLER, at)
    kind = selling_capability(seller, at)
    if kind is None:
        check_member(actor, seller, at)
        raise NotAllowed(
            _("%(party)s is admitted neither as primary developer nor as providing unit.") % {"party": seller}
        )
    check_acts_for(actor, seller, kind, at)


def check_can_keep_product(actor: Any, product: Product, at: datetime) -> None:
    """Who may list it; what is built on public data is kept by its developer, as a verified buyer."""
    if product.is_built:
        return check_acts_for(actor, product.seller, CapabilityKind.BUYER, at)
    check_can_sell(actor, product.seller, product.nature, at)


def check_can_keep_version(actor: Any, version: Version, at: datetime) -> None:
    check_can_keep_product(actor, version.product, at)


def check_can_keep_upload(actor: Any, upload: Upload, at: datetime) -> None:
    check_can_keep_version(actor, upload.version, at)


def check_can_review(actor: Any, version: Version, at: datetime) -> None:
    """An officer of the competent authority, for non-public data somebody of the platform's compliance review; who
    belongs neither to the seller nor to a unit whose data is in it."""
    if version.product.is_public_data:
        check_officer(actor, version.authority, at)
    else:
        check_reviewer(actor, version.reviewer, at)
    check_not_own_case(actor, parties_of_version(version), at)
    check_not_recused(actor, version)


def check_reviewer(actor: Any, reviewer: Party | None, at: datetime) -> None:
    """Somebody of the party that reviews this non-public data for the platform (Art. 40)."""
    if reviewer is None:
        raise NotAllowed(_("Nobody reviews this yet: it was not submitted."))
    check_acts_for(actor, reviewer, CapabilityKind.REVIEWER, at)


def check_can_check_source(actor: Any, source: SourceFile, at: datetime) -> None:
    """Whoever reviews the product's newest version that was submitted."""
    version = source.product.versions.exclude(authority=None).order_by("-number").first()
    if version is None:
        raise NotAllowed(_("Nobody reviews this yet: it was not submitted."))
    check_can_review(actor, version, at)


def check_can_keep_source(actor: Any, source: SourceFile, at: datetime) -> None:
    check_can_keep_product(actor, source.product, at)


def check_can_withdraw_source_evidence(actor: Any, source: SourceFile, at: datetime) -> None:
    check_can_keep_source(actor, source, at)
    check_added_evidence(actor, source)


def check_can_read_source_evidence(actor: Any, source: SourceFile, at: datetime) -> None:
    """The seller's people, and whoever checks the item; what the public reads is its summary."""
    try:
        check_member(actor, source.product.seller, at, roles=Role.values)
    except NotAllowed:
        check_can_check_source(actor, source, at)


def check_can_answer_objection(actor: Any, objection: Objection, at: datetime) -> None:
    """As for the review; nobody answers an objection of their own."""
    check_can_review(actor, objection.version, at)
    if objection.by_id == actor.pk:
        raise NotAllowed(_("You do not answer your own objection."))


def parties_of_version(version: Version) -> list[Party]:
    """Whose case it is: the seller's, and the units' whose data is in it."""
    return [version.product.seller, *(source.unit for source in version.sources.all())]


def check_can_assess_version(actor: Any, version: Version, at: datetime) -> None:
    """The member of the expert committee who was asked, on nobody's side."""
    check_is_asked(actor, version, parties_of_version(version), at)


def check_can_keep_rule(actor: Any, rule: ReleaseRule, at: datetime) -> None:
    check_can_keep_product(actor, rule.product, at)


def check_can_decide_rule(actor: Any, rule: ReleaseRule, at: datetime) -> None:
    """As for the review of the version that the rule rests on; nobody who has stepped back from that."""
    if rule.product.is_public_data:
        check_officer(actor, rule.authority, at)
    else:
        check_reviewer(actor, rule.basis.reviewer, at)
    check_not_own_case(actor, parties_of_version(rule.basis), at)
    check_not_recused(actor, rule)


def check_can_keep_change(actor: Any, change: DescriptionChange, at: datetime) -> None:
    check_can_keep_product(actor, change.product, at)


def check_can_decide_change(actor: Any, change: DescriptionChange, at: datetime) -> None:
    """Whoever reviews the product's newest version that was submitted."""
    check_can_review(actor, change.basis, at)
