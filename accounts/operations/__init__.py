"""Every write of this app."""

from accounts.operations.account import end_sessions, open_account, set_up_account
from accounts.operations.assignment import assign
from accounts.operations.membership import add_member, end_membership
from accounts.operations.party import (
    amend_party,
    ask_for_renewal,
    bar_party,
    end_party,
    found_operator,
    refuse_party,
    register_party,
    renew_party,
    return_party,
    verify_party,
    withdraw_party,
)
from accounts.operations.sealing import reseal_everything

__all__ = [
    "add_member",
    "amend_party",
    "ask_for_renewal",
    "assign",
    "bar_party",
    "end_membership",
    "end_party",
    "end_sessions",
    "found_operator",
    "open_account",
    "refuse_party",
    "register_party",
    "renew_party",
    "reseal_everything",
    "return_party",
    "set_up_account",
    "verify_party",
    "withdraw_party",
]
