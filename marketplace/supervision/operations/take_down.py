"""The take-down of non-public data by the platform's reviewer (Art. 40); the province may require one.

Of a version, or of a product with all its versions. Answered, heard, lifted as an order is; made final, what it holds
is recalled, and the holders are told by the monitors.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.queries import authority_for
from listings.models import Version
from listings.states import IN_USE, ON_OFFER
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.measure_kinds import MeasureKind
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.operations import papers
from marketplace.supervision.operations.order import check_ends_as, check_may_end, tell_party
from marketplace.supervision.operations.proposing import check_answers, draft
from marketplace.supervision.operations.second_pair import sign_first
from marketplace.supervision.operations.taken_down import recall
from marketplace.supervision.second_pair import What
from marketplace.supervision.states import MeasureState


@transaction.atomic
def draft_take_down(
    *, version: Version, actor: User, at: datetime, clause: str, facts: str, demand: str, whole_product: bool = False,
    finding: Finding | None = None,
) -> Measure:  # fmt: skip
    """The reviewer drafts the take-down of a version or, with `whole_product`, of its product with all its versions:
    which rule, what is wrong, what is to be corrected. Issuing it closes the `finding` that it answers."""
    permissions.check_can_take_down(actor, version, at)
    return _draft(version, actor, at, whole_product, finding, clause=clause, facts=facts, demand=demand)


@transaction.atomic
def require_take_down(
    *, version: Version, actor: User, at: datetime, clause: str, facts: str, demand: str, whole_product: bool = False,
    finding: Finding | None = None,
) -> Measure:  # fmt: skip
    """The province requires a take-down: the reviewer has working days to issue it, in these words. The
    province alone drops, lifts, annuls it and makes it final, decides a review of it, and is told of each step."""
    by = permissions.check_can_require_take_down(actor, version, at)
    texts = {"clause": clause, "facts": facts, "demand": demand}
    made = _draft(version, actor, at, whole_product, finding, required_by=by, **texts)
    clock.start(made, Kind.TAKE_DOWN, at)
    return made


def _draft(
    version: Version, actor: User, at: datetime, whole: bool, finding: Finding | None, *,
    required_by: Party | None = None, **texts: Any,
) -> Measure:  # fmt: skip
    require(**texts)
    workflow.check_in(version, *(IN_USE if whole else ON_OFFER))  # what is retired, only with its product
    check_answers(finding, version)
    seller = version.product.seller
    authority = version.authority or authority_for(seller.region, at)
    if authority is None or version.reviewer is None:
        raise InvalidState(_("Nobody reviews this yet: it was not submitted."))
    what = "product" if whole else "version"
    return draft(
        MeasureKind.TAKE_DOWN, actor, at, occasion_key=f"{what}:{version.pk}:{at.isoformat()}", party=seller,
        authority=authority, issuer=version.reviewer, version=version, whole_product=whole, required_by=required_by,
        finding=finding, **texts,
    )  # fmt: skip


@transaction.atomic
def make_final(*, measure: Measure, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """refusal found → final: what it holds is recalled, never served again; holders hear of it as of every recall. Of a
    whole product no version is made public any more. What the province required is made final by the province. Where
    the authority, or that province, wants two pairs of eyes, another reviewer or officer confirms it first."""
    permissions.check_can_end(actor, measure, at)
    check_ends_as(measure, MeasureState.FINAL)
    require(reason=reason, remedy=remedy)
    check_may_end(measure, actor)
    texts = {"reason": reason, "remedy": remedy}
    if not sign_first(measure, What.FINAL, actor, at, texts):
        finish(ledger.begin("make_final", actor, at, measure.article), measure, **texts)


def finish(act: ledger.Act, measure: Measure, *, reason: str, remedy: str) -> None:
    """Part of making it final, by one person or the second of two."""
    check_may_end(measure, act.actor)
    workflow.move(act, measure, MeasureState.FINAL, detail={"reason": reason, "remedy": remedy})
    recalled = recall(act, measure, reason)
    clock.stop(measure, act.at)
    tell_party(act, measure, f"{reason} {remedy}")
    papers.write_final(act, measure, recalled, reason=reason, remedy=remedy)
