"""The sample of an inspection plan: whatever the frame, what a stratified draw by a seed has to be."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from marketplace.supervision.sampling import Unit, allocate, draw, fingerprint

SIZES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40), max_size=8)
FRAMES = st.dictionaries(
    st.integers(1, 10_000), st.tuples(st.sampled_from("abc"), st.floats(0.5, 50)), min_size=1, max_size=40
).map(lambda rows: [Unit(key, stratum, weight) for key, (stratum, weight) in rows.items()])


@given(SIZES, st.integers(0, 200))
def test_shares_add_up_and_leave_no_stratum_out_where_the_size_allows(sizes, size):
    shares, filled = allocate(sizes, size), [name for name, there in sizes.items() if there]
    assert sum(shares.values()) == min(size, sum(sizes.values()))
    assert all(shares[name] <= sizes[name] for name in shares)
    if size >= len(filled):
        assert all(shares[name] >= 1 for name in filled)


def test_shares_are_in_proportion():
    assert allocate({"a": 60, "b": 30, "c": 10}, 10) == {"a": 6, "b": 3, "c": 1}
    assert allocate({"a": 97, "b": 1, "c": 2}, 10) == {"a": 8, "b": 1, "c": 1}
    assert allocate({"a": 5, "b": 5}, 1) == {"a": 1, "b": 0}


@given(FRAMES, st.integers(1, 50), st.randoms(use_true_random=False))
def test_the_same_seed_gives_the_same_sample_whatever_the_order_of_the_rows(frame, size, chance):
    turned = chance.sample(frame, len(frame))
    assert draw(turned, size, "seed") == draw(frame, size, "seed")
    assert fingerprint(turned) == fingerprint(frame)
    assert len({unit.grant for unit in draw(frame, size, "seed")}) == min(size, len(frame))


def test_another_seed_gives_another_sample_and_another_weight_another_fingerprint():
    frame = [Unit(key, "a") for key in range(100)]
    assert draw(frame, 10, "one") != draw(frame, 10, "two")
    assert fingerprint(frame) != fingerprint([Unit(0, "a", 2.0), *frame[1:]])


def test_equal_weights_draw_everybody_as_often_and_heavy_ones_sooner():
    frame = [Unit(key, "a", 4.0 if key == 0 else 1.0) for key in range(10)]
    first = Counter(draw(frame, 1, str(seed))[0].grant for seed in range(2000))
    assert 520 < first[0] < 710  # 4 of 13, give or take four standard deviations
    assert all(95 < first[key] < 215 for key in range(1, 10))  # 1 of 13
