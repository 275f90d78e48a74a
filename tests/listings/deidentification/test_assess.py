import hashlib
import json
import uuid
from dataclasses import replace

import pytest

from listings.deidentification.reasons import BadCommand, UnknownColumn
from listings.deidentification.rules import Rules

from .samples import canonical, codes, report_on, resident_id

HEADER = ["age", "sex", "illness", "patient"]


def patients(groups: int = 2, size: int = 20) -> list[tuple]:
    """`groups` classes of `size` different patients, illnesses spread alike."""
    return [
        (30 + group, "f", ("flu", "gout", "mumps")[number % 3], f"p{group}-{number}")
        for group in range(groups)
        for number in range(size)
    ]


ROLES = {"quasi_identifiers": ["age", "sex"], "sensitive": ["illness"], "subject": "patient"}


def test_file_that_is_fine_passes_for_download(tmp_path):
    report = report_on(canonical(tmp_path, HEADER, patients()), **ROLES).to_json()
    attacks = report.pop("attacks")
    assert {attack["method"]: attack["level"] for attack in attacks}["inference"] == "passes"
    assert report.pop("restorable") == []
    attacker = {"average": 0.05, "max": 0.05, "at_risk": 0.0}
    figures = {
        "quasi_identifiers": ["age", "sex"],
        "subject": "patient",
        "subjects": 40,
        "k": 20,
        "l_distinct": {"illness": 3},
        "l_entropy": {"illness": 2.992374826},
        "l_recursive": {"illness": {"l": 3, "c": 1.166666667}},
        "t": {"illness": 0.0},
        "t_equal": {"illness": 0.0},
        "unique_share": 0.0,
        "classes": 2,
        "class_sizes": [{"size": 20, "classes": 2}],
        "size_bands": [{"from": 20, "to": 49, "classes": 2, "members": 40}],
        "risk": {
            "threshold": 0.2, "prosecutor": attacker, "journalist": attacker, "marketer": 0.05, "has_population": False,
            "delta": None,
        },
    }  # fmt: skip
    assert report == {
        **figures,
        "rows": 40,
        "about": "persons",
        "sensitive": ["illness"],
        "identifiers": [],
        "suggested_quasi_identifiers": [],
        "suggestions": [],
        "suggested_subject": None,
        "with_suggested": figures,
        "allowed_modes": ["platform", "download"],
        "grade": 3,
        "passes": True,
        "rule_set": "minshu-5",
        "rules": {
            "name": "minshu", "version": 5, "k_download": 20, "k_platform": 5, "l": 2, "t": 0.5, "unique_share": 0.0,
            "suggest_share": 0.01,
        },
        "reasons": [],
        "warnings": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("size", "modes"), [(4, []), (5, ["platform"]), (19, ["platform"]), (20, ["platform", "download"])]
)
def test_k_decides_the_modes(tmp_path, size, modes):
    report = report_on(canonical(tmp_path, HEADER, patients(size=size)), **ROLES)
    assert (report.k, report.allowed_modes, report.passes) == (size, modes, bool(modes))
    assert report.grade == (3 if modes else 2)


def test_five_visits_of_one_patient_fail(tmp_path):
    visits = [(*row[:3], f"p{row[0]}") for row in patients(size=5)]
    report = report_on(canonical(tmp_path, HEADER, visits), **ROLES)
    assert (report.k, report.unique_share, report.subjects) == (1, 1.0, 2)
    assert codes(report) == [(None, "k_too_small"), (None, "unique_records")]
    assert report.reasons[0].text == (
        "The smallest group that looks alike in age, sex has 1 members; at least 5 are needed."
    )
    assert report_on(canonical(tmp_path, HEADER, visits), **{**ROLES, "subject": None}).k == 5


def test_same_illness_in_a_group_fails(tmp_path):
    rows = [(age, sex, "flu" if age == 30 else illness, who) for age, sex, illness, who in patients()]
    report = report_on(canonical(tmp_path, HEADER, rows), **ROLES)
    assert codes(report) == [("illness", "l_too_small")]
    assert (report.grade, report.passes, report.allowed_modes) == (2, False, ["platform", "download"])


def test_uneven_illness_fails_closeness(tmp_path):
    rows = [(1, "f", "flu" if n else "gout", n) for n in range(20)] + [
        (2, "f", "gout" if n else "flu", n) for n in range(20)
    ]
    parquet = canonical(tmp_path, HEADER, rows)
    report = report_on(parquet, quasi_identifiers=["age"], sensitive=["illness"], rules=Rules(t=0.4))
    assert (report.t, codes(report)) == ({"illness": 0.45}, [("illness", "t_too_large")])
    assert report_on(parquet, quasi_identifiers=["age"], sensitive=["illness"], rules=Rules(t=0.45)).passes


def test_unique_share_has_a_threshold(tmp_path):
    parquet = canonical(tmp_path, ["a", "b"], [(1, "x")] * 9 + [(2, "x")])
    rules = Rules(k_platform=1, unique_share=0.1)
    assert report_on(parquet, quasi_identifiers=["a"], rules=rules).passes
    assert codes(report_on(parquet, quasi_identifiers=["a"], rules=replace(rules, unique_share=0.0999))) == [
        (None, "unique_records")
    ]


def test_nothing_marked_is_measured_over_what_is_suggested(tmp_path):
    parquet = canonical(tmp_path, HEADER, [*patients(), (50, "m", "flu", "p9")])
    report = report_on(parquet, sensitive=["illness"], subject="patient")
    assert (report.quasi_identifiers, report.k, report.classes) == ([], 41, 1)
    assert (report.with_suggested.quasi_identifiers, report.with_suggested.k) == (["age", "sex"], 1)
    assert [code for _, code in codes(report)] == [
        "k_too_small_with_suggested", "unique_records_with_suggested", "l_too_small_with_suggested",
        "t_too_large_with_suggested",
    ]  # fmt: skip
    assert (report.passes, report.allowed_modes, report.grade) == (False, [], 2)
    assert "(age, sex)" in report.reasons[0].text
    assert report_on(canonical(tmp_path, HEADER, patients()), sensitive=["illness"]).passes


def test_what_was_not_marked_fails_the_file_as_well(tmp_path):
    rows = [(30, "f", ("flu", "gout")[n % 2], n, f"3500{n % 10}") for n in range(20)]
    parquet = canonical(tmp_path, [*HEADER, "zip"], rows)
    report = report_on(parquet, **ROLES)
    assert (report.k, report.with_suggested.k, report.suggested_quasi_identifiers) == (20, 2, ["zip"])
    assert ("k_too_small_with_suggested" in [code for _, code in codes(report)], report.passes) == (True, False)
    assert not [code for _, code in codes(report) if code == "k_too_small"]


def test_reason_over_the_marked_columns_is_not_said_twice(tmp_path):
    rows = [(n, "f", ("flu", "gout")[n % 2], n, f"3500{n % 10}") for n in range(20)]
    report = report_on(canonical(tmp_path, [*HEADER, "zip"], rows), **ROLES)
    found = [code for _, code in codes(report)]
    assert "k_too_small" in found and not [code for code in found if code.endswith("with_suggested")]


def test_visits_of_one_patient_count_once_though_nobody_marked_the_patient(tmp_path):
    visits = [(*row[:3], f"p{row[0]}") for row in patients(size=20)]
    report = report_on(canonical(tmp_path, HEADER, visits), quasi_identifiers=["age", "sex"], sensitive=["illness"])
    assert (report.k, report.with_suggested.k, report.suggested_subject) == (20, 1, "patient")
    assert (report.passes, report.with_suggested.subject, report.subject) == (False, "patient", None)


def test_nothing_recognised_does_not_pass(tmp_path):
    parquet = canonical(tmp_path, ["a", "b"], [(1, 2)] * 6 + [(2, 1)] * 6)
    for sensitive in ([], ["a", "b"]):
        report = report_on(parquet, sensitive=sensitive)
        assert (report.k, report.classes, report.grade, report.passes) == (12, 1, 2, False)
        assert codes(report) == [(None, "no_quasi_identifier")]


def test_age_marked_as_sensitive_still_counts(tmp_path):
    rows = [(n, "xyz"[n % 3], ("flu", "gout")[n % 2]) for n in range(30)]
    report = report_on(
        canonical(tmp_path, ["age", "group", "illness"], rows),
        quasi_identifiers=["group"],
        sensitive=["age", "illness"],
    )
    assert [(one.column, one.code) for one in report.suggestions] == [("age", "not_sensitive")]
    assert (report.k, report.with_suggested.k, list(report.with_suggested.t), report.passes) == (
        10,
        1,
        ["illness"],
        False,
    )


def test_declared_identifier_has_to_be_gone(tmp_path):
    parquet = canonical(tmp_path, HEADER, patients())
    roles = {**ROLES, "subject": None, "identifiers": ["patient"]}
    report = report_on(parquet, **roles)
    assert (codes(report), report.grade, report.passes) == ([("patient", "declared_identifier")], 1, False)
    assert (report.suggested_subject, report.suggested_quasi_identifiers) == (None, [])
    assert report_on(parquet, **{**ROLES, "identifiers": ["name"]}).passes
    with pytest.raises(BadCommand, match="more than one role"):
        report_on(parquet, **{**ROLES, "identifiers": ["patient"]})


def test_population_table(tmp_path):
    folder = tmp_path / "people"
    folder.mkdir()
    people = canonical(folder, ["sex", "age"], [("f", 30)] * 40 + [("f", 31)] * 25 + [("m", 30)] * 9)
    report = report_on(canonical(tmp_path, HEADER, patients()), **ROLES, population=people)
    assert report.risk.delta == {"min": 0.0, "max": 0.8}
    assert (report.risk.journalist.max, report.risk.prosecutor.max) == (0.04, 0.05)
    with pytest.raises(UnknownColumn, match="sex"):
        report_on(tmp_path / "canonical.parquet", **ROLES, population=canonical(folder, ["age"], [(30,)] * 99))


def test_sensor_file_about_nobody_passes_with_unique_rows(tmp_path):
    report = report_on(canonical(tmp_path, ["time", "level"], [(n, n / 8) for n in range(30)]), about="none")
    assert (report.k, report.l_distinct, report.t, report.unique_share, report.subjects) == (None,) * 5
    assert (report.grade, report.passes, report.allowed_modes) == (4, True, ["platform", "download"])
    assert report.with_suggested is None


@pytest.mark.parametrize("name", ["用户ID", "设备号", "手机", "patient_id", "DeviceId", "患者"])
def test_key_of_persons_about_nobody_fails(tmp_path, name):
    parquet = canonical(tmp_path, [name, "level"], [(f"x{n % 9}", n / 8) for n in range(30)])
    report = report_on(parquet, about="none")
    assert (codes(report), report.grade, report.allowed_modes) == ([(name, "person_key")], 2, [])


def test_repeated_pseudonyms_about_nobody_fail(tmp_path):
    def token(n: int) -> str:
        return hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest()

    def coded(n: int) -> str:
        return str(uuid.UUID(token(n)))

    for one, keys in ((lambda n: token(n % 9), ["z"]), (token, ["z"]), (lambda n: coded(n % 9), ["z"]), (coded, [])):
        parquet = canonical(tmp_path, ["z", "level"], [(one(n), n / 8) for n in range(30)])
        assert [column for column, _ in codes(report_on(parquet, about="none"))] == keys


@pytest.mark.parametrize(
    "name", ["站点", "设备编号", "用户数", "患者人数", "线路号", "sensor_id", "station", "phone_count"]
)
def test_keys_of_things_and_counts_of_persons_pass_about_nobody(tmp_path, name):
    parquet = canonical(tmp_path, [name, "level"], [(f"S{n % 9}", n / 8) for n in range(30)])
    assert report_on(parquet, about="none").passes


def test_file_about_nobody_is_still_scanned(tmp_path):
    report = report_on(canonical(tmp_path, ["t", "note"], [(1, "ok"), (2, "call 13800138000")]), about="none")
    assert (report.grade, report.passes, codes(report)) == (1, False, [("note", "mobile_found")])
    assert report.reasons[0].text == "Column “note” holds mobile phone numbers in 1 cells (50.00 %)."


def test_subject_without_persons_is_refused(tmp_path):
    report = report_on(canonical(tmp_path, ["t", "who"], [(1, "x")]), about="none", subject="who")
    assert (report.grade, report.passes, report.allowed_modes) == (2, False, [])
    assert codes(report) == [("who", "subject_without_persons")]


def test_identifiers_in_any_role_fail(tmp_path):
    rows = [(30, "f", ("flu", "gout")[n % 2], resident_id(n)) for n in range(20)]
    report = report_on(canonical(tmp_path, HEADER, rows), **ROLES)
    assert (report.k, report.grade, report.passes) == (20, 1, False)
    assert [(hit.column, hit.kind, hit.cells, hit.share) for hit in report.identifiers] == [
        ("patient", "resident_id", 20, 1.0)
    ]


def test_no_whole_identifier_in_the_report(tmp_path):
    header = ["13900139000", "note", resident_id(7)]
    rows = [("13800138000", f"{resident_id(5)} 138 0013 8001", n % 2) for n in range(9)]
    report = report_on(canonical(tmp_path, header, rows), sensitive=[resident_id(7)])
    said = json.dumps(report.to_json(), ensure_ascii=False)
    for secret in ("13900139000", "13800138000", "138 0013 8001", resident_id(5), resident_id(7)):
        assert secret not in said
    assert ("#1 139******00", "mobile_in_name") in codes(report)
    assert ("#1 139******00", "mobile_found") in codes(report)
    assert list(report.l_distinct) == report.sensitive == [f"#3 350******{resident_id(7)[-2:]}"]


def test_rows_without_subject_fail(tmp_path):
    rows = [*patients(), (99, "m", "flu", None), (99, "m", "gout", None)]
    report = report_on(canonical(tmp_path, HEADER, rows), **ROLES)
    assert (report.k, report.subjects) == (0, 40)
    assert ("patient", "subject_missing") in codes(report)


def test_roles_are_checked(tmp_path):
    parquet = canonical(tmp_path, HEADER, patients(size=2))
    with pytest.raises(UnknownColumn, match="no column “Age”"):
        report_on(parquet, quasi_identifiers=["Age"])
    with pytest.raises(BadCommand, match="more than one role"):
        report_on(parquet, quasi_identifiers=["age"], sensitive=["age"])
    with pytest.raises(BadCommand, match="about"):
        report_on(parquet, about="animals")


def test_strange_column_names_are_quoted(tmp_path):
    names = ['say "x"', "a'; DROP TABLE data; --", "<b>", 'u"']
    rows = [(1, 2, ("x", "y")[n % 2], n) for n in range(6)]
    report = report_on(
        canonical(tmp_path, names, rows), quasi_identifiers=names[:2], sensitive=[names[2]], subject=names[3]
    )
    assert (report.k, report.l_distinct, report.passes) == (6, {"<b>": 2}, True)


def test_same_file_gives_the_same_report(tmp_path):
    parquet = canonical(tmp_path, HEADER, [(n % 7, "f", f"{n % 11}", n) for n in range(500)])
    first, second = (report_on(parquet, **ROLES).to_json() for _ in range(2))
    assert first == second


def test_many_columns_are_looked_at(tmp_path):
    header = ["age", *(f"c{number}" for number in range(300))]
    report = report_on(canonical(tmp_path, header, [(1,) * 301] * 6 + [(2,) * 301] * 6))
    assert (report.with_suggested.k, report.suggested_quasi_identifiers) == (6, ["age"])


def test_mode_asks_for_the_class_size_of_its_delivery(tmp_path):
    """k = 10 is enough to work on the platform, not to download."""
    path = canonical(tmp_path, HEADER, patients(size=10))
    platform, download = (report_on(path, **ROLES, mode=mode) for mode in ("platform", "download"))
    assert (platform.passes, download.passes) == (True, False)
    assert [(reason.code, reason.params["required"]) for reason in download.reasons] == [("k_too_small", 20)]


STOPS = [
    (f"公交{n}站", f"26.{1000 + 7 * n}, 119.{3000 + 3 * n}", f"福州市鼓楼区八一七路{n}号", "0591-87654321")
    for n in range(20)
]


def test_places_and_offices_only_warn_about_nobody(tmp_path):
    """Timetables say where a stop is and which number its office has; the same of persons is where they live."""
    parquet = canonical(tmp_path, ["站名", "位置", "地址", "客服电话"], STOPS)
    report = report_on(parquet, about="none")
    assert [(each.column, each.code) for each in report.warnings] == [
        ("位置", "coordinates_found"), ("地址", "address_found"), ("客服电话", "landline_found")
    ]  # fmt: skip
    assert (codes(report), report.grade, report.passes) == ([], 4, True)
    assert report.allowed_modes == ["platform", "download"]
    for about in ("persons", "organisations"):
        named = report_on(parquet, about=about)
        assert named.warnings == [] and named.grade == 1
        assert {"coordinates_found", "address_found", "landline_found"} <= {code for _, code in codes(named)}


def test_firm_or_person_is_nowhere_waved_through(tmp_path):
    parquet = canonical(tmp_path, ["单位", "值班"], [("91350100M000100Y43", "13800138000")] * 20)
    report = report_on(parquet, about="none")
    assert report.warnings == [] and report.grade == 1
    assert ("值班", "mobile_found") in codes(report)


def test_address_in_a_columns_name_fails_even_about_nobody(tmp_path):
    report = report_on(canonical(tmp_path, ["福州市鼓楼区八一七路12号", "辆次"], [("x", 1)] * 5), about="none")
    assert [code for _, code in codes(report)] == ["address_in_name"] and report.grade == 1


@pytest.mark.parametrize(("columns", "named"), [(6, "a, b, c, d, e, f"), (7, "a, b, c, d, e, f …")])
def test_reason_names_six_columns(tmp_path, columns, named):
    header = list("abcdefg"[:columns])
    report = report_on(canonical(tmp_path, header, [(n,) * columns for n in range(9)]), quasi_identifiers=header)
    assert report.reasons[0].params["columns"] == named


def test_one_short_cell_among_pseudonyms_does_not_hide_whom_the_rows_are_about(tmp_path):
    token = [hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest() for n in range(3)]
    rows = [(30, token[n % 3]) for n in range(30)] + [(30, "-")]
    report = report_on(canonical(tmp_path, ["age", "z"], rows), quasi_identifiers=["age"])
    assert (report.suggested_subject, report.with_suggested.k, report.passes) == ("z", 4, False)
    nobody = report_on(canonical(tmp_path, ["level", "z"], rows), about="none")
    assert (codes(nobody), nobody.allowed_modes) == ([("z", "person_key")], [])
