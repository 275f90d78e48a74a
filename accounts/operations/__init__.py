"""Every write of this app."""

from accounts.operations.account import (
    close_account,
    end_sessions,
    erase_account,
    export_account,
    open_account,
    reset_second_factor,
    set_up_account,
)
from accounts.operations.assignment import assign, step_back, unassign
from accounts.operations.credential import (
    agree_to_be_named,
    create_credential,
    revoke_credential,
    rotate_credential,
    withdraw_from_naming,
)
from accounts.operations.evidence import (
    add_party_evidence,
    open_evidence,
    sweep_evidence,
    sweep_evidence_orphans,
    withdraw_party_evidence,
)
from accounts.operations.invitation import accept_invitation, invite_member, revoke_invitation
from accounts.operations.membership import add_member, appoint_deputy, change_role, end_membership, leave
from accounts.operations.notice import choose_notices, switch_mails_off
from accounts.operations.party import (
    amend_party,
    ask_for_renewal,
    bar_party,
    check_is_left,
    end_party,
    found_operator,
    pass_capabilities,
    refuse_party,
    register_party,
    renew_party,
    return_party,
    verify_party,
    withdraw_party,
)
from accounts.operations.sealing import reseal_everything

__all__ = [
    "accept_invitation",
    "add_member",
    "add_party_evidence",
    "agree_to_be_named",
    "amend_party",
    "appoint_deputy",
    "ask_for_renewal",
    "assign",
    "bar_party",
    "change_role",
    "check_is_left",
    "choose_notices",
    "close_account",
    "create_credential",
    "end_membership",
    "end_party",
    "end_sessions",
    "erase_account",
    "export_account",
    "found_operator",
    "invite_member",
    "leave",
    "open_account",
    "open_evidence",
    "pass_capabilities",
    "refuse_party",
    "register_party",
    "renew_party",
    "reseal_everything",
    "reset_second_factor",
    "return_party",
    "revoke_credential",
    "revoke_invitation",
    "rotate_credential",
    "set_up_account",
    "step_back",
    "sweep_evidence",
    "sweep_evidence_orphans",
    "switch_mails_off",
    "unassign",
    "verify_party",
    "withdraw_from_naming",
    "withdraw_party",
    "withdraw_party_evidence",
]
