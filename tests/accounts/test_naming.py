"""A system names only who agreed to it, for this key, until withdrawn."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts import operations, queries
from accounts.models import Naming
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from tests.accounts.test_credentials import create
from tests.workflow.matrix import last_entry, rows


@pytest.fixture
def made(world):
    return create(world, scopes=["read", "write", "act"])[0]


def agree(world, made, who="buyer", at=None):
    return operations.agree_to_be_named(credential=made, actor=world[who], at=at or world.at)


def test_nobody_is_named_before_they_agree_and_the_responsible_person_is_asked(world, made):
    assert not queries.has_agreed(made, world["buyer"])
    asked = Outbox.objects.get(kind="naming_asked", channel="page")
    assert (asked.recipient_ref, asked.link) == (world["buyer"].ledger_ref, "/account/systems/")
    last = last_entry()
    agree(world, made)
    assert queries.has_agreed(made, world["buyer"])
    assert not queries.has_agreed(made, world["conflicted_officer"])
    entry = Entry.objects.get(pk__gt=last)
    assert (entry.verb, entry.actor_ref, entry.object_type) == (
        "agree_to_be_named", world["buyer"].ledger_ref, "accounts.naming",
    )  # fmt: skip


def test_agreement_is_for_one_key_and_until_withdrawn_and_may_be_given_again(world, made):
    other, _key = create(world)
    agree(world, made)
    assert not queries.has_agreed(other, world["buyer"])
    operations.withdraw_from_naming(credential=made, actor=world["buyer"], at=world.at)
    assert not queries.has_agreed(made, world["buyer"])
    before = rows()
    with pytest.raises(InvalidState):
        operations.withdraw_from_naming(credential=made, actor=world["buyer"], at=world.at)
    assert rows() == before
    agree(world, made)
    assert Naming.objects.filter(credential=made).count() == 2
    with pytest.raises(InvalidState):
        agree(world, made)


@pytest.mark.parametrize("who", ["other_buyer", "officer", "operator", "seller"])
def test_only_who_acts_for_the_party_agrees(world, made, who):
    before = rows()
    with pytest.raises(NotAllowed):
        agree(world, made, who)
    assert rows() == before


def test_nobody_agrees_through_a_system_nor_to_an_ended_key(world, made):
    before = rows()
    with pytest.raises(NotAllowed):
        operations.agree_to_be_named(credential=made, actor=queries.acting(made, world["buyer"]), at=world.at)
    world["buyer"].credential = None
    with pytest.raises(InvalidState):
        agree(world, made, at=world.at + timedelta(days=366))
    assert rows() == before


def test_a_rotated_key_may_name_who_the_old_one_may_and_nobody_who_withdrew(world, made):
    agree(world, made)
    agree(world, made, "conflicted_officer")
    operations.withdraw_from_naming(credential=made, actor=world["conflicted_officer"], at=world.at)
    second, _key = operations.rotate_credential(credential=made, actor=world["buyer"], at=world.at, overlap_hours=1)
    assert queries.has_agreed(second, world["buyer"])
    assert not queries.has_agreed(second, world["conflicted_officer"])


def test_who_left_may_still_withdraw(world, made):
    agree(world, made, "conflicted_officer")
    left = world.parties["buyer"].memberships.get(user=world["conflicted_officer"])
    operations.end_membership(party=left.party, membership=left, actor=world["buyer"], at=world.at - timedelta(days=1))
    assert list(queries.systems_of(world["conflicted_officer"], world.at)) == [made]
    operations.withdraw_from_naming(credential=made, actor=world["conflicted_officer"], at=world.at)
    assert list(queries.systems_of(world["conflicted_officer"], world.at)) == []


def test_the_page_lists_what_could_name_me_and_agrees_by_post(world, made):
    create(world, scopes=["read"])  # names nobody
    client = Client()
    client.force_login(world["buyer"])
    page = client.get("/account/systems/")
    assert [(row.pk, agreed) for row, agreed in page.context["systems"]] == [(made.pk, False)]
    assert client.get(f"/account/systems/{made.pk}/agree/").status_code == 405
    assert client.post(f"/account/systems/{made.pk}/agree/").status_code == 302
    assert queries.has_agreed(made, world["buyer"])
    assert client.post(f"/account/systems/{made.pk}/withdraw/").status_code == 302
    assert not queries.has_agreed(made, world["buyer"])
    client.force_login(world["other_buyer"])
    for verb in ("agree", "withdraw"):
        assert client.post(f"/account/systems/{made.pk}/{verb}/").status_code == 404


def test_agreeing_takes_a_second_factor_where_the_site_asks_for_one(world, made, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    client = Client()
    client.force_login(world["buyer"])  # bound to none, and without a factor
    answer = client.post(f"/account/systems/{made.pk}/agree/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/")
    assert not queries.has_agreed(made, world["buyer"])
