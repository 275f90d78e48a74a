"""Derived products: registered with what they were built from, published with their attribution, flagged."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.queries import recipients
from listings import operations as listing
from listings.models import Nature, Version
from listings.states import ProductState
from marketplace import workflow
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.applications.operations.copies import owes_destruction
from marketplace.applications.operations.grant import GIVEN_UP
from marketplace.applications.states import ENDED, GrantState
from marketplace.delivery.models import Delivery
from marketplace.errors import is_allowed, require
from marketplace.ledger import entries as ledger
from marketplace.ledger.queries import detail_of, history
from marketplace.notices.operations import tell
from marketplace.supervision import permissions
from marketplace.supervision.closeout import is_over
from marketplace.supervision.measure_kinds import Issuer
from marketplace.supervision.models import (
    DerivedFlag,
    DerivedFrom,
    DerivedProduct,
    Finding,
    GrantOutcome,
    Measure,
    MeasureGrant,
)
from marketplace.supervision.operations.listing_again import LISTABLE, free_listing, obtained
from marketplace.supervision.operations.proposing import close_answered
from marketplace.supervision.queries import deciding_on, delivered_to
from marketplace.supervision.states import DerivedState, MeasureState

ARTICLE = "Art. 16"


@transaction.atomic
def register_derived(
    *, party: Party, actor: User, at: datetime, title: str, description: str, url: str = "",
    built_from: Sequence[tuple[Grant, Version]],
) -> DerivedProduct:  # fmt: skip
    """A buyer registers what it built, naming (grant, version) pairs; each must really have been delivered to it, or to
    one that was merged into it. A duty: its verification may have lapsed."""
    permissions.check_can_register_derived(actor, party, at)
    party = party.answers
    if not built_from:
        raise ValidationError({"built_from": _("Name what it was built from.")})
    derived = DerivedProduct(party=party, title=title, description=description, url=url, created_at=at)
    derived.full_clean()
    derived.save()
    for grant, version in dict.fromkeys(built_from):
        _check_delivered(party, grant, version)
        DerivedFrom.objects.create(derived=derived, grant=grant, version=version)
    ledger.record(
        ledger.begin("register", actor, at, ARTICLE), derived, new=derived.state,
        detail={"title": title, "built_from": [[grant, version] for grant, version in built_from]},
    )  # fmt: skip
    return derived


def _check_delivered(party: Party, grant: Grant, version: Version) -> None:
    """To it, or to one that was merged into it, whose copies and duties are its own now."""
    if not Delivery.objects.filter(delivered_to(party), grant=grant, version=version).exists():
        raise ValidationError({"built_from": _("“%(version)s” was never delivered to you.") % {"version": version}})


@transaction.atomic
def publish_derived(*, derived: DerivedProduct, actor: User, at: datetime) -> None:
    """registered → published: its page with the attribution is public; flagged at once if a grant was ended, unless
    an officer found already that it may stay."""
    permissions.check_can_keep_derived(actor, derived, at)
    workflow.check_in(derived, DerivedState.REGISTERED)
    act = ledger.begin("publish", actor, at, ARTICLE)
    workflow.move(act, derived, DerivedState.PUBLISHED, published_at=at)
    undecided = Grant.objects.filter(derived_uses__derived=derived).exclude(pk__in=derived.flags.values("grant"))
    flag_derived(act, derived, _against(undecided))


@transaction.atomic
def add_sources(
    *, derived: DerivedProduct, actor: User, at: datetime, built_from: Sequence[tuple[Grant, Version]]
) -> None:
    """Name further deliveries that went in, for a newer edition. Of a listed one they go into its next versions. A
    published one is flagged at once if a grant was ended."""
    permissions.check_can_keep_derived(actor, derived, at)
    workflow.check_in(DerivedProduct.objects.select_for_update().get(pk=derived.pk), *LISTABLE)
    if not built_from:
        raise ValidationError({"built_from": _("Name what it was built from.")})
    new = list[Grant]()
    for grant, version in built_from:
        _check_delivered(derived.party, grant, version)
        _use, is_new = DerivedFrom.objects.update_or_create(
            derived=derived, grant=grant, version=version, defaults={"named_at": at}
        )
        new += [grant] if is_new else []
        if derived.listed_as is not None:
            listing.add_upstream(derived.listed_as, [obtained(grant, version, at)])
    act = ledger.begin("add_sources", actor, at, ARTICLE)
    ledger.record(act, derived, detail={"built_from": [[grant, version] for grant, version in built_from]})
    flag_derived(act, derived, _against(new))


@transaction.atomic
def withdraw_derived(*, derived: DerivedProduct, actor: User, at: datetime, reason: str) -> None:
    """registered, published or flagged → withdrawn: by its keeper, a flagged one by the officer as well. Its listing
    as a data product ends with it: no new applications, live grants run on. What an officer withdrew comes back where
    all is annulled that it was flagged for."""
    is_keeper = is_allowed(permissions.check_can_keep_derived, actor, derived, at)
    permissions.check_can_withdraw_derived(actor, derived, at)
    require(reason=reason)
    act = ledger.begin("withdraw", actor, at, ARTICLE)
    by_officer = {} if is_keeper else {"flagged_for": [flag.grant for flag in _flags(derived)]}
    workflow.move(act, derived, DerivedState.WITHDRAWN, detail={"reason": reason, **by_officer})
    if derived.listed_as is not None and derived.listed_as.state == ProductState.ACTIVE:
        workflow.move(act, derived.listed_as, ProductState.WITHDRAWN, detail={"reason": reason})


@transaction.atomic
def clear_derived(*, derived: DerivedProduct, actor: User, at: datetime, reason: str) -> None:
    """flagged → published, or registered as it was: an officer found that it may stay, and its listing, if it has one,
    may go on; so may what was built on it and rests on nothing else that was ended."""
    permissions.check_can_clear_derived(actor, derived, at)
    require(reason=reason)
    workflow.check_in(derived, DerivedState.FLAGGED)
    act = ledger.begin("clear", actor, at, ARTICLE)
    workflow.move(act, derived, _as_before(derived), detail={"reason": reason})
    cleared = _clear(act, derived.flags.all())
    free_listing(act, derived, cleared)
    for one in _built_on(derived):
        still = _against(Grant.objects.filter(derived_uses__derived=one)).values("pk")
        _unflag(act, one, Grant.objects.filter(pk__in=[grant.pk for grant in cleared]).exclude(pk__in=still), reason)


@transaction.atomic
def revoke_grant(
    *, grant: Grant, actor: User, at: datetime, article: str, reason: str, remedy: str, finding: Finding | None = None
) -> None:
    """active → revoked (see `applications`), and what was built from it is flagged in the same act. It closes
    `finding`, an open one about this grant that the actor may answer."""
    act = applications.revoke_grant(grant=grant, actor=actor, at=at, article=article, reason=reason, remedy=remedy)
    if finding is not None:
        close_answered(act, grant, finding)
    for derived in DerivedProduct.objects.filter(built_from__grant=grant).distinct().order_by("pk"):
        flag_derived(act, derived, [grant])


def unflag_derived(act: ledger.Act, measure: Measure, reason: str) -> None:
    """Part of annulling: what is flagged, as this measure ended a grant that it was built from, is public without
    it again, unless another of its grants was ended, or another decision ended it. Its listing may go on."""
    built = DerivedProduct.objects.filter(built_from__grant__measures__measure=measure).distinct().order_by("pk")
    by_others = MeasureGrant.objects.filter(outcome=GrantOutcome.TERMINATED)  # its own are annulled by now
    still_over = Q(state=GrantState.REVOKED) | Q(pk__in=by_others.values("grant"))
    freed = Grant.objects.filter(measures__measure=measure).exclude(still_over)
    for derived in built:
        over = freed.filter(state=GrantState.TERMINATED, derived_uses__derived=derived)
        free_listing(act, derived, over.distinct())
    listing.resume_products(act, map(ledger.reference, freed.filter(state__in=GIVEN_UP)))
    for derived in DerivedProduct.objects.filter(flags__grant__in=freed).distinct().order_by("pk"):
        _unflag(act, derived, freed, reason)
        _bring_back(act, derived, reason)


def unflag_built(act: ledger.Act, grant: Grant, reason: str) -> None:
    """Part of annulling a revocation: what was built from the grant is public without a flag again, unless another of
    its grants was ended."""
    for derived in DerivedProduct.objects.filter(flags__grant=grant).distinct().order_by("pk"):
        _unflag(act, derived, [grant], reason)
        _bring_back(act, derived, reason)


def _bring_back(act: ledger.Act, derived: DerivedProduct, reason: str) -> None:
    """Withdrawn → as before, with what it was listed as: an officer had withdrawn it for flags of which none is left.
    What its keeper has withdrawn stays so."""
    last = history([derived]).filter(new=DerivedState.WITHDRAWN).select_related("detail").last()
    if last is None or derived.state != DerivedState.WITHDRAWN or derived.flagged_by.exists():
        return
    if "flagged_for" not in detail_of(last):
        return
    workflow.reopen(act, derived, _as_before(derived), detail={"reason": reason})
    listed = derived.listed_as
    if listed is not None and history([listed]).filter(operation_id=last.operation_id).exists():
        workflow.reopen(act, listed, ProductState.ACTIVE, detail={"reason": reason})


def _flags(derived: DerivedProduct) -> QuerySet[DerivedFlag]:
    return derived.flags.filter(cleared_at=None).select_related("grant").order_by("pk")


def _unflag(act: ledger.Act, derived: DerivedProduct, grants: Iterable[Grant], reason: str) -> None:
    """These grants flag it no more; without a flag it is as before."""
    cleared = _clear(act, derived.flags.filter(grant__in=grants))
    if cleared and derived.state == DerivedState.FLAGGED and not derived.flagged_by.exists():
        workflow.move(act, derived, _as_before(derived), detail={"reason": reason})


def _as_before(derived: DerivedProduct) -> DerivedState:
    """What it is without a flag: nobody but its keeper publishes it."""
    return DerivedState.PUBLISHED if derived.published_at else DerivedState.REGISTERED


def _clear(act: ledger.Act, flags: QuerySet[DerivedFlag]) -> list[Grant]:
    """The grants whose flags are cleared now."""
    raised = list(flags.filter(cleared_at=None).select_related("grant").order_by("pk"))
    DerivedFlag.objects.filter(pk__in=[flag.pk for flag in raised]).update(cleared_at=act.at)
    return [flag.grant for flag in raised]


def ended_by_authority() -> QuerySet[Grant]:
    """Grants of public data that were revoked, or terminated by an order that stands: what was built from them is
    flagged. What ends a contract on non-public data is a matter between its two sides."""
    standing = MeasureGrant.objects.filter(grant=OuterRef("pk"), measure__state=MeasureState.TERMINATED)
    terminated = Exists(standing.exclude(outcome=GrantOutcome.ANNULLED))
    return Grant.objects.filter(Q(state=GrantState.REVOKED) | terminated).exclude(product__nature=Nature.NON_PUBLIC)


def flag_built(act: ledger.Act, measure: Measure, grants: Sequence[Grant]) -> None:
    """Part of terminating: what was built from the grants that a measure ends is flagged, also from those that were
    closed under it; after a contract notice it is not, and those whose matter it is are told, with the buyers of what
    it is listed as."""
    built = DerivedProduct.objects.filter(built_from__grant__in=grants).distinct().order_by("pk")
    for derived in built:
        if measure.rules.issuer == Issuer.AUTHORITY:
            used = set(derived.built_from.values_list("grant", flat=True))
            ended = [grant for grant in grants if grant.pk in used]
            flag_derived(act, derived, ended, reason=f"{measure.number}: {MeasureState.TERMINATED.label}")
        else:
            _tell_sides(act, derived, measure)
            _tell_buyers(act, derived, measure)


def _tell_sides(act: ledger.Act, derived: DerivedProduct, measure: Measure) -> None:
    """Its keeper; the seller whose contract ended only of what everybody may read."""
    if derived.state == DerivedState.WITHDRAWN:
        return
    people = recipients(derived.party, act.at)
    if measure.issuer is not None and derived.state != DerivedState.REGISTERED:
        people += recipients(measure.issuer, act.at)
    tell(
        act, people, "derived_contract_ended", link=measure.get_absolute_url(),
        key=f"contract:{derived.pk}:{measure.pk}", title=derived.title, developer=derived.party,
        number=measure.number, seller=measure.issuer,
    )  # fmt: skip


def _tell_buyers(act: ledger.Act, derived: DerivedProduct, measure: Measure) -> None:
    """Whoever obtains what it is listed as, and what was built on that: nothing new comes of it for now. Between whom
    the contract was they are not told."""
    for one in (derived, *_built_on(derived)):
        for grant in _holders(one):
            if not is_over(grant, act.at):
                tell(
                    act, recipients(grant.buyer, act.at), "source_contract_ended", link=grant.get_absolute_url(),
                    key=f"contract:{one.pk}:{grant.pk}:{measure.pk}", number=grant.number, title=grant.product.title,
                )  # fmt: skip


def flag_derived(act: ledger.Act, derived: DerivedProduct, grants: Iterable[Grant], *, reason: str = "") -> None:
    """published, or registered and listed → flagged, as these grants were ended, with all that was built on it under
    further grants; what was not public does not become so. Keeper and whoever decides are told: the officer clears it
    or the product goes; further grants of another authority make it the province's. Whoever obtained it as a listed
    product is told in any case."""
    ended = sorted(grants, key=lambda grant: grant.pk)
    reason = reason or ", ".join(f"{grant.number}: {GrantState(grant.state).label}" for grant in ended)
    if not ended:
        return
    for one in (derived, *_built_on(derived)):
        _tell_holders(act, one, reason)
        if one.listed_as_id is not None or one.state in (DerivedState.PUBLISHED, DerivedState.FLAGGED):
            _flag(act, one, ended, reason)


def _built_on(derived: DerivedProduct) -> QuerySet[DerivedProduct]:
    """What was built under grants on what it is listed as, however far down."""
    found, last = {derived.pk}, {derived.pk}
    while last:
        below = DerivedProduct.objects.filter(built_from__grant__product__built_as__in=last)
        last = set(below.values_list("pk", flat=True)) - found
        found |= last
    return DerivedProduct.objects.filter(pk__in=found - {derived.pk}).order_by("pk")


def _against(grants: Iterable[Grant]) -> QuerySet[Grant]:
    """The ended grants that flag what is built under these: among them, or further up."""
    keys = [grant.pk for grant in grants]
    above = DerivedFlag.objects.filter(cleared_at=None, derived__listed_as__grants__in=keys)
    return Grant.objects.filter(Q(pk__in=ended_by_authority().filter(pk__in=keys)) | Q(pk__in=above.values("grant")))


def _flag(act: ledger.Act, derived: DerivedProduct, ended: Iterable[Grant], reason: str) -> None:
    derived.refresh_from_db(fields=["state"])  # another of the same grants may have flagged it
    before = deciding_on(derived, act.at)
    for grant in ended:
        DerivedFlag.objects.get_or_create(derived=derived, grant=grant, cleared_at=None, defaults={"raised_at": act.at})
    decides = deciding_on(derived, act.at)
    if derived.state == DerivedState.WITHDRAWN or (derived.state == DerivedState.FLAGGED and before == decides):
        return
    said = {"link": derived.get_absolute_url(), "title": derived.title, "reason": reason}
    if derived.state != DerivedState.FLAGGED:
        workflow.move(act, derived, DerivedState.FLAGGED, detail={"reason": reason})
        tell(act, recipients(derived.party, act.at), "derived_flagged", **said)
    officers = recipients(decides, act.at) if decides else []
    tell(act, officers, "derived_to_decide", developer=derived.party, **said)


def _tell_holders(act: ledger.Act, derived: DerivedProduct, reason: str) -> None:
    """The buyers of what it is listed as: what they have rests on data whose service was ended. Under a grant that is
    over, those whose copies are not confirmed as destroyed."""
    for grant in _holders(derived):
        if (over := is_over(grant, act.at)) and not owes_destruction(grant):
            continue
        tell(
            act, recipients(grant.buyer, act.at), "copies_flagged" if over else "source_flagged",
            link=grant.get_absolute_url(), key=f"flagged:{derived.pk}:{grant.pk}:{reason}", number=grant.number,
            title=grant.product.title,
        )  # fmt: skip


def _holders(derived: DerivedProduct) -> QuerySet[Grant]:
    """The grants on what it is listed as that are in force, or were."""
    held = Grant.objects.filter(product__built_as=derived, state__in=[GrantState.ACTIVE, *ENDED])
    return held.select_related("buyer", "product").order_by("pk")
