"""Every write of this app. One module a noun; called as `operations.submit_application(...)`."""

from marketplace.applications.operations.application import (
    add_item,
    choose_fields,
    describe_application,
    keep_draft,
    remove_item,
    start_application,
    submit_application,
    withdraw_application,
)
from marketplace.applications.operations.consultation import (
    answer_unit,
    ask_from_unit,
    consent,
    consent_in_part,
    escalate_consultation,
    extend_consultation,
    object_to,
    record_no_answer,
)
from marketplace.applications.operations.decision import approve_item, refuse_item, reopen_item
from marketplace.applications.operations.dialogue import (
    answer_officer,
    ask_buyer,
    extend_decision,
    write_message,
)
from marketplace.applications.operations.disclosure import write_summary
from marketplace.applications.operations.edition import (
    agree_change,
    drop_system,
    drop_user,
    name_system,
    name_user,
    refuse_change,
    reopen_change,
    request_change,
    withdraw_change,
)
from marketplace.applications.operations.expert import (
    call_expert,
    give_opinion,
    recall_expert,
    recuse_officer,
)
from marketplace.applications.operations.grant import (
    accept_grant,
    close_grant,
    decline_grant,
    end_grant,
    restore_grant,
    revoke_grant,
    surrender_grant,
)
from marketplace.applications.operations.handover import hand_over_cases
from marketplace.applications.operations.hold import Pause, lift_hold, lock_grants, open_hold, open_holds_for
from marketplace.applications.operations.linkage import link_due, run_linkage
from marketplace.applications.operations.processing import (
    accept_application,
    begin_review,
    consult_units,
    refuse_application,
    reopen_application,
    return_application,
    take_over_application,
)
from marketplace.applications.operations.signing import prepare_application, set_two_person_rule
from marketplace.applications.operations.split import split_off_item
from marketplace.applications.operations.standing import (
    give_standing_consent,
    use_standing_consent,
    withdraw_standing_consent,
)

__all__ = [
    "Pause",
    "accept_application",
    "accept_grant",
    "add_item",
    "agree_change",
    "answer_officer",
    "answer_unit",
    "approve_item",
    "ask_buyer",
    "ask_from_unit",
    "begin_review",
    "call_expert",
    "choose_fields",
    "close_grant",
    "consent",
    "consent_in_part",
    "consult_units",
    "decline_grant",
    "describe_application",
    "drop_system",
    "drop_user",
    "end_grant",
    "escalate_consultation",
    "extend_consultation",
    "extend_decision",
    "give_opinion",
    "give_standing_consent",
    "hand_over_cases",
    "keep_draft",
    "lift_hold",
    "link_due",
    "lock_grants",
    "name_system",
    "name_user",
    "object_to",
    "open_hold",
    "open_holds_for",
    "prepare_application",
    "recall_expert",
    "record_no_answer",
    "recuse_officer",
    "refuse_application",
    "refuse_change",
    "refuse_item",
    "remove_item",
    "reopen_application",
    "reopen_change",
    "reopen_item",
    "request_change",
    "restore_grant",
    "return_application",
    "revoke_grant",
    "run_linkage",
    "set_two_person_rule",
    "split_off_item",
    "start_application",
    "submit_application",
    "surrender_grant",
    "take_over_application",
    "use_standing_consent",
    "withdraw_application",
    "withdraw_change",
    "withdraw_standing_consent",
    "write_message",
    "write_summary",
]
