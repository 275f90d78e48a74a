"""What partners find under which noun, who sees it, and which verb tables and creations belong to it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args, get_type_hints

from django import forms
from django.db.models import Model, Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import forms as account_forms
from accounts import verbs as accounts
from accounts.models import CapabilityKind, Party, PartyKind, Region, Scope
from accounts.queries import parties_as, parties_of
from listings import forms as listing_forms
from listings import forms_recipes as recipe_forms
from listings import operations as listing
from listings import verbs as listings
from listings.models import (
    CatalogueEntry,
    ColumnRole,
    DescriptionChange,
    Objection,
    Product,
    ReleaseRule,
    SearchKind,
    SourceFile,
    Upload,
    Version,
)
from listings.queries import version_page
from marketplace.api import serializers
from marketplace.applications import forms as application_forms
from marketplace.applications import operations as application
from marketplace.applications import verbs as applications
from marketplace.applications.models import (
    Application,
    Consultation,
    Grant,
    GrantEdition,
    Item,
    StandingConsent,
    open_holds,
)
from marketplace.applications.operations.application import offered_version
from marketplace.documents.models import Document
from marketplace.supervision import forms as supervision_forms
from marketplace.supervision import forms_concern as concern_forms
from marketplace.supervision import forms_derived as derived_forms
from marketplace.supervision import forms_incident as incident_forms
from marketplace.supervision import forms_inquiry as inquiry_forms
from marketplace.supervision import forms_order as order_forms
from marketplace.supervision import forms_preparedness as preparedness_forms
from marketplace.supervision import forms_review as review_forms
from marketplace.supervision import operations as supervising
from marketplace.supervision import verbs as supervision
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.concern import Concern, ConcernNote
from marketplace.supervision.forms_inspection import PointsForm, ReleaseInspectorForm
from marketplace.supervision.incidents import Incident, IncidentAcknowledgement
from marketplace.supervision.inquiry import Inquiry
from marketplace.supervision.inspections import Inspection, InspectionPlan, InspectionPoint, JointInspector
from marketplace.supervision.models import DerivedProduct, Evidence, Finding, Measure, ReportFiling, UsageReport
from marketplace.supervision.permissions_incident import reporters
from marketplace.supervision.preparedness import EmergencyPlan, Exercise
from marketplace.supervision.queries import with_deadline
from marketplace.supervision.review import Review
from marketplace.verbs import Verb, Verbs


@dataclass(frozen=True)
class Resource:
    """`rows(user)` is what the person may see; `page`, if any, shows one object with more than a list does."""

    noun: str
    model: type[Model]
    rows: Callable[[Any], QuerySet[Any]]
    row: type[Any]
    tables: tuple[Verbs, ...] = ()
    page: type[Any] | None = None
    is_public: bool = False  # also without a credential, as on the pages
    search: SearchKind | None = None  # where its list can be searched
    seen: Callable[..., None] | None = None  # notes that a person has read one


def related(model: Any, *names: str, prefetch: tuple[Any, ...] = ()) -> Callable[[Any], QuerySet[Any]]:
    return lambda user: model.objects.visible_to(user).select_related(*names).prefetch_related(*prefetch)


def note_order_seen(measure: Any, user: Any, at: datetime) -> None:
    supervising.note_seen(measure=measure, actor=user, at=at)


def grants(user: Any) -> QuerySet[Grant]:
    now = timezone.now()
    visible = Grant.objects.visible_to(user).with_effect(now).select_related("buyer", "authority", "from_version")
    return visible.prefetch_related(Prefetch("holds", open_holds(now).order_by("pk"), to_attr="standing_holds"))


def measures(user: Any) -> QuerySet[Measure]:
    visible = with_deadline(Measure.objects.visible_to(user)).select_related("party", "authority", "issuer")
    return visible.prefetch_related("held", Prefetch("evidence", Evidence.objects.order_by("pk")))


def incidents(user: Any) -> QuerySet[Incident]:
    rows = Incident.objects.visible_to(user).with_part(user).select_related(
        "authority__region__parent", "reporter", "version__product__seller", "version__authority__region__parent"
    )  # fmt: skip
    asked = IncidentAcknowledgement.objects.select_related("party").order_by("pk")
    return rows.prefetch_related(Prefetch("acknowledgements", asked))


def inspections(user: Any) -> QuerySet[Inspection]:
    """What inspectors write down is theirs until they report, and who takes part beside them."""
    theirs = ~Q(inspection__in=Inspection.objects.of_sides(user, timezone.now()).values("pk"))
    points = InspectionPoint.objects.filter(theirs | Q(inspection__reported_at__isnull=False)).order_by("pk")
    joint = JointInspector.objects.filter(theirs, ended_at=None).select_related("user").order_by("pk")
    rows = Inspection.objects.visible_to(user).select_related("party", "authority")
    return rows.prefetch_related(Prefetch("points", points), Prefetch("joint", joint))


RESOURCES = (
    Resource("parties", Party, related(Party, prefetch=("capabilities",)), serializers.PartyRow, (accounts.PARTY, applications.AUTHORITY, supervision.PARTY, supervision.AUTHORITY, supervision.PLANNING, supervision.OVERSIGHT)),
    Resource("source-files", SourceFile, related(SourceFile), serializers.SourceFileRow, (listings.SOURCE,), is_public=True),
    Resource("objections", Objection, related(Objection), serializers.ObjectionRow, (listings.OBJECTION,)),
    Resource("entries", CatalogueEntry, related(CatalogueEntry, "unit", "authority"), serializers.EntryRow, (listings.ENTRY,), is_public=True, search=SearchKind.ENTRY),
    Resource("products", Product, related(Product, "seller", "entry", prefetch=("source_files",)), serializers.ProductRow, (listings.PRODUCT,), serializers.ProductPage, is_public=True, search=SearchKind.PRODUCT),
    Resource("versions", Version, version_page, serializers.VersionRow, (listings.VERSION, supervision.VERSION), serializers.VersionPage, is_public=True),
    Resource("uploads", Upload, related(Upload, "version__product__seller"), serializers.UploadRow, (listings.UPLOAD,)),
    Resource("release-rules", ReleaseRule, related(ReleaseRule, "authority"), serializers.ReleaseRuleRow, (listings.RULE, supervision.RULE)),
    Resource("description-changes", DescriptionChange, related(DescriptionChange, "authority", "product"), serializers.DescriptionChangeRow, (listings.DESCRIPTION,)),
    Resource("applications", Application, related(Application, "buyer", "authority", "seller", prefetch=("items",)), serializers.ApplicationRow, (applications.APPLICATION, supervision.APPLICATION)),
    Resource("items", Item, related(Item, "application", "decision", "grant"), serializers.ItemRow, (applications.ITEM,)),
    Resource("consultations", Consultation, related(Consultation, "unit"), serializers.ConsultationRow, (applications.CONSULTATION,)),
    Resource("grants", Grant, grants, serializers.GrantRow, (applications.GRANT, supervision.GRANT)),
    Resource("editions", GrantEdition, related(GrantEdition), serializers.EditionRow, (applications.EDITION, supervision.EDITION)),
    Resource("standing-consents", StandingConsent, related(StandingConsent, "unit"), serializers.StandingRow, (applications.STANDING,)),
    Resource("reports", UsageReport, related(UsageReport, prefetch=(Prefetch("filings", ReportFiling.objects.order_by("round")),)), serializers.ReportRow, (supervision.REPORT,)),
    Resource("whereabouts", Whereabouts, related(Whereabouts), serializers.WhereaboutsRow),
    Resource("cautions", Caution, related(Caution, "party", "authority"), serializers.CautionRow, (supervision.CAUTION,)),
    Resource("certificates", Certificate, related(Certificate, "grant__product__seller"), serializers.CertificateRow, (supervision.CERTIFICATE,)),
    Resource("derived-products", DerivedProduct, lambda user: DerivedProduct.objects.visible_to(user).with_developer(), serializers.DerivedRow, (supervision.DERIVED,), serializers.DerivedPage),
    Resource("measures", Measure, measures, serializers.MeasureRow, (supervision.MEASURE,), seen=note_order_seen),
    Resource("documents", Document, lambda user: Document.objects.visible_to(user).select_related("issuer", "party").defer("pdf", "content"), serializers.DocumentRow),
    Resource("reviews", Review, related(Review, "party", "authority", "above", "reviewer"), serializers.ReviewRow, (supervision.REVIEW,)),
    Resource("inspection-plans", InspectionPlan, related(InspectionPlan, "authority"), serializers.InspectionPlanRow, (supervision.INSPECTION_PLAN,)),
    Resource("inspections", Inspection, inspections, serializers.InspectionRow, (supervision.INSPECTION,)),
    Resource("inquiries", Inquiry, related(Inquiry, "authority", "above"), serializers.InquiryRow),
    Resource("concerns", Concern, related(Concern, "responder", "party", prefetch=(Prefetch("notes", ConcernNote.objects.order_by("pk")),)), serializers.ConcernRow, (supervision.CONCERN,)),
    Resource("incidents", Incident, incidents, serializers.IncidentRow, (supervision.INCIDENT,)),
    Resource("emergency-plans", EmergencyPlan, related(EmergencyPlan, "unit", "authority", prefetch=(Prefetch("exercises", Exercise.objects.order_by("day", "pk")),)), serializers.PlanRow, (supervision.PLAN,)),
    Resource("findings", Finding, related(Finding, "authority", "party"), serializers.FindingRow, (supervision.FINDING,)),
)  # fmt: skip
BY_MODEL = {resource.model: resource for resource in RESOURCES}

# What only prepares: scope `write`. Every other verb has legal effect and takes the scope `act`.
PREPARES = {
    *((noun, verb) for noun in ("parties", "source-files", "measures", "findings", "concerns", "reviews",
                   "emergency-plans", "certificates", "inspections")
      for verb in ("add_evidence", "withdraw_evidence")),
    ("products", "create_version"), ("products", "add_source_file"), ("versions", "upload_file"),
    ("versions", "announce_report"), ("versions", "mark_columns"), ("versions", "request_assessment"), ("versions", "rework"),
    ("versions", "cancel_job"), ("versions", "suggest_recipe"), ("versions", "try_recipe"), ("versions", "apply_recipe"),
    ("versions", "bring_hierarchy"),
    ("uploads", "finish"), ("uploads", "abandon"),
    ("applications", "describe"), ("applications", "add_item"), ("items", "remove"),
    ("items", "choose_fields"),
}  # fmt: skip


def scope_of(resource: Resource, verb: Verb) -> Scope:
    return Scope.WRITE if (resource.noun, verb.name) in PREPARES else Scope.ACT


def resource_made_by(verb: Verb, resource: Resource) -> Resource:
    """Of what the answer is: the object's own kind, or of what the verb makes where it leads on."""
    if not verb.leads_on:
        return resource
    made = get_type_hints(verb.operation)["return"]
    return BY_MODEL[next(kind for kind in (*get_args(made), made) if kind in BY_MODEL)]


def _consultation() -> Consultation:
    return Consultation(pk=0, unit=Party(pk=0), application=Application(pk=0))


# Fields that a form makes of its object: {form: (object that stands for any, what is added to the description)}.
EXAMPLES: dict[type[forms.Form], Callable[[], Any]] = {
    listing_forms.CheckSourceForm: lambda: SourceFile(pk=0),
    listing_forms.UninviteForm: lambda: Product(pk=0),
    recipe_forms.SuggestRecipeForm: lambda: Version(pk=0),
    recipe_forms.ApplyRecipeForm: lambda: Version(pk=0),
    recipe_forms.BringHierarchyForm: lambda: Version(pk=0),
    listing_forms.ProposeDescriptionForm: lambda: Product(pk=0),
    account_forms.AmendForm: lambda: Party(pk=0, kind=PartyKind.ORGANISATION, region=Region()),
    application_forms.ApproveItemForm: lambda: Item(fields=[], application=Application(pk=0)),
    supervision_forms.ReportForm: lambda: UsageReport(
        pk=0, start=date(2026, 1, 1), end=date(2026, 3, 31), grant=Grant(pk=0, terms={"purposes": "研究"})
    ),
    PointsForm: lambda: Inspection(),
    ReleaseInspectorForm: lambda: Inspection(pk=0),
    review_forms.VaryForm: lambda: Review(measure=Measure(pk=0)),
    concern_forms.FileFindingForm: lambda: Party(pk=0),
    order_forms.OrderPartyForm: lambda: Party(pk=0),
    order_forms.OrderPlatformForm: lambda: Party(pk=0),
    order_forms.ReferForm: lambda: Measure(),
    supervision_forms.RecuseForm: lambda: Measure(authority=Party(pk=0)),
    concern_forms.TakeUpForm: lambda: Concern(authority=Party(pk=0)),
    supervision_forms.MergeFindingForm: lambda: Finding(party=Party(pk=0), authority=Party(pk=0)),
    concern_forms.MergeConcernForm: lambda: Concern(authority=Party(pk=0)),
    application_forms.ConsentInPartForm: lambda: _consultation(),
    application_forms.UseStandingForm: lambda: _consultation(),
    application_forms.DropUserForm: lambda: Grant(pk=0, buyer=Party(pk=0)),
    application_forms.NameUserForm: lambda: Grant(pk=0, buyer=Party(pk=0)),
    application_forms.ChooseFieldsForm: lambda: Item(fields=[], product=Product(pk=0)),
    application_forms.AgreeForm: lambda: GrantEdition(),
    application_forms.RecuseForm: lambda: Application(pk=0, authority=Party(pk=0)),
    application_forms.DropSystemForm: lambda: Grant(pk=0, buyer=Party(pk=0)),
    application_forms.NameSystemForm: lambda: Grant(pk=0, buyer=Party(pk=0)),
    application_forms.ChangeForm: lambda: Grant(
        pk=0,
        fields=[],
        terms={"what_is_built": "", "quota": None, "report_schedule": "calendar_quarters"},
        item=Item(route="secondary_development"),
        from_version=Version(pk=0),
    ),
}
OPEN_FORMS: dict[type[forms.Form], dict[str, Any]] = {
    listing_forms.MarkColumnsForm: {
        "type": "object",
        "description": _("For each column of the version: column_<position> and its role."),
        "additionalProperties": {"type": "string", "enum": list(ColumnRole.values)},
    },
    recipe_forms.SuggestRecipeForm: {
        "type": "object",
        "description": _(
            "suppression, in per cent; and for a quasi-identifier column_<position>: at most how many levels, or drop."
        ),
        "additionalProperties": {"type": "string"},
    },
    recipe_forms.TryRecipeForm: {
        "type": "object",
        "description": _("A recipe as a JSON text; its steps: docs/recipe-steps.md."),
        "properties": {"recipe": {"type": "string", "minLength": 1, "maxLength": recipe_forms.LONGEST}},
        "required": ["recipe"],
    },
}


@dataclass(frozen=True)
class Creation:
    """A POST that makes a new object. `form(user, at, target, *sent)` builds its form; `target` is what it starts from."""

    path: str
    made: str
    label: Any
    scope: Scope
    form: Callable[..., forms.Form]
    write: Callable[..., Any]
    target: Callable[[Any, int | None], Any] = lambda user, pk: None
    article: str = ""
    verb: str = "create"


def propose_entry(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return listing_forms.ProposeEntryForm(*sent, units=parties_as(user, CapabilityKind.UNIT, at).order_by("name"))


def create_product(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return listing_forms.CreateProductForm(*sent, sellers=listing_forms.sellers_of(user, at))


def start_upload(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return listing_forms.StartUploadForm(*sent)


def visible_version(user: Any, pk: int | None) -> Version:
    return get_object_or_404(Version.objects.visible_to(user).select_related("product__seller"), pk=pk)


def reported_version(user: Any, pk: int | None) -> Version:
    """Also one that is hidden from a holder, as it was recalled or is by invitation: who may report it knows of it."""
    version = get_object_or_404(Version.objects.select_related("product__seller"), pk=pk)
    return version if reporters(user, version, timezone.now()).exists() else visible_version(user, pk)


def start_application(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    version = target and offered_version(target)
    columns = list(version.columns.order_by("position").values_list("name", flat=True)) if version else []
    return application_forms.StartForm(*sent, user=user, at=at, columns=columns)


def object_to_version(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return listing_forms.ObjectForm(*sent)


def lodge_objection(target: Any, **fields: Any) -> Objection:
    return listing.lodge_objection(version=target, **fields).made


def report_concern(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return concern_forms.ConcernForm(*sent, parties=parties_of(user, at))


def lodge_concern(target: Any, **fields: Any) -> Concern:
    made: Concern = supervising.report_concern(subject=target, **fields).made
    return made


def visible_product(user: Any, pk: int | None) -> Product:
    return get_object_or_404(Product.objects.visible_to(user), pk=pk)


def visible_entry(user: Any, pk: int | None) -> CatalogueEntry:
    return get_object_or_404(CatalogueEntry.objects.visible_to(user), pk=pk)


def visible_derived(user: Any, pk: int | None) -> DerivedProduct:
    return get_object_or_404(DerivedProduct.objects.visible_to(user), pk=pk)


def open_incident(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    mine = reporters(user, target, at) if target else Party.objects.none()
    return incident_forms.OpenIncidentForm(*sent, version=target, user=user, parties=mine, at=at)


def lodge_review(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return review_forms.LodgeReviewOfForm(*sent, user=user)


def ask_report(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return inquiry_forms.AskReportForm(*sent, user=user)


def answer_inquiry(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return inquiry_forms.AnswerInquiryForm(*sent)


def visible_inquiry(user: Any, pk: int | None) -> Inquiry:
    return get_object_or_404(Inquiry.objects.visible_to(user), pk=pk)


def write_answer(target: Inquiry, **fields: Any) -> Inquiry:
    supervising.answer_inquiry(inquiry=target, **fields)
    return target


def draft_plan(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return preparedness_forms.DraftPlanForm(*sent, units=parties_as(user, CapabilityKind.UNIT, at).order_by("name"))


def register_derived(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return derived_forms.RegisterDerivedForm(*sent, party=target)


def listed_product(user: Any, pk: int | None) -> Product:
    return get_object_or_404(Product.objects.visible_to(user).listed(), pk=pk)


def import_entries(user: Any, at: datetime, target: Any, *sent: Any) -> forms.Form:
    return listing_forms.ImportEntriesForm(*sent, units=parties_as(user, CapabilityKind.UNIT, at).order_by("name"))


CREATIONS = (
    Creation("entries", "entries", _("Propose a catalogue entry"), Scope.ACT, propose_entry, lambda target, **fields: listing.propose_entry(**fields), article="Art. 10"),
    Creation("products", "products", _("Create a product"), Scope.WRITE, create_product, lambda target, **fields: listing.create_product(**fields)),
    Creation("versions/<int:pk>/uploads", "uploads", _("Announce a file that is to arrive in chunks"), Scope.WRITE, start_upload, lambda target, **fields: listing.start_upload(version=target, **fields), visible_version, "Art. 17"),
    Creation("products/<int:pk>/apply", "applications", _("Start an application"), Scope.WRITE, start_application, lambda target, **fields: application.start_application(product=target, **fields), listed_product, "Arts 16, 40"),
    Creation("versions/<int:pk>/objections", "objections", _("Object to a version in publicity"), Scope.ACT, object_to_version, lodge_objection, visible_version, "Art. 17"),
    Creation("products/<int:pk>/concerns", "concerns", _("Report misuse or faulty data"), Scope.ACT, report_concern, lodge_concern, visible_product, "Arts 13, 34"),
    Creation("entries/<int:pk>/concerns", "concerns", _("Report misuse or faulty data"), Scope.ACT, report_concern, lodge_concern, visible_entry, "Arts 13, 34", verb="report_entry"),
    Creation("derived-products/<int:pk>/concerns", "concerns", _("Report misuse or faulty data"), Scope.ACT, report_concern, lodge_concern, visible_derived, "Arts 13, 34", verb="report_derived"),
    Creation("versions/<int:pk>/incidents", "incidents", _("Report a security incident"), Scope.ACT, open_incident, lambda target, **fields: supervising.open_incident(version=target, **fields), reported_version, "Art. 34"),
    Creation("reviews", "reviews", _("Ask for a review"), Scope.ACT, lodge_review, lambda target, **fields: supervising.lodge_review(**fields), article="Arts 45, 47"),
    Creation("inquiries", "inquiries", _("Ask the authority below for a report on a case"), Scope.ACT, ask_report, lambda target, **fields: supervising.ask_report(**fields), article="Art. 45"),
    Creation("inquiries/<int:pk>/answer", "inquiries", _("Report on a case to the level above"), Scope.ACT, answer_inquiry, write_answer, visible_inquiry, "Art. 45", verb="answer"),
    Creation("emergency-plans", "emergency-plans", _("Draft an emergency plan"), Scope.WRITE, draft_plan, lambda target, **fields: supervising.draft_plan(**fields), article="Art. 34"),
    Creation("derived-products", "derived-products", _("Register a derived product"), Scope.ACT, register_derived, lambda target, **fields: supervising.register_derived(party=target, **fields), lambda user, pk: user.credential.party, "Art. 16"),
)  # fmt: skip
BY_NOUN = {resource.noun: resource for resource in RESOURCES}
