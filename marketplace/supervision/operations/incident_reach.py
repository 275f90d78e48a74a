"""Whom an incident reaches: read from the delivery records and kept with the case."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Party
from accounts.queries import recipients
from listings.models import About, Version
from listings.queries import newest_assessment
from marketplace.clock.working_days import local_date
from marketplace.delivery.models import Delivery
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision.incidents import Incident, IncidentAcknowledgement, IncidentCopy
from marketplace.supervision.models import DerivedFrom
from marketplace.supervision.operations.recall import with_downstream
from marketplace.supervision.permissions_incident import bodies_over


def count_reach(act: ledger.Act, incident: Incident) -> None:
    """Compute holders, derived products, people and open downloads afresh, and keep them. What was reached before
    stays: records of deliveries only grow. A body that has to know of it now, as over a grant that is reached now, is
    told and asked to acknowledge it."""
    deliveries = affected_deliveries(incident)
    spans = deliveries.filter(grant__isnull=False).values("grant", "version").annotate(
        n=Count("pk"), most=Max("rows"), first=Min("obtained_at"), last=Max("obtained_at")
    )  # fmt: skip
    for span in spans.order_by("grant", "version"):
        IncidentCopy.objects.update_or_create(
            incident=incident, grant_id=span["grant"], version_id=span["version"],
            defaults={
                "deliveries": span["n"], "rows": span["most"], "first_at": span["first"], "last_at": span["last"]
            },
        )  # fmt: skip
    incident.derived.set(derived_from(incident))
    incident.open_downloads = deliveries.filter(grant=None).count()
    incident.people, incident.people_at_most = people_affected(incident)
    incident.counted_at = act.at
    incident.save(update_fields=["open_downloads", "people", "people_at_most", "counted_at"])
    _ask_bodies(act, incident)


def _ask_bodies(act: ledger.Act, incident: Incident) -> None:
    known = incident.bodies()
    new = [party for party in bodies_over(incident, act.at) if party not in known]
    IncidentAcknowledgement.objects.bulk_create(IncidentAcknowledgement(incident=incident, party=one) for one in new)
    tell_bodies(act, incident, "incident_opened", new, **opened_words(incident))


def opened_words(incident: Incident) -> dict[str, Any]:
    return {"number": incident.number, "title": incident.title, "version": incident.version}


def tell_bodies(act: ledger.Act, incident: Incident, kind: str, parties: Iterable[Party], **words: Any) -> None:
    """The people of these parties, but whoever acts."""
    people = {to for party in parties for to in recipients(party, act.at) if to.ref != act.actor.ledger_ref}
    tell(act, people, kind, link=incident.get_absolute_url(), **words)


def concerns_some(incident: Incident) -> bool:
    """Whether some copies only are concerned, not the version itself."""
    return incident.only_under.exists() or incident.only_deliveries.exists()


def own_deliveries(incident: Incident) -> QuerySet[Delivery]:
    """Where only some copies are concerned: the deliveries of the version that these are."""
    chosen = Q(grant__in=incident.only_under.values("pk")) | Q(pk__in=incident.only_deliveries.values("pk"))
    return Delivery.objects.filter(chosen, version=incident.version)


def affected_deliveries(incident: Incident) -> QuerySet[Delivery]:
    """Of the version and of all that was built from it, however far down. Where only some copies are concerned: those,
    and what their buyers built and others obtained."""
    if not concerns_some(incident):
        return Delivery.objects.filter(version__in=with_downstream(incident.version))
    own, built = own_deliveries(incident), set[int]()
    for version in built_on(own, incident.version):
        built |= with_downstream(version)
    return Delivery.objects.filter(Q(pk__in=own.values("pk")) | Q(version__in=built))


def built_on(own: QuerySet[Delivery], version: Version) -> list[Version]:
    """What the buyers of these deliveries, or whoever they were merged into, list as built from the version, and did
    not publish before the day on which they obtained the first of them."""
    first = dict[int | None, date]()
    theirs = own.values_list("grant__buyer", "grant__buyer__merged_into").annotate(Min("obtained_at"))
    for buyer, successor, at in theirs.order_by("grant__buyer"):
        for party in (buyer, successor):
            first[party] = min(first.get(party, date.max), local_date(at))
    listed = Version.objects.filter(
        product__seller__in=[party for party in first if party], sources__upstream_version=version,
        published_at__isnull=False,
    )  # fmt: skip
    rows = listed.select_related("product").distinct().order_by("pk")
    return [row for row in rows if row.published_at and first[row.product.seller_id] <= local_date(row.published_at)]


def derived_from(incident: Incident) -> set[int]:
    """Derived products that were built from a copy which the incident reaches: named as such on the day on which that
    was first obtained, or later."""
    first = {(copy.grant_id, copy.version_id): local_date(copy.first_at) for copy in incident.copies.all()}
    uses = DerivedFrom.objects.filter(version__in={version for _grant, version in first})
    named = uses.values_list("derived", "grant", "version", Coalesce("named_at", "derived__created_at"))
    return {
        derived for derived, grant, version, at in named if first.get((grant, version), date.max) <= local_date(at)
    }  # fmt: skip


def people_affected(incident: Incident) -> tuple[int | None, bool]:
    """How many people the incident is about, and whether that many at most: where each of the deliveries chosen has
    fewer rows than the version, nobody has counted the people in these."""
    people, rows = people_in(incident.version), incident.version.rows
    if not people or not concerns_some(incident):
        return people, False
    own = own_deliveries(incident)
    if rows is None:
        return people, True
    if own.filter(rows__gte=rows).exists():
        return people, False
    files = own.values("extract").annotate(held=Max("rows")).order_by("extract")  # handed over twice: the same rows
    return min(people, sum(file["held"] for file in files)), True


def people_in(version: Version) -> int | None:
    """How many people a version is about: by its subject column, else by its rows; None where no report says, and of
    households, in which nobody counts the people."""
    if version.about == About.HOUSEHOLDS:
        return None
    if version.about != About.PERSONS:
        return 0
    assessment = newest_assessment(version)
    found: Any = assessment.report.get("subjects") if assessment else None
    return version.rows if found is None else found
