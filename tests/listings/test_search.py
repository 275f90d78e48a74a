"""The search finds what a plain look through the text finds, on both databases, and nothing that is not on offer."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listings import operations as listing
from listings.models import CatalogueEntry, Product, SearchKind, SearchRow, SearchValue, Version
from listings.queries import product_cards
from listings.search import triggers
from listings.search.highlight import excerpt, highlight
from listings.search.queries import FACETS, Search, counts
from listings.search.tokens import indexed, is_han, normal, runs, terms
from marketplace import keyset
from tests.workflow import stages

PIECES = ["福", "州", "市", "公", "交", "福州", "公交", "卡", "a", "b", "ab", "A", "5g", "5G", "é", "ß", "Å", "😀", " ",
          "、", "-", "'", '"', "\u3000", "１", "ﬁ", "鿕", "𠀀", "の", "ｶ"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
HAN_ONLY = st.text(alphabet="福州市公交卡数据", min_size=1, max_size=12)


def put(world, texts):
    """Rows of the search with these (title, body), without any product behind them."""
    SearchRow.objects.all().delete()
    unit = world.parties["unit"]
    SearchRow.objects.bulk_create(
        SearchRow(kind=SearchKind.ENTRY, object_id=n, title=title[:200], title_tokens=indexed(title),
                  body_tokens=indexed(body), newest_at=world.at, region=unit.region, unit=unit)
        for n, (title, body) in enumerate(texts)
    )  # fmt: skip


def found(query, kind=SearchKind.ENTRY):
    return set(Search(kind, query).hits().values_list("object_id", flat=True))


def _words(query):
    out, rest = [], query
    while rest:
        start = min((rest.find(q) for q in '"“”' if q in rest), default=-1)
        if start < 0:
            out += rest.split()
            break
        out += rest[:start].split()
        end = min((rest.find(q, start + 1) for q in '"“”' if rest.find(q, start + 1) > 0), default=-1)
        if end < 0:
            out += rest[start + 1 :].split()
            break
        out.append(rest[start + 1 : end])
        rest = rest[end + 1 :]
    return [term for term in out if runs(term)]


def _stands(text, term):
    """The term's runs one after the other in the text: whole ones, but for where the first begins and the last ends."""
    have, want = runs(text), runs(term)
    return any(
        all(_fits(have[start + n], run, first=n == 0, last=n == len(want) - 1) for n, run in enumerate(want))
        for start in range(len(have) - len(want) + 1)
    )


def _fits(have, want, *, first, last):
    if not (is_han(have) and is_han(want)):
        return have == want
    if first and last:
        return want in have
    return have.endswith(want) if first else have.startswith(want) if last else have == want


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), query=TEXTS)
def test_hits_are_those_of_a_look_through_the_text(world, texts, query):
    put(world, texts)
    if runs(query):
        wanted = {
            n
            for n, (title, body) in enumerate(texts)
            if all(_stands(title, w) or _stands(body, w) for w in _words(query))
        }
        assert found(query) == wanted
    else:
        assert found(query) == (set(range(len(texts))) if not query.strip() else set())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(HAN_ONLY, min_size=1, max_size=8), query=HAN_ONLY.map(lambda text: text[:4]))
def test_chinese_is_found_as_by_like(world, texts, query):
    put(world, [("", text) for text in texts])
    like = "SELECT count(*) FROM (VALUES {}) AS t(x) WHERE x LIKE %s"
    assert found(query) == {n for n, text in enumerate(texts) if query in text}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(like.format(",".join(["(%s)"] * len(texts))), [*texts, f"%{query}%"])
            assert cursor.fetchone()[0] == len(found(query))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=30))
def test_no_text_is_an_error(world, query):
    search = Search(SearchKind.PRODUCT, query.replace("\x00", ""))
    assert search.page(product_cards()).object_list in ([], [world.product])
    assert counts(search).total in (0, 1)
    highlight("福州市ABC ﬁ İ ﷺ", query)


@pytest.mark.parametrize(
    "query",
    ['"', "'", "*", "福*", "NEAR(a b)", "a OR b", "NOT", "title_tokens:福", "(", ")", "^福", "a AND", "福州 -门诊",
     "':*", "' | '", "\\", "%", "_", "福:*", "{a}", "a\x01b", "“", "𝒜" * 100],
)  # fmt: skip
def test_hostile_queries_find_or_do_not_but_never_fail(world, client, query):
    for address in ("/products/", "/entries/", "/api/v1/products/", "/api/v1/entries/"):
        assert client.get(address, {"q": query}).status_code == 200, (address, query)


@pytest.mark.parametrize(
    ("query", "hit"),
    [("福州", True), ("福", True), ("据", True), ("门诊需求", True), ("门诊 福州", True), ("诊福", False),
     ("ＦＵＺＨＯＵ", True), ("fuzhou", True), ("fuzh", False), ("福州市卫生健康委员会", True),
     ("“门诊需求 分析”", False), ("公共卫生研究", True), ("厦门", False), ("！！", False)],
)  # fmt: skip
def test_products_are_found_by_title_text_unit_and_place(world, query, hit):
    assert (found(query, SearchKind.PRODUCT) == {world.product.pk}) is hit


def test_hits_in_the_title_come_first_then_the_newest(world):
    put(world, [("公交", ""), ("别的", "公交"), ("公交卡", ""), ("别的", "坐公交")])
    search = Search(SearchKind.ENTRY, "公交")
    rows = keyset.page([search.hits(in_title=True), search.hits(in_title=False)], "", ("-newest_at", "-pk"), 10)
    assert [row.object_id for row in rows] == [2, 0, 3, 1]


def test_what_is_not_on_offer_is_neither_found_nor_counted(world):
    assert found("门诊", SearchKind.PRODUCT) == {world.product.pk}
    stages.entry(world, "proposed")
    assert found("统计表") == set()
    listing.hold_version(version=world.version, actor=world["officer"], at=world.at, reason="查证")
    assert found("门诊", SearchKind.PRODUCT) == found("", SearchKind.PRODUCT) == set()
    assert counts(Search(SearchKind.PRODUCT)) == (0, False, {facet: {} for facet in FACETS[SearchKind.PRODUCT]})
    listing.release_version(version=world.version, actor=world["officer"], at=world.at, reason="无误")
    assert found("门诊", SearchKind.PRODUCT) == {world.product.pk}


def test_facets_count_what_is_found(world):
    unit, seller = world.parties["unit"], world.parties["developer"]
    facets = counts(Search(SearchKind.PRODUCT, "门诊")).facets
    assert facets == {
        "nature": {"government": 1}, "region": {"350100": 1}, "unit": {str(unit.pk): 1}, "seller": {str(seller.pk): 1},
        "opening": {"on_application": 1}, "frequency": {"monthly": 1}, "mode": {"download": 1, "platform": 1},
        "purpose": {"便民服务": 1, "公共卫生研究": 1, "医疗资源规划": 1},
    }  # fmt: skip
    for facet, values in facets.items():
        for value in values:
            search = Search(SearchKind.PRODUCT, "门诊", {facet: value})
            assert [one.pk for one in search.page(product_cards())] == [world.product.pk]
            assert counts(search).facets == facets
    other = Search(SearchKind.PRODUCT, "门诊", {"nature": "public_utility", "mode": "download"})
    assert (counts(other).total, counts(other).facets["nature"]) == (0, {"government": 1})


def test_counts_stop_at_the_cap(world, monkeypatch):
    monkeypatch.setattr("listings.search.queries.MOST_COUNTED", 2)
    put(world, [("公交", "")] * 3)
    assert counts(Search(SearchKind.ENTRY, "公交"))[:2] == (2, True)
    put(world, [("公交", "")] * 2)
    assert counts(Search(SearchKind.ENTRY, "公交"))[:2] == (2, False)


def test_reindex_mends_what_was_written_past_the_operations(world, capsys):
    assert listing.drift() == []
    Product.objects.filter(pk=world.product.pk).update(title="全新标题")
    SearchRow.objects.filter(kind=SearchKind.ENTRY).delete()
    SearchValue.objects.all().delete()
    SearchRow.objects.create(
        kind=SearchKind.PRODUCT, object_id=10**9, title="x", title_tokens="wx", body_tokens="", newest_at=world.at,
        region=world.parties["unit"].region, unit=world.parties["unit"],
    )  # fmt: skip
    with pytest.raises(SystemExit):
        call_command("reindex", check=True)
    call_command("reindex")
    call_command("reindex", check=True)
    assert found("全新标题", SearchKind.PRODUCT) == {world.product.pk}
    assert found("x", SearchKind.PRODUCT) == set()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="FTS5 lies outside the models on SQLite alone")
def test_index_forgets_deleted_rows_and_reused_keys(world):
    put(world, [("公交", "")])
    key = SearchRow.objects.get().pk
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {triggers.TABLE}")  # as a flush does
    assert found("公交") == set()
    put(world, [("地铁", "")])
    SearchRow.objects.update(id=key)
    assert (found("公交"), found("地铁")) == (set(), {0})
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {next(iter(triggers.SQLITE))}")  # as a later migration may
        put(world, [("轻轨", "")])
        triggers.install(connection)
        cursor.execute(f"INSERT INTO {triggers.INDEX} ({triggers.INDEX}) VALUES ('integrity-check')")
    assert found("轻轨") == {0}


def test_hits_are_marked_and_everything_is_escaped():
    assert highlight("<b>福州</b>公交 5G网", "福州 5g") == "&lt;b&gt;<mark>福州</mark>&lt;/b&gt;公交 <mark>5G</mark>网"
    assert highlight("ＡＢ福", "ab") == "<mark>ＡＢ</mark>福"
    assert highlight("abc", "ab") == "abc"
    assert highlight("福州州市", "福州 州市") == "<mark>福州州市</mark>"
    assert excerpt("x" * 100 + "福州" + "y" * 200, "福州") == "…" + "x" * 40 + "福州" + "y" * 78 + "…"
    assert excerpt("abc", "福州") == ""


def test_terms_are_words_phrases_and_runs():
    assert [len(term.tokens) for term in terms('福州市 ab "公交 卡" 福')] == [2, 1, 3, 1]
    assert [term.is_open for term in terms('福州市 ab "公交 卡" 福')] == [False, False, True, True]
    assert terms(" ，。 ") == [] and normal("ＡＢ") == "ab"


def test_pages_go_forward_and_back_and_meet_every_row_once(world):
    put(world, [("公交" if n % 3 else "别的", "公交") for n in range(23)])
    for row in SearchRow.objects.all():  # the newest are not those with the largest keys
        SearchRow.objects.filter(pk=row.pk).update(newest_at=world.at - timedelta(days=row.object_id % 4))
    search = Search(SearchKind.ENTRY, "公交")
    sections = [search.hits(in_title=True), search.hits(in_title=False)]
    for order in (("-newest_at", "-pk"), ("title", "pk"), ("pk",)):
        wanted = [row.pk for section in sections for row in section.order_by(*order)]
        pages, cursor = [], ""
        while True:
            page = keyset.page(sections, cursor, order, 5)
            pages.append([row.pk for row in page])
            if not page.next:
                break
            cursor = page.next
        assert [key for one in pages for key in one] == wanted
        for expected in reversed(pages[:-1]):
            page = keyset.page(sections, page.previous, order, 5)
            assert [row.pk for row in page] == expected
        assert page.previous == ""


def test_pages_of_computed_items_go_forward_and_back():
    items = [[n % 3, n] for n in range(11)]
    page = keyset.page_of(items, list, "nonsense", 4)
    seen = [page.object_list]
    while page.next:
        page = keyset.page_of(items, list, page.next, 4)
        seen.append(page.object_list)
    assert [item for one in seen for item in one] == sorted(items) and [len(one) for one in seen] == [4, 4, 3]
    for expected in reversed(seen[:-1]):
        page = keyset.page_of(items, list, page.previous, 4)
        assert page.object_list == expected
    assert page.previous == "" and keyset.page_of([], list, "").has_other_pages is False


def test_cursor_of_another_list_or_made_up_is_refused(world):
    put(world, [("公交", "")] * 3)
    rows = SearchRow.objects.all()
    cursor = keyset.page([rows], "", ("pk",), 1).next
    for wrong in ("x", "2", cursor[:-1], cursor + "x", "\x00", "é"):
        with pytest.raises(keyset.BadCursor):
            keyset.page([rows], wrong, ("pk",), 1)
    with pytest.raises(keyset.BadCursor):
        keyset.page([rows], cursor, ("-pk",), 1)
    with pytest.raises(keyset.BadCursor):
        keyset.page([CatalogueEntry.objects.all()], cursor, ("pk",), 1)


def test_public_rows_are_what_anybody_may_see(world):
    shown = set(SearchRow.objects.filter(kind=SearchKind.PRODUCT).values_list("object_id", flat=True))
    assert shown == set(Product.objects.visible_to(AnonymousUser()).listed().values_list("pk", flat=True))
    assert Version.objects.exists() and timezone.now()


def test_page_shows_hits_facets_and_what_to_do_when_nothing_fits(world, client):
    page = client.get("/products/", {"q": "门诊", "nature": "government", "page": "2"}).content.decode()
    assert "<mark>门诊</mark>" in page and '<option value="government" selected>' in page
    empty = client.get("/products/", {"q": "<script>"}).content.decode()
    assert "<script>" not in empty and 'href="/products/"' in empty
    listing.withdraw_product(product=world.product, actor=world["seller"], at=world.at, reason="停用")
    assert world.product.title not in client.get("/products/", {"q": "门诊"}).content.decode()


def test_hits_of_an_entry_stand_on_its_list(world, client):
    page = client.get("/entries/", {"q": "去标识化", "opening": "on_application"}).content.decode()
    assert "<mark>去标识化</mark>" in page
    assert "<mark>" not in client.get("/entries/", {"opening": "not_open"}).content.decode()
