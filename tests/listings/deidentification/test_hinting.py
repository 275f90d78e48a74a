"""What reading a file finds out about its columns, before anybody marks them."""

import hashlib

import pytest

from listings.deidentification import commands, hinting

from .samples import canonical

DIGESTS = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(50)]


def said(folder, header, rows, **options):
    found = hinting.hints_of(canonical(folder, header, rows), **{"least_share": 0.01, **options})
    return {one["column"]: (one["role"], one["code"]) for one in found}


def test_digests_and_combinations_are_found_by_their_cells(tmp_path):
    """Columns with names that tell nothing: a key of 50 persons in 100 rows, and two codes that are alone together."""
    rows = [(DIGESTS[n % 50], f"a{n % 10}", f"b{n // 10 % 5}", "x" if n % 2 else "y", n * 1.5) for n in range(100)]
    assert said(tmp_path, ["c1", "c2", "c3", "c4", "c5"], rows) == {
        "c1": ("subject", "holds_pseudonyms"), "c2": ("quasi_identifier", "singles_out"),
        "c3": ("quasi_identifier", "singles_out"),
    }  # fmt: skip


def test_names_still_speak_and_an_identifiers_name_is_a_warning(tmp_path):
    rows = [(f"n{n}", 20 + n % 3, "无" if n % 2 else "有") for n in range(90)]
    found = said(tmp_path, ["微信", "年龄", "结果"], rows, least_share=1)
    assert found == {"微信": ("plain", "called_identifier"), "年龄": ("quasi_identifier", "known_age")}


@pytest.mark.parametrize(("cells", "looks"), [(180, True), (179, False)])
def test_too_large_a_file_is_not_looked_at(tmp_path, monkeypatch, cells, looks):
    monkeypatch.setattr(hinting, "MOST_CELLS", cells)
    assert bool(said(tmp_path, ["年龄", "结果"], [(n % 3, "无") for n in range(90)])) == looks


def test_a_file_that_gives_no_hints_is_read_all_the_same(tmp_path):
    (tmp_path / "a.csv").write_text("年龄,结果\n1,x\n2,y\n", encoding="utf-8")
    sent = {"do": "ingest", "source": str(tmp_path / "a.csv"), "name": "a.csv", "target": str(tmp_path / "t.parquet")}
    assert [one["code"] for one in commands.answer({**sent, "hint_share": 0.01})["hints"]] == ["known_age"]
    broken = commands.answer({**sent, "hint_share": "much"})
    assert (broken["ok"], broken["rows"], broken["hints"]) == (True, 2, [])
    assert "hints" not in commands.answer(sent)
