"""Inviting somebody by e-mail into a party."""

from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Invitation, Membership, Party, User
from accounts.operations.membership import check_can_give, join
from accounts.states import LIVING, InvitationState
from marketplace import workflow
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Recipient, tell

VALID_DAYS = 14
MOST_OPEN = 50  # of one party: the site is no mailing machine


@transaction.atomic
def invite_member(
    *, party: Party, email: str, role: str, actor: User, at: datetime, member_until: date | None = None
) -> Invitation:
    """An owner or manager asks somebody, by e-mail, to join; only an owner asks for an owner.

    An invitation of before to the same address is revoked. The address is in the invitation, not in the ledger.
    """
    check_can_give(actor, party, role, at)
    workflow.check_in(party, *LIVING)
    if member_until and member_until < local_date(at):
        raise ValidationError({"member_until": _("This day is over.")})
    Party.objects.select_for_update().get(pk=party.pk)
    act = ledger.begin("invite", actor, at)
    waiting = Invitation.objects.filter(party=party, state=InvitationState.OPEN)
    for before in waiting.filter(email__iexact=email):
        workflow.move(act, before, InvitationState.REVOKED)
    if waiting.count() >= MOST_OPEN:
        raise InvalidState(_("Too many invitations are open: revoke some first."))
    made = Invitation.objects.create(
        party=party, email=email, role=role, member_until=member_until, by=actor, created_at=at,
        expires_at=at + timedelta(days=VALID_DAYS),
    )  # fmt: skip
    ledger.record(act, made, new=made.state, detail={"party": party, "role": role, "until": member_until})
    guest = Recipient(ledger.reference(made), email, get_language() or actor.language)
    said: dict[str, Any] = {"party": party.name, "by": actor.name, "role": made.get_role_display(), "days": VALID_DAYS}
    tell(act, [guest], "invited", link=made.get_absolute_url(), **said)
    return made


@transaction.atomic
def revoke_invitation(*, party: Party, invitation: Invitation, actor: User, at: datetime) -> None:
    """open → revoked: its link works no more."""
    if invitation.party_id != party.pk:
        raise NotAllowed(_("This invitation is another party's."))
    check_can_give(actor, party, invitation.role, at)
    workflow.check_in(party, *LIVING)
    workflow.move(ledger.begin("revoke", actor, at), invitation, InvitationState.REVOKED)


@transaction.atomic
def accept_invitation(*, invitation: Invitation, actor: User, at: datetime) -> Membership:
    """open → accepted, once, by the owner of the address, before it expires: a membership begins."""
    check_can_accept(actor, invitation, at)
    Party.objects.select_for_update().get(pk=invitation.party_id)
    workflow.check_in(invitation.party, *LIVING)
    if Membership.objects.filter(party=invitation.party, user=actor, valid_until=None).exists():
        raise InvalidState(_("You belong to this party already."))
    act = ledger.begin("accept", actor, at)
    workflow.move(act, invitation, InvitationState.ACCEPTED, accepted_by=actor)
    return join(act, invitation.party, actor, invitation.role, invitation.member_until)


def check_can_accept(actor: User, invitation: Invitation, at: datetime) -> None:
    """NotAllowed for anybody but the proven owner of the address; InvalidState when it is used, revoked or expired."""
    permissions.check_is_person(actor)
    if not EmailAddress.objects.filter(user=actor, verified=True, email__iexact=invitation.email).exists():
        raise NotAllowed(_("This invitation is for another e-mail address: log in with the account that has it."))
    workflow.check_in(invitation, InvitationState.OPEN)
    if at >= invitation.expires_at:
        raise InvalidState(_("This invitation has expired: ask for a new one."))
