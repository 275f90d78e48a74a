"""Joint inspectors of other departments: an officer names them for one inspection, and releases them (Art. 33)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import recipient
from marketplace import workflow
from marketplace.errors import require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision.inspections import OPEN_INSPECTION, Inspection, InspectionState, JointInspector
from marketplace.supervision.permissions_inspection import check_can_be_joint, check_can_inspect

ARTICLE = "Art. 33"
BEFORE_REPORT = (InspectionState.PLANNED, InspectionState.ANNOUNCED, InspectionState.UNDER_WAY)


@transaction.atomic
def name_inspector(
    *, inspection: Inspection, actor: User, at: datetime, person: User, department: str, role: str
) -> JointInspector:
    """Before the report: somebody of another department reads this inspection, and nothing else, and writes it with us.

    Raises ValidationError for an officer of the authority, somebody of no other public body who is no expert either,
    somebody named already, or somebody on a side of the case.
    """
    check_can_inspect(actor, inspection, at)
    require(department=department, role=role)
    inspection = Inspection.objects.select_for_update(of=("self",)).get(pk=inspection.pk)
    workflow.check_in(inspection, *BEFORE_REPORT)
    check_can_be_joint(person, inspection, at)
    if inspection.joint.filter(user=person, ended_at=None).exists():
        raise ValidationError({"email": _("This person takes part already.")})
    named = JointInspector.objects.create(
        inspection=inspection, user=person, department=department, role=role, named_at=at, named_by=actor
    )
    act = ledger.begin("name_inspector", actor, at, ARTICLE)
    ledger.record(act, inspection, detail={"person": person, "department": department, "role": role})
    tell(
        act, [recipient(person)], "inspector_named", link=inspection.get_absolute_url(), number=inspection.number,
        authority=inspection.authority, role=role,
    )  # fmt: skip
    return named


@transaction.atomic
def release_inspector(
    *, inspection: Inspection, actor: User, at: datetime, inspector: JointInspector, reason: str
) -> None:
    """Until it is over: the person takes part no longer, sees the inspection no more and is not named in its report,
    unless that is made already.

    What they wrote down stays. Raises ValidationError for whoever takes no part.
    """
    check_can_inspect(actor, inspection, at)
    require(reason=reason)
    inspection = Inspection.objects.select_for_update(of=("self",)).get(pk=inspection.pk)
    workflow.check_in(inspection, *OPEN_INSPECTION)
    if not inspection.joint.filter(pk=inspector.pk, ended_at=None).update(ended_at=at):
        raise ValidationError({"inspector": _("This person takes no part in the inspection.")})
    act = ledger.begin("release_inspector", actor, at, ARTICLE)
    ledger.record(act, inspection, detail={"person": inspector.user, "reason": reason})
