"""Hours and networks in a grant's terms: read strictly, kept by the gate, and tried again and again a finding."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from accounts.models import Party
from marketplace.applications import access
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.clock.working_days import SHANGHAI
from marketplace.delivery import gate, operations
from marketplace.delivery.models import AccessRecord, Delivery
from marketplace.desk.story import apply_for, consult
from marketplace.supervision.models import Finding
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.sweep import run
from tests.pages.conftest import BACKEND


def when(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def bound(grant, **terms):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, **terms})
    grant.refresh_from_db()
    return grant


def deliver(world, grant, at, address=""):
    return operations.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at, address=address)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("", ""), ("  ", ""), ("08:00-20:00", "08:00-20:00"), (" 22:30 至 06:00 ", "22:30-06:00"),
     ("０８：00～20:00", "08:00-20:00"), ("00:00–23:59", "00:00-23:59")],
)  # fmt: skip
def test_hours_are_kept_in_one_form(text, kept):
    assert access.read_hours(text) == kept


@pytest.mark.parametrize("text", ["8-20", "08:00", "08:00-08:00", "24:00-06:00", "08:60-09:00", "08:00-20:00x", "a"])
def test_hours_that_say_nothing_are_refused(text):
    with pytest.raises(ValidationError) as no:
        access.read_hours(text)
    assert list(no.value.message_dict) == ["hours"]


def test_networks_are_kept_in_one_form_and_once():
    text = "203.0.113.7\n\n 203.0.113.0/24\n2001:db8::/32\n203.0.113.7/32\n10.1.2.3/8"
    assert access.read_networks(text) == ["203.0.113.7/32", "203.0.113.0/24", "2001:db8::/32", "10.0.0.0/8"]
    assert access.read_networks(" \n") == []
    for wrong in ("203.0.113.300", "localhost", "203.0.113.0/33", "1.2.3.4 5.6.7.8"):
        with pytest.raises(ValidationError) as no:
            access.read_networks(f"203.0.113.7\n{wrong}")
        assert list(no.value.message_dict) == ["networks"]
    access.read_networks("\n".join(f"203.0.113.{n}" for n in range(50)))
    with pytest.raises(ValidationError):
        access.read_networks("\n".join(f"203.0.113.{n}" for n in range(51)))


@pytest.mark.parametrize(
    ("hours", "inside", "out"),
    [
        ("08:00-20:00", ("08:00", "19:59:59"), ("07:59:59", "20:00", "23:00")),
        ("22:00-06:00", ("22:00", "00:00", "05:59"), ("21:59", "06:00", "12:00")),
        ("", ("00:00", "12:00"), ()),
    ],
)
def test_hours_go_by_the_clock_of_shanghai(hours, inside, out):
    assert all(access.is_within_hours(hours, when(f"2026-05-04T{time}")) for time in inside)
    assert not any(access.is_within_hours(hours, when(f"2026-05-04T{time}")) for time in out)


def test_an_address_that_is_none_comes_from_nowhere():
    networks = ["203.0.113.0/24", "2001:db8::/32"]
    assert all(access.is_from(networks, one) for one in ("203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9"))
    assert not any(access.is_from(networks, one) for one in ("203.0.114.9", "2001:db9::1", "", "x", "203.0.113.9, 1"))
    assert access.is_from([], "")


def test_the_gate_keeps_hours_and_networks_and_records_each_no(world, grant):
    bound(grant, hours="08:00-20:00", networks=["203.0.113.0/24"])
    day, night = when("2026-03-20T10:00"), when("2026-03-20T21:00")
    asked = (night, "203.0.113.9", "hours"), (day, "198.51.100.1", "networks"), (day, "", "networks")
    for at, address, what in asked:
        with pytest.raises(gate.Denied) as no:
            deliver(world, grant, at, address)
        assert no.value.code == AccessRecord.objects.latest("pk").code == f"outside_{what}"
    assert not Delivery.objects.exists()
    assert deliver(world, grant, day, "203.0.113.9").grant == grant


def test_a_page_is_asked_from_where_the_proxy_says(world, grant, client, settings):
    bound(grant, networks=["203.0.113.0/24"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    client.force_login(world["buyer"], backend=BACKEND)
    there = f"/grant/{grant.pk}/version/{world.version.pk}/download.csv"
    with time_machine.travel(world.at, tick=False):
        for said, status in (("203.0.113.9, 198.51.100.1", 403), ("198.51.100.1, 203.0.113.9", 200), ("", 403)):
            answer = client.post(there, headers={"x-forwarded-for": said})
            b"".join(answer.streaming_content if answer.streaming else ())
            assert answer.status_code == status, said


def test_terms_are_set_at_the_approval_and_changed_by_an_edition(world):
    case = apply_for(world.product, world.cast, world.at, world.fields)
    consult(case, world.cast, world.at)
    for consultation in case.consultations.all():
        applications.consent(consultation=consultation, actor=world["provider"], at=world.at)
    applications.begin_review(application=case, actor=world["officer"], at=world.at)
    said = {"item": case.items.get(), "actor": world["officer"], "at": world.at, "reason": "必要",
            "starts": world.at.date(), "ends": date(2027, 3, 1)}  # fmt: skip
    for name in ("hours", "networks"):
        with pytest.raises(ValidationError) as no:
            applications.approve_item(**said, **{name: "nonsense"})
        assert list(no.value.message_dict) == [name]
    grant = applications.approve_item(**said, hours="08:00 - 20:00", networks="203.0.113.9")
    assert (grant.terms["hours"], grant.terms["networks"]) == ("08:00-20:00", ["203.0.113.9/32"])
    applications.accept_grant(grant=grant, actor=world["buyer"], at=world.at, terms_accepted=True)
    asked = {"grant": grant, "actor": world["buyer"], "at": world.at, "ends": grant.ends, "fields": grant.fields,
             "what_is_built": grant.terms["what_is_built"], "quota": None, "reason": "机房搬迁",
             "report_schedule": grant.report_schedule}  # fmt: skip
    with pytest.raises(ValidationError):  # nothing would change
        applications.request_change(**asked)
    edition = applications.request_change(**asked, networks="198.51.100.0/24")
    (change,) = edition.changes()
    assert change[1:] == ("203.0.113.9/32", "198.51.100.0/24")
    applications.agree_change(edition=edition, actor=world["officer"], at=world.at, reason="属实")
    terms = Grant.objects.get(pk=grant.pk).terms
    assert (terms["hours"], terms["networks"]) == ("08:00-20:00", ["198.51.100.0/24"])


def test_three_attempts_of_a_day_are_a_finding_once_the_day_is_over(world, grant):
    bound(grant, hours="08:00-20:00")
    monitor = next(one for one in MONITORS if one.name == "outside_access")

    def tries(day, times):
        for minute in range(times):
            with pytest.raises(gate.Denied):
                deliver(world, grant, when(f"{day}T21:00") + timedelta(minutes=minute))

    tries("2026-03-20", 2)
    tries("2026-03-21", 3)
    assert run(monitor, when("2026-03-21T23:00")).found == 0
    assert [run(monitor, when(f"2026-03-22T{hour}:00")).did for hour in ("00", "01")] == [1, 0]
    finding = Finding.objects.get()
    assert (finding.rule, finding.grant, finding.text["count"]) == ("outside_access", grant, "3")
    assert "2026-03-21" in finding.said
    assert not AccessRecord.objects.filter(is_judged=False).exists()
    tries("2026-03-22", 4)  # and then nobody looks for 150 days
    tries("2026-08-18", 3)
    late = when("2026-08-19T01:00")
    other = list(Party.objects.exclude(pk=grant.buyer_id))
    assert (run(monitor, late, other).found, AccessRecord.objects.filter(is_judged=False).count()) == (0, 7)
    assert [run(monitor, late, scope).did for scope in ([grant.buyer], None)] == [2, 0]
    assert [each.text["day"] for each in Finding.objects.order_by("pk")[1:]] == ["2026-03-22", "2026-08-18"]
    assert not AccessRecord.objects.filter(is_judged=False).exists()


def test_attempts_that_nothing_comes_of_are_judged_as_well(world, grant):
    bound(grant, hours="08:00-20:00")
    ref, version = f"applications.grant:{grant.pk}", f"listings.version:{world.version.pk}"
    AccessRecord.objects.bulk_create(
        AccessRecord(grant_ref=ref, version_ref=version, principal_ref="x", outcome="refused", code=code,
                     at=when(f"2026-03-{day}T21:00"))
        for code, day in [*[("outside_hours", 20)] * 2, ("outside_networks", 19), ("quota_used", 20)]
    )  # fmt: skip
    monitor = next(one for one in MONITORS if one.name == "outside_access")
    assert run(monitor, when("2026-03-21T09:00")).found == 0
    assert list(AccessRecord.objects.filter(is_judged=False).values_list("code", flat=True)) == ["quota_used"]
