"""Files of evidence over HTTP: those of a case are read by its systems, proofs of who somebody is by none."""

import pytest

from accounts.models import EvidenceFile
from accounts.operations import add_party_evidence
from marketplace.ledger.models import Entry
from marketplace.pages import history_rows
from tests.api.conftest import credential_in
from tests.workflow import stages

pytestmark = pytest.mark.django_db


def test_no_system_reads_who_a_party_is(world, partner):
    party = world.parties["buyer"]
    add_party_evidence(
        party=party, actor=world["buyer"], at=world.at, path=stages.paper("licence"), subject="registration"
    )
    file = EvidenceFile.objects.of(party).get()
    for who in ("buyer", "operator"):
        system = partner(who)
        for address in (f"parties/{party.pk}/evidence/", f"parties/{party.pk}/evidence/{file.pk}/"):
            assert system.get(address).status_code == 404, (who, address)


def test_the_sellers_system_reads_its_documents(world, partner):
    source, _at = stages.source_file(world, "unchecked")
    seller, buyer = partner("seller"), partner("buyer")
    (row,) = seller.get(f"source-files/{source.pk}/evidence/").json()
    answer = seller.get(f"source-files/{source.pk}/evidence/{row['id']}/")
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")
    assert buyer.get(f"source-files/{source.pk}/evidence/").status_code in (403, 404)


def test_each_file_that_the_authoritys_system_opens_is_recorded_for_the_party_to_see(world, partner):
    order, _at = stages.measure(world, "issued")
    file = EvidenceFile.objects.of(order).get()
    address, officers = f"measures/{order.pk}/evidence/{file.pk}/", partner("officer", scopes=("read",))

    def opened():
        return Entry.objects.filter(verb="open_evidence", object_id=str(file.pk)).order_by("pk")

    partner("buyer").get(address)  # the party's own
    partner("other_buyer").get(address)
    officers.get(f"measures/{order.pk}/evidence/")
    assert not opened().exists()
    for _time in range(2):
        assert b"".join(officers.get(address).streaming_content).startswith(b"%PDF-")
    known = (world["officer"].ledger_ref, f"partner:{credential_in(world, officers).pk}")
    assert [(row.actor_ref, row.actor_kind) for row in opened()] == [known] * 2
    shown = [row.actor for row in history_rows([file]) if row.entry.verb == "open_evidence"]
    assert shown == [world["officer"].name] * 2
