"""Hits, in pages and counted by facet. Everything here is public: the rows hold only what anybody may see."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, Expression, Q, QuerySet

from accounts.models import Party, Region
from listings.models import SearchKind, SearchRow
from listings.search import triggers
from listings.search.tokens import Term, terms
from marketplace import keyset

MOST_COUNTED = 1_000  # what a reader narrows down further; a word in every product costs no more than this
COLUMNS = {"nature": "nature", "region": "region_id", "unit": "unit_id", "seller": "seller_id", "opening": "opening",
           "frequency": "frequency"}  # fmt: skip
SEVERAL = ("mode", "purpose")
FACETS = {SearchKind.PRODUCT: (*COLUMNS, *SEVERAL), SearchKind.ENTRY: ("region", "unit", "opening", "frequency")}
ORDERS = {
    "relevance": ("-newest_at", "-pk"),  # the title's hits first, each by what is newest
    "newest": ("-newest_at", "-pk"),
    "title": ("title", "pk"),
}


class Search(NamedTuple):
    """What is looked for: words, and of each chosen facet a value."""

    kind: SearchKind
    text: str = ""
    chosen: Mapping[str, str] = {}
    order: str = "relevance"

    def hits(self, *, besides: str = "", in_title: bool | None = None) -> QuerySet[SearchRow]:
        """Rows that fit; with `besides`, whatever value that facet has."""
        rows = SearchRow.objects.filter(kind=self.kind)
        asked = terms(self.text)
        if self.text.strip() and not asked:
            return rows.none()
        if asked and in_title is not True:
            rows = rows.filter(Matches(asked))
        if asked and in_title is not None:
            in_titles = Matches(asked, title_only=True)
            rows = rows.filter(in_titles if in_title else ~Q(in_titles))
        for facet, value in self.chosen.items():
            if facet != besides:
                rows = rows.filter(_has(facet, value))
        return rows

    def page(self, objects: QuerySet[Any], cursor: str = "", size: int = keyset.SIZE) -> keyset.Page:
        """What was found among `objects`, the products or entries with all that is shown of them.

        Raises keyset.BadCursor.
        """
        by_title = self.order == "relevance" and bool(terms(self.text))
        sections = [self.hits(in_title=True), self.hits(in_title=False)] if by_title else [self.hits()]
        page = keyset.page(sections, cursor, ORDERS[self.order], size)
        keys = [row.object_id for row in page]
        found = {one.pk: one for one in objects.filter(pk__in=keys)}
        page.object_list = [found[key] for key in keys if key in found]
        return page


class Matches(Expression):
    """Whether a row has every term, in its title or anywhere. Each term is quoted: no text is an operator here."""

    conditional = True
    output_field = BooleanField()  # type: ignore[assignment]

    def __init__(self, asked: Sequence[Term], *, title_only: bool = False) -> None:
        super().__init__()
        self.asked, self.title_only = tuple(asked), title_only

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        wanted = " AND ".join(f'"{" ".join(term.tokens)}"{" *" if term.is_open else ""}' for term in self.asked)
        if self.title_only:
            wanted = f"title_tokens : ({wanted})"
        index = triggers.INDEX
        return f"{triggers.TABLE}.id IN (SELECT rowid FROM {index} WHERE {index} MATCH %s)", [wanted]

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        wanted = " & ".join(f"({_in_order(term)})" for term in self.asked)
        return f"{triggers.TABLE}.{'title_vector' if self.title_only else 'vector'} @@ %s::tsquery", [wanted]


def _in_order(term: Term) -> str:
    return " <-> ".join(f"'{token}'" for token in term.tokens) + (":*" if term.is_open else "")


def _has(facet: str, value: str) -> Q:
    if facet in SEVERAL:
        return Q(pk__in=SearchRow.objects.filter(values_of__facet=facet, values_of__value=value).values("pk"))
    if facet in ("unit", "seller"):
        return Q(**{COLUMNS[facet]: int(value)})
    return Q(**{COLUMNS[facet]: value})


class Counts(NamedTuple):
    """How many hits there are, and how many of each value of each facet; `is_capped`: at least so many."""

    total: int
    is_capped: bool
    facets: dict[str, dict[str, int]]


def counts(search: Search) -> Counts:
    """One query. A facet that is chosen is counted as if it were not, so that another value can be picked."""
    sources = {"hits": search.hits()}
    sources |= {f"besides_{facet}": search.hits(besides=facet) for facet in search.chosen}
    parts: list[str] = []
    params: list[Any] = []
    for name, rows in sources.items():
        columns = rows.order_by().values("id", *COLUMNS.values())[: MOST_COUNTED + 1]
        sql, given = columns.query.sql_with_params() if not rows.query.is_empty() else (NOTHING, ())
        parts.append(f"{name} AS ({sql})")
        params += given
    groups = ["SELECT 'total' AS facet, '' AS value, count(*) AS n FROM hits"]
    for source in sources:
        shown = [facet for facet in FACETS[search.kind] if _source(facet, search) == source]
        groups += [_grouped(facet, source) for facet in shown if facet in COLUMNS]
        groups += _grouped_values([facet for facet in shown if facet in SEVERAL], source)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} {' UNION ALL '.join(groups)}", params)
        rows_found = cursor.fetchall()
    facets: dict[str, dict[str, int]] = {facet: {} for facet in ("total", *FACETS[search.kind])}
    for facet, value, count in sorted(rows_found, key=lambda row: (-row[2], row[1])):
        facets[facet][value] = count
    total = facets.pop("total")[""]
    return Counts(min(total, MOST_COUNTED), total > MOST_COUNTED, facets)


NOTHING = "SELECT id, " + ", ".join(COLUMNS.values()) + f" FROM {triggers.TABLE} WHERE 1 = 0"


def _source(facet: str, search: Search) -> str:
    return f"besides_{facet}" if facet in search.chosen else "hits"


def _grouped_values(facets: Sequence[str], source: str) -> list[str]:
    """All facets of several values in one pass over them."""
    named = ", ".join(f"'{facet}'" for facet in facets)
    return [
        f"SELECT v.facet, v.value, count(*) FROM {source} h JOIN listings_searchvalue v ON v.row_id = h.id "
        f"WHERE v.facet IN ({named}) GROUP BY v.facet, v.value"
    ] * bool(facets)


def _grouped(facet: str, source: str) -> str:
    column = COLUMNS[facet]
    return (
        f"SELECT '{facet}', CAST({column} AS varchar(60)), count(*) FROM {source} "
        f"WHERE {column} IS NOT NULL AND CAST({column} AS varchar(60)) <> '' GROUP BY {column}"
    )


def names_of(found: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Any]]:
    """The parties and regions that facets count, by the text of their key."""
    parties = {int(value) for facet in ("unit", "seller") for value in found.get(facet, ())}
    known = {str(key): name for key, name in Party.objects.filter(pk__in=parties).values_list("pk", "name")}
    regions = Region.objects.filter(pk__in=found["region"])
    return {"unit": known, "seller": known, "region": {region.pk: region for region in regions}}
