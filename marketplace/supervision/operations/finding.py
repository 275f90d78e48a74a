"""Findings: opened by monitors, dismissed by an officer, remedied by the duty being done, or turned into an order."""

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from listings.models import Version
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import require
from marketplace.ledger import entries as ledger
from marketplace.supervision import permissions
from marketplace.supervision.models import Finding
from marketplace.supervision.states import FindingState


def open_finding(
    act: ledger.Act, about: Grant | Version, rule: str, key: str, article: str, **text: Any
) -> Finding | None:
    """Open a finding for an occasion, once; None when that occasion was noticed before."""
    if Finding.objects.filter(occasion_key=key).exists():
        return None
    finding = Finding.objects.create(
        occasion_key=key, rule=rule, article=article, text={name: str(value) for name, value in text.items()},
        created_at=act.at, **_whose(about),
    )  # fmt: skip
    ledger.record(
        act,
        finding,
        new=finding.state,
        detail={"rule": rule, ("grant" if isinstance(about, Grant) else "version"): about, **text},
    )
    clock.start(finding, Kind.FINDING, act.at)
    return finding


def _whose(about: Grant | Version) -> dict[str, Any]:
    if isinstance(about, Grant):
        return {"grant": about, "party": about.buyer, "authority": about.authority}
    return {
        "version": about, "party": about.product.seller, "authority": about.authority, "reviewer": about.reviewer,
    }  # fmt: skip


@transaction.atomic
def dismiss_finding(*, finding: Finding, actor: User, at: datetime, reason: str) -> None:
    """open → dismissed, with reasons."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(reason=reason)
    close_finding(ledger.begin("dismiss", actor, at, finding.article), finding, FindingState.DISMISSED, reason=reason)


def remedy_finding(act: ledger.Act, key: str) -> None:
    """The duty was done after all: the open finding of this occasion, if any, is remedied."""
    finding = Finding.objects.filter(occasion_key=key, state=FindingState.OPEN).first()
    if finding is not None:
        close_finding(act, finding, FindingState.REMEDIED)


def close_finding(act: ledger.Act, finding: Finding, new: str, *, reason: str = "") -> None:
    workflow.move(act, finding, new, detail={"reason": reason})
    clock.stop(finding, act.at)
