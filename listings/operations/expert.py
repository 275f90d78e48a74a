"""An expert's assessment as a branch of a version's review, where combined data may turn sensitive (Art. 35)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AssignmentRole, User
from accounts.operations import assign, unassign
from accounts.permissions import check_can_be_asked
from accounts.queries import recipient, recipients
from listings import permissions
from listings.models import Version, VersionOpinion
from listings.states import VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

ARTICLE = "Art. 35"


@transaction.atomic
def call_version_expert(*, version: Version, actor: User, at: datetime, expert: User, reason: str) -> None:
    """submitted → expert review: one member of the committee, on nobody's side, is asked; the clock stands still."""
    permissions.check_can_review(actor, version, at)
    require(reason=reason)
    check_can_be_asked(expert, permissions.parties_of_version(version), at)
    workflow.check_in(version, VersionState.SUBMITTED)
    act = ledger.begin("call_expert", actor, at, ARTICLE)
    workflow.move(act, version, VersionState.EXPERT_REVIEW, detail={"expert": expert, "reason": reason})
    assign(act, version, expert, role=AssignmentRole.EXPERT, reason=reason)
    clock.pause(version, Kind.ACCEPTANCE, at)
    tell(
        act, [recipient(expert)], "version_expert_called", link=version.get_absolute_url(),
        product=version.product.title, number=version.number, reason=reason,
    )  # fmt: skip


@transaction.atomic
def give_version_opinion(
    *, version: Version, actor: User, at: datetime, opinion: str, measures: str = ""
) -> VersionOpinion:
    """expert review → submitted: opinion and measures are kept and shown to whoever decides."""
    permissions.check_can_assess_version(actor, version, at)
    workflow.check_in(version, VersionState.EXPERT_REVIEW)
    if not opinion.strip():
        raise ValidationError({"opinion": _("Write what there is to say.")})
    act = ledger.begin("give_opinion", actor, at, ARTICLE)
    given = VersionOpinion.objects.create(version=version, by=actor, opinion=opinion, measures=measures, at=at)
    ledger.record(act, given, detail={"version": version, "text": opinion, "measures": measures})
    _back_to_review(act, version)
    assert version.reviewing_body is not None  # it was submitted
    tell(
        act, recipients(version.reviewing_body, at), "version_opinion", link=version.get_absolute_url(),
        product=version.product.title, number=version.number, name=actor.name,
    )  # fmt: skip
    return given


@transaction.atomic
def recall_version_expert(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """expert review → submitted without an opinion: the expert cannot, or another is to be asked."""
    permissions.check_can_review(actor, version, at)
    require(reason=reason)
    workflow.check_in(version, VersionState.EXPERT_REVIEW)
    _back_to_review(ledger.begin("recall_expert", actor, at, ARTICLE), version, reason)


def _back_to_review(act: ledger.Act, version: Version, reason: str = "") -> None:
    workflow.move(act, version, VersionState.SUBMITTED, detail={"reason": reason} if reason else None)
    unassign(act, version, AssignmentRole.EXPERT)
    clock.go_on(version, Kind.ACCEPTANCE, act.at)
