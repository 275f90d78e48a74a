"""An expert's assessment of a case (Art. 35), and the officer in charge who passes a case on (Art. 45)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AssignmentRole, User
from accounts.operations import assign, step_back, unassign
from accounts.permissions import check_can_be_asked
from accounts.queries import people_of, recipient
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, ExpertOpinion
from marketplace.applications.operations.dialogue import IN_HAND
from marketplace.applications.queries import people_in_charge
from marketplace.applications.states import ApplicationState
from marketplace.errors import InvalidState, NotAllowed, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 35"


@transaction.atomic
def call_expert(*, application: Application, actor: User, at: datetime, expert: User, reason: str) -> None:
    """under review → expert review: one member of the committee, on nobody's side, is asked to assess the case."""
    permissions.check_in_charge(actor, application, at)
    require(reason=reason)
    if application.seller_id is not None:
        raise InvalidState(_("The expert committee assesses public data (Art. 35)."))
    check_can_be_asked(expert, permissions.parties_of_case(application), at)
    act = ledger.begin("call_expert", actor, at, ARTICLE)
    workflow.move(act, application, ApplicationState.EXPERT_REVIEW, detail={"expert": expert, "reason": reason})
    assign(act, application, expert, role=AssignmentRole.EXPERT, reason=reason)
    tell(
        act, [recipient(expert)], "expert_called", link=application.get_absolute_url(), number=application.number,
        reason=reason,
    )  # fmt: skip


@transaction.atomic
def give_opinion(
    *, application: Application, actor: User, at: datetime, opinion: str, measures: str = ""
) -> ExpertOpinion:
    """expert review → under review: opinion and measures are kept and shown to whoever decides."""
    permissions.check_can_assess(actor, application, at)
    workflow.check_in(application, ApplicationState.EXPERT_REVIEW)
    act = ledger.begin("give_opinion", actor, at, ARTICLE)
    given = ExpertOpinion.objects.create(application=application, by=actor, opinion=opinion, measures=measures, at=at)
    ledger.record(act, given, detail={"application": application, "text": opinion, "measures": measures})
    _back_to_review(act, application)
    tell(
        act, people_in_charge(application), "expert_opinion", link=application.get_absolute_url(),
        number=application.number, name=actor.name,
    )  # fmt: skip
    return given


@transaction.atomic
def recall_expert(*, application: Application, actor: User, at: datetime, reason: str) -> None:
    """expert review → under review without an opinion: the expert cannot, or another is to be asked."""
    permissions.check_in_charge(actor, application, at)
    require(reason=reason)
    workflow.check_in(application, ApplicationState.EXPERT_REVIEW)
    _back_to_review(ledger.begin("recall_expert", actor, at, ARTICLE), application, reason)


@transaction.atomic
def recuse_officer(*, application: Application, actor: User, at: datetime, colleague: User, reason: str) -> None:
    """The officer in charge steps back for good and names who takes over: of the same authority, on nobody's side."""
    permissions.check_can_recuse(actor, application, at)
    require(reason=reason)
    workflow.check_in(application, *IN_HAND)
    assert application.deciding_party is not None  # else nobody would be in charge
    if colleague == actor or not people_of(application.deciding_party, at).filter(pk=colleague.pk).exists():
        raise ValidationError({"colleague": _("Name somebody else who may decide for the same party.")})
    act = ledger.begin("recuse", actor, at, "Art. 45")
    step_back(act, application, reason=reason, colleague=colleague)  # first: nobody acts in the actor's name any more
    try:
        permissions.check_can_process(colleague, application, at)
    except NotAllowed as error:
        raise ValidationError(
            {"colleague": _("It would be this person's own case, or this person has stepped back from it.")}
        ) from error
    assign(act, application, colleague, reason=reason)
    ledger.record(act, application, detail={"colleague": colleague, "reason": reason})
    tell(
        act, [recipient(colleague)], "case_passed_on", link=application.get_absolute_url(),
        number=application.number, name=actor.name, reason=reason,
    )  # fmt: skip


def _back_to_review(act: ledger.Act, application: Application, reason: str = "") -> None:
    workflow.move(act, application, ApplicationState.UNDER_REVIEW, detail={"reason": reason} if reason else None)
    unassign(act, application, AssignmentRole.EXPERT)
