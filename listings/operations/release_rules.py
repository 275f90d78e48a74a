"""Release rules: proposed by the seller, decided by the authority, and applied when a version is submitted."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import check_is_left
from accounts.queries import authority_over, recipients
from listings import permissions
from listings.models import About, Product, ReleaseCheck, ReleaseRule, Version
from listings.operations.review import check_product_stands, signed_off
from listings.operations.search import follow_product
from listings.queries import regions_of
from listings.release_bounds import Bound, bounds
from listings.states import LIVING_RULE, ProductState, RuleState, VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 17"
LONGEST = timedelta(days=366)  # as often as every assessment is repeated
BOUNDS = ("min_rows", "max_rows", "min_k", "max_drift", "valid_until")


@transaction.atomic
def propose_rule(
    *, product: Product, actor: User, at: datetime, min_rows: int, max_rows: int, min_k: int | None = None,
    max_drift: int, valid_until: date,
) -> ReleaseRule:  # fmt: skip
    """The seller proposes bounds around the newest published version. Raises ValidationError naming the field."""
    permissions.check_can_keep_product(actor, product, at)
    workflow.check_in(Product.objects.select_for_update().get(pk=product.pk), ProductState.ACTIVE)
    basis = product.versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()
    if basis is None:
        raise InvalidState(_("A release rule rests on a version that was reviewed and published: there is none yet."))
    authority = authority_over(regions_of(basis), at)
    if authority is None:
        raise InvalidState(_("No authority is set up that is competent for all sources of this version."))
    rule = ReleaseRule(
        product=product, basis=basis, authority=authority, min_rows=min_rows, max_rows=max_rows, min_k=min_k,
        max_drift=max_drift, valid_until=valid_until, created_at=at,
    )  # fmt: skip
    _check(rule, at)
    rule.save()
    act = ledger.begin("propose", actor, at, ARTICLE)
    ledger.record(act, rule, new=rule.state, detail={"basis": basis, **_terms(rule)})
    _ask(act, rule)
    return rule


@transaction.atomic
def revise_rule(*, rule: ReleaseRule, actor: User, at: datetime, **fields: Any) -> None:
    """returned → proposed, with other bounds."""
    permissions.check_can_keep_rule(actor, rule, at)
    workflow.check_in(rule, RuleState.RETURNED)
    for name, value in fields.items():
        setattr(rule, name, value)
    _check(rule, at)
    act = ledger.begin("revise", actor, at, ARTICLE)
    workflow.move(act, rule, RuleState.PROPOSED, detail=_terms(rule), **_terms(rule))
    _ask(act, rule)


@transaction.atomic
def approve_rule(*, rule: ReleaseRule, actor: User, at: datetime, reason: str) -> None:
    """proposed → approved: from now on a version inside the bounds is published when its seller submits it."""
    permissions.check_can_decide_rule(actor, rule, at)
    workflow.check_in(rule, RuleState.PROPOSED)
    if rule.valid_until < local_date(at):
        raise InvalidState(_("This rule would have lapsed already: return it."))
    _decide("approve", rule, RuleState.APPROVED, actor, at, reason, decided_by=actor, decided_at=at)


@transaction.atomic
def return_rule(*, rule: ReleaseRule, actor: User, at: datetime, reason: str) -> None:
    """proposed → returned, with everything that has to change."""
    permissions.check_can_decide_rule(actor, rule, at)
    _decide("return", rule, RuleState.RETURNED, actor, at, reason)


@transaction.atomic
def refuse_rule(*, rule: ReleaseRule, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """proposed → refused: every version goes on being reviewed. Names its remedy."""
    permissions.check_can_decide_rule(actor, rule, at)
    require(remedy=remedy)
    _decide("refuse", rule, RuleState.REFUSED, actor, at, reason, remedy=remedy)


@transaction.atomic
def revoke_rule(*, rule: ReleaseRule, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """approved → revoked. What was published under it stays; a version can be held or recalled for itself."""
    permissions.check_can_decide_rule(actor, rule, at)
    require(remedy=remedy)
    _decide("revoke_rule", rule, RuleState.REVOKED, actor, at, reason, remedy=remedy)


def reopen_rule(act: ledger.Act, rule: ReleaseRule, reason: str) -> None:
    """Part of a review that does not uphold its refusal or its end: refused or revoked → proposed, to be decided anew.

    Raises InvalidState where the product is withdrawn, or has another rule by now.
    """
    product = Product.objects.select_for_update(of=("self",)).select_related("seller").get(pk=rule.product_id)
    workflow.check_in(product, ProductState.ACTIVE)
    check_is_left(product.seller)
    if product.release_rules.filter(state__in=LIVING_RULE).exists():
        raise InvalidState(_("This product has a release rule already."))
    rule = ReleaseRule.objects.select_for_update(of=("self",)).get(pk=rule.pk)
    workflow.reopen(act, rule, RuleState.PROPOSED, detail={"reason": reason})
    _ask(act, rule)


@transaction.atomic
def withdraw_rule(*, rule: ReleaseRule, actor: User, at: datetime) -> None:
    """proposed, returned or approved → withdrawn, by the seller; another can be proposed."""
    permissions.check_can_keep_rule(actor, rule, at)
    workflow.move(ledger.begin("withdraw", actor, at, ARTICLE), rule, RuleState.WITHDRAWN)
    clock.stop(rule, at)


class Outcome(NamedTuple):
    """What became of a version that was held against a rule."""

    rule: ReleaseRule
    bounds: list[Bound]

    @property
    def holds(self) -> bool:
        return all(bound.holds for bound in self.bounds)

    def as_detail(self) -> list[dict[str, Any]]:
        return [bound._asdict() for bound in self.bounds]


def hold_against_rule(version: Version, at: datetime) -> Outcome | None:
    """Part of submitting: each bound of the rule in force, or None where there is none or an officer has had it before.

    Locks the rule: what is revoked meanwhile publishes nothing.
    """
    if version.state != VersionState.ASSESSED:
        return None
    in_force = ReleaseRule.objects.in_force(at).filter(product=version.product_id)
    rule = (
        in_force.select_for_update(of=("self",))
        .select_related("basis__product", "basis__reviewer", "authority")
        .first()
    )
    return None if rule is None else Outcome(rule, bounds(rule, version, at))


def publish_by_rule(act: ledger.Act, version: Version, outcome: Outcome) -> None:
    """assessed → published, as part of submitting: the officer who approved the rule has signed for its bounds."""
    check_product_stands(version.product)
    rule = outcome.rule
    assert rule.decided_by is not None  # a rule in force was approved
    workflow.move(
        act, version, VersionState.PUBLISHED, authority=rule.authority, reviewer=rule.basis.reviewer,
        published_at=act.at, checked_sources_by=rule.decided_by, **signed_off(version, rule.decided_by, act.at),
        detail={"rule": rule, "bounds": outcome.as_detail()},
    )  # fmt: skip
    follow_product(version.product)
    people = recipients(rule.reviewing_body, act.at) + recipients(version.product.seller, act.at)
    tell(
        act, people, "version_released", link=version.get_absolute_url(), product=version.product.title,
        number=version.number,
    )  # fmt: skip


def keep_check(act: ledger.Act, version: Version, outcome: Outcome) -> None:
    """Keep every bound with its figure; where one does not hold, tell the seller that the version is reviewed."""
    ReleaseCheck.objects.create(
        version=version, rule=outcome.rule, bounds=outcome.as_detail(), holds=outcome.holds, at=act.at
    )
    if outcome.holds:
        return
    failed = [bound for bound in outcome.bounds if not bound.holds]
    tell(
        act, recipients(version.product.seller, act.at), "rule_not_met", link=version.get_absolute_url(),
        product=version.product.title, number=version.number, count=len(failed),
    )  # fmt: skip


def _check(rule: ReleaseRule, at: datetime) -> None:
    rule.full_clean()
    today, needed = local_date(at), settings.RISK_RULES.required_k("download")
    if not today <= rule.valid_until <= today + LONGEST:
        raise ValidationError({"valid_until": _("Name a day within the next twelve months.")})
    if rule.basis.about == About.NONE:
        rule.min_k = None
    elif rule.min_k is None or rule.min_k < needed:
        raise ValidationError({"min_k": _("At least %(k)s are needed for download.") % {"k": needed}})


def _terms(rule: ReleaseRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in BOUNDS}


def _ask(act: ledger.Act, rule: ReleaseRule) -> None:
    clock.start(rule, Kind.ACCEPTANCE, act.at)
    tell(
        act, recipients(rule.reviewing_body, act.at), "rule_proposed", link=rule.get_absolute_url(),
        product=rule.product.title,
    )  # fmt: skip


def _decide(
    verb: str, rule: ReleaseRule, new: str, actor: User, at: datetime, reason: str, *, remedy: str = "", **fields: Any
) -> None:
    require(reason=reason)
    act = ledger.begin(verb, actor, at, ARTICLE)
    workflow.move(act, rule, new, detail={"reason": reason, "remedy": remedy}, **fields)
    clock.stop(rule, at)
    tell(
        act, recipients(rule.product.seller, at), "rule_moved", link=rule.get_absolute_url(),
        product=rule.product.title, state=RuleState(new).label, reason=" ".join(filter(None, [reason, remedy])),
        **clock.review_term(at, remedy),
    )  # fmt: skip
