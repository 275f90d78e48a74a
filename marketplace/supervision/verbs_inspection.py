"""What may be done with inspections and the plans that draw them (Art. 33), each a row."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import EvidenceForm, WithdrawEvidenceForm
from accounts.models import Party
from accounts.states import PartyState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.supervision import forms_inspection, operations
from marketplace.supervision import permissions_inspection as inspecting
from marketplace.supervision.inspections import (
    OPEN_INSPECTION,
    Inspection,
    InspectionPlan,
    InspectionPlanState,
    InspectionState,
)
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.joint import BEFORE_REPORT
from marketplace.supervision.verbs_recusal import recuse
from marketplace.verbs import ReasonForm, Verb, Verbs

PLANNING = Verbs(
    Party,
    "party",
    (
        Verb("plan_inspections", _("Plan inspections"), (PartyState.VERIFIED,), inspecting.check_can_plan_here, operations.plan_inspections, forms_inspection.PlanInspectionsForm, "Art. 33", leads_on=True, aside=True),
    ),
)  # fmt: skip

INSPECTION_PLAN = Verbs(
    InspectionPlan,
    "plan",
    (
        Verb("draw", _("Draw the sample"), (InspectionPlanState.DRAFT,), inspecting.check_can_keep_inspection_plan, operations.draw_sample, article="Art. 33"),
        Verb("drop", _("Drop the plan"), (InspectionPlanState.DRAFT,), inspecting.check_can_keep_inspection_plan, operations.drop_inspection_plan, ReasonForm, "Art. 33", aside=True),
    ),
)  # fmt: skip

WRITE = inspecting.check_can_write_down
INSPECT, UNDER_WAY = inspecting.check_can_inspect, (InspectionState.UNDER_WAY,)
REPORTED = (InspectionState.REPORTED, InspectionState.ANSWERED)


def notice_is_over(inspection: Inspection) -> bool:
    return clock.has_run_out(inspection, Kind.INSPECTION_NOTICE, timezone.now())


def has_verdicts(inspection: Inspection) -> bool:
    return all(found for _question, found in inspection.asked)


def has_defects(inspection: Inspection) -> bool:
    """That are no findings yet."""
    keys = inspection.finding_keys()
    return Finding.objects.filter(occasion_key__in=keys).count() < len(keys)


def has_joint(inspection: Inspection) -> bool:
    return inspection.taking_part.exists()


INSPECTION = Verbs(
    Inspection,
    "inspection",
    (
        Verb("announce", _("Announce the inspection"), (InspectionState.PLANNED,), INSPECT, operations.announce_inspection, forms_inspection.AnnounceForm, "Art. 33"),
        Verb("begin", _("Begin the inspection"), (InspectionState.ANNOUNCED,), INSPECT, operations.begin_inspection, article="Art. 33", when=notice_is_over),
        Verb("begin_unannounced", _("Begin without notice"), (InspectionState.PLANNED,), INSPECT, operations.begin_unannounced, ReasonForm, "Art. 33", aside=True),
        Verb("check_points", _("Write down what was found"), UNDER_WAY, WRITE, operations.check_points, forms_inspection.PointsForm, "Art. 33"),
        Verb("add_evidence", _("Add evidence"), UNDER_WAY, WRITE, operations.add_inspection_evidence, EvidenceForm, "Art. 33", aside=True, apart=True),
        Verb("withdraw_evidence", _("Take evidence back"), UNDER_WAY, inspecting.check_can_withdraw_inspection_evidence, operations.withdraw_inspection_evidence, WithdrawEvidenceForm, "Art. 33", aside=True),
        Verb("name_inspector", _("Name a joint inspector"), BEFORE_REPORT, INSPECT, operations.name_inspector, forms_inspection.NameInspectorForm, "Art. 33", aside=True),
        Verb("release_inspector", _("Release a joint inspector"), OPEN_INSPECTION, INSPECT, operations.release_inspector, forms_inspection.ReleaseInspectorForm, "Art. 33", aside=True, when=has_joint),
        Verb("report", _("Report to the party"), UNDER_WAY, INSPECT, operations.report_inspection, forms_inspection.ReportForm, "Art. 33", when=has_verdicts),
        Verb("answer", _("Answer the report"), (InspectionState.REPORTED,), inspecting.check_can_answer_inspection, operations.answer_inspection, forms_inspection.AnswerForm, "Art. 33"),
        Verb("follow_up", _("Open findings on what is not in order"), REPORTED, INSPECT, operations.follow_up_points, article="Art. 33", aside=True, when=has_defects),
        Verb("close", _("Close the inspection"), REPORTED, INSPECT, operations.close_inspection, forms_inspection.CloseForm, "Art. 33"),
        recuse(Inspection, "inspection"),
        Verb("cancel", _("Cancel the inspection"), BEFORE_REPORT, INSPECT, operations.cancel_inspection, ReasonForm, "Art. 33", aside=True),
    ),
)  # fmt: skip
