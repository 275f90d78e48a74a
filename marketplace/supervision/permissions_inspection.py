"""Who plans and inspects: officers of a city or the province, never in a case of their own (Art. 33)."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Party
from accounts.permissions import (
    check_added_evidence,
    check_is_person,
    check_member,
    check_not_own_case,
    check_not_recused,
    check_officer,
)
from accounts.queries import acting_as, people_of
from marketplace.errors import NotAllowed
from marketplace.supervision.inspections import JOINT, Inspection, InspectionPlan, joint_of
from marketplace.supervision.permissions import ORDERING, parties_of_grant


def check_can_plan_here(actor: Any, authority: Party, at: datetime) -> None:
    check_officer(actor, authority, at, levels=ORDERING)


def check_can_keep_inspection_plan(actor: Any, plan: InspectionPlan, at: datetime) -> None:
    check_can_plan_here(actor, plan.authority, at)


def check_on_no_side(actor: Any, inspection: Inspection, at: datetime) -> None:
    """Neither of the buyer nor of the seller nor of a providing unit of the grant, now or of late."""
    check_not_own_case(actor, [inspection.party, *parties_of_grant(inspection.grant)], at)


def check_can_inspect(actor: Any, inspection: Inspection, at: datetime) -> None:
    """An officer of the authority, on the side of neither buyer nor seller nor a providing unit of the grant."""
    check_officer(actor, inspection.authority, at, levels=ORDERING)
    check_on_no_side(actor, inspection, at)
    check_not_recused(actor, inspection)


def check_can_write_down(actor: Any, inspection: Inspection, at: datetime) -> None:
    """An officer who may inspect, or a joint inspector who still acts for a public body or as an expert, on the side of
    neither party of the grant."""
    check_is_person(actor)
    if not joint_of(actor, at).filter(inspection=inspection).exists():
        return check_can_inspect(actor, inspection, at)
    check_on_no_side(actor, inspection, at)


def check_can_be_joint(person: Any, inspection: Inspection, at: datetime) -> None:
    """Whom an officer names: an active account, of another public body or an expert, not of the authority, on nobody's
    side. Raises ValidationError."""
    if not person.is_active or person in people_of(inspection.authority, at):
        raise ValidationError({"email": _("Name somebody of another department: this person acts for the authority.")})
    if not acting_as(person, JOINT, at).exists():
        words = _("Name somebody who acts for another authority, a providing unit or an overseer, or an expert.")
        raise ValidationError({"email": words})
    try:
        check_on_no_side(person, inspection, at)
    except NotAllowed as error:
        raise ValidationError({"email": _("It would be this person's own case.")}) from error


def check_can_withdraw_inspection_evidence(actor: Any, inspection: Inspection, at: datetime) -> None:
    check_can_write_down(actor, inspection, at)
    check_added_evidence(actor, inspection)


def check_can_answer_inspection(actor: Any, inspection: Inspection, at: datetime) -> None:
    """The people of the party. Suspended or lapsed, it may always answer."""
    check_member(actor, inspection.party, at)


def check_can_read_inspection_evidence(actor: Any, inspection: Inspection, at: datetime) -> None:
    """Inspectors, also joint ones, at once; whoever else sees the inspection, once it is reported."""
    check_is_person(actor)
    if inspection.reported_at is None:
        check_can_write_down(actor, inspection, at)
