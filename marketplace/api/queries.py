"""The feed: ledger entries about what an organisation may see, in an order in which none can be missed."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, CharField, ExpressionWrapper, F, Model, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import Party
from accounts.queries import parties_of
from listings.models import (
    CatalogueEntry,
    DescriptionChange,
    Objection,
    Product,
    ReleaseRule,
    SourceFile,
    Upload,
    Version,
    is_provincial_officer,
    overseen,
    reviewed,
)
from listings.states import PUBLIC_STATES, EntryState, ProductState
from marketplace.applications.models import Application, Consultation, Grant, Hold, Item
from marketplace.delivery.models import Delivery
from marketplace.ledger.models import Entry
from marketplace.supervision.caution import Caution
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.incidents import WITH_HOLDERS, Incident, IncidentState
from marketplace.supervision.inspections import AT_WORK, Inspection, InspectionPlan
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.preparedness import EmergencyPlan
from marketplace.supervision.review import Review
from marketplace.supervision.states import DerivedState

PRIVATE: tuple[Any, ...] = (
    Party,
    DescriptionChange,
    ReleaseRule,
    Application,
    Item,
    Consultation,
    Grant,
    Delivery,
    UsageReport,
    Whereabouts,
    Caution,
    Certificate,
    Finding,
    Measure,
    Review,
    EmergencyPlan,
    Inspection,
    InspectionPlan,
    Upload,
    Objection,
)
SETTLED = RawSQL("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", [])  # below it nothing is still running
OWN_ACTS = ("approve", "publish", "release_by_rule", "retire", "withdraw")  # a keeper's or a reviewer's, of no measure


def feed(user: Any, after: Sequence[int]) -> QuerySet[Entry]:
    """Entries that the user may see, after a position (transaction, entry), in the order in which they became final.

    On PostgreSQL a later entry may be committed before an earlier one. So only what is below the oldest transaction
    still running is given, ordered by transaction: what comes later stands behind it. SQLite has one writer.
    `is_inside`: the user is one of its parties or officers, or else reads of it what anybody may (`as_told`).
    """
    inside, public = _visible(user)
    entries = Entry.objects.filter(inside | public)
    entries = entries.annotate(is_inside=ExpressionWrapper(inside, output_field=BooleanField()))
    if connection.vendor != "postgresql":
        return entries.filter(pk__gt=after[1]).order_by("pk")
    later = Q(xid__gt=after[0]) | Q(xid=after[0], pk__gt=after[1])
    return entries.filter(later, xid__gte=after[0], xid__lt=SETTLED).order_by(F("xid"), "pk")


def as_told(entry: Any) -> Entry:
    """As this reader may know it: of what is public, to whoever is not inside, no more than that it changed, where a
    measure, a review or a finding may be why: that is public only when it is final, and after an annulment never."""
    if not entry.is_inside and entry.verb not in OWN_ACTS:
        entry.operation_id, entry.verb, entry.old, entry.article = None, "", "", ""
    return entry


def position(entry: Entry) -> tuple[int, int]:
    return (entry.xid or 0, entry.pk)


def _visible(user: Any) -> tuple[Q, Q]:
    """What the user sees as one of its parties or officers, and what as anybody."""
    wanted = Q(pk__in=[])
    for model in PRIVATE:
        wanted |= _about(model.objects.visible_to(user))
    inspected = Inspection.objects.of_sides(user, timezone.now())
    wanted &= ~(_about(inspected) & Q(verb__in=AT_WORK))
    wanted |= _of_incidents(user)
    wanted |= _about(Hold._base_manager.filter(grant__in=Grant.objects.visible_to(user)))
    # Of faulty data it would name who reported to whoever has to correct it.
    wanted |= _about(Concern.objects.visible_to(user).filter(kind=ConcernKind.MISUSE))
    public = Q(pk__in=[])
    for rows, inside, shown in _public(user):
        wanted |= _about(inside)
        public |= _about(rows) & shown
    return wanted, public


def _of_incidents(user: Any) -> Q:
    """As on the page of each: its whole history, all but what was done with holders, or only that it is over."""
    rows, over = Incident.objects, (IncidentState.CLOSED, IncidentState.FALSE_ALARM)
    handled = _about(rows.handled_by(user)) & ~Q(verb__in=WITH_HOLDERS)
    return _about(rows.open_to(user)) | handled | _about(rows.visible_to(user)) & Q(new__in=over)


def _public(user: Any) -> list[tuple[QuerySet[Any], QuerySet[Any], Q]]:
    """(what anybody sees, what the user sees as one of its parties or officers, the acts that are for anybody).

    How a public version came to be is its parties' own affair, as on its page; that it is published or held is not. Of
    a derived product anybody reads that its keeper published it, or that it was withdrawn; that it is flagged its page
    says for as long as it is.
    """
    everything = is_provincial_officer(user)
    mine = parties_of(user, timezone.now())

    def inside(model: Any, condition: Q) -> QuerySet[Any]:
        rows = model.objects.visible_to(user)
        return rows if everything else rows.filter(condition)

    versions = inside(Version, Q(product__seller__in=mine) | overseen(user) | reviewed(user))
    grants = Grant.objects.filter(overseen(user))
    return [
        (CatalogueEntry.objects.visible_to(user), inside(CatalogueEntry, Q(unit__in=mine) | overseen(user)),
         Q(new__in=[EntryState.PUBLISHED, EntryState.WITHDRAWN])),
        (Product.objects.visible_to(user), inside(Product, Q(seller__in=mine) | Q(versions__in=versions)),
         Q(new=ProductState.WITHDRAWN)),
        (SourceFile.objects.visible_to(user),
         inside(SourceFile, Q(product__seller__in=mine) | Q(product__versions__in=versions)), Q(pk__in=[])),
        (Version.objects.visible_to(user), versions, Q(new__in=PUBLIC_STATES)),
        (DerivedProduct.objects.visible_to(user),
         inside(DerivedProduct, Q(party__in=mine) | Q(built_from__grant__in=grants)),
         Q(new__in=[DerivedState.PUBLISHED, DerivedState.WITHDRAWN], verb__in=OWN_ACTS)),
    ]  # fmt: skip


def _about(rows: QuerySet[Any]) -> Q:
    model: type[Model] = rows.model
    keys = rows.order_by().values(key=Cast("pk", CharField()))
    return Q(object_type=model._meta.label_lower, object_id__in=keys)
