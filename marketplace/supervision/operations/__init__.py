"""Every write of this app. One module a noun; called as `operations.issue_order(...)`."""

from marketplace.supervision.operations.concern import (
    accept_fault,
    add_concern_evidence,
    correct_fault,
    dismiss_concern,
    erase_reporter,
    find_concern,
    merge_concern,
    report_concern,
    report_misuse,
    reseal_reporters,
    take_up_concern,
    withdraw_concern_evidence,
    write_to_concern,
    write_with_code,
)
from marketplace.supervision.operations.correction import (
    ask_for_more,
    file_evidence,
    file_statement,
    find_refusal,
    open_hearing,
)
from marketplace.supervision.operations.derived import (
    clear_derived,
    flag_derived,
    publish_derived,
    register_derived,
    revoke_grant,
    withdraw_derived,
)
from marketplace.supervision.operations.ending import end_party, merge_party, record_death
from marketplace.supervision.operations.evidence import (
    add_finding_evidence,
    add_measure_evidence,
    withdraw_finding_evidence,
    withdraw_measure_evidence,
)
from marketplace.supervision.operations.explanation import explain_overdue
from marketplace.supervision.operations.finding import dismiss_finding, merge_finding, open_finding
from marketplace.supervision.operations.lapsed import notice_lapsed, notice_renewed
from marketplace.supervision.operations.listing_again import add_sources, list_derived
from marketplace.supervision.operations.order import (
    annul_order,
    drop_order,
    issue_order,
    lift_order,
    propose_order,
    propose_order_on_finding,
    propose_order_on_grant,
    terminate_service,
)
from marketplace.supervision.operations.precaution import lift_precaution, take_precaution
from marketplace.supervision.operations.reassessment import answer_by_hold, notice_failing, notice_mended
from marketplace.supervision.operations.recall import answer_by_precaution, notice_recall
from marketplace.supervision.operations.report import (
    accept_report,
    file_nil_report,
    file_report,
    pause_for_report,
    recompute_reports,
    return_report,
    schedule_reports,
)
from marketplace.supervision.operations.standing_rule import sign_standing_rule, withdraw_standing_rule

__all__ = [
    "accept_fault",
    "accept_report",
    "add_concern_evidence",
    "add_finding_evidence",
    "add_measure_evidence",
    "add_sources",
    "annul_order",
    "answer_by_hold",
    "answer_by_precaution",
    "ask_for_more",
    "clear_derived",
    "correct_fault",
    "dismiss_concern",
    "dismiss_finding",
    "drop_order",
    "end_party",
    "erase_reporter",
    "explain_overdue",
    "file_evidence",
    "file_nil_report",
    "file_report",
    "file_statement",
    "find_concern",
    "find_refusal",
    "flag_derived",
    "issue_order",
    "lift_order",
    "lift_precaution",
    "list_derived",
    "merge_concern",
    "merge_finding",
    "merge_party",
    "notice_failing",
    "notice_lapsed",
    "notice_mended",
    "notice_recall",
    "notice_renewed",
    "open_finding",
    "open_hearing",
    "pause_for_report",
    "propose_order",
    "propose_order_on_finding",
    "propose_order_on_grant",
    "publish_derived",
    "recompute_reports",
    "record_death",
    "register_derived",
    "report_concern",
    "report_misuse",
    "reseal_reporters",
    "return_report",
    "revoke_grant",
    "schedule_reports",
    "sign_standing_rule",
    "take_precaution",
    "take_up_concern",
    "terminate_service",
    "withdraw_concern_evidence",
    "withdraw_derived",
    "withdraw_finding_evidence",
    "withdraw_measure_evidence",
    "withdraw_standing_rule",
    "write_to_concern",
    "write_with_code",
]
