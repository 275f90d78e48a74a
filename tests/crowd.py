"""One of everything that a list shows, and as many more as are wanted: for tests that count."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from listings.models import (
    CatalogueEntry,
    Column,
    DescriptionChange,
    Objection,
    Product,
    ReleaseRule,
    SourceFile,
    Upload,
    VersionSource,
)
from listings.operations import follow_entries, follow_product
from marketplace.applications.models import Consultation, Grant, GrantEdition, StandingConsent
from marketplace.console.models import Reading
from marketplace.documents.models import Document
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident, IncidentAcknowledgement
from marketplace.supervision.inquiry import Inquiry
from marketplace.supervision.inspections import Inspection, InspectionPlan
from marketplace.supervision.models import (
    DerivedFrom,
    DerivedProduct,
    Finding,
    Measure,
    MeasureGrant,
    UsageReport,
    new_token,
)
from marketplace.supervision.operations import propose_order_on_grant
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.preparedness import EmergencyPlan, Exercise
from marketplace.supervision.review import Review
from tests.actors import World
from tests.workflow import stages


def one_of_each(world: World, grant: Grant) -> None:
    """Beside a grant, with its case and product, one of each that has to do with it."""
    at = timezone.now()
    act = ledger.begin("notice", ledger.SystemActor("sweep"), at)
    open_finding(act, grant, "report_overdue", "first", "Art. 16", report="x")
    propose_order_on_grant(grant=grant, actor=world["officer"], at=world.at, facts="f", demand="d")
    stages.standing_consent(world, "given")
    Review.objects.create(
        measure=Measure.objects.get(), party=grant.buyer, authority=grant.authority, text="x", by=world["buyer"],
        created_at=at,
    )  # fmt: skip
    Document.objects.create(
        number="0", kind="order", object_type="supervision.measure", object_id=str(Measure.objects.get().pk),
        issuer=grant.authority, party=grant.buyer, content={}, issued_at=at,
    )  # fmt: skip
    plan = InspectionPlan.objects.create(
        authority=grant.authority, title="t", first=at, last=at, method="random", size=1, seed="s", by=world["officer"],
        created_at=at,
    )  # fmt: skip
    Inspection.objects.create(
        plan=plan, grant=grant, party=grant.buyer, authority=grant.authority, by=world["officer"], created_at=at
    )
    derived = DerivedProduct.objects.create(party=grant.buyer, title="t", description="d", created_at=at)
    DerivedFrom.objects.create(derived=derived, grant=grant, version=world.version)


def one_of_the_rest(world: World, grant: Grant) -> None:
    """Of what only the console and the API list."""
    at, version, officer = timezone.now(), world.version, world["officer"]
    Objection.objects.create(version=version, by=world["buyer"], code_hash="x", text="x", created_at=at)
    Upload.objects.create(
        version=version, by=world["seller"], name="x", size=1, state="refused", expires_at=at, created_at=at
    )
    ReleaseRule.objects.create(
        product=world.product, basis=version, authority=version.authority, state="refused", min_rows=1, max_rows=2,
        max_drift=5, valid_until=at.date(), created_at=at,
    )  # fmt: skip
    GrantEdition.objects.create(
        grant=grant, kind="change", state="refused", before={}, after={}, reason="x", by=world["buyer"], at=at
    )
    DescriptionChange.objects.create(
        product=world.product, basis=version, authority=version.authority, state="withdrawn", before={}, after={},
        reason="x", by=world["seller"], created_at=at,
    )  # fmt: skip
    Concern.objects.create(
        kind="misuse", grant=grant, party=grant.buyer, authority=grant.authority, responder=grant.authority,
        code_hash="x", text="x", created_at=at,
    )  # fmt: skip
    Incident.objects.create(
        version=version, reporter=version.product.seller, authority=grant.authority, kind="leak", title="x", facts="x",
        noticed_at=at, counted_at=at, created_at=at, public_told_at=at, public_text="x",
    )  # fmt: skip
    plan = EmergencyPlan.objects.create(
        unit=world.parties["unit"], authority=grant.authority, title="x", contact="x", covers="x", created_at=at,
        adopted_on=grant.starts, state="superseded",
    )  # fmt: skip
    Exercise.objects.create(
        plan=plan, kind="drill", day=grant.starts, people=1, scenario="x", lessons="x", by=officer, at=at
    )
    Whereabouts.objects.create(
        grant=grant, suspended_at=at, places="x", systems="x", kept_by="x", was_passed_on=False, by=officer, at=at
    )
    Caution.objects.create(
        party=grant.buyer, authority=grant.authority, article="Art. 33", reason="x", ends=at.date(), issued_by=officer,
        issued_at=at,
    )  # fmt: skip
    Certificate.objects.create(
        grant=grant, destroyed="x", places="x", method="x", done_by="x", destroyed_on=at.date(), filed_by=officer,
        filed_at=at,
    )  # fmt: skip
    Inquiry.objects.create(
        application=grant.item.application, party=grant.buyer, authority=grant.authority, question="x", by=officer,
        at=at, above=world.parties["province"],
    )  # fmt: skip
    UsageReport.objects.create(grant=grant, start=grant.starts, end=grant.starts, due_at=at, late_at=at)
    Reading.objects.create(
        by=officer, party=version.authority, object_type="x", object_id="0", title="x", day=at.date(), reason="x", at=at
    )


def copy(obj: Any, **changes: Any) -> Any:
    """Another row like this one."""
    twin = type(obj)._base_manager.get(pk=obj.pk)
    twin.pk = None
    twin._state.adding = True
    for name, value in changes.items():
        setattr(twin, name, value)
    twin.save(force_insert=True)
    return twin


def copy_product(product: Product) -> Product:
    version = product.versions.get(number=1)
    twin = copy(product)
    edition = copy(version, product=twin)
    for source in VersionSource.objects.filter(version=version):
        copy(source, version=edition)
    for column in Column.objects.filter(version=version):
        copy(column, version=edition)
    follow_product(twin)
    return twin


def copy_grant(grant: Grant) -> Grant:
    application = copy(grant.item.application)
    twin = copy(grant, item=copy(grant.item, application=application))
    copy(grant.disclosure, grant=twin)
    return twin


def more(grant: Grant, number: int) -> Grant:
    """Another of each; gives the grant."""
    copy_product(grant.product)
    follow_entries([copy(CatalogueEntry.objects.earliest("pk"))])
    twin = copy_grant(grant)
    copy(Finding.objects.earliest("pk"), occasion_key=f"copy {number}", grant=twin)
    measure = copy(Measure.objects.earliest("pk"), occasion_key=f"copy {number}")
    MeasureGrant.objects.create(measure=measure, grant=twin)
    copy(Review.objects.earliest("pk"), measure=measure)
    copy(InspectionPlan.objects.earliest("pk"))
    copy(Inspection.objects.earliest("pk"), grant=twin)
    copy(Document.objects.get(number="0"), number=f"copy {number}", object_id=str(measure.pk), token=new_token())
    copy(StandingConsent.objects.earliest("pk"))
    copy(
        grant.buyer, uscc=None, kind="person", name=f"copy {number}", id_kind="passport", id_encrypted="x",
        id_hmac=f"{number}",
    )  # fmt: skip
    derived = copy(DerivedProduct.objects.earliest("pk"), token=new_token())
    DerivedFrom.objects.create(derived=derived, grant=twin, version_id=twin.from_version_id)
    for notice in list(Outbox.objects.filter(dedup_key__startswith="grant_", channel="page")):
        copy(notice, dedup_key=f"{notice.pk} copy {number}")
    return twin


def more_of_the_rest(twin: Grant, number: int) -> None:
    """Another of what only the console and the API list, on a grant that `more` made."""
    copy(SourceFile.objects.earliest("pk"))
    copy(Objection.objects.earliest("pk"))
    copy(Concern.objects.earliest("pk"), grant=twin)
    incident = Incident.objects.earliest("pk")
    twin_incident = copy(incident, noticed_at=incident.noticed_at + timedelta(seconds=number))
    IncidentAcknowledgement.objects.create(incident=twin_incident, party=incident.authority)
    copy(Inquiry.objects.earliest("pk"))
    copy(Exercise.objects.earliest("pk"), plan=copy(EmergencyPlan.objects.earliest("pk")))
    copy(Upload.objects.earliest("pk"))
    copy(ReleaseRule.objects.earliest("pk"))
    copy(DescriptionChange.objects.earliest("pk"))
    copy(GrantEdition.objects.earliest("pk"), grant=twin)
    copy(UsageReport.objects.earliest("pk"), grant=twin)
    copy(Whereabouts.objects.earliest("pk"), grant=twin)
    copy(Caution.objects.earliest("pk"))
    copy(Certificate.objects.earliest("pk"), grant=twin)
    copy(Consultation.objects.earliest("pk"), application=twin.item.application)
    copy(Reading.objects.earliest("pk"), object_id=f"{number}")


def grow(grant: Grant, count: int) -> None:
    """So many more of everything, and the database's statistics kept up, as autovacuum keeps them."""
    for number in range(1, count + 1):
        more_of_the_rest(more(grant, number), number)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
