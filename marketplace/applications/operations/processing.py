"""The application in the authority's hands, up to the review."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.operations import assign, check_is_left
from accounts.queries import recipients
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, Consultation, Item, Route
from marketplace.applications.operations.application import check_still_competent, close_consultations, offered_version
from marketplace.applications.operations.dialogue import IN_HAND
from marketplace.applications.operations.linkage import pairs_of_item, request_linkages
from marketplace.applications.queries import asked_about, units_in
from marketplace.applications.states import UNANSWERED, ApplicationState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def accept_application(*, application: Application, actor: User, at: datetime) -> None:
    """submitted → accepted for processing; the officer is now in charge and the decision clock runs."""
    permissions.check_can_process(actor, application, at)
    act = _step("accept", application, ApplicationState.ACCEPTED, actor, at, "")
    assign(act, application, actor)
    clock.start(application, Kind.DECISION, at)
    if application.seller_id is None:
        clock.start(application, Kind.PRECHECK, at)


@transaction.atomic
def take_over_application(*, application: Application, actor: User, at: datetime, reason: str) -> None:
    """Another officer of the same authority, or another manager of the seller, takes the case over."""
    permissions.check_can_process(actor, application, at)
    require(reason=reason)
    workflow.check_in(application, *IN_HAND)
    act = ledger.begin("take_over", actor, at, application.article)
    assign(act, application, actor, reason=reason)
    ledger.record(act, application, detail={"reason": reason})


@transaction.atomic
def return_application(*, application: Application, actor: User, at: datetime, reason: str) -> None:
    """submitted, accepted, in consultation or under review → returned, naming everything missing, once."""
    permissions.check_can_process(actor, application, at)
    require(reason=reason)
    Application.objects.select_for_update().get(pk=application.pk)  # a decision made meanwhile is not overtaken
    if application.items.exclude(decision=None).exists():
        raise InvalidState(_("A part of this application is already decided; decide the rest."))
    act = _step("return", application, ApplicationState.RETURNED, actor, at, reason)
    close_consultations(act, application)


@transaction.atomic
def refuse_application(*, application: Application, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """submitted → refused: not admissible at all. Names its remedy."""
    permissions.check_can_process(actor, application, at)
    require(reason=reason, remedy=remedy)
    _step("refuse", application, ApplicationState.REFUSED, actor, at, reason, remedy=remedy)


def reopen_application(act: ledger.Act, application: Application, reason: str) -> None:
    """Part of a review that does not uphold a refusal: refused → submitted, to be judged anew."""
    check_is_left(application.buyer)
    application = Application.objects.select_for_update().get(pk=application.pk)
    workflow.reopen(act, application, ApplicationState.SUBMITTED, detail={"reason": reason})
    clock.start(application, Kind.ACCEPTANCE, act.at)


@transaction.atomic
def consult_units(*, application: Application, actor: User, at: datetime) -> None:
    """accepted → in consultation: every unit whose data is asked for is asked, each on its own clock (Arts 15, 16)."""
    permissions.check_in_charge(actor, application, at)
    check_still_competent(application, application.items.select_related("product__seller__region"), at)
    units = units_to_consult(application)
    if not units:
        raise InvalidState(_("There is nobody to consult: begin the review."))
    act = _step("consult", application, ApplicationState.IN_CONSULTATION, actor, at, "", keep=(Kind.DECISION,))
    for unit in units:
        _ask(act, application, unit)


@transaction.atomic
def begin_review(*, application: Application, actor: User, at: datetime) -> None:
    """accepted (nobody to consult) or in consultation (everybody answered or recorded) → under review.

    From now on it is measured what each item would reveal together with the buyer's other data (Art. 35).
    """
    permissions.check_in_charge(actor, application, at)
    workflow.check_in(application, ApplicationState.ACCEPTED, ApplicationState.IN_CONSULTATION)
    if application.state == ApplicationState.ACCEPTED and units_to_consult(application):
        raise InvalidState(_("Units have to be consulted first."))
    if open_consultations(application).exists():
        raise InvalidState(_("A unit has not answered yet. Once its time is over, record that it gave no answer."))
    _step("begin_review", application, ApplicationState.UNDER_REVIEW, actor, at, "", keep=(Kind.DECISION,))
    for item in application.items.filter(state=ItemState.OPEN).select_related("product"):
        request_linkages(pairs_of_item(item, at), at)


def units_to_consult(application: Application) -> list[Party]:
    """Who is asked about what is asked for, each once; the buyer itself is not asked about its own case."""
    versions = [offered_version(item.product) for item in application.items.filter(state=ItemState.OPEN)]
    return list(asked_about(*versions).exclude(pk=application.buyer_id).order_by("pk"))


def units_of(item: Item) -> list[Party]:
    """As `units_in`; raises InvalidState when the product is not on offer."""
    offered_version(item.product)
    return units_in(item)


def open_consultations(application: Application) -> Any:
    return application.consultations.filter(round=application.round, state__in=UNANSWERED)


def _ask(act: ledger.Act, application: Application, unit: Party) -> None:
    consultation = Consultation.objects.create(application=application, unit=unit, round=application.round)
    ledger.record(act, consultation, new=consultation.state, detail={"unit": unit, "round": application.round})
    running = clock.start(consultation, Kind.CONSULTATION, act.at)
    built = application.items.filter(route=Route.BUILT, product__seller=unit).exists()
    tell(
        act, recipients(unit, act.at), "developer_asked" if built else "consultation_asked",
        link=application.get_absolute_url(), number=application.number, buyer=application.buyer,
        due=last_day(running.due_at),
    )  # fmt: skip


def _step(
    verb: str, application: Application, new: str, actor: User, at: datetime, reason: str, *, remedy: str = "",
    keep: tuple[str, ...] = (),
) -> ledger.Act:  # fmt: skip
    """What every step has in common: move, end the clocks that do not go on, tell the buyer."""
    act = ledger.begin(verb, actor, at, application.article)
    workflow.move(act, application, new, detail={"reason": reason, "remedy": remedy})
    clock.stop(application, at, *(set(Kind.values) - set(keep)))
    tell(
        act, recipients(application.buyer, at), "application_moved", link=application.get_absolute_url(),
        number=application.number, state=ApplicationState(new).label, reason=" ".join(filter(None, [reason, remedy])),
        **clock.review_term(at, "" if application.seller_id else remedy),
    )  # fmt: skip
    return act
