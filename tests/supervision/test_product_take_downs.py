"""The take-down of a whole product (Art. 40): all its versions in one act, none made public while it stands."""

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from listings import operations as listing
from listings.models import Product, Version
from marketplace.clock.defaults import Kind
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.desk.story import later
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.operations.recall import holders_untold
from tests.actors import World
from tests.console.conftest import log_in
from tests.listings.test_release_rules import next_non_public
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

TEXTS = {"clause": "平台规则第五条", **stages.CHARGE}


def another(world: World, of: Version, at: datetime, state: str) -> Version:
    """A further version of a product whose lawful source is checked already."""
    made = next_non_public(world, of, at)
    listing.submit_version(version=made, actor=world["vendor"], at=at)
    if state != "submitted":
        listing.approve_version(version=made, actor=world["reviewer"], at=at, **stages.SIGN_OFF)
    if state == "published":
        listing.publish_version(version=made, actor=world["reviewer"], at=later(at, Kind.PUBLICITY))
    return fresh(made)


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def reviewer(world: World, at: datetime, reason: str = "核查") -> dict[str, Any]:
    return {"actor": world["reviewer"], "at": at, "reason": reason}


def take_down(world: World, of: Version, at: datetime, *, whole: bool) -> Measure:
    act = {"actor": world["reviewer"], "at": at}
    made = operations.draft_take_down(version=of, whole_product=whole, **TEXTS, **act)
    operations.issue_order(measure=made, **stages.CHARGE, remedy=stages.REMEDY, **act)
    return fresh(made)


def make_final(world: World, made: Measure, at: datetime) -> None:
    act = {"measure": made, "actor": world["reviewer"], "at": at}
    stages.hear(made, at, world["reviewer"], world["vendor"])
    operations.note_seen(**{**act, "measure": fresh(made)})
    operations.find_refusal(**act, reason="拒不改正")
    operations.make_final(**act, reason="拒不改正", remedy=stages.REMEDY)


def states(of: Version) -> list[str]:
    return list(Version.objects.filter(product=of.product_id).order_by("number").values_list("state", flat=True))


def test_all_versions_are_held_in_one_act_and_lifting_gives_back_what_it_held_alone(world):
    first, at = stages.non_public_version(world, "published")
    at = later(at, Kind.PUBLICITY)
    second, third, fourth = (another(world, first, at, "published") for _n in range(3))
    at = later(at, Kind.PUBLICITY)
    listing.hold_version(version=third, **reviewer(world, at))
    single = take_down(world, fourth, at, whole=False)
    before = Entry.objects.latest("pk").pk
    made = take_down(world, second, at, whole=True)
    assert states(first) == ["held"] * 4
    assert (made.taken_down, made.party) == (first.product, world.parties["vendor"])
    new = Entry.objects.filter(pk__gt=before, verb="take_down").order_by("pk")
    moved = {entry.object_id for entry in new if entry.new == "held"}
    assert moved == {str(first.pk), str(second.pk)} and new.values("operation_id").distinct().count() == 1
    operations.lift_order(measure=made, **reviewer(world, at))
    assert states(first) == ["published", "published", "held", "held"]
    listing.release_version(version=fresh(third), **reviewer(world, at))
    operations.lift_order(measure=fresh(single), **reviewer(world, at))
    assert (states(first), fresh(first.product).taken_down_by) == (["published"] * 4, "")


@pytest.mark.parametrize("order", [*permutations(("hand", "version", "product"))], ids="-".join)
def test_a_version_held_for_three_reasons_is_published_when_the_last_is_gone(world, order):
    version, at = stages.non_public_version(world, "published")
    measures = {}
    for reason in order[::-1]:
        if reason == "hand":
            listing.hold_version(version=fresh(version), **reviewer(world, at))
        else:
            measures[reason] = take_down(world, version, at, whole=reason == "product")
    for left, reason in zip((2, 1, 0), order, strict=True):
        if reason == "hand":
            listing.release_version(version=fresh(version), **reviewer(world, at))
        else:
            operations.lift_order(measure=fresh(measures[reason]), **reviewer(world, at))
        assert fresh(version).state == ("held" if left else "published")


@pytest.mark.parametrize("state", ["submitted", "in_publicity"])
def test_while_it_stands_nobody_makes_a_version_public_and_the_refusal_names_the_measure(world, state):
    first, at = stages.non_public_version(world, "published")
    waiting = another(world, first, at, state)
    at = later(at, Kind.PUBLICITY)
    made = take_down(world, first, at, whole=True)

    assert states(first) == ["held", "submitted"]  # what was in publicity is public no more
    act = {"actor": world["reviewer"], "at": at}
    before = rows()
    for go_on, more in ((listing.approve_version, stages.SIGN_OFF), (listing.publish_version, {})):
        with pytest.raises(InvalidState) as error:
            go_on(version=fresh(waiting), **act, **more)
        assert str(made.number) in str(error.value)
    with pytest.raises(InvalidState):  # nobody holds it by hand
        listing.release_version(version=fresh(first), **reviewer(world, at))
    assert rows() == before
    operations.lift_order(measure=made, **reviewer(world, at))
    listing.approve_version(version=fresh(waiting), **act, **stages.SIGN_OFF)
    assert states(first) == ["published", "in_publicity"]


def test_no_release_rule_publishes_a_version_while_it_stands(world):
    first, at = stages.non_public_version(world, "published")
    bounds = {**stages.RULE, "min_rows": 1, "min_k": None, "max_drift": 100}
    rule = listing.propose_rule(product=first.product, actor=world["vendor"], at=at, **bounds)
    listing.approve_rule(rule=rule, **reviewer(world, at, "更新稳定"))
    following = next_non_public(world, first, at)
    listing.retire_version(version=fresh(first), actor=world["vendor"], at=at, reason="换代")
    made = take_down(world, first, at, whole=True)
    before = rows()
    with pytest.raises(InvalidState) as error:
        listing.submit_version(version=fresh(following), actor=world["vendor"], at=at)
    assert str(made.number) in str(error.value) and rows() == before
    operations.lift_order(measure=made, **reviewer(world, at))
    listing.submit_version(version=fresh(following), actor=world["vendor"], at=at)
    assert states(first) == ["retired", "published"]


def test_what_is_retired_is_not_served_either_and_only_with_its_product_taken_down(world):
    grant, _over = stages.non_public_grant(world, "active")
    at, version = grant.activated_at, grant.from_version
    listing.retire_version(version=version, actor=world["vendor"], at=at, reason="换代")
    get = {"grant": grant, "version": version, "actor": world["buyer"], "at": at}
    with pytest.raises(InvalidState):
        take_down(world, fresh(version), at, whole=False)
    with transaction.atomic():
        assert delivery.deliver(**{**get, "version": fresh(version)})
        transaction.set_rollback(True)
    made = take_down(world, fresh(version), at, whole=True)
    with pytest.raises(gate.Denied) as denied:
        delivery.deliver(**{**get, "version": fresh(version)})
    assert denied.value.code == "version_not_served"
    operations.lift_order(measure=made, **reviewer(world, at))
    assert delivery.deliver(**{**get, "version": fresh(version)})


def test_made_final_what_is_retired_is_recalled_as_well_and_its_holders_are_told(world):
    grant, _over = stages.non_public_grant(world, "active")
    at, version = grant.activated_at, grant.from_version
    delivery.deliver(grant=grant, version=version, actor=world["buyer"], at=at)
    listing.retire_version(version=version, actor=world["vendor"], at=at, reason="换代")
    make_final(world, take_down(world, fresh(version), at, whole=True), at)
    assert states(version) == ["recalled"]
    assert [(holder.grant, holder.recalled) for holder in holders_untold()] == [(grant, version)]


def test_the_page_of_a_grant_offers_no_download_while_the_product_is_taken_down(world):
    grant, _over = stages.non_public_grant(world, "active")
    at, version = grant.activated_at, grant.from_version
    listing.retire_version(version=version, actor=world["vendor"], at=at, reason="换代")
    download = reverse("delivery:download", args=[grant.pk, version.pk, "csv"])

    def page() -> str:
        with time_machine.travel(at, tick=False):
            return log_in(world["buyer"]).get(grant.get_absolute_url()).content.decode()

    assert download in page()
    take_down(world, fresh(version), at, whole=True)
    assert download not in page()


@pytest.mark.parametrize("whole", [False, True])
def test_annulling_an_old_take_down_gives_back_nothing_that_a_newer_one_holds(world, whole):
    version, at = stages.non_public_version(world, "published")
    old = take_down(world, version, at, whole=whole)
    review = operations.lodge_review(subject=old, actor=world["vendor"], at=at, text="认定有误")
    operations.lift_order(measure=old, **reviewer(world, at))
    newer = take_down(world, fresh(version), later(at, Kind.SERVICE), whole=whole)
    operations.annul_review(review=review, actor=world["province_officer"], at=at, reason="证据不足")
    version = fresh(version)
    assert (fresh(old).state, version.state) == ("annulled", "held")
    assert (version.is_taken_down, version.product.taken_down_by) == ((False, newer.number) if whole else (True, ""))
    operations.lift_order(measure=fresh(newer), **reviewer(world, at))
    assert states(version) == ["published"]


def test_made_final_all_are_recalled_for_good_and_a_review_only_opens_the_product_again(world):
    first, at = stages.non_public_version(world, "published")
    at = later(at, Kind.PUBLICITY)
    second, third = (another(world, first, at, "published") for _n in range(2))
    at = later(at, Kind.PUBLICITY)
    listing.hold_version(version=second, **reviewer(world, at))
    single = take_down(world, third, at, whole=False)
    waiting = another(world, first, at, "in_publicity")
    made = take_down(world, first, at, whole=True)
    make_final(world, made, at)
    assert states(first) == ["recalled", "recalled", "recalled", "submitted"]
    with pytest.raises(InvalidState):
        listing.approve_version(version=fresh(waiting), actor=world["reviewer"], at=at, **stages.SIGN_OFF)
    operations.lift_order(measure=fresh(single), **reviewer(world, at))
    assert states(first)[:3] == ["recalled"] * 3
    review = operations.lodge_review(subject=fresh(made), actor=world["vendor"], at=at, text="认定有误")
    operations.annul_review(review=review, actor=world["province_officer"], at=at, reason="证据不足")
    assert (states(first)[:3], fresh(first.product).taken_down_by) == (["recalled"] * 3, "")
    listing.approve_version(version=fresh(waiting), actor=world["reviewer"], at=at, **stages.SIGN_OFF)


def test_what_was_recalled_meanwhile_stays_so_when_it_is_lifted(world):
    first, at = stages.non_public_version(world, "published")
    at = later(at, Kind.PUBLICITY)
    another(world, first, at, "published")
    made = take_down(world, first, later(at, Kind.PUBLICITY), whole=True)
    listing.recall_version(version=fresh(first), **reviewer(world, later(at, Kind.PUBLICITY)))
    operations.lift_order(measure=made, **reviewer(world, later(at, Kind.PUBLICITY)))
    assert states(first) == ["recalled", "published"]


def test_a_product_is_taken_down_once_at_a_time_and_only_where_something_is_in_use(world):
    version, at = stages.non_public_version(world, "published")
    act = {"actor": world["reviewer"], "at": at}
    first, second = (
        operations.draft_take_down(version=version, whole_product=True, **TEXTS, **{**act, "at": moment})
        for moment in (at, later(at, Kind.SERVICE))
    )
    issue = {**stages.CHARGE, "remedy": stages.REMEDY, **act}
    operations.issue_order(measure=first, **issue)
    before = rows()
    with pytest.raises(InvalidState):
        operations.issue_order(measure=second, **issue)
    assert rows() == before
    operations.lift_order(measure=fresh(first), **reviewer(world, at))
    listing.recall_version(version=fresh(version), **reviewer(world, at))
    before = rows()
    with pytest.raises(InvalidState):
        operations.issue_order(measure=second, **issue)
    assert rows() == before


def test_only_a_take_down_is_of_a_whole_product(world, grant):
    made = stages.proposal(world, grant)
    with pytest.raises(IntegrityError), transaction.atomic():
        Measure.objects.filter(pk=made.pk).update(whole_product=True)


def test_province_requires_it_of_the_reviewer_and_the_pages_name_it(world, client):
    version, at = stages.non_public_version(world, "published")
    with pytest.raises(NotAllowed):
        operations.require_take_down(version=version, actor=world["officer"], at=at, whole_product=True, **TEXTS)
    with time_machine.travel(at, tick=False):
        address = reverse("supervision:version-require_take_down", args=[version.pk])
        assert log_in(world["province_officer"]).post(address, {**TEXTS, "whole_product": "on"}).status_code == 302
        made = Measure.objects.get()
        assert (made.whole_product, made.required_by) == (True, world.parties["province"])
        signing = log_in(world["reviewer"])
        address = reverse("supervision:order-issue", args=[made.pk])
        assert version.product.title in signing.get(address).content.decode()
        assert signing.post(address, {**stages.CHARGE, "remedy": stages.REMEDY}).status_code == 302
        number = fresh(made).number
        for page in (version.product.get_absolute_url(), version.get_absolute_url()):
            assert number in log_in(world["vendor"]).get(page).content.decode()
        page = log_in(world["vendor"]).get(made.get_absolute_url()).content.decode()
        assert version.product.get_absolute_url() in page
    assert states(version) == ["held"]
    assert Product.objects.get(pk=version.product_id).taken_down_by == number
