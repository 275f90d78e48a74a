"""The public sample: what it must never show, tried on files made to trip it."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from listings.deidentification import cli, commands, sample
from listings.deidentification.sample import Sample, draw

from .samples import canonical, report_on


def drawn(tmp_path, header: list[str], rows: list[tuple], **given) -> Sample:
    asked = {"quasi_identifiers": [], "subject": None, "hidden": [], "minimum": 5, **given}
    parquet = tmp_path / "drawn.parquet"
    pq.write_table(pa.table({name: [row[at] for row in rows] for at, name in enumerate(header)}), parquet)
    return draw(parquet, **asked)


def shown(found: Sample, column: str) -> set[str | None]:
    at = found.columns.index(column)
    return {row[at] for row in found.rows}


def test_twenty_rows_of_the_file_and_the_same_ones_each_time(tmp_path):
    rows = [(f"{n // 100}", f"{n // 100 * 10}") for n in range(700)]
    found = drawn(tmp_path, ["a", "b"], rows, quasi_identifiers=["a"])
    assert (found.columns, len(found.rows)) == (["a", "b"], 20)
    assert {tuple(row) for row in found.rows} <= set(rows) and len(shown(found, "a")) > 3
    assert drawn(tmp_path, ["a", "b"], rows, quasi_identifiers=["a"]) == found


def test_class_of_one_fewer_than_the_minimum_is_never_shown(tmp_path):
    rows = [("few", "x")] * 4 + [("many", "x")] * 5 + [(None, "x")] * 4
    assert shown(drawn(tmp_path, ["a", "b"], rows, quasi_identifiers=["a"]), "a") == {"many"}
    enough = [("few", "x")] * 5 + [(None, "x")] * 5
    assert shown(drawn(tmp_path, ["a", "b"], enough, quasi_identifiers=["a"]), "a") == {"few", ""}


def test_classes_are_of_all_quasi_identifiers_together(tmp_path):
    rows = [("f", "1")] * 3 + [("f", "2")] * 3 + [("m", "1")] * 3 + [("m", "2")] * 3
    assert drawn(tmp_path, ["a", "b"], rows, quasi_identifiers=["a", "b"]).rows == []
    assert len(drawn(tmp_path, ["a", "b"], rows, quasi_identifiers=["a", "b"], minimum=3).rows) == 12


def test_without_quasi_identifiers_the_whole_file_is_one_class(tmp_path):
    assert drawn(tmp_path, ["a"], [("x",)] * 4).rows == []
    assert drawn(tmp_path, ["a"], [("x",)] * 5).rows == [["x"]] * 5


def test_rare_cells_are_suppressed_and_never_a_single_one(tmp_path):
    rare = [("c", word) for word in ["flu"] * 9 + ["cold"] * 6 + ["gout"] * 3 + ["lupus"] * 2]
    assert shown(drawn(tmp_path, ["a", "b"], rare, quasi_identifiers=["a"]), "b") == {"flu", "cold", None}
    lonely = [("c", word) for word in ["flu"] * 9 + ["cold"] * 6 + ["gout"] * 5]
    assert shown(drawn(tmp_path, ["a", "b"], lonely, quasi_identifiers=["a"]), "b") == {"flu", "cold", "gout"}
    lonely = [("c", word) for word in ["flu"] * 9 + ["cold"] * 6 + ["gout"] * 4]
    assert shown(drawn(tmp_path, ["a", "b"], lonely, quasi_identifiers=["a"]), "b") == {"flu", None}
    too_few = [("c", word) for word in ["flu"] * 9 + ["cold"] * 6 + ["gout", "lupus"] * 2]
    assert shown(drawn(tmp_path, ["a", "b"], too_few, quasi_identifiers=["a"]), "b") == {"flu", None}


def test_an_empty_cell_is_a_value_like_any_other(tmp_path):
    rows = [("c", word) for word in ["flu"] * 9 + ["cold"] * 6 + [None] * 4]
    assert shown(drawn(tmp_path, ["a", "b"], rows, quasi_identifiers=["a"]), "b") == {"flu", None}
    rows = [("c", word) for word in ["flu"] * 9 + [None] * 6]
    assert shown(drawn(tmp_path, ["a", "b"], rows, quasi_identifiers=["a"]), "b") == {"flu", ""}


def test_subjects_count_and_not_their_rows(tmp_path):
    rows = [("often", "x", "w1")] * 40 + [("many", "x", f"w{n}") for n in range(5)]
    found = drawn(tmp_path, ["a", "b", "who"], rows, quasi_identifiers=["a"], subject="who")
    assert (found.columns, shown(found, "a")) == (["a", "b"], {"many"})
    rows = (
        [("c", "often", "w1")] * 9 + [("c", "x", f"w{n}") for n in range(9)] + [("c", "y", f"w{n}") for n in range(5)]
    )
    found = drawn(tmp_path, ["a", "b", "who"], rows, quasi_identifiers=["a"], subject="who")
    assert "often" not in shown(found, "b") and "y" not in shown(found, "b")
    nobody = [("c", "x", None)] * 40
    assert drawn(tmp_path, ["a", "b", "who"], nobody, quasi_identifiers=["a"], subject="who").rows == []


def test_keys_and_digests_are_left_out_though_many_rows_share_them(tmp_path):
    digests = [f"{n % 3 + 1:x}a" * 16 for n in range(60)]
    rows = [("c", digest, f"U{n % 2}") for n, digest in enumerate(digests)]
    assert drawn(tmp_path, ["a", "code", "patient_id"], rows, quasi_identifiers=["a"]).columns == ["a"]
    rows = [("c", f"Kf83_kd9-{n:06d}-Qx0aLw", n % 2) for n in range(60)]
    assert drawn(tmp_path, ["a", "token", "patient_id"], rows, quasi_identifiers=["a"]).columns == ["a"]


def test_long_cells_are_cut_and_columns_are_at_most_forty(tmp_path):
    rows = [("长" * 200, *("v" * 50))] * 6
    found = drawn(tmp_path, ["a", *(f"c{n}" for n in range(50))], rows)
    assert (len(found.columns), found.rows[0][0]) == (40, "长" * 79 + "…")
    assert drawn(tmp_path, ["a"], [("长" * 80,)] * 6).rows[0] == ["长" * 80]


def test_columns_may_bear_any_name(tmp_path):
    names = ["here", "place", "c1", "q0", 'a "b"']
    found = drawn(tmp_path, names, [tuple("12345")] * 6, quasi_identifiers=["place", "c1"])
    assert found == Sample(names, [list("12345")] * 6)


PEOPLE = [("fm"[n % 2], 30 + n // 2 % 2, ("flu", "gout", "mumps")[n % 3], "ward", "139") for n in range(120)]
NAMES = ["sex", "age", "illness", "place_of_care", "note"]


@pytest.fixture
def passing(tmp_path):
    parquet = canonical(tmp_path, NAMES, PEOPLE)
    report = report_on(parquet, sensitive=["illness"], mode="download").to_json()
    assert report["passes"] and report["suggested_quasi_identifiers"]
    return parquet, report


def test_suggested_quasi_identifiers_count_and_sensitive_columns_are_left_out(passing):
    parquet, report = passing
    found = sample.of_report(parquet, report, minimum=20)
    assert "illness" not in found.columns and {"sex", "age"} <= set(found.columns) and len(found.rows) == 20
    assert sample.of_report(parquet, report, minimum=31).rows == []  # classes of 30
    assert "note" not in sample.of_report(parquet, report, minimum=20, hidden=["note"]).columns


@pytest.mark.parametrize("field", ["identifiers", "restorable", "warnings"])
def test_whatever_the_report_holds_against_a_column_keeps_it_out(passing, field):
    parquet, report = passing
    assert "note" not in sample.of_report(parquet, {**report, field: [{"column": "note"}]}, minimum=20).columns


def test_nothing_without_a_verdict_that_passes(passing):
    parquet, report = passing
    assert sample.of_report(parquet, {**report, "passes": False}, minimum=20) == Sample()
    nothing_marked = {**report, "with_suggested": {**report["with_suggested"], "quasi_identifiers": []}}
    assert sample.of_report(parquet, nothing_marked, minimum=20) == Sample()
    command = {"do": "sample", "parquet": str(parquet), "report": report, "hidden": [], "minimum": 20}
    assert commands.answer(command)["sample"]["rows"]
    assert not commands.answer({**command, "hidden": ["gone"]})["ok"]
    assert not commands.answer({**command, "minimum": None})["ok"]


def test_of_nobody_rare_readings_are_suppressed(tmp_path):
    rows = [(f"站{n % 3}", f"{n}.5") for n in range(90)]
    parquet = canonical(tmp_path, ["站点", "读数"], rows)
    report = report_on(parquet, about="none", mode="download").to_json()
    found = sample.of_report(parquet, report, minimum=20)
    assert (shown(found, "读数"), shown(found, "站点")) == ({None}, {"站0", "站1", "站2"})
    assert sample.of_report(parquet, report, minimum=31).rows == []  # where nothing is left of a row, it is no row


def test_command_line_shows_one_only_on_request(tmp_path, capsys):
    path = tmp_path / "people.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [NAMES, *PEOPLE]) + "\n")
    asked = [str(path), "--sensitive", "illness", "--mode", "download"]
    assert cli.main([*asked, "--json", "--sample"]) == 0
    told = json.loads(capsys.readouterr().out)["sample"]
    assert len(told["rows"]) == 20 and "illness" not in told["columns"]
    path.write_text("sex,age,illness\n" + "\n".join(f"f,{n},flu" for n in range(60)) + "\n")
    assert cli.main([*asked, "--sample", "--lang", "zh"]) == 2
    assert "没有可以展示的行" in capsys.readouterr().out
