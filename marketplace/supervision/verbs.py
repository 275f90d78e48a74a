"""What people can do with reports, derived products, findings and orders, and an officer with a grant."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import EvidenceForm, WithdrawEvidenceForm
from accounts.models import Party, PartyKind
from accounts.queries import authority_level
from accounts.states import PartyState
from accounts.verbs import check_can_keep_party
from listings.models import ReleaseRule, Version
from listings.states import IN_USE
from marketplace.applications.forms import ExtendForm
from marketplace.applications.models import Application, Grant, GrantEdition, HoldCode, open_holds
from marketplace.applications.permissions import check_can_revoke_grant
from marketplace.applications.states import ENDED, GrantState
from marketplace.supervision import (
    forms,
    forms_caution,
    forms_closeout,
    forms_concern,
    forms_correction,
    forms_derived,
    forms_incident,
    forms_order,
    forms_preparedness,
    forms_review,
    operations,
    permissions,
    permissions_closeout,
    permissions_concern,
    permissions_incident,
)
from marketplace.supervision.caution import Caution, CautionState
from marketplace.supervision.closeout import Certificate, CertificateState, owes_certificate, whereabouts_owed
from marketplace.supervision.incidents import Incident, IncidentState
from marketplace.supervision.inspections import OPEN_INSPECTION
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.operations.concern import can_be_misused
from marketplace.supervision.operations.correction import fails_to_correct, was_extended
from marketplace.supervision.operations.incident import holders_untold, open_facts
from marketplace.supervision.operations.listing_again import LISTABLE
from marketplace.supervision.operations.order import has_something_to_end, is_outdated
from marketplace.supervision.operations.order_on_party import goes_to_platform
from marketplace.supervision.operations.reassessment import article_of_hold, can_be_held
from marketplace.supervision.operations.recall import proposes_precaution
from marketplace.supervision.operations.reviewed import is_decided_anew
from marketplace.supervision.operations.taking import OPEN_MEASURE, TAKEN
from marketplace.supervision.permissions_closeout import check_can_account_for_copies
from marketplace.supervision.precautions import is_resting
from marketplace.supervision.preparedness import EmergencyPlan, PlanState
from marketplace.supervision.queries import deliveries_of, obtained, platforms
from marketplace.supervision.review import Review, is_stayed
from marketplace.supervision.second_pair import is_waiting
from marketplace.supervision.states import (
    STANDING_MEASURE,
    DerivedState,
    FindingState,
    MeasureState,
    ReportState,
    ReviewState,
)
from marketplace.supervision.verbs_above import take
from marketplace.supervision.verbs_concern import CONCERN, OVERSIGHT  # noqa: F401
from marketplace.supervision.verbs_inspection import INSPECTION, INSPECTION_PLAN, PLANNING  # noqa: F401
from marketplace.supervision.verbs_recusal import recuse
from marketplace.verbs import ByCase, ReasonForm, RefusalForm, Verb, Verbs


def nothing_delivered(report: UsageReport) -> bool:
    return not deliveries_of(report).exists()


REPORT = Verbs(
    UsageReport,
    "report",
    (
        Verb("file", _("File the report"), (ReportState.OPEN, ReportState.RETURNED), permissions.check_can_file_report, operations.file_report, forms.ReportForm, "Art. 16"),
        Verb("file_nil", _("File a nil report"), (ReportState.OPEN, ReportState.RETURNED), permissions.check_can_file_report, operations.file_nil_report, article="Art. 16", when=nothing_delivered),
        Verb("accept", _("Accept"), (ReportState.FILED,), permissions.check_can_judge_report, operations.accept_report, article="Art. 16"),
        Verb("return", _("Return"), (ReportState.FILED,), permissions.check_can_judge_report, operations.return_report, ReasonForm, "Art. 16", aside=True),
        recuse(UsageReport, "report"),
    ),
)  # fmt: skip


def may_be_listed(derived: DerivedProduct) -> bool:
    terms = [use.grant.terms for use in derived.built_from.select_related("grant")]
    return derived.listed_as_id is None and all(one.get("onward_supply", False) for one in terms)


def has_further_sources(derived: DerivedProduct) -> bool:
    named = set(derived.built_from.values_list("grant", "version"))
    return any((grant.pk, version.pk) not in named for grant, version in obtained(derived.party))


DERIVED = Verbs(
    DerivedProduct,
    "derived",
    (
        Verb("publish", _("Publish"), (DerivedState.REGISTERED,), permissions.check_can_keep_derived, operations.publish_derived, article="Art. 16"),
        Verb("offer", _("List it as a data product"), LISTABLE, permissions.check_can_list_derived, operations.list_derived, forms_derived.ListDerivedForm, "Art. 16", leads_on=True, aside=True, when=may_be_listed),
        Verb("add_sources", _("Name further deliveries"), LISTABLE, permissions.check_can_keep_derived, operations.add_sources, forms_derived.AddSourcesForm, "Art. 16", aside=True, when=has_further_sources),
        Verb("clear", _("Clear the flag"), (DerivedState.FLAGGED,), permissions.check_can_clear_derived, operations.clear_derived, ReasonForm, "Art. 16"),
        Verb("withdraw", _("Withdraw"), (DerivedState.REGISTERED, DerivedState.PUBLISHED, DerivedState.FLAGGED), permissions.check_can_withdraw_derived, operations.withdraw_derived, ReasonForm, danger=True),
    ),
)  # fmt: skip


def may_be_ordered(finding: Finding) -> bool:
    grant = finding.grant
    return grant is not None and finding.reviewer_id is None and grant.state == GrantState.ACTIVE


APPLICATION = Verbs(
    Application,
    "application",
    (
        take(TAKEN, operations.take_application),
    ),
)  # fmt: skip

ARTICLE_OF_HOLD = ByCase("Arts 17, 35, 40", article_of_hold)
ARTICLE_OF_ORDER = ByCase(
    "Arts 46, 47", lambda finding: "Art. 47" if goes_to_platform(finding, timezone.now()) else "Art. 46"
)

FINDING = Verbs(
    Finding,
    "finding",
    (
        Verb("take_precaution", _("Pause as a precaution"), (FindingState.OPEN,), permissions.check_can_answer_finding, operations.answer_by_precaution, ReasonForm, "Art. 34", danger=True, when=proposes_precaution),
        Verb("hold", _("Hold the version"), (FindingState.OPEN,), permissions.check_can_answer_finding, operations.answer_by_hold, ReasonForm, ARTICLE_OF_HOLD, danger=True, when=can_be_held),
        Verb("add_evidence", _("Add evidence"), (FindingState.OPEN,), permissions.check_can_answer_finding, operations.add_finding_evidence, EvidenceForm, aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), (FindingState.OPEN,), permissions.check_can_withdraw_finding_evidence, operations.withdraw_finding_evidence, WithdrawEvidenceForm, aside=True),
        Verb("propose_order", _("Propose an order"), (FindingState.OPEN,), permissions.check_can_answer_finding, operations.propose_order_on_finding, forms_order.ProposeOrderForm, "Art. 33", danger=True, leads_on=True, when=may_be_ordered),
        Verb("order_correction", _("Propose an order without suspension"), (FindingState.OPEN,), permissions.check_can_answer_finding, operations.order_on_finding, forms_order.ProposeOrderForm, ARTICLE_OF_ORDER, leads_on=True, aside=True, when=lambda finding: finding.reviewer_id is None),
        Verb("merge", _("Merge into another finding"), (FindingState.OPEN,), permissions.check_can_answer_finding, operations.merge_finding, forms.MergeFindingForm, aside=True),
        Verb("dismiss", _("Dismiss"), (FindingState.OPEN,), permissions.check_can_answer_finding, operations.dismiss_finding, ReasonForm),
        recuse(Finding, "finding"),
        take((FindingState.OPEN,), operations.take_finding),
    ),
)  # fmt: skip


ENDING, KEEP = (PartyState.VERIFIED, PartyState.BARRED), check_can_keep_party


def is_person(party: Party) -> bool:
    return party.kind == PartyKind.PERSON


PARTY = Verbs(
    Party,
    "party",
    (
        Verb("merge", _("Record a merger"), ENDING, KEEP, operations.merge_party, forms.MergeForm, danger=True, when=lambda party: not is_person(party)),
        Verb("record_death", _("Record a death"), ENDING, KEEP, operations.record_death, forms.EvidencedForm, danger=True, when=is_person),
        Verb("end", _("End"), ENDING, KEEP, operations.end_party, ReasonForm, danger=True),
    ),
)  # fmt: skip


def has_platform(party: Party) -> bool:
    return platforms(party, timezone.now()).exists()


def is_city_or_province(party: Party) -> bool:
    return authority_level(party, timezone.now()) in permissions.ORDERING


AUTHORITY = Verbs(
    Party,
    "party",
    (
        Verb("order_party", _("Propose an order to an institution or developer"), (PartyState.VERIFIED,), permissions.check_can_order_here, operations.order_party, forms_order.OrderPartyForm, "Art. 46", leads_on=True, aside=True),
        Verb("issue_caution", _("Issue a caution about a party"), (PartyState.VERIFIED,), permissions.check_can_order_here, operations.issue_caution, forms_caution.CautionForm, "Arts 16, 33, 34, 46", leads_on=True, aside=True, when=is_city_or_province),
        Verb("order_platform", _("Propose an order to the platform"), (PartyState.VERIFIED,), permissions.check_can_order_platform, operations.order_platform, forms_order.OrderPlatformForm, "Art. 47", leads_on=True, aside=True, when=has_platform),
    ),
)  # fmt: skip

VERSION = Verbs(
    Version,
    "version",
    (
        Verb("draft_take_down", _("Draft a take-down"), IN_USE, permissions.check_can_take_down, operations.draft_take_down, forms_order.TakeDownForm, "Art. 40", danger=True, leads_on=True, aside=True),
        Verb("require_take_down", _("Require a take-down"), IN_USE, permissions.check_may_require_take_down, operations.require_take_down, forms_order.TakeDownForm, "Art. 40", danger=True, leads_on=True, aside=True),
        recuse(Version, "version"),
    ),
)  # fmt: skip

RULE = Verbs(ReleaseRule, "rule", (recuse(ReleaseRule, "rule"),))
EDITION = Verbs(GrantEdition, "edition", (recuse(GrantEdition, "edition"),))

ORDER, RESPOND = permissions.check_can_order, permissions.check_can_respond
OPEN = (MeasureState.ISSUED, MeasureState.EVIDENCE_FILED)


def may_open_hearing(measure: Measure) -> bool:
    return not hearing_open(measure) and not is_stayed(measure) and fails_to_correct(measure, timezone.now())


def can_be_extended(measure: Measure) -> bool:
    return not was_extended(measure)


def hearing_open(measure: Measure) -> bool:
    return measure.hearing_opened_at is not None


def may_find_refusal(measure: Measure) -> bool:
    return hearing_open(measure) and not is_stayed(measure)


ARTICLE_OF_MEASURE = ByCase("Arts 33, 40, 46, 47", lambda measure: measure.article)


def may_end_as(state: str) -> Callable[[Measure], bool]:
    return lambda measure: measure.rules.ends_as == state and not is_waiting(measure)


def can_terminate(measure: Measure) -> bool:
    return may_end_as(MeasureState.TERMINATED)(measure) and has_something_to_end(measure)


def said_if_waiting(measure: Measure) -> Any:
    return SIGNED_FIRST if is_waiting(measure) else None


SIGNED_FIRST = _("Signed. It has no effect yet: it waits for a second officer to confirm it.")
MEASURE = Verbs(
    Measure,
    "measure",
    (
        Verb("issue", _("Issue the measure"), (MeasureState.PROPOSED,), ORDER, operations.issue_order, forms_order.IssueOrderForm, ARTICLE_OF_MEASURE, danger=True, when=lambda measure: not is_outdated(measure) and not is_waiting(measure), facts="supervision/facts.html", said=said_if_waiting),
        Verb("confirm", _("Confirm what was signed"), (MeasureState.PROPOSED, MeasureState.REFUSED_TO_CORRECT), permissions.check_can_confirm, operations.confirm_signature, forms_order.ConfirmForm, ARTICLE_OF_MEASURE, danger=True, when=is_waiting, facts="supervision/facts.html"),
        Verb("send_back", _("Send it back to who signed"), (MeasureState.PROPOSED, MeasureState.REFUSED_TO_CORRECT), permissions.check_can_confirm, operations.send_back, forms_order.SendBackForm, ARTICLE_OF_MEASURE, aside=True, when=is_waiting, facts="supervision/facts.html"),
        Verb("drop", _("Drop the proposal"), (MeasureState.PROPOSED,), permissions.check_can_end, operations.drop_order, ReasonForm, ARTICLE_OF_MEASURE, aside=True),
        Verb("file_evidence", _("File evidence of correction"), (MeasureState.ISSUED, MeasureState.REFUSED_TO_CORRECT), RESPOND, operations.file_evidence, forms_correction.TextForm, ARTICLE_OF_MEASURE),
        Verb("add_evidence", _("Add evidence"), STANDING_MEASURE, RESPOND, operations.add_measure_evidence, EvidenceForm, ARTICLE_OF_MEASURE, aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), (MeasureState.ISSUED,), permissions.check_can_withdraw_measure_evidence, operations.withdraw_measure_evidence, WithdrawEvidenceForm, ARTICLE_OF_MEASURE, aside=True),
        Verb("file_statement", _("Make a statement"), OPEN, RESPOND, operations.file_statement, forms_correction.StatementForm, ARTICLE_OF_MEASURE),
        Verb("lift", _("Lift the measure"), STANDING_MEASURE, permissions.check_can_end, operations.lift_order, ReasonForm, ARTICLE_OF_MEASURE, facts="supervision/facts.html"),
        Verb("ask_for_more", _("Ask for more evidence"), (MeasureState.EVIDENCE_FILED,), ORDER, operations.ask_for_more, forms_correction.AskForMoreForm, ARTICLE_OF_MEASURE, facts="supervision/facts.html", aside=True),
        Verb("extend", _("Extend the time to correct"), (MeasureState.ISSUED,), ORDER, operations.extend_correction, ExtendForm, ARTICLE_OF_MEASURE, aside=True, when=can_be_extended, facts="supervision/facts.html"),
        Verb("open_hearing", _("Notice of intent: open the hearing"), OPEN, ORDER, operations.open_hearing, ReasonForm, ARTICLE_OF_MEASURE, when=may_open_hearing, facts="supervision/facts.html"),
        Verb("find_refusal", _("Find a refusal to correct"), OPEN, ORDER, operations.find_refusal, ReasonForm, ARTICLE_OF_MEASURE, danger=True, when=may_find_refusal, facts="supervision/facts.html"),
        Verb("terminate", _("Terminate the service"), (MeasureState.REFUSED_TO_CORRECT,), ORDER, operations.terminate_service, forms_order.TerminateForm, ARTICLE_OF_MEASURE, danger=True, when=can_terminate, facts="supervision/facts.html", said=said_if_waiting),
        Verb("refer", _("Refer for discipline"), (MeasureState.REFUSED_TO_CORRECT,), ORDER, operations.refer_order, forms_order.ReferForm, ARTICLE_OF_MEASURE, danger=True, when=may_end_as(MeasureState.REFERRED), facts="supervision/facts.html", said=said_if_waiting),
        Verb("make_final", _("Make the take-down final"), (MeasureState.REFUSED_TO_CORRECT,), permissions.check_can_end, operations.make_final, RefusalForm, ARTICLE_OF_MEASURE, danger=True, when=may_end_as(MeasureState.FINAL), facts="supervision/facts.html", said=said_if_waiting),
        recuse(Measure, "measure"),
        take(OPEN_MEASURE, operations.take_measure),
        Verb("annul", _("Annul the measure"), STANDING_MEASURE, permissions.check_can_annul, operations.annul_order, ReasonForm, "Art. 45", danger=True, facts="supervision/facts.html"),
    ),
)  # fmt: skip


def may_be_paused(grant: Grant) -> bool:
    return not is_resting(grant, grant, timezone.now())


def has_precaution(grant: Grant) -> bool:
    return open_holds(timezone.now(), grant=grant, code=HoldCode.PRECAUTION).exists()


def owes_whereabouts(grant: Grant) -> bool:
    return whereabouts_owed(grant, timezone.now()) is not None


def has_to_certify(grant: Grant) -> bool:
    return owes_certificate(grant, timezone.now())


ARTICLE_OF_GRANT = ByCase("Arts 16, 40", lambda grant: grant.article)

GRANT = Verbs(
    Grant,
    "grant",
    (
        Verb("state_whereabouts", _("Say where the copies are"), (GrantState.ACTIVE,), check_can_account_for_copies, operations.state_whereabouts, forms_closeout.WhereaboutsForm, ARTICLE_OF_GRANT, when=owes_whereabouts),
        Verb("certify_destruction", _("Certify that the copies are destroyed"), (GrantState.ACTIVE, *ENDED), check_can_account_for_copies, operations.certify_destruction, forms_closeout.CertificateForm, ARTICLE_OF_GRANT, leads_on=True, facts="supervision/facts_certificate.html", when=has_to_certify),
        Verb("report_misuse", _("Report misuse"), (GrantState.ACTIVE, *ENDED), permissions_concern.check_can_report_misuse, operations.report_misuse, forms_concern.ReportMisuseForm, "Art. 34", leads_on=True, aside=True, when=can_be_misused),
        Verb("propose_order", _("Propose an order"), (GrantState.ACTIVE,), permissions.check_can_act_on, operations.propose_order_on_grant, forms_order.OrderGrantForm, "Art. 33", danger=True, leads_on=True),
        Verb("draft_notice", _("Draft a contract notice"), (GrantState.ACTIVE,), permissions.check_can_notify, operations.draft_notice, forms_order.NoticeForm, "Art. 40", danger=True, leads_on=True, aside=True),
        Verb("revoke", _("Revoke"), (GrantState.ACTIVE,), check_can_revoke_grant, operations.revoke_grant, forms_order.RevokeGrantForm, "Art. 16", danger=True),
        Verb("take_precaution", _("Pause as a precaution"), (GrantState.ACTIVE,), permissions.check_can_act_on, operations.take_precaution, ReasonForm, "Art. 34", danger=True, when=may_be_paused),
        Verb("lift_precaution", _("Lift the precaution"), (GrantState.ACTIVE,), permissions.check_is_in_charge, operations.lift_precaution, forms.LiftPrecautionForm, "Art. 34", when=has_precaution, aside=True),
        Verb("inspect", _("Open an inspection for cause"), (GrantState.ACTIVE,), permissions.check_can_supervise, operations.open_inspection, ReasonForm, "Art. 33", leads_on=True, aside=True, when=lambda grant: not grant.inspections.filter(state__in=OPEN_INSPECTION).exists()),
    ),
)  # fmt: skip

WITH_HOLDER = (CertificateState.FILED, CertificateState.RETURNED)
CHECK = permissions_closeout.check_can_check_certificate

CERTIFICATE = Verbs(
    Certificate,
    "certificate",
    (
        Verb("accept", _("Accept: the grant is closed out"), (CertificateState.FILED,), CHECK, operations.accept_certificate, article=ARTICLE_OF_GRANT),
        Verb("return", _("Return the certificate"), (CertificateState.FILED,), CHECK, operations.return_certificate, ReasonForm, ARTICLE_OF_GRANT, aside=True),
        Verb("file_again", _("File the certificate again"), (CertificateState.RETURNED,), permissions_closeout.check_can_keep_certificate, operations.file_certificate_again, forms_closeout.CertificateForm, ARTICLE_OF_GRANT, facts="supervision/facts_certificate.html"),
        Verb("add_evidence", _("Add evidence"), WITH_HOLDER, permissions_closeout.check_can_keep_certificate, operations.add_certificate_evidence, EvidenceForm, ARTICLE_OF_GRANT, aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), WITH_HOLDER, permissions_closeout.check_can_withdraw_certificate_evidence, operations.withdraw_certificate_evidence, WithdrawEvidenceForm, ARTICLE_OF_GRANT, aside=True),
        recuse(Certificate, "certificate"),
    ),
)  # fmt: skip

CAUTION = Verbs(
    Caution,
    "caution",
    (
        Verb("lift", _("Lift the caution"), (CautionState.IN_FORCE,), permissions_closeout.check_can_lift_caution, operations.lift_caution, ReasonForm, ByCase("Arts 16, 33, 34, 46", lambda caution: caution.article), when=lambda caution: not caution.has_expired(timezone.now())),
    ),
)  # fmt: skip

INCIDENT_OPEN = (IncidentState.OPENED,)
KEEPS, DECIDES = permissions_incident.check_can_keep_incident, permissions_incident.check_can_decide_incident


def lacks(fact: str) -> Callable[[Incident], bool]:
    return lambda incident: getattr(incident, fact) is None


def has_untold(incident: Incident) -> bool:
    return bool(holders_untold(incident))


def owes_public(incident: Incident) -> bool:
    return incident.may_identify and incident.public_told_at is None


def is_unconfirmed(incident: Incident) -> bool:
    return incident.notices.filter(confirmed_at=None).exists()


INCIDENT = Verbs(
    Incident,
    "incident",
    (
        Verb("report_authority", _("First report to the authority"), INCIDENT_OPEN, KEEPS, operations.report_to_authority, forms_incident.FirstReportForm, "Art. 34", when=lacks("authority_told_at")),
        Verb("report_cyberspace", _("First report to the cyberspace office"), INCIDENT_OPEN, KEEPS, operations.report_to_cyberspace, forms_incident.FirstReportForm, "Art. 34", when=lacks("cyberspace_told_at")),
        Verb("acknowledge", _("Acknowledge"), INCIDENT_OPEN, permissions_incident.check_can_acknowledge_incident, operations.acknowledge_incident, article="Art. 34"),
        Verb("hold_affected", _("Pause all your grants that it reaches"), INCIDENT_OPEN, permissions_incident.check_can_hold_affected, operations.hold_affected, ReasonForm, "Art. 34", danger=True),
        Verb("contain", _("Record that it is contained"), INCIDENT_OPEN, KEEPS, operations.contain_incident, forms_incident.FactForm, "Art. 34", when=lacks("contained_at")),
        Verb("tell_holders", _("Tell the holders"), INCIDENT_OPEN, permissions_incident.check_can_tell_holders, operations.tell_holders, forms_incident.NoticeForm, "Art. 34", when=has_untold),
        Verb("tell_public", _("Tell the public"), INCIDENT_OPEN, DECIDES, operations.tell_public, forms_incident.PublicNoticeForm, "Art. 34", danger=True, when=owes_public),
        Verb("supplement", _("Add what became known"), INCIDENT_OPEN, KEEPS, operations.supplement_incident, forms_incident.SupplementForm, "Art. 34", aside=True),
        Verb("recount", _("Compute anew whom it reaches"), INCIDENT_OPEN, DECIDES, operations.recount_incident, article="Art. 34", aside=True),
        Verb("confirm", _("Confirm that you have read the notice"), INCIDENT_OPEN, permissions_incident.check_can_confirm_notice, operations.confirm_notice, article="Art. 34", when=is_unconfirmed),
        Verb("close", _("Close with lessons"), INCIDENT_OPEN, DECIDES, operations.close_incident, forms_incident.LessonsForm, "Art. 34", when=lambda incident: not open_facts(incident)),
        Verb("dismiss", _("Dismiss as a false alarm"), INCIDENT_OPEN, DECIDES, operations.dismiss_incident, ReasonForm, "Art. 34", aside=True),
        recuse(Incident, "incident"),
        take(INCIDENT_OPEN, operations.take_incident),
    ),
)  # fmt: skip


def can_be_stayed(review: Review) -> bool:
    measure = review.measure
    return measure is not None and measure.state in STANDING_MEASURE and not review.is_staying


def can_be_varied(review: Review) -> bool:
    if review.measure is None:
        return is_decided_anew(review)
    return review.measure.state in STANDING_MEASURE


DECIDE, LODGED = permissions.check_can_decide_review, (ReviewState.LODGED,)
ARTICLE_OF_REVIEW = ByCase("Arts 45, 47", lambda review: review.article)

REVIEW = Verbs(
    Review,
    "review",
    (
        Verb("uphold", _("Uphold the decision"), LODGED, DECIDE, operations.uphold_review, forms_review.UpholdForm, ARTICLE_OF_REVIEW),
        Verb("vary", _("Vary the decision"), LODGED, DECIDE, operations.vary_review, forms_review.VaryForm, ARTICLE_OF_REVIEW, when=can_be_varied),
        Verb("annul", _("Annul the decision"), LODGED, DECIDE, operations.annul_review, ReasonForm, ARTICLE_OF_REVIEW, danger=True),
        Verb("stay", _("Stay the order until it is decided"), LODGED, DECIDE, operations.stay_review, ReasonForm, ARTICLE_OF_REVIEW, aside=True, when=can_be_stayed),
        Verb("end_stay", _("End the stay"), LODGED, DECIDE, operations.end_stay, ReasonForm, ARTICLE_OF_REVIEW, aside=True, when=lambda review: review.is_staying),
        Verb("recuse", _("Recuse myself"), LODGED, permissions.check_can_recuse, operations.recuse_from_review, ReasonForm, ARTICLE_OF_REVIEW, aside=True),
        Verb("add_evidence", _("Add evidence"), LODGED, permissions.check_can_keep_review, operations.add_review_evidence, EvidenceForm, ARTICLE_OF_REVIEW, aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), LODGED, permissions.check_can_withdraw_review_evidence, operations.withdraw_review_evidence, WithdrawEvidenceForm, ARTICLE_OF_REVIEW, aside=True),
        Verb("withdraw", _("Withdraw the request"), LODGED, permissions.check_can_keep_review, operations.withdraw_review, article=ARTICLE_OF_REVIEW, aside=True),
    ),
)  # fmt: skip

KEEP_PLAN, PLANNED = permissions.check_can_keep_plan, (PlanState.DRAFT, PlanState.IN_FORCE)

PLAN = Verbs(
    EmergencyPlan,
    "plan",
    (
        Verb("adopt", _("Adopt the plan"), (PlanState.DRAFT,), KEEP_PLAN, operations.adopt_plan, forms_preparedness.AdoptPlanForm, "Art. 34"),
        Verb("record_exercise", _("Record a drill, evaluation or assessment"), (PlanState.IN_FORCE,), KEEP_PLAN, operations.record_exercise, forms_preparedness.RecordExerciseForm, "Art. 34"),
        Verb("add_evidence", _("Add a document"), PLANNED, KEEP_PLAN, operations.add_plan_evidence, EvidenceForm, "Art. 34", aside=True, apart=True),
        Verb("withdraw_evidence", _("Take a document back"), (PlanState.DRAFT,), permissions.check_can_withdraw_plan_evidence, operations.withdraw_plan_evidence, WithdrawEvidenceForm, "Art. 34", aside=True),
        Verb("discard", _("Discard the draft"), (PlanState.DRAFT,), KEEP_PLAN, operations.discard_plan, article="Art. 34", aside=True),
    ),
)  # fmt: skip
