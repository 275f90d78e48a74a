"""A new site is started once."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Capability, Membership, Party, User
from marketplace.ledger.models import Entry
from tests.actors import World

OPTIONS = {
    "organisation": "闽数平台有限公司", "uscc": "91350100MA00000067", "name": "周运", "email": "zhou@site.example",
    "valid_until": "2036-12-31",
}  # fmt: skip
PASSWORD = "a-long-way-from-home"


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("OPERATOR_PASSWORD", PASSWORD)


@pytest.fixture
def empty(world: World) -> None:
    """No operator yet."""
    Capability.objects.filter(kind="operator").delete()


def test_operator_is_founded_verified_and_its_person_logs_in(empty):
    call_command("create_operator", **OPTIONS)
    user = User.objects.get(email=OPTIONS["email"])
    party = Membership.objects.get(user=user, role="owner").party
    assert (party.name, party.state, party.region_id) == (OPTIONS["organisation"], "verified", "350000")
    assert (user.is_superuser, user.is_staff) == (False, False)
    client = Client()
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).url == "/todo/"
    assert client.get("/parties/?state=applied").status_code == 200
    details = "".join(Entry.objects.exclude(detail=None).values_list("detail__json", flat=True))
    assert PASSWORD not in details


@pytest.mark.parametrize(
    "wrong",
    [{"uscc": "123"}, {"email": "no address"}, {"valid_until": "soon"}, {"valid_until": "2020-01-01"}, {"region": "9"}],
)
def test_wrong_answer_starts_nothing(empty, wrong):
    before = (User.objects.count(), Party.objects.count(), Entry.objects.count())
    with pytest.raises(CommandError):
        call_command("create_operator", **OPTIONS | wrong)
    assert (User.objects.count(), Party.objects.count(), Entry.objects.count()) == before


def test_weak_password_starts_nothing(empty, monkeypatch):
    monkeypatch.setenv("OPERATOR_PASSWORD", "12345678")
    with pytest.raises(CommandError):
        call_command("create_operator", **OPTIONS)
    assert not User.objects.filter(email=OPTIONS["email"]).exists()


def test_second_operator_is_refused(world: World):
    with pytest.raises(CommandError, match="already"):
        call_command("create_operator", **OPTIONS)


def test_password_is_no_option():
    with pytest.raises(TypeError):
        call_command("create_operator", **OPTIONS, password="x")
