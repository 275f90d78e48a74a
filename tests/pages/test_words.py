"""Nothing that people read is a code, and every sentence is translated."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings

from accounts import verbs as account_verbs
from listings import reasons
from listings import verbs as listing_verbs
from listings.deidentification.reasons import REASONS
from marketplace.applications import verbs as application_verbs
from marketplace.desk import words
from marketplace.supervision import verbs as supervision_verbs
from marketplace.verbs import Verbs

CATALOGUE = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES" / "django.po"
TABLES: list[Verbs] = [
    table
    for module in (account_verbs, listing_verbs, application_verbs, supervision_verbs)
    for table in vars(module).values()
    if isinstance(table, Verbs)
]
ALL_VERBS = [(table.model._meta.label_lower, verb) for table in TABLES for verb in table.verbs]
HALF_WIDTH = re.compile(
    r"[\u3400-\u9fff”）》」][,;:?!]|[,;:?!] ?[\u3400-\u9fff“（《「]|[\u3400-\u9fff]\.(?=\s|$)|\([\u3400-\u9fff]"
)
AS_TYPED = "取值;第 1 级;第 2 级;……"  # a row of a file, as it has to be written
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")


def entries() -> list[Any]:
    return list(polib.pofile(str(CATALOGUE)))


def test_every_text_is_translated_and_none_is_a_guess() -> None:
    assert [entry.msgid for entry in entries() if not entry.translated() or entry.fuzzy or entry.obsolete] == []


def test_translations_keep_the_placeholders() -> None:
    for entry in entries():
        for text in [entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values():
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(entry.msgid)), entry.msgid


def test_chinese_sentences_have_the_punctuation_of_chinese() -> None:
    assert HALF_WIDTH.search("已发布,请查看") and not HALF_WIDTH.search("Responsible-Person: 5,000 行，CSV")
    texts = [text for entry in entries() for text in (entry.msgstr, *entry.msgstr_plural.values())]
    assert [text for text in texts if HALF_WIDTH.search(text.replace(AS_TYPED, ""))] == []


def test_translations_use_the_words_of_the_law() -> None:
    by_id = {(entry.msgctxt, entry.msgid): entry.msgstr for entry in entries()}
    assert by_id[None, "ordered correction and suspended the service"] == "责令改正并暂停提供数据服务"
    assert by_id[None, "Terminate the service"] == "终止提供数据服务"
    assert by_id[None, "Find a refusal to correct"] == "认定拒不改正"
    assert by_id[None, "primary developer"] == "一级开发主体"
    assert by_id[None, "secondary developer"] == "二级开发主体"
    assert by_id[None, "providing unit"] == "公共管理和服务机构"
    assert by_id[None, "openly available"] == "普遍开放"
    assert by_id[None, "open on application"] == "依申请开放"
    assert by_id[None, "Accept for processing"] == "受理"
    assert by_id[None, "Date obtained"] == "获取日期"


def test_a_state_is_named_as_what_it_is_the_state_of() -> None:
    """An upload is coming in or turned away; a finding, a report, an item or a hold that is open is not."""
    of_uploads = {entry.msgctxt for entry in entries() if entry.msgstr in ("接收中", "已拒收")}
    assert of_uploads == {"upload"}


def test_the_catalogue_holds_what_the_sources_say(tmp_path: Path) -> None:
    """`makemessages` on a copy finds exactly the texts that are in the catalogue: run `make messages` when it fails."""
    if shutil.which("xgettext") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no gettext on the PATH: apt install gettext")
        pytest.skip("no gettext on the PATH")
    for name in ("accounts", "listings", "marketplace", "templates"):
        shutil.copytree(settings.BASE_DIR / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    shutil.copy(settings.BASE_DIR / "manage.py", tmp_path)
    collect = ["makemessages", "--locale", "zh_Hans", "--no-obsolete", "--no-wrap", "--add-location", "file"]
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path / "var"), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "manage.py", *collect], cwd=tmp_path, env=environment, check=True, timeout=120)
    found = polib.pofile(str(tmp_path / CATALOGUE.relative_to(settings.BASE_DIR)))
    assert {(e.msgctxt, e.msgid, e.msgid_plural) for e in found} == {
        (e.msgctxt, e.msgid, e.msgid_plural) for e in entries()
    }


def test_the_engines_sentences_are_extracted_word_for_word() -> None:
    assert set(reasons.EXTRACTED) == set(REASONS.values())


def test_every_act_in_the_ledger_has_words() -> None:
    written = set()
    for folder in ("accounts", "listings", "marketplace"):
        for path in (settings.BASE_DIR / folder).rglob("*.py"):
            found = re.findall(
                r'(?:ledger\.begin|[^.\w]begin|_decide|_step|_judge|_answer|_end)\(\s*"(\w+)"', path.read_text()
            )
            written |= set(found)
    assert written - set(words.ACTS) == set()


@pytest.mark.parametrize(("model", "verb"), ALL_VERBS, ids=[f"{model}-{verb.name}" for model, verb in ALL_VERBS])
def test_every_verb_says_what_it_does(model: str, verb: Any) -> None:
    assert words.EFFECTS.get((model, verb.name))
    assert not str(verb.article) or str(verb.article) in words.ARTICLES


def test_no_words_for_verbs_that_are_gone() -> None:
    assert set(words.EFFECTS) == {(model, verb.name) for model, verb in ALL_VERBS}
