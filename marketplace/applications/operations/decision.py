"""The decision, item by item: the authority's (Arts 15, 16), of non-public data the seller's (Art. 40)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.operations import check_is_left
from accounts.queries import recipients
from listings import operations as listing
from listings.models import Version
from listings.queries import upstream_conditions
from marketplace import workflow
from marketplace.applications import access, permissions
from marketplace.applications.models import Application, Decision, Grant, Item, LinkageResult, ReportSchedule, Route
from marketplace.applications.operations import papers
from marketplace.applications.operations.application import check_still_competent, offered_version
from marketplace.applications.operations.disclosure import check_wait, disclose
from marketplace.applications.operations.linkage import (
    check_assessed,
    check_measured,
    check_reason,
    lock_buyer,
    pairs_of_item,
    request_linkages,
)
from marketplace.applications.operations.processing import units_of
from marketplace.applications.queries import consented_fields, grantable_fields
from marketplace.applications.states import CONSENT, ApplicationState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day, local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

OWED = (ReportSchedule.QUARTERS, ReportSchedule.HALVES, ReportSchedule.END)


@transaction.atomic
def approve_item(
    *, item: Item, actor: User, at: datetime, starts: date, ends: date, reason: str, conditions: str = "",
    fields: Sequence[str] | None = None, onward_supply: bool = False, linkage_reason: str = "",
    report_schedule: str = ReportSchedule.QUARTERS, quota: int | None = None, one_version: bool = False,
    hours: str = "", networks: str = "", wait_months: int = 0, wait_reason: str = "",
) -> Grant:  # fmt: skip
    """open → approved: a grant is offered with frozen terms. `fields` may narrow what was asked for, never widen it.

    `report_schedule` is how often the use of public data is reported on, `quota` how many downloads there are at most
    in a calendar month, None without a limit; `hours` (`08:00-20:00`) and `networks` (one on a line) bound when and
    from where, empty without a bound; with `one_version` none but the offered version is served. With
    `onward_supply` the buyer may list what it builds from the data, and supply that to others (Art. 16). With
    `wait_months` (at most 12) and `wait_reason` the public register shows the use only later.
    An Art. 15 item without the consent of each of its units cannot be approved, nor a built product without its
    developer's, nor an item of which it is not measured yet what it reveals together with the buyer's other data;
    where that singles people out, `linkage_reason` says why all the same, and of public data an expert has assessed it,
    whose measures are conditions of the grant (Art. 35). Raises ValidationError for terms that do not fit,
    InvalidState for what is missing.
    """
    permissions.check_can_decide(actor, item, at)
    require(reason=reason)
    lock_buyer(item.application.buyer_id)
    application = lock_under_review(item)
    check_still_competent(application, [item], at)
    listing.check_supplier(item.product, at)
    listing.check_grantable(item.product, at)
    _check_heard(item)
    _check_consents(item)
    fields = list(item.fields if fields is None else fields)
    _check_terms(item, at, starts, ends, fields)
    _check_schedule_and_quota(report_schedule, quota)
    check_wait(wait_months, wait_reason)
    bounds = {"hours": access.read_hours(hours), "networks": access.read_networks(networks)}
    linkages = check_measured(pairs_of_item(item, at))
    check_reason(linkages, linkage_reason)
    asked = [given.measures.strip() for given in check_assessed(application, linkages)]
    act = ledger.begin("approve", actor, at, Route(item.route).article)
    _decide(
        act, actor, item, ItemState.APPROVED, is_approval=True, reason=reason, linkage_reason=linkage_reason,
        linkages=linkages,
    )  # fmt: skip
    schedule = report_schedule if item.product.is_public_data else ReportSchedule.NONE
    terms = _terms(item) | {
        "conditions": "\n".join(filter(None, [conditions, *asked])), "onward_supply": onward_supply,
        "report_schedule": str(schedule), "quota": quota, "one_version": one_version, **bounds,
    }  # fmt: skip
    grant = _offer(act, item, offered_version(item.product), starts, ends, fields, terms, (wait_months, wait_reason))
    finish(act, application)
    papers.write_grant(act, item, grant, reason)
    return grant


@transaction.atomic
def refuse_item(*, item: Item, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """open → refused, with reasons and the remedy against it."""
    permissions.check_can_decide(actor, item, at)
    require(reason=reason, remedy=remedy)
    application = lock_under_review(item)
    act = ledger.begin("refuse", actor, at, Route(item.route).article)
    _decide(act, actor, item, ItemState.REFUSED, is_approval=False, reason=reason, remedy=remedy)
    finish(act, application)
    papers.write_refusal(act, item, reason, remedy)


def lock_under_review(item: Item) -> Application:
    application = Application.objects.select_for_update().get(pk=item.application_id)
    workflow.check_in(application, ApplicationState.UNDER_REVIEW)
    return application


def _check_heard(item: Item) -> None:
    """A version published meanwhile may hold data of units that nobody has asked."""
    application = item.application
    asked = set(application.consultations.filter(round=application.round).values_list("unit", flat=True))
    unheard = [unit.name for unit in units_of(item) if unit.pk not in asked]
    if unheard:
        raise InvalidState(
            _("%(units)s was not heard in this round: return the application, so that it can be.")
            % {"units": ", ".join(unheard)}
        )


def lacking_consent(item: Item) -> list[Party]:
    """Those of an item whose consent it needs and who have not given it in this round."""
    answers = item.application.consultations.filter(round=item.application.round, state__in=CONSENT)
    given = set(answers.values_list("unit", flat=True))
    lacking = [unit for unit in units_of(item) if unit.pk not in given]
    return [unit for unit in lacking if item.route != Route.BUILT or unit.pk == item.product.seller_id]


def _check_consents(item: Item) -> None:
    if item.route == Route.SECONDARY_DEVELOPMENT:
        return
    if item.route == Route.BUILT:
        return _check_developer(item)
    lacking = [unit.name for unit in lacking_consent(item)]
    if not lacking and not consented_fields(item):
        raise InvalidState(_("The units consented to none of its fields: this cannot be approved (Art. 15)."))
    if lacking:
        raise InvalidState(
            _("Without the consent of %(units)s this cannot be approved (Art. 15).") % {"units": ", ".join(lacking)}
        )


def _check_developer(item: Item) -> None:
    """What is built on public data is its developer's own: it consents as well, save to its own application."""
    if lacking := lacking_consent(item):
        raise InvalidState(
            _("%(developer)s has not consented: what it has built is granted by the authority and by it (Art. 16).")
            % {"developer": lacking[0].name}
        )
    if not grantable_fields(item):
        raise InvalidState(_("Its developer consented to none of the fields: this cannot be approved."))


def _check_terms(item: Item, at: datetime, starts: date, ends: date, fields: Sequence[str]) -> None:
    if ends < starts:
        raise ValidationError({"ends": _("A grant cannot end before it begins.")})
    if ends < local_date(at):
        raise ValidationError({"ends": _("This day is already over.")})
    if not fields or set(fields) - set(item.fields):
        raise ValidationError({"fields": _("Grant at least one field, and none that was not asked for.")})
    if beyond := sorted(set(fields) - set(grantable_fields(item))):
        raise ValidationError(
            {"fields": _("A unit did not consent to: %(names)s (Art. 15).") % {"names": ", ".join(beyond)}}
        )


def _check_schedule_and_quota(report_schedule: str, quota: int | None) -> None:
    if report_schedule not in OWED:
        raise ValidationError({"report_schedule": _("Say how often its use is reported on (Art. 16).")})
    if quota is not None and quota < 1:
        raise ValidationError({"quota": _("At least one download a month, or no limit.")})


def _decide(
    act: ledger.Act, actor: User, item: Item, new: str, *, is_approval: bool, reason: str, remedy: str = "",
    linkage_reason: str = "", linkages: Sequence[LinkageResult] = (),
) -> None:  # fmt: skip
    weighed = {"linkages": list(linkages), "linkage_reason": linkage_reason} if linkages else {}
    workflow.move(act, item, new, detail={"reason": reason, "remedy": remedy, **weighed})
    Decision.objects.create(
        item=item, is_approval=is_approval, by=actor, at=act.at, reason=reason, article=act.article, remedy=remedy,
        linkage_reason=linkage_reason,
    )  # fmt: skip
    application = item.application
    told = recipients(application.buyer, act.at)
    if application.seller_id is not None and application.authority is not None:
        told += recipients(application.authority, act.at)
    tell(
        act, told, "item_decided", link=application.get_absolute_url(),
        key=f"{act.operation_id}:{item.pk}", number=application.number, product=item.product,
        state=ItemState(new).label, reason=" ".join(filter(None, [reason, remedy])),
        **clock.review_term(act.at, "" if application.seller_id else remedy),
    )  # fmt: skip


def _offer(
    act: ledger.Act, item: Item, version: Version, starts: date, ends: date, fields: Sequence[str],
    terms: dict[str, Any], wait: tuple[int, str],
) -> Grant:  # fmt: skip
    application = item.application
    assert application.authority is not None  # it was submitted
    grant = Grant.objects.create(
        item=item, buyer=application.buyer, product=item.product, from_version=version, authority=application.authority,
        starts=starts, ends=ends, fields=list(fields), terms=terms, created_at=act.at,
    )  # fmt: skip
    entry = disclose(grant, application, act.at, *wait)
    ledger.record(
        act, grant, new=grant.state,
        detail={
            "starts": starts, "ends": ends, "fields": list(fields), "terms": terms, "version": version,
            "public_from": entry.public_from, "wait_reason": entry.wait_reason,
        },
    )  # fmt: skip
    due = clock.start(grant, Kind.OFFER, act.at).due_at
    tell(
        act, recipients(grant.buyer, act.at), "grant_offered", link=grant.get_absolute_url(),
        product=grant.product, due=last_day(due),
    )  # fmt: skip
    return grant


def _terms(item: Item) -> dict[str, Any]:
    """What the buyer agrees to beside what the decision says, frozen: nothing of it changes when product, scenario or
    settings change later."""
    application, product = item.application, item.product
    parts = application.consultations.filter(round=application.round).exclude(conditions="").select_related("unit")
    return {
        "scenario": application.title,
        "what_is_built": application.what_is_built,
        "purposes": application.purposes or product.purposes,
        "product_terms": product.terms,
        "price": product.price_text,
        "upstream": upstream_conditions(product),
        "unit_conditions": [{"unit": part.unit.name, "text": part.conditions} for part in parts],
        "people_with_access": application.people_with_access,
        "report_due_working_days": clock.days(Kind.REPORT),
        "report_late_hold_working_days": clock.days(Kind.REPORT_GRACE),
        "whereabouts_working_days": clock.days(Kind.WHEREABOUTS),
        "destruction_working_days": clock.days(Kind.DESTRUCTION),
    }


def finish(act: ledger.Act, application: Application) -> None:
    """The last item decides the application."""
    if application.items.filter(state=ItemState.OPEN).exists():
        return
    workflow.move(act, application, ApplicationState.DECIDED)
    clock.stop(application, act.at)


def reopen_item(act: ledger.Act, item: Item, reason: str) -> None:
    """Part of a review that does not uphold a refusal: refused → open, for a new decision, and never approved by it.

    The refused decision stays with the review and in the ledger. Raises InvalidState where the application was
    withdrawn meanwhile.
    """
    application = Application.objects.select_for_update().get(pk=item.application_id)
    in_hand = (ApplicationState.DECIDED, ApplicationState.UNDER_REVIEW, ApplicationState.EXPERT_REVIEW)
    workflow.check_in(application, *in_hand)
    check_is_left(application.buyer)
    item = Item.objects.select_for_update(of=("self",)).select_related("product", "application").get(pk=item.pk)
    workflow.reopen(act, item, ItemState.OPEN, detail={"reason": reason})
    Decision.objects.filter(item=item).delete()
    if application.state == ApplicationState.DECIDED:
        workflow.reopen(act, application, ApplicationState.UNDER_REVIEW, detail={"reason": reason})
        clock.start(application, Kind.DECISION, act.at)
    request_linkages(pairs_of_item(item, act.at), act.at)
