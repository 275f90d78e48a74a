"""The lineage as drawn and as told: up and down, what may be seen by name, and never round for ever."""

import re

import time_machine
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from marketplace.applications.models import Disclosure
from marketplace.supervision.drawing import picture, shortened
from marketplace.supervision.lineage import lineage
from marketplace.supervision.models import DerivedFrom, DerivedProduct
from tests import crowd
from tests.supervision.test_derived import non_public_deal

NOBODY = AnonymousUser()


def built(grant, title, state="published", listed_as=None):
    made = DerivedProduct.objects.create(
        party=grant.buyer, title=title, description="d", state=state, created_at=grant.created_at, listed_as=listed_as
    )
    DerivedFrom.objects.create(derived=made, grant=grant, version=grant.from_version)
    return made


def chain(world, grant, state="published"):
    """product → grant → map → listed again → second grant → sites."""
    again = crowd.copy(world.product, title="需求地图数据", nature="built", acquisition="grant")
    crowd.copy(world.version, product=again)
    first = built(grant, "需求地图", state, listed_as=again)
    second = crowd.copy_grant(grant)
    second.product, second.buyer = again, world.parties["other_buyer"]
    second.from_version = again.versions.get()
    second.save()
    return first, again, second, built(second, "选址")


def told(graph):
    return [(node.layer, node.kind, node.label) for node in graph.nodes]


def test_the_whole_chain_is_shown_from_whichever_end_one_looks(world, grant):
    first, again, second, last = chain(world, grant)
    expected = [
        (0, "product", world.product.title), (1, "grant", grant.number), (2, "derived", "需求地图"),
        (3, "product", "需求地图数据"), (4, "grant", second.number), (5, "derived", "选址"),
    ]  # fmt: skip
    for start in (world.product, grant, first, again, second, last):
        graph = lineage(start, NOBODY, world.at)
        assert told(graph) == expected
        assert [node.key[1] for node in graph.nodes if node.is_start] == [start.pk]
        assert len(picture(graph).curves) == 5


def test_what_a_reader_may_not_see_has_no_name_and_at_an_end_no_place(world, grant):
    first, _again, second, _last = chain(world, grant, "registered")
    hidden = built(grant, "内部看板", "registered")
    Disclosure.objects.filter(grant=second).update(public_from="2099-01-01")
    public = told(lineage(world.product, NOBODY, world.at))
    assert [label for _layer, _kind, label in public] == [
        world.product.title, grant.number, "", "需求地图数据", "", "选址",
    ]  # fmt: skip
    officers = {label for _layer, _kind, label in told(lineage(world.product, world["officer"], world.at))}
    assert {first.title, second.number, hidden.title} <= officers


def test_the_grant_of_a_person_who_is_not_named_has_no_number(world, grant):
    document = {"id_kind": "passport", "id_encrypted": "x", "id_hmac": "1"}
    person = crowd.copy(grant.buyer, uscc=None, kind="person", name="林", **document)
    grant.buyer = person
    grant.save()
    made = built(grant, "地图")
    assert [label for _layer, _kind, label in told(lineage(made, NOBODY, world.at))] == [
        world.product.title,
        "",
        "地图",
    ]
    Disclosure.objects.filter(grant=grant).update(is_named=True)
    assert grant.number in str(told(lineage(made, NOBODY, world.at)))


def test_a_named_grant_has_no_number_beside_what_is_also_built_on_one_that_does_not_name(world, grant):
    document = {"id_kind": "passport", "id_encrypted": "x", "id_hmac": "1"}
    grant.buyer = crowd.copy(grant.buyer, uscc=None, kind="person", name="林", **document)
    grant.save()
    Disclosure.objects.filter(grant=grant).update(is_named=True)
    other = crowd.copy_grant(grant)
    Disclosure.objects.filter(grant=other).update(is_named=False)
    alone, both = built(grant, "小图"), built(grant, "地图")
    DerivedFrom.objects.create(derived=both, grant=other, version=other.from_version)
    for start in (both, world.product):
        labels = {label for _layer, _kind, label in told(lineage(start, NOBODY, world.at))}
        assert {"地图", ""} <= labels and not labels & {grant.number, other.number}
    assert grant.number in str(told(lineage(alone, NOBODY, world.at)))
    assert {grant.number, other.number} <= {node.label for node in lineage(both, world["officer"], world.at).nodes}
    Disclosure.objects.filter(grant=other).update(is_named=True)
    assert {grant.number, other.number} <= {node.label for node in lineage(both, NOBODY, world.at).nodes}


def test_a_deal_in_non_public_data_leaves_no_trace_for_who_is_no_part_of_it(world, grant):
    deal = non_public_deal(world, grant)
    deal.product.visibility = "all"
    deal.product.save()
    made = built(grant, "地图")
    DerivedFrom.objects.create(derived=made, grant=deal, version=deal.from_version)
    labels = {(None, made): [world.product.title, grant.number, "地图"], (None, deal.product): [deal.product.title]}
    for who in ("other_buyer", "vendor"):
        labels[who, deal.product] = [deal.product.title]
    labels["vendor", deal.product] += [deal.number, "地图"]
    for (who, start), expected in labels.items():
        graph = lineage(start, world[who] if who else NOBODY, world.at)
        assert [label for _layer, _kind, label in told(graph)] == expected
    insiders = str(told(lineage(made, world["buyer"], world.at)))
    assert deal.product.title in insiders and deal.number in insiders


def test_a_circle_that_cannot_be_does_not_go_round_for_ever(world, grant):
    made = built(grant, "地图", listed_as=world.product)
    with time_machine.travel(world.at, tick=False):
        page = Client().get(f"/lineage/derived/{made.token}/")
    assert page.status_code == 200 and page.content.decode().count("<rect") == 3


def test_the_page_draws_what_it_tells_and_links_only_from_the_list(world, grant):
    chain(world, grant)
    with time_machine.travel(world.at, tick=False):
        html = Client().get(f"/lineage/product/{world.product.pk}/").content.decode()
        wrong = ("product/0", "product/x", "product/" + "9" * 40, "party/1", f"grant/{grant.pk}")
        assert [Client().get(f"/lineage/{where}/").status_code for where in wrong] == [404] * 5
    drawing, listed = re.search(r"<svg.*?</svg>", html, re.DOTALL)[0], html.partition('id="as-list"')[2]
    assert (drawing.count("<rect"), drawing.count("<path"), drawing.count("href")) == (6, 5, 0)
    for word in (world.product.title, grant.number, "需求地图", "选址"):
        assert word in listed and word in drawing
    assert listed.count("<ul>") == 6


def test_long_labels_are_shortened_by_their_width():
    assert shortened("a" * 22) == "a" * 22
    assert shortened("门诊" * 8) == "门诊" * 5 + "…"
