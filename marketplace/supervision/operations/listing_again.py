"""A derived product listed again, as a data product built on public data (Arts 16, 17)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from listings import operations as listing
from listings.models import Product, Version
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.clock.working_days import end_of_day
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.models import DerivedProduct
from marketplace.supervision.states import DerivedState

ARTICLE = "Art. 16"
LISTABLE = (DerivedState.REGISTERED, DerivedState.PUBLISHED)


@transaction.atomic
def list_derived(*, derived: DerivedProduct, actor: User, at: datetime, **fields: Any) -> Product:
    """Start a product from what a buyer has built: its sources and their conditions travel along.

    Every grant it was built under is in effect and allows onward supply; else InvalidState names the grant.
    """
    permissions.check_can_list_derived(actor, derived, at)
    locked = DerivedProduct.objects.select_for_update().get(pk=derived.pk)
    workflow.check_in(locked, *LISTABLE)
    if locked.listed_as_id is not None:
        raise InvalidState(_("This derived product is listed already."))
    uses = derived.built_from.select_related("grant__product", "version__product").order_by("pk")
    sources = [obtained(use.grant, use.version, at) for use in uses]
    act = ledger.begin("list", actor, at, ARTICLE)
    product = listing.start_built_product(act, seller=derived.party, sources=sources, **fields)
    DerivedProduct.objects.filter(pk=derived.pk).update(listed_as=product)
    derived.listed_as = product
    ledger.record(act, derived, detail={"listed_as": product})
    return product


def obtained(grant: Grant, version: Version, at: datetime) -> listing.Obtained:
    """What goes into a listed product with its conditions. InvalidState where the grant does not allow it."""
    if not grant.terms.get("onward_supply", False):
        raise InvalidState(
            _("Grant %(number)s does not allow onward supply: what is built from it cannot be listed.")
            % {"number": grant.number}
        )
    locked = Grant.objects.select_for_update().get(pk=grant.pk)  # a hold that is being opened is waited for
    if not locked.is_in_effect(at):
        raise InvalidState(_("Grant %(number)s is not in effect.") % {"number": grant.number})
    return listing.Obtained(version, ledger.reference(grant), conditions_of(grant), end_of_day(locked.ends))


def conditions_of(grant: Grant) -> list[dict[str, Any]]:
    """What binds whoever gets what was built under a grant: its own conditions, after those it inherited. Anybody reads
    them with the product: of a deal in non-public data they name neither grant nor product."""
    terms, is_public = grant.terms, grant.product.is_public_data
    own = {
        "grant": grant.number if is_public else "",
        "product": grant.product.title if is_public else "",
        "purposes": terms["purposes"],
        "terms": terms["product_terms"],
        "conditions": terms["conditions"],
        "units": terms["unit_conditions"],
    }
    return [*terms.get("upstream", []), own]


def free_listing(act: ledger.Act, derived: DerivedProduct, ended: Iterable[Grant]) -> None:
    """The flag was cleared, or what ended these grants annulled: none of them stands against the listing any more."""
    ended = list(ended)
    if derived.listed_as is None or not ended:
        return
    listing.free_upstream(derived.listed_as, map(ledger.reference, ended))
    refs = [ledger.reference(one) for grant in ended for one in (grant, *grant.holds.all())]
    listing.resume_products(act, refs, below=derived.listed_as)
