"""What a party shows of its correction, and what an officer has found: as files."""

import json
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import EvidenceFile
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.supervision import operations
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.finding import open_finding
from tests.accounts.papers import HTML, Sent, image, pdf
from tests.accounts.test_evidence import add, on_disk
from tests.accounts.test_registration import login
from tests.actors import World
from tests.api.conftest import Partner, partner  # noqa: F401
from tests.console.conftest import make_overseer
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


def test_an_order_is_answered_with_files_that_the_filing_names(world: World) -> None:
    order, _at = stages.measure(world, "issued")  # the stage has added one
    first = EvidenceFile.objects.of(order).get()
    told: dict[str, Any] = {"measure": order, "actor": world["buyer"], "at": world.at}
    second = operations.add_measure_evidence(**told, path=stages.paper("second"), note="停用记录")
    operations.file_evidence(**told, text="已停用")
    detail = json.loads(Entry.objects.get(verb="file_evidence").detail.json)
    assert detail["files"] == [first.sha256, second.sha256]
    operations.note_seen(measure=order, actor=world["officer"], at=world.at)
    operations.ask_for_more(measure=order, actor=world["officer"], at=world.at, reason="不足")
    with pytest.raises(InvalidState):  # the party's turn again, but what was filed stays
        operations.withdraw_measure_evidence(**told, evidence=second)
    assert EvidenceFile.objects.of(order).count() == 2


def test_who_reads_the_files_of_an_order(world: World) -> None:
    order, _at = stages.measure(world, "issued")
    file = EvidenceFile.objects.of(order).get()
    address = reverse("supervision:measure-evidence", args=[order.pk, file.pk])
    expected = {
        "buyer": 200, "officer": 200, "province_officer": 200, "other_buyer": 404, "seller": 404, "provider": 404,
        "other_officer": 404, "operator": 404,
    }  # fmt: skip
    assert {who: login(world, who).get(address).status_code for who in expected} == expected
    assert file.sha256 in login(world, "officer").get(order.get_absolute_url()).content.decode()


def opened_on(page: Any) -> list[tuple[str, str]]:
    """Who opened what, as the history of a page says."""
    rows = page.context["history"]
    return [(row.actor, row.label) for row in rows if row.entry.verb == "open_evidence"]


def test_the_party_sees_who_opened_its_files_and_each_time(world: World) -> None:
    order, _at = stages.measure(world, "issued")
    file = EvidenceFile.objects.of(order).get()
    address = reverse("supervision:measure-evidence", args=[order.pk, file.pk])
    buyer, officer = login(world, "buyer"), login(world, "officer")
    buyer.get(address)
    assert not Entry.objects.filter(verb="open_evidence").exists()  # its own file
    login(world, "seller").get(address)
    officer.head(address)
    assert not Entry.objects.filter(verb="open_evidence").exists()  # nothing was handed out
    officer.get(address)
    officer.get(f"/console/supervision/measure/{order.pk}/evidence/{file.pk}/")
    login(world, "province_officer").get(address)
    page = buyer.get(order.get_absolute_url())
    people = [world[who].name for who in ("officer", "officer", "province_officer")]
    assert opened_on(page) == [(name, str(file)) for name in people]
    assert "打开了证据文件" in page.content.decode()


def test_nothing_is_handed_out_that_is_not_recorded(world: World, monkeypatch: Any) -> None:
    order, _at = stages.measure(world, "issued")
    address = reverse("supervision:measure-evidence", args=[order.pk, EvidenceFile.objects.of(order).get().pk])
    monkeypatch.setattr(ledger, "record", broken)
    with pytest.raises(OSError, match="ledger"):
        login(world, "officer").get(address)


def broken(*_args: Any, **_more: Any) -> None:
    raise OSError("the ledger cannot be written")


def test_an_overseer_says_why_before_a_file_opens(world: World) -> None:
    order, _at = stages.measure(world, "issued")
    file = EvidenceFile.objects.of(order).get()
    overseer = make_overseer(world, world.parties["city"].region)
    world.cast.people["overseer"] = overseer
    client = login(world, "overseer")
    address = f"/console/supervision/measure/{order.pk}/evidence/{file.pk}/"
    asked = client.get(address)
    assert asked.url == f"/console/supervision/measure/{order.pk}/read/"
    client.post(asked.url, {"reason": "检查"})
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == pdf("shown")
    assert Entry.objects.filter(verb="read_case").count() == 1
    entry = Entry.objects.get(verb="open_evidence")
    assert (entry.object_type, entry.actor_ref) == ("console.reading", overseer.ledger_ref)
    assert f"accounts.evidencefile:{file.pk}" in entry.detail.json and file.sha256 in entry.detail.json
    assert opened_on(login(world, "buyer").get(order.get_absolute_url())) == []  # as with the case itself
    listed = client.get("/console/console/reading/").context["cl"].result_list
    assert [reading.files_opened for reading in listed] == [1]
    assert address in client.get(f"/console/supervision/measure/{order.pk}/").content.decode()
    assert client.get(reverse("supervision:measure-evidence", args=[order.pk, file.pk])).status_code == 404


def test_a_finding_carries_what_the_officer_found_and_the_party_never_sees_it(world: World) -> None:
    at, of = world.at, stages.active_grant(world)
    opened = open_finding(
        ledger.begin("notice", ledger.SystemActor("sweep"), at), of, "report_overdue", "first", "Art. 16", report="1"
    )
    assert opened is not None
    finding = Finding.objects.get(pk=opened.pk)
    file = operations.add_finding_evidence(finding=finding, actor=world["officer"], at=at, path=stages.paper("found"))
    address = reverse("supervision:finding-evidence", args=[finding.pk, file.pk])
    expected = {"officer": 200, "second_officer": 200, "province_officer": 200, "buyer": 404, "seller": 404}
    assert {who: login(world, who).get(address).status_code for who in expected} == expected
    told = {"finding": finding, "at": at, "evidence": file}
    with pytest.raises(NotAllowed):
        operations.withdraw_finding_evidence(**told, actor=world["second_officer"])
    operations.withdraw_finding_evidence(**told, actor=world["officer"])
    assert login(world, "officer").get(address).status_code == 404


def test_a_file_is_found_under_its_own_case_alone(world: World) -> None:
    order, _at = stages.measure(world, "issued")
    party, client = world.parties["buyer"], login(world, "buyer")
    proof = add(world, party)
    for name, pk, file in (
        ("supervision:measure-evidence", order.pk, proof), ("accounts:party-evidence", party.pk, other_than(proof)),
    ):  # fmt: skip
        assert client.get(reverse(name, args=[pk, file.pk])).status_code == 404


def other_than(file: EvidenceFile) -> EvidenceFile:
    return EvidenceFile.objects.exclude(pk=file.pk).get()


def test_a_system_adds_lists_and_downloads(world: World, partner: Any) -> None:  # noqa: F811
    order, _at = stages.measure(world, "issued")
    one: Partner = partner("buyer", scopes=("read", "write"))
    path, before = f"measures/{order.pk}/", len(on_disk())
    sent = {"file": Sent(image("JPEG"), "x.jpg"), "note": "照片"}
    assert [one.post(f"{path}add-evidence/", sent, key="k").status_code for _twice in range(2)] == [200, 200]
    listed = one.get(f"{path}evidence/").json()
    assert [(row["kind"], row["note"]) for row in listed] == [("pdf", ""), ("jpeg", "照片")]
    answer = one.get(f"{path}evidence/{listed[1]['id']}/")
    assert b"".join(answer.streaming_content) == image("JPEG")
    assert (answer["Content-Type"], answer["X-Content-SHA256"]) == ("image/jpeg", listed[1]["sha256"])
    refused = one.post(f"{path}add-evidence/", {"file": Sent(HTML, "x.pdf")})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["file"])
    assert len(on_disk()) == before + 1
    assert partner("other_buyer").get(f"{path}evidence/").status_code == 404
    assert partner("buyer", scopes=("read",)).post(f"{path}add-evidence/", sent).status_code == 403
