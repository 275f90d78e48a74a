"""Partners search with the words, facets and orders of the pages, and see what is on offer."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from listings.models import CatalogueEntry, Product, SearchRow
from listings.operations import follow_product
from tests.api.conftest import Partner
from tests.crowd import copy_product
from tests.listings.test_entry_import import line, table


def keys(answer):
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["items"]]


def test_lists_are_searched_narrowed_and_ordered(world):
    anybody, product = Partner(), world.product
    twin = copy_product(product)
    Product.objects.filter(pk=twin.pk).update(title="一个别的标题", nature="public_utility")
    follow_product(twin)
    unit = world.parties["unit"].pk
    assert keys(anybody.get("products/", q="门诊")) == [product.pk, twin.pk]
    assert keys(anybody.get("products/", q="门诊", nature="public_utility")) == [twin.pk]
    assert keys(anybody.get("products/", q="门诊", unit=unit, mode="download", order="title")) == [twin.pk, product.pk]
    assert keys(anybody.get("products/", q="地铁")) == keys(anybody.get("products/", region="350200")) == []
    assert keys(anybody.get("entries/", q="统计", frequency="monthly")) == [product.entry_id]
    first = anybody.get("products/", q="门诊", limit=1).json()
    second = anybody.get("products/", q="门诊", limit=1, after=first["next"]).json()
    assert [row["id"] for row in first["items"] + second["items"]] == [product.pk, twin.pk]
    assert second["next"] is None


def test_searching_shows_a_seller_nothing_that_is_not_on_offer(world, partner):
    seller = partner("seller")
    Product.objects.filter(pk=world.product.pk).update(state="withdrawn")
    follow_product(world.product)
    assert keys(seller.get("products/")) == [world.product.pk]
    assert keys(seller.get("products/", q="门诊")) == []
    assert not SearchRow.objects.filter(kind="product").exists()


@pytest.mark.parametrize(
    "wrong", [{"order": "x"}, {"unit": "x"}, {"unit": "9" * 19}, {"seller": "-1"}, {"region": "x" * 61},
              {"mode": "\x00"}, {"q": "门", "after": "2"}, {"q": "门", "after": "MQ"}, {"q": "门", "limit": "0"}],
)  # fmt: skip
def test_what_cannot_be_meant_is_named(world, wrong):
    answer = Client().get("/api/v1/products/", wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid" if "after" in wrong else "malformed")


def test_unit_imports_a_table_once_per_key_and_is_told_what_is_wrong(world, partner):
    unit = partner("provider")
    fields = {"unit": world.parties["unit"].pk}
    good = table(line("公交线路"), line("公交站点"))

    def post(content, key):
        file = SimpleUploadedFile("t.csv", content)
        return unit.client.post(
            "/api/v1/entries/import/", {**fields, "file": file}, headers=unit.headers(**{"Idempotency-Key": key})
        )

    first = post(good, "a")
    assert first.status_code == 201, first.content
    made = CatalogueEntry.objects.filter(pk__in=first.json()["entries"])
    assert sorted(made.values_list("title", "state")) == [("公交站点", "proposed"), ("公交线路", "proposed")]
    assert (post(good, "a").json(), CatalogueEntry.objects.count()) == (first.json(), 3)
    again = post(good, "b")
    assert again.status_code == 422 and len(again.json()["errors"]["file"]) == 2
    assert CatalogueEntry.objects.count() == 3
