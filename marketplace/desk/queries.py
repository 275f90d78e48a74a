"""What is asked of a person: computed from states and clocks, never stored."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.models import Assignment, AssignmentRole, CapabilityKind, Party
from accounts.permissions import MANAGERS
from accounts.queries import memberships, recent_parties
from accounts.reach import Reach, reach_of, stepped_back
from accounts.states import PartyState
from listings.models import CatalogueEntry, DescriptionChange, Objection, ReleaseRule, Version
from listings.states import ChangeState, EntryState, RuleState, VersionState
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Route
from marketplace.applications.operations.dialogue import IN_HAND
from marketplace.applications.states import ApplicationState, ConsultationState, EditionState, GrantState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import end_of_day, local_date
from marketplace.supervision.closeout import Certificate, CertificateState, asked, whereabouts_asked
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.evidence_time import kept_as_evidence
from marketplace.supervision.incidents import Incident
from marketplace.supervision.measure_kinds import MeasureKind
from marketplace.supervision.models import Finding, Measure, UsageReport
from marketplace.supervision.queries import flagged_for, with_deadline
from marketplace.supervision.review import Review, decidable_by
from marketplace.supervision.states import STANDING_MEASURE, ConcernState, FindingState, MeasureState, ReportState

RENEW_DAYS = 60  # a verification that ends within these is to be renewed


class Task(NamedTuple):
    """One thing to do: what, on which object, until when (None: no deadline), or since when that stands still."""

    label: Any
    obj: Any
    due_at: datetime | None
    still_since: datetime | None = None

    @property
    def urgency(self) -> list[Any]:
        """Orders the most urgent first, for a page: what has no deadline after it, last what asks for nothing yet."""
        rank = 2 if self.still_since else 1 if self.due_at is None else 0
        due = self.due_at.timestamp() if self.due_at else 0
        return [rank, due, self.obj._meta.label_lower, self.obj.pk, str(self.label)]

    @property
    def party(self) -> Any:
        """Against whom a measure goes: its number alone says nothing to who has ten of them."""
        return self.obj.party if isinstance(self.obj, Measure) else None


class Ask(NamedTuple):
    """Rows that may wait for somebody, and what of each is to be done."""

    rows: Any
    tasks: Callable[[Any], Iterable[Task]]


def todo(user: Any, at: datetime) -> list[Task]:
    """Everything that waits for this person's parties, the most urgent first."""
    who = reach_of(user, at)
    asks = [
        *_as_member(who, at),
        *_left_to(user, _as_officer(user, who, at)),
        *_left_to(user, _as_reviewer(user, who, at)),
        *_left_to(user, _as_seller(user, who, at)),
        *_as_expert(user),
        *_as_operator(user, who, at),
        *_as_overseer(who, at),
    ]
    tasks = [task for ask in _with_rows(asks) for obj in ask.rows for task in ask.tasks(obj)]
    dues = _clocks([task.obj for task in tasks])
    timed = [
        task if task.due_at or task.still_since else task._replace(due_at=dues.get(_key(task.obj))) for task in tasks
    ]
    return sorted(timed, key=attrgetter("urgency"))


def _left_to(user: Any, asks: Iterable[Ask]) -> Iterable[Ask]:
    """But for the cases from which the person has stepped back."""
    for ask in asks:
        yield ask._replace(rows=ask.rows.exclude(stepped_back([user.pk], ask.rows.model)))


def _with_rows(asks: list[Ask]) -> list[Ask]:
    """Those that anything waits for, found in one query: a person has few kinds of things to do at a time."""
    if not asks:
        return []
    kinds = [
        ask.rows.order_by().annotate(ask=Value(number)).values_list("ask", "pk") for number, ask in enumerate(asks)
    ]
    keys: dict[int, list[int]] = {}
    for turn, key in kinds[0].union(*kinds[1:], all=True) if kinds[1:] else kinds[0]:
        keys.setdefault(turn, []).append(key)
    return [
        ask._replace(rows=ask.rows.filter(pk__in=keys[number])) for number, ask in enumerate(asks) if number in keys
    ]


ACKNOWLEDGE = _("Acknowledge the security incident")


def _ask(rows: Any, label: Any, due: Callable[[Any], datetime | None] = lambda obj: None) -> Ask:
    return Ask(rows, lambda obj: [Task(label, obj, due(obj))])


def _by_state(rows: Any, labels: Mapping[Any, Any]) -> Ask:
    """What is to be done depends on the state."""
    return Ask(rows.filter(state__in=list(labels)), lambda obj: [Task(labels[obj.state], obj, None)])


def _as_operator(user: Any, who: Reach, at: datetime) -> Iterable[Ask]:
    mine = who.acting(CapabilityKind.OPERATOR)
    if not mine:
        return
    applied = Party.objects.filter(state=PartyState.APPLIED).order_by("pk")
    yield _ask(applied, _("Verify, return or refuse the registration"))
    renewing = Party.objects.filter(state=PartyState.VERIFIED, renewal_asked_at__isnull=False).order_by("pk")
    yield _ask(renewing, _("Renew the verification"))
    asked = Review.objects.filter(decidable_by(user), registration__isnull=False, reviewer__in=mine)
    yield _ask(_reviews(asked, recent_parties(user, at)), _("Decide on the review"))


def _as_overseer(who: Reach, at: datetime) -> Iterable[Ask]:
    if bodies := who.acting(CapabilityKind.OVERSIGHT):
        yield _ask(Incident.objects.awaiting(bodies).order_by("pk"), ACKNOWLEDGE)


def _of_incidents(mine: tuple[int, ...]) -> Iterable[Ask]:
    """First reports that are owed, and notices to be confirmed."""
    opened = Incident.objects.open()
    owed = opened.filter(Q(authority_told_at=None) | Q(cyberspace_told_at=None), reporter__in=mine)
    yield _ask(owed.order_by("pk"), _("Report the security incident: one hour"))
    told = opened.filter(notices__party__in=mine, notices__confirmed_at=None)
    yield _ask(told.distinct().order_by("pk"), _("Read the notice of a security incident and confirm it"))


def _as_member(who: Reach, at: datetime) -> Iterable[Ask]:
    mine = who.parties
    yield from _of_parties(mine, at)
    versions = Version.objects.filter(product__seller__in=mine).select_related("product").order_by("pk")
    yield _by_state(
        versions,
        {
            VersionState.DRAFT: _("Prepare the version and have it assessed"),
            VersionState.ASSESSED: _("Submit the version for review"),
            VersionState.RETURNED: _("Complete the version and submit it again"),
        },
    )
    changes = DescriptionChange.objects.filter(product__seller__in=mine, state=ChangeState.RETURNED)
    yield _ask(changes.select_related("product").order_by("pk"), _("Correct the new description and propose it again"))
    rules = ReleaseRule.objects.filter(product__seller__in=mine, state=RuleState.RETURNED).select_related("product")
    yield _ask(rules.order_by("pk"), _("Revise the release rule"))
    entries = CatalogueEntry.objects.filter(unit__in=mine, state=EntryState.RETURNED).order_by("pk")
    yield _ask(entries, _("Revise the catalogue entry"))
    faults = Concern.objects.filter(kind=ConcernKind.FAULT, responder__in=mine).order_by("pk")
    yield _by_state(
        faults,
        {
            ConcernState.OPEN: _("Answer the report of faulty data"),
            ConcernState.TAKEN_UP: _("Correct the faulty data"),
        },
    )
    yield from _of_cases(mine)
    offered = Grant.objects.filter(buyer__in=mine, state=GrantState.OFFERED).select_related("product").order_by("pk")
    yield _ask(offered, _("Accept or decline the terms"))
    yield from _of_copies(mine, at)
    owed = UsageReport.objects.owed().filter(grant__buyer__in=mine, end__lt=local_date(at))  # also of ended grants
    reports = owed.select_related("grant").order_by("due_at")
    yield _ask(reports, _("File the usage report"), lambda report: report.due_at)
    standing = Measure.objects.filter(party__in=mine, state__in=[MeasureState.ISSUED, MeasureState.EVIDENCE_FILED])
    yield Ask(standing.select_related("party").order_by("pk"), _on_measures())
    yield from _of_incidents(mine)


def _of_copies(mine: tuple[int, ...], at: datetime) -> Iterable[Ask]:
    """Where copies are while a grant is suspended, and that they are destroyed when it is over."""
    grants = Grant.objects.filter(buyer__in=mine).select_related("product").order_by("pk")
    suspended = grants.filter(whereabouts_asked(at), state=GrantState.ACTIVE)
    yield _ask(suspended, _("Say where the copies of the suspended grant are"))
    over = grants.filter(asked(Kind.DESTRUCTION) & ~kept_as_evidence(), certificate=None)
    yield _ask(over, _("Destroy the copies and certify it"))
    returned = Certificate.objects.filter(grant__buyer__in=mine, state=CertificateState.RETURNED)
    yield _ask(returned.order_by("pk"), _("Correct the certificate of destruction and file it again"))


def _of_parties(mine: tuple[int, ...], at: datetime) -> Iterable[Ask]:
    parties = Party.objects.filter(pk__in=mine)
    returned = parties.filter(state=PartyState.RETURNED).order_by("pk")
    yield _ask(returned, _("Correct the registration and apply again"))
    soon = local_date(at) + timedelta(days=RENEW_DAYS)
    lapsing = parties.filter(state=PartyState.VERIFIED, verified_until__lte=soon, renewal_asked_at=None)
    yield _ask(
        lapsing.order_by("pk"),
        _("Ask for the verification to be renewed"),
        lambda party: end_of_day(party.verified_until or soon),
    )


def _of_cases(mine: tuple[int, ...]) -> Iterable[Ask]:
    editable = [ApplicationState.DRAFT, ApplicationState.RETURNED]
    drafts = Application.objects.filter(buyer__in=mine, state__in=editable).order_by("pk")
    yield _ask(drafts, _("Complete the application and submit it"))
    consultations = (
        Consultation.objects.filter(application__state=ApplicationState.IN_CONSULTATION)
        .select_related("application", "unit")
        .order_by("pk")
    )
    asked = consultations.filter(unit__in=mine, state=ConsultationState.ASKED)
    yield _ask(asked, _("Answer the consultation"))
    questions = consultations.filter(application__buyer__in=mine, state=ConsultationState.QUESTION)
    yield _ask(questions, _("Answer the unit's question"))
    asking = Application.objects.filter(buyer__in=mine, state__in=IN_HAND).exclude(question_at=None)
    yield _ask(asking.order_by("pk"), _("Answer the officer's question"))


def _on_measures() -> Callable[[Any], Iterable[Task]]:
    """What a party is to do about an order, by its open clocks; they are read once, when there is one."""

    @cache
    def clocks() -> dict[tuple[str, str], Clock]:
        found = Clock.objects.open().filter(object_type=Measure._meta.label_lower)
        return {(clock.object_id, clock.kind): clock for clock in found}

    def tasks(measure: Measure) -> Iterable[Task]:
        key = str(measure.pk)
        if hearing := clocks().get((key, Kind.HEARING)):
            yield _until(_("Be heard: make your statement before it is decided"), measure, hearing)
        correction = clocks().get((key, Kind.CORRECTION))
        if correction and measure.state == MeasureState.ISSUED:
            yield _until(_("Correct what the order names, and file evidence"), measure, correction)

    return tasks


def _until(label: Any, obj: Any, clock: Clock) -> Task:
    """While a clock stands still it names no day."""
    return Task(label, obj, None, clock.paused_at) if clock.paused_at else Task(label, obj, clock.due_at)


def _as_expert(user: Any) -> Iterable[Ask]:
    given = Assignment.objects.filter(user=user, role=AssignmentRole.EXPERT, ended_at=None)
    keys: dict[str, list[int]] = {}
    for object_type, key in given.values_list("object_type", "object_id"):
        keys.setdefault(object_type, []).append(int(key))
    cases = Application.objects.filter(state=ApplicationState.EXPERT_REVIEW)
    mine = cases.filter(pk__in=keys.get(Application._meta.label_lower, []))
    yield _ask(mine.order_by("pk"), _("Assess the case and give your opinion"))
    versions = Version.objects.filter(state=VersionState.EXPERT_REVIEW).select_related("product")
    of_mine = versions.filter(pk__in=keys.get(Version._meta.label_lower, []))
    yield _ask(of_mine.order_by("pk"), _("Assess the version and give your opinion"))


def _as_officer(user: Any, who: Reach, at: datetime) -> Iterable[Ask]:
    mine = who.authorities
    if not mine:
        return
    own = recent_parties(user, at)  # nobody is asked to act on their own case
    entries = CatalogueEntry.objects.filter(authority__in=mine, state=EntryState.PROPOSED).order_by("pk")
    yield _ask(entries, _("Publish or return the catalogue entry"))
    versions = Version.objects.filter(authority__in=mine, reviewer=None).exclude(product__seller__in=own)
    yield from _review_of(versions.select_related("product").order_by("pk"))
    rules = ReleaseRule.objects.filter(authority__in=mine, basis__reviewer=None).exclude(product__seller__in=own)
    yield _decision_on_rules(rules)
    described = DescriptionChange.objects.filter(authority__in=mine, reviewer=None).exclude(product__seller__in=own)
    yield _decision_on_descriptions(described)
    yield _decision_on(Application.objects.filter(authority__in=mine, seller=None).exclude(buyer__in=own))
    filed = UsageReport.objects.filter(grant__authority__in=mine, state=ReportState.FILED)
    reports = filed.exclude(grant__buyer__in=own).select_related("grant").order_by("pk")
    yield _ask(reports, _("Accept or return the usage report"))
    no_seller = ~Q(grant__item__route=Route.NON_PUBLIC) | Q(grant__product__seller__state=PartyState.ENDED)
    certified = Certificate.objects.filter(no_seller, grant__authority__in=mine)
    yield _check_of(certified, own)
    requested = GrantEdition.objects.filter(grant__authority__in=mine, state=EditionState.REQUESTED)
    yield _decision_on_changes(requested.exclude(grant__item__route=Route.NON_PUBLIC).exclude(grant__buyer__in=own))
    reported = Concern.objects.filter(kind=ConcernKind.MISUSE, responder__in=mine, state=ConcernState.OPEN)
    yield _ask(_others(reported, own).exclude(by=user).order_by("pk"), _("Answer the report of misuse"))
    faults = Concern.objects.filter(_late(Concern, at, Kind.FAULT, Kind.REPAIR), authority__in=mine)
    silent = _("Faulty data: the time to answer or to correct it is over")
    yield _ask(_others(faults, own).exclude(by=user).order_by("pk"), silent)
    findings = Finding.objects.filter(authority__in=mine, reviewer=None, state=FindingState.OPEN).exclude(party__in=own)
    yield _ask(findings.select_related("version__product", "party").order_by("pk"), _("Answer the finding"))
    measures = Measure.objects.filter(authority__in=mine, issuer=None).exclude(party__in=own).order_by("pk")
    yield from _what_follows(measures.select_related("party"))
    left = Measure.objects.filter(authority__in=mine, issuer__state=PartyState.ENDED, state__in=STANDING_MEASURE)
    notices = left.exclude(party__in=own).select_related("party").order_by("pk")
    yield _ask(notices, _("Lift or annul the notice: its seller has ended"))
    required = Measure.objects.filter(required_by__in=mine).exclude(party__in=own)
    ends = {state: _MEASURE_LABELS[state] for state in (MeasureState.EVIDENCE_FILED, MeasureState.REFUSED_TO_CORRECT)}
    yield _by_state(required.select_related("party").order_by("pk"), ends)
    ignored = required.filter(_late(Measure, at, Kind.TAKE_DOWN), state=MeasureState.PROPOSED)
    unissued = _("The reviewer has not issued the take-down in time: ask why, or drop it")
    yield _ask(ignored.select_related("party").order_by("pk"), unissued)
    incidents = Incident.objects.open().filter(authority__in=mine).exclude(version__product__seller__in=own)
    yield _ask(incidents.order_by("pk"), _("Follow the security incident: pause, tell, close"))
    yield _ask(Incident.objects.awaiting(mine).exclude(authority__in=mine).order_by("pk"), ACKNOWLEDGE)
    theirs = Q(reviewer=None) | Q(registration__isnull=False)  # of non-public data the compliance review is asked
    asked = Review.objects.filter(theirs, Q(authority__in=mine) | Q(above__in=mine), decidable_by(user))
    yield _ask(_reviews(asked, own), _("Decide on the review"))
    yield _ask(flagged_for(user, at), _("Decide whether the flagged product may stay"))


def _reviews(asked: Any, own: Any) -> Any:
    return asked.open().exclude(party__in=own).with_subject().order_by("pk")


def _others(reported: Any, own: Any) -> Any:
    """Reports that are nobody's of the reader's own."""
    return reported.exclude(party__in=own).exclude(reporter__in=own)


def _as_reviewer(user: Any, who: Reach, at: datetime) -> Iterable[Ask]:
    """Non-public data, for the platform's compliance review."""
    mine = who.reviewers
    if mine:
        own = recent_parties(user, at)
        versions = Version.objects.filter(reviewer__in=mine).exclude(product__seller__in=own)
        yield from _review_of(versions.select_related("product").order_by("pk"))
        described = DescriptionChange.objects.filter(reviewer__in=mine).exclude(product__seller__in=own)
        yield _decision_on_descriptions(described)
        reported = Concern.objects.filter(kind=ConcernKind.MISUSE, responder__in=mine, state=ConcernState.OPEN)
        yield _ask(_others(reported, own).exclude(by=user).order_by("pk"), _("Answer the report of misuse"))
        findings = Finding.objects.filter(reviewer__in=mine, state=FindingState.OPEN).exclude(party__in=own)
        yield _ask(findings.select_related("version__product").order_by("pk"), _("Answer the finding"))
        asked = Review.objects.filter(decidable_by(user), reviewer__in=mine)
        yield _ask(_reviews(asked, own), _("Decide on the review"))
        yield _decision_on_rules(ReleaseRule.objects.filter(basis__reviewer__in=mine).exclude(product__seller__in=own))
        taken_down = Measure.objects.filter(issuer__in=mine).exclude(party__in=own)
        theirs = taken_down.exclude(required_by__isnull=False, state=MeasureState.REFUSED_TO_CORRECT)
        yield from _what_follows(theirs.select_related("party").order_by("pk"))


def _as_seller(user: Any, who: Reach, at: datetime) -> Iterable[Ask]:
    """Contract notices, applications for, and changes of grants on, the non-public data that one's party sells; a
    notice needs no standing."""
    managed = memberships(user, at).filter(role__in=MANAGERS).values("party")
    own = recent_parties(user, at)
    if who.parties:
        notices = Measure.objects.filter(kind=MeasureKind.NOTICE, issuer__in=managed).exclude(party__in=own)
        yield from _what_follows(notices.select_related("party").order_by("pk"))
    sellers = who.acting(CapabilityKind.SELLER)
    if not sellers:
        return
    mine = Party.objects.filter(pk__in=sellers).filter(pk__in=managed)
    yield _decision_on(Application.objects.filter(seller__in=mine).exclude(buyer__in=own))
    changes = GrantEdition.objects.filter(
        grant__product__seller__in=mine, grant__item__route=Route.NON_PUBLIC, state=EditionState.REQUESTED
    )
    yield _decision_on_changes(changes.exclude(grant__buyer__in=own))
    certified = Certificate.objects.filter(grant__product__seller__in=mine, grant__item__route=Route.NON_PUBLIC)
    yield _check_of(certified, own)


def _check_of(certified: Any, own: Any) -> Ask:
    filed = certified.filter(state=CertificateState.FILED).exclude(grant__buyer__in=own).order_by("pk")
    return _ask(filed, _("Check the certificate of destruction"))


def _decision_on_changes(changes: Any) -> Ask:
    rows = changes.select_related("grant__product").order_by("pk")
    return _ask(rows, _("Decide on the change of the grant"))


def _decision_on_descriptions(changes: Any) -> Ask:
    proposed = changes.filter(state=ChangeState.PROPOSED).select_related("product").order_by("pk")
    return _ask(proposed, _("Accept or return the new description"))


def _decision_on_rules(rules: Any) -> Ask:
    proposed = rules.filter(state=RuleState.PROPOSED).select_related("product").order_by("pk")
    return _ask(proposed, _("Approve, return or refuse the release rule"))


def _review_of(versions: Any) -> Iterable[Ask]:
    """What a review asks for, whoever does it: each version by its state, and each open objection."""
    yield _by_state(
        versions,
        {
            VersionState.SUBMITTED: _("Review the version"),
            VersionState.IN_PUBLICITY: _("Publish when the publicity is over"),
            VersionState.HELD: _("Release or recall the held version"),
        },
    )
    objections = Objection.objects.open().filter(version__in=versions.order_by().values("pk"))
    yield _ask(objections.select_related("version__product").order_by("pk"), _("Answer the objection"))


def _decision_on(applications: Any) -> Ask:
    """What a decision asks for, whoever takes it."""
    return _by_state(
        applications.order_by("pk"),
        {
            ApplicationState.SUBMITTED: _("Accept, return or refuse the application"),
            ApplicationState.ACCEPTED: _("Consult the units or begin the review"),
            ApplicationState.IN_CONSULTATION: _("Follow the consultation, then begin the review"),
            ApplicationState.UNDER_REVIEW: _("Decide each item"),
        },
    )


_MEASURE_LABELS = {
    MeasureState.PROPOSED: _("Issue or drop the proposal"),
    MeasureState.EVIDENCE_FILED: _("Examine the evidence"),
    MeasureState.REFUSED_TO_CORRECT: _("Decide what follows from the refusal"),
}


def _what_follows(measures: Any) -> Iterable[Ask]:
    """What measures ask of whoever signs them."""
    yield _by_state(measures, _MEASURE_LABELS)
    heard: Any = with_deadline(measures.filter(state=MeasureState.ISSUED))
    yield _ask(heard.exclude(judged_by=None), _("Decide what follows, the party was heard"), attrgetter("judged_by"))


def _late(model: Any, at: datetime, *kinds: str) -> Q:
    """Of rows of this model: those of which a clock of one of these kinds has run out."""
    late = Clock.objects.overdue(at).filter(object_type=model._meta.label_lower, kind__in=kinds)
    return Q(Exists(late.filter(object_id=Cast(OuterRef("pk"), CharField()))))


def _key(obj: Any) -> tuple[str, str]:
    return obj._meta.label_lower, str(obj.pk)


def _clocks(objects: list[Any]) -> dict[tuple[str, str], datetime]:
    """The nearest open deadline of each object, in one query."""
    running = Clock.objects.running().filter(object_id__in={str(obj.pk) for obj in objects}).order_by("-due_at")
    return {(clock.object_type, clock.object_id): clock.due_at for clock in running}
