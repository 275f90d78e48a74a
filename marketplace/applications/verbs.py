"""What people can do with applications, items, consultations and grants."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.states import PartyState
from listings.forms import CallExpertForm
from marketplace.applications import forms, operations, permissions
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Item, Route, StandingConsent
from marketplace.applications.operations.application import EDITABLE, needs_two_persons
from marketplace.applications.operations.copies import owes_destruction
from marketplace.applications.operations.dialogue import IN_HAND, SPOKEN
from marketplace.applications.operations.disclosure import WRITABLE
from marketplace.applications.operations.handover import check_can_hand_over
from marketplace.applications.operations.processing import open_consultations, units_to_consult
from marketplace.applications.queries import article_of
from marketplace.applications.states import (
    OPEN_APPLICATION,
    UNANSWERED,
    ApplicationState,
    ConsultationState,
    EditionState,
    GrantState,
    ItemState,
    StandingState,
)
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState
from marketplace.verbs import ByCase, ReasonForm, RefusalForm, Verb, Verbs

S = ApplicationState
CASE, ITEMS = ByCase("Arts 16, 40", article_of), ByCase("Arts 15, 16, 40", article_of)
KEEP, PROCESS, CHARGE = (
    permissions.check_can_keep_application,
    permissions.check_can_process,
    permissions.check_in_charge,
)


def somebody_to_ask(application: Application) -> bool:
    try:
        return bool(units_to_consult(application))
    except InvalidState:  # what it asks for is not on offer at present
        return False


def ready_for_review(application: Application) -> bool:
    if application.state == S.ACCEPTED:
        return not somebody_to_ask(application)
    return not open_consultations(application).exists()


def lacks_signature(application: Application) -> bool:
    return application.prepared_by_id is None and needs_two_persons(application)


def has_question(application: Application) -> bool:
    return application.question_at is not None


APPLICATION = Verbs(
    Application,
    "application",
    (
        Verb("describe", _("Describe the scenario"), EDITABLE, KEEP, operations.describe_application, forms.ScenarioForm, CASE),
        Verb("add_item", _("Add a product"), EDITABLE, KEEP, operations.add_item, forms.AddItemForm, CASE),
        Verb("prepare", _("Mark as ready to be signed"), EDITABLE, KEEP, operations.prepare_application, article=CASE, when=lacks_signature),
        Verb("submit", _("Submit"), EDITABLE, KEEP, operations.submit_application, article=CASE),
        Verb("accept", _("Accept for processing"), (S.SUBMITTED,), PROCESS, operations.accept_application, article=CASE),
        Verb("consult", _("Consult the units"), (S.ACCEPTED,), CHARGE, operations.consult_units, article="Art. 16", when=somebody_to_ask),
        Verb("begin_review", _("Begin the review"), (S.ACCEPTED, S.IN_CONSULTATION), CHARGE, operations.begin_review, article=CASE, when=ready_for_review),
        Verb("return", _("Return"), (S.SUBMITTED, S.ACCEPTED, S.IN_CONSULTATION, S.UNDER_REVIEW), PROCESS, operations.return_application, ReasonForm, CASE, aside=True),
        Verb("refuse", _("Refuse"), (S.SUBMITTED,), PROCESS, operations.refuse_application, RefusalForm, CASE, danger=True),
        Verb("answer", _("Answer the question"), IN_HAND, permissions.check_can_reply, operations.answer_officer, forms.MessageForm, CASE, when=has_question),
        Verb("ask", _("Ask the buyer"), IN_HAND, CHARGE, operations.ask_buyer, forms.MessageForm, CASE, when=lambda application: not has_question(application), aside=True),
        Verb("extend", _("Extend the time for the decision"), IN_HAND, CHARGE, operations.extend_decision, forms.ExtendForm, CASE, aside=True),
        Verb("write", _("Write a message"), SPOKEN, permissions.check_can_write, operations.write_message, forms.MessageForm, CASE, aside=True),
        Verb("call_expert", _("Have an expert assess it"), (S.UNDER_REVIEW,), CHARGE, operations.call_expert, CallExpertForm, "Art. 35", when=lambda application: application.seller_id is None),
        Verb("give_opinion", _("Give the opinion"), (S.EXPERT_REVIEW,), permissions.check_can_assess, operations.give_opinion, forms.OpinionForm, "Art. 35"),
        Verb("recall_expert", _("End the expert review"), (S.EXPERT_REVIEW,), CHARGE, operations.recall_expert, ReasonForm, "Art. 35", aside=True),
        Verb("recuse", _("Step back and pass the case on"), IN_HAND, permissions.check_can_recuse, operations.recuse_officer, forms.RecuseForm, "Art. 45", aside=True, open_to=permissions.has_colleague),
        Verb("take_over", _("Take the case over"), IN_HAND, PROCESS, operations.take_over_application, ReasonForm, CASE, aside=True),
        Verb("withdraw", _("Withdraw"), OPEN_APPLICATION, permissions.check_can_withdraw_application, operations.withdraw_application, ReasonForm, article=CASE, danger=True),
    ),
)  # fmt: skip


def under_review(item: Item) -> bool:
    return item.application.state == S.UNDER_REVIEW


def may_be_split_off(item: Item) -> bool:
    return under_review(item) and item.route == Route.ON_APPLICATION and item.application.items.count() > 1


def keep_item(actor: Any, item: Item, at: datetime) -> None:
    KEEP(actor, item.application, at)


def is_editable(item: Item) -> bool:
    return item.application.state in EDITABLE


ITEM = Verbs(
    Item,
    "item",
    (
        Verb("approve", _("Approve"), (ItemState.OPEN,), permissions.check_can_decide, operations.approve_item, forms.ApproveItemForm, ITEMS, facts="applications/facts_item.html", when=under_review),
        Verb("refuse", _("Refuse"), (ItemState.OPEN,), permissions.check_can_decide, operations.refuse_item, RefusalForm, ITEMS, danger=True, facts="applications/facts_item.html", when=under_review),
        Verb("split_off", _("Split it off"), (ItemState.OPEN,), permissions.check_can_decide, operations.split_off_item, ReasonForm, "Art. 15", leads_on=True, when=may_be_split_off),
        Verb("choose_fields", _("Choose the fields"), (ItemState.OPEN,), keep_item, operations.choose_fields, forms.ChooseFieldsForm, ITEMS, when=is_editable),
        Verb("remove", _("Remove"), (ItemState.OPEN,), keep_item, operations.remove_item, article=ITEMS, danger=True, when=is_editable),
    ),
)  # fmt: skip

ASKED = (ConsultationState.ASKED,)


def in_consultation(consultation: Consultation) -> bool:
    return consultation.application.state == S.IN_CONSULTATION and consultation.round == consultation.application.round


def is_silent(consultation: Consultation) -> bool:
    return in_consultation(consultation) and clock.has_run_out(consultation, Kind.CONSULTATION, timezone.now())


def has_standing_consent(consultation: Consultation) -> bool:
    in_force = StandingConsent.objects.in_force(timezone.now())
    return in_consultation(consultation) and in_force.filter(unit=consultation.unit).exists()


def is_running(consultation: Consultation) -> bool:
    return in_consultation(consultation) and not clock.has_run_out(consultation, Kind.CONSULTATION, timezone.now())


CONSULTATION = Verbs(
    Consultation,
    "consultation",
    (
        Verb("consent", _("Consent"), ASKED, permissions.check_can_answer, operations.consent, article="Arts 15, 16", facts="applications/facts_consultation.html", when=in_consultation),
        Verb("consent_in_part", _("Consent in part"), ASKED, permissions.check_can_answer, operations.consent_in_part, forms.ConsentInPartForm, "Arts 15, 16", facts="applications/facts_consultation.html", when=in_consultation),
        Verb("object", _("Object"), ASKED, permissions.check_can_answer, operations.object_to, ReasonForm, "Arts 15, 16", danger=True, facts="applications/facts_consultation.html", when=in_consultation),
        Verb("ask", _("Ask the buyer"), ASKED, permissions.check_can_answer, operations.ask_from_unit, forms.MessageForm, "Arts 15, 16", facts="applications/facts_consultation.html", when=in_consultation, aside=True),
        Verb("answer", _("Answer the question"), (ConsultationState.QUESTION,), permissions.check_can_reply_to_unit, operations.answer_unit, forms.MessageForm, "Arts 15, 16", when=in_consultation),
        Verb("extend", _("Give the unit more time"), UNANSWERED, permissions.check_can_record_silence, operations.extend_consultation, forms.ExtendForm, "Arts 15, 16", when=is_running, aside=True),
        Verb("use_standing_consent", _("Answer by standing consent"), ASKED, permissions.check_can_record_silence, operations.use_standing_consent, forms.UseStandingForm, "Arts 15, 16", when=has_standing_consent),
        Verb("record_no_answer", _("Record: no answer"), ASKED, permissions.check_can_record_silence, operations.record_no_answer, article="Arts 15, 16", when=is_silent),
    ),
)  # fmt: skip


def can_be_closed(grant: Grant) -> bool:
    return grant.ends < local_date(timezone.now()) and not owes_destruction(grant)


def is_public_use(grant: Grant) -> bool:
    return grant.product.is_public_data


def has_named_users(grant: Grant) -> bool:
    return grant.users.filter(removed_at=None).exists()


def has_named_systems(grant: Grant) -> bool:
    return grant.systems.filter(removed_at=None).exists()


GRANT = Verbs(
    Grant,
    "grant",
    (
        Verb("accept", _("Accept the terms"), (GrantState.OFFERED,), permissions.check_can_take_grant, operations.accept_grant, forms.AcceptTermsForm, CASE),
        Verb("decline", _("Decline"), (GrantState.OFFERED,), permissions.check_can_leave_grant, operations.decline_grant, ReasonForm, CASE, danger=True),
        Verb("request_change", _("Ask for a change or a renewal"), (GrantState.ACTIVE,), permissions.check_can_take_grant, operations.request_change, forms.ChangeForm, CASE, aside=True),
        Verb("name_user", _("Name a person who may use it"), (GrantState.ACTIVE,), permissions.check_can_take_grant, operations.name_user, forms.NameUserForm, CASE, aside=True),
        Verb("drop_user", _("Take a person's use away"), (GrantState.ACTIVE,), permissions.check_can_take_grant, operations.drop_user, forms.DropUserForm, CASE, when=has_named_users),
        Verb("name_system", _("Name a system that may use it"), (GrantState.ACTIVE,), permissions.check_can_take_grant, operations.name_system, forms.NameSystemForm, CASE, aside=True),
        Verb("drop_system", _("Take a system's use away"), (GrantState.ACTIVE,), permissions.check_can_take_grant, operations.drop_system, forms.DropSystemForm, CASE, when=has_named_systems, aside=True),
        Verb("write_summary", _("Write the summary for the public register"), WRITABLE, permissions.check_can_leave_grant, operations.write_summary, forms.SummaryForm, CASE, aside=True, when=is_public_use),
        Verb("surrender", _("Surrender"), (GrantState.ACTIVE,), permissions.check_can_leave_grant, operations.surrender_grant, ReasonForm, CASE, danger=True),
        Verb("close", _("Close"), (GrantState.ACTIVE,), permissions.check_can_close_grant, operations.close_grant, ReasonForm, CASE, when=can_be_closed),
    ),
)  # fmt: skip

REQUESTED = (EditionState.REQUESTED,)
EDITION = Verbs(
    GrantEdition,
    "edition",
    (
        Verb("agree", _("Agree to the change"), REQUESTED, permissions.check_can_decide_edition, operations.agree_change, forms.AgreeForm, CASE, facts="applications/facts_edition.html"),
        Verb("refuse", _("Refuse the change"), REQUESTED, permissions.check_can_decide_edition, operations.refuse_change, RefusalForm, CASE, danger=True, facts="applications/facts_edition.html"),
        Verb("withdraw", _("Withdraw the request"), REQUESTED, permissions.check_can_keep_edition, operations.withdraw_change, article=CASE, danger=True),
    ),
)  # fmt: skip

STANDING = Verbs(
    StandingConsent,
    "consent",
    (
        Verb("withdraw", _("Withdraw the consent"), (StandingState.GIVEN,), permissions.check_can_withdraw_standing, operations.withdraw_standing_consent, ReasonForm, "Art. 15", danger=True),
    ),
)  # fmt: skip


AUTHORITY = Verbs(
    Party,
    "party",
    (
        Verb("hand_over", _("Hand all cases over"), (PartyState.VERIFIED,), check_can_hand_over, operations.hand_over_cases, forms.HandOverForm, "Art. 45", danger=True),
    ),
)  # fmt: skip
