"""Files of evidence over HTTP: those of a case are read by its systems, proofs of who somebody is by none."""

import pytest

from accounts.models import EvidenceFile
from accounts.operations import add_party_evidence
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
