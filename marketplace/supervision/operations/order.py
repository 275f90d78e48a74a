"""Measures: an order under Art. 33, 46 or 47, a contract notice. `measure_kinds.py` says what each kind provides.

Ordering correction and suspending are one act; only termination is a choice. A job may propose; a person signs.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.permissions import check_not_own_case, check_recused_from_none
from accounts.queries import recipients
from marketplace import workflow
from marketplace.applications.models import Grant, Hold, HoldCode
from marketplace.applications.operations import end_grant, lift_hold, open_hold
from marketplace.applications.operations.grant import GIVEN_UP, stop_built
from marketplace.applications.states import LIVING_GRANT, GrantState, HoldState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after, last_day, local_date
from marketplace.documents.models import Paper
from marketplace.documents.operations import void_documents
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Recipient, tell
from marketplace.supervision import permissions
from marketplace.supervision.models import Finding, GrantOutcome, Measure, MeasureGrant
from marketplace.supervision.operations import papers, taken_down
from marketplace.supervision.operations.derived import flag_built, unflag_derived
from marketplace.supervision.operations.finding import close_finding
from marketplace.supervision.operations.proposing import ended_with
from marketplace.supervision.operations.second_pair import overtake_signature, sign_first
from marketplace.supervision.operations.service import check_has_read
from marketplace.supervision.queries import further_grants
from marketplace.supervision.review import check_not_stayed
from marketplace.supervision.second_pair import What
from marketplace.supervision.states import STANDING_MEASURE, FindingState, MeasureState

LEAST_DAYS, MOST_DAYS = 3, 60  # working days to correct that an officer may set


@transaction.atomic
def issue_order(
    *, measure: Measure, actor: User, at: datetime, facts: str, demand: str, remedy: str, days: int | None = None,
    grants: Sequence[Grant] = (),
) -> None:  # fmt: skip
    """proposed → issued, **and** every grant of the measure suspended, in one transaction.

    Numbers it, starts the clock of the correction with `days` working days (None: the site's number), names the remedy.
    A finding it answers is closed by it. An order under Art. 46 or 47 holds no grant. One under Art. 33 also holds
    `grants`, chosen among the other grants of the party that its authority is competent for; one that is only offered
    begins suspended. The actor must be on no side of any of them. What the province required is issued in its words.
    Where the authority wants two officers, it is signed by the first here and takes effect when another confirms it.
    """
    permissions.check_can_order(actor, measure, at)
    require(facts=facts, demand=demand, remedy=remedy)
    check_days_to_correct(days)
    workflow.check_in(measure, MeasureState.PROPOSED)
    _check_as_required(measure, facts=facts, demand=demand)
    texts: dict[str, Any] = {
        "facts": facts, "demand": demand, "remedy": remedy, "days": days or clock.days(Kind.CORRECTION),
    }  # fmt: skip
    if grants:
        check_can_hold_also(actor, measure, grants, at)
    if sign_first(measure, What.ISSUE, actor, at, {**texts, "grants": [ledger.reference(grant) for grant in grants]}):
        return
    if grants:
        hold_also(measure, grants, actor, at)
    issue(ledger.begin(measure.rules.issued_as, actor, at, measure.article), measure, **texts)


def _check_as_required(measure: Measure, **texts: str) -> None:
    """What the province required is issued in its words; ValidationError names each text that is another."""
    changed = [name for name, text in texts.items() if text.split() != getattr(measure, name).split()]
    if measure.required_by is not None and changed:
        raise ValidationError({name: _("The province required this: it is issued in its words.") for name in changed})


def check_days_to_correct(days: int | None) -> None:
    if days is not None and not LEAST_DAYS <= days <= MOST_DAYS:
        limits = {"least": LEAST_DAYS, "most": MOST_DAYS}
        raise ValidationError({"days": _("Between %(least)s and %(most)s working days.") % limits})


def check_can_hold_also(actor: User, measure: Measure, grants: Sequence[Grant], at: datetime) -> None:
    """Part of signing, by one officer or each of two: on no side of a grant that the measure would hold as well, nor
    recused from what is open about it. Raises ValidationError where one is none of the party's further grants."""
    if not measure.may_hold_all:
        raise InvalidState(_("A measure of this kind names what it holds."))
    further = further_grants(measure, at).in_bulk()
    if not {grant.pk for grant in grants} <= further.keys():
        raise ValidationError({"grants": _("Choose among the other grants that this party has or is offered.")})
    for grant in (further[grant.pk] for grant in grants):
        check_not_own_case(actor, permissions.parties_of_grant(grant), at)
    check_recused_from_none(actor, *permissions.open_about(grants))


def hold_also(measure: Measure, grants: Sequence[Grant], actor: User, at: datetime) -> None:
    """Part of signing: the measure names these grants of the party, too."""
    workflow.check_in(measure, MeasureState.PROPOSED)
    keys = sorted({grant.pk for grant in grants})
    list(Grant.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    MeasureGrant.objects.bulk_create(MeasureGrant(measure=measure, grant_id=key) for key in keys)
    permissions.check_can_order(actor, measure, at)  # again, of all that it holds now


def issue(act: ledger.Act, measure: Measure, *, days: int | None = None, **texts: str) -> None:
    """Part of signing one order or several of them: `facts`, `demand`, `remedy`; with several, the `reason` as well.
    `days` as in `issue_order`."""
    workflow.check_in(measure, MeasureState.PROPOSED)
    if is_outdated(measure):
        raise InvalidState(_("Its finding is closed meanwhile: drop this proposal, or propose another order."))
    if measure.version is not None:
        taken_down.check_alone(measure)
    days = days or clock.days(Kind.CORRECTION)
    said = {name: texts[name] for name in ("facts", "demand", "remedy")}
    held = Grant.objects.filter(measures__measure=measure).order_by("pk")
    workflow.move(
        act, measure, MeasureState.ISSUED, number=_next_number(measure, act.at), issued_at=act.at, issued_by=act.actor,
        deemed_served_at=due_after(act.at, clock.days(Kind.SERVICE)),
        detail={**texts, "days": days} | ({"grants": list(held)} if measure.rules.suspends else {}), **said,
    )  # fmt: skip
    _suspend(act, measure)
    due = clock.start(measure, Kind.CORRECTION, act.at, length=days).due_at
    finding = Finding.objects.filter(measures=measure, state=FindingState.OPEN).first()
    if finding is not None:
        close_finding(act, finding, FindingState.MEASURE)
    tell_party(act, measure, measure.demand, correct_until=last_day(due))
    paper = Paper.ORDER if measure.rules.suspends else Paper.CORRECTION
    papers.write_measure(act, measure, paper, remedy=measure.remedy)


def _suspend(act: ledger.Act, measure: Measure) -> None:
    if measure.version is not None:
        clock.stop(measure, act.at, Kind.TAKE_DOWN)
        taken_down.hold(act, measure)
    if not measure.rules.suspends:
        return
    grants = _living_grants(measure)
    if not any(grant.state == GrantState.ACTIVE for grant in grants):
        raise InvalidState(_("None of its grants is active any more: there is nothing to suspend. Drop the proposal."))
    for grant in grants:
        open_hold(act, grant, HoldCode.MEASURE, ledger.reference(measure), reason=measure.demand)


@transaction.atomic
def drop_order(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """proposed → dropped, with reasons. Nobody is suspended by a proposal, so nothing else changes. What the province
    required is dropped by the province; the reviewer who was asked for it is told."""
    permissions.check_can_end(actor, measure, at)
    require(reason=reason)
    act = ledger.begin("drop_order", actor, at, measure.article)
    workflow.move(act, measure, MeasureState.DROPPED, detail={"reason": reason})
    overtake_signature(act, measure)
    clock.stop(measure, at)
    if measure.required_by is not None and measure.issuer is not None:
        tell(
            act, recipients(measure.issuer, at, measure.party), "measure_moved", link=measure.get_absolute_url(),
            number=measure, state=MeasureState(measure.state).label, reason=reason,
        )  # fmt: skip


@transaction.atomic
def lift_order(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """issued, evidence filed or refusal found → lifted: its holds go. A grant resumes when none is left. What the
    province required is lifted by the province."""
    permissions.check_can_end(actor, measure, at)
    require(reason=reason)
    act = ledger.begin("lift_order", actor, at, measure.article)
    workflow.move(act, measure, MeasureState.LIFTED, detail={"reason": reason})
    _release(act, measure, GrantOutcome.RESUMED, reason)
    tell_party(act, measure, reason)
    papers.write_measure(act, measure, Paper.LIFTING, reason)


@transaction.atomic
def annul_order(*, measure: Measure, actor: User, at: datetime, reason: str) -> None:
    """A standing order → annulled by another officer than its author: it ought never to have been issued."""
    permissions.check_can_annul(actor, measure, at)
    require(reason=reason)
    workflow.check_in(measure, *STANDING_MEASURE)  # what is over, only a review annuls
    act = ledger.begin("annul_order", actor, at, "Art. 45")
    annul(act, measure, reason)
    papers.write_measure(act, measure, Paper.ANNULMENT, reason)


def annul(act: ledger.Act, measure: Measure, reason: str) -> None:
    """Part of annulling, and of a review, which also reaches an order that is over: grants that ended stay ended, what
    everybody could see of it goes: flags of derived products, the validity of its documents, its line in the register.
    """
    change = workflow.move if measure.state in STANDING_MEASURE else workflow.reopen
    change(act, measure, MeasureState.ANNULLED, detail={"reason": reason})
    _release(act, measure, GrantOutcome.ANNULLED, reason)
    unflag_derived(act, measure, reason)
    void_documents(act, measure)
    tell_party(act, measure, reason)


def pause_measure(act: ledger.Act, measure: Measure, reason: str) -> None:
    """Part of a review: what the order holds is served again for the time; the time to correct, the time to be heard
    and the time to decide stand still."""
    for held in measure.held.filter(outcome="").select_related("grant__buyer").order_by("pk"):
        lift_hold(act, held.grant, HoldCode.MEASURE, ledger.reference(measure))
    if measure.version is not None:
        taken_down.give_back(act, measure, reason)
    for kind in (Kind.CORRECTION, Kind.HEARING, Kind.HEARD, Kind.JUDGEMENT):
        clock.pause(measure, kind, act.at)


def resume_measure(act: ledger.Act, measure: Measure) -> None:
    """Part of a review: an order that still stands suspends again; the time of both sides goes on."""
    if measure.state not in STANDING_MEASURE:
        return
    for grant in _living_grants(measure):
        open_hold(act, grant, HoldCode.MEASURE, ledger.reference(measure), reason=measure.demand)
    if measure.version is not None:
        taken_down.hold_again(act, measure)
    for kind in (Kind.HEARING, Kind.HEARD, Kind.JUDGEMENT):
        clock.go_on(measure, kind, act.at)
    if measure.state == MeasureState.ISSUED:
        clock.go_on(measure, Kind.CORRECTION, act.at)


def release_grants(act: ledger.Act, measure: Measure, grants: Sequence[Grant]) -> None:
    """Part of a review that varies an order: these are not suspended by it any more."""
    for grant in grants:
        lift_hold(act, grant, HoldCode.MEASURE, ledger.reference(measure))
    measure.held.filter(grant__in=grants).update(outcome=GrantOutcome.ANNULLED)


@transaction.atomic
def terminate_service(
    *, measure: Measure, actor: User, at: datetime, reason: str, remedy: str, findings: Sequence[Finding] = ()
) -> None:
    """refusal found → terminated: the grants end, their holds stay, what was built from them is flagged; after a
    contract notice nothing is flagged, and keeper and seller are told. What is still offered is accepted no more. One
    that was closed under it, as by a merger, stays closed, and what was built from it is flagged as well.

    A choice of the authority ("may"), of a contract notice of the seller: never automatic, and only after a refusal to
    correct was found. InvalidState while the actor has not read all that the party filed. An order's termination also
    closes `findings`, further open ones about its grants that the actor may answer.
    """
    permissions.check_can_order(actor, measure, at)
    check_ends_as(measure, MeasureState.TERMINATED)
    require(reason=reason, remedy=remedy)
    check_may_end(measure, actor)
    _check_something_ends(measure)
    keys = {finding.pk for finding in findings}
    if not keys <= set(ended_with(measure, actor, at).values_list("pk", flat=True)):
        raise ValidationError({"findings": _("Name open findings about the same.")})
    texts: dict[str, Any] = {"reason": reason, "remedy": remedy}
    if keys:
        texts["findings"] = sorted(keys)
    if not sign_first(measure, What.TERMINATE, actor, at, texts):
        terminate(ledger.begin("terminate", actor, at, measure.article), measure, **texts)


def terminate(act: ledger.Act, measure: Measure, *, reason: str, remedy: str, findings: Sequence[int] = ()) -> None:
    """Part of terminating, by one officer or the second of two. Of the `findings` those are closed that are still open
    and that this one may answer as well."""
    check_may_end(measure, act.actor)
    grants = _check_something_ends(measure)
    answered = list(
        ended_with(measure, act.actor, act.at).filter(pk__in=findings).select_for_update(of=("self",)).order_by("pk")
    )
    workflow.move(act, measure, MeasureState.TERMINATED, detail={"reason": reason, "remedy": remedy})
    for grant in grants:
        end = GrantState.DECLINED if grant.state == GrantState.OFFERED else GrantState.TERMINATED
        end_grant(act, grant, end, reason=f"{reason} {remedy}")
    given_up = list(_given_up(measure).order_by("pk"))
    for grant in given_up:
        if grant.product.is_public_data:
            stop_built(act, grant, GrantState.TERMINATED)
    over = [*grants, *given_up]
    measure.held.filter(grant__in=over).update(outcome=GrantOutcome.TERMINATED)
    flag_built(act, measure, over)
    for finding in answered:
        close_finding(act, finding, FindingState.MEASURE)
    clock.stop(measure, act.at)
    tell_party(act, measure, f"{reason} {remedy}")
    papers.write_measure(act, measure, Paper.TERMINATION, reason, remedy)


@transaction.atomic
def refer_order(*, measure: Measure, actor: User, at: datetime, referred_to: str, referral: str, remedy: str) -> None:
    """refusal found → referred: discipline is decided elsewhere (Arts 46, 47); here it is said to whom, and with which
    words. The party is told both, and its remedy. Where the authority wants two officers, another confirms it first."""
    permissions.check_can_order(actor, measure, at)
    check_ends_as(measure, MeasureState.REFERRED)
    texts = {"referred_to": referred_to, "referral": referral, "remedy": remedy}
    require(**texts)
    check_may_end(measure, actor)
    if not sign_first(measure, What.REFER, actor, at, texts):
        refer(ledger.begin("refer_order", actor, at, measure.article), measure, **texts)


def refer(act: ledger.Act, measure: Measure, *, referred_to: str, referral: str, remedy: str) -> None:
    """Part of referring, by one officer or the second of two."""
    check_may_end(measure, act.actor)
    workflow.move(
        act, measure, MeasureState.REFERRED, referred_to=referred_to, referral=referral,
        detail={"referred_to": referred_to, "text": referral, "remedy": remedy},
    )  # fmt: skip
    clock.stop(measure, act.at)
    tell_party(act, measure, f"{referred_to}: {referral} {remedy}")
    papers.write_measure(act, measure, Paper.REFERRAL, f"{referred_to}\n{referral}", remedy)


def check_may_end(measure: Measure, actor: Any) -> None:
    """Part of what ends a case after a refusal, asked of each who signs. Holds the measure: what is filed meanwhile
    waits. Nothing stays it, and this person has read all that was filed, also since the refusal was found."""
    measure.refresh_from_db(from_queryset=Measure.objects.select_for_update())
    workflow.check_in(measure, MeasureState.REFUSED_TO_CORRECT)
    check_not_stayed(measure)
    check_has_read(measure, actor)


def _check_something_ends(measure: Measure) -> list[Grant]:
    """The grants that terminating ends. Raises InvalidState where there is nothing to end."""
    grants = _living_grants(measure)
    if not has_something_to_end(measure):
        raise InvalidState(_("None of its grants is active any more: there is nothing to terminate. Lift the measure."))
    return grants


def has_something_to_end(measure: Measure) -> bool:
    """A grant that runs or may yet: being offered, or revoked, it may come back by a review. Or one that was given up
    under it: what was built from that stands as before."""
    living = measure.held.filter(outcome="", grant__state__in=(*LIVING_GRANT, GrantState.REVOKED))
    return living.exists() or _given_up(measure).exists()


def _given_up(measure: Measure) -> QuerySet[Grant]:
    """The grants that it has held and that were closed since: by a merger, or when their period was over."""
    held = Hold.objects.filter(code=HoldCode.MEASURE, source_ref=ledger.reference(measure))
    rows = Grant.objects.filter(state__in=GIVEN_UP, measures__measure=measure, measures__outcome="")
    return rows.filter(pk__in=held.values("grant")).select_related("product")


def check_ends_as(measure: Measure, state: str) -> None:
    if measure.rules.ends_as != state:
        raise InvalidState(_("A measure of this kind does not end like this."))


def is_outdated(measure: Measure) -> bool:
    """Whether the finding that a proposal answers was closed meanwhile: the duty was done, an officer dismissed it, or
    merged it, or another measure answers it."""
    return Finding.objects.filter(measures=measure).exclude(state=FindingState.OPEN).exists()


def watching(measure: Measure, at: datetime) -> list[Recipient]:
    """The people of the authority, which sees all that another issues; where one required it, its people, and those who
    carry it out."""
    parties = {measure.authority, measure.required_by} if measure.issuer is not None else set()
    if measure.required_by is not None:
        parties.add(measure.issuer)
    return [to for party in parties if party is not None for to in recipients(party, at)]


def tell_party(act: ledger.Act, measure: Measure, reason: str, **more: Any) -> None:
    people = recipients(measure.party, act.at) + watching(measure, act.at)
    tell(
        act, people, "measure_moved", link=measure.get_absolute_url(),
        number=measure.number, state=MeasureState(measure.state).label, reason=reason, **more,
    )  # fmt: skip


def _release(act: ledger.Act, measure: Measure, outcome: str, reason: str) -> None:
    overtake_signature(act, measure)
    new = HoldState.ANNULLED if outcome == GrantOutcome.ANNULLED else HoldState.LIFTED
    for held in measure.held.select_related("grant__buyer"):
        lift_hold(act, held.grant, HoldCode.MEASURE, ledger.reference(measure), new)
    measure.held.exclude(outcome=GrantOutcome.ANNULLED).update(outcome=outcome)
    if measure.version is not None:
        taken_down.give_back(act, measure, reason)
    clock.stop(measure, act.at)


def _living_grants(measure: Measure) -> list[Grant]:
    """Locked, so that none is given back or accepted while the order is being signed."""
    return list(
        Grant.objects.filter(state__in=LIVING_GRANT, measures__measure=measure, measures__outcome="")
        .select_related("buyer", "product__seller", "authority")
        .select_for_update(of=("self",))
        .order_by("pk")
    )


def _next_number(measure: Measure, at: datetime) -> str:
    """`350000-33-2026-0001`: region, article, year, running number within the year of who issues it. A seller's begins
    with the seller's own number."""
    # not its key: whoever lifts meanwhile holds a grant and names the party in a document, and would wait for us
    signatory = Party.objects.select_for_update(no_key=True).get(pk=measure.signatory.pk)
    place = signatory.region_id if measure.issuer_id is None else f"P{signatory.pk:06d}"
    prefix = f"{place}-{measure.rules.sign}-{local_date(at).year}-"
    issued = Measure.objects.filter(number__startswith=prefix).count()
    return f"{prefix}{issued + 1:04d}"
