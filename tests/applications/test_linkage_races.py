"""Two approvals for one buyer at once: the second sees what the first has granted."""

import pytest
from django.db import connection

from marketplace.applications import operations
from marketplace.applications.models import Grant
from marketplace.errors import InvalidState
from tests.applications.test_linkage import GRID, product, under_review
from tests.races.together import fresh, together
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
def test_of_two_approvals_at_once_one_waits_for_the_figure(world):
    towns = product(world, "住地", "街道", [town for town, _job in GRID])
    jobs = product(world, "职业", "职业", [job for _town, job in GRID])
    for round in range(4):
        one, two = (under_review(world, each).items.get() for each in (towns, jobs))
        first, second = together(
            lambda item=one: stages.approve(fresh(item), world, world.at),
            lambda item=two: stages.approve(fresh(item), world, world.at),
        )
        assert {type(first), type(second)} == {Grant, InvalidState}, round
        offered = Grant.objects.filter(state="offered")
        assert offered.count() == 1
        operations.decline_grant(grant=offered.get(), actor=world["buyer"], at=world.at, reason="-")
