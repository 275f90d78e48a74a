"""A take-down and whoever makes public what it takes down."""

import time
from typing import Any

import pytest

from listings import operations as listing
from listings.operations import release_rules, review
from marketplace.clock.defaults import Kind
from marketplace.desk.story import later
from marketplace.errors import InvalidState
from marketplace.supervision import operations as supervision
from tests.listings.test_release_rules import next_non_public
from tests.races.together import fresh, together
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_take_down_issued_while_the_version_is_released_by_hand_holds_it(world):
    made, at = stages.take_down(world, "proposed")
    reviewer = {"actor": world["reviewer"], "at": at}
    listing.hold_version(version=made.version, reason="复评未通过", **reviewer)
    outcomes = together(
        lambda: supervision.issue_order(measure=fresh(made), **stages.CHARGE, remedy=stages.REMEDY, **reviewer),
        lambda: listing.release_version(version=fresh(made.version), reason="复评通过", **reviewer),
    )
    assert all(isinstance(one, InvalidState) for one in outcomes if one is not None), outcomes
    version, issued = fresh(made.version), outcomes[0] is None
    assert (version.state, version.is_taken_down) == (("held", True) if issued else ("published", False))
    assert fresh(made).state == ("issued" if issued else "proposed")


@pytest.mark.parametrize("way", ["reviewer", "rule"])
def test_a_version_made_public_while_its_product_is_taken_down_is_held_or_refused(world, way, monkeypatch):
    """Whoever makes it public is slow between looking at the product and publishing."""
    made, at = stages.take_down(world, "proposed", whole=True)
    of, who = made.version, {"actor": world["reviewer"], "at": at}
    if way == "rule":
        bounds = {**stages.RULE, "min_rows": 1, "min_k": None, "max_drift": 100}
        rule = listing.propose_rule(product=of.product, actor=world["vendor"], at=at, **bounds)
        listing.approve_rule(rule=rule, reason="更新稳定", **who)
    following = next_non_public(world, of, at)
    if way == "reviewer":
        listing.submit_version(version=following, actor=world["vendor"], at=at)
        listing.approve_version(version=following, **stages.SIGN_OFF, **who)
        who["at"] = later(at, Kind.PUBLICITY)
    place, name = (review, "check_sources_stand") if way == "reviewer" else (release_rules, "signed_off")
    quick = getattr(place, name)

    def slow(*args: Any) -> Any:
        time.sleep(0.3)
        return quick(*args)

    monkeypatch.setattr(place, name, slow)

    def make_public() -> None:
        if way == "reviewer":
            return listing.publish_version(version=fresh(following), **who)
        listing.submit_version(version=fresh(following), actor=world["vendor"], at=at)

    def issue() -> None:
        time.sleep(0.15)
        supervision.issue_order(measure=fresh(made), **stages.CHARGE, remedy=stages.REMEDY, **who)

    published, issued = together(make_public, issue)
    assert issued is None and (published is None or isinstance(published, InvalidState)), (published, issued)
    waits = "submitted" if way == "reviewer" else "assessed"
    assert (fresh(of).state, fresh(following).state) == ("held", "held" if published is None else waits)
    supervision.lift_order(measure=fresh(made), reason="已改正", **who)
    assert fresh(following).state == ("published" if published is None else waits)
