from dataclasses import asdict

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from listings.deidentification import database
from listings.deidentification.classes import Measures, measure
from listings.deidentification.database import Column
from listings.deidentification.reasons import BadCommand

from . import oracle

small = st.sampled_from([None, 1, 2, 3])
rows = st.lists(
    st.fixed_dictionaries(
        {
            "a": small,
            "b": st.sampled_from([None, "x", "y"]),
            "n": st.sampled_from([None, 1, 2, 5, 9, 10]),
            "w": st.sampled_from([None, "p", "q", "r"]),
            "u": st.sampled_from([None, "u1", "u2", "u3", "u4", "u5"]),
        }
    ),
    min_size=1,
    max_size=25,
)


TYPES = {"a": "BIGINT", "b": "VARCHAR", "n": "BIGINT", "w": "VARCHAR", "u": "VARCHAR"}
SENSITIVE = [Column("n", "integer"), Column("w", "text")]


@pytest.fixture(scope="module")
def measured():
    """Measures a table of rows in one database for all."""
    with database.open_database() as connection:

        def of(table: list[dict], keys: list[str], subject: str | None = None, sensitive=SENSITIVE) -> Measures:
            columns = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in TYPES.items())
            values = [[each[name] for each in table] for name in TYPES]
            connection.execute(f"CREATE OR REPLACE TABLE data AS SELECT {columns}", values)
            return measure(connection, "data", quasi_identifiers=keys, sensitive=sensitive, subject=subject)

        yield of


def row(a=None, b=None, n=None, w=None, u=None) -> dict:
    return {"a": a, "b": b, "n": n, "w": w, "u": u}


@settings(max_examples=150, deadline=None)
@given(rows, st.sampled_from([[], ["a"], ["a", "b"]]), st.sampled_from([None, "u"]))
@example([row(u=None)], ["a"], "u")
@example([row(1), row(1), row(None)], ["a", "b"], None)
def test_measures_agree_with_their_definitions(measured, table, keys, subject):
    found = measured(table, keys, subject)
    for column, ordered in (("n", True), ("w", False)):
        expected = oracle.measures(table, keys, column, subject, ordered)
        assert found.k == expected["k"]
        assert [(size["size"], size["classes"]) for size in found.class_sizes] == expected["sizes"]
        assert (found.classes, found.subjects) == (expected["classes"], expected["subjects"])
        assert found.unique == expected["unique"]
        assert found.l_distinct[column] == expected["l"]
        assert found.l_entropy[column] == pytest.approx(expected["l_entropy"], abs=1e-6)
        assert found.l_recursive[column]["c"] == pytest.approx(expected["c"], abs=1e-8)
        assert found.t[column] == pytest.approx(expected["t"], abs=1e-8)
        assert found.t_equal[column] == pytest.approx(expected["t_equal"], abs=1e-8)
    sizes = [size for size in expected["all_sizes"] if size]
    if sizes:
        wanted = oracle.risks(sizes, sizes, 5)
        assert asdict(found.risk.prosecutor) == pytest.approx(
            {key: wanted[key] for key in ("average", "max", "at_risk")}
        )
        assert found.risk.journalist == found.risk.prosecutor
        assert found.risk.marketer == pytest.approx(wanted["marketer"])
    assert sum(band["classes"] for band in found.size_bands) == len(sizes)
    assert sum(band["members"] for band in found.size_bands) == sum(sizes)


@settings(max_examples=25, deadline=None)
@given(rows)
def test_adding_a_quasi_identifier_never_raises_k(measured, table):
    both, one, none = (measured(table, keys, sensitive=[]).k for keys in (["a", "b"], ["a"], []))
    assert both <= one <= none


@settings(max_examples=25, deadline=None)
@given(rows, st.sampled_from([None, "u"]))
def test_merging_classes_never_lowers_k(measured, table, subject):
    merged = [{**each, "a": min(each["a"], 2) if each["a"] else each["a"]} for each in table]
    before, after = measured(table, ["a"], subject), measured(merged, ["a"], subject)
    assert after.k >= before.k
    assert after.unique <= before.unique
    assert all(after.l_distinct[name] >= before.l_distinct[name] for name in ("n", "w"))
    assert all(after.t[name] <= before.t[name] + 1e-8 for name in ("n", "w"))


@settings(max_examples=25, deadline=None)
@given(rows.flatmap(lambda table: st.tuples(st.just(table), st.permutations(table))))
def test_order_of_rows_is_irrelevant(measured, tables):
    first, second = tables
    assert measured(first, ["a"], "u") == measured(second, ["a"], "u")


def test_five_visits_of_one_patient_do_not_make_k_five(measured):
    table = [row(a=1, n=number, u="u1") for number in range(5)]
    assert measured(table, ["a"]).k == 5
    assert measured(table, ["a"], "u").k == 1


def test_null_is_a_class_of_its_own(measured):
    found = measured([row(a=1), row(a=1), row(a=None), row(a=None), row(a=None)], ["a"])
    assert (found.k, found.classes) == (2, 2)
    assert found.class_sizes == [{"size": 2, "classes": 1}, {"size": 3, "classes": 1}]


def test_rows_without_subject_count_as_nobody(measured):
    found = measured([row(a=1, u="u1"), row(a=1, u=None), row(a=2, u=None)], ["a"], "u")
    assert (found.k, found.subjects, found.rows_without_subject) == (0, 1, 2)


def test_ordered_distance_by_hand(measured):
    """Li et al.'s salaries: {3k, 4k, 5k} of nine equal shares is 0.375 away from 3k…11k."""
    table = [row(a=1 if n < 3 else 2, n=n + 3) for n in range(9)]
    assert measured(table, ["a"]).t["n"] == 0.375


def test_equal_distance_by_hand(measured):
    table = [row(a=1, w="p"), row(a=1, w="p"), row(a=2, w="p"), row(a=2, w="q")]
    assert measured(table, ["a"]).t["w"] == 0.25


def test_one_value_everywhere_is_no_distance(measured):
    found = measured([row(a=1, n=5, w="p"), row(a=2, n=5, w="p")], ["a"])
    assert found.t == {"n": 0.0, "w": 0.0}
    assert found.l_distinct == {"n": 1, "w": 1}


def test_bands_of_class_sizes(measured):
    sizes = {1: 1, 2: 2, 3: 4, 4: 5, 5: 9, 6: 10}
    found = measured([row(a=key) for key, size in sizes.items() for _ in range(size)], ["a"])
    assert [(band["from"], band["to"], band["classes"], band["members"]) for band in found.size_bands] == [
        (1, 1, 1, 1), (2, 2, 1, 2), (3, 4, 1, 4), (5, 9, 2, 14), (10, 19, 1, 10),
    ]  # fmt: skip
    assert [each["size"] for each in found.class_sizes] == [1, 2, 4, 5, 9]  # the five smallest


def test_bands_of_large_classes_begin_where_they_say(measured):
    sizes = enumerate((19, 20, 49, 50, 99, 100, 999, 1000))
    found = measured([row(a=key) for key, size in sizes for _ in range(size)], ["a"], sensitive=[])
    assert [(band["from"], band["to"], band["classes"], band["members"]) for band in found.size_bands] == [
        (10, 19, 1, 19), (20, 49, 2, 69), (50, 99, 2, 149), (100, 999, 2, 1099), (1000, None, 1, 1000),
    ]  # fmt: skip


def test_risk_at_the_threshold_is_no_risk(measured):
    """A class of 5 has risk 0.2, which is not above 1 ÷ 5; one of 4 is."""
    found = measured([row(a=1)] * 5 + [row(a=2)] * 4, ["a"]).risk
    assert (found.threshold, found.prosecutor.at_risk) == (0.2, round(4 / 9, 9))
    assert (found.prosecutor.max, found.marketer) == (0.25, round(2 / 9, 9))


def in_population(table: list[dict], people: list[dict], subject: str | None = None) -> Measures:
    with database.open_database() as connection:
        for name, content in (("data", table), ("people", people)):
            connection.execute(f"CREATE TABLE {name} (a BIGINT, b VARCHAR, u VARCHAR)")
            for each in content:
                connection.execute(f"INSERT INTO {name} VALUES (?, ?, ?)", [each["a"], each["b"], each["u"]])
        return measure(
            connection, "data", quasi_identifiers=["a", "b"], sensitive=[], subject=subject,
            population="SELECT a, b FROM people",
        )  # fmt: skip


def test_population_by_hand():
    """Files' classes of 2, 1 and 3 among 5, 10 and 3 people, and 5 more whom the file does not have."""
    table = [row(1, "x")] * 2 + [row(1, None)] + [row(2, "x")] * 3
    people = [row(1, "x")] * 5 + [row(1, None)] * 10 + [row(2, "x")] * 3 + [row(3, "y")] * 5
    found = in_population(table, people).risk
    assert found.has_population and found.delta == {"min": 0.0, "max": 1.0}
    wanted = oracle.risks([2, 1, 3], [5, 10, 3], 5)
    assert asdict(found.journalist) == pytest.approx({key: wanted[key] for key in ("average", "max", "at_risk")})
    assert found.marketer == pytest.approx((2 / 5 + 1 / 10 + 3 / 3) / 6)
    assert found.prosecutor.max == 1.0
    assert in_population(table, people[:18]).risk.delta == {"min": 0.1, "max": 1.0}


@pytest.mark.parametrize("people", [[], [row(1, "x")], [row(2, "x")] * 3])
def test_population_has_to_hold_the_file(people):
    with pytest.raises(BadCommand, match="fewer people than the file"):
        in_population([row(1, "x")] * 2, people)


def test_class_of_nobody_is_no_class_to_the_journalist():
    """Rows without subject are in nobody's class: neither the risks nor δ know of (2, x), which no person is in."""
    table = [row(1, "x", u="u1"), row(1, "x", u="u2"), row(2, "x")]
    found = in_population(table, [row(1, "x")] * 4, "u").risk
    assert asdict(found.journalist) == {"average": 0.25, "max": 0.25, "at_risk": 1.0}
    assert found.delta == {"min": 0.5, "max": 0.5}
