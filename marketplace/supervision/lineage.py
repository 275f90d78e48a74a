"""What was built from what: product → grant → derived product → listed again as a product, and on (Art. 16).

A reader is shown what they may see anyway. Between two such things the chain stays whole: what may not be seen there
stands without name and number. No chain comes back to itself; a graph that did would still be drawn, once round.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from listings.models import Product
from marketplace.applications.models import Grant
from marketplace.supervision.models import DerivedFrom, DerivedProduct
from marketplace.supervision.queries import known_to, with_known_developer
from marketplace.supervision.register import NAMED, public_uses

MOST = 120  # things drawn; a chain is followed breadth first
PRODUCT, GRANT, DERIVED = "product", "grant", "derived"
Key = tuple[str, int]


class Edge(NamedTuple):
    """One thing went into another."""

    source: Key
    target: Key


@dataclass
class Node:
    """One thing of the graph; `label` and `url` are empty where this reader may not see it."""

    key: Key
    label: str = ""
    url: str = ""
    layer: int = 0
    is_start: bool = False
    parents: list["Node"] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.key[0]


@dataclass
class Graph:
    """The nodes, sources first; `is_cut` where more hangs on it than is drawn."""

    nodes: list[Node]
    is_cut: bool

    @property
    def roots(self) -> list[Node]:
        return [node for node in self.nodes if not node.parents] or self.nodes[:1]

    @property
    def layers(self) -> list[list[Node]]:
        found: dict[int, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.layer, []).append(node)
        return [found[layer] for layer in sorted(found)]


def lineage(start: Any, user: Any, at: datetime) -> Graph:
    """The graph around a product, a grant or a derived product, as far as `user` may see it."""
    key = _key_of(start)
    edges, is_cut = _edges(key, known_to(user), with_known_developer(user))
    nodes = {one: Node(one, is_start=one == key) for edge in edges for one in edge} | {key: Node(key, is_start=True)}
    _name(nodes, user, at)
    _link(nodes, _shown(edges, nodes, key))
    kept = [node for node in nodes.values() if node.parents or node.children or node.is_start]
    _layer(kept)
    return Graph(sorted(kept, key=lambda node: (node.layer, node.key)), is_cut)


def _key_of(start: Any) -> Key:
    kinds = {Product: PRODUCT, Grant: GRANT, DerivedProduct: DERIVED}
    return kinds[type(start)], start.pk


def _edges(start: Key, known: Q, by_name: QuerySet[DerivedProduct]) -> tuple[set[Edge], bool]:
    """Up from the start, and down from it; a query for each kind of step on each level, each thing visited once. No
    step through a deal in non-public data that the reader may not know of: it leaves no gap either. Nor one from what a
    natural person built who is not named to what it is listed as, for whoever offers is known by name."""
    found, is_cut = set[Edge](), False
    for step in (_above, _below):
        seen, last = {start}, {start}
        while last and not is_cut:
            edges = step(last, known, by_name)
            found |= edges
            ends = {edge.source if step is _above else edge.target for edge in edges}
            last = ends - seen
            seen |= last
            is_cut = len(seen) > MOST
    return found, is_cut


def _above(keys: Iterable[Key], known: Q, by_name: QuerySet[DerivedProduct]) -> set[Edge]:
    by_kind = _by_kind(keys)
    uses = DerivedFrom.objects.filter(known, derived__in=by_kind[DERIVED])
    return (
        _edges_of(PRODUCT, GRANT, Grant.objects.filter(pk__in=by_kind[GRANT]), "product", "pk")
        | _edges_of(GRANT, DERIVED, uses, "grant", "derived")
        | _edges_of(DERIVED, PRODUCT, by_name.filter(listed_as__in=by_kind[PRODUCT]), "pk", "listed_as")
    )


def _below(keys: Iterable[Key], known: Q, by_name: QuerySet[DerivedProduct]) -> set[Edge]:
    """Of a product only the grants under which something was built: the others lead nowhere."""
    by_kind = _by_kind(keys)
    built = DerivedFrom.objects.filter(known, grant__product__in=by_kind[PRODUCT])
    listed = by_name.filter(pk__in=by_kind[DERIVED], listed_as__isnull=False)
    return (
        _edges_of(PRODUCT, GRANT, built, "grant__product", "grant")
        | _edges_of(GRANT, DERIVED, DerivedFrom.objects.filter(grant__in=by_kind[GRANT]), "grant", "derived")
        | _edges_of(DERIVED, PRODUCT, listed, "pk", "listed_as")
    )


def _edges_of(above: str, below: str, rows: QuerySet[Any], source: str, target: str) -> set[Edge]:
    pairs = rows.values_list(source, target).order_by(source, target).distinct()
    return {Edge((above, one), (below, other)) for one, other in pairs[: MOST + 1]}


def _by_kind(keys: Iterable[Key]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {PRODUCT: [], GRANT: [], DERIVED: []}
    for kind, pk in keys:
        found[kind].append(pk)
    return found


def _name(nodes: dict[Key, Node], user: Any, at: datetime) -> None:
    """Labels and addresses of what the reader may see; a grant also where the register names its holder to anybody, and
    nothing beside it here was built by a natural person who is not named: its number would name them."""
    by_kind = _by_kind(nodes)
    for derived in DerivedProduct.objects.visible_to(user).filter(pk__in=by_kind[DERIVED]):
        _put(nodes[DERIVED, derived.pk], derived.title, derived.get_absolute_url())
    seen = [pk for pk in by_kind[DERIVED] if nodes[DERIVED, pk].label]
    unnamed = DerivedProduct.objects.with_developer().filter(pk__in=seen, is_named=False)
    named = public_uses(at).filter(NAMED).exclude(derived_uses__derived__in=unnamed.values("pk"))
    open_to_all = Q(pk__in=named.values("pk"))
    mine = Q(pk__in=Grant.objects.visible_to(user).values("pk"))
    for product in Product.objects.visible_to(user).filter(pk__in=by_kind[PRODUCT]):
        _put(nodes[PRODUCT, product.pk], product.title, product.get_absolute_url())
    for grant in Grant.objects.filter(open_to_all | mine, pk__in=by_kind[GRANT]):
        _put(nodes[GRANT, grant.pk], grant.number, "")
    for grant in Grant.objects.filter(mine, pk__in=by_kind[GRANT]):
        nodes[GRANT, grant.pk].url = grant.get_absolute_url()


def _put(node: Node, label: str, url: str) -> None:
    node.label, node.url = label, url


def _shown(edges: set[Edge], nodes: dict[Key, Node], start: Key) -> set[Edge]:
    """Without the unseen at the ends: what may not be seen stands only between what may."""
    while True:
        outer = {edge for edge in edges if _is_loose(edge.source, edges, nodes, start, up=True)
                 or _is_loose(edge.target, edges, nodes, start, up=False)}  # fmt: skip
        if not outer:
            return edges
        edges = edges - outer


def _is_loose(key: Key, edges: set[Edge], nodes: dict[Key, Node], start: Key, *, up: bool) -> bool:
    if nodes[key].label or key == start:
        return False
    return not any((edge.target if up else edge.source) == key for edge in edges)


def _link(nodes: dict[Key, Node], edges: set[Edge]) -> None:
    for source, target in sorted(edges):
        nodes[source].children.append(nodes[target])
        nodes[target].parents.append(nodes[source])


def _layer(nodes: list[Node]) -> None:
    """Each below all that it was built from. Goes over the nodes at most as often as there are nodes: it ends."""
    for _round in nodes:
        changed = False
        for node in nodes:
            lowest = max((parent.layer + 1 for parent in node.parents), default=0)
            if lowest > node.layer and lowest < len(nodes):
                node.layer, changed = lowest, True
        if not changed:
            return
