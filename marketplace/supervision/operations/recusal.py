"""Whoever decides on a case steps back, with a reason, and passes it to somebody else (Art. 45)."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.operations import step_back
from accounts.permissions import could_follow
from accounts.queries import level_above, people_of, recipient, recipients
from accounts.reach import stepped_back
from listings.models import ReleaseRule, Version
from listings.permissions import check_can_decide_rule, check_can_review
from listings.states import RuleState, VersionState
from marketplace import workflow
from marketplace.applications.models import GrantEdition
from marketplace.applications.permissions import check_can_decide_edition, check_can_leave_edition
from marketplace.applications.states import EditionState
from marketplace.errors import InvalidState, is_allowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import (
    permissions,
    permissions_above,
    permissions_closeout,
    permissions_concern,
    permissions_incident,
    permissions_inspection,
)
from marketplace.supervision.closeout import Certificate, CertificateState, checker_of
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident, IncidentState
from marketplace.supervision.inspections import OPEN_INSPECTION, Inspection
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.operations.second_pair import overtake_signature
from marketplace.supervision.operations.taking import OPEN_MEASURE
from marketplace.supervision.second_pair import Signature
from marketplace.supervision.states import ConcernState, FindingState, ReportState

ARTICLE = "Art. 45"
REVIEWED = (
    VersionState.SUBMITTED, VersionState.EXPERT_REVIEW, VersionState.IN_PUBLICITY, VersionState.PUBLISHED,
    VersionState.HELD,
)  # fmt: skip
Case = (
    Measure | Finding | Concern | Incident | Inspection | UsageReport | Certificate | Version | ReleaseRule
    | GrantEdition
)  # fmt: skip
Check = Callable[[Any, Any, datetime], None]


class Row(NamedTuple):
    """Who steps back from a case of this kind, for which party one decides on it, in which states; who of the level
    above may take it over; for which other party somebody has a part in it, without deciding."""

    check: Check
    decides: Callable[[Any], Party | None]
    states: tuple[str, ...]
    take: Check | None = None
    able: Check | None = None  # to whom it could be passed, where that is fewer
    beside: Callable[[Any, Any, datetime], Party | None] = lambda actor, case, at: None

    def follows(self, beside: Party | None) -> Check:
        return self.check if beside is not None or self.able is None else self.able


def _reviewing(version: Version) -> Party | None:
    return version.authority if version.product.is_public_data else version.reviewer


def _changing(edition: GrantEdition) -> Party:
    return edition.grant.authority if edition.grant.product.is_public_data else edition.grant.product.seller


ROWS: dict[type, Row] = {
    Measure: Row(
        permissions.check_can_order, lambda case: case.signatory, OPEN_MEASURE, permissions_above.check_can_take,
        permissions.check_can_confirm,
    ),
    Finding: Row(
        permissions.check_can_answer_finding, lambda case: case.signatory, (FindingState.OPEN,),
        permissions_above.check_can_take,
    ),
    Concern: Row(
        permissions_concern.check_can_triage_concern, lambda case: case.reviewer or case.authority,
        (ConcernState.OPEN,), permissions_above.check_can_take,
    ),
    Incident: Row(
        permissions_incident.check_can_step_back, lambda case: case.authority, (IncidentState.OPENED,),
        permissions_above.check_can_take, permissions_incident.check_can_decide_incident,
        permissions_incident.seat_beside,
    ),
    Inspection: Row(permissions_inspection.check_can_inspect, lambda case: case.authority, OPEN_INSPECTION),
    UsageReport: Row(permissions.check_can_judge_report, lambda case: case.grant.authority, (ReportState.FILED,)),
    Certificate: Row(
        permissions_closeout.check_can_check_certificate, lambda case: checker_of(case.grant), (CertificateState.FILED,)
    ),
    Version: Row(check_can_review, _reviewing, REVIEWED),
    ReleaseRule: Row(
        check_can_decide_rule, lambda case: case.authority if case.product.is_public_data else case.basis.reviewer,
        (RuleState.PROPOSED, RuleState.APPROVED),
    ),
    GrantEdition: Row(check_can_leave_edition, _changing, (EditionState.REQUESTED,), able=check_can_decide_edition),
}  # fmt: skip


@transaction.atomic
def recuse_from(*, case: Case, actor: User, at: datetime, reason: str, colleague: User | None = None) -> None:
    """Who decides on a case steps back from it for good, and from what comes of it: a report's finding, a finding's
    measures, their reviews, a version's objections and take-downs. So does who has a part in it for another authority.

    `colleague`, or else everybody who is left and the level above that may take it over, is told. What they signed in
    it and nobody has confirmed is signed anew. Raises InvalidState where nobody would be left, ValidationError for a
    colleague who may not decide on it.
    """
    row = ROWS[type(case)]
    row.check(actor, case, at)
    require(reason=reason)
    case = type(case)._base_manager.select_for_update(of=("self",)).get(pk=case.pk)
    workflow.check_in(case, *row.states)
    beside = row.beside(actor, case, at)
    if colleague == actor:
        raise ValidationError({"colleague": _("Name somebody else.")})
    act = ledger.begin("recuse", actor, at, ARTICLE)
    step_back(act, case, reason=reason, colleague=colleague)  # first: from here on nobody acts in the actor's name
    _overtake_signatures(act, actor)
    may = row.follows(beside)
    if colleague and (row.beside(colleague, case, at) != beside or not is_allowed(may, colleague, case, at)):
        raise ValidationError({"colleague": _("This person may not decide on it either.")})
    if next(able(case, at, beside), None) is None:
        raise InvalidState(_("Nobody else could decide on it: ask for a deputy or a colleague first."))
    ledger.record(act, case, detail={"reason": reason, "colleague": colleague})
    told = [recipient(colleague)] if colleague else [
        to for _may, party in _seats(case, at, beside) for to in recipients(party, at, getattr(case, "party", None))
        if to.ref != actor.ledger_ref
    ]  # fmt: skip
    tell(act, told, "recused", link=case.get_absolute_url(), object=case, name=actor.name, reason=reason)


def _overtake_signatures(act: ledger.Act, actor: User) -> None:
    signed = Signature.objects.waiting().filter(by=actor).values("measure")
    for measure in Measure.objects.filter(stepped_back([actor.pk], Measure), pk__in=signed).order_by("pk"):
        overtake_signature(act, measure)


def could_pass_on(case: Case, actor: User, at: datetime) -> bool:
    """Whether somebody would be left where this person steps back."""
    left = able(case, at, ROWS[type(case)].beside(actor, case, at))
    return any(could_follow(person, actor) for person in left)


def able(case: Case, at: datetime, beside: Party | None = None) -> Iterator[User]:
    """Those of the same party who may decide, and of the level above who may take it over, as they are asked for. Of
    what waits for a second signature, not who signed first. For `beside`: those who have the same part in it."""
    for may, party in _seats(case, at, beside):
        yield from (person for person in people_of(party, at) if is_allowed(may, person, case, at))


def party_in(case: Case, actor: User, at: datetime) -> Party | None:
    """For which party this person decides on the case, or has a part in it."""
    row = ROWS[type(case)]
    return row.beside(actor, case, at) or row.decides(case)


def _seats(case: Case, at: datetime, beside: Party | None = None) -> Iterator[tuple[Check, Party]]:
    row = ROWS[type(case)]
    party = beside or row.decides(case)
    if party is None:
        return
    yield row.follows(beside), party
    if beside is None and row.take and (above := level_above(party, at)) is not None:
        yield row.take, above
