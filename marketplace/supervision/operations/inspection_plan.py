"""Planning inspections and drawing their sample: the seed is whole, and kept with the frame, only at the draw."""

import math
import secrets
from collections import Counter
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, F, Max, Q
from django.utils.translation import gettext as _

from accounts.models import Party, Region, User
from listings.models import Nature
from listings.models.purposes import split_purposes
from marketplace import workflow
from marketplace.among import Among
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.clock.working_days import local_date
from marketplace.delivery.models import Delivery
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.supervision.inspections import (
    OPEN_INSPECTION,
    Inspection,
    InspectionPlan,
    InspectionPlanState,
    InspectionState,
    Method,
    Strata,
)
from marketplace.supervision.models import Finding, UsageReport
from marketplace.supervision.permissions_inspection import check_can_keep_inspection_plan, check_can_plan_here
from marketplace.supervision.sampling import Unit, draw, fingerprint

ARTICLE = "Art. 33"
# figure -> what one of it adds to a weight of 1
WEIGHTS = {"findings": 3.0, "overdue_reports": 2.0, "deliveries": 1.0, "years": 1.0}


@transaction.atomic
def plan_inspections(
    *, party: Party, actor: User, at: datetime, title: str, first: date, last: date, method: str, size: int,
    strata: str = "", region: Region | None = None, purpose: str = "", buyer_kind: str = "", seller_kind: str = "",
    seed: str = "",
) -> InspectionPlan:  # fmt: skip
    """An officer of `party`, the authority of a city or the province, plans inspections. Nobody is told yet.

    A seed that is given (drawn in public, say) is recorded now; what the site adds to it at the draw nobody knows yet.
    """
    check_can_plan_here(actor, party, at)
    require(title=title)
    plan = InspectionPlan(
        authority=party, title=title, first=first, last=last, method=method, size=size, strata=strata, region=region,
        purpose=purpose, buyer_kind=buyer_kind, seller_kind=seller_kind, seed=seed, by=actor,
        created_at=at,
    )  # fmt: skip
    if last < first:
        raise ValidationError({"last": _("The last day is before the first.")})
    plan.clean_fields(exclude=("frame", "drawn_by", "region"))
    plan.save()
    act = ledger.begin("plan_inspections", actor, at, ARTICLE)
    ledger.record(act, plan, new=plan.state, detail={"seed": plan.seed, "method": method, "size": size})
    return plan


@transaction.atomic
def draw_sample(*, plan: InspectionPlan, actor: User, at: datetime) -> None:
    """draft → drawn: one planned inspection for each grant drawn, by the seed given and a part at random, kept with it:
    who plans cannot try seeds until the sample suits them. InvalidState where there is nothing to draw."""
    check_can_keep_inspection_plan(actor, plan, at)
    plan = InspectionPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    workflow.check_in(plan, InspectionPlanState.DRAFT)
    units = frame_of(plan, at)
    if not units:
        raise InvalidState(_("No grant in force is what the plan draws from."))
    seed = f"{plan.seed}:{secrets.token_hex(16)}".lstrip(":")
    sample = draw(units, plan.size, seed)
    act = ledger.begin("draw_sample", actor, at, ARTICLE)
    kept = {"frame_hash": fingerprint(units), "frame_count": len(units)}
    workflow.move(
        act, plan, InspectionPlanState.DRAWN, frame=units, drawn_at=at, drawn_by=actor, seed=seed, **kept,
        detail={**kept, "seed": seed, "grants": [unit.grant for unit in sample]},
    )  # fmt: skip
    buyers = dict(Grant.objects.filter(pk__in=[unit.grant for unit in sample]).values_list("pk", "buyer"))
    for unit in sample:
        made = Inspection.objects.create(
            plan=plan, grant_id=unit.grant, party_id=buyers[unit.grant], authority=plan.authority,
            stratum=unit.stratum, weight=unit.weight, figures=dict(unit.figures), by=actor, created_at=at,
        )  # fmt: skip
        ledger.record(act, made, new=InspectionState.PLANNED, detail={"plan": plan, "weight": unit.weight})


@transaction.atomic
def drop_inspection_plan(*, plan: InspectionPlan, actor: User, at: datetime, reason: str) -> None:
    """draft → dropped, with reasons: nothing is drawn."""
    check_can_keep_inspection_plan(actor, plan, at)
    require(reason=reason)
    workflow.move(
        ledger.begin("drop_inspection_plan", actor, at, ARTICLE),
        plan,
        InspectionPlanState.DROPPED,
        detail={"reason": reason},
    )


def population(plan: InspectionPlan, at: datetime) -> Any:
    """The grants in force on public data before its authority that the plan's filters leave, and nobody inspects."""
    found = Grant.objects.filter(authority=plan.authority, state=GrantState.ACTIVE, ends__gte=local_date(at))
    inspected = Inspection.objects.filter(state__in=OPEN_INSPECTION).values("grant")
    found = found.exclude(product__nature=Nature.NON_PUBLIC).exclude(pk__in=inspected)
    lies_in = [Q(**{f"buyer__{path}": plan.region}) for path in ("region", "region__parent", "region__parent__parent")]
    for value, way in (
        (plan.region, reduce(or_, lies_in)),
        (plan.buyer_kind, Q(buyer__kind=plan.buyer_kind)),
        (plan.seller_kind, Q(product__seller__kind=plan.seller_kind)),
    ):  # fmt: skip
        found = found.filter(way) if value else found
    return found.filter(Among(F("pk"), _granted_for(plan.purpose, found))) if plan.purpose else found


def _granted_for(purpose: str, grants: Any) -> list[int]:
    """The keys of those whose terms name this purpose; one that is part of another's name is not it."""
    told = grants.filter(terms__purposes__icontains=purpose).values_list("pk", "terms__purposes")
    return [key for key, purposes in told if purpose in split_purposes(purposes)]


def frame_of(plan: InspectionPlan, at: datetime) -> list[Unit]:
    """Each grant of the population with its stratum, and its weight with the figures it comes from."""
    rows = population(plan, at).select_related("buyer__region", "item__application").order_by("pk")
    figures = risk_figures(plan, rows, at) if plan.method == Method.RISK else {}
    return [
        Unit(grant.pk, stratum_of(plan, grant), weight_of(figures.get(grant.pk, {})), figures.get(grant.pk, {}))
        for grant in rows
    ]


def stratum_of(plan: InspectionPlan, grant: Grant) -> str:
    if plan.strata == Strata.PURPOSE:
        return "、".join(sorted(split_purposes(grant.terms.get("purposes", ""))))[:200]
    if plan.strata == Strata.REGION:
        return grant.buyer.region.name if grant.buyer.region else ""
    return str(grant.buyer.kind) if plan.strata == Strata.BUYER else ""


def weight_of(figures: dict[str, float]) -> float:
    """1, and what each figure adds; of deliveries the decimal logarithm, lest volume drowns the rest."""
    amounts = {**figures, "deliveries": math.log10(1 + figures.get("deliveries", 0))}
    return round(1 + sum(WEIGHTS[name] * amount for name, amount in amounts.items()), 4)


def risk_figures(plan: InspectionPlan, grants: Any, at: datetime) -> dict[int, dict[str, float]]:
    """Of each grant: findings ever, reports overdue now, deliveries, years since it was inspected or began."""
    keys = [grant.pk for grant in grants]
    findings = Counter(Finding.objects.filter(grant__in=keys).values_list("grant", flat=True))
    overdue = Counter(UsageReport.objects.owed().filter(grant__in=keys, due_at__lt=at).values_list("grant", flat=True))
    delivered = dict(
        Delivery.objects.filter(grant__in=keys).values("grant").annotate(n=Count("pk")).values_list("grant", "n")
    )
    seen = dict(
        Inspection.objects.filter(grant__in=keys, reported_at__isnull=False)
        .values("grant").annotate(last=Max("reported_at")).values_list("grant", "last")
    )  # fmt: skip
    return {
        grant.pk: {
            "findings": findings[grant.pk], "overdue_reports": overdue[grant.pk],
            "deliveries": delivered.get(grant.pk, 0),
            "years": round((at - (seen.get(grant.pk) or grant.activated_at or at)).days / 365, 2),
        }
        for grant in grants
    }  # fmt: skip
