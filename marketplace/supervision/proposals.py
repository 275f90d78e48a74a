"""Proposals as an officer is shown them before several are signed at once, and by what one is told that has changed."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import rfc8785
from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import CapabilityKind, Party, RegionLevel
from accounts.queries import parties_as, recent_parties
from accounts.reach import stepped_back
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.supervision.measure_kinds import KINDS, Issuer
from marketplace.supervision.models import Measure, MeasureGrant
from marketplace.supervision.second_pair import Signature
from marketplace.supervision.states import FindingState, MeasureState

SIGNED_TOGETHER = [kind for kind, row in KINDS.items() if row.issuer == Issuer.AUTHORITY]
MOST_AT_ONCE = 20  # as many as a person reads before signing once


class Shown(NamedTuple):
    """A proposal with all that is shown of it; `digest` differs as soon as one word of that does."""

    measure: Measure
    grants: list[Grant]
    is_outdated: bool
    digest: str

    @property
    def can_be_signed(self) -> bool:
        suspends = self.measure.rules.suspends
        active = any(grant.state == GrantState.ACTIVE for grant in self.grants)
        return not self.is_outdated and (active or not suspends)


def waiting_to_be_signed(user: Any, at: datetime) -> QuerySet[Measure]:
    """The proposals of the person's authorities, of kinds that their level issues, and not their own organisation's."""
    own = recent_parties(user, at)
    theirs = Measure.objects.filter(
        _by_level(parties_as(user, CapabilityKind.AUTHORITY, at)), state=MeasureState.PROPOSED, issuer=None
    )
    theirs = theirs.exclude(stepped_back([user.pk], Measure)).exclude(
        pk__in=Signature.objects.waiting().values("measure")
    )
    theirs = theirs.exclude(party__in=own).exclude(held__grant__product__seller__in=own)
    return theirs.exclude(held__grant__from_version__sources__unit__in=own)


def _by_level(authorities: QuerySet[Party]) -> Q:
    found = Q(pk__in=[])
    for level in RegionLevel.values:
        kinds = [kind for kind in SIGNED_TOGETHER if level in KINDS[kind].levels]
        able = authorities.filter(capabilities__kind=CapabilityKind.AUTHORITY, capabilities__level=level)
        found |= Q(authority__in=able.values("pk"), kind__in=kinds)
    return found


def kinds_waiting(rows: QuerySet[Measure]) -> list[tuple[str, Any, int]]:
    """Kind, its name and how many proposals of it there are."""
    counted = dict(rows.order_by().values_list("kind").annotate(n=Count("pk", distinct=True)))
    return [(kind, KINDS[kind].title, counted[kind]) for kind in SIGNED_TOGETHER if kind in counted]


def with_all_shown(rows: QuerySet[Measure]) -> QuerySet[Measure]:
    held = MeasureGrant.objects.select_related("grant__product").order_by("pk")
    return rows.select_related("party", "authority", "finding").prefetch_related(Prefetch("held", held))


def shown(measures: Iterable[Measure]) -> list[Shown]:
    """Of measures of `with_all_shown`."""
    return [_shown(measure) for measure in measures]


def shown_now(measure: Measure) -> Shown:
    """The same, read anew."""
    return _shown(with_all_shown(Measure.objects.all()).get(pk=measure.pk))


def _shown(measure: Measure) -> Shown:
    grants = [held.grant for held in measure.held.all()]
    outdated = measure.finding is not None and measure.finding.state != FindingState.OPEN
    said = [
        measure.pk, measure.state, measure.kind, str(measure.party), str(measure.authority), measure.clause,
        measure.facts, measure.demand, measure.finding.state if measure.finding else "",
        [[grant.pk, grant.product.title, grant.state, str(grant.ends)] for grant in grants],
    ]  # fmt: skip
    return Shown(measure, grants, outdated, sha256(rfc8785.dumps(said)).hexdigest())
