"""The buyer's systems: only who is named on a grant gets data through the API."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts import operations as accounts
from accounts.models import Credential
from marketplace.applications import operations
from marketplace.applications.models import GrantSystem
from marketplace.delivery.models import AccessRecord, Delivery
from marketplace.errors import InvalidState, NotAllowed
from tests.api.conftest import Partner, credential_in
from tests.applications.test_dialogue import told
from tests.workflow.matrix import rows


@pytest.fixture(autouse=True)
def _now(world):
    with time_machine.travel(world.at, tick=False):
        yield


def asked(world, one, grant):
    """(download, its code, in effect for this system, why)"""
    answer = one.get(f"grants/{grant.pk}/versions/1/download.csv")
    seen = one.get(f"grants/{grant.pk}/in-effect/", at=world.at.isoformat()).json()
    if answer.status_code == 200:
        list(answer.streaming_content)
    code = "ok" if answer.status_code == 200 else answer.json()["code"]
    return answer.status_code, code, seen["in_effect"], seen["code"]


def test_an_unnamed_system_is_refused_and_recorded(world, partner, grant):
    one = partner("buyer", scopes=("read",))
    assert asked(world, one, grant) == (403, "system_not_named", False, "system_not_named")
    record = AccessRecord.objects.get()
    assert (record.outcome, record.code, record.principal_ref) == (
        "refused",
        "system_not_named",
        world["buyer"].ledger_ref,
    )
    assert not Delivery.objects.exists()


def test_naming_opens_and_dropping_shuts_at_once(world, partner, grant):
    one, other = partner("buyer", scopes=("read",)), partner("buyer", scopes=("read",))
    mine = credential_in(world, one)
    who = {"grant": grant, "actor": world["buyer"], "at": world.at, "credential": mine}
    first = operations.name_system(**who)
    assert (first.number, first.kind, first.before, first.after) == (
        2,
        "systems",
        {"systems": []},
        {"systems": [str(mine)]},
    )
    assert asked(world, one, grant) == (200, "ok", True, "ok")
    assert asked(world, other, grant) == (403, "system_not_named", False, "system_not_named")
    with pytest.raises(InvalidState):
        operations.name_system(**who)
    second = operations.drop_system(**who)
    assert (second.number, second.after) == (3, {"systems": []})
    assert asked(world, one, grant)[:2] == (403, "system_not_named")
    before = rows()
    with pytest.raises(InvalidState):
        operations.drop_system(**who)
    assert rows() == before
    assert told("grant_systems") == sorted(["conflicted-officer", "officer", "second-officer"] * 2)


def test_a_new_key_of_a_named_system_may_as_the_old_one(world, partner, grant):
    one = partner("buyer", scopes=("read",))
    operations.name_system(grant=grant, actor=world["buyer"], at=world.at, credential=credential_in(world, one))
    for _ in range(2):  # a key that replaces a key that replaced one
        old = Credential.objects.filter(later_keys=None, name="system").latest("pk")
        newer, key = accounts.rotate_credential(credential=old, actor=world["buyer"], at=world.at, overlap_hours=24)
        assert asked(world, Partner(key, world["buyer"]), grant) == (200, "ok", True, "ok")
    assert asked(world, one, grant)[0] == 200  # still in its overlap
    operations.drop_system(grant=grant, actor=world["buyer"], at=world.at, credential=newer)
    assert (asked(world, Partner(key, world["buyer"]), grant)[0], asked(world, one, grant)[0]) == (403, 403)


def test_a_name_ends_with_its_day(world, partner, grant):
    one = partner("buyer", scopes=("read",))
    operations.name_system(
        grant=grant, actor=world["buyer"], at=world.at, credential=credential_in(world, one), until=world.at.date()
    )
    later = (world.at + timedelta(days=1)).isoformat()
    assert one.get(f"grants/{grant.pk}/in-effect/", at=world.at.isoformat()).json()["code"] == "ok"
    assert one.get(f"grants/{grant.pk}/in-effect/", at=later).json()["code"] == "system_not_named"


def test_only_living_credentials_of_the_buyer_are_named_by_its_people(world, partner, grant):
    own, foreign = credential_in(world, partner("buyer")), credential_in(world, partner("other_buyer"))
    ended = credential_in(world, partner("buyer"))
    accounts.revoke_credential(credential=ended, actor=world["buyer"], at=world.at)
    who = {"grant": grant, "actor": world["buyer"], "at": world.at}
    before = rows()
    for wrong in ({"credential": foreign}, {"credential": Credential.objects.get(pk=ended.pk)},
                  {"credential": own, "until": grant.ends + timedelta(days=1)}):  # fmt: skip
        with pytest.raises(ValidationError):
            operations.name_system(**who, **wrong)
    for stranger in ("other_buyer", "seller", "officer"):
        with pytest.raises(NotAllowed):
            operations.name_system(**who | {"actor": world[stranger]}, credential=own)
    assert rows() == before and not GrantSystem.objects.exists()


def test_the_naming_needs_the_scope_to_act_and_shows_no_foreign_key(world, partner, grant):
    reader, actor = partner("buyer", scopes=("read", "write")), partner("buyer")
    foreign = credential_in(world, partner("other_buyer"))
    address = f"grants/{grant.pk}/name-system/"
    assert reader.post(address, {"credential": credential_in(world, reader).pk}).json()["code"] == "scope_missing"
    assert actor.post(address, {"credential": foreign.pk}).status_code == 422
    assert actor.post(address, {"credential": credential_in(world, reader).pk}).status_code == 200
    assert asked(world, reader, grant)[0] == 200


def test_other_parties_ask_whether_the_grant_is_in_effect_at_all(world, partner, grant):
    assert partner("seller").get(f"grants/{grant.pk}/in-effect/", at=world.at.isoformat()).json()["code"] == "ok"
