"""Proofs of who a party is: its managers add and read them, the operator reads them, and they are not kept for ever."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import Client

from accounts import operations
from accounts.evidence import store
from accounts.evidence.process import WHY
from accounts.models import EvidenceFile, Party
from accounts.operations.evidence import MOST_FILES, RETENTION, attach
from marketplace.desk import operations as desk
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from tests.accounts.papers import HTML, SVG, Sent, image, pdf
from tests.accounts.test_registration import NUMBER, login, register
from tests.actors import World
from tests.workflow.memory import remembered_sandbox  # noqa: F401
from tests.workflow.stages import paper

REMEDY = "可在六十日内申请行政复议。"


def on_disk() -> list[str]:
    root = Path(default_storage.path("evidence"))
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def add(world: World, party: Party, text: str = "id", who: str = "buyer", **changes: Any) -> EvidenceFile:
    fields = {"actor": world[who], "at": world.at, "subject": "identity", "path": paper(text)}
    return operations.add_party_evidence(party=party, **fields | changes)


def entries(verb: str) -> int:
    return Entry.objects.filter(verb=verb).count()


@pytest.fixture
def person(world: World) -> Party:
    """The buyer, as a natural person who waits to be verified."""
    return register(world)


def test_a_file_is_kept_sealed_under_no_name_and_its_hash_in_the_ledger(world: World, person: Party) -> None:
    file = add(world, person, note="正面")
    with default_storage.open(file.key, "rb") as lying:
        assert b"%PDF" not in lying.read()
    assert store.content(file) == pdf("id")
    entry = Entry.objects.get(verb="add_evidence")
    assert (entry.object_type, entry.object_id) == ("accounts.evidencefile", str(file.pk))
    told = json.loads(entry.detail.json)
    assert (told["sha256"], told["size"], told["kind"]) == (file.sha256, len(pdf("id")), "pdf")
    assert "正面" not in entry.detail.json


def test_the_same_file_a_second_time_is_the_first(world: World, person: Party) -> None:
    first = add(world, person)
    assert add(world, person, subject="other") == first
    assert (entries("add_evidence"), len(on_disk()), first.subject) == (1, 1, "identity")
    with pytest.raises(IntegrityError), transaction.atomic():
        EvidenceFile.objects.create(
            object_type=first.object_type, object_id=first.object_id, party=person, subject="other", kind="pdf",
            sha256=first.sha256, size=1, key="x", by=world["buyer"], at=world.at,
        )  # fmt: skip


REFUSED = {"a.pdf": HTML, "b.png": SVG, "c.pdf": pdf("x") + HTML, "d.jpg": b"", "e.pdf": pdf("x", encrypted=True)}
NAMES = ("../../../etc/passwd.pdf", "x" * 300 + ".pdf", "a\0b.html", "<script>.svg", "身份证11010519491231002X.jpg")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_a_field_error_and_leaves_nothing(world: World, person: Party, name: str) -> None:
    client, before = login(world, "buyer"), Entry.objects.count()
    answer = client.post(
        f"/party/{person.pk}/add-evidence/", {"subject": "identity", "file": Sent(REFUSED[name], name)}
    )
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["file"])
    assert answer.context["form"].errors["file"] != [str(WHY["broken"])]
    assert (on_disk(), EvidenceFile.objects.count(), Entry.objects.count()) == ([], 0, before)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_neither_believed_nor_kept(world: World, person: Party, name: str) -> None:
    client = login(world, "buyer")
    sent = {"subject": "identity", "file": Sent(image("PNG"), name), "note": "正面"}
    assert client.post(f"/party/{person.pk}/add-evidence/", sent).url == person.get_absolute_url()
    file = EvidenceFile.objects.get()
    answer = client.get(f"/party/{person.pk}/evidence/{file.pk}/")
    assert answer["Content-Disposition"] == f'attachment; filename="evidence-{file.pk}.png"'
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert (answer["X-Content-SHA256"], answer["Cache-Control"]) == (file.sha256, "no-store")
    assert b"".join(answer.streaming_content) == image("PNG")
    page = client.get(person.get_absolute_url()).content.decode()
    assert name not in page and NUMBER not in page and file.sha256 in page


def test_ten_in_a_case_and_no_more_than_the_room(world: World, person: Party, settings: Any) -> None:
    for number in range(MOST_FILES):
        with transaction.atomic():
            act = ledger.begin("add_evidence", world["buyer"], world.at)
            attach(act, person, person, paper(f"n{number}"), "pdf", subject="other")
    with pytest.raises(ValidationError) as refused:
        add(world, person)
    assert list(refused.value.message_dict) == ["file"]
    assert len(on_disk()) == MOST_FILES
    EvidenceFile.objects.update(size=settings.PARTY_QUOTA // 10)
    other = Party.objects.get(pk=world.parties["buyer"].pk)
    add(world, other)
    EvidenceFile.objects.update(party=other)
    with pytest.raises(ValidationError):
        add(world, other, "second")
    assert len(on_disk()) == MOST_FILES + 1


def test_who_added_it_takes_it_back_before_the_decision_and_never_after(world: World, person: Party) -> None:
    file = add(world, person)
    told = {"party": person, "at": world.at, "evidence": file}
    with pytest.raises(NotAllowed):
        operations.withdraw_party_evidence(**told, actor=world["operator"])
    operations.add_member(party=person, actor=world["buyer"], at=world.at, user=world["seller"], role="manager")
    second = add(world, person, "second", "seller")
    with pytest.raises(NotAllowed):  # a manager, but of another's file
        operations.withdraw_party_evidence(**told, actor=world["seller"])
    operations.verify_party(
        party=person, actor=world["operator"], at=world.at, evidence="身份证", valid_until=date(2029, 1, 1)
    )
    hashes = json.loads(Entry.objects.get(verb="verify", object_id=str(person.pk)).detail.json)["files"]
    assert hashes == [file.sha256, second.sha256]
    with pytest.raises(InvalidState):
        operations.withdraw_party_evidence(
            party=Party.objects.get(pk=person.pk), at=world.at, evidence=file, actor=world["buyer"]
        )


def test_what_was_taken_back_is_gone_but_for_row_and_entries(
    world: World, person: Party, django_capture_on_commit_callbacks: Any
) -> None:
    file = add(world, person, note="错页")
    told = {"party": person, "actor": world["buyer"], "at": world.at, "evidence": file}
    with django_capture_on_commit_callbacks(execute=True):
        operations.withdraw_party_evidence(**told)
    with pytest.raises(NotAllowed):
        operations.withdraw_party_evidence(**told)
    file.refresh_from_db()
    assert (on_disk(), file.key, file.removal, file.note) == ([], "", "withdrawn", "")
    assert login(world, "buyer").get(f"/party/{person.pk}/evidence/{file.pk}/").status_code == 404
    assert (entries("add_evidence"), entries("withdraw_evidence")) == (1, 1)


def test_who_sees_and_reads_a_proof(world: World, person: Party) -> None:
    """Its people see the party; only managers and the operator see that there is a proof, and what."""
    file = add(world, person)
    operations.add_member(party=person, actor=world["buyer"], at=world.at, user=world["seller"], role="member")
    operations.add_member(party=person, actor=world["buyer"], at=world.at, user=world["provider"], role="auditor")
    address = f"/party/{person.pk}/evidence/{file.pk}/"
    expected = {"buyer": 200, "operator": 200, "seller": 403, "provider": 403, "officer": 404, "other_buyer": 404}
    assert {who: login(world, who).get(address).status_code for who in expected} == expected
    shows = {who: file.sha256 in login(world, who).get(person.get_absolute_url()).content.decode() for who in expected}
    assert shows == {who: status == 200 for who, status in expected.items()}
    opened = Entry.objects.filter(verb="open_evidence", object_id=str(file.pk))
    assert list(opened.values_list("actor_ref", flat=True)) == [world["operator"].ledger_ref]
    assert Client().get(address).url.startswith("/accounts/login/")
    assert login(world, "buyer").post(address).status_code == 405
    other = world.parties["buyer"]
    assert login(world, "buyer").get(f"/party/{other.pk}/evidence/{file.pk}/").status_code == 404
    operations.add_member(party=person, actor=world["buyer"], at=world.at, user=world["operator"], role="auditor")
    assert login(world, "operator").get(address).status_code == 403  # now it is the operator's own case


def test_closing_the_account_deletes_who_one_is_and_the_download_names_it(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    citizen = operations.set_up_account(at=world.at, email="he@home.example", name="何清平", password="x")
    party = operations.register_party(
        actor=citizen, at=world.at, name="何清平", region=world.parties["city"].region, kind="person",
        id_kind="resident", id_number=NUMBER, wanted=["buyer"],
    )  # fmt: skip
    file = add(world, party, actor=citizen)
    kept = operations.export_account(actor=citizen, at=world.at)["evidence_files"]
    assert [(one["sha256"], one["address"]) for one in kept] == [
        (file.sha256, f"/party/{party.pk}/evidence/{file.pk}/")
    ]
    with django_capture_on_commit_callbacks(execute=True):
        desk.close_account(actor=citizen, at=world.at)
    file.refresh_from_db()
    assert (on_disk(), file.removal) == ([], "account")
    entry = Entry.objects.get(object_type="accounts.evidencefile", verb="close_account")
    assert json.loads(entry.detail.json)["sha256"] == file.sha256


def test_a_proof_is_deleted_three_years_after_the_party_and_not_a_day_before(
    world: World, person: Party, django_capture_on_commit_callbacks: Any
) -> None:
    file = add(world, person)
    operations.refuse_party(party=person, actor=world["operator"], at=world.at, reason="冒名", remedy=REMEDY)
    living = add(world, world.parties["buyer"], "living")
    assert sweep(world.at + RETENTION - timedelta(seconds=1), django_capture_on_commit_callbacks) == 0
    assert [sweep(world.at + RETENTION, django_capture_on_commit_callbacks) for _twice in range(2)] == [1, 0]
    file.refresh_from_db()
    assert (file.removal, on_disk()) == ("retention", [living.sha256])
    assert Entry.objects.get(verb="delete_evidence").actor_ref == "system:sweep"


def sweep(at: datetime, captured: Any) -> int:
    with captured(execute=True):
        return operations.sweep_evidence(at=at)


def test_what_a_crash_left_is_swept_after_a_day(world: World, person: Party) -> None:
    kept = add(world, person)
    lost = default_storage.path(store.put(paper("lost"), "f" * 64, world.at))
    came = datetime.fromtimestamp(Path(lost).stat().st_mtime, tz=world.at.tzinfo)
    assert operations.sweep_evidence_orphans(at=came + timedelta(hours=23)) == 0
    assert operations.sweep_evidence_orphans(at=came + timedelta(hours=25)) == 1
    assert on_disk() == [kept.sha256]


def test_a_failing_ledger_leaves_no_file(world: World, person: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(Entry, "save", down)
    with pytest.raises(RuntimeError):
        add(world, person)
    assert (on_disk(), EvidenceFile.objects.count()) == ([], 0)


def test_files_open_after_a_change_of_keys(world: World, person: Party, settings: Any) -> None:
    file, old = add(world, person), settings.FIELD_KEYS[0]
    settings.FIELD_KEYS = ["another key for a new year " * 2, old]
    operations.reseal_everything()
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
    assert store.content(EvidenceFile.objects.get(pk=file.pk)) == pdf("id")


def test_an_oversized_form_is_told_on_its_field(world: World, person: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.forms.MOST_BYTES", 100)
    sent = {"subject": "identity", "file": Sent(pdf("x"), "x.pdf")}
    answer = login(world, "buyer").post(f"/party/{person.pk}/add-evidence/", sent)
    assert answer.context["form"].errors["file"] == [str(WHY["too_large"])]
    assert (on_disk(), EvidenceFile.objects.count()) == ([], 0)
