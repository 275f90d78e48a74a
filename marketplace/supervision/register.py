"""The public register of data uses: who uses which public data, for what, since when, until when, and what came of it.

Anybody reads it, so nothing is in here that anybody may not read: a natural person stands by role unless they agreed
to be named, an entry that waits does not stand here at all, nor does a measure that is not final, nor a deal in
non-public data, of which there are only counts.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce, ExtractYear, Least
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import PartyKind, Region
from listings.models import Nature
from marketplace.applications.models import Grant
from marketplace.applications.states import GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import SHANGHAI, local_date
from marketplace.documents.models import Document
from marketplace.supervision.models import (
    PUBLIC_DERIVED,
    DerivedFrom,
    DerivedProduct,
    GrantOutcome,
    Measure,
    MeasureGrant,
)
from marketplace.supervision.review import Review
from marketplace.supervision.states import MeasureState, ReviewState

SMALLEST_COUNT = 5
BY_DECISION = (GrantState.TERMINATED, GrantState.REVOKED)
NAMED = Q(buyer__kind=PartyKind.ORGANISATION) | Q(disclosure__is_named=True)
# When the party knew of a measure: opened, or else deemed served; SQLite finds nothing the least where one is missing.
KNOWN_AT = Coalesce(
    Least(Coalesce("seen_at", "deemed_served_at"), Coalesce("deemed_served_at", "seen_at")), "issued_at"
)
FACETS = {"region": _("Region"), "nature": _("Nature"), "year": _("Year")}
MOST_WORDS = 8


class Asked(NamedTuple):
    """What a reader looks for: words, all of which must be there, and values of facets."""

    text: str
    chosen: dict[str, str]


class Facet(NamedTuple):
    """One select: `options` are (value, label, count)."""

    name: str
    label: Any
    chosen: str
    options: list[tuple[str, Any, int]]


class Output(NamedTuple):
    """What was built and published under a use."""

    number: str
    title: str
    path: str


class Sanction(NamedTuple):
    """A measure that is final."""

    number: str
    article: str
    state: str

    @property
    def label(self) -> Any:
        return MeasureState(self.state).label


class Use(NamedTuple):
    """One row. `holder` is empty for a natural person who is not named. `outputs` are without what a natural person
    built under other grants as well that do not name them: that is only counted, in `output_count`."""

    number: str
    holder: str
    is_person: bool
    product: str
    product_path: str
    authority: str
    nature: str
    first_version: int
    is_of_one_version: bool
    fields: list[str]
    summary: str
    language: str
    since: date
    until: date
    outcome: str
    outputs: list[Output]
    output_count: int
    sanctions: list[Sanction]


class YearCount(NamedTuple):
    """How many deals in non-public data began in a year: five or more, or the year is left out."""

    year: int
    count: int


OUTCOMES = {
    "running": _("in use"),
    "over": _("period over"),
    "ended": _("ended"),
    **{state.value: state.label for state in (
        GrantState.CLOSED, GrantState.SURRENDERED, GrantState.TERMINATED, GrantState.REVOKED,
    )},
}  # fmt: skip


def public_uses(at: datetime) -> QuerySet[Grant]:
    """The grants that stand in the register at `at`."""
    return Grant.objects.filter(activated_at__lte=at, disclosure__public_from__lte=local_date(at)).exclude(
        product__nature=Nature.NON_PUBLIC
    )


def shown_conditions(conditions: Iterable[Mapping[str, Any]], user: Any) -> list[Mapping[str, Any]]:
    """Conditions that travel along, as this reader may know them: by its number the register tells what a grant is used
    for, so that of a natural person who is not named for it stands without, unless it is theirs to see."""
    rows = list(conditions)
    wanted = Grant.objects.filter(pk__in=[int(number[1:]) for row in rows if (number := row["grant"])])
    mine = Q(pk__in=Grant.objects.visible_to(user).values("pk"))
    told = {grant.number for grant in wanted.filter(NAMED | mine)}
    return [{**row, "grant": row["grant"] if row["grant"] in told else ""} for row in rows]


def contestable_since(at: datetime) -> datetime:
    """What the party came to know from this moment on can still be contested at `at`: by reconsideration, in calendar
    days, or by a review here, in working days; whichever ends later."""
    return min(clock.over_before(kind, at) for kind in (Kind.CONTEST, Kind.REVIEW_TERM))


def final_measures(since: datetime) -> QuerySet[Measure]:
    """Measures that can be contested no more: issued, not annulled, no review open, and its time over, which runs from
    when the party knew of it; that of the decision on a review as well, which can be contested in turn. What was known
    before `since` can be contested no more (`contestable_since`)."""
    over = (MeasureState.PROPOSED, MeasureState.DROPPED, MeasureState.ANNULLED)
    settled = Measure.objects.exclude(state__in=over).exclude(reviews__state=ReviewState.LODGED)
    settled = settled.annotate(known_at=KNOWN_AT)
    return settled.filter(known_at__lt=since).exclude(reviews__decided_at__gte=since)


def non_public_counts(at: datetime) -> list[YearCount]:
    """Deals in non-public data by year, the newest first; of fewer than five nothing is said."""
    deals = Grant.objects.filter(activated_at__lte=at, product__nature=Nature.NON_PUBLIC)
    rows = deals.annotate(year=_year()).values("year").annotate(n=Count("pk")).filter(n__gte=SMALLEST_COUNT)
    return [YearCount(row["year"], row["n"]) for row in rows.order_by("-year")]


def asked(given: Mapping[str, str]) -> Asked:
    """What a query string looks for; what cannot be meant is left out."""
    chosen = {name: given[name] for name in FACETS if _is_value(name, given.get(name, ""))}
    return Asked(given.get("q", "").replace("\x00", "")[:100].strip(), chosen)


def found(wanted: Asked, at: datetime) -> QuerySet[Grant]:
    """The uses in which every word is: in product, summary or the holder's name where that is shown."""
    rows = public_uses(at)
    for word in wanted.text.split()[:MOST_WORDS]:
        rows = rows.filter(
            Q(product__title__icontains=word)
            | Q(disclosure__summary__icontains=word)
            | (Q(buyer__name__icontains=word) & NAMED)
        )
    return _narrowed(rows, wanted.chosen)


def facets(wanted: Asked, at: datetime) -> list[Facet]:
    """What there is to choose, counted: each facet among what the others leave."""
    texts = Asked(wanted.text, {})
    rows = []
    for name, label in FACETS.items():
        others = {key: value for key, value in wanted.chosen.items() if key != name}
        left = _narrowed(found(texts, at), others)
        counted = left.values_list(_PATHS[name] if name != "year" else _year()).annotate(n=Count("pk"))
        options = {str(value): n for value, n in counted.order_by("-n")}
        rows.append(Facet(name, label, wanted.chosen.get(name, ""), _options(name, options)))
    return rows


def with_parts(rows: QuerySet[Grant], at: datetime) -> QuerySet[Grant]:
    """What `row_of` reads, in one query for each kind."""
    shown = DerivedProduct.objects.filter(PUBLIC_DERIVED)
    outputs = DerivedFrom.objects.filter(derived__in=shown).order_by("derived")
    outputs = outputs.prefetch_related(Prefetch("derived", shown.with_developer()))
    since = contestable_since(at)
    final = Exists(final_measures(since).filter(pk=OuterRef("measure")))
    held = MeasureGrant.objects.annotate(is_final=final).select_related("measure").order_by("measure")
    # Where no document says when it was served, at the latest when the last day for that is over.
    served = clock.over_before(Kind.SERVICE, since - timedelta(days=1))
    ended = Q(end_known_at__lt=since) | Q(end_known_at=None, ended_at__lt=served)
    rows = rows.annotate(end_known_at=_end_known_at())
    open_to_review = Q(state=ReviewState.LODGED) | Q(decided_at__gte=since)
    contested = Exists(Review.objects.filter(open_to_review, grant=OuterRef("pk")))
    rows = rows.annotate(is_end_final=ExpressionWrapper(ended & ~Q(contested), BooleanField()))
    return rows.select_related("buyer", "product", "authority", "from_version", "disclosure").prefetch_related(
        Prefetch("derived_uses", outputs, to_attr="outputs"),
        Prefetch("measures", held, to_attr="all_measures"),
    )


def _end_known_at() -> Subquery:
    """When the party knew of the order that ended a grant: opened its document, or else deemed served."""
    by = MeasureGrant.objects.filter(grant=OuterRef(OuterRef("pk")), outcome=GrantOutcome.TERMINATED)
    papers = Document.objects.filter(
        object_type=Measure._meta.label_lower, object_id__in=by.values(key=Cast("measure", CharField())),
        issued_at=OuterRef("ended_at"), deemed_served_at__isnull=False,
    )  # fmt: skip
    known = Least(Coalesce("seen_at", "deemed_served_at"), "deemed_served_at")
    return Subquery(papers.order_by("-pk").values(known=known)[:1])


def row_of(grant: Any, at: datetime) -> Use:
    """A grant of `with_parts` as anybody may read it."""
    entry = grant.disclosure
    named = grant.buyer.kind == PartyKind.ORGANISATION or entry.is_named
    outputs = {use.derived_id: use.derived for use in grant.outputs}.values()
    told = [Output(one.number, one.title, one.get_absolute_url()) for one in outputs if one.is_named]
    last = min(filter(None, [grant.ends, local_date(grant.ended_at) if grant.ended_at else None]))
    final = [held for held in grant.all_measures if held.is_final and held.outcome != GrantOutcome.ANNULLED]
    return Use(
        grant.number, grant.buyer.name if named else "", grant.buyer.kind == PartyKind.PERSON, grant.product.title,
        grant.product.get_absolute_url(), grant.authority.name, grant.product.nature, grant.from_version.number,
        grant.is_of_one_version,
        list(grant.fields), entry.summary, entry.language, local_date(grant.activated_at), last,
        outcome_of(grant, at), told, len(outputs), [_sanction(held, grant) for held in final],
    )  # fmt: skip


def outcome_of(grant: Any, at: datetime) -> str:
    """How it ended; by which decision only once that is final."""
    if grant.state == GrantState.ACTIVE:
        return "running" if grant.ends >= local_date(at) else "over"
    if grant.state == GrantState.TERMINATED and (_is_annulled(grant) or _is_contested(grant)):
        return "ended"
    if grant.state in BY_DECISION and not grant.is_end_final:
        return "ended"
    return grant.state


def _sanction(held: MeasureGrant, grant: Any) -> Sanction:
    """Its last step only where it ended this grant, and once that is final as well: before, the order is said to
    stand."""
    measure = held.measure
    last = MeasureState.LIFTED if measure.state == MeasureState.LIFTED else MeasureState.ISSUED
    if held.outcome == GrantOutcome.TERMINATED and grant.is_end_final:
        last = MeasureState.TERMINATED
    return Sanction(measure.number or "", measure.article, last)


def _is_contested(grant: Any) -> bool:
    """Whether a review of the order that ended it is open, or decided so lately that it can be contested in turn."""
    return any(held.outcome == GrantOutcome.TERMINATED and not held.is_final for held in grant.all_measures)


def _is_annulled(grant: Any) -> bool:
    """Whether the order that ended it was annulled since: the grant stays ended, nothing is said of a decision."""
    outcomes = {held.outcome for held in grant.all_measures}
    return GrantOutcome.ANNULLED in outcomes and GrantOutcome.TERMINATED not in outcomes


def _narrowed(rows: QuerySet[Grant], chosen: Mapping[str, str]) -> QuerySet[Grant]:
    for name, value in chosen.items():
        if name == "year":
            rows = rows.annotate(year=_year()).filter(year=int(value))
        else:
            rows = rows.filter(**{_PATHS[name]: value})
    return rows


_PATHS = {"region": "authority__region", "nature": "product__nature"}


def _year() -> ExtractYear:
    return ExtractYear("activated_at", tzinfo=SHANGHAI)


def _is_value(name: str, value: str) -> bool:
    if name == "nature":
        return value in Nature.values and value != Nature.NON_PUBLIC
    return value.isascii() and value.isdecimal() and len(value) == (4 if name == "year" else 6)


def _options(name: str, counted: Mapping[str, int]) -> list[tuple[str, Any, int]]:
    labels: Mapping[str, Any] = dict(Nature.choices)
    if name == "region":
        labels = _names(Region.objects.filter(pk__in=counted))
    return [(value, labels.get(value, value), n) for value, n in counted.items()]


def _names(regions: Iterable[Region]) -> dict[str, str]:
    is_english = (get_language() or "").startswith("en")
    return {region.code: region.name_en if is_english else region.name for region in regions}
