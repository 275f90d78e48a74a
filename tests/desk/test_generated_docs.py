"""Documents that stay true."""

import re

import pytest
from django.conf import settings
from django.db import connection

from marketplace.desk.generated_docs import documents


@pytest.mark.django_db  # some forms look for their choices
def test_generated_documents_are_fresh():
    for name, text in documents().items():
        if name == "openapi.yaml" and connection.vendor != "sqlite":
            continue  # it was written on SQLite, whose whole numbers are larger
        assert (settings.BASE_DIR / "docs" / name).read_text(encoding="utf-8") == text, (
            f"run manage.py generate_docs ({name})"
        )


def test_conformance_names_only_tests_that_exist():
    text = (settings.BASE_DIR / "docs" / "conformance.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert len(named) > 30
    missing = [
        f"{file}::{name}"
        for file, name in named
        if f"def {name}(" not in (settings.BASE_DIR / file).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_conformance_answers_for_every_article_that_binds_the_site():
    text = (settings.BASE_DIR / "docs" / "conformance.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| .+ \| (.+) \|$", text, re.MULTILINE)
    assert {5, 10, *range(13, 18), *range(31, 37), 40, 43, 45, 46, 47} <= {int(article) for article, _proof in rows}
    assert all(proof == "not yet" or "::test_" in proof for _article, proof in rows)
