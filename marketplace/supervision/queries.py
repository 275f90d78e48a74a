"""What is read: the metered use of a period, the attribution, what a derived product can be built from."""

from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db.models import CharField, Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from accounts.models import Capability, CapabilityKind, Party, PartyKind, Region, RegionLevel, valid_on
from accounts.queries import parties_of, recent_parties
from accounts.reach import reach_of
from accounts.states import PartyState
from listings.models import Nature, Version, VersionSource
from listings.queries import rests_on_other_data
from marketplace.applications.models import Grant
from marketplace.applications.states import LIVING_GRANT, GrantState
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import end_of_day, local_date
from marketplace.delivery.models import AccessRecord, Delivery, Outcome
from marketplace.ledger.entries import reference
from marketplace.ledger.queries import detail_of, history
from marketplace.supervision.incidents import Incident, IncidentCopy
from marketplace.supervision.models import DerivedFlag, DerivedFrom, DerivedProduct, Measure, UsageReport
from marketplace.supervision.precautions import standing_for
from marketplace.supervision.second_pair import Signature
from marketplace.supervision.states import DerivedState


def deliveries_of(report: UsageReport) -> QuerySet[Delivery]:
    """What was handed over under the grant within the period of a report."""
    began = end_of_day(report.start - timedelta(days=1))
    return Delivery.objects.filter(
        grant=report.grant_id, obtained_at__gte=began, obtained_at__lt=end_of_day(report.end)
    )


def deciding_on(derived: DerivedProduct, at: datetime) -> Party | None:
    """The authority that decides whether a flagged product may stay: that of the ended grants, of several the
    province's."""
    authorities = list(derived.flagged_by.select_related("region__parent"))
    if len(authorities) == 1:
        return authorities[0]
    seats = Capability.objects.filter(
        valid_on(local_date(at)), kind=CapabilityKind.AUTHORITY, level=RegionLevel.PROVINCE
    )
    seat = seats.select_related("party").order_by("pk").first()
    return seat.party if seat else None


def flagged_for(user: Any, at: datetime) -> QuerySet[DerivedProduct]:
    """The flagged products that this officer decides on: as `check_can_clear_derived`."""
    who, own = reach_of(user, at), recent_parties(user, at)
    raised = DerivedFlag.objects.filter(cleared_at=None)
    mine = Q(pk__in=raised.filter(grant__authority__in=who.authorities).values("derived"))
    number = Count("flags__grant__authority", filter=Q(flags__cleared_at=None), distinct=True)
    units = VersionSource.objects.filter(unit__in=own)
    sides = Q(grant__buyer__in=own) | Q(grant__product__seller__in=own)
    theirs = DerivedFrom.objects.filter(sides | Q(grant__from_version__in=units.values("version")))
    found = DerivedProduct.objects.filter(state=DerivedState.FLAGGED).alias(deciders=number)
    found = found.filter(Q(deciders=1) & mine | ~Q(deciders=1) if who.is_province else Q(deciders=1) & mine)
    return found.exclude(Q(party__in=own) | Q(pk__in=theirs.values("derived"))).order_by("pk")


def metered_use(report: UsageReport) -> list[dict[str, Any]]:
    """The deliveries of a report's period: time, version, rows, bytes, fields, to whom. Plain values, to be kept."""
    rows = deliveries_of(report).select_related("version", "principal").order_by("obtained_at", "pk")
    return [
        {
            "at": row.obtained_at.isoformat(),
            "version": row.version.number,
            "rows": row.rows,
            "bytes": row.bytes,
            "fields": row.fields,
            "to": row.principal.name if row.principal else "",
        }
        for row in rows
    ]


def refused_requests(report: UsageReport) -> int:
    """How often the gate said no within the period."""
    began = end_of_day(report.start - timedelta(days=1))
    return AccessRecord.objects.filter(
        grant_ref=reference(report.grant), outcome=Outcome.REFUSED, at__gte=began, at__lt=end_of_day(report.end)
    ).count()


def further_grants(measure: Measure, at: datetime) -> QuerySet[Grant]:
    """The grants in force of the party, of public data and of the measure's authority, that it does not name yet. With
    those that are only offered, as long as the party may accept them: else it would be served under them at once."""
    theirs = {"buyer": measure.party_id, "authority": measure.authority_id}
    rows = Grant.objects.filter(**theirs, state__in=LIVING_GRANT, ends__gte=local_date(at))
    lapsed = Clock.objects.overdue(at).filter(
        object_type=Grant._meta.label_lower, object_id=Cast(OuterRef("pk"), CharField()), kind=Kind.OFFER
    )
    rows = rows.exclude(Q(state=GrantState.OFFERED) & Exists(lapsed))
    rows = rows.exclude(product__nature=Nature.NON_PUBLIC).exclude(measures__measure=measure)
    return rows.select_related("buyer", "product").order_by("pk")


def with_deadline(measures: QuerySet[Measure]) -> QuerySet[Measure]:
    """With `correct_by`, the moment at which the time to correct is over, and `correct_paused_at`, since when that time
    stands still, None of what was not issued; `hearing_by`, when the time to be heard is over, and once the party was
    heard, has filed evidence or was found to refuse `judged_by`, when the time to decide is, each None where it does
    not run."""
    key = {"object_type": Measure._meta.label_lower, "object_id": Cast(OuterRef("pk"), CharField())}
    newest = Clock.objects.filter(kind=Kind.CORRECTION, **key).newest_first()
    running = Clock.objects.running().filter(**key)
    return measures.annotate(
        correct_by=Subquery(newest.values("due_at")[:1]),
        correct_paused_at=Subquery(newest.filter(ended_at=None).values("paused_at")[:1]),
        hearing_by=Subquery(running.filter(kind=Kind.HEARING).values("due_at")),
        judged_by=Subquery(
            running.filter(kind__in=[Kind.HEARD, Kind.JUDGEMENT]).order_by("due_at").values("due_at")[:1]
        ),
    )


def grants_signed_for(signature: Signature, at: datetime) -> list[Grant]:
    """The further grants that whoever signed first has chosen, as far as they are still in force or offered."""
    chosen = signature.texts.get("grants", [])
    return [grant for grant in further_grants(signature.measure, at) if reference(grant) in chosen] if chosen else []


def copies_of(incident: Incident, at: datetime) -> QuerySet[IncidentCopy]:
    """The copies that it reaches, with `is_paused`: whether a precaution for it holds the grant."""
    paused = Exists(standing_for(incident, at).filter(grant=OuterRef("grant")))
    rows = incident.copies.select_related("grant__buyer", "grant__product", "version__product")
    return rows.annotate(is_paused=paused).order_by("pk")


def overseen_by(body: Party, at: datetime) -> dict[str, QuerySet[Any]]:
    """What an oversight body may file a finding about: grants, submitted versions and organisations of its
    regions; of authorities those that have a level above."""
    held = Capability.objects.filter(valid_on(local_date(at)), party=body, kind=CapabilityKind.OVERSIGHT)
    seats = held.values("region")
    here = Region.objects.filter(Q(pk__in=seats) | Q(parent__in=seats) | Q(parent__parent__in=seats))
    known = {"kind": PartyKind.ORGANISATION, "state__in": [PartyState.VERIFIED, PartyState.BARRED]}
    highest = Capability.objects.filter(
        valid_on(local_date(at)), kind=CapabilityKind.AUTHORITY, level=RegionLevel.PROVINCE
    )
    parties = Party.objects.filter(region__in=here, **known).exclude(pk__in=highest.values("party"))
    return {
        "grant": Grant.objects.filter(authority__region__in=here).select_related("product").order_by("-pk"),
        "version": Version.objects.filter(authority__region__in=here).select_related("product").order_by("-pk"),
        "against": parties.exclude(pk=body.pk).order_by("name", "pk"),
    }  # fmt: skip


class Attribution(NamedTuple):
    """One source of a derived product, from the records. Dates are `datetime.date`."""

    units: list[str]
    product: str
    version: Version
    obtained_first: Any
    obtained_last: Any
    origins: list[Version]  # where it was itself built on public data: every version that went into it


def delivered_to(party: Any) -> Q:
    """Of deliveries: those to a party, or to one that was merged into it. Also of an outer query's party."""
    return Q(grant__buyer=party) | Q(grant__buyer__merged_into=party)


def known_to(user: Any) -> Q:
    """Of what went into derived products: all but what came of a deal in non-public data that is not theirs to see."""
    return ~Q(grant__product__nature=Nature.NON_PUBLIC) | Q(grant__in=Grant.objects.visible_to(user).values("pk"))


def with_known_developer(user: Any) -> QuerySet[DerivedProduct]:
    """The derived products whose developer this reader may know: named to anybody, or party of a grant that is theirs
    to see."""
    mine = DerivedFrom.objects.filter(grant__in=Grant.objects.visible_to(user).values("pk"))
    named = Q(is_named=True) | Q(pk__in=mine.values("derived"))
    return DerivedProduct.objects.with_developer().filter(named)


def has_other_sources(derived: DerivedProduct, user: Any, on: date | None = None) -> bool:
    """Whether it was built from non-public data as well, also further up, of which this reader learns nothing more."""
    uses = derived.built_from.filter(_named_by(derived, on))
    if uses.exclude(known_to(user)).exists():
        return True
    built = uses.filter(version__product__nature=Nature.BUILT).values_list("version__product", flat=True)
    return rests_on_other_data(built)


def _named_by(derived: DerivedProduct, day: date | None) -> Q:
    """Of what went into it: what its developer had named by the end of a day, as recorded; without a day, all."""
    if day is None:
        return Q()
    acts = history([derived]).filter(verb__in=["register", "add_sources"], at__lt=end_of_day(day))
    pairs = [pair for act in acts.select_related("detail") for pair in detail_of(act).get("built_from", [])]
    keys = [[int(ref.rpartition(":")[2]) for ref in pair] for pair in pairs]
    return reduce(or_, (Q(grant=grant, version=version) for grant, version in keys), Q(pk__in=[]))


def attribution(derived: DerivedProduct, user: Any, on: date | None = None) -> list[Attribution]:
    """Source units, product, version and date obtained (Art. 16): first to last delivery to this developer. All of the
    public data; of the non-public what this reader may see. One for each version, under however many grants. `on`: as
    it was printed on that day."""
    uses = derived.built_from.filter(known_to(user), _named_by(derived, on)).select_related("version__product")
    uses = uses.order_by("version__product__title", "version__number")
    versions = list(dict.fromkeys(use.version for use in uses.prefetch_related("version__sources__unit")))
    until = Q(obtained_at__lt=end_of_day(on)) if on else Q()
    spans = (
        Delivery.objects.filter(until, delivered_to(derived.party), version__in=versions)
        .values("version")
        .annotate(first=Min("obtained_at"), last=Max("obtained_at"))
        .order_by("version")
    )
    dates = {span["version"]: (local_date(span["first"]), local_date(span["last"])) for span in spans}
    return [
        Attribution(
            sorted({source.unit.name for source in version.sources.all()}),
            version.product.title,
            version,
            *dates[version.pk],
            origins_of(version),
        )
        for version in versions
    ]


def origins_of(version: Version) -> list[Version]:
    """The versions that a version was built from, however far up, the nearest first."""
    found: dict[int, Version] = {}
    last = [version.pk] if version.product.is_built else []
    while last:
        above = Version.objects.filter(inherited_by__version__in=last).exclude(pk__in=found).distinct()
        rows = above.select_related("product").prefetch_related("sources__unit").order_by("pk")
        last = [row.pk for row in rows]
        found |= {row.pk: row for row in rows}
    return list(found.values())


def obtained(party: Party) -> list[tuple[Grant, Version]]:
    """The (grant, version) pairs that were delivered to a party, or to one that was merged into it."""
    pairs = (
        Delivery.objects.filter(delivered_to(party))
        .values_list("grant", "version")
        .distinct()
        .order_by("grant", "version")
    )
    grants = Grant.objects.select_related("product").in_bulk({grant for grant, _version in pairs})
    versions = Version.objects.select_related("product").in_bulk({version for _grant, version in pairs})
    return [(grants[grant], versions[version]) for grant, version in pairs]


def developers_of(user: Any, at: datetime) -> QuerySet[Party]:
    """The reader's parties that were ever admitted as buyers: what they built is registered, lapsed or not."""
    able = Capability.objects.filter(party=OuterRef("pk"), kind=CapabilityKind.BUYER)
    return parties_of(user, at).filter(Exists(able)).exclude(state=PartyState.ENDED)


def regions_of(authority: Party, at: datetime) -> QuerySet[Region]:
    """The regions that an authority answers for: its own, and the cities and counties in it."""
    own = Capability.objects.filter(valid_on(local_date(at)), party=authority, kind=CapabilityKind.AUTHORITY)
    seats = own.values("region")
    return Region.objects.filter(Q(pk__in=seats) | Q(parent__in=seats) | Q(parent__parent__in=seats))


def operators() -> Q:
    return Q(capabilities__kind=CapabilityKind.OPERATOR)


def institutions(authority: Party, at: datetime) -> QuerySet[Party]:
    """Against whom an authority may order correction (Art. 46): units, developers and sellers that have their seat in
    its region; a natural person only where it has a grant under this authority. Never the platform."""
    kinds = (CapabilityKind.UNIT, CapabilityKind.PRIMARY_DEVELOPER, CapabilityKind.SELLER, CapabilityKind.BUYER)
    return (
        _seated(authority, at)
        .filter(Q(kind=PartyKind.ORGANISATION) | Q(grants__authority=authority), capabilities__kind__in=kinds)
        .exclude(pk__in=Party.objects.filter(operators()).values("pk"))
        .distinct()
    )


def liable(authority: Party, at: datetime) -> QuerySet[Party]:
    """Against whom an order may answer a finding: its institutions, the authorities below it, and wherever it has its
    seat whoever has, or had itself or by a merger, a grant under this authority, which it has to keep to also with the
    copies left over."""
    granted = Grant.objects.filter(authority=authority)
    theirs = Q(pk__in=granted.values("buyer")) | Q(pk__in=granted.values("buyer__merged_into"))
    living = Q(state__in=[PartyState.VERIFIED, PartyState.BARRED])
    here = institutions(authority, at).values("pk"), _below(authority, at).values("pk")
    return Party.objects.filter(Q(pk__in=here[0]) | Q(pk__in=here[1]) | theirs & living)


def accusable(authority: Party, at: datetime) -> QuerySet[Party]:
    """Whom a report of nobody in particular may turn out to be about: the organisations of its region against which an
    order may answer it; a natural person is named by its grant."""
    rows = (found(authority, at).values("pk") for found in (institutions, platforms, _below))
    found = reduce(or_, (Q(pk__in=one) for one in rows))
    return Party.objects.filter(found, kind=PartyKind.ORGANISATION).exclude(pk=authority.pk).order_by("name", "pk")


def _below(authority: Party, at: datetime) -> QuerySet[Party]:
    """The authorities of the cities and counties in its region."""
    held = Capability.objects.filter(valid_on(local_date(at)), kind=CapabilityKind.AUTHORITY)
    return _seated(authority, at).filter(pk__in=held.values("party")).exclude(pk=authority.pk)


def cautionable(authority: Party, at: datetime) -> QuerySet[Party]:
    """About whom an authority may caution: its institutions, and whoever has a grant or a version of data under it."""
    dealt = Q(grants__authority=authority) | Q(products__versions__authority=authority)
    known = Q(pk__in=institutions(authority, at).values("pk")) | Q(pk__in=Party.objects.filter(dealt).values("pk"))
    living = Party.objects.filter(known, state__in=[PartyState.VERIFIED, PartyState.BARRED])
    return living.exclude(pk=authority.pk).order_by("name", "pk")


def platforms(authority: Party, at: datetime) -> QuerySet[Party]:
    """The platform's operators that have their seat in an authority's region (Art. 47)."""
    return _seated(authority, at).filter(operators()).distinct()


def _seated(authority: Party, at: datetime) -> QuerySet[Party]:
    living = [PartyState.VERIFIED, PartyState.BARRED]
    return Party.objects.filter(region__in=regions_of(authority, at), state__in=living).order_by("name", "pk")
