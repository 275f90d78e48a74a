"""What one buyer's data reveals together: which pairs are due, measured by a job, asked before a decision (Art. 35)."""

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import Party
from listings import files
from listings.deidentification import sandbox
from listings.models import About, ColumnRole, JobState, Version
from listings.states import REVIEWED
from marketplace import wake
from marketplace.applications.models import (
    Application,
    EditionKind,
    ExpertOpinion,
    Grant,
    GrantEdition,
    Item,
    LinkageResult,
)
from marketplace.applications.queries import newest_version
from marketplace.applications.states import LIVING_GRANT, ApplicationState, EditionState, GrantState, ItemState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=15)
MOST_ATTEMPTS = 3
LINKER = ledger.SystemActor("linkage")
ARTICLE = "Art. 35"
METHOD = 2  # how a pair is measured: with another number, what is not decided is measured anew
IN_REVIEW = (ApplicationState.UNDER_REVIEW, ApplicationState.EXPERT_REVIEW)


class Pair(NamedTuple):
    """What `item` asks for beside what the buyer has under `grant`, or asks for with `other` in the same case."""

    item: Item
    first: Version
    fields: Sequence[str]
    second: Version
    with_fields: Sequence[str]
    grant: Grant | None = None
    other: Item | None = None

    @property
    def inputs(self) -> str:
        return self._hash(f"grant:{self.grant.pk}" if self.grant else f"item:{self.other and self.other.pk}")

    @property
    def asked(self) -> str:
        """The inputs it had while the grant was still asked for: the same versions and fields are the same pair."""
        return self._hash(f"item:{self.grant.item_id}") if self.grant else self.inputs

    def _hash(self, with_ref: str) -> str:
        sides = [METHOD, with_ref, self.first.pk, sorted(self.fields), self.second.pk, sorted(self.with_fields)]
        return hashlib.sha256(json.dumps(sides).encode()).hexdigest()


def pairs_of_item(item: Item, at: datetime) -> list[Pair]:
    """The pairs that an approval needs: with each offered or active grant of the buyer, whatever holds it, with each
    one that is over whose copies are not certified as destroyed, or that a review may give back, and with each other
    open item of the case. Data about nobody singles out nobody; one and the same version was assessed whole.
    """
    first = newest_version(item.product)
    if first is None:
        return []
    others = item.application.items.filter(state=ItemState.OPEN).exclude(pk=item.pk).select_related("product")
    beside = ((newest_version(other.product), other) for other in others.order_by("pk"))
    pairs = [Pair(item, first, item.fields, second, other.fields, other=other) for second, other in beside if second]
    return [pair for pair in [*_with_grants(item, first, item.fields, at), *pairs] if _matters(pair)]


def pairs_of_edition(edition: GrantEdition, at: datetime) -> list[Pair]:
    """The pairs that a change needs where it adds fields: with each other grant of the buyer."""
    grant = edition.grant
    if edition.kind != EditionKind.CHANGE or set(edition.after["fields"]) <= set(grant.fields):
        return []
    pairs = _with_grants(grant.item, _held(grant), edition.after["fields"], at)
    return [pair for pair in pairs if _matters(pair)]


def pairs_of(decided_on: Item | GrantEdition, at: datetime) -> list[Pair]:
    return pairs_of_item(decided_on, at) if isinstance(decided_on, Item) else pairs_of_edition(decided_on, at)


def results_of(pairs: Sequence[Pair]) -> list[LinkageResult]:
    """The rows of these pairs, as far as there are any; in the same order. What was measured while the other was asked
    for beside it stays, and so does what an expert said of it, once that is granted unchanged."""
    rows = LinkageResult.objects.filter(item__in={pair.item.pk for pair in pairs})
    known = {
        (row.item_id, row.inputs): row
        for row in rows.select_related("item__application", "second__product", "with_grant")
    }
    found = [known.get((pair.item.pk, pair.inputs)) or known.get((pair.item.pk, pair.asked)) for pair in pairs]
    return [row for row in found if row is not None]


def check_measured(pairs: Sequence[Pair]) -> list[LinkageResult]:
    """The results of these pairs, for the record. Part of a decision, under the lock on the buyer.

    Raises InvalidState while one is missing.
    """
    found = [row for row in results_of(pairs) if not row.is_waiting]
    if len(found) < len(pairs):
        raise InvalidState(
            _("What the buyer's data reveals together is still being measured (Art. 35): look again in a minute.")
        )
    return found


def check_reason(found: Sequence[LinkageResult], reason: str) -> None:
    """Raises ValidationError where one of these singles somebody out beyond the setting, or could not be measured, and
    no `reason` is given."""
    if any(row.is_worrying for row in found) and not reason.strip():
        raise ValidationError({"linkage_reason": _(
            "Together with data that the buyer has, this singles people out, or it could not be measured (Art. 35): "
            "say why it may be granted all the same."
        )})  # fmt: skip


def check_assessed(application: Application, found: Sequence[LinkageResult]) -> list[ExpertOpinion]:
    """The opinions of the expert committee on what these pairs reveal, each given since one of them was measured: where
    one takes an expert, it is granted only after an opinion on it, and on the measures that any of them asks for.

    Raises InvalidState while one of the pairs has none.
    """
    measured = [row.measured_at or row.created_at for row in found if row.takes_expert]
    if not measured:
        return []
    given = list(application.opinions.filter(at__gte=min(measured)).order_by("pk"))
    if not any(opinion.at >= max(measured) for opinion in given):
        raise InvalidState(
            _("Together with data that the buyer has, this singles people out, or it could not be measured: an expert "
              "of the committee has to assess it first (Art. 35). Call one on the page of the case.")
        )  # fmt: skip
    return given


def lock_buyer(buyer_pk: int) -> None:
    """Two decisions for one buyer come one after the other: the second sees what the first has granted."""
    Party.objects.select_for_update(no_key=True).get(pk=buyer_pk)


def request_linkages(pairs: Sequence[Pair], at: datetime) -> int:
    """Make the rows of the pairs that have none yet; returns how many. Asked for twice is asked for once."""
    rows = [
        LinkageResult(
            item=pair.item, with_grant=pair.grant, with_item=pair.other, first=pair.first, second=pair.second,
            fields=list(pair.fields), with_fields=list(pair.with_fields), inputs=pair.inputs, created_at=at,
        )
        for pair in pairs
        if not results_of([pair])
    ]  # fmt: skip
    LinkageResult.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        wake.on_commit("marketplace.applications.tasks.link_due")
    return len(rows)


def link_due(*, at: datetime) -> int:
    """Find the pairs that are due in open cases, and measure what waits. Returns how many were measured."""
    for pairs in _wanted(at):
        request_linkages(pairs, at)
    return sum(run_linkage(result=row, at=at) for row in LinkageResult.objects.due(at).order_by("pk"))


def run_linkage(*, result: LinkageResult, at: datetime) -> bool:
    """Claim one pair, measure it outside any transaction, record the figure. False if somebody else has it."""
    claim = LinkageResult.objects.due(at).filter(pk=result.pk)
    if not claim.update(state=JobState.RUNNING, lease_until=at + LEASE, attempts=F("attempts") + 1):
        return False
    result.refresh_from_db()
    answer = _measure(result)
    if answer["ok"]:
        _finish(result, at, JobState.DONE, figure=answer["linkage"], error=None)
    elif result.attempts >= MOST_ATTEMPTS or answer["code"] == "no_file":
        shared = [name for name in result.fields if name in result.with_fields]  # what can be said without the files
        error = {"code": answer["code"], "params": answer.get("params", {}), "shared": shared}
        _finish(result, at, JobState.FAILED, error=error)
    else:
        LinkageResult.objects.filter(pk=result.pk, attempts=result.attempts).update(
            state=JobState.QUEUED, lease_until=None
        )
    if not answer["ok"]:
        log.warning("linkage %s did not finish: %s", result.pk, answer["code"])
    return True


def _wanted(at: datetime) -> Iterator[list[Pair]]:
    items = Item.objects.filter(state=ItemState.OPEN, application__state__in=IN_REVIEW)
    for item in items.select_related("application", "product").order_by("pk"):
        yield pairs_of_item(item, at)
    asked = GrantEdition.objects.filter(state=EditionState.REQUESTED, grant__state=GrantState.ACTIVE)
    for edition in asked.select_related("grant__item__application", "grant__product").order_by("pk"):
        yield pairs_of_edition(edition, at)


def _with_grants(item: Item, first: Version, fields: Sequence[str], at: datetime) -> list[Pair]:
    """With what the buyer has or is offered, and with what it still has copies of or may get back by a review, which
    is open or can still be asked for; what was merged into it left it its copies."""
    buyer = item.application.buyer_id
    mine = Grant.objects.filter(Q(buyer=buyer) | Q(buyer__merged_into=buyer)).exclude(item=item)
    given = Q(state__in=LIVING_GRANT)
    copied = Q(Exists(Grant.objects.filter(pk=OuterRef("pk"), deliveries__isnull=False)))
    contested = Q(Exists(Grant.objects.filter(pk=OuterRef("pk"), reviews__state="lodged")))
    contested |= Q(ended_at__gte=clock.over_before(Kind.REVIEW_TERM, at))
    kept = (Q(state=GrantState.REVOKED) & contested | copied) & ~Q(certificate__state="accepted")
    rows = mine.filter(given | kept)
    rows = rows.select_related("product", "from_version").order_by("pk")
    return [Pair(item, first, fields, _held(grant), grant.fields, grant=grant) for grant in rows]


def _held(grant: Grant) -> Version:
    """The newest version that the grant gives, or gave before it was held or recalled."""
    reach = grant.versions.filter(state__in=REVIEWED)
    return reach.order_by("-number").first() or grant.from_version


def _matters(pair: Pair) -> bool:
    return pair.first.pk != pair.second.pk and About.NONE not in (pair.first.about, pair.second.about)


def _measure(result: LinkageResult) -> dict[str, Any]:
    first, second = files.current(result.first), files.current(result.second)
    if first is None or second is None:
        return {"ok": False, "code": "no_file"}
    with files.local_copy(first) as one, files.local_copy(second) as other:
        return sandbox.run({
            "do": "link",
            "first": _side(result.first, result.fields, str(one)),
            "second": _side(result.second, result.with_fields, str(other)),
        })  # fmt: skip


def _side(version: Version, fields: Sequence[str], parquet: str) -> dict[str, Any]:
    columns = list(version.columns.order_by("position"))
    roles = [(column.name, column.role) for column in columns]
    marked = {role: [name for name, given in roles if given == role] for role in ColumnRole.values}
    known = [name for name, _role in roles if name in set(fields)]  # a field that the version has no more is not held
    return {
        "parquet": parquet, "fields": known, "subject": next(iter(marked[ColumnRole.SUBJECT]), None),
        "quasi_identifiers": marked[ColumnRole.QUASI_IDENTIFIER], "sensitive": marked[ColumnRole.SENSITIVE],
        "pseudonyms": [column.name for column in columns if column.is_pseudonym],
    }  # fmt: skip


@transaction.atomic
def _finish(result: LinkageResult, at: datetime, state: str, **found: Any) -> None:
    """Keep what came out, unless another worker has taken the pair over meanwhile."""
    mine = LinkageResult.objects.filter(pk=result.pk, state=JobState.RUNNING, attempts=result.attempts)
    if mine.update(state=state, lease_until=None, measured_at=at, **found):
        act = ledger.begin("link", LINKER, at, ARTICLE)
        ledger.record(
            act, result, new=state,
            detail={"item": result.item, "first": result.first, "second": result.second, **found},
        )  # fmt: skip
