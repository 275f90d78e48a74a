"""What two files reveal together: planted pairs with known answers."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from listings.deidentification import linkage
from listings.deidentification.commands import answer
from listings.deidentification.linkage import Linkage, Side, measure_linkage

JOBS = ("医生", "教师", "司机", "厨师", "编辑")
TOWNS = ("鼓楼", "台江", "仓山", "晋安", "马尾")


def a_file(folder: Path, name: str, header: list[str], rows: list[tuple]) -> Path:
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    return folder / f"{name}.parquet"


def side(
    parquet: Path, fields: list[str], quasi: list[str], *, subject: str | None = None, sensitive: tuple = (),
    pseudonyms: tuple = (),
) -> Side:  # fmt: skip
    return Side(parquet, fields, quasi, list(sensitive), subject, list(pseudonyms))


def people(folder: Path, key: str = "p") -> tuple[Path, Path]:
    """25 persons: five in each town, five in each job, one in each town with each job."""
    grid = [(town, job) for town in TOWNS for job in JOBS]
    towns = a_file(folder, "towns", ["化名", "住地"], [(f"{key}{n}", town) for n, (town, _job) in enumerate(grid)])
    jobs = a_file(folder, "jobs", ["编号", "职业"], [(f"p{n}", job) for n, (_town, job) in enumerate(grid)])
    return towns, jobs


def test_two_harmless_files_single_everybody_out_by_a_shared_pseudonym(tmp_path):
    towns, jobs = people(tmp_path)
    found = measure_linkage(
        side(towns, ["化名", "住地"], ["住地"], subject="化名"), side(jobs, ["编号", "职业"], ["职业"], subject="编号")
    )
    assert found == Linkage("subject", ["化名"], [25, 25], [5, 5], 1, 25, 25, 1.0)


def test_without_the_pseudonym_among_the_fields_nothing_links(tmp_path):
    towns, jobs = people(tmp_path)
    with_key = side(jobs, ["编号", "职业"], ["职业"], subject="编号")
    found = measure_linkage(side(towns, ["住地"], ["住地"], subject="化名"), with_key)
    assert found == Linkage("nothing", [], [25, 25], [5, 5], None, 0, 0, 0.0)


def test_pseudonyms_of_other_persons_link_nobody(tmp_path):
    towns, jobs = people(tmp_path, key="x")
    found = measure_linkage(
        side(towns, ["化名", "住地"], ["住地"], subject="化名"), side(jobs, ["编号", "职业"], ["职业"], subject="编号")
    )
    assert (found.method, found.linked, found.singled_out) == ("nothing", 0, 0)


def test_who_is_alone_in_one_file_already_is_not_counted(tmp_path):
    """Four of five share a town; the fifth is alone in the first file, whatever the second adds."""
    towns = a_file(tmp_path, "t", ["u", "住地"], [*[(f"p{n}", "鼓楼") for n in range(4)], ("p4", "台江")])
    jobs = a_file(
        tmp_path, "j", ["u", "职业"], [("p0", "医生"), ("p1", "医生"), ("p2", "教师"), ("p3", "教师"), ("p4", "教师")]
    )
    found = measure_linkage(
        side(towns, ["u", "住地"], ["住地"], subject="u"), side(jobs, ["u", "职业"], ["职业"], subject="u")
    )
    assert (found.k, found.k_together, found.linked, found.singled_out) == ([1, 2], 1, 5, 0)


def test_a_column_unmarked_in_one_file_links_to_the_other(tmp_path):
    """Both sellers marked the order number as nothing; it joins the rows, and the join tells them apart."""
    grid = [(town, job) for town in TOWNS for job in JOBS]
    first = a_file(tmp_path, "a", ["住地", "单号"], [(town, f"N{n}") for n, (town, _job) in enumerate(grid)])
    second = a_file(tmp_path, "b", ["单号", "职业"], [(f"N{n}", job) for n, (_town, job) in enumerate(grid) if n >= 10])
    found = measure_linkage(side(first, ["住地", "单号"], ["住地"]), side(second, ["单号", "职业"], ["职业"]))
    assert found == Linkage("columns", ["单号"], [25, 15], [5, 3], 1, 15, 15, 1.0)


def test_what_one_seller_marked_counts_in_the_other_file_too(tmp_path):
    """The day of visit is nothing to the first seller and a quasi-identifier to the second: holders of both know it."""
    first = a_file(tmp_path, "a", ["年龄段", "日期"], [("18-44", f"2025-01-{n:02d}") for n in range(10, 20)])
    second = a_file(
        tmp_path, "b", ["日期", "区县"], [(f"2025-01-{n:02d}", "鼓楼") for n in range(10, 20) for _ in range(2)]
    )
    found = measure_linkage(
        side(first, ["年龄段", "日期"], ["年龄段"]), side(second, ["日期", "区县"], ["日期", "区县"])
    )
    assert (found.k, found.k_together, found.linked, found.singled_out) == ([10, 2], 2, 10, 0)
    once = a_file(tmp_path, "c", ["日期", "区县"], [(f"2025-01-{n // 2 + 10}", "鼓楼") for n in range(5)])
    found = measure_linkage(side(first, ["年龄段", "日期"], ["年龄段"]), side(once, ["日期", "区县"], ["区县"]))
    assert (found.k_together, found.singled_out) == (5, 0)  # to neither seller: it links, but nobody is known by it


def test_coarse_columns_in_common_link_but_single_nobody_out(tmp_path):
    first = a_file(
        tmp_path, "a", ["区县", "年龄段"], [(town, age) for town in TOWNS for age in "甲乙" for _ in range(5)]
    )
    second = a_file(
        tmp_path, "b", ["区县", "职业"], [(town, job) for town in TOWNS[:3] for job in JOBS for _ in range(4)]
    )
    found = measure_linkage(
        side(first, ["区县", "年龄段"], ["区县", "年龄段"]), side(second, ["区县", "职业"], ["区县", "职业"])
    )
    assert found == Linkage("columns", ["区县"], [50, 60], [5, 4], 20, 30, 0, 0.0)


def test_an_ambiguous_meeting_singles_nobody_out(tmp_path):
    """Two rows of the second file bear the number of one row of the first, alike in everything else."""
    first = a_file(tmp_path, "a", ["甲", "号"], [("x", "1"), ("x", "2")])
    second = a_file(tmp_path, "b", ["号", "乙"], [("1", "y"), ("1", "y"), ("2", "z"), ("5", "z")])
    found = measure_linkage(side(first, ["甲", "号"], ["甲"]), side(second, ["号", "乙"], ["乙"]))
    assert (found.linked, found.singled_out, found.k_together) == (2, 1, 1)


def test_a_partner_who_is_alone_in_its_own_file_is_not_counted(tmp_path):
    first = a_file(tmp_path, "a", ["甲", "号"], [("x", "1"), ("x", "2"), ("x", "3")])
    second = a_file(tmp_path, "b", ["号", "乙"], [("1", "y"), ("2", "z"), ("5", "z")])
    found = measure_linkage(side(first, ["甲", "号"], ["甲"]), side(second, ["号", "乙"], ["乙"]))
    assert (found.linked, found.singled_out) == (2, 1)  # the first meets y, who is alone as it is


def test_one_pair_that_meets_twice_is_one_pair(tmp_path):
    first = a_file(tmp_path, "a", ["u", "甲", "月"], [("p0", "x", "1"), ("p0", "x", "2"), ("p1", "x", "3")])
    second = a_file(tmp_path, "b", ["v", "月", "乙"], [("r0", "1", "y"), ("r0", "2", "y"), ("r1", "4", "y")])
    found = measure_linkage(
        side(first, ["甲", "月"], ["甲"], subject="u"), side(second, ["月", "乙"], ["乙"], subject="v")
    )
    assert (found.method, found.linked, found.singled_out, found.k_together) == ("columns", 1, 1, 1)


def test_null_links_nobody_and_agrees_with_null(tmp_path):
    first = a_file(tmp_path, "a", ["u", "q"], [("p0", None), ("p1", None), (None, "x"), ("p2", "x")])
    second = a_file(tmp_path, "b", ["u", "r"], [("p0", "m"), ("p1", None), (None, "m"), ("p2", None)])
    found = measure_linkage(side(first, ["u", "q"], ["q"], subject="u"), side(second, ["u", "r"], ["r"], subject="u"))
    # p0: (null, m), p1: (null, null), p2: (x, null) are three classes; p2 is alone with x, p0 with m in its own file
    assert (found.subjects, found.k, found.linked, found.singled_out) == ([3, 3], [1, 1], 3, 1)


def test_null_in_a_common_column_does_not_link(tmp_path):
    first = a_file(tmp_path, "a", ["号", "甲"], [(None, "x"), (None, "x"), ("1", "x")])
    second = a_file(tmp_path, "b", ["号", "乙"], [(None, "y"), ("1", "y"), (None, "y")])
    found = measure_linkage(side(first, ["号", "甲"], ["甲"]), side(second, ["号", "乙"], ["乙"]))
    assert (found.linked, found.singled_out) == (1, 1)


def test_numbers_compare_as_numbers(tmp_path):
    first = a_file(tmp_path, "a", ["号", "甲"], [(1, "x"), (2, "x")])
    second = a_file(tmp_path, "b", ["号", "乙"], [(1.0, "y"), (2.5, "y")])
    found = measure_linkage(side(first, ["号", "甲"], ["甲"]), side(second, ["号", "乙"], ["乙"]))
    assert (found.method, found.linked) == ("columns", 1)


def test_several_rows_of_one_person_count_once(tmp_path):
    rows = [(f"p{n}", town) for n in range(4) for town in ("鼓楼", "台江")]
    first = a_file(tmp_path, "a", ["u", "住地"], rows)
    second = a_file(tmp_path, "b", ["u", "职业"], [(f"p{n}", JOBS[n // 2]) for n in range(4)] * 3)
    found = measure_linkage(
        side(first, ["u", "住地"], ["住地"], subject="u"), side(second, ["u", "职业"], ["职业"], subject="u")
    )
    assert found == Linkage("subject", ["u"], [4, 4], [4, 2], 2, 4, 0, 0.0)


def test_without_marks_every_field_but_subject_and_sensitive_counts(tmp_path):
    first = a_file(tmp_path, "a", ["u", "住地", "病"], [(f"p{n}", TOWNS[n % 2], f"d{n}") for n in range(4)])
    second = a_file(tmp_path, "b", ["u", "职业"], [(f"p{n}", JOBS[n // 2]) for n in range(4)])
    found = measure_linkage(
        side(first, ["u", "住地", "病"], [], subject="u", sensitive=("病",)),
        side(second, ["u", "职业"], [], subject="u"),
    )
    assert (found.k, found.singled_out) == ([2, 2], 4)


def test_the_command_answers_and_refuses(tmp_path):
    towns, jobs = people(tmp_path)
    first = {"parquet": str(towns), "fields": ["住地"], "quasi_identifiers": ["住地"], "subject": "化名"}
    second = {"parquet": str(jobs), "fields": ["职业"], "quasi_identifiers": ["职业"], "subject": "编号"}
    found = answer({"do": "link", "first": first, "second": second})
    assert (found["ok"], found["linkage"]["method"]) == (True, "nothing")
    strange = answer({"do": "link", "first": {**first, "fields": ["姓名"]}, "second": second})
    assert (strange["ok"], strange["code"], strange["params"]) == (False, "unknown_column", {"column": "姓名"})
    empty = answer({"do": "link", "first": first, "second": {**second, "fields": []}})
    assert (empty["ok"], empty["code"]) == (False, "no_fields")


@pytest.mark.parametrize("name", ['a"b', "select", "l0", "q0", "u"])
def test_names_that_sql_might_trip_over(tmp_path, name):
    first = a_file(tmp_path, "a", [name, "x"], [("1", "v"), ("2", "v")])
    second = a_file(tmp_path, "b", [name, "y"], [("1", "w"), ("3", "w")])
    found = measure_linkage(side(first, [name, "x"], ["x"]), side(second, [name, "y"], ["y"]))
    assert (found.shared, found.linked, found.singled_out) == ([name], 1, 1)


def test_a_declared_pseudonym_links_under_another_name_and_without_the_other_columns(tmp_path):
    """Neither seller marked a subject; the months of the same name differ, the pseudonym alone leads across."""
    grid = [(town, job) for town in TOWNS for job in JOBS]
    towns = a_file(tmp_path, "t", ["代号", "住地", "月"], [(f"p{n}", town, "1") for n, (town, _) in enumerate(grid)])
    jobs = a_file(tmp_path, "j", ["令牌", "职业", "月"], [(f"p{n}", job, "2") for n, (_, job) in enumerate(grid)])
    first = side(towns, ["代号", "住地", "月"], ["住地"], pseudonyms=("代号",))
    second = side(jobs, ["令牌", "职业", "月"], ["职业"], pseudonyms=("令牌",))
    found = measure_linkage(first, second)
    assert found == Linkage("pseudonym", ["代号 = 令牌"], [25, 25], [5, 5], 1, 25, 25, 1.0)
    marked = side(jobs, ["令牌", "职业", "月"], ["职业"], subject="令牌")
    assert measure_linkage(first, marked).method == "pseudonym"  # declared here, the subject column there
    held = side(jobs, ["职业", "月"], ["职业"], pseudonyms=("令牌",))
    assert measure_linkage(first, held).method == "nothing"  # what the holder has not got leads nowhere


def test_columns_that_hold_the_same_under_other_names_link(tmp_path):
    grid = [(town, job) for town in TOWNS for job in JOBS]
    first = a_file(tmp_path, "a", ["住地", "单号"], [(town, f"N{n}") for n, (town, _job) in enumerate(grid)])
    second = a_file(tmp_path, "b", ["流水", "职业"], [(f"N{n}", job) for n, (_town, job) in enumerate(grid) if n >= 10])
    found = measure_linkage(side(first, ["住地", "单号"], ["住地"]), side(second, ["流水", "职业"], ["职业"]))
    assert found == Linkage("columns", ["单号 = 流水"], [25, 15], [5, 3], 1, 15, 15, 1.0)


@pytest.mark.parametrize(("shared", "links"), [(12, True), (11, False)])
def test_half_of_the_values_have_to_be_the_same(tmp_path, shared, links):
    first = a_file(tmp_path, "a", ["住地", "单号"], [(f"T{n % 5}", f"N{n}") for n in range(40)])
    second = a_file(tmp_path, "b", ["流水", "职业"], [(f"N{n + 40 - shared}", f"J{n % 3}") for n in range(24)])
    found = measure_linkage(side(first, ["住地", "单号"], ["住地"]), side(second, ["流水", "职业"], ["职业"]))
    assert (found.method == "columns", found.linked) == (links, shared if links else 0)


@pytest.mark.parametrize(("count", "links"), [(100, True), (99, False)])
def test_small_numbers_that_count_something_are_no_link(tmp_path, count, links):
    """Ages and fees run over the same numbers; only codes of many values mean the same."""
    first = a_file(tmp_path, "a", ["甲", "年龄"], [("x", n) for n in range(count)])
    second = a_file(tmp_path, "b", ["费用", "乙"], [(n, "y") for n in range(count)])
    found = measure_linkage(side(first, ["甲", "年龄"], ["甲"]), side(second, ["费用", "乙"], ["乙"]))
    assert (found.method != "nothing") == links


def test_each_column_is_paired_with_the_one_most_like_it(tmp_path):
    """Two columns hold districts: homes are paired with homes, not with where people were treated."""
    rows = [(f"D{n % 8}", f"D{n % 4}") for n in range(40)]
    first = a_file(tmp_path, "a", ["住", "诊"], rows)
    second = a_file(tmp_path, "b", ["district", "clinic"], [(home, f"D{n % 4}x") for n, (home, _) in enumerate(rows)])
    found = measure_linkage(side(first, ["住", "诊"], ["住"]), side(second, ["district", "clinic"], ["district"]))
    assert found.shared == ["住 = district"]


def test_of_wide_files_the_marked_columns_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(linkage, "_MOST_OTHERS", 1)
    rows = [(f"x{n}", f"D{n % 8}") for n in range(40)]
    first, second = a_file(tmp_path, "a", ["甲", "住"], rows), a_file(tmp_path, "b", ["乙", "district"], rows)
    found = measure_linkage(side(first, ["甲", "住"], ["住"]), side(second, ["乙", "district"], ["district"]))
    assert found.shared == ["住 = district"]


def test_who_is_alone_in_two_classes_is_one_person(tmp_path):
    homes = [("p0", "鼓楼"), ("p0", "台江"), ("p1", "鼓楼"), ("p2", "鼓楼"), ("p3", "台江"), ("p4", "台江")]
    first = a_file(tmp_path, "a", ["u", "住地"], homes)
    jobs = [("p0", "医生"), ("p9", "医生"), *((f"p{n}", "教师") for n in range(1, 5))]
    second = a_file(tmp_path, "b", ["u", "职业"], jobs)
    found = measure_linkage(
        side(first, ["u", "住地"], ["住地"], subject="u"), side(second, ["u", "职业"], ["职业"], subject="u")
    )
    assert (found.linked, found.singled_out, found.share) == (5, 1, 0.2)
    first = a_file(tmp_path, "c", ["甲", "号"], [("x", "1"), ("x", "2")])
    second = a_file(tmp_path, "d", ["号", "乙"], [(number, job) for number in "15" for job in "yz"])
    found = measure_linkage(side(first, ["甲", "号"], ["甲"]), side(second, ["号", "乙"], ["乙"]))
    assert (found.method, found.linked, found.singled_out, found.share) == ("columns", 1, 1, 1.0)


def test_of_two_ways_the_one_that_singles_out_more_counts(tmp_path):
    grid = [(f"p{n}", "福州", town, job) for n, (town, job) in enumerate((t, j) for t in TOWNS for j in JOBS)]
    first = a_file(tmp_path, "a", ["u", "市", "住地"], [row[:3] for row in grid])
    second = a_file(tmp_path, "b", ["u", "市", "职业"], [(row[0], row[1], row[3]) for row in grid])
    found = measure_linkage(
        side(first, ["u", "市", "住地"], ["住地"], subject="u"),
        side(second, ["u", "市", "职业"], ["职业"], subject="u"),
    )
    assert (found.method, found.share) == ("subject", 1.0)  # by the city everybody meets everybody


@pytest.mark.parametrize(("theirs", "method"), [("协和", "columns"), ("附一", "nothing")])
def test_one_value_in_common_is_chance_and_two_are_a_link(tmp_path, theirs, method):
    first = a_file(tmp_path, "a", ["甲", "院"], [("x", "省立"), ("x", "协和")])
    second = a_file(tmp_path, "b", ["hospital", "乙"], [("省立", "y"), (theirs, "y")])
    assert measure_linkage(side(first, ["甲", "院"], ["甲"]), side(second, ["hospital", "乙"], ["乙"])).method == method


def test_numbers_here_and_text_there_compare_as_they_are_written(tmp_path):
    first = a_file(tmp_path, "a", ["号", "甲"], [(1, "x"), (2, "x"), (3, "x")])
    second = a_file(tmp_path, "b", ["号", "乙"], [("1", "y"), ("2", "y"), ("无", "y")])
    assert measure_linkage(side(first, ["号", "甲"], ["甲"]), side(second, ["号", "乙"], ["乙"])).linked == 2


@pytest.mark.parametrize(("fillers", "method"), [(49, "columns"), (50, "nothing")])
def test_fifty_columns_of_each_file_are_compared(tmp_path, fillers, method):
    days, numbers = [f"d{n}" for n in range(fillers)], [f"n{n}" for n in range(fillers)]
    first = a_file(tmp_path, "a", [*days, "单号"], [(*[date(2025, 1, n)] * fillers, f"N{n}") for n in (1, 2)])
    second = a_file(tmp_path, "b", [*numbers, "流水"], [(*[n] * fillers, f"N{n}") for n in (1, 2)])
    assert measure_linkage(side(first, [*days, "单号"], []), side(second, [*numbers, "流水"], [])).method == method


@pytest.mark.parametrize(
    ("ours", "theirs", "singled_out"),
    [
        ([("p0", "x", "1"), ("p1", "x", "9")], [("r0", "1", "y"), ("r1", "8", "y")], 1),
        ([("p0", "x", "1"), ("p1", "x", "2")], [("r0", "1", "y"), ("r0", "2", "y"), ("r1", "8", "y")], 0),
        ([("p0", "x", "1"), ("p0", "x", "2"), ("p1", "x", "9")], [("r0", "1", "y"), ("r1", "2", "y")], 0),
        (
            [("p0", "x", "1"), ("p0", "x", "2"), ("p1", "x", "2")],
            [("r0", "1", "y"), ("r0", "2", "y"), ("r1", "8", "y")],
            0,
        ),
        ([("p0", "x", "1")] * 2 + [("p1", "x", "9")], [("r0", "1", "y")] * 2 + [("r1", "8", "y")], 1),
    ],
    ids=["one pair", "two of ours", "two of theirs", "again in company", "written twice"],
)
def test_alone_with_one_partner_means_one_of_each_in_all_their_meetings(tmp_path, ours, theirs, singled_out):
    first = a_file(tmp_path, "a", ["u", "甲", "号"], ours)
    second = a_file(tmp_path, "b", ["v", "号", "乙"], theirs)
    found = measure_linkage(
        side(first, ["甲", "号"], ["甲"], subject="u"), side(second, ["号", "乙"], ["乙"], subject="v")
    )
    assert (found.singled_out, found.k_together == 1) == (singled_out, bool(singled_out))


def test_columns_that_disagree_do_not_hide_a_link_by_others(tmp_path):
    """Hospitals and numbers are the same values on both sides, in other rows: together they link nobody."""
    rows = [(f"N{n}", f"H{n}") for n in range(10)]
    first = a_file(tmp_path, "a", ["甲", "号", "院"], [("x", number, hospital) for number, hospital in rows])
    turned = [(number, f"H{(n + 1) % 10}", "y") for n, (number, _hospital) in enumerate(rows)]
    second = a_file(tmp_path, "b", ["号", "hospital", "乙"], turned)
    ours = side(first, ["甲", "号", "院"], ["甲"])
    found = measure_linkage(ours, side(second, ["号", "hospital", "乙"], ["乙"]))
    assert (found.shared, found.linked) == (["号"], 10)
    second = a_file(tmp_path, "c", ["number", "token", "乙"], turned)
    keyed = side(first, ["甲", "号", "院"], ["甲"], pseudonyms=("院",))
    found = measure_linkage(keyed, side(second, ["number", "token", "乙"], ["乙"], pseudonyms=("token",)))
    assert (found.method, found.shared) == ("columns", ["号 = number"])  # and the pseudonyms are a way of their own


def test_a_column_that_one_seller_marked_is_a_way_of_its_own(tmp_path):
    """The numbers agree in no row of one district: by the district alone they meet all the same."""
    first = a_file(tmp_path, "a", ["区县", "号"], [("鼓楼", "1"), ("台江", "2")])
    second = a_file(tmp_path, "b", ["区县", "号", "乙"], [("鼓楼", "2", "y"), ("台江", "1", "y")])
    found = measure_linkage(side(first, ["区县", "号"], ["区县"]), side(second, ["区县", "号", "乙"], ["乙"]))
    assert (found.shared, found.linked) == (["区县"], 2)


def test_a_known_column_of_another_name_is_a_way_of_its_own(tmp_path):
    first = a_file(tmp_path, "a", ["区县", "号"], [("鼓楼", "1"), ("台江", "2")])
    second = a_file(tmp_path, "b", ["district", "number", "乙"], [("鼓楼", "2", "y"), ("台江", "1", "y")])
    theirs = side(second, ["district", "number", "乙"], ["乙"])
    found = measure_linkage(side(first, ["区县", "号"], ["区县"]), theirs)
    assert (found.shared, found.linked) == (["区县 = district"], 2)


@pytest.mark.parametrize("repeated", [0, 1])
def test_a_person_with_the_same_row_several_times_is_singled_out_all_the_same(tmp_path, repeated):
    """Four persons, two in each town and two in each job, never the same two: each is alone with its pair."""
    towns = [("p0", "鼓楼"), ("p1", "鼓楼"), ("p2", "台江"), ("p3", "台江")]
    jobs = [("p0", "医生"), ("p1", "教师"), ("p2", "医生"), ("p3", "教师")]
    times = (1, 3) if repeated else (3, 1)
    first = a_file(tmp_path, "a", ["u", "住地"], towns * times[0])
    second = a_file(tmp_path, "b", ["u", "职业"], jobs * times[1])
    found = measure_linkage(
        side(first, ["u", "住地"], ["住地"], subject="u"), side(second, ["u", "职业"], ["职业"], subject="u")
    )
    assert found == Linkage("subject", ["u"], [4, 4], [2, 2], 1, 4, 4, 1.0)


def test_without_a_subject_the_same_row_again_is_somebody_else(tmp_path):
    """x and y meet twice by number 1; x and z once by 2, and the row of 3 is z's company in its own file."""
    first = a_file(tmp_path, "a", ["甲", "号"], [("x", "1"), ("x", "1"), ("x", "2")])
    second = a_file(tmp_path, "b", ["号", "乙"], [("1", "y"), ("4", "y"), ("2", "z"), ("3", "z")])
    found = measure_linkage(side(first, ["甲", "号"], ["甲"]), side(second, ["号", "乙"], ["乙"]))
    assert found == Linkage("columns", ["号"], [3, 4], [3, 2], 1, 3, 1, 0.333333)
    second = a_file(tmp_path, "c", ["号", "乙"], [("1", "y"), ("4", "y"), ("2", "z"), ("2", "z")])
    found = measure_linkage(side(first, ["甲", "号"], ["甲"]), side(second, ["号", "乙"], ["乙"]))
    assert found == Linkage("columns", ["号"], [3, 4], [3, 2], 2, 3, 0, 0.0)
