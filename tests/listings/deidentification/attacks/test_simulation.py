import random
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listings.deidentification import database
from listings.deidentification.attacks import simulation
from listings.deidentification.attacks.simulation import Attack, wilson
from listings.deidentification.database import Column

TYPES = {"a": "integer", "b": "text", "c": "text", "s": "text", "n": "integer", "u": "text"}


def attacked(
    rows: list[dict], known: list[str], sensitive: tuple[str, ...] = (), subject: str | None = None, seed=3, types=TYPES
):
    with database.open_database() as connection:
        kinds = {"integer": "BIGINT", "text": "VARCHAR"}
        connection.execute(f"CREATE TABLE data ({', '.join(f'{name} {kinds[kind]}' for name, kind in types.items())})")
        values = [[row.get(name) for row in rows] for name in types]
        marks = ", ".join(
            f"unnest(${place}::{'BIGINT' if kind == 'integer' else 'VARCHAR'}[])"
            for place, kind in enumerate(types.values(), start=1)
        )
        connection.execute(f"INSERT INTO data SELECT {marks}", values)
        found = simulation.simulate(
            connection, "data", columns=[Column(name, kind) for name, kind in types.items()],
            quasi_identifiers=known, sensitive=sensitive, subject=subject, seed=seed,
        )  # fmt: skip
    return {(attack.method, attack.sensitive): attack for attack in found}


def uniform(count: int, seed: int = 5) -> list[dict]:
    chance = random.Random(seed)
    return [
        {"a": chance.randrange(20), "b": chance.choice("xyz"), "c": chance.choice("pq"),
         "s": chance.choice("wxyz"), "n": chance.randrange(10_000), "u": f"u{number}"}
        for number in range(count)
    ]  # fmt: skip


def test_unique_combination_singles_everybody_out() -> None:
    rows = [{"a": number // 30, "b": str(number % 30), "c": "p", "u": f"u{number}"} for number in range(900)]
    found = attacked(rows, ["a", "b", "c"])
    out = found["singling_out", None]
    assert (out.rate, out.successes, out.trials, out.level, set(out.columns)) == (
        1.0,
        900,
        900,
        "fails",
        {"a", "b", "c"},
    )
    link = found["linkage", None]
    assert (link.rate, link.level, link.params["percent"]) == (1.0, "fails", "100.00")
    noisy = found["linkage_noise", None]
    assert noisy.level == "warns" and 0.6 < noisy.rate < 0.95 and noisy.params["wrong"] > 0
    assert "30" not in out.text.replace("900", "")


def test_large_classes_single_nobody_out() -> None:
    rows = [{"a": number % 4, "b": "x", "c": "p"} for number in range(400)]
    found = attacked(rows, ["a", "b"])
    assert [found[name, None].rate for name in ("singling_out", "linkage", "linkage_noise")] == [0, 0, 0]
    assert [found[name, None].level for name in ("singling_out", "linkage")] == ["passes", "passes"]
    assert found["linkage", None].params["percent"] == "1.00"


@pytest.mark.parametrize(("size", "level"), [(4, "fails"), (5, "warns"), (19, "warns"), (20, "passes")])
def test_linkage_is_held_against_k(size: int, level: str) -> None:
    rows = [{"a": number // size, "b": "x"} for number in range(60 * size)]
    assert attacked(rows, ["a"])["linkage", None].level == level


def test_columns_not_marked_only_warn() -> None:
    rows = [{"a": number % 2, "b": str(number % 30), "c": str(number // 30)} for number in range(900)]
    found = attacked(rows, ["a"])
    assert found["singling_out", None].level == "passes"
    other = found["singling_out_any", None]
    assert (other.level, other.rate, set(other.columns) >= {"b", "c"}) == ("warns", 1.0, True)


def test_columns_called_as_the_queries_call_theirs_are_attacked_the_same() -> None:
    names = {"a": "k", "b": "h", "c": "lo", "s": "v", "n": "n", "u": "t"}
    rows = uniform(300)
    plain = attacked(rows, ["a", "b"], ("s", "n"), "u")
    rows = [{names[name]: value for name, value in row.items()} for row in rows]
    types = {names[name]: kind for name, kind in TYPES.items()}
    found = attacked(rows, ["k", "h"], ("v", "n"), "t", types=types)
    assert [(each.method, each.trials, each.successes, each.level) for each in found.values()] == [
        (each.method, each.trials, each.successes, each.level) for each in plain.values()
    ]


def test_a_subject_with_many_rows_is_still_one() -> None:
    rows = [{"a": number % 2, "b": "x", "u": f"u{number % 2}"} for number in range(100)]
    assert attacked(rows, ["a"])["singling_out", None].level == "passes"
    out = attacked(rows, ["a"], subject="u")["singling_out", None]
    assert (out.successes, out.trials, out.level) == (2, 2, "fails")
    link = attacked(rows, ["a"], subject="u")["linkage", None]
    assert (link.trials, link.successes, link.params["percent"]) == (2, 2, "100.00")
    missing = [*rows, {"a": 7, "b": "x", "u": None}]
    assert attacked(missing, ["a"], subject="u")["singling_out", None].successes == 2


@pytest.mark.parametrize("sensitive", ["s", "n"])
def test_inference_on_independent_data_is_the_base_rate(sensitive: str) -> None:
    each = attacked(uniform(3_000), ["a", "b", "c"], (sensitive,))["inference", sensitive]
    assert each.level == "passes" and abs(each.rate - each.baseline) < 0.03
    assert isclose(each.baseline, 0.25 if sensitive == "s" else 0.1, abs_tol=0.02 if sensitive == "s" else 0.005)


def test_inference_of_what_follows_is_certain() -> None:
    rows = [
        {"a": number % 4, "b": "x", "s": "wxyz"[number % 4], "n": (number % 4) * 1000 + number} for number in range(400)
    ]
    found = attacked(rows, ["a"], ("s",))
    assert (found["inference", "s"].rate, found["inference", "s"].level) == (1.0, "fails")
    alike = found["homogeneity", "s"]
    assert (alike.rate, alike.successes, alike.level) == (1.0, 400, "fails")


def test_a_record_does_not_help_to_guess_itself() -> None:
    """Two in a class with different values: whoever is guessed, the other one misleads."""
    rows = [{"a": number // 2, "b": "x", "s": "wx"[number % 2]} for number in range(200)]
    found = attacked(rows, ["a"], ("s",))
    assert found["inference", "s"].rate == 0.0 and found["homogeneity", "s"].successes == 0


@pytest.mark.parametrize(
    ("values", "right"), [("wwx", 0), ("wwwx", 3), ("wwxy", 2 / 3), ("wwxx", 0), ("wwwxx", 1.5), ("www", 3), ("w", 1)]
)
def test_guesses_are_those_worked_out_by_hand(values: str, right: float) -> None:
    expected = {"wwx": 1.0}.get(values, right)
    rows = [{"a": group, "b": "x", "s": value} for group in range(40) for value in values]
    assert attacked(rows, ["a"], ("s",))["inference", "s"].successes == round(40 * expected)


def test_of_somebody_alone_the_commonest_value_is_guessed() -> None:
    rows = [{"a": number, "b": "x", "s": "wwx"[number % 3]} for number in range(90)]
    assert attacked(rows, ["a"], ("s",))["inference", "s"].successes == 60


def test_homogeneity_counts_people_in_classes_of_one_value() -> None:
    rows = [{"a": 1, "s": "w"}] * 30 + [{"a": 2, "s": None}] * 20 + [{"a": 3, "s": "wx"[n % 2]} for n in range(50)]
    each = attacked(rows, ["a"], ("s",))["homogeneity", "s"]
    assert (each.successes, each.trials, each.rate) == (50, 100, 0.5)


def test_a_number_of_each_row_is_nothing_that_others_know() -> None:
    rows = [{"a": n % 2, "b": "xy"[n // 2 % 2], "n": min(n, 384)} for n in range(400)]
    found = attacked(rows, ["a"])["singling_out_any", None]
    assert "n" not in found.columns and found.level == "passes"


def test_one_person_alone_is_enough_to_fail() -> None:
    rows = [{"a": n % 2, "s": "wx"[n // 2 % 2]} for n in range(60)]
    together = attacked(rows, ["a"], ("s",))
    assert [together[name].level for name in (("singling_out", None), ("homogeneity", "s"))] == ["passes", "passes"]
    found = attacked([*rows, {"a": 7, "s": "w"}], ["a"], ("s",))
    alone = found["singling_out", None], found["homogeneity", "s"]
    assert [(each.successes, each.level) for each in alone] == [(1, "fails"), (1, "fails")]


def test_wilson_is_the_published_interval() -> None:
    low, high = wilson(40, 100)
    assert (round(low, 4), round(high, 4)) == (0.3094, 0.498)
    assert wilson(0, 0) == (0.0, 1.0) and wilson(0, 10)[0] == 0.0 and wilson(10, 10)[1] == 1.0


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("xy"), st.sampled_from("wx")), min_size=2, max_size=30))
@settings(max_examples=6, deadline=None)
def test_order_is_irrelevant_to_counts_and_more_knowledge_never_singles_out_fewer(rows: list[tuple]) -> None:
    table = [{"a": a, "b": b, "s": s} for a, b, s in rows]
    one, turned = attacked(table, ["a"], ("s",)), attacked(table[::-1], ["a"], ("s",))
    for name in ("singling_out", "homogeneity", "inference"):
        key = (name, None if name == "singling_out" else "s")
        assert one[key] == turned[key]
    assert attacked(table, ["a", "b"])["singling_out", None].successes >= one["singling_out", None].successes


def test_same_file_gives_the_same_attacks() -> None:
    rows = uniform(2_000)
    first: dict[tuple, Attack] = attacked(rows, [], ("s",), "u")
    assert first == attacked(rows, [], ("s",), "u")


@pytest.mark.parametrize(
    ("most", "level"), [(110, "passes"), (113, "warns"), (150, "warns"), (155, "fails"), (200, "fails")]
)
def test_inference_is_held_against_what_luck_leaves_open(most: int, level: str) -> None:
    """Of classes of 200 the commonest value is guessed, half of them have the one and half the other: luck is a half.
    The interval's lower end takes some two points off."""
    rows = [{"a": group, "s": "wx"[(n < most) == group % 2]} for group in range(40) for n in range(200)]
    each = attacked(rows, ["a"], ("s",))["inference", "s"]
    assert (each.baseline, each.successes, each.level) == (0.5, 40 * most, level)


def test_one_value_in_the_whole_file_is_no_news() -> None:
    each = attacked([{"a": n % 4, "s": "w"} for n in range(80)], ["a"], ("s",))["inference", "s"]
    assert (each.baseline, each.rate, each.level) == (1.0, 1.0, "passes")


@pytest.mark.parametrize(("different", "baseline"), [(20, 0.05), (21, 0.142857), (100, 0.1)])
def test_many_numbers_are_guessed_by_the_tenth_of_the_file(different: int, baseline: float) -> None:
    rows = [{"a": n // different, "n": n % different} for n in range(10 * different)]
    assert attacked(rows, ["a"], ("n",))["inference", "n"].baseline == baseline


def test_two_thousand_people_are_sampled() -> None:
    rows = [{"a": n % 30, "b": str(n)} for n in range(2_500)]
    assert attacked(rows, ["a"])["linkage", None].trials == 2_000


@pytest.mark.parametrize(("columns", "said"), [(6, "a, b, c, d, e, f"), (7, "a, b, c, d, e, f …")])
def test_sentence_names_six_columns(columns: int, said: str) -> None:
    types = dict.fromkeys("abcdefg"[:columns], "integer") | {"s": "text"}
    rows = [{**dict.fromkeys(types, n % 2), "s": "w"} for n in range(20)]
    assert attacked(rows, list(types)[:-1], ("s",), types=types)["inference", "s"].params["columns"] == said


def test_column_of_nine_values_in_ten_rows_is_a_key() -> None:
    for values, known in ((range(10), False), ([0, *range(9)], False), ([0, 0, *range(8)], True)):
        rows = [{"a": 1, "b": f"v{value}"} for value in values]
        found = attacked(rows, ["a"], types={"a": "integer", "b": "text"}).get(("singling_out_any", None))
        assert (found is not None and "b" in found.columns) is known


def test_rows_of_one_person_are_asked_after_once() -> None:
    """u0 is alone in the classes 0 and 1; the only column is asked after by the greedy attacker and at random."""
    rows = [{"a": a, "u": u} for a, u in [(0, "u0"), (0, "u0"), (1, "u0"), (2, "u1"), (2, "u1"), (2, "u2")]]
    out = attacked(rows, ["a"], subject="u", types={"a": "integer", "u": "text"})["singling_out", None]
    assert (out.successes, out.trials, out.baseline) == (1, 3, 0.333333)
    assert out.params == {"columns": "a", "isolated": 1, "subjects": 3, "successes": 2 * 2, "queries": 2 * 3}


def test_rows_of_one_person_are_guessed_once() -> None:
    """Class 1 holds w of two persons and x of one, class 2 holds y of two, however many rows each of them has."""
    held = [(1, "w", "u0", 4), (1, "w", "u1", 1), (1, "x", "u2", 1), (2, "y", "u3", 2), (2, "y", "u4", 3)]
    rows = [{"a": a, "s": s, "u": u} for a, s, u, times in held for _ in range(times)]
    found = attacked(rows, ["a"], ("s",), "u")
    guess, alike = found["inference", "s"], found["homogeneity", "s"]
    # without one of the two of w there are w and x: half of them are guessed; for x it is w; both of y are guessed
    assert (guess.successes, guess.trials, guess.baseline) == (3, 5, 0.4)
    assert (alike.successes, alike.trials) == (2, 5)
    found = attacked(rows, ["a"], ("s",))
    guess, alike = found["inference", "s"], found["homogeneity", "s"]
    # by rows there are five of w, one of x and five of y: all but x are guessed
    assert (guess.successes, guess.trials, guess.baseline) == (10, 11, 0.454545)
    assert (alike.successes, alike.trials) == (5, 11)


def test_neither_subject_nor_sensitive_columns_are_known() -> None:
    types = {"a": "integer", "s": "text", "u": "text"}
    rows = [{"a": n % 2, "s": "wx"[n // 2 % 2], "u": f"u{n // 4}"} for n in range(80)]
    assert ("singling_out_any", None) not in attacked(rows, ["a"], ("s",), "u", types=types)
    assert attacked(rows, [], ("s",), "u", types=types)["singling_out", None].columns == ["a"]
    assert attacked(rows, [], ("a", "s"), "u", types=types) == {}
    assert attacked([{"a": 1, "s": "w", "u": None}], ["a"], ("s",), "u", types=types) == {}


@pytest.mark.parametrize(("columns", "queries"), [(2, 2 + 1 + 1), (5, 5 + 4 + 3 + 2 + 5), (7, 6 + 5 + 4 + 3 + 12)])
def test_six_columns_are_tried_four_together_and_twelve_at_random(columns: int, queries: int) -> None:
    """Everybody is alike, so that each question is about one class."""
    types = dict.fromkeys("abcdefg"[:columns], "integer")
    rows = [dict.fromkeys(types, 1) for _ in range(20)]
    assert attacked(rows, list(types), types=types)["singling_out", None].params["queries"] == queries


def test_who_is_matched_with_a_wrong_fact_is_matched_wrongly_or_not_at_all() -> None:
    """Everybody is alone: a wrong fact leads to the one whose fact it is, except for the last in order, who takes none
    over. In pairs nobody is matched."""
    noisy = attacked([{"a": n} for n in range(500)], ["a"])["linkage_noise", None]
    assert noisy.successes + noisy.params["wrong"] in (499, 500) and 0 < noisy.params["wrong"] < 100
    noisy = attacked([{"a": n // 2} for n in range(500)], ["a"])["linkage_noise", None]
    assert (noisy.successes, noisy.params["wrong"]) == (0, 0)
