"""Whom an incident reaches: read from the delivery records and kept with the case."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from accounts.models import Party
from accounts.queries import recipients
from listings.models import About, Version
from listings.queries import newest_assessment
from marketplace.applications.models import Grant
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
    incident.people, incident.counted_at = people_in(incident.version), act.at
    incident.save(update_fields=["open_downloads", "people", "counted_at"])
    _ask_bodies(act, incident)


def _ask_bodies(act: ledger.Act, incident: Incident) -> None:
    known = set(incident.acknowledgements.values_list("party", flat=True))
    new = [party for party in bodies_over(incident, act.at) if party.pk not in known]
    IncidentAcknowledgement.objects.bulk_create(IncidentAcknowledgement(incident=incident, party=one) for one in new)
    tell_bodies(act, incident, "incident_opened", new, **opened_words(incident))


def opened_words(incident: Incident) -> dict[str, Any]:
    return {"number": incident.number, "title": incident.title, "version": incident.version}


def tell_bodies(act: ledger.Act, incident: Incident, kind: str, parties: Iterable[Party], **words: Any) -> None:
    """The people of these parties, but whoever acts."""
    people = {to for party in parties for to in recipients(party, act.at) if to.ref != act.actor.ledger_ref}
    tell(act, people, kind, link=incident.get_absolute_url(), **words)


def affected_deliveries(incident: Incident) -> QuerySet[Delivery]:
    """Of the version and of all that was built from it, however far down. Where only some copies are concerned: those,
    and what their buyers built and others obtained."""
    under, chosen = incident.only_under.values("pk"), incident.only_deliveries.values("pk")
    if not under.exists() and not chosen.exists():
        return Delivery.objects.filter(version__in=with_downstream(incident.version))
    own = Delivery.objects.filter(Q(grant__in=under) | Q(pk__in=chosen), version=incident.version)
    built: set[int] = set()
    for version in built_under(incident.version, set(own.values_list("grant", flat=True))):
        built |= with_downstream(version)
    return Delivery.objects.filter(Q(pk__in=own.values("pk")) | Q(version__in=built))


def built_under(version: Version, under: Iterable[int]) -> QuerySet[Version]:
    """What the buyers of these grants, or whoever they were merged into, list as built from the version."""
    grants = Grant.objects.filter(pk__in=under)
    own = Q(product__seller__in=grants.values("buyer")) | Q(product__seller__in=grants.values("buyer__merged_into"))
    return Version.objects.filter(own, sources__upstream_version=version).distinct()


def derived_from(incident: Incident) -> set[int]:
    """Derived products that were built from a copy which the incident reaches."""
    copies = set(incident.copies.values_list("grant", "version"))
    uses = DerivedFrom.objects.filter(version__in={version for _grant, version in copies})
    return {derived for derived, *copy in uses.values_list("derived", "grant", "version") if tuple(copy) in copies}


def people_in(version: Version) -> int | None:
    """How many people a version is about: by its subject column, else by its rows; None where no report says."""
    if version.about != About.PERSONS:
        return 0
    assessment = newest_assessment(version)
    found: Any = assessment.report.get("subjects") if assessment else None
    return version.rows if found is None else found
