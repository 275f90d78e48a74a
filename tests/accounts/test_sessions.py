"""Where a person is logged in, and out again."""

from allauth.usersessions.models import UserSession
from django.test import Client

from marketplace.ledger.models import Entry
from tests.actors import PASSWORD, World


def enter(world: World, key: str) -> Client:
    client = Client(headers={"user-agent": f"Browser of {key}"})
    client.post("/accounts/login/", {"login": world[key].email, "password": PASSWORD})
    return client


def test_one_browser_is_logged_out_and_the_other_stays(world: World):
    here, there = enter(world, "buyer"), enter(world, "buyer")
    other = UserSession.objects.get(session_key=there.session.session_key)
    assert len(here.get("/account/sessions/").context["sessions"]) == 2
    assert here.post(f"/account/sessions/{other.pk}/end/").url == "/account/sessions/"
    assert there.get("/todo/").status_code == 302
    assert here.get("/todo/").status_code == 200
    assert Entry.objects.filter(verb="end_sessions", actor_ref=world["buyer"].ledger_ref).count() == 1


def test_logged_out_everywhere_means_here_too(world: World):
    clients = [enter(world, "buyer") for _number in range(3)]
    assert clients[0].post("/account/sessions/end-all/").url == "/accounts/login/"
    assert [client.get("/todo/").status_code for client in clients] == [302, 302, 302]
    assert not UserSession.objects.filter(user=world["buyer"]).exists()


def test_sessions_of_others_are_not_there(world: World):
    mine, theirs = enter(world, "buyer"), enter(world, "seller")
    session = UserSession.objects.get(user=world["seller"])
    assert mine.post(f"/account/sessions/{session.pk}/end/").status_code == 404
    assert theirs.get("/todo/").status_code == 200


def test_only_post_ends_a_session_and_nobody_is_sent_to_log_in(world: World):
    client = enter(world, "buyer")
    session = UserSession.objects.get(user=world["buyer"])
    addresses = (f"/account/sessions/{session.pk}/end/", "/account/sessions/end-all/")
    assert [client.get(address).status_code for address in addresses] == [405, 405]
    assert [Client().post(address).url.split("?")[0] for address in addresses] == ["/accounts/login/"] * 2
