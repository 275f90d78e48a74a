import re

import pytest

from listings.deidentification.identifiers import KINDS
from listings.deidentification.reasons import REASONS, Unreadable, sentence, shown


@pytest.mark.parametrize("code", REASONS)
def test_every_template_fills_with_its_named_parameters(code):
    names = re.findall(r"%\((\w+)\)s", REASONS[code])
    filled = sentence(code, {name: f"<{name}>" for name in names})
    assert all(f"<{name}>" in filled for name in names)
    assert "%(" not in filled
    assert filled.endswith((".", "."))


def test_every_kind_has_its_sentences():
    for kind in KINDS:
        assert f"{kind}_found" in REASONS
        assert f"{kind}_in_name" in REASONS


def test_an_exception_carries_its_sentence():
    error = Unreadable("ragged", line=3, expected=2, found=1)
    assert str(error) == error.text == "Line 3 has 1 fields where 2 were expected."


def test_shown_names_are_masked_and_short():
    assert shown("age") == "age"
    assert shown("20240101") == "20240101"
    assert shown("138 0013 8000") == "138******00"
    assert len(shown("n" * 200)) == 60
