"""Proposing a measure: a monitor's job or a person drafts it; only a person signs it (`order.py`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import People
from listings.models import Version
from marketplace import workflow
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.errors import InvalidState, is_allowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Message, tell_each
from marketplace.supervision import permissions
from marketplace.supervision.measure_kinds import KINDS, MeasureKind
from marketplace.supervision.models import Finding, Measure, MeasureGrant
from marketplace.supervision.operations.finding import close_finding
from marketplace.supervision.states import FindingState, MeasureState


class Draft(NamedTuple):
    """A measure that is proposed: `fields` of the row, and the grants that it would hold."""

    fields: Mapping[str, Any]
    grants: Sequence[Grant] = ()


def propose_order(
    *,
    grants: Sequence[Grant],
    actor: Any,
    at: datetime,
    key: str,
    facts: str,
    demand: str,
    finding: Finding | None = None,
) -> Measure | None:
    """Draft an order against the one buyer of these grants; changes no grant. None if this occasion has one already.

    A monitor's job may do this, or an officer with the power to order.
    """
    said = {"occasion_key": key, "facts": facts, "demand": demand, "finding": finding}
    return next(iter(propose_orders(drafts=[Draft(said, grants)], actor=actor, at=at)), None)


@transaction.atomic
def propose_orders(*, drafts: Sequence[Draft], actor: Any, at: datetime) -> list[Measure]:
    """What `propose_order` does, for many occasions at once: one order for each that has none yet. Returns those."""
    for grants in (draft.grants for draft in drafts):
        if len({(grant.buyer_id, grant.authority_id) for grant in grants}) != 1:
            raise InvalidState(_("One order goes against one party, by the authority competent for all its grants."))
        if not isinstance(actor, ledger.SystemActor):
            for grant in grants:
                permissions.check_can_supervise(actor, grant, at)
    keys = [draft.fields["occasion_key"] for draft in drafts]
    known = set(Measure.objects.filter(occasion_key__in=keys).values_list("occasion_key", flat=True))
    new = [draft for draft in drafts if draft.fields["occasion_key"] not in known]
    whose = [{"party": draft.grants[0].buyer, "authority": draft.grants[0].authority} for draft in new]
    rows = [draft._replace(fields={**draft.fields, **who}) for draft, who in zip(new, whose, strict=True)]
    return draft_each(MeasureKind.ORDER_33, actor, at, rows)


def draft(kind: str, actor: Any, at: datetime, *, grants: Sequence[Grant] = (), **fields: Any) -> Measure:
    """Part of every proposal, whose operation has checked everything: the draft, its entry, word to who may sign it."""
    return draft_each(kind, actor, at, [Draft(fields, grants)])[0]


def draft_each(kind: str, actor: Any, at: datetime, drafts: Sequence[Draft]) -> list[Measure]:
    """What `draft` does, for many at once, each an act of its own."""
    row, people = KINDS[kind], People(at)
    measures = Measure.objects.bulk_create(
        Measure(kind=kind, article=row.article, created_at=at, **draft.fields) for draft in drafts
    )
    made = [(measure, each.grants) for measure, each in zip(measures, drafts, strict=True)]
    MeasureGrant.objects.bulk_create(
        MeasureGrant(measure=measure, grant=grant) for measure, grants in made for grant in grants
    )
    acts = [ledger.begin("propose_order", actor, at, row.article) for _draft in drafts]
    details = [_said(measure, grants) for measure, grants in made]
    ledger.record_each(acts, measures, details, new=MeasureState.PROPOSED)
    tell_each([
        Message(
            act, people(measure.signatory, measure.party), "measure_proposed", measure.get_absolute_url(),
            f"measure:{measure.pk}", {"party": measure.party, "facts": measure.facts},
        )
        for act, measure in zip(acts, measures, strict=True)
    ])  # fmt: skip
    return measures


def answerable(about: Grant | Version, *, of_review: bool) -> QuerySet[Finding]:
    """The open findings that a measure about the same can answer: of those before the compliance review a contract
    notice about a grant or a take-down of a version, of those before an authority its order."""
    mine = {"grant" if isinstance(about, Grant) else "version": about.pk}
    return Finding.objects.filter(state=FindingState.OPEN, reviewer__isnull=not of_review, **mine)


def check_answers(finding: Finding | None, about: Grant | Version) -> None:
    """Part of drafting a notice or take-down: locks the finding that issuing it closes, if one is named."""
    if finding is None:
        return
    locked = answerable(about, of_review=True).select_for_update(of=("self",)).filter(pk=finding.pk).first()
    if locked is None:
        raise ValidationError({"finding": _("Name an open finding about the same.")})
    if locked.measures.filter(state=MeasureState.PROPOSED).exists():
        raise InvalidState(_("A measure that answers this finding is proposed already: issue or drop it."))


def answerable_by(actor: Any, about: Grant | Version, at: datetime) -> QuerySet[Finding]:
    """Of those before an authority, which are answered by what ends the same, those that this person may answer."""
    return _of(actor, answerable(about, of_review=False), at)


def ended_with(measure: Measure, actor: Any, at: datetime) -> QuerySet[Finding]:
    """The open findings about what an authority's order holds, before the same authority, that this person may answer:
    the termination answers them, too. A contract notice answers nothing in the reviewer's place."""
    if measure.issuer_id is not None:
        return Finding.objects.none()
    mine = {"authority": measure.authority_id, "reviewer": None, "state": FindingState.OPEN}
    held = measure.held.filter(outcome="")
    return _of(actor, Finding.objects.filter(grant__in=held.values("grant"), **mine), at)


def _of(actor: Any, rows: QuerySet[Finding], at: datetime) -> QuerySet[Finding]:
    mine = [row.pk for row in rows if is_allowed(permissions.check_can_answer_finding, actor, row, at)]
    return rows.filter(pk__in=mine)


def close_answered(act: ledger.Act, about: Grant | Version, finding: Finding) -> None:
    """Part of a person's decision that ends what an authority's finding is about: the finding has led to it."""
    locked = answerable(about, of_review=False).select_for_update(of=("self",)).filter(pk=finding.pk).first()
    if locked is None:
        raise ValidationError({"finding": _("Name an open finding about the same.")})
    permissions.check_can_answer_finding(act.actor, locked, act.at)
    close_finding(act, locked, FindingState.MEASURE)


def _said(measure: Measure, grants: Sequence[Grant]) -> dict[str, Any]:
    clause = {"clause": measure.clause} if measure.clause else {}
    return {"grants": list(grants), "facts": measure.facts, "demand": measure.demand, **clause}


def propose_order_on_grant(
    *, grant: Grant, actor: User, at: datetime, facts: str, demand: str, finding: Finding | None = None
) -> Measure | None:
    """An officer drafts an order about one grant from what an inspection, a unit or anybody showed; issuing it closes
    `finding`, an open one about this grant."""
    permissions.check_can_act_on(actor, grant, at)
    if finding is not None:
        if not answerable(grant, of_review=False).filter(pk=finding.pk).exists():
            raise ValidationError({"finding": _("Name an open finding about the same.")})
        return propose_order_on_finding(finding=finding, actor=actor, at=at, facts=facts, demand=demand)
    require(facts=facts, demand=demand)
    workflow.check_in(grant, GrantState.ACTIVE)
    return propose_order(
        grants=[grant], actor=actor, at=at, key=f"officer:{grant.pk}:{at.isoformat()}", facts=facts, demand=demand
    )


@transaction.atomic
def propose_order_on_finding(*, finding: Finding, actor: User, at: datetime, facts: str, demand: str) -> Measure | None:
    """An officer drafts the order that answers a finding about a grant; issuing it closes the finding."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(facts=facts, demand=demand)
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    workflow.check_in(finding, FindingState.OPEN)
    if finding.grant is None:
        raise InvalidState(_("An order is about a grant; a version is held."))
    workflow.check_in(finding.grant, GrantState.ACTIVE)
    if finding.measures.filter(state=MeasureState.PROPOSED).exists():
        raise InvalidState(_("An order that answers this finding is proposed already: issue or drop it."))
    return propose_order(
        grants=[finding.grant], actor=actor, at=at, key=f"finding:{finding.pk}:{at.isoformat()}", facts=facts,
        demand=demand, finding=finding,
    )  # fmt: skip
