"""Every code of the engine has its words, in both languages."""

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.translation import gettext, override

from listings import deidentification, engine_words, reasons
from listings.deidentification.identifiers import KINDS, WHY
from listings.deidentification.identifiers.tally import _CHANCE, _FIRM
from listings.deidentification.reasons import REASONS

ENGINE = Path(deidentification.__file__).parent


def in_engine(pattern):
    """What a pattern finds in the source of attacks and identifiers."""
    files = [*(ENGINE / "attacks").glob("*.py"), *(ENGINE / "identifiers").glob("*.py")]
    return {found for file in files for found in re.findall(pattern, file.read_text())}


def test_every_code_has_words():
    assert set(engine_words.KINDS) == set(KINDS)
    with override("en"):
        assert {code: str(text) for code, text in engine_words.WHY.items()} == WHY
    assert set(engine_words.SURE) == {"certain"} | {sure for sure, _ in [*_FIRM.values(), *_CHANCE.values()]}
    assert set(engine_words.LEVELS) == in_engine('"(passes|warns|fails)"')
    assert set(engine_words.ATTACKS) == in_engine(r'_attack\(\s*"(\w+)"')
    written = in_engine('Written\\("(\\w+)"') | in_engine('yield "(\\w+)"') | {"hex", "base64"}
    assert written <= set(engine_words.METHODS)


@pytest.mark.parametrize("name", ["KINDS", "SURE", "WHY", "LEVELS", "ATTACKS", "METHODS", "NUMBERS"])
def test_every_word_is_chinese_in_chinese(name):
    with override("zh-hans"):
        said = {code: str(text) for code, text in getattr(engine_words, name).items()}
    assert {code for code, text in said.items() if not re.search("[一-鿿]", text)} <= {"base64", "qq"}


def test_every_reason_is_chinese_in_chinese():
    with override("zh-hans"):
        assert [code for code, text in REASONS.items() if gettext(text) == text] == []


def test_a_sentence_has_words_for_codes():
    params = {"column": "号码", "kind": "mobile", "method": "base64+reversed"}
    with override("en"):
        assert reasons.sentence("encoding_restored", params) == (
            "Column “号码” holds mobile phone numbers or names, only written differently (Base64 + backwards): "
            "anybody can write them back."
        )
    with override("zh-hans"):
        said = reasons.sentence("encoding_restored", params)
    assert "手机" in said and "mobile" not in said and "reversed" not in said


HIT = {
    "column": "电话", "kind": "mobile", "cells": 3, "share": 0.25, "examples": ["138******00"], "in_name": False,
    "sure": "likely", "why": {"code": "number_plan", "text": WHY["number_plan"]},
}  # fmt: skip
REPORT = {
    "rows": 100,
    "about": "none",
    "rule_set": "minshu-5",
    "identifiers": [HIT],
    "reasons": [
        {"column": None, "code": "k_too_small", "params": {"columns": "年龄", "k": 3, "required": 20}},
        {"column": "电话", "code": "mobile_found", "params": {"column": "电话", "cells": 3, "percent": "25.00"}},
    ],
    "warnings": [
        {"column": "站", "code": "coordinates_found", "params": {"column": "站", "cells": 9, "percent": "75.00"}},
    ],
    "restorable": [
        {"column": "键", "level": "warns", "code": "keyed_or_unknown", "params": {"column": "键", "tried": 40}},
        {"column": "电话", "level": "fails", "code": "encoded_text", "params": {"column": "电话", "method": "hex"}},
    ],
    "attacks": [
        {"method": "linkage", "level": "warns", "rate": 0.1, "low": 0.05, "high": 0.2, "baseline": 0.01,
         "code": "homogeneity",
         "params": {"found": 1, "subjects": 2, "columns": "年龄", "column": "病"}},
    ],
}  # fmt: skip


def test_page_says_column_by_column_what_was_found():
    with override("en"):
        page = Template('{% include "listings/found.html" %}').render(Context({"report": REPORT}))
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))
    assert text.index("电话 Column “电话” holds mobile") < text.index("Several columns together")
    assert "mobile phone number" in text and "likely It follows the numbering plan" in text
    assert "Column “站” holds precise coordinates" in text and "Column “键” holds digests or tokens" in text
    assert "readable text" not in text  # what fails is among the reasons
    assert "linking with what is known look at it 10% 5% – 20% 1%" in text


def test_report_from_before_says_what_it_can():
    page = Template('{% include "listings/found.html" %}').render(Context({"report": {"reasons": []}}))
    assert "<table" not in page and "note" not in page
