"""Credentials: who makes, changes and ends a key, and when it opens."""

import re
from datetime import datetime, time, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts import operations, queries
from accounts.models import Credential, Party
from marketplace.clock.working_days import SHANGHAI
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from tests.workflow.matrix import last_entry, rows


def create(world, *, who="buyer", at=None, **changes):
    at = at or world.at
    fields = {
        "party": world.parties["buyer"], "name": "数据平台", "responsible": world["buyer"], "scopes": ["read", "act"],
        "expires_at": at + timedelta(days=365),
    }  # fmt: skip
    return operations.create_credential(actor=world[who], at=at, **{**fields, **changes})


def verbs_since(last: int) -> list[str]:
    return list(Entry.objects.filter(pk__gt=last).order_by("pk").values_list("verb", flat=True))


def test_key_opens_its_credential_and_is_kept_nowhere(world):
    last = last_entry()
    made, key = create(world)
    assert re.fullmatch(r"minshu_[\w-]{43}", key)
    assert queries.credential_of(key, world.at) == made
    assert queries.credential_of(key[:-1], world.at) is None
    assert (made.key_prefix, made.scopes, made.created_by) == (key[:12], ["act", "read"], world["buyer"])
    assert key not in repr(rows())
    entry = Entry.objects.get(pk__gt=last)
    assert (entry.verb, entry.object_type, entry.object_id) == (
        "create_credential",
        "accounts.credential",
        str(made.pk),
    )
    assert key not in entry.detail.json and made.key_hash not in entry.detail.json


@pytest.mark.parametrize("who", ["other_buyer", "officer", "operator", "conflicted_officer"])
def test_only_owners_and_managers_keep_credentials(world, who):
    """The conflicted officer is a plain member of the buyer."""
    made, _key = create(world)
    before = rows()
    with pytest.raises(NotAllowed):
        create(world, who=who)
    with pytest.raises(NotAllowed):
        operations.rotate_credential(credential=made, actor=world[who], at=world.at, overlap_hours=1)
    with pytest.raises(NotAllowed):
        operations.revoke_credential(credential=made, actor=world[who], at=world.at)
    assert rows() == before


def test_a_partners_system_keeps_no_credentials(world):
    made, _key = create(world)
    through = queries.acting(made, world["buyer"])
    with pytest.raises(NotAllowed):
        operations.create_credential(
            party=made.party, actor=through, at=world.at, name="x", responsible=through, scopes=["act"],
            expires_at=made.expires_at,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["root"]}),
        ("responsible", {"responsible": "other_buyer"}),
        ("expires_at", {"expires_at": timedelta(0)}),
        ("expires_at", {"expires_at": timedelta(days=732)}),
    ],
)
def test_credential_without_bounds_is_refused(world, field, changes):
    given = {
        "responsible": lambda key: world[key],
        "expires_at": lambda delta: world.at + delta,
        "scopes": lambda scopes: scopes,
    }
    before = rows()
    with pytest.raises(ValidationError) as refused:
        create(world, **{name: given[name](value) for name, value in changes.items()})
    assert list(refused.value.message_dict) == [field]
    assert rows() == before


def test_party_that_is_not_verified_gets_no_credential(world):
    Party.objects.filter(pk=world.parties["buyer"].pk).update(state="barred")
    world.parties["buyer"].refresh_from_db()
    with pytest.raises(InvalidState):
        create(world)


def test_after_a_rotation_both_keys_open_until_the_overlap_is_over(world):
    made, old = create(world)
    last = last_entry()
    second, new = operations.rotate_credential(credential=made, actor=world["buyer"], at=world.at, overlap_hours=24)
    assert (second.scopes, second.expires_at, second.name) == (made.scopes, made.expires_at, made.name)
    during, after = world.at + timedelta(hours=23, minutes=59), world.at + timedelta(hours=24)
    assert (queries.credential_of(old, during), queries.credential_of(new, during)) == (made, second)
    assert (queries.credential_of(old, after), queries.credential_of(new, after)) == (None, second)
    assert verbs_since(last) == ["rotate_credential", "rotate_credential"]
    assert len(set(Entry.objects.filter(pk__gt=last).values_list("operation_id"))) == 1


def test_rotation_prolongs_nothing(world):
    made, old = create(world, expires_at=world.at + timedelta(hours=2))
    operations.rotate_credential(credential=made, actor=world["buyer"], at=world.at, overlap_hours=24)
    assert queries.credential_of(old, world.at + timedelta(hours=2)) is None
    with pytest.raises(ValidationError):
        operations.rotate_credential(credential=made, actor=world["buyer"], at=world.at, overlap_hours=169)


def test_revoked_key_opens_nothing_and_is_revoked_once(world):
    made, key = create(world)
    last = last_entry()
    operations.revoke_credential(credential=made, actor=world["buyer"], at=world.at)
    assert queries.credential_of(key, world.at) is None
    with pytest.raises(InvalidState):
        operations.revoke_credential(credential=made, actor=world["buyer"], at=world.at)
    with pytest.raises(InvalidState):
        operations.rotate_credential(credential=made, actor=world["buyer"], at=world.at, overlap_hours=1)
    assert verbs_since(last) == ["revoke_credential"]


def test_through_a_credential_a_person_is_only_of_its_party(world):
    person, at = world["conflicted_officer"], world.at
    assert {p.pk for p in queries.parties_of(person, at)} == {world.parties[key].pk for key in ("city", "buyer")}
    made, _key = create(world, responsible=person)
    through = queries.acting(made, person)
    assert list(queries.parties_of(through, at)) == [world.parties["buyer"]]
    with time_machine.travel(at):
        assert list(Party.objects.visible_to(through)) == [world.parties["buyer"]]
    assert queries.recent_parties(through, at).count() == 2  # own cases are those of all parties
    assert (through.ledger_ref, through.ledger_kind) == (person.ledger_ref, f"partner:{made.pk}")


def page(world, who, address, **data):
    client = Client()
    client.force_login(world[who])
    with time_machine.travel(world.at, tick=False):
        url = f"/party/{world.parties['buyer'].pk}/credentials/{address}"
        return client.post(url, data) if data else client.get(url)


def test_the_pages_show_a_key_once(world):
    until = (world.at + timedelta(days=90)).date()
    answer = page(
        world,
        "buyer",
        "new/",
        name="平台",
        responsible=world["buyer"].pk,
        scopes=["read"],
        expires_at=until.isoformat(),
    )
    shown = re.search(r"minshu_[\w-]{43}", answer.content.decode())
    assert answer.status_code == 201 and answer["Cache-Control"] == "private, no-store" and shown
    made = queries.credential_of(shown[0], world.at)
    assert made.expires_at == datetime.combine(until, time.max, tzinfo=SHANGHAI)
    listed = page(world, "buyer", "").content.decode()
    assert shown[0] not in listed and made.key_prefix in listed
    rotated = page(world, "buyer", f"{made.pk}/rotate/", overlap_hours=1)
    assert rotated.status_code == 201 and re.search(r"minshu_[\w-]{43}", rotated.content.decode())
    revoked = page(world, "buyer", f"{made.pk}/revoke/", go="1")
    assert (revoked.status_code, queries.credential_of(shown[0], world.at)) == (302, None)


def test_the_pages_are_for_managers_and_unseen_by_outsiders(world):
    made, _key = create(world)
    for address in ("", "new/", f"{made.pk}/rotate/", f"{made.pk}/revoke/"):
        assert page(world, "other_buyer", address).status_code == 404
        assert page(world, "conflicted_officer", address).status_code == 403
        assert page(world, "operator", address).status_code == 403
        assert page(world, "buyer", address).status_code == 200
        assert Client().get(f"/party/{made.party_id}/credentials/{address}").status_code == 302
    assert page(world, "buyer", "999/revoke/", go="1").status_code == 404
    others, _key = create(
        world, who="other_buyer", party=world.parties["other_buyer"], responsible=world["other_buyer"]
    )
    assert page(world, "buyer", f"{others.pk}/revoke/", go="1").status_code == 404
    assert Credential.objects.filter(revoked_at=None).count() == 2
    assert page(world, "buyer", "new/", name="").status_code == 422
