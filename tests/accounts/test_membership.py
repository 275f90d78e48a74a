"""Invitations, roles, deputies, leaving: who may take whom in and out, and that a party keeps an owner."""

import re
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import operations, permissions
from accounts.models import Assignment, Invitation, Membership, User
from marketplace.applications import operations as applications
from marketplace.errors import InvalidState, NotAllowed, StaleState
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.notices.operations import send_due
from tests.actors import World
from tests.pages.conftest import BACKEND
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

DAY = timedelta(days=1)


def login(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def held(world: World, who: str, party: str = "buyer") -> Membership:
    return Membership.objects.get(user=world[who], party=world.parties[party], deputy_for=None)


def invite(world: World, email: str, *, by: str = "buyer", role: str = "member", at=None) -> Invitation:
    return operations.invite_member(
        party=world.parties["buyer"], email=email, role=role, actor=world[by], at=at or timezone.now()
    )


def add(world: World, who: str, role: str) -> Membership:
    return operations.add_member(
        party=world.parties["buyer"], user=world[who], role=role, actor=world["buyer"], at=world.at
    )


# --- invitations ---------------------------------------------------------------------------------------------------


def test_invitation_goes_out_by_mail_and_its_link_makes_a_member_once(world):
    made = invite(world, world["seller"].email.upper())
    send_due(at=timezone.now())
    letter = next(message for message in mail.outbox if message.to == [world["seller"].email.upper()])
    address = re.search(r"(/invitation/\S+/)", letter.body)[1]
    client = login(world["seller"])
    assert client.get(address).status_code == 200
    assert Membership.objects.filter(user=world["seller"], party=world.parties["buyer"]).count() == 0
    assert client.post(address).url == world.parties["buyer"].get_absolute_url()
    assert held(world, "seller").role == "member"
    assert [client.post(address).status_code, client.get(address).status_code] == [409, 409]
    made.refresh_from_db()
    assert (made.state, made.accepted_by) == ("accepted", world["seller"])
    page = login(world["buyer"]).get(world.parties["buyer"].get_absolute_url())
    assert list(page.context["invitations"]) == [] and world["seller"].name in page.content.decode()
    verbs = Entry.objects.filter(object_type="accounts.invitation").order_by("pk").values_list("verb", "old", "new")
    assert list(verbs) == [("invite", "", "open"), ("accept", "open", "accepted")]
    assert world["seller"].email.lower() not in "".join(
        Entry.objects.exclude(detail=None).values_list("detail__json", flat=True)
    )


def test_invitation_is_for_the_proven_owner_of_the_address_only(world):
    made = invite(world, world["seller"].email)
    assert login(world["provider"]).post(made.get_absolute_url()).status_code == 403
    assert Client().get(made.get_absolute_url()).url.startswith("/accounts/login/")
    EmailAddress.objects.filter(user=world["seller"]).update(verified=False)
    with pytest.raises(NotAllowed):
        operations.accept_invitation(invitation=made, actor=world["seller"], at=timezone.now())
    assert Invitation.objects.get(pk=made.pk).state == "open"


def test_invitation_expires_on_the_minute(world):
    made = invite(world, world["seller"].email)
    who = {"invitation": made, "actor": world["seller"]}
    with pytest.raises(InvalidState):
        operations.accept_invitation(**who, at=made.created_at + 14 * DAY)
    operations.accept_invitation(**who, at=made.created_at + 14 * DAY - timedelta(minutes=1))


def test_page_says_which_invitation_is_open_and_which_expired(world):
    at = timezone.now()
    invite(world, "new@example.org", at=at)
    invite(world, "old@example.org", at=at - 15 * DAY)
    page = login(world["buyer"]).get(world.parties["buyer"].get_absolute_url()).content.decode()
    said = {line.split(",")[0].split(">")[-1]: line for line in page.splitlines() if "@example.org" in line}
    over = {who: any(word in said[f"{who}@example.org"] for word in ("expired on", "已过期")) for who in ("new", "old")}
    assert over == {"new": False, "old": True}


def test_revoked_replaced_and_unknown_links_lead_nowhere(world):
    first = invite(world, world["seller"].email)
    second = invite(world, world["seller"].email.upper())
    operations.revoke_invitation(
        party=world.parties["buyer"], invitation=second, actor=world["buyer"], at=timezone.now()
    )
    client = login(world["seller"])
    assert [client.post(one.get_absolute_url()).status_code for one in (first, second)] == [409, 409]
    assert client.get("/invitation/no-such-token/").status_code == 404


def test_revoked_between_look_and_accept_is_stale(world):
    made = invite(world, world["seller"].email)
    Invitation.objects.filter(pk=made.pk).update(state="revoked")
    with pytest.raises(StaleState):
        operations.accept_invitation(invitation=made, actor=world["seller"], at=timezone.now())
    assert not Membership.objects.filter(user=world["seller"], party=world.parties["buyer"]).exists()


def test_who_is_in_already_is_not_taken_in_twice(world):
    made = invite(world, world["conflicted_officer"].email)
    with pytest.raises(InvalidState):
        operations.accept_invitation(invitation=made, actor=world["conflicted_officer"], at=timezone.now())


def test_manager_invites_no_owner_and_member_and_auditor_nobody(world):
    add(world, "provider", "manager"), add(world, "seller", "auditor")
    assert invite(world, "a@x.example", by="provider", role="manager").state == "open"
    for who, role in (("provider", "owner"), ("conflicted_officer", "member"), ("seller", "auditor")):
        with pytest.raises(NotAllowed):
            invite(world, "b@x.example", by=who, role=role)
    assert Invitation.objects.count() == 1


def test_invitation_of_another_party_in_the_form_is_unknown(world):
    other = operations.invite_member(
        party=world.parties["developer"], email="c@x.example", role="member", actor=world["seller"], at=timezone.now()
    )
    answer = login(world["buyer"]).post(
        f"/party/{world.parties['buyer'].pk}/revoke-invitation/", {"invitation": other.pk}
    )
    assert (answer.status_code, Invitation.objects.get(pk=other.pk).state) == (422, "open")


# --- roles and leaving ---------------------------------------------------------------------------------------------


def test_last_owner_is_neither_demoted_nor_let_go(world):
    party, owner = world.parties["buyer"], held(world, "buyer")
    who = {"party": party, "membership": owner, "actor": world["buyer"], "at": world.at}
    for act in (operations.end_membership, lambda **fields: operations.change_role(**fields, role="member")):
        with pytest.raises(InvalidState):
            act(**who)
    add(world, "provider", "owner")
    operations.change_role(**who, role="member")
    assert held(world, "buyer").role == "member"


def test_owner_with_an_end_or_a_dead_account_or_a_deputy_does_not_count(world):
    second = add(world, "provider", "owner")
    who = {"party": world.parties["buyer"], "membership": held(world, "buyer"), "actor": world["buyer"]}
    Membership.objects.filter(pk=second.pk).update(valid_until=date(2030, 1, 1))
    with pytest.raises(InvalidState):
        operations.end_membership(**who, at=world.at)
    Membership.objects.filter(pk=second.pk).update(valid_until=None)
    User.objects.filter(pk=world["provider"].pk).update(is_active=False)
    with pytest.raises(InvalidState):
        operations.end_membership(**who, at=world.at)


def test_manager_touches_no_owner_and_members_leave_by_themselves(world):
    add(world, "provider", "manager")
    fields = {"party": world.parties["buyer"], "actor": world["provider"], "at": world.at}
    with pytest.raises(NotAllowed):
        operations.end_membership(**fields, membership=held(world, "buyer"))
    with pytest.raises(NotAllowed):
        operations.change_role(**fields, membership=held(world, "conflicted_officer"), role="owner")
    mine = held(world, "conflicted_officer")
    operations.end_membership(
        party=world.parties["buyer"], membership=mine, actor=world["conflicted_officer"], at=world.at
    )
    assert held(world, "conflicted_officer").valid_until == date(2026, 3, 17)


def test_membership_of_another_party_is_refused_and_unknown_in_the_form(world):
    foreign = held(world, "seller", "developer")
    with pytest.raises(NotAllowed):
        operations.change_role(
            party=world.parties["buyer"], membership=foreign, role="member", actor=world["buyer"], at=world.at
        )
    answer = login(world["buyer"]).post(
        f"/party/{world.parties['buyer'].pk}/change-role/", {"membership": foreign.pk, "role": "auditor"}
    )
    assert answer.status_code == 422
    assert held(world, "seller", "developer").role == "owner"


# --- deputies ------------------------------------------------------------------------------------------------------


def appoint(world: World, absent: str = "officer", deputy: str = "second_officer", **days: date) -> Membership:
    return operations.appoint_deputy(
        party=world.parties["city"], membership=held(world, absent, "city"), deputy=held(world, deputy, "city"),
        actor=world[absent], at=world.at,
        **{"valid_from": date(2026, 3, 18), "valid_until": date(2026, 3, 20)} | days,
    )  # fmt: skip


def test_deputy_works_on_the_cases_of_the_absent_on_these_days_and_both_are_named(world):
    case, at = stages.application(world, "accepted")
    appoint(world)
    who = {"application": case, "actor": world["second_officer"]}
    for outside in (at, at + 4 * DAY):
        with pytest.raises(NotAllowed):
            applications.consult_units(**who, at=outside)
    applications.consult_units(**who, at=at + DAY)
    entry = Entry.objects.filter(verb="consult", object_type="applications.application").get()
    assert entry.actor_ref == world["second_officer"].ledger_ref
    assert f'"acting_for":"{world["officer"].ledger_ref}"' in entry.detail.json
    page = login(world["second_officer"]).get(case.get_absolute_url()).content.decode()
    assert "黄琳代陈文" in page


def test_deputy_of_an_owner_has_the_role_and_acts_as_oneself_where_that_is_enough(world):
    add(world, "provider", "member")
    operations.appoint_deputy(
        party=world.parties["buyer"], membership=held(world, "buyer"), deputy=held(world, "provider"),
        valid_from=date(2026, 3, 17), valid_until=date(2026, 3, 18), actor=world["buyer"], at=world.at,
    )  # fmt: skip
    provider = world["provider"]
    permissions.check_member(provider, world.parties["buyer"], world.at)
    assert provider.acting_for == ""
    permissions.check_member(provider, world.parties["buyer"], world.at, roles=("owner",))
    assert provider.acting_for == world["buyer"].ledger_ref
    with pytest.raises(NotAllowed):
        permissions.check_member(provider, world.parties["buyer"], world.at + 2 * DAY, roles=("owner",))
    assert ledger.begin("x", provider, world.at).acting_for == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"deputy": "officer"},
        {"valid_from": date(2026, 3, 1)},
        {"valid_until": date(2026, 3, 17)},
    ],
)
def test_wrong_deputies_are_refused(world, changes):
    with pytest.raises(ValidationError):
        appoint(world, **changes)
    assert not Membership.objects.exclude(deputy_for=None).exists()


def test_auditor_is_no_deputy_and_a_colleague_names_none_for_others(world):
    Membership.objects.filter(user=world["second_officer"]).update(role="auditor")
    with pytest.raises(ValidationError):
        appoint(world)
    with pytest.raises(NotAllowed):
        operations.appoint_deputy(
            party=world.parties["city"], membership=held(world, "officer", "city"),
            deputy=held(world, "conflicted_officer", "city"), valid_from=date(2026, 3, 18),
            valid_until=date(2026, 3, 18), actor=world["conflicted_officer"], at=world.at,
        )  # fmt: skip


def test_deputy_who_becomes_an_auditor_writes_in_nobodys_place_any_more(world):
    appoint(world)
    second, city = world["second_officer"], world.parties["city"]
    operations.change_role(
        party=city, membership=held(world, "second_officer", "city"), role="auditor", actor=world["officer"],
        at=world.at,
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        permissions.check_member(second, city, world.at + DAY)


def test_deputy_ends_with_either_membership(world):
    made = appoint(world)
    party = world.parties["city"]
    operations.end_membership(
        party=party, membership=held(world, "second_officer", "city"), actor=world["officer"], at=world.at
    )
    made.refresh_from_db()
    assert made.valid_until == date(2026, 3, 17)


# --- handing over --------------------------------------------------------------------------------------------------


def hand_over(world: World, to: str = "second_officer", by: str = "officer") -> None:
    applications.hand_over_cases(
        party=world.parties["city"], officer=held(world, "officer", "city"), successor=held(world, to, "city"),
        actor=world[by], at=world.at, reason="调离",
    )  # fmt: skip


def test_all_open_cases_pass_in_one_act_and_guardian_follows(world):
    first, at = stages.application(world, "accepted")
    second, _at = stages.application(world, "under_review")
    over, _at = stages.application(world, "decided")
    hand_over(world)
    open_rows = Assignment.objects.filter(ended_at=None)
    assert {row.object_id: row.user for row in open_rows} == {
        str(first.pk): world["second_officer"], str(second.pk): world["second_officer"], str(over.pk): world["officer"],
    }  # fmt: skip
    entries = Entry.objects.filter(verb="hand_over")
    assert sorted(entries.values_list("object_id", flat=True)) == sorted([str(first.pk), str(second.pk)])
    assert len(set(entries.values_list("operation_id", flat=True))) == 1
    applications.consult_units(application=first, actor=world["second_officer"], at=at)
    with pytest.raises(NotAllowed):
        applications.begin_review(application=second, actor=world["officer"], at=at)


def test_successor_with_a_conflict_gets_nothing_and_nothing_passes(world):
    stages.application(world, "accepted")
    last = Entry.objects.count()
    with pytest.raises(InvalidState):
        hand_over(world, to="conflicted_officer")
    assert Entry.objects.count() == last
    assert Assignment.objects.get(ended_at=None).user == world["officer"]


def test_without_cases_or_by_a_colleague_nothing_is_handed_over(world):
    with pytest.raises(InvalidState):
        hand_over(world)
    stages.application(world, "accepted")
    with pytest.raises(NotAllowed):
        hand_over(world, by="second_officer")


# --- auditors ------------------------------------------------------------------------------------------------------


def test_auditor_of_everything_may_do_no_verb_of_any_table(world):
    """Whatever the table and the state, reading is all."""
    from tests.workflow.tables import MATRICES, states

    auditor = operations.set_up_account(at=world.at, email="auditor@test.example", name="审计", password=None)
    for noun, table in MATRICES.items():
        with transaction.atomic():  # each stage is set up alone: two may register the same party
            obj, at = table.reach(world, states(noun)[0])
            Membership.objects.bulk_create(
                Membership(user=auditor, party=party, role="auditor", valid_from=date(2020, 1, 1))
                for party in type(world.parties["buyer"]).objects.exclude(memberships__user=auditor)
            )
            for verb in table.verbs.verbs:
                fields = table.says[verb.name].fields(world, obj, at) if verb.name in ("invite", "declare") else {}
                if verb.name == "end_membership" or verb.name == "appoint_deputy":
                    continue  # anybody leaves by themselves; for others see above
                with pytest.raises(NotAllowed):
                    verb.check(auditor, obj, at)
                if fields:
                    with pytest.raises(NotAllowed):
                        table.verbs.perform(verb, obj, auditor, at, **fields)
            transaction.set_rollback(True)
