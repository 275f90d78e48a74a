"""More deliveries in a calendar month than a grant's quota allows."""

import pytest

from marketplace.applications.models import Grant
from marketplace.delivery import gate
from marketplace.delivery.models import Delivery
from marketplace.supervision.models import Finding
from marketplace.supervision.said import WORDS
from tests.actors import World
from tests.supervision.test_monitors import at, deliver, did, limit
from tests.workflow import stages


def test_more_deliveries_in_a_month_than_the_grant_allows_are_one_finding(world: World, grant: Grant) -> None:
    limit(grant, 2)
    for moment in ("2026-04-30", "2026-05-01", "2026-05-31"):
        deliver(grant, at(moment, 0 if moment.endswith("01") else 23))  # the month is Shanghai's, as at the gate
    deliver(stages.active_grant(world, buyer="other_buyer"), at("2026-05-02"))
    assert did("outside_grant", at("2026-06-01", 0)) == 0
    assert gate.is_used_up(Grant.objects.get(pk=grant.pk), at("2026-05-31", 23))
    for _number in range(2):
        deliver(grant, at("2026-05-20"))  # handed over before the last of those that were seen
    assert did("outside_grant", at("2026-06-01", 1)) == 1
    finding = Finding.objects.get()
    assert (finding.occasion_key, finding.grant) == (f"outside_grant:volume:{grant.pk}:2026-05", grant)
    assert (finding.text["what"], finding.text["day"], finding.text["count"]) == ("volume", "2026-05", "1")
    assert str(WORDS["volume"]) in finding.said
    deliver(grant, at("2026-05-31", 23))
    for hour in (1, 2, 3):
        deliver(grant, at("2026-06-01", hour))
    assert did("outside_grant", at("2026-06-02")) == 1
    assert not Delivery.objects.filter(is_examined=False, grant=grant, obtained_at__lt=at("2026-06-01", 0)).exists()


@pytest.mark.parametrize(("quota", "found"), [(3, 1), (4, 0), (None, 0)])
def test_quota_that_was_raised_in_time_covers_the_month(grant: Grant, quota: int | None, found: int) -> None:
    limit(grant, 2)
    deliver(grant, at("2026-05-01"))
    deliver(grant, at("2026-05-02"))
    assert did("outside_grant", at("2026-05-03")) == 0
    limit(grant, quota)
    deliver(grant, at("2026-05-04"))
    deliver(grant, at("2026-05-04"))
    assert did("outside_grant", at("2026-05-05")) == found
