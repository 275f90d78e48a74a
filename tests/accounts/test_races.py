"""Two at once, where a count or a single use decides. Threads with connections of their own, as in the journeys."""

import time
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import operations
from accounts.models import Invitation, Membership, Party, User
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from tests.races.together import one_won, together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8 if connection.vendor == "postgresql" else 3


def test_two_owners_leaving_at_once_leave_one(world):
    party = world.parties["buyer"]
    second = operations.add_member(party=party, user=world["provider"], role="owner", actor=world["buyer"], at=world.at)
    first = Membership.objects.get(user=world["buyer"], party=party)
    for _round in range(ROUNDS):
        Membership.objects.filter(pk__in=(first.pk, second.pk)).update(valid_until=None)
        outcomes = together(*(_leaving(pk, world.at) for pk in (first.pk, second.pk)))
        one_won(outcomes)
        assert Membership.objects.filter(party=party, role="owner", valid_until=None).count() == 1


def _leaving(pk, at):
    membership = Membership.objects.select_related("party", "user").get(pk=pk)
    return lambda: operations.end_membership(
        party=membership.party, membership=membership, actor=User.objects.get(pk=membership.user_id), at=at
    )


def test_invitation_accepted_twice_at_once_makes_one_member(world):
    at = timezone.now()
    for number in range(ROUNDS):
        made = operations.invite_member(
            party=world.parties["buyer"], email=world["seller"].email, role="member", actor=world["buyer"],
            at=at + timedelta(minutes=number),
        )  # fmt: skip
        outcomes = together(*[_accepting(made.pk, world["seller"].pk, at) for _twice in range(2)])
        one_won(outcomes)
        joined = Membership.objects.filter(user=world["seller"], party=world.parties["buyer"], valid_until=None)
        assert joined.count() == 1
        joined.delete()


def _accepting(pk, user, at):
    def act():
        invitation = Invitation.objects.select_related("party").get(pk=pk)
        return operations.accept_invitation(invitation=invitation, actor=User.objects.get(pk=user), at=at)

    return act


def test_one_person_registering_twice_at_once_is_registered_once(world):
    region = world.parties["city"].region

    def act():
        return operations.register_party(
            actor=User.objects.get(pk=world["buyer"].pk), at=world.at, name="张悦", region=region, kind="person",
            id_kind="resident", id_number="11010519491231002X",
        )  # fmt: skip

    one_won(together(act, act), InvalidState)
    assert Party.objects.filter(kind="person").count() == 1


def test_one_person_registering_anew_while_the_refusal_is_reopened_is_registered_once(world):
    """With another document, so that only the person says that it is the same."""
    who = {"at": world.at, "name": "张悦", "region": world.parties["city"].region, "kind": "person"}
    refused = operations.register_party(actor=world["buyer"], id_kind="resident", id_number="11010519491231002X", **who)
    operations.refuse_party(party=refused, actor=world["operator"], at=world.at, reason="不清", remedy="可复核")

    def register():
        with transaction.atomic():
            actor = User.objects.get(pk=world["buyer"].pk)
            operations.register_party(actor=actor, id_kind="passport", id_number="E12345678", **who)
            time.sleep(0.5)  # registered, and not seen by the other yet

    def reopen():
        time.sleep(0.2)
        with transaction.atomic():
            party = Party.objects.get(pk=refused.pk)
            operations.reopen_party(ledger.begin("annul", world["operator"], world.at), party, "理由充分")

    one_won(together(register, reopen), InvalidState)
    assert Party.objects.filter(kind="person").exclude(state="refused").count() == 1
