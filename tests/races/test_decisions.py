"""Two decide on one thing at once: one of them does."""

import pytest

from accounts.models import Assignment
from listings import operations as listing
from listings.models import Product
from marketplace.applications import operations as applications
from marketplace.applications.models import Decision, Grant, Item
from marketplace.desk.story import consult
from marketplace.ledger.models import Entry
from tests.races.together import ROUNDS, entries, fresh, one_won, together
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_item_decided_twice_at_once_becomes_one_grant(world):
    item, at = stages.item(world, "open@under_review")
    approve = lambda: stages.approve(fresh(item), world, at)  # noqa: E731
    one_won(together(approve, approve, approve))
    assert (Grant.objects.count(), Decision.objects.count(), entries(item, "approve")) == (1, 1, 1)


def test_item_approved_and_refused_at_once_is_decided_once(world):
    item, at = stages.item(world, "open@under_review")
    refuse = lambda: applications.refuse_item(  # noqa: E731
        item=fresh(item), actor=world["officer"], at=at, reason="无必要", remedy=stages.REMEDY
    )
    one_won(together(lambda: stages.approve(fresh(item), world, at), refuse))
    state = Item.objects.get().state
    assert (Grant.objects.count(), Decision.objects.get().is_approval) == (
        (1, True) if state == "approved" else (0, False)
    )


def test_two_officers_review_one_version_at_once(world):
    version, at = stages.version(world, "submitted")
    seen = Entry.objects.order_by("-pk").first().pk
    outcomes = together(
        lambda: listing.approve_version(version=fresh(version), actor=world["officer"], at=at, **stages.SIGN_OFF),
        lambda: listing.refuse_version(
            version=fresh(version), actor=world["second_officer"], at=at, reason="-", remedy="-"
        ),
    )
    one_won(outcomes)
    assert Entry.objects.filter(pk__gt=seen).count() == 1


def test_two_officers_accept_one_application_at_once(world, application):
    outcomes = together(
        *(
            lambda who=who: applications.accept_application(
                application=fresh(application), actor=world[who], at=world.at
            )
            for who in ("officer", "second_officer")
        )
    )
    one_won(outcomes)
    assert (entries(application, "accept"), Assignment.objects.filter(ended_at=None).count()) == (1, 1)


def test_terms_accepted_and_declined_at_once(world, offered_grant):
    who = {"actor": world["buyer"], "at": world.at}
    outcomes = together(
        lambda: applications.accept_grant(grant=fresh(offered_grant), terms_accepted=True, **who),
        lambda: applications.decline_grant(grant=fresh(offered_grant), reason="-", **who),
    )
    one_won(outcomes)
    assert entries(offered_grant, "accept") + entries(offered_grant, "decline") == 1


def test_application_is_not_returned_while_an_item_of_it_is_being_approved(world):
    stages.another_listed_product(world)
    other = Product.objects.exclude(pk=world.product.pk).get()
    for _ in range(ROUNDS // 3):
        case, at = stages.application(world, "draft")
        buyer = {"application": case, "actor": world["buyer"], "at": at}
        applications.add_item(**buyer, product=other, fields=["区县"])
        applications.submit_application(**buyer)
        consult(case, world.cast, at)
        applications.consent(consultation=case.consultations.get(), actor=world["provider"], at=at)
        applications.begin_review(application=case, actor=world["officer"], at=at)
        item = case.items.order_by("pk")[0]
        one_won(
            together(
                lambda item=item: stages.approve(fresh(item), world, world.at),
                lambda case=case: applications.return_application(
                    application=fresh(case), actor=world["officer"], at=world.at, reason="补充"
                ),
            )
        )
        assert (fresh(case).state, fresh(item).state) in [("under_review", "approved"), ("returned", "open")]
