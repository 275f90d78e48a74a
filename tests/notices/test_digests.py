"""Morning mails: as each person chose, one a morning whatever runs overlap, caught up after an outage."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from accounts import operations as accounts
from marketplace.clock.working_days import SHANGHAI
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.notices import digests, kinds, rhythm
from marketplace.notices import operations as notices
from marketplace.notices.messages import MESSAGES
from marketplace.notices.models import Digest, Outbox, Preference
from marketplace.supervision.states import MeasureState

JOB = ledger.SystemActor("test")
TUESDAY = datetime(2026, 3, 24, 15, 0, tzinfo=SHANGHAI)
WEDNESDAY = datetime(2026, 3, 25, 8, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://minshu.example"
    with time_machine.travel(WEDNESDAY):  # a link in a mail is valid for a while
        yield


@pytest.fixture
def clean(world):
    Outbox.objects.all().delete()
    return world


def choose(world, who, **chosen):
    accounts.choose_notices(actor=world[who], at=TUESDAY, chosen=chosen)


def tell(world, *people, kind="message_written", at=TUESDAY, key="", **context):
    to = [notices.Recipient(world[name].ledger_ref, world[name].email, world[name].language) for name in people]
    context = {"number": "A1", "party": "市局", "text": "请补充", "state": MeasureState.LIFTED.label, **context}
    notices.tell(ledger.begin("x", JOB, at), to, kind, link="/application/1/", key=key, **context)


def mails():
    return list(Outbox.objects.filter(channel="email").order_by("pk").values_list("rhythm", "next_try", "state"))


def test_every_kind_has_one_group_and_only_known_kinds_are_binding():
    placed = [kind for group in kinds.GROUPS.values() for kind in group]
    assert sorted(placed) == sorted(MESSAGES)
    assert set(placed) >= kinds.BINDING
    assert kinds.is_binding("a kind of tomorrow")


@pytest.mark.parametrize(
    ("at", "delivery", "expected"),
    [
        ("2026-03-24T07:59", "daily", "2026-03-24"),
        ("2026-03-24T08:00", "daily", "2026-03-25"),
        ("2026-03-27T15:00", "daily", "2026-03-30"),  # over a weekend
        ("2026-09-30T15:00", "daily", "2026-10-08"),  # over the national holiday
        ("2026-10-09T15:00", "daily", "2026-10-10"),  # a Saturday that is worked
        ("2026-03-24T15:00", "weekly", "2026-03-30"),
        ("2026-03-30T07:00", "weekly", "2026-03-30"),
        ("2026-10-01T15:00", "weekly", "2026-10-08"),  # the week opens on its first working day
    ],
)
def test_next_morning(db, at, delivery, expected):
    moment = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    assert rhythm.next_morning(moment, delivery) == datetime.fromisoformat(f"{expected}T08:00").replace(tzinfo=SHANGHAI)


def test_latest_morning_is_a_working_days(db):
    at = datetime(2026, 10, 5, 12, 0, tzinfo=SHANGHAI)
    assert rhythm.latest_morning(at) == datetime(2026, 9, 30, 8, 0, tzinfo=SHANGHAI)
    assert rhythm.latest_morning(WEDNESDAY) == WEDNESDAY
    assert rhythm.latest_morning(WEDNESDAY - timedelta(seconds=1)) == WEDNESDAY - timedelta(days=1)


def test_each_person_is_told_as_chosen_and_on_the_page_always(clean):
    choose(clean, "buyer", dialogue="daily")
    choose(clean, "seller", dialogue="page")
    choose(clean, "officer", dialogue="weekly", duties="page")
    tell(clean, "buyer", "seller", "officer", "provider")
    planned = {
        row.recipient_ref: (row.rhythm, row.next_try, row.state) for row in Outbox.objects.filter(channel="email")
    }
    assert planned == {
        clean["buyer"].ledger_ref: ("daily", WEDNESDAY, "pending"),
        clean["officer"].ledger_ref: ("weekly", WEDNESDAY + timedelta(days=5), "pending"),
        clean["provider"].ledger_ref: ("", TUESDAY, "pending"),
    }
    assert Outbox.objects.filter(channel="page", state="sent").count() == 4
    assert notices.send_due(at=TUESDAY) == 1  # what waits for a morning is not sent before


@pytest.mark.parametrize("kind", sorted(kinds.BINDING))
def test_what_has_legal_effect_is_mailed_at_once_whatever_was_chosen(clean, kind):
    choose(clean, "buyer", **dict.fromkeys(kinds.Group.values, "page"))
    tell(clean, "buyer", kind=kind)
    assert mails() == [("", TUESDAY, "pending")]


def test_a_digest_is_one_mail_with_everything_that_waits_by_group(clean):
    choose(clean, "buyer", dialogue="daily", duties="daily")
    tell(clean, "buyer", text="第一")
    tell(clean, "buyer", text="第二")
    tell(clean, "buyer", kind="report_overdue", start="1", end="2", due="3")
    assert digests.send_digests(at=WEDNESDAY - timedelta(seconds=1)) == 0
    assert digests.send_digests(at=WEDNESDAY) == 1
    assert digests.send_digests(at=WEDNESDAY + timedelta(hours=3)) == 0
    (message,) = mail.outbox
    assert message.to == [clean["buyer"].email]
    assert message.subject == "3 条通知，2026-03-25"
    places = [message.body.index(text) for text in ("== 职责与期限 ==", "逾期", "== 对话 ==", "第一", "第二")]
    assert places == sorted(places)
    assert message.body.count("https://minshu.example/application/1/") == 3
    assert set(Outbox.objects.filter(channel="email").values_list("state", flat=True)) == {"sent"}
    digest = Digest.objects.get()
    assert (digest.state, digest.morning, digest.claims, digest.attempts) == ("sent", WEDNESDAY, 1, 0)
    assert message.extra_headers["Message-ID"] == f"<digest-{digest.pk}@minshu>"


def test_digest_is_in_the_language_that_its_reader_has_now(clean, client):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    client.force_login(clean["buyer"])
    client.post("/language/", {"language": "en"})
    digests.send_digests(at=WEDNESDAY)
    assert mail.outbox[0].subject == "1 notice, 2026-03-25"
    assert "== dialogue ==" in mail.outbox[0].body


def test_overlapping_runs_send_one_digest(clean, monkeypatch):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    send, nested = EmailBackend.send_messages, []

    def overlapping(self, messages):
        if not nested:
            nested.append(True)
            tell(clean, "buyer", text="迟到", at=TUESDAY, key="late")  # due, but the mail is being sent
            nested.append(digests.send_digests(at=WEDNESDAY))
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", overlapping)
    assert digests.send_digests(at=WEDNESDAY) == 1
    assert nested[1] == 0
    assert len(mail.outbox) == 1
    assert "迟到" not in mail.outbox[0].body
    assert digests.send_digests(at=WEDNESDAY + timedelta(hours=1)) == 0  # one a morning
    assert digests.send_digests(at=WEDNESDAY + timedelta(days=1)) == 1
    assert "迟到" in mail.outbox[1].body


def test_an_outage_of_a_week_is_caught_up_in_one_mail(clean):
    choose(clean, "buyer", dialogue="daily", duties="weekly")
    for day in range(3):
        tell(clean, "buyer", text=f"第{day}", at=TUESDAY + timedelta(days=day))
    tell(clean, "buyer", kind="case_passed_on", name="陈文", reason="回避")
    later = datetime(2026, 4, 2, 13, 7, tzinfo=SHANGHAI)
    assert digests.send_digests(at=later) == 1
    assert digests.send_digests(at=later) == 0
    assert [text in mail.outbox[0].body for text in ("第0", "第1", "第2", "回避")] == [True] * 4
    assert Digest.objects.get().morning == datetime(2026, 4, 2, 8, 0, tzinfo=SHANGHAI)


def test_a_run_that_died_is_taken_up_when_its_lease_is_over(clean):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    digests._gather(clean["buyer"].ledger_ref, WEDNESDAY)
    Digest.objects.update(lease_until=WEDNESDAY + notices.LEASE, claims=1)
    assert digests.send_digests(at=WEDNESDAY + timedelta(minutes=4)) == 0
    assert digests.send_digests(at=WEDNESDAY + notices.LEASE) == 1


class Killed(BaseException):
    """What nobody catches, as a kill."""


def die_of_sending(monkeypatch, sent):
    """Whoever sends a mail dies when it is sent."""

    def dying(_self, messages):
        sent.extend(messages)
        raise Killed

    monkeypatch.setattr(EmailBackend, "send_messages", dying)


def test_a_digest_that_was_sent_by_a_run_that_died_is_sent_again_as_it_was(clean, client, monkeypatch):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer", text="第一")
    first, at = [], WEDNESDAY + notices.LEASE
    with monkeypatch.context() as patch:
        die_of_sending(patch, first)
        with pytest.raises(Killed):
            digests.send_digests(at=WEDNESDAY)
    tell(clean, "buyer", text="第二", key="late")  # is due this morning too
    client.force_login(clean["buyer"])
    client.post("/language/", {"language": "en"})
    assert digests.send_digests(at=WEDNESDAY + timedelta(minutes=1)) == 0
    with time_machine.travel(at):
        assert digests.send_digests(at=at) == 1
    said = [(mail.subject, mail.body, mail.extra_headers) for mail in (*first, *mail.outbox)]
    assert len(said) == 2
    assert said[0] == said[1]
    assert "第二" not in said[0][1]
    assert digests.send_digests(at=at) == 0  # one a morning
    assert digests.send_digests(at=WEDNESDAY + timedelta(days=1)) == 1
    assert "第二" in mail.outbox[1].body
    assert mail.outbox[1].subject == "1 notice, 2026-03-26"
    assert not Outbox.objects.filter(channel="email", state="pending").exists()


def test_people_whose_digest_cannot_be_sent_keep_no_other_waiting(clean, monkeypatch):
    choose(clean, "buyer", dialogue="daily")
    choose(clean, "seller", dialogue="daily")
    tell(clean, "buyer", text="第一")
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()))
        digests.send_digests(at=WEDNESDAY)
    tell(clean, "buyer", text="第二", at=WEDNESDAY)
    tell(clean, "seller")
    for model in (Outbox, Digest):
        model.objects.filter(recipient_ref=clean["buyer"].ledger_ref).update(recipient_ref="a")  # the first of all
    assert digests.send_digests(at=WEDNESDAY, limit=1) == 1
    assert [message.to for message in mail.outbox] == [[clean["seller"].email]]


def test_deaths_of_workers_are_no_attempts_but_a_digest_that_kills_each_is_given_up(clean, monkeypatch):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    at = WEDNESDAY
    with monkeypatch.context() as patch:
        die_of_sending(patch, [])
        for _ in range(notices.MOST_CLAIMS):
            with pytest.raises(Killed):
                digests.send_digests(at=at)
            at += notices.LEASE
        digest = Digest.objects.get()
        assert (digest.state, digest.claims, digest.attempts) == ("pending", notices.MOST_CLAIMS, 0)
        assert digests.send_digests(at=at) == 0
    assert Digest.objects.get().state == "failed"
    assert mails()[0][2] == "failed"
    tell(clean, "buyer", text="第二", key="later", at=at)
    assert digests.send_digests(at=WEDNESDAY + timedelta(days=1)) == 1


def test_a_run_that_died_before_it_marked_the_notices_of_a_digest_is_made_up_for(clean):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    digests._gather(clean["buyer"].ledger_ref, WEDNESDAY)
    Digest.objects.update(state="failed", claims=6)
    digests.send_digests(at=WEDNESDAY)
    assert [state for _rhythm, _at, state in mails()] == ["failed"]


def test_a_failing_mail_server_delays_and_new_notices_go_into_the_next(clean, monkeypatch):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer", text="第一")
    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()))
        assert digests.send_digests(at=WEDNESDAY) == 0
        assert Digest.objects.get().next_try == WEDNESDAY + timedelta(minutes=1)
    tell(clean, "buyer", text="第二", at=WEDNESDAY)
    for _ in range(2):
        assert digests.send_digests(at=WEDNESDAY + timedelta(days=1)) == 1
    assert [[text in message.body for text in ("第一", "第二")] for message in mail.outbox] == [
        [True, False], [False, True],
    ]  # fmt: skip
    assert not Outbox.objects.filter(channel="email", state="pending").exists()


def test_a_digest_that_cannot_be_sent_is_given_up_with_its_rows(clean, monkeypatch):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    monkeypatch.setattr(EmailBackend, "send_messages", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()))
    digests.send_digests(at=WEDNESDAY)
    Digest.objects.update(attempts=5, next_try=WEDNESDAY)
    assert digests.send_digests(at=WEDNESDAY) == 0
    assert Digest.objects.get().state == "failed"
    assert mails()[0][2] == "failed"


def test_a_changed_choice_moves_what_waits(clean):
    choose(clean, "buyer", dialogue="weekly")
    tell(clean, "buyer")
    choose(clean, "buyer", dialogue="daily")
    assert mails() == [("daily", WEDNESDAY, "pending")]
    choose(clean, "buyer", dialogue="at_once")
    assert mails() == [("", TUESDAY, "pending")]
    choose(clean, "buyer", dialogue="page")
    assert mails() == []
    assert Outbox.objects.filter(channel="page").count() == 1


def test_a_choice_touches_neither_other_people_nor_binding_mails(clean):
    tell(clean, "seller")
    tell(clean, "buyer", kind="item_decided", product="x", reason="y")
    choose(clean, "buyer", **dict.fromkeys(kinds.Group.values, "page"))
    assert mails() == [("", TUESDAY, "pending")] * 2


def test_a_choice_is_recorded_once(clean):
    before = Entry.objects.count()
    choose(clean, "buyer", dialogue="daily", duties="at_once")
    choose(clean, "buyer", dialogue="daily", duties="at_once")
    entry = Entry.objects.get(pk__gt=0, verb="choose_notices")
    assert Entry.objects.count() == before + 1
    assert (entry.actor_ref, entry.detail.json) == (clean["buyer"].ledger_ref, '{"by":"page","dialogue":"daily"}')


@pytest.mark.parametrize("chosen", [{"nothing": "daily"}, {"dialogue": "never"}])
def test_no_other_choice_is_kept(clean, chosen):
    with pytest.raises(Exception, match="这种通知"):
        choose(clean, "buyer", **chosen)
    assert not Preference.objects.exists()


def link_in(message):
    address = re.fullmatch(r"<https://minshu\.example(/notices/off/.+/)>", message.extra_headers["List-Unsubscribe"])
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return address[1]


def test_the_link_of_a_mail_asks_first_then_ends_these_mails_without_a_login(clean, client):
    choose(clean, "buyer", dialogue="daily", duties="daily")
    tell(clean, "buyer")
    digests.send_digests(at=WEDNESDAY)
    link = link_in(mail.outbox[0])
    assert f"https://minshu.example{link}" in mail.outbox[0].body
    assert client.get(link).status_code == 200
    assert Preference.objects.get(group="dialogue").delivery == "daily"  # looking changes nothing
    strict = type(client)(enforce_csrf_checks=True)
    assert strict.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    chosen = dict(Preference.objects.values_list("group", "delivery"))
    assert chosen == {"dialogue": "page", "duties": "daily"}
    entry = Entry.objects.filter(verb="choose_notices").latest("pk")
    assert (entry.actor_ref, entry.detail.json) == (clean["buyer"].ledger_ref, '{"by":"link","dialogue":"page"}')


def test_a_single_mail_has_the_link_and_a_binding_one_has_not(clean):
    tell(clean, "buyer")
    tell(clean, "buyer", kind="item_decided", product="x", reason="y")
    notices.send_due(at=TUESDAY)
    assert ["List-Unsubscribe" in message.extra_headers for message in mail.outbox] == [True, False]


def test_a_forged_old_or_closed_link_changes_nothing(clean, client, settings):
    tell(clean, "buyer")
    notices.send_due(at=TUESDAY)
    link = link_in(mail.outbox[0])
    before = Entry.objects.count()
    assert client.post(link[:-6] + "AAAAA/").status_code == 403
    settings.SECRET_KEY, kept = "another" * 10, settings.SECRET_KEY
    assert client.post(link).status_code == 403
    settings.SECRET_KEY = kept
    clean["buyer"].is_active = False
    clean["buyer"].save()
    assert client.post(link).status_code == 403
    assert (Entry.objects.count(), Preference.objects.count()) == (before, 0)


def test_the_page_shows_keeps_and_explains_the_choices(clean, client):
    assert client.get("/account/notices/").status_code == 302
    client.force_login(clean["buyer"])
    answer = client.post(
        "/account/notices/", {"duties": "daily", "decisions": "at_once", "dialogue": "page", "system": "weekly"}
    )
    assert answer.status_code == 302
    kept = set(Preference.objects.values_list("recipient_ref", "group", "delivery"))
    ref = clean["buyer"].ledger_ref
    assert kept == {(ref, "duties", "daily"), (ref, "dialogue", "page"), (ref, "system", "weekly")}
    page = client.get("/account/notices/").content.decode()
    assert "不能关闭" in page
    assert page.count("selected") == 4
    assert client.post("/account/notices/", {"duties": "never"}).status_code == 422


def test_closing_the_account_erases_choices_and_what_waits(clean):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    digests._gather(clean["buyer"].ledger_ref, WEDNESDAY)
    notices.forget(recipient_ref=clean["buyer"].ledger_ref)
    assert (Outbox.objects.count(), Digest.objects.count(), Preference.objects.count()) == (0, 0, 0)
    assert digests.send_digests(at=WEDNESDAY) == 0


def test_a_digest_whose_notices_were_erased_is_no_mail(clean):
    choose(clean, "buyer", dialogue="daily")
    tell(clean, "buyer")
    digests._gather(clean["buyer"].ledger_ref, WEDNESDAY)
    notices.forget_about(link="/application/1/")
    assert digests.send_digests(at=WEDNESDAY) == 0
    assert (mail.outbox, Digest.objects.get().state) == ([], "sent")
