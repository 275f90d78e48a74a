import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings.deidentification.profile import ColumnProfile, ValueShare, _suppress, band, profile
from listings.deidentification.reasons import UnknownColumn

from .samples import canonical


def values(tmp_path, column: list, minimum: int = 5, **roles) -> list[ValueShare] | None:
    parquet = canonical(tmp_path, ["v", "who"], [(value, f"w{n}") for n, value in enumerate(column)])
    return profile(parquet, minimum=minimum, **roles)[0].values


def test_profile_of_a_column(tmp_path):
    parquet = canonical(
        tmp_path, ["sex", "who"], [("f", n % 9) for n in range(60)] + [("m", 1)] * 30 + [(None, 1)] * 10
    )
    assert profile(parquet, minimum=20) == [
        ColumnProfile("sex", "text", 0.1, "2-9", [ValueShare("f", 0.6), ValueShare("m", 0.3)], ["1", "1"]),
        ColumnProfile("who", "integer", 0.0, "2-9", [ValueShare("1", 0.47), ValueShare(None, 0.53, True)], ["1", "5"]),
    ]


def test_profile_suppresses_a_second_value_beside_a_single_rare_one(tmp_path):
    shares = values(tmp_path, ["a"] * 50 + ["b"] * 30 + ["c"] * 18 + ["d"] * 2)
    assert shares == [ValueShare("a", 0.5), ValueShare("b", 0.3), ValueShare(None, 0.2, suppressed=True)]


def test_profile_merges_until_the_minimum_is_reached(tmp_path):
    shares = values(tmp_path, ["a"] * 50 + ["b"] * 48 + ["c"] + ["d"])
    assert shares == [ValueShare("a", 0.5), ValueShare(None, 0.5, suppressed=True)]


def test_profile_counts_subjects_not_rows(tmp_path):
    parquet = canonical(tmp_path, ["v", "who"], [("a", n) for n in range(10)] + [("b", 1)] * 90)
    by_rows, by_subject = (profile(parquet, subject=subject, minimum=5)[0].values for subject in (None, "who"))
    assert by_rows == [ValueShare("b", 0.9), ValueShare("a", 0.1)]
    assert by_subject == [ValueShare(None, 1.0, suppressed=True)]


def test_profile_shows_no_values_of_hidden_or_wide_columns(tmp_path):
    assert values(tmp_path, ["a"] * 50, sensitive=["v"]) is None
    assert values(tmp_path, ["a"] * 50, subject="v") is None
    assert values(tmp_path, [n % 21 for n in range(210)]) is None
    assert len(values(tmp_path, [n % 20 for n in range(200)])) == 20
    assert values(tmp_path, [None] * 9) is None


def test_profile_refuses_unknown_columns(tmp_path):
    with pytest.raises(UnknownColumn):
        values(tmp_path, ["a"], sensitive=["V"])


def test_bands():
    numbers = (0, 1, 2, 9, 10, 99, 100, 1234)
    assert [band(number) for number in numbers] == [
        "0", "1", "2-9", "2-9", "10-99", "10-99", "100-999", "1000-9999"
    ]  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=20), st.integers(1, 20))
def test_no_rare_value_is_named_and_none_hides_alone(sizes, minimum):
    counted = [(f"v{n}", size, size) for n, size in enumerate(sorted(sizes))]
    named = [each for each in _suppress(counted, sum(sizes), minimum) if not each.suppressed]
    hidden = len(sizes) - len(named)
    assert all(size >= minimum for value, size, _ in counted if value in {each.value for each in named})
    assert hidden != 1 or len(sizes) == 1
    assert hidden == 0 or not named or sum(sorted(sizes)[:hidden]) >= minimum
    assert hidden == 0 or min(sizes) < minimum


def ends(tmp_path, column: list, who: list | None = None, minimum: int = 5, **roles) -> list[str] | None:
    people = who or [f"w{n}" for n in range(len(column))]
    parquet = canonical(tmp_path, ["v", "who"], list(zip(column, people, strict=True)))
    return profile(parquet, minimum=minimum, **roles)[0].range


def test_range_ends_where_enough_lie_at_or_beyond_it_and_is_rounded_outwards(tmp_path):
    assert ends(tmp_path, [1, *range(1234, 1254), 99_999]) == ["1200", "1300"]
    assert ends(tmp_path, [-0.00123, *[0.0567] * 5, *[0.0678] * 5, 9.9]) == ["0.056", "0.068"]
    assert ends(tmp_path, ["a", *["bb"] * 5, *["cccc"] * 5, "d" * 90]) == ["2", "4"]
    assert ends(tmp_path, ["1901-01-01", *["2024-02-29"] * 5, *["2024-05-01"] * 5]) == ["2024-02", "2024-05"]


def test_range_counts_subjects_and_is_left_out_where_they_are_too_few(tmp_path):
    assert ends(tmp_path, [3, 4, 5, 6]) is None
    assert ends(tmp_path, [7] * 40, who=["one"] * 40, subject="who") is None
    assert (
        ends(tmp_path, [7] * 4 + [8] * 40, who=["a", "b", "c", "d"] + ["e"] * 40, subject="who") is None
    )  # they cross
    assert ends(tmp_path, [7] * 5 + [8] * 5, who=list("abcdefghij"), subject="who") == ["7", "8"]
    assert ends(tmp_path, ["true"] * 9) is None
    assert ends(tmp_path, [7] * 40, sensitive=["v"]) is None
