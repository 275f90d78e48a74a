"""Search, facets, deep pages, and that nothing is missed."""

import random
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import Q

from listings.models import Product, SearchKind, SearchRow
from listings.search.queries import ORDERS, Search, counts
from marketplace import keyset
from tests.bench.measure import Bench

DEEP = 50  # pages
SEARCHED = (
    "title", "summary", "description", "purposes", "seller__name", "entry__unit__name", "entry__unit__region__name",
)  # fmt: skip


def run(bench: Bench, world: Any) -> None:
    chance = random.Random(3)
    rare = _thrown(chance, 10)
    asked = [*rare, "福州", "公共交通", "水质监测 统计", "鼓楼门诊就诊", "婚姻登记台账", "茶园", "平潭 海域 指数"]
    keys = list(SearchRow.objects.values_list("pk", flat=True)[:1000])
    for text in asked[:12]:
        _show_equal(text)
    _recall(bench, chance)
    first = [Search(SearchKind.PRODUCT, text) for text in asked]
    bench.compare(
        "search", "first page", lambda: [_page(one) for one in first],
        lambda: [SearchRow.objects.get(pk=chance.choice(keys)) for _one in first], "a row by primary key", 5,
    )  # fmt: skip
    bench.compare(
        "search", "first page", lambda: [_page(one) for one in first[:3]],
        lambda: [list(_scan(one.text)[: keyset.SIZE]) for one in first[:3]], "ILIKE", 1000, want="times faster",
    )  # fmt: skip
    for figure, text in (("facets of a rare word", rare[0]), ("facets of a frequent word", "福州")):
        bench.compare(
            "search", figure, lambda text=text: counts(Search(SearchKind.PRODUCT, text)),  # type: ignore[misc]
            _sequential, "one sequential scan of the products", 0.1,
        )  # fmt: skip
    deep = Search(SearchKind.PRODUCT, "统计")
    cursor = ""
    for _number in range(DEEP):
        cursor = _page(deep, cursor).next or cursor
    bench.compare("search", f"page {DEEP}", lambda: _page(deep, cursor), lambda: _page(deep), "page 1", 2)


def _page(search: Search, cursor: str = "") -> keyset.Page:
    sections = [search.hits(in_title=True), search.hits(in_title=False)]
    return keyset.page(sections, cursor, ORDERS["relevance"])


def _scan(text: str) -> Any:
    found = Product.objects.all()
    for word in text.split():
        found = found.filter(reduce(or_, (Q(**{f"{field}__icontains": word}) for field in SEARCHED)))
    return found.order_by("-pk")


def _show_equal(text: str) -> None:
    hits = set(Search(SearchKind.PRODUCT, text).hits().values_list("object_id", flat=True))
    scanned = set(_scan(text).values_list("pk", flat=True))
    assert hits == scanned, f"{text}: {len(hits)} hits, {len(scanned)} by scanning"


def _thrown(chance: random.Random, count: int) -> list[str]:
    """Two to four characters from where characters were thrown together: no word of any dictionary."""
    texts = list(Product.objects.exclude(description="").order_by("pk").values_list("description", flat=True)[2:500])
    out = []
    for text in chance.sample(texts, count):
        start, length = chance.randrange(2), chance.randrange(2, 5)
        out.append(text.split(",")[-1][start : start + length] or "福州")
    return out


def _recall(bench: Bench, chance: random.Random) -> None:
    found = wanted = 0
    for text in _thrown(chance, 25):
        scanned = set(_scan(text).values_list("pk", flat=True))
        hits = set(Search(SearchKind.PRODUCT, text).hits().values_list("object_id", flat=True))
        found, wanted = found + len(hits & scanned), wanted + len(scanned)
    bench.write("search", "recall on thrown characters", found, wanted, "LIKE", found / wanted, 0.99, least=True)


def _sequential() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM listings_product WHERE description LIKE '%never there%'")
        cursor.fetchone()
