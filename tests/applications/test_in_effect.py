"""The one "in effect" expression against an oracle in plain Python: filter, annotation and single question agree."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Party
from marketplace.applications.models import Grant, Hold

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=SHANGHAI)
DAY = NOON.date()

hours = st.sampled_from([-49, -36, -13, -12, -1, 0, 1, 11, 12, 13, 36, 49])  # around noon and midnight in Shanghai
moments = hours.map(lambda n: NOON + timedelta(hours=n))
days = st.integers(-2, 2).map(lambda n: DAY + timedelta(days=n))
LONG_AGO, FAR_OFF = NOON - timedelta(days=9), NOON + timedelta(days=9)


def mostly(usual, others):
    """The usual value four times out of five, so that what is tested seldom fails for two reasons at once."""
    return st.integers(0, 4).flatmap(lambda n: others if n == 0 else st.just(usual))


hold = st.tuples(
    moments,
    st.one_of(st.none(), moments),
    st.one_of(st.none(), moments),
    st.sampled_from(["measure", "report_overdue"]),
)
holds = st.one_of(st.just([]), st.lists(hold, min_size=1, max_size=1), st.lists(hold, max_size=3))


def oracle(state, activated, starts, ends, party_state, verified_until, stops, at) -> bool:
    today = at.astimezone(SHANGHAI).date()
    if state != "active" or activated is None or activated > at:
        return False
    if not starts <= today <= ends:
        return False
    if party_state != "verified" or verified_until is None or verified_until < today:
        return False
    for opened, lifted, ends_at, _code in stops:
        stands = opened <= at and (lifted is None or lifted > at) and (ends_at is None or ends_at > at)
        if stands:
            return False
    return True


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=mostly("active", st.sampled_from(["offered", "declined", "closed", "surrendered", "terminated"])),
    activated=mostly(LONG_AGO, moments),
    starts=mostly(LONG_AGO.date(), days),
    length=mostly(18, st.integers(0, 11)),
    party_state=mostly("verified", st.sampled_from(["applied", "barred", "ended"])),
    verified_until=mostly(FAR_OFF.date(), st.one_of(st.none(), days)),
    stops=holds,
    at=moments,
)
def test_in_effect_agrees_with_an_independent_oracle(
    grant, state, activated, starts, length, party_state, verified_until, stops, at
):
    ends = starts + timedelta(days=length)
    Grant.objects.filter(pk=grant.pk).update(state=state, activated_at=activated, starts=starts, ends=ends)
    Party.objects.filter(pk=grant.buyer_id).update(state=party_state, verified_until=verified_until)
    Hold.objects.all().delete()
    for number, (opened, lifted, ends_at, code) in enumerate(stops):
        Hold.objects.create(
            grant=grant, code=code, source_ref=f"source:{number}", reason="-", opened_at=opened, opened_by_ref="-",
            ends_at=ends_at, lifted_at=lifted, state="lifted" if lifted else "open",
            lifted_by_ref="-" if lifted else "",
        )  # fmt: skip
    expected = oracle(state, activated, starts, ends, party_state, verified_until, stops, at)
    assert Grant.objects.in_effect(at).filter(pk=grant.pk).exists() is expected
    assert bool(Grant.objects.with_effect(at).get(pk=grant.pk).effective) is expected
    assert grant.is_in_effect(at) is expected


def test_in_effect_of_another_grant_is_not_touched_by_a_hold(world, grant):
    from tests.workflow.stages import active_grant, order

    other = active_grant(world, buyer="other_buyer")
    order(world, grant)
    assert (grant.is_in_effect(world.at), other.is_in_effect(world.at)) == (False, True)
    effective = Grant.objects.with_effect(world.at).order_by("pk").values_list("pk", "effective")
    assert [(pk, bool(value)) for pk, value in effective] == [(grant.pk, False), (other.pk, True)]
