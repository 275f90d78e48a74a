"""Every write of this app."""

from accounts.operations.account import end_sessions, open_account, set_up_account
from accounts.operations.assignment import assign
from accounts.operations.membership import add_member, end_membership
from accounts.operations.party import bar_party, end_party, found_operator, register_party, verify_party

__all__ = [
    "add_member",
    "assign",
    "bar_party",
    "end_membership",
    "end_party",
    "end_sessions",
    "found_operator",
    "open_account",
    "register_party",
    "set_up_account",
    "verify_party",
]
