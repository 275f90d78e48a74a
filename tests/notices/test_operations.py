"""The outbox: written with the change, sent once, later when it fails, in the reader's language."""

import socket
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from accounts.queries import recipients
from marketplace.celery import app
from marketplace.ledger import entries as ledger
from marketplace.notices import operations as notices
from marketplace.notices.messages import MESSAGES, render
from marketplace.notices.models import Outbox
from marketplace.supervision.states import MeasureState

JOB = ledger.SystemActor("test")


@pytest.fixture(autouse=True)
def in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://minshu.example"


@pytest.fixture
def clean(world):
    Outbox.objects.all().delete()
    return world


def tell(world, *people, kind="grant_moved", key="", link="/grant/1/", **context):
    to = [notices.Recipient(world[name].ledger_ref, world[name].email, world[name].language) for name in people]
    context = {"number": "G000001", "state": MeasureState.LIFTED.label, "reason": "已改正", **context}
    act = ledger.begin("x", JOB, world.at)
    notices.tell(act, to, kind, link=link, key=key, **context)
    return act


def test_tell_writes_one_page_notice_and_one_mail_per_person(clean, sent_tasks):
    tell(clean, "buyer", "seller", "buyer")
    rows = Outbox.objects.order_by("recipient_ref", "channel").values_list(
        "recipient_ref", "channel", "address", "state"
    )
    expected = sorted(
        (clean[name].ledger_ref, channel, clean[name].email if channel == "email" else "", state)
        for name in ("buyer", "seller")
        for channel, state in (("page", "sent"), ("email", "pending"))
    )
    assert list(rows) == expected


def test_tell_of_one_key_is_written_once_and_of_another_operation_again(clean):
    tell(clean, "buyer", key="once")
    tell(clean, "buyer", key="once")
    assert Outbox.objects.count() == 2
    tell(clean, "buyer")
    tell(clean, "buyer")
    assert Outbox.objects.count() == 6


def test_mail_is_sent_once_with_its_link(clean):
    tell(clean, "buyer")
    assert notices.send_due(at=clean.at) == 1
    assert notices.send_due(at=clean.at + timedelta(days=1)) == 0
    (message,) = mail.outbox
    assert message.to == [clean["buyer"].email]
    assert message.body.endswith("\n\nhttps://minshu.example/grant/1/")
    row = Outbox.objects.get(channel="email")
    assert message.extra_headers["Message-ID"] == f"<outbox-{row.pk}@minshu>"
    assert (row.state, row.claims, row.attempts, row.lease_until) == ("sent", 1, 0, None)


def test_overlapping_runs_send_each_mail_once(clean, monkeypatch):
    tell(clean, "buyer", "seller")
    send, nested = EmailBackend.send_messages, []

    def overlapping(self, messages):
        if not nested:
            nested.append(True)
            nested.append(notices.send_due(at=clean.at))  # a second run while the first is sending
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", overlapping)
    assert notices.send_due(at=clean.at) + nested[1] == 2
    assert sorted(message.to[0] for message in mail.outbox) == sorted([clean["buyer"].email, clean["seller"].email])


def test_mail_whose_sender_died_is_sent_when_its_lease_is_over(clean):
    tell(clean, "buyer")
    Outbox.objects.filter(channel="email").update(lease_until=clean.at + notices.LEASE, claims=1)
    assert notices.send_due(at=clean.at + timedelta(minutes=4)) == 0
    assert notices.send_due(at=clean.at + notices.LEASE) == 1


def test_deaths_of_workers_are_no_attempts_of_a_mail_but_one_that_kills_each_is_given_up(clean, monkeypatch):
    class Killed(BaseException):
        """What nobody catches, as a kill."""

    def dying(*_):
        raise Killed

    tell(clean, "buyer")
    at = clean.at
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", dying)
        for _ in range(5):
            with pytest.raises(Killed):
                notices.send_due(at=at)
            at += notices.LEASE
    with monkeypatch.context() as patch:
        fail_for(patch, clean["buyer"].email)
        assert notices.send_due(at=at) == 0
    row = Outbox.objects.get(channel="email")
    assert (row.state, row.claims, row.attempts, row.next_try) == ("pending", 6, 1, at + timedelta(minutes=1))
    Outbox.objects.filter(pk=row.pk).update(claims=notices.MOST_CLAIMS - 1)
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", dying)
        with pytest.raises(Killed):
            notices.send_due(at=row.next_try)
        assert notices.send_due(at=row.next_try + notices.LEASE) == 0
    row.refresh_from_db()
    assert (row.state, row.lease_until) == ("failed", None)
    assert notices.send_due(at=row.next_try + timedelta(days=1)) == 0


def test_mail_that_was_tried_says_the_same_when_it_is_sent_again(clean, client, monkeypatch):
    tell(clean, "buyer", kind="message_written", party="市局", text="请补充")
    sent = []

    def lost(self, messages):
        sent.extend(messages)
        raise TimeoutError  # the answer, not the mail

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", lost)
        assert notices.send_due(at=clean.at) == 0
    client.force_login(clean["buyer"])
    client.post("/language/", {"language": "en"})
    later = clean.at + timedelta(hours=1)
    with time_machine.travel(later):
        assert notices.send_due(at=later) == 1
    said = [(message.subject, message.body, message.extra_headers) for message in (*sent, *mail.outbox)]
    assert said[0] == said[1]
    assert "List-Unsubscribe" in said[0][2]


def fail_for(monkeypatch, *addresses):
    send = EmailBackend.send_messages

    def failing(self, messages):
        if messages[0].to[0] in addresses:
            raise ConnectionRefusedError("no server")
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", failing)


def test_failing_mail_is_tried_later_and_later_then_given_up(clean, monkeypatch):
    tell(clean, "buyer")
    fail_for(monkeypatch, clean["buyer"].email)
    at, waits = clean.at, []
    for _ in range(6):
        assert notices.send_due(at=at) == 0
        row = Outbox.objects.get(channel="email")
        waits.append((row.next_try - at, row.state, row.attempts))
        assert notices.send_due(at=row.next_try - timedelta(seconds=1)) == 0
        at = row.next_try
    minutes = [(wait // timedelta(minutes=1), state, attempts) for wait, state, attempts in waits]
    assert minutes == [
        (1, "pending", 1), (5, "pending", 2), (30, "pending", 3), (120, "pending", 4), (720, "pending", 5),
        (720, "failed", 6),
    ]  # fmt: skip
    assert notices.send_due(at=at + timedelta(days=30)) == 0
    assert mail.outbox == []


def test_failing_mail_blocks_no_other_and_goes_out_when_the_server_is_back(clean, monkeypatch):
    tell(clean, "buyer", "seller", "officer")
    with monkeypatch.context() as patch:
        fail_for(patch, clean["buyer"].email)
        assert notices.send_due(at=clean.at) == 2
    assert notices.send_due(at=clean.at + timedelta(minutes=1)) == 1
    assert [message.to[0] for message in mail.outbox][-1] == clean["buyer"].email
    assert len(mail.outbox) == 3


def test_mail_that_cannot_be_written_blocks_no_other_and_is_tried_again_later(clean):
    tell(clean, "buyer", "seller")
    lacking = Outbox.objects.filter(channel="email").order_by("pk").first()
    said, lacking.context = lacking.context, {}
    lacking.save()
    assert notices.send_due(at=clean.at) == 1
    lacking.refresh_from_db()
    assert (lacking.state, lacking.attempts, lacking.next_try) == ("pending", 1, clean.at + timedelta(minutes=1))
    lacking.context = said
    lacking.save()
    assert notices.send_due(at=lacking.next_try) == 1


def test_mail_server_that_says_nothing_is_not_waited_for(clean, settings):
    assert 0 < django_settings.EMAIL_TIMEOUT < notices.LEASE.total_seconds()  # else another takes it meanwhile
    tell(clean, "buyer")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = *silent.getsockname(), 0.2
        assert notices.send_due(at=clean.at) == 0
    row = Outbox.objects.get(channel="email")
    assert (row.state, row.lease_until, row.next_try) == ("pending", None, clean.at + timedelta(minutes=1))


def test_what_is_asked_for_again_and_again_waits_for_no_worker_longer_than_until_it_is_asked_for_again():
    for asked in app.conf.beat_schedule.values():
        assert 0 < asked["options"]["expires"] <= asked["schedule"]


def test_mail_is_in_the_language_of_its_reader(clean):
    clean["seller"].language = "en"
    clean["seller"].save()
    tell(clean, "buyer", "seller")
    notices.send_due(at=clean.at)
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects[clean["seller"].email] == "Grant G000001: lifted"
    chinese = subjects[clean["buyer"].email]
    assert "G000001" in chinese
    assert "lifted" not in chinese
    assert "Grant" not in chinese


def test_recipients_are_those_who_act_for_the_party_and_no_auditor_or_disabled_user(clean):
    from accounts.operations import add_member

    party = clean.parties["buyer"]
    add_member(party=party, user=clean["other_buyer"], role="auditor", actor=clean["buyer"], at=clean.at)
    add_member(party=party, user=clean["provider"], role="manager", actor=clean["buyer"], at=clean.at)
    clean["conflicted_officer"].is_active = False
    clean["conflicted_officer"].save()
    told = {to.ref for to in recipients(party, clean.at)}
    assert told == {clean["buyer"].ledger_ref, clean["provider"].ledger_ref}


def test_seen_marks_only_the_readers_page_notices(clean):
    tell(clean, "buyer", "seller")
    notices.mark_seen(recipient_ref=clean["buyer"].ledger_ref, at=clean.at)
    seen = Outbox.objects.exclude(seen_at=None).values_list("recipient_ref", "channel")
    assert list(seen) == [(clean["buyer"].ledger_ref, "page")]


def test_send_due_takes_at_most_its_limit_the_longest_waiting_first(clean):
    tell(clean, "buyer")
    tell(clean, "seller")
    Outbox.objects.filter(recipient_ref=clean["seller"].ledger_ref).update(next_try=clean.at - timedelta(hours=1))
    assert notices.send_due(at=clean.at, limit=1) == 1
    assert [message.to[0] for message in mail.outbox] == [clean["seller"].email]


def test_subject_is_one_line_whatever_the_names():
    subject, _body = render("grant_moved", {"number": "G1", "state": "a\r\nBcc: x@example.com", "reason": ""})
    assert "\n" not in subject
    assert "\r" not in subject


def test_every_kind_that_is_told_has_its_words():
    import re
    from pathlib import Path

    from django.conf import settings

    sources = "".join(
        path.read_text()
        for folder in ("accounts", "listings", "marketplace")
        for path in Path(settings.BASE_DIR, folder).rglob("*.py")
    )
    told = set(re.findall(r'\b(?:tell\(\s*|Message\(\s*(?:\w+\.)?)act, [^"]*?"(\w+)"', sources))
    assert told >= {"version_moved", "grant_offered", "measure_moved", "hold_opened"}
    assert told <= set(MESSAGES)
