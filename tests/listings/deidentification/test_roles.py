import random

import pytest

from listings.deidentification import database, names, roles
from listings.deidentification.database import Column


def suggested(table: dict[str, list], **given):
    """What is suggested over a table of columns."""
    kinds = {str: ("VARCHAR", "text"), int: ("BIGINT", "integer"), float: ("DOUBLE", "decimal")}
    columns, types = [], []
    for name, values in table.items():
        sql, kind = kinds[type(next(value for value in values if value is not None))]
        types.append(sql)
        columns.append(Column(name, kind))
    with database.open_database() as connection:
        spelled = ", ".join(
            f"unnest(?::{sql}[]) AS {database.name(name)}" for name, sql in zip(table, types, strict=True)
        )
        connection.execute(f"CREATE TABLE data AS SELECT {spelled}", list(table.values()))
        facts = roles.describe(connection, "data", columns)
        options = {"marked": [], "sensitive": [], "subject": None, "least_share": 0.01, **given}
        return roles.suggest(connection, "data", facts, **options)


def codes(found) -> list[tuple[str, str]]:
    return [(one.column, one.code) for one in found.columns]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("年龄", "age"), ("年龄段", "age"), ("AgeBand", "age"),
        ("性别", "sex"), ("出生日期", "birth"), ("birth_date", "birth"),
        ("邮编", "post_code"), ("ZIP", "post_code"),
        ("家庭住址", "place"), ("民族", "ethnicity"), ("职业", "occupation"),
        ("学历", "education"), ("婚姻状况", "marriage"),
        ("车牌号", "number"), ("age", "age"), ("marital-status", "marriage"),
        ("患者人数", None), ("age_count", None), ("page", None), ("storage", None), ("诊断", None), ("年龄均值", None),
    ],
)  # fmt: skip
def test_known_names(name, kind):
    assert names.known_as(name) == kind


@pytest.mark.parametrize(
    ("name", "is_key"),
    [
        ("用户ID", True), ("会员编号", True), ("化名", True),
        ("userId", True), ("customer_no", True), ("患者标识", True),
        ("设备ID", True), ("设备编码", False), ("用户量", False),
        ("会员等级", False), ("站点编号", False), ("user_agent", False),
        ("number of patients", False),
    ],
)  # fmt: skip
def test_names_of_keys(name, is_key):
    assert names.is_person_key(name) is is_key


def test_known_name_without_differences_says_nothing():
    assert codes(suggested({"age": [30] * 9, "sex": ["f", "m", "f"] * 3})) == [("sex", "known_sex")]


def test_only_undecided_columns_are_suggested():
    table = {"age": [1, 2] * 5, "sex": ["f", "m"] * 5, "职业": ["a", "b"] * 5}
    assert codes(suggested(table, marked=["age"], sensitive=["职业"])) == [("sex", "known_sex")]


def grid(rows: int = 1000) -> dict[str, list]:
    """p × q × r singles everybody out, no two of them anybody; s says nothing."""
    return {
        "p": [f"p{n % 10}" for n in range(rows)],
        "q": [f"q{n // 10 % 10}" for n in range(rows)],
        "r": [f"r{n // 100}" for n in range(rows)],
        "s": [f"s{n % 2}" for n in range(rows)],
    }


def test_combination_of_three_that_singles_out():
    found = suggested(grid())
    assert codes(found) == [("p", "singles_out"), ("q", "singles_out"), ("r", "singles_out")]
    assert sorted(found.columns[0].params["columns"].split(", ")) == ["p", "q", "r"]
    assert found.columns[0].params["percent"] == "100.0"


def test_fourth_column_beside_three_marked_ones():
    table = {**grid(2000), "t": [f"t{n // 1000}" for n in range(2000)]}
    table["r"] = [f"r{n // 100 % 10}" for n in range(2000)]
    assert [column for column, _ in codes(suggested(table, marked=["p", "q", "r"]))] == ["t"]
    assert codes(suggested({name: table[name] for name in "pqrs"}, marked=["p", "q", "r"])) == []


def test_share_has_to_be_above_the_threshold():
    """Ten in a thousand are alone in `code`: one per cent exactly, and eleven are more."""
    for alone, found in ((10, []), (11, [("code", "singles_out")])):
        values = [f"c{n}" for n in range(alone)] + ["other", "another"] * ((1000 - alone) // 2 + 1)
        assert codes(suggested({"code": values[:1000]})) == found


def test_subjects_count_not_rows():
    """Every value belongs to one person with ten rows: in rows nobody is alone, in persons everybody."""
    table = {"who": [f"u{n // 10}" for n in range(500)], "shop": [f"s{n // 10}" for n in range(500)]}
    assert codes(suggested(table, subject="who")) == [("shop", "singles_out")]
    assert codes(suggested(table, sensitive=["who"])) == []
    assert codes(suggested({**table, "shop": [f"s{n // 20}" for n in range(500)]}, subject="who")) == []  # two in each


def test_amounts_fractions_and_row_numbers_are_known_to_nobody():
    chance = random.Random(1)
    table = {
        "序号": list(range(7, 507)),
        "金额": [chance.randrange(10**6) for _ in range(500)],
        "reading": [chance.random() for _ in range(500)],
        "visits": [chance.randrange(400) for _ in range(500)],
    }
    assert codes(suggested(table)) == []


def test_numbers_of_their_own_name_persons():
    numbers = random.Random(1).sample(range(10**9), 500)
    assert codes(suggested({"z": numbers})) == [("z", "singles_out")]


def test_pseudonym_is_the_subject_and_no_quasi_identifier():
    table = {"z": [f"{n % 50:032x}".replace("0", "a", 20) for n in range(500)], "age": [n % 3 for n in range(500)]}
    found = suggested(table)
    assert (codes(found), found.subject, found.keys) == ([("age", "known_age")], "z", ["z"])
    assert suggested(table, subject="z").subject is None


def test_order_of_rows_is_irrelevant():
    table = {**grid(), "age": [n % 7 for n in range(1000)]}
    order = random.Random(2).sample(range(1000), 1000)
    assert suggested(table) == suggested({name: [values[n] for n in order] for name, values in table.items()})


@pytest.mark.parametrize(("different", "counts"), [(100, True), (101, False), (899, False), (900, True)])
def test_few_numbers_are_codes_and_nearly_as_many_as_rows_are_somebodys_own(different, counts):
    numbers = [7 * (n if n < different else 0) for n in range(1000)]
    assert codes(suggested({"z": numbers})) == ([("z", "singles_out")] if counts else [])


@pytest.mark.parametrize(
    ("cells", "is_key"),
    [
        (["0123456789abcdef", "fedcba9876543210"] * 5, True),  # sixteen digits, two persons
        (["0123456789abcde", "edcba9876543210"] * 5, False),
        ([f"{n % 5:015x}a" for n in range(9)] + ["no digest at all"], True),  # nine in ten
        ([f"{n % 5:015x}a" for n in range(8)] + ["no digest at all"] * 2, False),
        ([f"{n % 5:015x}a" for n in range(9)] + ["-"], True),  # a short cell hides nobody
        ([f"{n % 5:015x}a" for n in range(8)] + ["-"] * 2, False),
        ([f"{n % 5:018d}" for n in range(10)], False),  # digits alone are a number
        ([f"Room {n % 5}, Building 7, East Gate" for n in range(10)], False),
        ([f"abcdefghijklmnopqrstuv{'xyzuv'[n % 5]}" for n in range(10)], False),  # letters alone are a word
        (["0123456789abcdef"] * 10, False),  # one value is nobody's key
    ],
)  # fmt: skip
def test_pseudonyms_are_told_by_their_cells(cells, is_key):
    assert suggested({"z": cells}).keys == (["z"] if is_key else [])


def test_share_counts_each_person_once():
    """Each of fifty persons is alone in ten shops: all of them, not ten times as many."""
    found = suggested(
        {"who": [f"u{n // 10}" for n in range(500)], "shop": [f"s{n}" for n in range(500)]}, subject="who"
    )
    assert found.columns[0].params["percent"] == "100.0"


def test_column_without_which_the_share_is_only_at_the_threshold_is_kept():
    """Ten in a thousand are alone by `code`, and an eleventh with `b`."""
    table = {"code": [f"c{n}" for n in range(10)] + ["o"] * 990, "b": ["x"] * 999 + ["y"]}
    assert codes(suggested(table)) == [("code", "singles_out"), ("b", "singles_out")]


@pytest.mark.parametrize(("copies", "found"), [(15, [("z", "singles_out")]), (16, [])])
def test_the_sixteen_columns_of_most_values_are_combined(copies, found):
    table = {f"c{number}": [f"v{n % 3}" for n in range(51)] for number in range(copies)}
    assert codes(suggested({**table, "z": ["rare"] + ["common"] * 50})) == found


def test_five_rounds_and_four_columns_are_looked_for():
    own = {f"c{number}": [f"{number}-{n}" for n in range(50)] for number in range(6)}
    assert len(suggested(own).columns) == 5
    bits = {f"b{number}": ["01"[n >> number & 1] for n in range(32)] for number in range(5)}
    assert suggested(bits).columns == []  # it takes all five


@pytest.mark.parametrize("role", ["marked", "sensitive"])
def test_key_that_its_seller_marked_as_something_else_is_not_taken_for_the_subject(role):
    found = suggested({"patient_id": ["a", "b"] * 5, "x": ["y"] * 10}, **{role: ["patient_id"]})
    assert (found.subject, found.keys) == (None, ["patient_id"])


def test_subject_with_a_known_name_is_no_quasi_identifier():
    assert codes(suggested({"车牌号": [f"v{n % 5}" for n in range(10)]}, subject="车牌号")) == []


def test_combination_does_without_a_marked_column_that_it_does_not_need():
    table = {"code": [f"c{n}" for n in range(50)], "m": [f"m{n % 7}" for n in range(50)]}
    assert [each.params["columns"] for each in suggested(table, marked=["m"]).columns] == ["code"]


def test_wide_file_with_nothing_to_combine_has_no_combination():
    """So wide that columns are copied apart before they are combined: here there are none."""
    assert suggested({f"reading{n}": [0.5, 1.5, 2.5] for n in range(61)}).columns == []


@pytest.mark.parametrize("letters", ["uuid", "token"])
def test_codes_that_never_repeat_number_readings_and_repeated_ones_persons(letters):
    made = {
        "uuid": [f"{n:08x}-0000-4000-8000-00000000000a" for n in range(10)],
        "token": [f"Zk{n}xQ-9vTyWm_4rPsLgB" for n in range(10)],
    }[letters]
    assert suggested({"z": made}).keys == []
    assert suggested({"z": [*made[:9], made[0]]}).keys == ["z"]
