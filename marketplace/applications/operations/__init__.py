"""Every write of this app. One module a noun; called as `operations.submit_application(...)`."""

from marketplace.applications.operations.application import (
    add_item,
    describe_application,
    remove_item,
    start_application,
    submit_application,
    withdraw_application,
)
from marketplace.applications.operations.consultation import (
    consent,
    consent_in_part,
    object_to,
    record_no_answer,
)
from marketplace.applications.operations.decision import approve_item, refuse_item
from marketplace.applications.operations.grant import (
    accept_grant,
    close_grant,
    decline_grant,
    end_grant,
    surrender_grant,
)
from marketplace.applications.operations.handover import hand_over_cases
from marketplace.applications.operations.hold import lift_hold, open_hold
from marketplace.applications.operations.processing import (
    accept_application,
    begin_review,
    consult_units,
    refuse_application,
    return_application,
    take_over_application,
)

__all__ = [
    "accept_application",
    "accept_grant",
    "add_item",
    "approve_item",
    "begin_review",
    "close_grant",
    "consent",
    "consent_in_part",
    "consult_units",
    "decline_grant",
    "describe_application",
    "end_grant",
    "hand_over_cases",
    "lift_hold",
    "object_to",
    "open_hold",
    "record_no_answer",
    "refuse_application",
    "refuse_item",
    "remove_item",
    "return_application",
    "start_application",
    "submit_application",
    "surrender_grant",
    "take_over_application",
    "withdraw_application",
]
