"""What the platform operator and its own people can do with a party."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from accounts import forms, operations, permissions
from accounts.models import Party, Role
from accounts.states import LIVING, InvitationState, PartyState
from marketplace.verbs import ReasonForm, RefusalForm, Verb, Verbs


def check_can_keep_party(actor: Any, party: Party, at: datetime) -> None:
    """The operator, who does not belong to the party."""
    permissions.check_operator(actor, at)
    permissions.check_not_own_case(actor, [party], at)


def check_can_manage_party(actor: Any, party: Party, at: datetime) -> None:
    """An owner or manager of the party itself."""
    permissions.check_member(actor, party, at, roles=permissions.MANAGERS)


def check_can_withdraw_party(actor: Any, party: Party, at: datetime) -> None:
    permissions.check_member(actor, party, at, roles=(Role.OWNER,))


def check_can_belong_to_party(actor: Any, party: Party, at: datetime) -> None:
    """Anybody of the party, in whatever role: leaving is free, and whom it concerns names their deputy."""
    permissions.check_member(actor, party, at, roles=Role.values)


def check_can_operate(actor: Any, party: Party, at: datetime) -> None:
    """Any operator, a colleague too; the operation sees to it that it is never for oneself."""
    permissions.check_operator(actor, at)


APPLIED, RETURNED = PartyState.APPLIED, PartyState.RETURNED
VERIFIED, BARRED = PartyState.VERIFIED, PartyState.BARRED
KEEP, MANAGE, BELONG = check_can_keep_party, check_can_manage_party, check_can_belong_to_party
OPERATE = check_can_operate


def has_second_factors(party: Party) -> bool:
    return Authenticator.objects.filter(user__memberships__party=party).exists()


def has_invitations(party: Party) -> bool:
    return party.invitations.filter(state=InvitationState.OPEN).exists()


def not_asked(party: Party) -> bool:
    return party.renewal_asked_at is None


PARTY = Verbs(
    Party,
    "party",
    (
        Verb("verify", _("Verify"), (APPLIED, BARRED), KEEP, operations.verify_party, forms.VerifyForm),
        Verb("return", _("Return"), (APPLIED,), KEEP, operations.return_party, ReasonForm),
        Verb("refuse", _("Refuse"), (APPLIED,), KEEP, operations.refuse_party, RefusalForm, danger=True),
        Verb("amend", _("Correct and apply again"), (RETURNED,), MANAGE, operations.amend_party, forms.AmendForm),
        Verb("withdraw", _("Give the registration up"), (APPLIED, RETURNED), check_can_withdraw_party, operations.withdraw_party, danger=True),
        Verb("add_evidence", _("Add evidence"), LIVING, MANAGE, operations.add_party_evidence, forms.PartyEvidenceForm, aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), (APPLIED, RETURNED), permissions.check_can_withdraw_evidence, operations.withdraw_party_evidence, forms.WithdrawEvidenceForm, aside=True),
        Verb("renew", _("Renew the verification"), (VERIFIED,), KEEP, operations.renew_party, forms.RenewForm),
        Verb("invite", _("Invite somebody"), LIVING, MANAGE, operations.invite_member, forms.InviteForm),
        Verb("revoke_invitation", _("Revoke an invitation"), LIVING, MANAGE, operations.revoke_invitation, forms.RevokeForm, when=has_invitations),
        Verb("change_role", _("Change a role"), LIVING, MANAGE, operations.change_role, forms.RoleForm),
        Verb("appoint_deputy", _("Name a deputy"), LIVING, BELONG, operations.appoint_deputy, forms.DeputyForm),
        Verb("end_membership", _("End a membership"), LIVING, BELONG, operations.end_membership, forms.EndMembershipForm, danger=True),
        Verb("reset_second_factor", _("Reset a lost second factor"), LIVING, OPERATE, operations.reset_second_factor, forms.ResetFactorForm, "Art. 45", danger=True, when=has_second_factors),
        Verb("ask_for_renewal", _("Ask for renewal"), (VERIFIED,), MANAGE, operations.ask_for_renewal, ReasonForm, when=not_asked),
        Verb("bar", _("Bar"), (VERIFIED,), KEEP, operations.bar_party, RefusalForm, danger=True),
    ),
)  # fmt: skip
