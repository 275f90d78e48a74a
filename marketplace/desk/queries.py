"""What is asked of a person: computed from states and clocks, never stored."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from accounts.models import Assignment, AssignmentRole, CapabilityKind, Party
from accounts.permissions import MANAGERS
from accounts.queries import memberships, parties_as, parties_of, recent_parties
from accounts.states import PartyState
from listings.models import CatalogueEntry, DescriptionChange, Objection, ReleaseRule, Version
from listings.states import ChangeState, EntryState, RuleState, VersionState
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Route
from marketplace.applications.operations.dialogue import IN_HAND
from marketplace.applications.states import ApplicationState, ConsultationState, EditionState, GrantState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import end_of_day, local_date
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.states import DerivedState, FindingState, MeasureState, ReportState

RENEW_DAYS = 60  # a verification that ends within these is to be renewed


class Task(NamedTuple):
    """One thing to do: what, on which object, until when (None: no deadline)."""

    label: Any
    obj: Any
    due_at: datetime | None


def todo(user: Any, at: datetime) -> list[Task]:
    """Everything that waits for this person's parties, the most urgent first."""
    tasks = [
        *_as_member(user, at),
        *_as_officer(user, at),
        *_as_reviewer(user, at),
        *_as_seller(user, at),
        *_as_expert(user),
        *_as_operator(user, at),
    ]
    dues = _clocks([task.obj for task in tasks])
    timed = [task._replace(due_at=task.due_at or dues.get(_key(task.obj))) for task in tasks]
    return sorted(timed, key=lambda task: (task.due_at is None, task.due_at or at))


def _as_operator(user: Any, at: datetime) -> Iterable[Task]:
    if not parties_as(user, CapabilityKind.OPERATOR, at).exists():
        return
    for party in Party.objects.filter(state=PartyState.APPLIED).order_by("pk"):
        yield Task(_("Verify, return or refuse the registration"), party, None)
    for party in Party.objects.filter(state=PartyState.VERIFIED, renewal_asked_at__isnull=False).order_by("pk"):
        yield Task(_("Renew the verification"), party, None)


def _as_member(user: Any, at: datetime) -> Iterable[Task]:
    mine = parties_of(user, at)
    for party in mine.filter(state=PartyState.RETURNED).order_by("pk"):
        yield Task(_("Correct the registration and apply again"), party, None)
    soon = local_date(at) + timedelta(days=RENEW_DAYS)
    lapsing = mine.filter(state=PartyState.VERIFIED, verified_until__lte=soon, renewal_asked_at=None)
    for party in lapsing.order_by("pk"):
        yield Task(_("Ask for the verification to be renewed"), party, end_of_day(party.verified_until or soon))
    versions = Version.objects.filter(product__seller__in=mine).select_related("product").order_by("pk")
    for state, label in (
        (VersionState.DRAFT, _("Prepare the version and have it assessed")),
        (VersionState.ASSESSED, _("Submit the version for review")),
        (VersionState.RETURNED, _("Complete the version and submit it again")),
    ):
        yield from (Task(label, version, None) for version in versions.filter(state=state))
    returned = DescriptionChange.objects.filter(product__seller__in=mine, state=ChangeState.RETURNED)
    for change in returned.select_related("product").order_by("pk"):
        yield Task(_("Correct the new description and propose it again"), change, None)
    for rule in ReleaseRule.objects.filter(product__seller__in=mine, state=RuleState.RETURNED).order_by("pk"):
        yield Task(_("Revise the release rule"), rule, None)
    for entry in CatalogueEntry.objects.filter(unit__in=mine, state=EntryState.RETURNED).order_by("pk"):
        yield Task(_("Revise the catalogue entry"), entry, None)
    editable = [ApplicationState.DRAFT, ApplicationState.RETURNED]
    for application in Application.objects.filter(buyer__in=mine, state__in=editable).order_by("pk"):
        yield Task(_("Complete the application and submit it"), application, None)
    asked = Consultation.objects.filter(
        unit__in=mine, state=ConsultationState.ASKED, application__state=ApplicationState.IN_CONSULTATION
    )
    for consultation in asked.select_related("application", "unit").order_by("pk"):
        yield Task(_("Answer the consultation"), consultation, None)
    questions = Consultation.objects.filter(
        application__buyer__in=mine,
        state=ConsultationState.QUESTION,
        application__state=ApplicationState.IN_CONSULTATION,
    )
    for consultation in questions.select_related("application", "unit").order_by("pk"):
        yield Task(_("Answer the unit's question"), consultation, None)
    asking = Application.objects.filter(buyer__in=mine, state__in=IN_HAND).exclude(question_at=None)
    for application in asking.order_by("pk"):
        yield Task(_("Answer the officer's question"), application, None)
    for grant in (
        Grant.objects.filter(buyer__in=mine, state=GrantState.OFFERED).select_related("product").order_by("pk")
    ):
        yield Task(_("Accept or decline the terms"), grant, None)
    owed = UsageReport.objects.owed().filter(grant__buyer__in=mine, end__lt=local_date(at))  # also of ended grants
    for report in owed.select_related("grant").order_by("due_at"):
        yield Task(_("File the usage report"), report, report.due_at)
    standing = Measure.objects.filter(party__in=mine, state__in=[MeasureState.ISSUED, MeasureState.EVIDENCE_FILED])
    running = Clock.objects.open().filter(object_type=Measure._meta.label_lower)
    until = {(clock.object_id, clock.kind): clock.due_at for clock in running}
    for measure in standing.order_by("pk"):
        if due_at := until.get((str(measure.pk), Kind.HEARING)):
            yield Task(_("Be heard: make your statement before it is decided"), measure, due_at)
        if measure.state == MeasureState.ISSUED:
            due_at = until.get((str(measure.pk), Kind.CORRECTION))
            yield Task(_("Correct what the order names, and file evidence"), measure, due_at)


def _as_expert(user: Any) -> Iterable[Task]:
    given = Assignment.objects.filter(user=user, role=AssignmentRole.EXPERT, ended_at=None)
    keys: dict[str, list[int]] = {}
    for object_type, key in given.values_list("object_type", "object_id"):
        keys.setdefault(object_type, []).append(int(key))
    cases = Application.objects.filter(state=ApplicationState.EXPERT_REVIEW)
    for application in cases.filter(pk__in=keys.get(Application._meta.label_lower, [])).order_by("pk"):
        yield Task(_("Assess the case and give your opinion"), application, None)
    versions = Version.objects.filter(state=VersionState.EXPERT_REVIEW).select_related("product")
    for version in versions.filter(pk__in=keys.get(Version._meta.label_lower, [])).order_by("pk"):
        yield Task(_("Assess the version and give your opinion"), version, None)


def _as_officer(user: Any, at: datetime) -> Iterable[Task]:
    mine = parties_as(user, CapabilityKind.AUTHORITY, at)
    if not mine.exists():
        return
    own = recent_parties(user, at)  # nobody is asked to act on their own case
    for entry in CatalogueEntry.objects.filter(authority__in=mine, state=EntryState.PROPOSED).order_by("pk"):
        yield Task(_("Publish or return the catalogue entry"), entry, None)
    versions = (
        Version.objects.filter(authority__in=mine, reviewer=None)
        .exclude(product__seller__in=own)
        .select_related("product")
        .order_by("pk")
    )
    yield from _review_of(versions)
    rules = ReleaseRule.objects.filter(authority__in=mine, basis__reviewer=None).exclude(product__seller__in=own)
    yield from _decision_on_rules(rules)
    described = DescriptionChange.objects.filter(authority__in=mine, reviewer=None).exclude(product__seller__in=own)
    yield from _decision_on_descriptions(described)
    applications = Application.objects.filter(authority__in=mine, seller=None).exclude(buyer__in=own).order_by("pk")
    yield from _decision_on(applications)
    for report in (
        UsageReport.objects.filter(grant__authority__in=mine, state=ReportState.FILED)
        .exclude(grant__buyer__in=own)
        .select_related("grant")
        .order_by("pk")
    ):
        yield Task(_("Accept or return the usage report"), report, None)
    changes = GrantEdition.objects.filter(grant__authority__in=mine, state=EditionState.REQUESTED).exclude(
        grant__item__route=Route.NON_PUBLIC
    )
    for edition in changes.exclude(grant__buyer__in=own).select_related("grant__product").order_by("pk"):
        yield Task(_("Decide on the change of the grant"), edition, None)
    for finding in (
        Finding.objects.filter(authority__in=mine, reviewer=None, state=FindingState.OPEN)
        .exclude(party__in=own)
        .select_related("version__product")
        .order_by("pk")
    ):
        yield Task(_("Answer the finding"), finding, None)
    for measure in Measure.objects.filter(authority__in=mine).exclude(party__in=own).order_by("pk"):
        if step := _MEASURE_LABELS.get(MeasureState(measure.state)):
            yield Task(step, measure, None)
    flagged = DerivedProduct.objects.filter(state=DerivedState.FLAGGED, built_from__grant__authority__in=mine)
    for derived in flagged.exclude(party__in=own).distinct().order_by("pk"):
        yield Task(_("Decide whether the flagged product may stay"), derived, None)


def _as_reviewer(user: Any, at: datetime) -> Iterable[Task]:
    """Non-public data, for the platform's compliance review."""
    mine = parties_as(user, CapabilityKind.REVIEWER, at)
    if mine.exists():
        versions = Version.objects.filter(reviewer__in=mine).exclude(product__seller__in=recent_parties(user, at))
        yield from _review_of(versions.select_related("product").order_by("pk"))
        described = DescriptionChange.objects.filter(reviewer__in=mine)
        yield from _decision_on_descriptions(described.exclude(product__seller__in=recent_parties(user, at)))
        rules = ReleaseRule.objects.filter(basis__reviewer__in=mine)
        findings = Finding.objects.filter(reviewer__in=mine, state=FindingState.OPEN)
        for finding in (
            findings.exclude(party__in=recent_parties(user, at)).select_related("version__product").order_by("pk")
        ):
            yield Task(_("Answer the finding"), finding, None)
        yield from _decision_on_rules(rules.exclude(product__seller__in=recent_parties(user, at)))


def _as_seller(user: Any, at: datetime) -> Iterable[Task]:
    """Applications for, and changes of grants on, the non-public data that one's party sells."""
    managed = memberships(user, at).filter(role__in=MANAGERS).values("party")
    mine = parties_as(user, CapabilityKind.SELLER, at).filter(pk__in=managed)
    if not mine.exists():
        return
    own = recent_parties(user, at)
    yield from _decision_on(Application.objects.filter(seller__in=mine).exclude(buyer__in=own).order_by("pk"))
    changes = GrantEdition.objects.filter(
        grant__product__seller__in=mine, grant__item__route=Route.NON_PUBLIC, state=EditionState.REQUESTED
    )
    for edition in changes.exclude(grant__buyer__in=own).select_related("grant__product").order_by("pk"):
        yield Task(_("Decide on the change of the grant"), edition, None)


def _decision_on_descriptions(changes: Any) -> Iterable[Task]:
    for change in changes.filter(state=ChangeState.PROPOSED).select_related("product").order_by("pk"):
        yield Task(_("Accept or return the new description"), change, None)


def _decision_on_rules(rules: Any) -> Iterable[Task]:
    for rule in rules.filter(state=RuleState.PROPOSED).select_related("product").order_by("pk"):
        yield Task(_("Approve, return or refuse the release rule"), rule, None)


def _review_of(versions: Any) -> Iterable[Task]:
    """What a review asks for, whoever does it: each version by its state, and each open objection."""
    for state, label in (
        (VersionState.SUBMITTED, _("Review the version")),
        (VersionState.IN_PUBLICITY, _("Publish when the publicity is over")),
        (VersionState.HELD, _("Release or recall the held version")),
    ):
        yield from (Task(label, version, None) for version in versions.filter(state=state))
    objections = Objection.objects.open().filter(version__in=versions.order_by().values("pk"))
    for objection in objections.select_related("version__product").order_by("pk"):
        yield Task(_("Answer the objection"), objection, None)


def _decision_on(applications: Any) -> Iterable[Task]:
    """What a decision asks for, whoever takes it."""
    for stage, label in (
        (ApplicationState.SUBMITTED, _("Accept, return or refuse the application")),
        (ApplicationState.ACCEPTED, _("Consult the units or begin the review")),
        (ApplicationState.IN_CONSULTATION, _("Follow the consultation, then begin the review")),
        (ApplicationState.UNDER_REVIEW, _("Decide each item")),
    ):
        yield from (Task(label, application, None) for application in applications.filter(state=stage))


_MEASURE_LABELS = {
    MeasureState.PROPOSED: _("Issue or drop the proposed order"),
    MeasureState.EVIDENCE_FILED: _("Examine the evidence"),
    MeasureState.REFUSED_TO_CORRECT: _("Decide whether to terminate"),
}


def _key(obj: Any) -> tuple[str, str]:
    return obj._meta.label_lower, str(obj.pk)


def _clocks(objects: list[Any]) -> dict[tuple[str, str], datetime]:
    """The nearest open deadline of each object, in one query."""
    running = Clock.objects.running().filter(object_id__in={str(obj.pk) for obj in objects}).order_by("-due_at")
    return {(clock.object_type, clock.object_id): clock.due_at for clock in running}
