"""Who reports, who orders. Art. 33 belongs to the province and the cities, never to a county, never to a job."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import CapabilityKind, Party, RegionLevel
from accounts.permissions import (
    MANAGERS,
    check_acts_for,
    check_added_evidence,
    check_is_person,
    check_member,
    check_not_own_case,
    check_not_recused,
    check_officer,
    check_other_than,
    check_recused_from_none,
)
from accounts.queries import authority_level, parties_as
from listings.models import Version, VersionSource, is_provincial_officer
from listings.permissions import check_can_review, check_reviewer, parties_of_version
from marketplace.applications.models import Grant
from marketplace.applications.permissions import parties_of_case
from marketplace.errors import NotAllowed, is_allowed
from marketplace.ledger.models import Entry
from marketplace.ledger.queries import detail_of, history
from marketplace.supervision.closeout import checker_of
from marketplace.supervision.concern import Concern
from marketplace.supervision.deadlines import Due
from marketplace.supervision.inspections import OPEN_INSPECTION, Inspection
from marketplace.supervision.measure_kinds import KINDS, Issuer, MeasureKind
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.preparedness import EmergencyPlan
from marketplace.supervision.review import Review, adverse_acts, proposals_of
from marketplace.supervision.second_pair import Outcome, Signature, waiting_signature
from marketplace.supervision.standing import StandingRule
from marketplace.supervision.states import LIVING_CONCERN, DerivedState, FindingState, MeasureState, ReportState

ORDERING = (RegionLevel.PROVINCE, RegionLevel.CITY)


def parties_of_grant(grant: Grant) -> list[Party]:
    units = VersionSource.objects.filter(version=grant.from_version_id).values("unit")
    return [grant.buyer, grant.product.seller, *Party.objects.filter(pk__in=units)]


def check_can_file_report(actor: Any, report: UsageReport, at: datetime) -> None:
    """The buyer's people. A duty needs no standing: a lapsed or suspended buyer still reports."""
    check_member(actor, report.grant.buyer, at)


def check_can_supervise(actor: Any, grant: Grant, at: datetime) -> None:
    """An officer of the authority competent for this grant, on nobody's side. Art. 33 is about public data: a breach
    with non-public data is a matter of contract notice and take-down."""
    if not grant.product.is_public_data:
        raise NotAllowed(_("Orders under Art. 33 are about public data."))
    check_officer(actor, grant.authority, at, levels=ORDERING)
    check_not_own_case(actor, parties_of_grant(grant), at)


def check_can_act_on(actor: Any, grant: Grant, at: datetime) -> None:
    """Who supervises it and has stepped back from nothing that is open about it: nobody proposes an order on the grant,
    or pauses it, who may not answer the finding."""
    check_can_supervise(actor, grant, at)
    check_recused_from_none(actor, *open_about([grant]))


def open_about(grants: Sequence[Grant]) -> list[QuerySet[Any]]:
    """What waits for an answer about one of these grants: findings, reports of misuse and of use, inspections."""
    reported = Q(grant__in=grants) | Q(derived__built_from__grant__in=grants)
    return [
        Finding.objects.filter(grant__in=grants, state=FindingState.OPEN),
        Concern.objects.filter(reported, state__in=LIVING_CONCERN),
        UsageReport.objects.filter(grant__in=grants, state=ReportState.FILED),
        Inspection.objects.filter(grant__in=grants, state__in=OPEN_INSPECTION),
    ]


def check_is_in_charge(actor: Any, grant: Grant, at: datetime) -> None:
    """An officer of the competent authority, on nobody's side; of non-public data who signs for the seller, and where
    the seller has ended the officer again."""
    checker = checker_of(grant)
    if checker == grant.authority:
        check_officer(actor, grant.authority, at, levels=ORDERING)
        check_not_own_case(actor, parties_of_grant(grant), at)
    else:
        check_member(actor, checker, at, roles=MANAGERS)
        check_not_own_case(actor, [grant.buyer], at)


def check_can_judge_report(actor: Any, report: UsageReport, at: datetime) -> None:
    check_can_supervise(actor, report.grant, at)
    check_not_recused(actor, report)


def check_can_answer_finding(actor: Any, finding: Finding, at: datetime) -> None:
    """About a grant, whoever supervises it, of non-public data its compliance reviewer; about a version, whoever
    reviews it; about a party alone, an officer of the authority over it; nobody who is recused."""
    if finding.version is not None:
        check_can_review(actor, finding.version, at)
    elif finding.grant is not None and finding.reviewer is None:
        check_can_supervise(actor, finding.grant, at)
    elif finding.reviewer is not None:
        check_reviewer(actor, finding.reviewer, at)
        check_not_own_case(actor, sides_of_finding(finding), at)
    else:
        check_officer(actor, finding.authority, at)
        check_not_own_case(actor, sides_of_finding(finding), at)
    check_not_recused(actor, finding)


def sides_of_finding(finding: Finding) -> list[Party]:
    """First whose case it is, then whose data is concerned."""
    if finding.grant is not None:
        return [finding.party, *parties_of_grant(finding.grant)]
    return [finding.party, *(parties_of_version(finding.version) if finding.version is not None else [])]


def check_can_order(actor: Any, measure: Measure, at: datetime) -> None:
    """Who signs a measure of this kind, and never in their own case: for an authority's order, an officer of a level
    that the article names, competent for every grant of it; for a contract notice, who signs for the seller. Nobody
    who is recused."""
    _check_signs(actor, measure, at)
    check_not_recused(actor, measure)


def _check_signs(actor: Any, measure: Measure, at: datetime) -> None:
    if measure.rules.issuer == Issuer.SELLER:
        return check_can_give_notice(actor, measure, at)
    if measure.rules.issuer == Issuer.REVIEWER:
        assert measure.version is not None  # a constraint says so
        check_reviewer(actor, measure.issuer, at)
        return check_not_own_case(actor, parties_of_version(measure.version), at)
    check_officer(actor, measure.authority, at, levels=measure.rules.levels)
    check_not_own_case(actor, [measure.party], at)
    for held in measure.held.select_related("grant__buyer", "grant__product__seller"):
        check_not_own_case(actor, parties_of_grant(held.grant), at)
        if held.grant.authority_id != measure.authority_id:
            raise NotAllowed(_("This authority is not competent for grant %(number)s.") % {"number": held.grant.number})


def check_can_give_notice(actor: Any, measure: Measure, at: datetime) -> None:
    assert measure.issuer is not None  # a constraint says so
    _check_protects_as_seller(actor, measure.issuer, measure.party, at)


def check_can_take_down(actor: Any, version: Version, at: datetime) -> None:
    """The compliance reviewer of this non-public data; of public data the authority holds and recalls."""
    if version.product.is_public_data:
        raise NotAllowed(_("Take-downs are about non-public data."))
    check_can_review(actor, version, at)


def check_can_require_take_down(actor: Any, version: Version, at: datetime) -> Party:
    """An officer of the province, on nobody's side. Returns the authority."""
    check_is_person(actor)
    if version.product.is_public_data or not is_provincial_officer(actor):
        raise NotAllowed(_("The province requires a take-down of non-public data, nobody else."))
    check_not_own_case(actor, parties_of_version(version), at)
    return parties_as(actor, CapabilityKind.AUTHORITY, at).order_by("pk")[0]


def check_may_require_take_down(actor: Any, version: Version, at: datetime) -> None:
    check_can_require_take_down(actor, version, at)


def check_can_confirm(actor: Any, measure: Measure, at: datetime) -> None:
    """Who could sign it, and another than who did: neither signs in the other's place, nor both in that of a third."""
    check_can_sign(actor, measure, at)
    first = waiting_signature(measure)
    if first is None:
        return
    given_for = (first.acting_for or first.by).ledger_ref
    if first.by == actor or (actor.acting_for or actor.ledger_ref) == given_for:
        raise NotAllowed(
            _("You signed this, or somebody in the place of the same person: another officer confirms it.")
        )


def check_can_sign(actor: Any, measure: Measure, at: datetime) -> None:
    """What may take two: who issues it and, once a refusal was found, who ends it."""
    check = check_can_end if measure.state == MeasureState.REFUSED_TO_CORRECT else check_can_order
    check(actor, measure, at)


def check_can_end(actor: Any, measure: Measure, at: datetime) -> None:
    """Who signs it; what the province required, the province: not dropped, lifted or made final by who has to carry it
    out. Where its seller has ended, an officer of the authority."""
    if measure.required_by is None and not measure.is_left:
        return check_can_order(actor, measure, at)
    check_officer(actor, measure.closer, at)
    check_not_own_case(actor, [measure.party], at)
    check_not_recused(actor, measure)


def check_can_notify(actor: Any, grant: Grant, at: datetime) -> None:
    """Who signs for the seller of non-public data; a breach with public data is the authority's matter (Art. 33)."""
    if grant.product.is_public_data:
        raise NotAllowed(_("Contract notices are about non-public data."))
    _check_protects_as_seller(actor, grant.product.seller, grant.buyer, at)


def _check_protects_as_seller(actor: Any, seller: Party, buyer: Party, at: datetime) -> None:
    """An owner or manager of the seller who does not belong to the buyer. To protect its own data needs no standing: of
    non-public data nobody else can suspend a buyer that breaks the contract."""
    check_member(actor, seller, at, roles=MANAGERS)
    check_not_own_case(actor, [buyer], at)


def check_can_order_here(actor: Any, authority: Party, at: datetime) -> None:
    """An officer of an authority of whatever level (Art. 46); against whom is checked with the party."""
    check_officer(actor, authority, at)


def check_can_order_platform(actor: Any, authority: Party, at: datetime) -> None:
    """An officer of a city or the province (Art. 47)."""
    check_officer(actor, authority, at, levels=KINDS[MeasureKind.ORDER_47].levels)


def check_can_annul(actor: Any, measure: Measure, at: datetime) -> None:
    """Another person than who issued it, or in whose place it was issued, among those who could lift it; nor a deputy
    in the place of such a person."""
    check_can_end(actor, measure, at)
    authors = _authors(history([measure]).filter(verb=measure.rules.issued_as)) | _signed(measure)
    check_other_than(actor, authors, _("Somebody else than the officer who issued an order may annul it."))


def _authors(acts: QuerySet[Entry]) -> set[str]:
    """Who did this, and in whose place."""
    names = [(act.actor_ref, detail_of(act).get("acting_for", "")) for act in acts.select_related("detail")]
    return {name for pair in names for name in pair if name}


def _signed(measure: Measure) -> set[str]:
    """Who has signed it, where it took two."""
    signed = Signature.objects.filter(measure=measure, outcome=Outcome.CONFIRMED).select_related("by")
    return {one.by.ledger_ref for one in signed}


def check_can_respond(actor: Any, measure: Measure, at: datetime) -> None:
    """The party against which the order goes. Suspended or lapsed, it may always correct and be heard."""
    check_member(actor, measure.party, at)


def check_can_withdraw_measure_evidence(actor: Any, measure: Measure, at: datetime) -> None:
    check_can_respond(actor, measure, at)
    check_added_evidence(actor, measure)


def check_can_withdraw_finding_evidence(actor: Any, finding: Finding, at: datetime) -> None:
    check_can_answer_finding(actor, finding, at)
    check_added_evidence(actor, finding)


Proved = Measure | Finding | Concern | Review | EmergencyPlan


def check_can_read_case_evidence(actor: Any, case: Proved, at: datetime) -> None:
    """Whoever the case is visible to, and an overseer who has said why: the caller has seen to that."""
    check_is_person(actor)


def check_can_ask_for_review(actor: Any, party: Party, at: datetime) -> None:
    """Who was refused, or against whom the order goes. Suspended or lapsed, it may always ask."""
    check_member(actor, party, at)


def check_can_keep_review(actor: Any, review: Review, at: datetime) -> None:
    check_can_ask_for_review(actor, review.party, at)


def check_can_withdraw_review_evidence(actor: Any, review: Review, at: datetime) -> None:
    check_can_keep_review(actor, review, at)
    check_added_evidence(actor, review)


def check_can_decide_review(actor: Any, review: Review, at: datetime) -> None:
    """Another officer of the authority than who decided, or one of the level above; on nobody's side, and not recused.

    Of what the compliance review, or on parties the operator, refused: another of its people, or such an officer. Of a
    take-down that the province required: another officer of the province than who required it.
    """
    reviewing_party(actor, review, at)
    check_not_recused(actor, review)  # first: it may find another person in whose place a deputy acts
    authors = _authors(adverse_acts(review.subject))
    if review.measure:
        authors |= _signed(review.measure)
    if review.measure and review.measure.required_by:
        authors |= _authors(proposals_of(review.measure))
    check_other_than(actor, authors, _("Somebody else than who decided reviews it."))
    check_not_own_case(actor, parties_of_review(review), at)


def check_can_recuse(actor: Any, review: Review, at: datetime) -> None:
    """Whoever could otherwise be asked to decide it, once."""
    reviewing_party(actor, review, at)
    check_not_recused(actor, review)


def reviewing_party(actor: Any, review: Review, at: datetime) -> Party:
    """In whose name the actor reviews: the level above, the compliance review (on parties the operator), or else the
    authority. NotAllowed."""
    check_is_person(actor)
    if review.above is not None and is_allowed(check_officer, actor, review.above, at):
        check_officer(actor, review.above, at)  # again: a deputy acts for somebody from here on
        return review.above
    kind = CapabilityKind.REVIEWER if review.registration is None else CapabilityKind.OPERATOR
    if review.reviewer is not None and is_allowed(check_acts_for, actor, review.reviewer, kind, at):
        check_acts_for(actor, review.reviewer, kind, at)
        return review.reviewer
    check_officer(actor, review.authority, at)
    return review.authority


def parties_of_review(review: Review) -> list[Party]:
    """Whose case the decision was: whoever belongs to one of them reviews it no more than they may take it."""
    if review.measure is not None:
        held = review.measure.held.select_related("grant__buyer", "grant__product__seller")
        return [review.party, *(party for row in held for party in parties_of_grant(row.grant))]
    if review.caution is not None or review.registration is not None:
        return [review.party]
    if version := review.version or (review.rule and review.rule.basis):
        return parties_of_version(version)
    grant = review.grant or (review.edition and review.edition.grant)
    item = grant.item if grant else review.item
    application = item.application if item else review.application
    assert application is not None  # it is about one of them
    return parties_of_case(application)


def check_can_sign_rule(actor: Any, authority: Party, at: datetime) -> bool:
    """An officer of a city or of the province; returns whether the rule holds for every authority: the province's."""
    check_officer(actor, authority, at, levels=ORDERING)
    return authority_level(authority, at) == RegionLevel.PROVINCE


def check_can_withdraw_rule(actor: Any, rule: StandingRule, at: datetime) -> None:
    """The authority that signed it; what holds for all, any officer of the province."""
    if not rule.is_for_all:
        return check_officer(actor, rule.authority, at, levels=ORDERING)
    check_is_person(actor)
    if not is_provincial_officer(actor):
        raise NotAllowed(_("What holds for every authority is withdrawn by the province."))


def check_can_explain(actor: Any, due: Due, at: datetime) -> None:
    """Somebody of the authority that the deadline binds, or of the compliance review in its place; of one's own case
    nobody."""
    kind = CapabilityKind.REVIEWER if due.is_instead else CapabilityKind.AUTHORITY
    check_acts_for(actor, due.owner, kind, at)
    if due.party is not None and due.party != due.owner:
        check_not_own_case(actor, [due.party], at)


def check_can_register_derived(actor: Any, party: Party, at: datetime) -> None:
    """Who had the data delivered. To name sources is a duty and needs no standing: a lapsed buyer may be ordered to."""
    check_member(actor, party, at)


def check_can_list_derived(actor: Any, derived: DerivedProduct, at: datetime) -> None:
    """Its developer, a verified buyer: listing is an act of trade, unlike keeping the page and naming its sources."""
    check_acts_for(actor, derived.party, CapabilityKind.BUYER, at)


def check_can_keep_derived(actor: Any, derived: DerivedProduct, at: datetime) -> None:
    check_member(actor, derived.party, at)


def check_can_withdraw_derived(actor: Any, derived: DerivedProduct, at: datetime) -> None:
    """Who keeps it; of a flagged one also the officer who could clear it."""
    try:
        check_can_keep_derived(actor, derived, at)
    except NotAllowed:
        if derived.state != DerivedState.FLAGGED:
            raise
        check_can_clear_derived(actor, derived, at)


def check_can_clear_derived(actor: Any, derived: DerivedProduct, at: datetime) -> None:
    """An officer of the authority whose ended grants flagged it; where these are of several, of the province. On
    nobody's side."""
    authorities = list(derived.flagged_by)
    if len(authorities) == 1:
        check_officer(actor, authorities[0], at, levels=ORDERING)
    else:
        check_is_person(actor)
        if not is_provincial_officer(actor):
            raise NotAllowed(_("Grants of several authorities are concerned: the province decides."))
    check_not_own_case(actor, parties_of_derived(derived), at)


def parties_of_derived(derived: DerivedProduct) -> list[Party]:
    uses = derived.built_from.select_related("grant__buyer", "grant__product__seller")
    return [derived.party, *(party for use in uses for party in parties_of_grant(use.grant))]


def check_can_prepare(actor: Any, unit: Party, at: datetime) -> None:
    """The unit's people (Art. 34)."""
    check_acts_for(actor, unit, CapabilityKind.UNIT, at)


def check_can_keep_plan(actor: Any, plan: EmergencyPlan, at: datetime) -> None:
    """A duty needs no standing: a unit whose verification has lapsed still prepares."""
    check_member(actor, plan.unit, at)


def check_can_withdraw_plan_evidence(actor: Any, plan: EmergencyPlan, at: datetime) -> None:
    check_can_keep_plan(actor, plan, at)
    check_added_evidence(actor, plan)
