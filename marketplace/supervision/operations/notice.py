"""The contract notice: a seller of non-public data to its buyer, whose use breaks the contract (Art. 40).

Issued, answered, lifted, ended as an order is; `order.py` and `correction.py` do that for every kind.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.errors import require
from marketplace.supervision import permissions
from marketplace.supervision.measure_kinds import MeasureKind
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.operations.proposing import check_answers, draft


@transaction.atomic
def draft_notice(
    *, grant: Grant, actor: User, at: datetime, clause: str, facts: str, demand: str, finding: Finding | None = None
) -> Measure:
    """The seller drafts a notice about one grant: which clause, what happened, what is to be corrected. Nothing is held
    and nobody told before it is issued; that closes the `finding` of the compliance review that it answers."""
    permissions.check_can_notify(actor, grant, at)
    require(clause=clause, facts=facts, demand=demand)
    workflow.check_in(grant, GrantState.ACTIVE)
    check_answers(finding, grant)
    return draft(
        MeasureKind.NOTICE, actor, at, grants=[grant], occasion_key=f"seller:{grant.pk}:{at.isoformat()}",
        party=grant.buyer, authority=grant.authority, issuer=grant.product.seller, clause=clause, facts=facts,
        demand=demand, finding=finding,
    )  # fmt: skip
