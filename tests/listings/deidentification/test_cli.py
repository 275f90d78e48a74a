"""The command line as a stranger runs it: another process, another folder, no settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import openpyxl
import polib
import pytest

from listings.deidentification import apart, cli, database
from listings.deidentification.reasons import REASONS
from listings.deidentification.reasons_zh import REASONS_ZH
from listings.deidentification.rules import Rules
from listings.deidentification.words import _width, sentence_in
from tests.listings.hostile import REFUSED

ROOT = Path(__file__).resolve().parents[3]
ROWS = [(30 + n % 2, "fm"[n // 2 % 2], ("flu", "gout", "mumps")[n % 3]) for n in range(120)]
NAMES = ("age", "sex", "illness")


@pytest.fixture
def people(tmp_path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in [NAMES, *ROWS]) + "\n")
    return path


def said(capsys, *arguments) -> tuple[int, str, str]:
    status = cli.main([str(argument) for argument in arguments])
    return status, *capsys.readouterr()


def test_needs_no_settings_server_or_database(people, tmp_path):
    command = [
        sys.executable,
        "-m",
        "listings.deidentification",
        "assess",
        str(people),
        "--sensitive",
        "illness",
        "--json",
    ]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "there.is.none"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["suggested_quasi_identifiers"], report["with_suggested"]["k"], report["k"]) == (
        ["age", "sex"],
        30,
        120,
    )
    assert {
        "rows", "about", "subjects", "k", "l_distinct", "t", "unique_share", "classes", "identifiers",
        "suggested_quasi_identifiers", "grade", "passes", "reasons", "with_suggested",
    } <= set(report)  # fmt: skip
    assert list(tmp_path.iterdir()) == [people]


def test_exit_codes(people, tmp_path, capsys):
    assert said(capsys, people, "--quasi-identifiers", "age,sex", "--sensitive", "illness")[0] == 0
    assert said(capsys, people, "--quasi-identifiers", "age, sex", "--identifiers", "illness")[0] == 2
    assert said(capsys, people, "--about", "none")[0] == 0
    for arguments in (
        (tmp_path / "none.csv",), (people, "--subject", "who"),
        (people, "--quasi-identifiers", "age", "--sensitive", "age"),
        (people, "--population", tmp_path / "none.csv"), (tmp_path,),
    ):  # fmt: skip
        status, out, err = said(capsys, *arguments)
        assert (status, out) == (1, "") and len(err.splitlines()) == 1
    with pytest.raises(SystemExit) as left:
        cli.main([str(people), "--about", "animals"])
    assert left.value.code == 1


def test_hostile_files_are_refused_in_one_sentence(tmp_path, capsys):
    """On the command line as by every way into the site."""
    for name, content, piece in REFUSED.values():
        file = tmp_path / name
        file.write_bytes(content)
        status, out, err = said(capsys, file)
        assert (status, out, len(err.splitlines())) == (1, "", 1) and piece in err


def test_file_that_needs_too_much_is_refused_in_one_sentence(people, capsys, monkeypatch):
    monkeypatch.setattr(database, "ASSESSING", "1MB")
    status, out, err = said(capsys, people)
    assert (status, out, err) == (1, "", REASONS["out_of_memory"] + "\n")


def test_every_format_gives_the_same_report(people, tmp_path, capsys):
    tsv, lines, parquet, book = (tmp_path / f"people.{end}" for end in ("tsv", "jsonl", "parquet", "xlsx"))
    tsv.write_text(people.read_text().replace(",", "\t"))
    lines.write_text("".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in ROWS))
    duckdb.sql(f"COPY (FROM read_csv('{people}')) TO '{parquet}'")
    workbook = openpyxl.Workbook()
    for row in [NAMES, *ROWS]:
        workbook.active.append(row)
    workbook.save(book)
    reports = [
        said(capsys, path, "--sensitive", "illness", "--json")[1] for path in (people, tsv, lines, parquet, book)
    ]
    assert len(set(reports)) == 1


def test_large_file_is_read_in_a_process_of_its_own(people, capsys, monkeypatch):
    """The same report, by another process where the system is able; a refusal where that does not come to an end."""
    here = said(capsys, people, "--json")
    monkeypatch.setattr(apart, "FROM_BYTES", 0)
    assert said(capsys, people, "--json") == here
    monkeypatch.setattr(apart, "_SECONDS", 0)
    assert said(capsys, people)[:2] == (1, "")
    monkeypatch.setattr(apart, "_SYSTEM", "another")
    assert said(capsys, people, "--json") == here


def test_table_in_both_languages(people, capsys):
    for language, words in (("en", "does not pass, grade 2"), ("zh", "未通过, 2 级"), ("zh-hans", "未通过, 2 级")):
        status, out, _ = said(capsys, people, "--mode", "download", "--subject", "illness", "--lang", language)
        assert status == 2 and words in out
        assert sentence_in(language, "known_age", {"column": "age"}) in out
    assert _width("年龄 a") == 6


def test_json_speaks_the_language_asked_for(people, capsys):
    for language, table in (("en", REASONS), ("zh-hans", REASONS_ZH)):
        report = json.loads(said(capsys, people, "--identifiers", "age", "--json", "--lang", language)[1])
        assert report["reasons"][0]["text"] == table["declared_identifier"] % {"column": "age"}


def test_chinese_sentences_are_those_of_the_site():
    catalogue = polib.pofile(str(ROOT / "marketplace/locale/zh_Hans/LC_MESSAGES/django.po"))
    assert {code: catalogue.find(text).msgstr for code, text in REASONS.items()} == REASONS_ZH


def test_rules_from_outside():
    rules = Rules.read({"k_platform": "3", "t": "0.4"})
    assert (rules.k_platform, rules.t, rules.k_download, rules.label[:9]) == (3, 0.4, 20, "minshu-5+")
    assert Rules.read({}).label == Rules().label == "minshu-5"
    for wrong in ({"k": "3"}, {"k_platform": "many"}, {"version": "9"}):
        with pytest.raises(ValueError, match=r"k_platform|invalid literal"):
            Rules.read(wrong)
