"""Every write of this app. One module a noun; called as `operations.submit_version(...)`."""

from listings.operations.assessment import request_assessment
from listings.operations.entries import propose_entry, publish_entry, return_entry, revise_entry, withdraw_entry
from listings.operations.entry_import import check_table, import_entries, publish_entries
from listings.operations.jobs import cancel_job
from listings.operations.objections import (
    dismiss_objection,
    erase_objectors,
    lodge_objection,
    reseal_objectors,
    uphold_objection,
)
from listings.operations.products import (
    create_product,
    declare_product,
    describe_product,
    invite_buyer,
    uninvite_buyer,
    withdraw_product,
)
from listings.operations.review import (
    approve_version,
    hold_version,
    publish_version,
    recall_version,
    refuse_version,
    release_version,
    return_version,
)
from listings.operations.search import drift, follow_entries, follow_product, reindex
from listings.operations.sources import (
    accept_source_file,
    add_source_file,
    reject_source_file,
    withdraw_source_file,
)
from listings.operations.uploads import (
    abandon_upload,
    check_chunk,
    finish_upload,
    receive_chunk,
    start_upload,
    sweep_uploads,
)
from listings.operations.versions import (
    create_version,
    describe_version,
    discard_version,
    mark_columns,
    retire_version,
    rework_version,
    submit_version,
    upload_file,
)
from listings.operations.work import assess_due, run_assessment

__all__ = [
    "abandon_upload",
    "accept_source_file",
    "add_source_file",
    "approve_version",
    "assess_due",
    "cancel_job",
    "check_chunk",
    "check_table",
    "create_product",
    "create_version",
    "declare_product",
    "describe_product",
    "describe_version",
    "discard_version",
    "dismiss_objection",
    "drift",
    "erase_objectors",
    "finish_upload",
    "follow_entries",
    "follow_product",
    "hold_version",
    "import_entries",
    "invite_buyer",
    "lodge_objection",
    "mark_columns",
    "propose_entry",
    "publish_entries",
    "publish_entry",
    "publish_version",
    "recall_version",
    "receive_chunk",
    "refuse_version",
    "reindex",
    "reject_source_file",
    "release_version",
    "request_assessment",
    "reseal_objectors",
    "retire_version",
    "return_entry",
    "return_version",
    "revise_entry",
    "rework_version",
    "run_assessment",
    "start_upload",
    "submit_version",
    "sweep_uploads",
    "uninvite_buyer",
    "uphold_objection",
    "upload_file",
    "withdraw_entry",
    "withdraw_product",
    "withdraw_source_file",
]
