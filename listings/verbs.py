"""What people can do with entries, products and versions."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import EvidenceForm, WithdrawEvidenceForm
from listings import forms, forms_recipes, operations, permissions
from listings.models import (
    CatalogueEntry,
    DescriptionChange,
    Objection,
    Product,
    ReleaseRule,
    SourceFile,
    Upload,
    Version,
    Visibility,
)
from listings.operations.products import was_reviewed, was_shown
from listings.queries import failed_assessment, faulty_sources, quasi_identifiers_of
from listings.states import (
    IN_USE,
    LIVING_RULE,
    ON_OFFER,
    OPEN_CHANGE,
    WITH_SELLER,
    ChangeState,
    EntryState,
    ObjectionState,
    ProductState,
    RuleState,
    SourceState,
    UploadState,
    VersionState,
)
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.verbs import ReasonForm, RefusalForm, Verb, Verbs

ENTRY = Verbs(
    CatalogueEntry,
    "entry",
    (
        Verb("publish", _("Publish"), (EntryState.PROPOSED,), permissions.check_can_decide_entry, operations.publish_entry, article="Art. 10"),
        Verb("return", _("Return"), (EntryState.PROPOSED,), permissions.check_can_decide_entry, operations.return_entry, ReasonForm, "Art. 10", aside=True),
        Verb("revise", _("Revise and propose again"), (EntryState.RETURNED,), permissions.check_can_keep_entry, operations.revise_entry, forms.ReviseEntryForm, "Art. 10"),
        Verb("withdraw", _("Withdraw"), (EntryState.PUBLISHED,), permissions.check_can_keep_entry, operations.withdraw_entry, ReasonForm, "Art. 10", danger=True),
    ),
)  # fmt: skip


def is_for_invited(product: Product) -> bool:
    return product.visibility == Visibility.INVITED


def may_change_visibility(product: Product) -> bool:
    return not product.is_public_data and (is_for_invited(product) or not was_shown(product))


def has_invited(product: Product) -> bool:
    return is_for_invited(product) and product.invitations.exists()


def may_have_a_rule(product: Product) -> bool:
    living = product.release_rules.filter(state__in=LIVING_RULE)
    return product.versions.filter(state=VersionState.PUBLISHED).exists() and not living.exists()


def may_be_described_anew(product: Product) -> bool:
    open_ones = product.description_changes.filter(state__in=OPEN_CHANGE)
    return product.versions.exclude(authority=None).exists() and not open_ones.exists()


KEEP_PRODUCT = permissions.check_can_keep_product
PRODUCT = Verbs(
    Product,
    "product",
    (
        Verb("declare", _("Declare under Art. 31"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.declare_product, forms.DeclareForm, "Art. 31", when=lambda product: product.declared_at is None),
        Verb("add_source_file", _("Add to the lawful-source file"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.add_source_file, forms.SourceFileForm, "Art. 17", aside=True),
        Verb("set_visibility", _("Change who sees it"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.set_visibility, forms.VisibilityForm, "Art. 40", aside=True, when=may_change_visibility),
        Verb("invite", _("Invite a buyer"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.invite_buyer, forms.InviteForm, "Art. 40", when=is_for_invited, aside=True),
        Verb("uninvite", _("Take an invitation back"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.uninvite_buyer, forms.UninviteForm, "Art. 40", danger=True, when=has_invited),
        Verb("create_version", _("Start a new version"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.create_version, forms.CreateVersionForm, "Art. 32", leads_on=True),
        Verb("describe", _("Correct the description"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.describe_product, forms.DescribeProductForm, when=lambda product: not was_reviewed(product), aside=True),
        Verb("propose_description", _("Propose another description"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.propose_description, forms.ProposeDescriptionForm, "Art. 32", leads_on=True, aside=True, when=may_be_described_anew),
        Verb("propose_rule", _("Propose a release rule"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.propose_rule, forms.ProposeRuleForm, "Art. 17", leads_on=True, aside=True, when=may_have_a_rule),
        Verb("withdraw", _("Withdraw"), (ProductState.ACTIVE,), KEEP_PRODUCT, operations.withdraw_product, ReasonForm, danger=True),
    ),
)  # fmt: skip


def publicity_is_over(version: Version) -> bool:
    is_over = clock.has_run_out(version, Kind.PUBLICITY, timezone.now())
    return is_over and not version.objections.open().exists()


def has_sources_in_order(version: Version) -> bool:
    return not faulty_sources(version, timezone.now())


def may_be_withdrawn(source: SourceFile) -> bool:
    return source.state != SourceState.ACCEPTED or source.has_lapsed(timezone.now())


SOURCE_STANDS = (SourceState.UNCHECKED, SourceState.ACCEPTED, SourceState.REJECTED)
SOURCE = Verbs(
    SourceFile,
    "source",
    (
        Verb("accept", _("In order"), (SourceState.UNCHECKED, SourceState.REJECTED), permissions.check_can_check_source, operations.accept_source_file, forms.CheckSourceForm, "Art. 17", facts="listings/facts_source.html"),
        Verb("reject", _("Not in order"), (SourceState.UNCHECKED, SourceState.ACCEPTED), permissions.check_can_check_source, operations.reject_source_file, ReasonForm, "Art. 17", danger=True, facts="listings/facts_source.html"),
        Verb("add_evidence", _("Add a document"), (SourceState.UNCHECKED, SourceState.REJECTED), permissions.check_can_keep_source, operations.add_source_evidence, EvidenceForm, "Art. 17", aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), (SourceState.UNCHECKED,), permissions.check_can_withdraw_source_evidence, operations.withdraw_source_evidence, WithdrawEvidenceForm, "Art. 17", aside=True),
        Verb("withdraw", _("Withdraw this item"), SOURCE_STANDS, permissions.check_can_keep_source, operations.withdraw_source_file, article="Art. 17", danger=True, when=may_be_withdrawn),
    ),
)  # fmt: skip

OBJECTION = Verbs(
    Objection,
    "objection",
    (
        Verb("dismiss", _("Dismiss the objection"), (ObjectionState.OPEN,), permissions.check_can_answer_objection, operations.dismiss_objection, ReasonForm, "Art. 17", facts="listings/facts_objection.html"),
        Verb("uphold", _("Uphold the objection"), (ObjectionState.OPEN,), permissions.check_can_answer_objection, operations.uphold_objection, ReasonForm, "Art. 17", danger=True, facts="listings/facts_objection.html"),
    ),
)  # fmt: skip


def is_busy(version: Version) -> bool:
    """Its file is being read or measured."""
    return any(job.is_open for job in version.jobs.all())


def is_idle(version: Version) -> bool:
    return not is_busy(version)


def can_be_held(version: Version) -> bool:
    return not version.is_held_by_hand


def can_be_released(version: Version) -> bool:
    return version.is_held_by_hand


def is_to_be_mended(version: Version) -> bool:
    return is_idle(version) and failed_assessment(version) is not None


def has_quasi_identifiers(version: Version) -> bool:
    return is_to_be_mended(version) and bool(quasi_identifiers_of(version))


def has_recipe(version: Version) -> bool:
    return is_to_be_mended(version) and forms_recipes.recipes_for(version).exists()


KEEP, REVIEW = permissions.check_can_keep_version, permissions.check_can_review
VERSION = Verbs(
    Version,
    "version",
    (
        Verb("upload_file", _("Upload the file"), (VersionState.DRAFT,), KEEP, operations.upload_file, forms.UploadForm, "Art. 17", facts="listings/upload.html", when=is_idle),
        Verb("announce_report", _("Hand in a report made in house"), (VersionState.DRAFT,), KEEP, operations.announce_report, forms.AnnounceReportForm, "Art. 17", aside=True, when=is_idle),
        Verb("mark_columns", _("Mark the columns"), (VersionState.DRAFT,), KEEP, operations.mark_columns, forms.MarkColumnsForm, "Art. 17", when=lambda version: is_idle(version) and version.columns.exists()),
        Verb("request_assessment", _("Have it assessed"), (VersionState.DRAFT,), KEEP, operations.request_assessment, article="Art. 17", when=lambda version: is_idle(version) and version.files.filter(destroyed_at=None).exists()),
        Verb("cancel_job", _("Cancel the work"), (VersionState.DRAFT,), KEEP, operations.cancel_job, article="Art. 17", danger=True, when=is_busy),
        Verb("suggest_recipe", _("Find a recipe"), (VersionState.DRAFT,), KEEP, operations.suggest_recipe, forms_recipes.SuggestRecipeForm, "Art. 17", when=is_to_be_mended),
        Verb("bring_hierarchy", _("Bring a hierarchy of your own"), (VersionState.DRAFT,), KEEP, operations.bring_hierarchy, forms_recipes.BringHierarchyForm, "Art. 17", aside=True, when=has_quasi_identifiers),
        Verb("apply_recipe", _("Apply a recipe"), (VersionState.DRAFT,), KEEP, operations.apply_recipe, forms_recipes.ApplyRecipeForm, "Art. 32", when=has_recipe),
        Verb("try_recipe", _("Try a recipe of your own"), (VersionState.DRAFT,), KEEP, operations.try_recipe, forms_recipes.TryRecipeForm, "Art. 17", aside=True, when=is_to_be_mended),
        Verb("destroy_file", _("Destroy the file now"), (VersionState.DRAFT,), KEEP, operations.destroy_file, article="Art. 17", danger=True, aside=True, when=is_to_be_mended),
        Verb("submit", _("Submit for review"), (VersionState.ASSESSED, VersionState.RETURNED), KEEP, operations.submit_version, article="Art. 17"),
        Verb("describe", _("Correct the details"), WITH_SELLER, KEEP, operations.describe_version, forms.DescribeVersionForm, "Art. 17", aside=True, when=is_idle),
        Verb("rework", _("Back to draft"), (VersionState.ASSESSED,), KEEP, operations.rework_version, danger=True, aside=True),
        Verb("discard", _("Discard"), WITH_SELLER, KEEP, operations.discard_version, danger=True, when=is_idle),
        Verb("approve", _("Approve and make public"), (VersionState.SUBMITTED,), REVIEW, operations.approve_version, forms.ApproveVersionForm, "Art. 17", facts="listings/facts.html", when=has_sources_in_order),
        Verb("return", _("Return"), (VersionState.SUBMITTED,), REVIEW, operations.return_version, ReasonForm, "Art. 17", aside=True),
        Verb("refuse", _("Refuse"), (VersionState.SUBMITTED,), REVIEW, operations.refuse_version, RefusalForm, "Art. 17", danger=True, facts="listings/facts.html"),
        Verb("call_expert", _("Have an expert assess it"), (VersionState.SUBMITTED,), REVIEW, operations.call_version_expert, forms.CallExpertForm, "Art. 35", aside=True),
        Verb("give_opinion", _("Give the opinion"), (VersionState.EXPERT_REVIEW,), permissions.check_can_assess_version, operations.give_version_opinion, forms.OpinionForm, "Art. 35"),
        Verb("recall_expert", _("End the expert review"), (VersionState.EXPERT_REVIEW,), REVIEW, operations.recall_version_expert, ReasonForm, "Art. 35", aside=True),
        Verb("publish", _("Publish"), (VersionState.IN_PUBLICITY,), REVIEW, operations.publish_version, article="Art. 17", when=publicity_is_over),
        Verb("hold", _("Hold"), (VersionState.PUBLISHED, VersionState.HELD), REVIEW, operations.hold_version, ReasonForm, "Art. 17", danger=True, when=can_be_held),
        Verb("release", _("Release"), (VersionState.HELD,), REVIEW, operations.release_version, ReasonForm, "Art. 17", when=can_be_released),
        Verb("recall", _("Recall"), IN_USE, REVIEW, operations.recall_version, ReasonForm, "Art. 17", danger=True),
        Verb("reassess", _("Have it assessed again"), ON_OFFER, REVIEW, operations.request_reassessment, ReasonForm, "Art. 35", aside=True, when=is_idle),
        Verb("retire", _("Retire"), (VersionState.PUBLISHED,), KEEP, operations.retire_version, ReasonForm, danger=True),
    ),
)  # fmt: skip

KEEP_UPLOAD = permissions.check_can_keep_upload
UPLOAD = Verbs(
    Upload,
    "upload",
    (
        Verb("finish", _("Read the file"), (UploadState.OPEN,), KEEP_UPLOAD, operations.finish_upload, article="Art. 17", apart=True),
        Verb("abandon", _("Give up the upload"), (UploadState.OPEN,), KEEP_UPLOAD, operations.abandon_upload, danger=True),
    ),
)  # fmt: skip

KEEP_RULE, DECIDE_RULE = permissions.check_can_keep_rule, permissions.check_can_decide_rule
RULE = Verbs(
    ReleaseRule,
    "rule",
    (
        Verb("approve", _("Approve the rule"), (RuleState.PROPOSED,), DECIDE_RULE, operations.approve_rule, ReasonForm, "Art. 17"),
        Verb("return", _("Return"), (RuleState.PROPOSED,), DECIDE_RULE, operations.return_rule, ReasonForm, "Art. 17", aside=True),
        Verb("refuse", _("Refuse"), (RuleState.PROPOSED,), DECIDE_RULE, operations.refuse_rule, RefusalForm, "Art. 17", danger=True),
        Verb("revise", _("Revise and propose again"), (RuleState.RETURNED,), KEEP_RULE, operations.revise_rule, forms.ProposeRuleForm, "Art. 17"),
        Verb("revoke", _("Revoke the rule"), (RuleState.APPROVED,), DECIDE_RULE, operations.revoke_rule, RefusalForm, "Art. 17", danger=True),
        Verb("withdraw", _("Withdraw"), LIVING_RULE, KEEP_RULE, operations.withdraw_rule, danger=True),
    ),
)  # fmt: skip

KEEP_CHANGE, DECIDE_CHANGE = permissions.check_can_keep_change, permissions.check_can_decide_change
DESCRIPTION = Verbs(
    DescriptionChange,
    "change",
    (
        Verb("accept", _("Accept the new texts"), (ChangeState.PROPOSED,), DECIDE_CHANGE, operations.accept_description, ReasonForm, "Art. 32", facts="listings/facts_description.html"),
        Verb("return", _("Return"), (ChangeState.PROPOSED,), DECIDE_CHANGE, operations.return_description, ReasonForm, "Art. 32", aside=True, facts="listings/facts_description.html"),
        Verb("revise", _("Revise and propose again"), (ChangeState.RETURNED,), KEEP_CHANGE, operations.revise_description, forms.ProposeDescriptionForm, "Art. 32"),
        Verb("withdraw", _("Withdraw"), OPEN_CHANGE, KEEP_CHANGE, operations.withdraw_description, danger=True),
    ),
)  # fmt: skip
