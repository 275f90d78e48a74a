"""A sandbox is a place of its own: nothing of it is outside, nothing of outside is in it, and only its time moves."""

import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import operations as accounts
from accounts.models import Credential, Party, User
from listings.models import Product, Upload, Version
from listings.operations.search import drift, follow_product
from marketplace import elsewhere
from marketplace.api.resources import RESOURCES
from marketplace.applications.models import Application
from marketplace.desk.story import SCENARIO
from marketplace.errors import InvalidState, NotAllowed, StaleState
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.sandboxes import operations, template
from marketplace.sandboxes.models import Sandbox
from tests.api.conftest import credential_for


@pytest.fixture(scope="session")
def made_template(tmp_path_factory, migrated_file, django_db_blocker, django_db_setup):
    """Once for all workers: they share the folder above their own."""
    from django.conf import settings

    before, settings.SANDBOX_DIR = settings.SANDBOX_DIR, tmp_path_factory.getbasetemp().parent / "sandboxes"
    with django_db_blocker.unblock():
        template.make(start=migrated_file)
    made, settings.SANDBOX_DIR = template.folder(), before
    return made


@pytest.fixture
def practice(world, settings, made_template):
    """The buyer's sandbox: (row, client by role)."""
    settings.API_RATE = "100000/min"
    settings.SANDBOX_DIR.mkdir(parents=True)
    template.folder().symlink_to(made_template)
    sandbox, keys = operations.open_sandbox(party=world.parties["buyer"], actor=world["buyer"], at=world.at)
    with time_machine.travel(timezone.now()):
        assert operations.prepare_sandboxes() == 1
    sandbox.refresh_from_db()
    return sandbox, keys


class Caller:
    def __init__(self, key, email):
        self.key, self.email, self.client = key, email, Client()

    def __call__(self, path, body=None, **query):
        headers = {"Authorization": f"Bearer {self.key}", "Responsible-Person": self.email, "Accept-Language": "en"}
        if body is None:
            return self.client.get(f"/api/v1/{path}", query, headers=headers)
        headers["Idempotency-Key"] = uuid.uuid4().hex
        return self.client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers)


def caller(practice, role):
    return Caller(practice[1][role], operations.email_of(role))


def counts():
    return [model._base_manager.count() for model in (Entry, Outbox, User, Party, Product, Application, Credential)]


@pytest.fixture
def late(world):
    """The site's verifications are of the test's year; the sandbox's are of today."""
    Party.objects.update(verified_until=timezone.now().date() + timedelta(days=30))


def test_a_trade_in_a_sandbox_leaves_nothing_on_the_site_and_sees_nothing_of_it(practice, late, world):
    before = counts()
    buyer, officer, provider = (caller(practice, role) for role in ("buyer", "officer", "provider"))
    answer = buyer("products/")
    assert answer["Minshu-Sandbox"] == "true"
    (product,) = answer.json()["items"]
    own = buyer("parties/").json()["items"][0]
    assert own["name"].endswith("(沙盒)")
    case = buyer(f"products/{product['id']}/apply/", {"buyer": own["id"], "title": "试", "fields_wanted": ["区县"]})
    assert (case.status_code, case["Minshu-Sandbox"]) == (201, "true")
    pk, day = case.json()["id"], buyer("sandbox/").json()["now"][:10]
    scenario = dict.fromkeys(SCENARIO, "x")
    period = {"period_from": day, "period_until": str(datetime.fromisoformat(day) + timedelta(days=20))[:10]}
    assert buyer(f"applications/{pk}/describe/", {**scenario, **period}).status_code == 200
    for who, path, body in (
        (buyer, f"applications/{pk}/submit/", {}), (officer, f"applications/{pk}/accept/", {}),
        (officer, f"applications/{pk}/consult/", {}),
    ):  # fmt: skip
        assert who(path, body).status_code == 200, path
    (asked,) = provider("consultations/").json()["items"]
    assert provider(f"consultations/{asked['id']}/consent/", {}).status_code == 200
    officer(f"applications/{pk}/begin-review/", {})
    item = officer(f"items/{case.json()['items'][0]}/approve/", {"reason": "必要"}).json()
    grant = buyer(f"grants/{item['grant']}/accept/", {"terms_accepted": True}).json()["id"]
    assert buyer(f"grants/{grant}/name-system/", {}).status_code == 200
    data = buyer(f"grants/{grant}/versions/1/download.csv")
    assert b"".join(data.streaming_content).startswith("\ufeff区县".encode())

    moved = buyer("sandbox/time/", {"working_days": 36}).json()
    assert moved["did"] > 0
    (report,) = [row for row in buyer("reports/").json()["items"] if row["state"] == "open"][-1:]
    assert buyer(f"grants/{grant}/in-effect/").json()["code"] in ("report_overdue", "outside_period")
    assert report["grant"] == grant
    assert officer("measures/").json()["items"] != []  # an order was proposed by the sweep
    assert counts() == before
    with elsewhere.inside(Sandbox.objects.get().place):
        assert Outbox.objects.filter(channel="page").exists()
        assert not Outbox.objects.filter(channel="email").exists()
    assert not list(Path(default_storage.location).glob("extracts/*"))


def test_no_key_reaches_the_other_side_whatever_the_resource(practice, late, world, grant):
    real = Caller(credential_for(world, world.parties["buyer"], person=world["buyer"]), world["buyer"].email)
    practised = caller(practice, "buyer")
    with elsewhere.inside(practice[0].place):
        there = {one.noun: set(one.model._base_manager.values_list("pk", flat=True)) for one in RESOURCES}
        names = set(Party.objects.values_list("name", flat=True))
    before = counts()
    for resource in RESOURCES:
        here = set(resource.model._base_manager.values_list("pk", flat=True))
        for pk in sorted(here - there[resource.noun])[:3]:
            assert practised(f"{resource.noun}/{pk}/").status_code == 404
        for pk in sorted(there[resource.noun] - here)[:3]:
            assert real(f"{resource.noun}/{pk}/").status_code == 404
        listed = practised(f"{resource.noun}/").json()["items"]
        assert {row["id"] for row in listed} <= there[resource.noun]
        assert {row["id"] for row in real(f"{resource.noun}/").json()["items"]} <= here
        for table in resource.tables:
            for verb in table.verbs:
                practised(f"{resource.noun}/{max(here, default=0)}/{verb.name.replace('_', '-')}/", {})
    assert counts() == before
    assert not names & set(Party.objects.values_list("name", flat=True))
    assert practised("events/").json()["items"] != real("events/").json()["items"]


def test_nothing_of_a_sandbox_is_on_public_pages(practice, late, client):
    with elsewhere.inside(practice[0].place):
        Product.objects.update(title="沙盒里的数据")
        follow_product(Product.objects.get())
        Version.objects.update(state="in_publicity")
    for address in (
        "/", "/products/", "/products/?q=沙盒", "/entries/?q=沙盒", "/check/?q=沙盒", "/api/v1/products/",
        "/api/v1/products/?q=沙盒", "/publicity/", "/derived/",
    ):  # fmt: skip
        page = client.get(address, follow=True)
        assert page.status_code == 200, address
        assert "沙盒里的数据" not in page.content.decode(), address


def test_the_search_finds_what_is_here_and_nothing_of_the_other_side(practice, late, world):
    real = Caller(credential_for(world, world.parties["buyer"], person=world["buyer"]), world["buyer"].email)
    practised = caller(practice, "buyer")
    with elsewhere.inside(practice[0].place):
        Product.objects.update(title="沙盒里的数据")
        follow_product(Product.objects.get())
        assert drift() == []
    Product.objects.filter(pk=world.product.pk).update(title="真实的数据")
    follow_product(world.product)
    found = {
        (name, words): [row["title"] for row in one("products/", q=words).json()["items"]]
        for name, one in (("real", real), ("practised", practised))
        for words in ("沙盒里", "真实的")
    }
    assert found == {
        ("real", "沙盒里"): [], ("real", "真实的"): ["真实的数据"],
        ("practised", "沙盒里"): ["沙盒里的数据"], ("practised", "真实的"): [],
    }  # fmt: skip
    assert drift() == []


def test_a_key_of_a_sandbox_leads_to_no_page_and_no_console(practice, late, client):
    headers = {"Authorization": f"Bearer {practice[1]['officer']}"}
    for address in ("/console/", "/applications/", "/publicity/"):
        answer = client.get(address, headers=headers)
        assert "Minshu-Sandbox" not in answer and not client.session.get("_auth_user_id"), address
        assert (answer.status_code, address) in ((302, "/console/"), (302, "/applications/"), (200, "/publicity/"))


def test_a_file_in_chunks_is_read_inside_while_the_site_stays_as_it_is(practice, late, world):
    before, seller = counts(), caller(practice, "seller")
    with elsewhere.inside(practice[0].place):
        Version.objects.update(state="draft")
    (version,) = seller("versions/").json()["items"]
    content = "区县,人数\n鼓楼,3\n台江,4\n".encode()
    upload = seller(f"versions/{version['id']}/uploads/", {"name": "a.csv", "size": len(content)}).json()
    sent = seller.client.put(
        f"/api/v1/uploads/{upload['id']}/chunk/", content, content_type="application/octet-stream",
        headers={"Authorization": f"Bearer {seller.key}", "Responsible-Person": seller.email, "Upload-Offset": "0"},
    )  # fmt: skip
    assert (sent.status_code, sent["Minshu-Sandbox"]) == (200, "true")
    assert seller(f"uploads/{upload['id']}/finish/", {}).json()["state"] == "done"
    assert (counts(), Upload.objects.count(), list(Path(default_storage.location).glob("quarantine/upload*"))) == (
        before, 0, [],
    )  # fmt: skip


def test_a_real_key_moves_no_time_and_a_real_person_is_not_known_in_a_sandbox(practice, late, world):
    real = Caller(credential_for(world, world.parties["buyer"], person=world["buyer"]), world["buyer"].email)
    for answer in (real("sandbox/"), real("sandbox/time/", {"working_days": 1})):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_a_sandbox")
        assert "Minshu-Sandbox" not in answer
    mixed = Caller(practice[1]["buyer"], world["buyer"].email)("products/1/apply/", {})
    assert (mixed.status_code, mixed.json()["code"]) == (403, "responsible_person_refused")


@pytest.mark.parametrize("change", ["closed", "renewed", "barred", "other number", "real database"])
def test_a_key_that_is_not_of_an_open_sandbox_opens_nothing(practice, late, world, change):
    key = practice[1]["buyer"]
    if change == "closed":
        operations.close_sandbox(sandbox=practice[0], actor=world["buyer"], at=world.at)
    if change == "renewed":
        operations.renew_keys(sandbox=practice[0], actor=world["buyer"], at=world.at)
        operations.prepare_sandboxes()
    if change == "barred":
        Party.objects.filter(pk=practice[0].party_id).update(state="barred")
    if change == "other number":
        key = key.replace("_sandbox_", "_sandbox_9")
    if change == "real database":
        key = key.replace("_sandbox_", "_")
    answer = Caller(key, operations.email_of("buyer"))("parties/")
    assert (answer.status_code, answer.json()["code"]) == (401, "credential_invalid")


def test_a_sandbox_that_is_not_prepared_says_so(practice, late, world):
    operations.reset_sandbox(sandbox=practice[0], actor=world["buyer"], at=world.at)
    answer = caller(practice, "buyer")("parties/")
    assert (answer.status_code, answer.json()["code"], answer["Minshu-Sandbox"]) == (409, "sandbox_not_ready", "true")


def test_reset_is_fresh_with_the_old_keys_and_time(practice, late, world):
    buyer = caller(practice, "buyer")
    first = buyer("sandbox/").json()
    buyer("sandbox/time/", {"working_days": 5})
    with elsewhere.inside(Sandbox.objects.get().place):
        Product.objects.update(title="x")
    operations.reset_sandbox(sandbox=practice[0], actor=world["buyer"], at=world.at)
    operations.prepare_sandboxes()
    after = buyer("sandbox/").json()
    assert after["people"] == first["people"]
    assert datetime.fromisoformat(after["now"]) - datetime.fromisoformat(first["now"]) < timedelta(minutes=5)
    assert buyer("products/").json()["items"][0]["title"] != "x"


def test_time_moves_on_only_and_for_one_sandbox_only(practice, late, world):
    buyer = caller(practice, "buyer")
    at = datetime.fromisoformat(buyer("sandbox/").json()["now"])
    target = (at + timedelta(days=30)).replace(microsecond=0)
    moved = buyer("sandbox/time/", {"until": target.isoformat()})
    assert moved.status_code == 200
    assert timedelta(0) <= datetime.fromisoformat(moved.json()["now"]) - target < timedelta(seconds=30)
    for body in (
        {"until": at.isoformat(timespec="seconds")}, {"working_days": 0}, {"working_days": -3}, {},
        {"working_days": 1, "until": (target + timedelta(days=9)).isoformat()},
        {"until": (target + timedelta(days=500)).isoformat()},
    ):  # fmt: skip
        assert buyer("sandbox/time/", body).status_code == 422, body
    assert abs(timezone.now() - at) < timedelta(minutes=5)
    assert Sandbox.objects.get().ahead > timedelta(days=29)


def test_two_requests_that_move_time_at_once_move_it_once(practice, late):
    place, at = practice[0].place, timezone.now()
    with elsewhere.inside(place):
        operations.move_time(place=place, until=at + timedelta(days=1), at=at)
    stale = practice[0].place
    with elsewhere.inside(stale), pytest.raises(StaleState):
        operations.move_time(place=stale, until=at + timedelta(days=3), at=at)
    with elsewhere.inside(place), pytest.raises(ValidationError):
        operations.move_time(place=place, until=at - timedelta(days=3), at=at)


def test_inside_everything_is_the_sandboxes_and_outside_all_is_as_before(practice):
    site, location = connection.settings_dict["NAME"], default_storage.location
    key = elsewhere.cache_key("a", "", 1)
    with elsewhere.inside(practice[0].place):
        assert str(connection.settings_dict["NAME"]).startswith(str(practice[0].place.folder))
        assert default_storage.location == str(practice[0].place.folder / "files")
        assert elsewhere.cache_key("a", "", 1) != key
        assert Sandbox.objects.count() == 0
        with pytest.raises(RuntimeError), elsewhere.inside(practice[0].place):
            pass
        with elsewhere.back_on_site():
            assert Sandbox.objects.count() == 1
        assert Sandbox.objects.count() == 0
    with pytest.raises(ZeroDivisionError), elsewhere.inside(practice[0].place):
        1 / 0  # noqa: B018
    assert (connection.settings_dict["NAME"], default_storage.location) == (site, location)
    assert elsewhere.cache_key("a", "", 1) == key == ":1:a"


def test_who_may_open_a_sandbox_once(world):
    with pytest.raises(NotAllowed):
        operations.open_sandbox(party=world.parties["buyer"], actor=world["seller"], at=world.at)
    accounts.add_member(
        party=world.parties["buyer"], user=world["provider"], role="member", actor=world["buyer"], at=world.at
    )
    with pytest.raises(NotAllowed):
        operations.open_sandbox(party=world.parties["buyer"], actor=world["provider"], at=world.at)
    operations.open_sandbox(party=world.parties["buyer"], actor=world["buyer"], at=world.at)
    with pytest.raises(InvalidState):
        operations.open_sandbox(party=world.parties["buyer"], actor=world["buyer"], at=world.at)
    Party.objects.filter(pk=world.parties["developer"].pk).update(state="barred")
    with pytest.raises(InvalidState):
        operations.open_sandbox(party=world.parties["developer"], actor=world["seller"], at=world.at)
    assert Entry.objects.filter(verb="open_sandbox").count() == Sandbox.objects.count() == 1


def test_the_page_opens_shows_keys_once_and_closes(world, late, client):
    address = f"/party/{world.parties['buyer'].pk}/sandbox/"
    client.force_login(world["seller"])
    assert client.get(address).status_code == 404
    client.force_login(world["conflicted_officer"])
    assert client.get(address).status_code == 403
    client.force_login(world["buyer"])
    assert 'state-open">沙盒' not in client.get(address).content.decode()
    opened = client.post(f"{address}open/")
    number = Sandbox.objects.get().pk
    assert opened.status_code == 201
    assert opened.content.decode().count(f"minshu_sandbox_{number}_") == len(operations.ROLES)
    page = client.get(address).content.decode()
    assert 'state-open">沙盒' in page and f"minshu_sandbox_{number}_" not in page
    assert client.get(f"{address}close/").status_code == 405
    assert client.post(f"{address}nothing/").status_code == 404
    assert client.post(f"{address}close/").status_code == 302
    assert Sandbox.objects.get().closed_at


def test_files_of_closed_and_older_sandboxes_are_removed(practice, world, settings):
    folders = lambda: sorted(path.name for path in settings.SANDBOX_DIR.iterdir() if "template" not in path.name)  # noqa: E731
    for _ in range(2):
        operations.reset_sandbox(sandbox=Sandbox.objects.get(), actor=world["buyer"], at=world.at)
        operations.prepare_sandboxes()
    assert [name.split("-")[1] for name in folders()] == ["2", "3"]
    assert operations.prepare_sandboxes() == 0
    operations.close_sandbox(sandbox=Sandbox.objects.get(), actor=world["buyer"], at=world.at)
    operations.prepare_sandboxes()
    assert folders() == []
