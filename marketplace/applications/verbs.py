"""What people can do with applications, items, consultations and grants."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.states import PartyState
from marketplace.applications import forms, operations, permissions
from marketplace.applications.models import Application, Consultation, Grant, Item
from marketplace.applications.operations.application import EDITABLE
from marketplace.applications.operations.handover import check_can_hand_over
from marketplace.applications.operations.processing import open_consultations
from marketplace.applications.states import OPEN_APPLICATION, ApplicationState, ConsultationState, GrantState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.verbs import ReasonForm, RefusalForm, Verb, Verbs

S = ApplicationState
KEEP, PROCESS, CHARGE = (
    permissions.check_can_keep_application,
    permissions.check_can_process,
    permissions.check_in_charge,
)


def everybody_answered(application: Application) -> bool:
    return not open_consultations(application).exists()


APPLICATION = Verbs(
    Application,
    "application",
    (
        Verb("describe", _("Describe the scenario"), EDITABLE, KEEP, operations.describe_application, forms.ScenarioForm, "Art. 16"),
        Verb("add_item", _("Add a product"), EDITABLE, KEEP, operations.add_item, forms.AddItemForm, "Art. 16"),
        Verb("submit", _("Submit"), EDITABLE, KEEP, operations.submit_application, article="Art. 16"),
        Verb("accept", _("Accept for processing"), (S.SUBMITTED,), PROCESS, operations.accept_application, article="Art. 16"),
        Verb("consult", _("Consult the units"), (S.ACCEPTED,), CHARGE, operations.consult_units, article="Art. 16"),
        Verb("begin_review", _("Begin the review"), (S.ACCEPTED, S.IN_CONSULTATION), CHARGE, operations.begin_review, article="Art. 16", when=everybody_answered),
        Verb("return", _("Return"), (S.SUBMITTED, S.IN_CONSULTATION, S.UNDER_REVIEW), PROCESS, operations.return_application, ReasonForm, "Art. 16"),
        Verb("refuse", _("Refuse"), (S.SUBMITTED,), PROCESS, operations.refuse_application, RefusalForm, "Art. 16", danger=True),
        Verb("take_over", _("Take the case over"), (S.ACCEPTED, S.IN_CONSULTATION, S.UNDER_REVIEW), PROCESS, operations.take_over_application, ReasonForm, "Art. 16"),
        Verb("withdraw", _("Withdraw"), OPEN_APPLICATION, permissions.check_can_withdraw_application, operations.withdraw_application, ReasonForm, danger=True),
    ),
)  # fmt: skip


def under_review(item: Item) -> bool:
    return item.application.state == S.UNDER_REVIEW


ITEM = Verbs(
    Item,
    "item",
    (
        Verb("approve", _("Approve"), (ItemState.OPEN,), permissions.check_can_decide, operations.approve_item, forms.ApproveItemForm, "Art. 16", when=under_review),
        Verb("refuse", _("Refuse"), (ItemState.OPEN,), permissions.check_can_decide, operations.refuse_item, RefusalForm, "Art. 16", danger=True, when=under_review),
        Verb("remove", _("Remove"), (ItemState.OPEN,), lambda actor, item, at: KEEP(actor, item.application, at), operations.remove_item, danger=True, when=lambda item: item.application.state in EDITABLE),
    ),
)  # fmt: skip

ASKED = (ConsultationState.ASKED,)


def in_consultation(consultation: Consultation) -> bool:
    return consultation.application.state == S.IN_CONSULTATION and consultation.round == consultation.application.round


def is_silent(consultation: Consultation) -> bool:
    return in_consultation(consultation) and clock.has_run_out(consultation, Kind.CONSULTATION, timezone.now())


CONSULTATION = Verbs(
    Consultation,
    "consultation",
    (
        Verb("consent", _("Consent"), ASKED, permissions.check_can_answer, operations.consent, article="Art. 15", when=in_consultation),
        Verb("consent_in_part", _("Consent in part"), ASKED, permissions.check_can_answer, operations.consent_in_part, forms.ConditionsForm, "Art. 15", when=in_consultation),
        Verb("object", _("Object"), ASKED, permissions.check_can_answer, operations.object_to, ReasonForm, "Art. 15", danger=True, when=in_consultation),
        Verb("record_no_answer", _("Record: no answer"), ASKED, permissions.check_can_record_silence, operations.record_no_answer, article="Art. 15", when=is_silent),
    ),
)  # fmt: skip

GRANT = Verbs(
    Grant,
    "grant",
    (
        Verb("accept", _("Accept the terms"), (GrantState.OFFERED,), permissions.check_can_take_grant, operations.accept_grant, forms.AcceptTermsForm, "Art. 16"),
        Verb("decline", _("Decline"), (GrantState.OFFERED,), permissions.check_can_leave_grant, operations.decline_grant, ReasonForm, "Art. 16", danger=True),
        Verb("surrender", _("Surrender"), (GrantState.ACTIVE,), permissions.check_can_leave_grant, operations.surrender_grant, ReasonForm, "Art. 16", danger=True),
        Verb("close", _("Close"), (GrantState.ACTIVE,), permissions.check_can_close_grant, operations.close_grant, ReasonForm, "Art. 16"),
    ),
)  # fmt: skip


AUTHORITY = Verbs(
    Party,
    "party",
    (
        Verb("hand_over", _("Hand all cases over"), (PartyState.VERIFIED,), check_can_hand_over, operations.hand_over_cases, forms.HandOverForm, "Art. 45", danger=True),
    ),
)  # fmt: skip
