"""kill -9 of a process in the middle of its work: what it left half done was never done, the next one does all of it.

Each child is a process of its own with its own connection; it kills itself just before the n-th row that it writes.
"""

import signal
from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from accounts import operations as accounts
from marketplace.ledger import entries as ledger
from marketplace.notices import digests
from marketplace.notices import operations as notices
from marketplace.notices.models import Digest, Outbox
from marketplace.notices.rhythm import next_morning
from marketplace.supervision.models import Measure
from marketplace.supervision.sweep import sweep
from tests.journeys.killing import in_child, killed_until_done, outcome, undisturbed
from tests.workflow import stages

pytestmark = pytest.mark.django_db(transaction=True)


def test_sweep_killed_at_each_write_has_done_everything_once_in_the_end(world):
    _grant, at = stages.late_reports(world)
    expected = undisturbed(lambda: sweep(at=at))
    assert killed_until_done(lambda: sweep(at=at), 1) > 5
    assert outcome() == expected
    assert in_child(lambda: sweep(at=at)) == 0
    assert outcome() == expected


def test_order_killed_while_it_is_signed_is_not_signed_at_all(world):
    grant = stages.active_grant(world)
    measure = stages.proposal(world, grant)
    before = outcome()

    def issue() -> None:
        stages.issue(Measure.objects.get(pk=measure.pk), world, world.at)

    def nothing_happened() -> None:
        assert outcome() == before

    expected = undisturbed(issue)
    assert killed_until_done(issue, 2, nothing_happened) > 4
    assert outcome() == expected
    assert not grant.is_in_effect(world.at)


def test_mails_whose_sender_is_killed_go_out_at_least_once_under_one_name(world, application, settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", tmp_path
    at, waiting = world.at, Outbox.objects.filter(channel="email", state="pending").count()
    number = 2
    while in_child(lambda at=at: notices.send_due(at=at), number) == -signal.SIGKILL:  # between a mail and its mark
        at += notices.LEASE  # what the dead one had taken is free again
        number += 6
    assert not Outbox.objects.filter(state="pending").exists()
    names = Counter(line for file in Path(tmp_path).glob("*.log") for line in file.read_text().splitlines()
                    if line.startswith("Message-ID:"))  # fmt: skip
    rows = Outbox.objects.filter(channel="email", state="sent").values_list("pk", flat=True)
    assert set(names) == {f"Message-ID: <outbox-{pk}@minshu>" for pk in rows}
    assert sum(names.values()) > len(names) == waiting > 0


def test_a_morning_mail_whose_sender_is_killed_goes_out_again_as_it_was(world, settings, tmp_path):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", tmp_path
    Outbox.objects.update(state="sent")
    people = [notices.Recipient(world[name].ledger_ref, f"{name}@x.example", "en") for name in ("buyer", "seller")]
    for name in ("buyer", "seller"):
        accounts.choose_notices(actor=world[name], at=world.at, chosen={"dialogue": "daily"})

    def tell(text: str) -> None:
        act = ledger.begin("x", ledger.SystemActor("test"), world.at)
        notices.tell(act, people, "message_written", key=text, number="A1", party="x", text=text)

    at, number = next_morning(world.at, "daily"), 2
    tell("first")
    for to in people:
        digests._gather(to.ref, at)
    while in_child(lambda at=at: digests.send_digests(at=at), number) == -signal.SIGKILL:
        tell(f"late {number}")
        at += notices.LEASE
        number += 1
    digests.send_digests(at=at)
    digests.send_digests(at=at + timedelta(days=1))
    assert not Outbox.objects.filter(channel="email", state="pending").exists()
    kept = [part for file in sorted(Path(tmp_path).glob("*.log")) for part in file.read_bytes().split(b"-" * 79)]
    mails = [message_from_bytes(text.strip()) for text in kept if text.strip()]
    copies = {(mail["Message-ID"], mail["Subject"], mail.get_payload(decode=True)) for mail in mails}
    names = [f"<digest-{pk}@minshu>" for pk in Digest.objects.order_by("pk").values_list("pk", flat=True)]
    assert sorted(name for name, _subject, _text in copies) == names  # each copy of a mail is the same
    assert len(mails) > len(copies) == 4
    for text in ("first", *(f"late {n}" for n in range(2, number))):
        assert sum(f"\n{text}\n".encode() in said for _name, _subject, said in copies) == 2  # one for each
