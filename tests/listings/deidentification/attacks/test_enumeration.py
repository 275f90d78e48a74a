import hashlib

import numpy as np
import pytest
from stdnum import luhn
from stdnum.cn import ric

from listings.deidentification.attacks import enumeration, guesses, spaces
from listings.deidentification.attacks.digests import recognise
from listings.deidentification.attacks.enumeration import COSTS, Guess

from . import planted

WORK = guesses.WORK  # as it is outside these tests


def keys(space: spaces.Space, outer: int) -> list[str]:
    heads = space.heads(np.array([outer]))
    return [(heads[0].tobytes() + tail.tobytes()).decode() for tail in space.inner[space.variants(heads)[0]]]


@pytest.mark.parametrize("algorithm", COSTS)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("salt", ""), ("", "123456"), ("手机", "x" * 30)])
def test_every_digest_of_planted_keys_is_met_and_no_other(algorithm: str, before: str, after: str) -> None:
    space = spaces.mobile()
    inside = [f"{before}{keys(space, 5)[place]}{after}" for place in (0, 499, 500, 999)]
    outside = f"{before}23800138000{after}"
    digests = np.array([np.frombuffer(planted.digest(algorithm, text), np.uint8) for text in [*inside, outside]])
    small = spaces.Space("mobile", "11", (space.outer[0][:1], space.outer[1][:20]), space.inner)
    guess = Guess(small, algorithm, before=before, after=after)
    outcome = enumeration.enumerate_keys(guess, digests, small.size, enough=99, seed=3)
    assert (outcome.messages, outcome.targets, outcome.hits) == (20_000, 4, 4)


@pytest.mark.parametrize(("start", "kept"), [(0, 4), (4, 8), (0, 5), (0, 16)])
def test_part_of_a_digest_is_met(start: int, kept: int) -> None:
    space = spaces.Space(
        "mobile", "11", (spaces.mobile().outer[0][:1], spaces.mobile().outer[1][:20]), spaces.mobile().inner
    )
    digest = planted.digest("md5", keys(space, 7)[77])[start : start + kept]
    digests = np.frombuffer(digest, np.uint8)[None]
    outcome = enumeration.enumerate_keys(Guess(space, "md5", start), digests, space.size, enough=99, seed=3)
    assert outcome.targets == 1


def test_without_numba_the_same_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    space = spaces.Space(
        "mobile", "11", (spaces.mobile().outer[0][:1], spaces.mobile().outer[1][:5]), spaces.mobile().inner
    )
    guess = Guess(space, "sha256", before="s")
    digests = np.frombuffer(hashlib.sha256(b"s" + keys(space, 3)[5].encode()).digest(), np.uint8)[None]
    fast = enumeration.enumerate_keys(guess, digests, space.size, enough=99, seed=3)
    monkeypatch.setattr(enumeration, "search_of", lambda algorithm: None)
    assert enumeration.enumerate_keys(guess, digests, space.size, enough=99, seed=3) == fast
    assert guess.cost == enumeration.SLOW_COST


def test_keys_are_well_formed() -> None:
    for number in (0, 12_345, 10**8):
        assert all(ric.calc_check_digit(key) == key[17] for key in keys(spaces.resident_id(), number))
        assert all(luhn.is_valid(key) for key in keys(spaces.bank_card(), number % 22_000_000))
    assert all(space.width == len(keys(space, 1)[1].encode()) for space in [*spaces.landlines(), *spaces.qqs()])


def test_order_covers_the_space_without_repeating() -> None:
    batches = list(enumeration._batches(1_000, 1_000, 77, 64))
    assert sorted(np.concatenate(batches)) == list(range(1_000))


def test_work_is_enough_for_the_promised_chance_and_never_exceeded() -> None:
    digests = recognise([planted.digest("md5", each).hex() for each in planted.mobiles(200)])
    assert digests
    plans = list(guesses.plan(guesses.guesses(digests, "phone"), 1, 200, 16, WORK))
    assert plans[0].chance >= 1 - guesses.MISS and plans[0].guess.space.kind == "mobile"
    assert sum(plan.work for plan in plans) <= WORK
    assert all(plan.chance >= 1 - guesses.MISS_LATER for plan in plans)
    few = list(guesses.plan(guesses.guesses(digests, "phone"), 1, 1, 16, WORK))
    assert few[0].messages <= WORK or few[0].guess.space.size < 10**9


def test_chance_and_need_are_each_others_inverse() -> None:
    for digests in (1, 10, 200, 30_000):
        wanted = guesses.needed(10**9, digests, 1e-6)
        assert guesses.chance(10**9, digests, wanted) >= 1 - 1.0001e-6
        assert guesses.chance(10**9, digests, wanted // 2) < 1 - 1e-6
    assert guesses.needed(50_000, 1, 1e-6) == 50_000 and guesses.chance(50_000, 1, 50_000) == 1


def test_chance_hits_of_short_digests_convince_nobody() -> None:
    chance = {"digests": 10_000, "messages": 43_000_000, "width": 4}  # a hundred are met by chance
    assert not guesses.convincing(targets=140, **chance)
    assert guesses.convincing(targets=180, **chance)
    assert guesses.convincing(targets=1, digests=200, messages=10**9, width=16)
    assert not guesses.convincing(targets=0, digests=200, messages=10**9, width=16)
