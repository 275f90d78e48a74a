"""Another description for what was reviewed: proposed, read side by side, accepted; no grant changes by it."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from listings import operations
from listings.difference import differences, marked
from listings.models import DescriptionChange, Product
from listings.operations.search import drift
from marketplace.errors import InvalidState, NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision.sweep import sweep
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401
from tests.workflow.stages import TEXTS


def proposed(world, **texts):
    return operations.propose_description(
        product=world.product, actor=world["seller"], at=world.at, **{**TEXTS, **texts}
    )


def accept(world, change):
    operations.accept_description(change=change, actor=world["officer"], at=world.at, reason="属实")


def page(world, person, url):
    client = Client()
    if person:
        client.force_login(world[person], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.get(url)


def texts(pk):
    row = Product.objects.filter(pk=pk).values("title", "summary", "description", "frequency").get()
    return {**row, "reason": TEXTS["reason"]}


def test_old_texts_stand_until_the_new_are_accepted(world):
    before = texts(world.product.pk)
    change = proposed(world)
    assert texts(world.product.pk) == before
    accept(world, change)
    assert texts(world.product.pk) == TEXTS
    assert drift() == []  # the search follows


def test_what_buyers_agree_to_is_not_changed_this_way(world):
    rest = Product.objects.filter(pk=world.product.pk).values("purposes", "terms", "price_text")
    before = rest.get()
    change = proposed(world, purposes="一切用途", terms="无", price_text="一元")
    assert not {"purposes", "terms", "price_text"} & set(change.after)
    accept(world, change)
    assert rest.get() == before


def test_one_change_is_open_at_a_time(world):
    change = proposed(world)
    with pytest.raises(InvalidState):
        proposed(world, title="别的")
    operations.return_description(change=change, actor=world["officer"], at=world.at, reason="补充")
    with pytest.raises(InvalidState):
        proposed(world, title="别的")
    operations.revise_description(change=change, actor=world["seller"], at=world.at, **{**TEXTS, "title": "别的"})
    accept(world, DescriptionChange.objects.get())
    assert Product.objects.get(pk=world.product.pk).title == "别的"
    proposed(world)


def test_no_change_and_no_fitting_text_are_refused(world):
    with pytest.raises(ValidationError):
        operations.propose_description(
            product=world.product, actor=world["seller"], at=world.at, **texts(world.product.pk)
        )
    for wrong in ({"title": ""}, {"title": "长" * 201}, {"frequency": "hourly"}):
        with pytest.raises(ValidationError):
            proposed(world, **wrong)
    assert not DescriptionChange.objects.exists()


def test_unreviewed_product_is_corrected_itself(world):
    product, _at = stages.product(world, "active+undeclared")
    with pytest.raises(InvalidState):
        operations.propose_description(product=product, actor=world["seller"], at=world.at, **TEXTS)


def test_holders_are_told_once_and_their_terms_stay(world, grant):
    terms = grant.terms
    accept(world, proposed(world))
    for _sweep in range(3):
        sweep(at=world.at)
    rows = Outbox.objects.filter(kind="product_described", channel="page")
    assert sorted(rows.values_list("recipient_ref", flat=True)) == sorted(
        world[who].ledger_ref for who in ("buyer", "conflicted_officer")
    )
    grant.refresh_from_db()
    assert grant.terms == terms


def test_withdrawn_product_leaves_no_change_behind(world):
    change = proposed(world)
    operations.withdraw_product(product=world.product, actor=world["seller"], at=world.at, reason="停")
    change.refresh_from_db()
    assert change.state == "withdrawn"


def test_non_public_data_is_described_before_the_compliance_reviewer(world):
    version, at = stages.non_public_version(world, "published")
    change = operations.propose_description(product=version.product, actor=world["vendor"], at=at, **TEXTS)
    assert change.reviewing_body == version.reviewer
    with pytest.raises(NotAllowed):
        operations.accept_description(change=change, actor=world["officer"], at=at, reason="属实")
    operations.accept_description(change=change, actor=world["reviewer"], at=at, reason="属实")


def test_both_texts_are_read_side_by_side_and_stay_on_the_page(world):
    old = world.product.description
    change = proposed(world)
    assert page(world, "other_buyer", change.get_absolute_url()).status_code == 404
    shown = page(world, "officer", change.get_absolute_url()).content.decode()
    assert "<del>" in shown and "另含更正" in shown and old[:6] in shown
    assert "另含更正" not in page(world, None, world.product.get_absolute_url()).content.decode()
    accept(world, change)
    shown = page(world, None, world.product.get_absolute_url()).content.decode()
    assert "另含更正" in shown and old[:6] in shown and "<del>" in shown


def test_marks_lose_no_letter_and_mark_only_what_differs():
    before, after = "一。二!三", "一。两!三?\n四"
    left, right = marked(before, after)
    assert ("".join(p.text for p in left), "".join(p.text for p in right)) == (before, after)
    assert [piece.text for piece in left if not piece.is_changed] == ["一。"]
    assert marked("", "") == ([], [])
    rows = differences({"title": "甲", "summary": "同"}, {"title": "乙", "summary": "同"})
    assert len(rows) == 1
