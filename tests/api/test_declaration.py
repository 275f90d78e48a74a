"""The declaration of irreversibility (Art. 17) over HTTP."""

import pytest

from tests.workflow import stages

pytestmark = pytest.mark.django_db


def test_the_api_takes_and_gives_the_declaration(world, partner):
    made, _at = stages.version(world, "assessed")
    seller = partner("seller")
    said = {"tool_version": "2.4", "pseudonyms": "随机代号", "pseudonym_columns": ["区县"]}
    answer = seller.post(f"versions/{made.pk}/describe/", said)
    assert answer.status_code == 200, answer.json()
    told = seller.get(f"versions/{made.pk}/").json()
    assert {name: told[name] for name in said} == said
    assert (told["key_is_kept"], told["key_kept_by"], told["key_kept_where"]) == (False, "", "")
    kept = seller.post(f"versions/{made.pk}/describe/", {"key_is_kept": True})
    assert kept.status_code == 422 and set(kept.json()["errors"]) == {"key_kept_by", "key_kept_where"}
