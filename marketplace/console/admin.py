"""The queues of the console: one class for each kind of case, in the order of the navigation."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import CapabilityKind, Party
from accounts.permissions import check_can_read_evidence
from accounts.queries import parties_as
from accounts.reach import reach_of, stepped_back
from accounts.states import PartyState
from accounts.verbs import PARTY
from listings import verbs as listings
from listings.models import CatalogueEntry, DescriptionChange, Objection, ReleaseRule, SourceFile, Version, assessed_by
from listings.permissions import check_can_read_source_evidence
from listings.states import ChangeState, EntryState, ObjectionState, RuleState, VersionState
from marketplace.applications import verbs as applications
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Item, StandingConsent
from marketplace.applications.states import ApplicationState, ConsultationState, EditionState, ItemState
from marketplace.console import (
    cases_applications,
    cases_closeout,
    cases_incident,
    cases_inspection,
    cases_listings,
    cases_party,
    cases_supervision,
)
from marketplace.console.models import Reading
from marketplace.console.queries import assigned, files_opened
from marketplace.console.queue import OFFICER, OVERSEER, REVIEWER, Gravity, Queue, State, Waiting, column, register
from marketplace.console.site import console
from marketplace.supervision import verbs as supervision
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, CertificateState
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.incidents import Incident, IncidentState
from marketplace.supervision.inspections import Inspection, InspectionPlan, InspectionPlanState, InspectionState
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.permissions import check_can_read_case_evidence
from marketplace.supervision.permissions_closeout import check_can_read_certificate_evidence
from marketplace.supervision.permissions_inspection import check_can_read_inspection_evidence
from marketplace.supervision.preparedness import OWN_ALONE, EmergencyPlan
from marketplace.supervision.queries import flagged_for
from marketplace.supervision.review import NAMED, Review, decidable_by
from marketplace.supervision.states import (
    LIVING_CONCERN,
    ConcernState,
    DerivedState,
    FindingState,
    MeasureState,
    ReportState,
    ReviewState,
)

__all__ = ["console"]
EXPERT, OPERATOR = CapabilityKind.EXPERT, CapabilityKind.OPERATOR
S = ApplicationState


def _or_assessed(found: Q | None, request: Any, model: Any, state: str) -> Q | None:
    """Besides what waits for the person anyway, for an expert the cases to be assessed."""
    if EXPERT not in request.kinds:
        return found
    asked = assigned(request.user, model) & Q(state=state)
    return asked if found is None else found | asked


@register(Party)
class PartyQueue(Queue):
    label = _("Parties")
    roles = (OPERATOR,)
    authority = ""
    tables = (
        PARTY,
        applications.AUTHORITY,
        supervision.PARTY,
        supervision.AUTHORITY,
        supervision.PLANNING,
        supervision.OVERSIGHT,
    )
    list_display = ("case", "region", "state_now", column(_("Verified until"), "verified_until"))
    list_select_related = ("region",)
    search_fields = ("name", "uscc")
    sections = cases_party.party
    may_read_files = check_can_read_evidence

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        """Registrations to be checked, and verifications whose renewal was asked for."""
        if OPERATOR not in request.kinds:
            return None
        return Q(state=PartyState.APPLIED) | Q(state=PartyState.VERIFIED, renewal_asked_at__isnull=False)


@register(CatalogueEntry)
class EntryQueue(Queue):
    label = _("Catalogue entries")
    roles = (OFFICER, OVERSEER)
    tables = (listings.ENTRY,)
    waiting = (EntryState.PROPOSED,)
    is_public = True
    list_display = ("case", "unit", "state_now", "due_on")
    list_select_related = ("unit", "authority")
    search_fields = ("title",)
    sections = cases_listings.entry


@register(Version)
class VersionQueue(Queue):
    label = _("Versions")
    roles = (OFFICER, REVIEWER, EXPERT, OVERSEER)
    tables = (listings.VERSION, supervision.VERSION)
    reviewer = instead = "reviewer"
    own = "product__seller"
    waiting = (VersionState.SUBMITTED, VersionState.IN_PUBLICITY, VersionState.HELD)
    is_public = True
    list_display = ("case", "seller", "state_now", "due_on")
    list_select_related = ("product__seller", "authority")
    search_fields = ("product__title",)
    sections = cases_listings.version

    @admin.display(description=_("seller"))
    def seller(self, obj: Version) -> str:
        return str(obj.product.seller)

    def theirs(self, user: Any, at: datetime) -> Q:
        return super().theirs(user, at) | assessed_by(user)

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        """For whoever reviews theirs, for an expert those to be assessed."""
        return _or_assessed(super().waits_for(request, at), request, Version, VersionState.EXPERT_REVIEW)


@register(SourceFile)
class SourceFileQueue(Queue):
    label = _("Lawful-source files")
    roles = (OFFICER, REVIEWER)
    tables = (listings.SOURCE,)
    authority, reviewer = "product__versions__authority", "product__versions__reviewer"
    is_public = True
    list_display = ("case", column(_("Data product"), "product"), "state_now", "valid_until")
    list_select_related = ("product",)
    sections = cases_listings.source
    may_read_files = check_can_read_source_evidence


@register(Objection)
class ObjectionQueue(Queue):
    label = _("Objections")
    roles = (OFFICER, REVIEWER)
    tables = (listings.OBJECTION,)
    parent, authority, own = "version", "version__authority", "version__product__seller"
    reviewer = instead = "version__reviewer"
    waiting = (ObjectionState.OPEN,)
    list_display = ("case", column(_("Version"), "version"), "state_now", "due_on")
    list_select_related = ("version__product",)


@register(ReleaseRule)
class RuleQueue(Queue):
    label = _("Release rules")
    roles = (OFFICER, REVIEWER)
    tables = (listings.RULE, supervision.RULE)
    own = "product__seller"
    reviewer = instead = "basis__reviewer"
    waiting = (RuleState.PROPOSED,)
    list_display = ("case", "state_now", "valid_until", "due_on")
    list_select_related = ("product__seller", "authority", "basis__product", "basis__reviewer")
    sections = cases_listings.rule


@register(DescriptionChange)
class DescriptionQueue(Queue):
    label = _("Changes of descriptions")
    roles = (OFFICER, REVIEWER)
    tables = (listings.DESCRIPTION,)
    own = "product__seller"
    reviewer = instead = "reviewer"
    waiting = (ChangeState.PROPOSED,)
    list_display = ("case", "state_now", "due_on")
    list_select_related = ("product__seller", "authority", "reviewer", "basis__product", "by")
    sections = cases_listings.description


@register(Application)
class ApplicationQueue(Queue):
    label = _("Applications")
    roles = (OFFICER, EXPERT, OVERSEER)
    tables = (applications.APPLICATION, supervision.APPLICATION)
    instead = "seller"
    own = "buyer"
    waiting = (S.SUBMITTED, S.ACCEPTED, S.IN_CONSULTATION, S.UNDER_REVIEW)
    list_display = ("case", "buyer", "state_now", "due_on")
    list_select_related = ("buyer", "authority", "applicant", "prepared_by")
    search_fields = ("title", "buyer__name")
    sections = cases_applications.application

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        """For an officer the authority's cases, for an expert those to be assessed."""
        return _or_assessed(super().waits_for(request, at), request, Application, S.EXPERT_REVIEW)


@register(Item)
class ItemQueue(Queue):
    label = _("Items to decide")
    tables = (applications.ITEM,)
    parent, authority, own = "application", "application__authority", "application__buyer"
    instead = "application__seller"
    waiting = (ItemState.OPEN,)
    list_display = ("case", column(_("Application"), "application"), "state_now", "due_on")
    list_select_related = ("product", "application")

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        found = super().waits_for(request, at)
        return None if found is None else found & Q(application__state=S.UNDER_REVIEW)


@register(Consultation)
class ConsultationQueue(Queue):
    label = _("Consultations")
    tables = (applications.CONSULTATION,)
    parent, authority, own = "application", "application__authority", "application__buyer"
    waiting = (ConsultationState.ASKED, ConsultationState.QUESTION)
    list_display = ("case", "state_now", "due_on")
    list_select_related = ("unit", "application")


@register(StandingConsent)
class StandingConsentQueue(Queue):
    label = _("Standing consents")
    tables = (applications.STANDING,)
    authority = "entry__authority"
    list_display = ("case", "unit", "state_now", "valid_until")
    list_select_related = ("unit", "entry", "by")
    sections = cases_applications.consent


@register(Grant)
class GrantQueue(Queue):
    label = _("Grants")
    roles = (OFFICER, OVERSEER)
    tables = (applications.GRANT, supervision.GRANT)
    list_display = ("case", "buyer", "state_now", "ends")
    list_select_related = ("buyer", "product__seller", "authority", "item__application", "from_version")
    search_fields = ("product__title", "buyer__name")
    sections = cases_applications.grant


@register(GrantEdition)
class EditionQueue(Queue):
    label = _("Changes of grants")
    tables = (applications.EDITION, supervision.EDITION)
    parent, authority, own = "grant", "grant__authority", "grant__buyer"
    instead = "grant__item__application__seller"
    waiting = (EditionState.REQUESTED,)
    list_display = ("case", column(_("Kind"), "get_kind_display"), "state_now", "due_on")
    list_select_related = ("grant",)


@register(UsageReport)
class ReportQueue(Queue):
    label = _("Usage reports")
    roles = (OFFICER, OVERSEER)
    tables = (supervision.REPORT,)
    authority, own = "grant__authority", "grant__buyer"
    waiting = (ReportState.FILED,)
    list_display = ("case", "buyer", "state_now", "due_on")
    list_select_related = ("grant__buyer", "grant__product__seller", "grant__authority")
    sections = cases_supervision.report

    @admin.display(description=_("buyer"))
    def buyer(self, obj: UsageReport) -> str:
        return str(obj.grant.buyer)


@register(Concern)
class ConcernQueue(Queue):
    label = _("Reports of misuse and faulty data")
    roles = (OFFICER, REVIEWER)
    tables = (supervision.CONCERN,)
    reviewer = instead = "reviewer"
    own = "party"
    waiting = LIVING_CONCERN
    list_display = ("case", column(_("About"), "subject"), "state_now", "due_on")
    list_select_related = (
        "grant__product",
        "product",
        "entry",
        "derived",
        "version__product",
        "party",
        "authority",
        "responder",
        "reporter",
        "finding",
    )
    sections = cases_supervision.concern
    kept_back = cases_supervision.reporter_kept_back
    may_read_files = check_can_read_case_evidence

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        """Misuse: faulty data is answered and corrected by unit or seller, and waits here when these are late."""
        found = super().waits_for(request, at)
        misuse = Q(kind=ConcernKind.MISUSE, state=ConcernState.OPEN)
        return None if found is None else found & (misuse | Q(kind=ConcernKind.FAULT, due__lte=at))


@register(Finding)
class FindingQueue(Queue):
    label = _("Findings")
    roles = (OFFICER, REVIEWER, OVERSEER)
    tables = (supervision.FINDING,)
    reviewer = instead = "reviewer"
    own = "party"
    waiting = (FindingState.OPEN,)
    list_display = ("case", "party", "severity", "state_now", "due_on")
    list_filter = (Waiting, State, Gravity)
    list_select_related = (
        "grant__product__seller",
        "version__product__seller",
        "version__reviewer",
        "party",
        "authority",
    )
    sections = cases_supervision.finding
    may_read_files = check_can_read_case_evidence

    @admin.display(description=_("severity"))
    def severity(self, case: Finding) -> Any:
        return case.severity.label


@register(Measure)
class MeasureQueue(Queue):
    label = _("Orders")
    roles = (OFFICER, REVIEWER, OVERSEER)
    tables = (supervision.MEASURE,)
    own = "party"
    reviewer = instead = "issuer"
    waiting = (MeasureState.PROPOSED, MeasureState.EVIDENCE_FILED, MeasureState.REFUSED_TO_CORRECT)
    list_display = ("case", "party", "state_now", "due_on")
    list_select_related = ("party", "authority", "issuer", "finding", "issued_by")
    beside = (_("Read and sign several proposals"), "console:sign-several")
    sections = cases_supervision.measure
    may_read_files = check_can_read_case_evidence
    seen = cases_supervision.note_measure_seen


@register(Incident)
class IncidentQueue(Queue):
    label = _("Security incidents")
    roles = (OFFICER, REVIEWER, OVERSEER)
    tables = (supervision.INCIDENT,)
    own = "version__product__seller"
    waiting = (IncidentState.OPENED,)
    list_display = ("case", column(_("Version"), "version"), "state_now", "due_on")
    list_select_related = ("version__product__seller", "reporter", "authority__region__parent")
    sections = cases_incident.incident

    def _entrusted(self, user: Any, at: datetime) -> Any:
        """To whom the whole case is open: who only reported it, or holds copies and was told, reads it on the site."""
        return Incident.objects.open_to(user)

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        """For an officer what is open; and what their authority or oversight body has still to acknowledge. For the
        compliance reviewer nothing waits: it reads what happens to data that it reviewed."""
        if not request.kinds & {OFFICER, OVERSEER}:
            return None
        who = reach_of(request.user, at)
        awaiting = Incident.objects.awaiting((*who.authorities, *who.acting(OVERSEER)))
        unseen = Q(pk__in=awaiting.exclude(stepped_back([request.user.pk], Incident)).values("pk"))
        found = super().waits_for(request, at)
        return unseen if found is None else found | unseen


@register(Review)
class ReviewQueue(Queue):
    label = _("Reviews")
    roles = (OFFICER, REVIEWER, OPERATOR)
    tables = (supervision.REVIEW,)
    reviewer = "reviewer"
    own = "party"
    waiting = (ReviewState.LODGED,)
    list_display = ("case", "party", "state_now", "due_on")
    list_select_related = (*NAMED, "party", "authority", "above", "reviewer")
    sections = cases_supervision.review
    may_read_files = check_can_read_case_evidence

    def _turns(self, request: Any, at: datetime) -> list[Q]:
        """Also the level above and, on parties, the operator: each may decide, but whoever decided before, and who is
        recused."""
        also = [
            Q(**{f"{path}__in": parties_as(request.user, kind, at)})
            for path, kind in (("above", OFFICER), ("reviewer", OPERATOR))
            if kind in request.kinds
        ]
        undecided = decidable_by(request.user)
        return [turn & undecided for turn in super()._turns(request, at) + also]


@register(Caution)
class CautionQueue(Queue):
    label = _("Cautions")
    roles = (OFFICER, REVIEWER)
    tables = (supervision.CAUTION,)
    own = "party"
    list_display = ("case", "state_now", "ends")
    list_select_related = ("party", "authority", "purpose", "region", "issued_by", "lifted_by")
    sections = cases_closeout.caution


@register(Certificate)
class CertificateQueue(Queue):
    label = _("Certificates of destruction")
    roles = (OFFICER, OVERSEER)
    tables = (supervision.CERTIFICATE,)
    authority, own = "grant__authority", "grant__buyer"
    instead = "grant__item__application__seller"
    waiting = (CertificateState.FILED,)
    list_display = ("case", "buyer", "state_now", "due_on")
    list_select_related = ("grant__buyer", "grant__product__seller", "grant__authority", "filed_by", "checked_by")
    sections = cases_closeout.certificate
    may_read_files = check_can_read_certificate_evidence

    @admin.display(description=_("buyer"))
    def buyer(self, obj: Certificate) -> str:
        return str(obj.grant.buyer)


@register(EmergencyPlan)
class PlanQueue(Queue):
    """Nothing in it waits for an officer: it shows whose exercises are due, the overdue first."""

    label = _("Emergency plans")
    roles = (OFFICER, OVERSEER)
    tables = (supervision.PLAN,)
    own = "unit"
    watched_only = ~Q(state__in=OWN_ALONE)
    list_display = ("case", column(_("Unit"), "unit"), "state_now", "due_on")
    list_select_related = ("unit", "authority")
    search_fields = ("title", "unit__name")
    sections = cases_incident.plan
    may_read_files = check_can_read_case_evidence


@register(InspectionPlan)
class InspectionPlanQueue(Queue):
    label = _("Inspection plans")
    tables = (supervision.INSPECTION_PLAN,)
    waiting = (InspectionPlanState.DRAFT,)
    list_display = ("case", "state_now", column(_("Until"), "last"))
    list_select_related = ("authority", "region", "drawn_by")
    sections = cases_inspection.plan

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).defer("frame")


@register(Inspection)
class InspectionQueue(Queue):
    label = _("Inspections")
    tables = (supervision.INSPECTION,)
    own = "party"
    waiting = (InspectionState.PLANNED, InspectionState.ANNOUNCED, InspectionState.UNDER_WAY, InspectionState.ANSWERED)
    list_display = ("case", "party", "state_now", "due_on")
    list_select_related = ("party", "authority", "grant__product__seller")
    sections = cases_inspection.inspection
    kept_back = cases_inspection.kept_back
    may_read_files = check_can_read_inspection_evidence


@register(DerivedProduct)
class DerivedQueue(Queue):
    label = _("Derived products")
    roles = (OFFICER, OVERSEER)
    tables = (supervision.DERIVED,)
    authority, own = "built_from__grant__authority", "party"
    waiting = (DerivedState.FLAGGED,)
    is_public = True
    list_display = ("case", column(_("Party"), "party"), "state_now")
    list_select_related = ("party",)
    search_fields = ("title",)
    sections = cases_supervision.derived

    def theirs(self, user: Any, at: datetime) -> Q:
        return super().theirs(user, at) | Q(pk__in=flagged_for(user, at).values("pk"))

    def waits_for(self, request: Any, at: datetime) -> Q | None:
        """For whoever decides on them: the authority of the ended grants, of several the province."""
        return Q(pk__in=flagged_for(request.user, at).values("pk")) if OFFICER in request.kinds else None


@register(Reading)
class ReadingQueue(Queue):
    """Which overseer read which case, when and why: for the overseers' own house, and for the province."""

    label = _("Readings by overseers")
    roles = (OFFICER, OVERSEER)
    authority = ""
    list_display = ("case", "by", "party", "day", "reason", column(_("Files opened"), "files_opened"))
    list_select_related = ("by", "party")
    list_filter = ()
    list_display_links = None

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).annotate(files_opened=files_opened())
