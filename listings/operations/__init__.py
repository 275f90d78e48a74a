"""Every write of this app. One module a noun; called as `operations.submit_version(...)`."""

from listings.operations.assessment import assess_due, request_assessment, run_assessment
from listings.operations.entries import propose_entry, publish_entry, return_entry, revise_entry, withdraw_entry
from listings.operations.entry_import import check_table, import_entries, publish_entries
from listings.operations.products import (
    add_source_file,
    create_product,
    declare_product,
    describe_product,
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
    uphold_objection,
)
from listings.operations.search import drift, follow_entries, follow_product, reindex
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

__all__ = [
    "add_source_file",
    "approve_version",
    "assess_due",
    "check_table",
    "create_product",
    "create_version",
    "declare_product",
    "describe_product",
    "describe_version",
    "discard_version",
    "drift",
    "follow_entries",
    "follow_product",
    "hold_version",
    "import_entries",
    "mark_columns",
    "propose_entry",
    "publish_entries",
    "publish_entry",
    "publish_version",
    "recall_version",
    "refuse_version",
    "reindex",
    "release_version",
    "request_assessment",
    "retire_version",
    "return_entry",
    "return_version",
    "revise_entry",
    "rework_version",
    "run_assessment",
    "submit_version",
    "uphold_objection",
    "upload_file",
    "withdraw_entry",
    "withdraw_product",
]
