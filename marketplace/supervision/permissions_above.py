"""What the level above an authority may do with its cases: want a report on one, take one over (Art. 45)."""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from accounts.models import Party
from accounts.permissions import check_is_person, check_not_own_case, check_not_recused, check_officer
from accounts.queries import level_above
from listings.models import DescriptionChange, Objection, ReleaseRule, Version
from listings.permissions import parties_of_version
from marketplace.applications.models import Application, GrantEdition
from marketplace.applications.permissions import parties_of_case
from marketplace.errors import NotAllowed, is_allowed
from marketplace.supervision.closeout import Certificate, checker_of
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.incidents import Incident
from marketplace.supervision.inquiry import Inquiry
from marketplace.supervision.inspections import Inspection
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.permissions import ORDERING, parties_of_grant, parties_of_review, sides_of_finding
from marketplace.supervision.permissions_concern import sides_of_concern
from marketplace.supervision.permissions_incident import sides_of_incident
from marketplace.supervision.review import Review


class Row(NamedTuple):
    """One kind of case: on whose side nobody may be, first whose case it is; in words why the levels above have no part
    in it, and why it is not taken over though they may ask about it. None where nothing stands against it.
    `authority` has the case. What is of a version, grant or measure has no verb to take it over: it goes with that."""

    sides: Callable[[Any], list[Party]]
    elsewhere: Callable[[Any], str | None] = lambda case: None
    stays: Callable[[Any], str | None] = lambda case: None
    authority: Callable[[Any], Party | None] = attrgetter("authority")


def _sides_of_measure(case: Measure) -> list[Party]:
    held = case.held.select_related("grant__buyer", "grant__product__seller")
    return [case.party, *(party for one in held for party in parties_of_grant(one.grant))]


def _reviewed(case: Any) -> str | None:
    return _("Of non-public data the compliance review decides.") if case.reviewer_id else None


def _of_version(case: Any) -> str | None:
    """Its officers alone list, hold and release it: who answered for it elsewhere could not hold it."""
    return _("A version stays with whoever reviewed it: ask for a report.") if case.version_id else None


def _of_no_grant(case: Concern) -> str | None:
    """Taken up, misuse of a version is a finding about it; of a party, one about it or a grant of it that could not go
    with the report: the finding is taken over."""
    stays = case.kind == ConcernKind.MISUSE and not (case.grant_id or case.derived_id)
    return _("Of misuse, what is about a grant is taken over, with that grant: ask for a report.") if stays else None


def _of_seller(case: Any) -> str | None:
    return _("Of non-public data the seller decides.") if checker_of(case.grant) != case.grant.authority else None


def _of_platform(case: Review) -> str | None:
    return _("The platform decides this review, no authority.") if case.reviewer_id else None


OF_GRANT = Row(lambda case: parties_of_grant(case.grant), _of_seller, authority=attrgetter("grant.authority"))
ROWS: dict[type, Row] = {
    Application: Row(
        parties_of_case, lambda case: _("Of non-public data the seller decides.") if case.seller_id else None
    ),
    Finding: Row(sides_of_finding, _reviewed, _of_version),
    Measure: Row(
        _sides_of_measure,
        lambda case: _("What a seller or the platform issued stays with it.") if case.issuer_id else None,
    ),
    Incident: Row(sides_of_incident),
    Concern: Row(sides_of_concern, _reviewed, _of_no_grant),
    Inspection: Row(lambda case: [case.party, *parties_of_grant(case.grant)]),
    Version: Row(parties_of_version, _reviewed),
    Objection: Row(
        lambda case: parties_of_version(case.version),
        lambda case: _reviewed(case.version),
        authority=attrgetter("version.authority"),
    ),
    ReleaseRule: Row(lambda case: parties_of_version(case.basis), lambda case: _reviewed(case.basis)),
    DescriptionChange: Row(lambda case: parties_of_version(case.basis), _reviewed),
    GrantEdition: OF_GRANT,
    UsageReport: OF_GRANT,
    Certificate: OF_GRANT,
    Review: Row(parties_of_review, _of_platform),
}


def check_can_ask_report(actor: Any, case: Any, at: datetime) -> None:
    """An officer of the level above the authority that has the case, on nobody's side, who has not stepped back."""
    row = ROWS.get(type(case))
    if row is None:
        raise NotAllowed(_("The level above asks for no report on this."))
    if words := row.elsewhere(case):
        raise NotAllowed(words)
    check_is_person(actor)
    authority = row.authority(case)
    above = level_above(authority, at) if authority is not None else None
    if above is None:
        raise NotAllowed(_("Only the level above an authority does this."))
    check_officer(actor, above, at, levels=ORDERING)
    check_not_own_case(actor, row.sides(case), at)
    check_not_recused(actor, case)


def may_ask_report(actor: Any, case: Any, at: datetime) -> bool:
    return type(case) in ROWS and is_allowed(check_can_ask_report, actor, case, at)


def check_can_take(actor: Any, case: Any, at: datetime) -> None:
    """Whoever could ask for a report on it, of what does not stay with who has it."""
    check_can_ask_report(actor, case, at)
    if words := ROWS[type(case)].stays(case):
        raise NotAllowed(words)


def check_can_answer_inquiry(actor: Any, inquiry: Inquiry, at: datetime) -> None:
    """An officer of the authority that was asked, of whatever level, on no side of the case that it is about."""
    check_officer(actor, inquiry.authority, at)
    check_not_own_case(actor, [inquiry.party, *ROWS[type(inquiry.subject)].sides(inquiry.subject)], at)
