"""What each monitor notices, tells and opens: every occasion once, and nothing where a decision came first."""

from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import transaction

from accounts.anybody import PUBLIC
from accounts.models import Capability, Membership, Party
from listings.models import Frequency, Product, SourceFile, Version
from marketplace.applications.models import Grant, GrantUser, Hold
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import SHANGHAI, add_working_days, end_of_day, last_day, local_date
from marketplace.delivery.models import AccessRecord, DailyUse, Delivery, Extract
from marketplace.delivery.operations import count_use
from marketplace.ledger import entries as ledger
from marketplace.notices.kinds import GROUP_OF
from marketplace.notices.messages import render
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.concern import Concern
from marketplace.supervision.models import RULES, DerivedFrom, DerivedProduct, Finding, UsageReport, severity_of
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.monitors.usage import _examine
from marketplace.supervision.said import WORDS
from marketplace.supervision.sweep import Result, run
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import stages


def at(text: str, hour: int = 9) -> datetime:
    return datetime.fromisoformat(text).replace(hour=hour, tzinfo=SHANGHAI)


def go(name: str, when: datetime, **scope: Any) -> Result:
    return run(next(monitor for monitor in MONITORS if monitor.name == name), when, scope.get("scope"))


def did(name: str, when: datetime) -> int:
    """What a monitor did, of two runs at the same moment: the second never does anything."""
    first, second = go(name, when), go(name, when)
    assert (first.failed, second.did, second.failed) == (0, 0, 0)
    return first.did


def told(kind: str) -> set[str]:
    """Who was, in words that can be rendered."""
    notices = Outbox.objects.filter(kind=kind, channel="page")
    assert all(all(render(kind, notice.context)) and kind in GROUP_OF for notice in notices)
    return {notice.recipient_ref for notice in notices}


def deliver(grant: Grant, when: datetime, rows: int = 100, **other: Any) -> Delivery:
    """A delivery as the records would have it."""
    version, fields = other.get("version", grant.from_version), other.get("fields", grant.fields)
    extract, _new = Extract.objects.get_or_create(
        version=version, fields_hash=f"{len(fields):064}", format="csv",
        defaults={"fields": fields, "sha256": "0" * 64, "size": 1, "key": "x"},
    )  # fmt: skip
    made = Delivery.objects.create(
        grant=grant, version=version, principal=grant.buyer.memberships.first().user, extract=extract,
        obtained_at=when, fields=fields, rows=rows, bytes=rows, sha256="0" * 64,
    )  # fmt: skip
    count_use(made)
    return made


def filed(world: World, grant: Grant, start: str, end: str, **content: Any) -> UsageReport:
    last = date.fromisoformat(end)
    report = UsageReport.objects.create(
        grant=grant, start=date.fromisoformat(start), end=last, due_at=end_of_day(last) + timedelta(days=14),
        late_at=end_of_day(last) + timedelta(days=21),
    )  # fmt: skip
    operations.file_report(report=report, actor=world["buyer"], at=end_of_day(last) + timedelta(hours=9), **content)
    return report


WHOLE = {"purposes": "医疗资源规划", "use": "用于门诊需求预测", "results": "准确率提高", "security": "无事件"}


def test_thin_reports_are_findings_until_they_are_judged(world: World, grant: Grant) -> None:
    filed(world, grant, "2026-03-17", "2026-03-31", **WHOLE)
    assert did("report_thin", at("2026-04-02")) == 0
    copied = filed(world, grant, "2026-04-01", "2026-06-30", **WHOLE)
    filed(world, grant, "2026-07-01", "2026-09-30", use="别的用途", results="", security="无")
    deliver(grant, at("2026-11-01"))
    filed(world, grant, "2026-10-01", "2026-12-31", is_nil=True)
    assert did("report_thin", at("2027-01-04")) == 3
    found = Finding.objects.filter(rule="report_thin").order_by("pk")
    assert [finding.text["what"] for finding in found] == ["copied", "empty", "nil"]
    assert str(WORDS["copied"]) in found[0].said
    assert world["officer"].ledger_ref in told("finding_opened")
    assert world["buyer"].ledger_ref not in told("finding_opened")
    operations.return_report(report=copied, actor=world["officer"], at=at("2027-01-05"), reason="说明新用途")
    assert did("cause_gone", at("2027-01-05")) == 1
    assert [finding.state for finding in found.all()] == ["remedied", "open", "open"]


def test_report_judged_while_the_sweep_runs_is_no_finding(world: World, grant: Grant) -> None:
    report, when = filed(world, grant, "2026-03-17", "2026-03-31", use="用", results="", security=""), at("2026-04-02")
    monitor = next(one for one in MONITORS if one.name == "report_thin")
    (case,) = monitor.find(when, None)
    assert case.locked == report
    operations.accept_report(report=report, actor=world["officer"], at=when)
    assert (monitor.handle(case, when), Finding.objects.count()) == (False, 0)


def test_nil_report_without_deliveries_is_not_thin(world: World, grant: Grant) -> None:
    filed(world, grant, "2026-03-17", "2026-03-31", is_nil=True)
    assert did("report_thin", at("2026-04-02")) == 0


@pytest.mark.parametrize(
    ("frequency", "fresh", "old"), [("daily", 6, 7), ("monthly", 45, 46), ("yearly", 547, 548), ("irregular", 900, 0)]
)
def test_data_older_than_its_update_frequency_allows_is_a_finding(
    world: World, frequency: str, fresh: int, old: int
) -> None:
    Product.objects.filter(pk=world.product.pk).update(frequency=frequency)
    published = Version.objects.get(pk=world.version.pk).published_at
    assert published is not None
    assert did("data_stale", published + timedelta(days=fresh)) == 0
    assert did("data_stale", published + timedelta(days=old)) == (1 if old else 0)
    if old:
        finding = Finding.objects.get()
        assert (finding.article, finding.version, finding.party) == ("Art. 13", world.version, world.product.seller)
        assert str(Frequency(frequency).label) in finding.said
        assert world["seller"].ledger_ref in told("duty_undone")
        Version.objects.filter(pk=world.version.pk).update(state="held")
        assert did("cause_gone", published + timedelta(days=old)) == 0  # it is as old as before
        Version.objects.filter(pk=world.version.pk).update(
            state="published", published_at=published + timedelta(days=old)
        )
        assert did("cause_gone", published + timedelta(days=old)) == 1
        assert did("data_stale", published + timedelta(days=old)) == 0


def test_quota_is_told_at_eighty_and_at_a_hundred_per_cent_of_each_month(world: World, grant: Grant) -> None:
    assert did("quota_used", at("2026-05-31")) == 0
    limit(grant, 5)
    for day in (1, 2, 3):
        deliver(grant, at(f"2026-05-0{day}"))
    assert did("quota_used", at("2026-05-03", 10)) == 0
    deliver(grant, at("2026-05-04"))
    assert did("quota_used", at("2026-05-04", 10)) == 1
    deliver(grant, at("2026-05-05"))
    assert did("quota_used", at("2026-05-05", 10)) == 1
    assert did("quota_used", at("2026-06-01")) == 0
    assert (
        Outbox.objects.filter(kind="quota_used", recipient_ref=world["buyer"].ledger_ref, channel="page").count() == 2
    )


def test_grant_about_to_end_and_over_is_told_once_a_step(world: World, grant: Grant) -> None:
    """It ends on 17 March 2027."""
    days = [date(2027, 2, 14) + timedelta(days=n) for n in (0, 1, 2, 20, 21, 22, 31, 32, 33, 60, 61, 62)]
    ending = {str(day) for day in days if did("grant_ending", at(str(day)))}
    over = {str(day) for day in days if did("grant_over", at(str(day)))}
    assert ending == {"2027-02-15", "2027-03-07"}
    assert over == {"2027-03-18", "2027-04-16"}
    assert world["officer"].ledger_ref in told("grant_over")
    assert (world["buyer"].ledger_ref in told("grant_ending")) > (world["officer"].ledger_ref in told("grant_ending"))


def test_grant_told_after_an_outage_is_told_of_what_is_so_then(grant: Grant) -> None:
    assert did("grant_ending", at("2027-03-10")) == 1
    assert did("grant_ending", at("2027-03-18")) == 0
    assert did("grant_over", at("2027-06-01")) == 1


def test_person_with_access_who_left_is_told_to_the_buyer(world: World, grant: Grant) -> None:
    person, when = world["buyer"], at("2026-05-04")
    named = GrantUser.objects.create(grant=grant, user=person, named_at=when)
    assert did("person_left", when) == 0
    Membership.objects.filter(user=person, party=grant.buyer).update(valid_until=date(2026, 5, 3))
    assert did("person_left", when) == 1
    assert told("person_left")
    Membership.objects.create(  # of which the buyer need not hear
        user=person, party=world.parties["other_city"], role="member", valid_from=date(2026, 5, 1),
        valid_until=date(2026, 5, 10),
    )  # fmt: skip
    assert did("person_left", when + timedelta(days=9)) == 0
    GrantUser.objects.filter(pk=named.pk).update(removed_at=when)
    assert go("person_left", when + timedelta(days=1)).found == 0


def test_verification_and_mandate_are_told_thirty_and_ten_days_before_and_once_lapsed(world: World) -> None:
    last = date(2026, 6, 30)
    Party.objects.filter(pk=world.product.seller_id).update(verified_until=last)
    Capability.objects.filter(party=world.product.seller, kind="primary_developer").update(valid_until=last)
    days = [last + timedelta(days=n) for n in (-31, -30, -29, -11, -10, -9, 0, 1, 2)]
    for monitor in ("verification_lapses", "mandate_lapses"):
        assert [(day - last).days for day in days if did(monitor, at(str(day)))] == [-30, -10, 1]
        assert world["seller"].ledger_ref in told(monitor)
    Party.objects.filter(pk=world.product.seller_id).update(renewal_asked_at=at("2026-05-01"))
    assert go("verification_lapses", at("2026-06-01")).found == 0


def test_mandate_that_another_outlasts_is_not_told(world: World) -> None:
    held = Capability.objects.filter(party=world.product.seller, kind="primary_developer")
    old = held.get()
    held.update(valid_until=date(2026, 6, 30))
    Capability.objects.create(
        party=old.party, kind=old.kind, region=old.region, valid_from=date(2026, 6, 1), valid_until=date(2029, 1, 1)
    )
    assert go("mandate_lapses", at("2026-06-25")).found == 0
    assert go("mandate_lapsed", at("2026-07-01")).found == 0


def test_lapsed_document_of_the_lawful_source_file_is_a_finding_until_it_is_withdrawn(world: World) -> None:
    item = SourceFile.objects.filter(product=world.product).order_by("pk").first()
    assert item is not None
    SourceFile.objects.filter(pk=item.pk).update(valid_until=date(2026, 6, 30))
    assert did("source_lapses", at("2026-05-30")) == 0
    assert (did("source_lapses", at("2026-05-31")), did("source_lapsed", at("2026-06-30"))) == (1, 0)
    assert world["seller"].ledger_ref in told("source_lapses")
    assert did("source_lapsed", at("2026-07-01")) == 1
    finding = Finding.objects.get()
    assert (finding.version, finding.state, item.title in finding.said) == (world.version, "open", True)
    SourceFile.objects.filter(pk=item.pk).update(state="withdrawn")
    assert did("cause_gone", at("2026-07-02")) == 1


def test_deliveries_outside_the_grant_are_findings(world: World, grant: Grant) -> None:
    when = at("2026-05-04")
    deliver(grant, when)
    assert go("outside_grant", when + timedelta(days=1)).found == 0
    deliver(grant, when + timedelta(hours=1), fields=[*grant.fields, "身份证号"])
    deliver(grant, at("2026-03-01"))
    deliver(grant, at("2027-03-18"))
    Hold.objects.create(grant=grant, code="measure", source_ref="x", reason="x", opened_at=at("2026-05-05"),
                        opened_by_ref="x", state="lifted", lifted_at=at("2026-05-07"))  # fmt: skip
    for day in ("2026-05-05", "2026-05-06", "2026-05-07"):
        deliver(grant, at(day, 9 if day.endswith("5") else 10))
    assert did("outside_grant", at("2027-04-01")) == 4
    texts = Finding.objects.values_list("text", flat=True)
    assert sorted((text["what"], text["day"], text["count"]) for text in texts) == [
        ("fields", "2026-05-04", "1"), ("held", "2026-05-06", "1"), ("period", "2026-03-01", "1"),
        ("period", "2027-03-18", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize("rule", ["outside_grant", "sudden_change", "outside_access"])
def test_of_data_that_is_not_public_the_review_answers_and_the_seller_may_give_notice(world: World, rule: str) -> None:
    grant, _over = stages.non_public_grant(world, "active")
    assert grant.activated_at is not None
    first = local_date(grant.activated_at) + timedelta(days=1)
    day = usual_past(grant, [100] * 10, first=str(first))
    deliver(grant, at(str(day)), rows=1000, **({"fields": ["身份证号"]} if rule == "outside_grant" else {}))
    if rule == "outside_access":
        AccessRecord.objects.bulk_create(
            AccessRecord(at=at(str(day)), grant_ref=ledger.reference(grant), outcome="refused", code="outside_hours")
            for _attempt in range(3)
        )
    assert did(rule, at(str(day + timedelta(days=1)))) == 1
    finding = Finding.objects.get(rule=rule)
    reviewed_by = grant.from_version.reviewer
    assert (finding.grant, finding.signatory, finding.party) == (grant, reviewed_by, grant.buyer)
    assert world["reviewer"].ledger_ref in told("finding_opened") and world["vendor"].ledger_ref in told("terms_broken")
    assert not {world["buyer"].ledger_ref, world["officer"].ledger_ref} & (
        told("finding_opened") | told("terms_broken")
    )
    assert not Delivery.objects.filter(is_examined=False).exists() or rule != "outside_grant"


def test_what_is_delivered_while_the_sweep_looks_is_looked_at_next_time(grant: Grant) -> None:
    first, second = deliver(grant, at("2026-05-05")), deliver(grant, at("2026-05-05"))
    assert _examine(Delivery.objects.filter(pk__lte=second.pk), [first.pk]) == []
    assert list(Delivery.objects.filter(is_examined=False)) == [second]


def test_upgrade_leaves_open_what_no_sweep_had_looked_at(grant: Grant) -> None:
    for day in ("2026-05-03", "2026-05-04"):
        deliver(grant, at(day))
    DailyUse.objects.all().delete()
    with time_machine.travel(at("2026-05-05"), tick=False):
        import_module("marketplace.delivery.migrations.0541_count_earlier_use").count(apps, None)
    days = DailyUse.objects.order_by("day").values_list("day", "is_judged")
    assert list(days) == [(date(2026, 5, 3), True), (date(2026, 5, 4), False)]
    assert [one.is_examined for one in Delivery.objects.order_by("obtained_at")] == [True, False]


def limit(grant: Grant, quota: int | None) -> None:
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "quota": quota})


def test_version_that_was_not_granted_is_noticed(grant: Grant) -> None:
    deliver(grant, at("2026-05-04"))
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "one_version": True})
    assert go("outside_grant", at("2026-05-05")).found == 0
    Version.objects.filter(pk=grant.from_version_id).update(number=7)
    newer = Version.objects.get(pk=grant.from_version_id)
    newer.pk, newer.number = None, 8
    newer.save(force_insert=True)
    deliver(grant, at("2026-05-06"), version=newer)
    assert did("outside_grant", at("2026-05-07")) == 1
    assert Finding.objects.get().text["what"] == "version"


def usual_past(grant: Grant, amounts: list[int], apart: int = 1, first: str = "2026-04-01") -> date:
    """One delivery each so many days; the day of the next."""
    day = date.fromisoformat(first)
    for amount in amounts:
        deliver(grant, at(str(day)), rows=amount)
        day += timedelta(days=apart)
    return day


@pytest.mark.parametrize(
    ("past", "then", "found"),
    [
        ([100, 110, 90, 105, 95, 100, 102], 500, 1),  # median 100, MAD 5: z = 54
        ([100, 110, 90, 105, 95, 100, 102], 199, 0),  # not twice as much
        ([100, 300, 20, 900, 50, 700, 400], 900, 0),  # always changed much: median 300, MAD 250
        ([100] * 7, 201, 1),  # always the same
        ([100] * 6, 900, 0),  # too few days to call anything usual
        ([100, 100, 100, 100, 900, 100, 100, 100], 260, 0),  # MAD 0, the mean distance is 100
        ([100, 100, 100, 100, 900, 100, 100, 100], 600, 1),
        ([100, 150, 100, 150, 100, 150, 100, 150], 260, 1),  # median 125, though half of the days are not far below
    ],
)
def test_sudden_change_is_one_against_the_grants_own_past(grant: Grant, past: list[int], then: int, found: int) -> None:
    day = usual_past(grant, past)
    deliver(grant, at(str(day)), rows=then)
    assert go("sudden_change", at(str(day), 23)).found == 0  # the day is not over
    assert did("sudden_change", at(str(day + timedelta(days=1)))) == found
    assert did("sudden_change", at(str(day + timedelta(days=45)))) == 0


@pytest.mark.parametrize(
    ("past", "apart", "found"),
    [
        ([100, 110, 90, 105, 95, 100, 102], 7, 1),  # used once a week
        ([100, 110, 90, 105, 95, 100, 102], 30, 1),  # once a month
        ([100, 110, 90, 105, 95, 100, 102], 60, 0),  # six of these days are within a year: too few
        ([900] * 10 + [100] * 30, 7, 1),  # an earlier habit, before the last thirty days, is forgotten
        ([900] * 10 + [100] * 25, 7, 0),
    ],
)
def test_sudden_change_is_seen_however_seldom_the_grant_is_used(
    grant: Grant, past: list[int], apart: int, found: int
) -> None:
    day = usual_past(grant, past, apart)
    deliver(grant, at(str(day)), rows=500)
    assert did("sudden_change", at(str(day + timedelta(days=1)))) == found


@pytest.mark.parametrize("days", [42, 150])
def test_sudden_change_is_caught_up_after_an_outage_of_any_length(grant: Grant, days: int) -> None:
    day = usual_past(grant, [100] * 10)
    deliver(grant, at(str(day)), rows=1000)
    assert did("sudden_change", at(str(day + timedelta(days=days)))) == 1
    finding = Finding.objects.get()
    assert (finding.text["count"], finding.text["usual"], finding.text["day"]) == ("1000", "100", str(day))


def derived(grant: Grant, state: str, url: str) -> DerivedProduct:
    made = DerivedProduct.objects.create(
        party=grant.buyer, title="门诊预测", description="x", url=url, state=state, created_at=at("2026-05-04"),
        published_at=at("2026-05-04") if state == "published" else None,
    )  # fmt: skip
    DerivedFrom.objects.create(derived=made, grant=grant, version=grant.from_version)
    return made


def test_page_that_names_what_was_never_delivered_is_a_finding_and_closes(grant: Grant) -> None:
    derived(grant, "published", "")
    assert did("attribution", at("2026-05-05")) == 1
    assert Finding.objects.get().text["what"] == "undelivered"
    deliver(grant, at("2026-05-06"))
    assert (did("cause_gone", at("2026-05-06", 10)), Finding.objects.get().state) == (1, "remedied")


def test_product_at_an_address_whose_sources_are_hidden_is_a_finding(world: World, grant: Grant) -> None:
    deliver(grant, at("2026-05-01"))
    made = derived(grant, "registered", "https://example.com/")
    derived(grant, "registered", "")
    assert did("attribution", at("2026-06-02")) == 0
    assert did("attribution", at("2026-06-03")) == 1
    assert (Finding.objects.get().text["what"], world["buyer"].ledger_ref in told("duty_undone")) == ("hidden", True)
    operations.publish_derived(derived=made, actor=world["buyer"], at=at("2026-06-04"))
    assert did("cause_gone", at("2026-06-04")) == 1


def test_who_registered_a_product_long_ago_is_asked_once_whether_it_is_public(world: World, grant: Grant) -> None:
    deliver(grant, at("2026-05-01"))
    quiet = derived(grant, "registered", "")
    derived(grant, "published", "")
    derived(grant, "withdrawn", "")
    derived(grant, "registered", "https://example.com/")  # of which there is a finding
    assert did("derived_unpublished", at("2026-08-01")) == 0
    assert did("derived_unpublished", at("2026-08-02")) == 1
    buyer, officer = world["buyer"].ledger_ref, world["officer"].ledger_ref
    assert (buyer in told("derived_unpublished")) > (officer in told("derived_unpublished"))
    notice = Outbox.objects.get(kind="derived_unpublished", channel="page", recipient_ref=buyer)
    assert (notice.context["title"], notice.link) == (quiet.title, quiet.get_absolute_url())
    assert did("derived_unpublished", at("2027-08-02")) == 0
    assert not Finding.objects.filter(rule="derived_unpublished").exists()


def test_nobody_is_asked_about_a_product_that_nothing_public_went_into(world: World) -> None:
    derived(stages.non_public_grant(world, "active")[0], "registered", "")
    assert did("derived_unpublished", at("2026-08-02")) == 0


def test_a_time_to_correct_goes_up_only_until_the_hearing_is_opened(world: World, grant: Grant) -> None:
    order = stages.order(world, grant)
    due = clock.of(order).get(kind=Kind.CORRECTION).due_at
    late = end_of_day(add_working_days(last_day(due), 6)) + timedelta(days=1)
    opened = {"measure": order, "actor": world["officer"], "at": due + timedelta(hours=9), "reason": "逾期未改正"}
    with transaction.atomic():
        assert did("officer_overdue", late) == 1
        transaction.set_rollback(True)
    operations.open_hearing(**opened)
    assert did("officer_overdue", late) == 0
    heard = clock.of(order).get(kind=Kind.HEARING).due_at
    assert did("officer_overdue", end_of_day(add_working_days(last_day(heard), 6)) + timedelta(days=1)) == 1


def test_deadline_of_a_city_goes_up_to_the_province_after_three_working_days(world: World, application: Any) -> None:
    """To be accepted by 20 March 2026, a Friday: three working days later is Wednesday the 25th."""
    days = [date(2026, 3, 20) + timedelta(days=n) for n in range(4, 9)]
    monitor = next(one for one in MONITORS if one.name == "officer_overdue")
    (case,) = monitor.find(at("2026-03-26"), None)
    assert case.locked == Clock.objects.get(object_type="applications.application")
    assert [str(day) for day in days if did("officer_overdue", at(str(day)))] == ["2026-03-26"]
    assert world["province_officer"].ledger_ref in told("officer_overdue")
    assert world["officer"].ledger_ref not in told("officer_overdue")
    Clock.objects.filter(object_type="applications.application").update(due_at=end_of_day(date(2026, 5, 8)))
    assert did("officer_overdue", at("2026-05-09")) == 0


def test_nothing_of_others_is_noticed_in_a_scope(world: World, grant: Grant) -> None:
    assert go("grant_ending", at("2027-03-10"), scope=[world.parties["other_buyer"]]).found == 0
    assert go("grant_ending", at("2027-03-10"), scope=[grant.buyer]).did == 1


def test_report_of_misuse_by_nobody_known_goes_up_as_well(world: World) -> None:
    made = operations.report_concern(
        subject=world.product, actor=PUBLIC, at=at("2026-03-17"), kind="misuse", text="网上出售"
    ).made
    Concern.objects.filter(pk=made.pk).update(party=None)  # whose case it is nobody knows yet
    assert (did("officer_overdue", at("2026-03-25")), did("officer_overdue", at("2026-03-26"))) == (0, 1)
    assert world["province_officer"].ledger_ref in told("officer_overdue")


@pytest.mark.parametrize("days", [29, 31])
def test_withdrawing_what_was_never_shown_neither_avoids_nor_closes_the_finding_which_an_officer_dismisses(
    world: World, grant: Grant, days: int
) -> None:
    deliver(grant, world.at)
    who, day = {"actor": world["buyer"]}, timedelta(days=1)
    named = {"title": "选址", "description": "-", "built_from": [(grant, grant.from_version)]}
    made = operations.register_derived(party=grant.buyer, at=world.at, url="https://example.org/app", **named, **who)
    plain = operations.register_derived(party=grant.buyer, at=world.at, **named, **who)
    over = world.at + 31 * day
    assert did("attribution", world.at + days * day) == (days == 31)
    for one in (made, plain):
        operations.withdraw_derived(derived=one, at=world.at + days * day, reason="停止更新", **who)
    assert did("attribution", over) == (days == 29)
    finding = Finding.objects.get(rule="attribution")
    assert did("cause_gone", over + 60 * day) == 0
    finding.refresh_from_db()
    assert finding.state == "open"
    operations.dismiss_finding(finding=finding, actor=world["officer"], at=over, reason="该地址已下线")
    assert did("attribution", over + 60 * day) == 0


def test_what_was_shown_and_then_withdrawn_is_no_finding_and_one_that_is_open_closes_once_it_is_shown(
    world: World, grant: Grant
) -> None:
    deliver(grant, world.at)
    who, late = {"actor": world["buyer"]}, world.at + timedelta(days=31)
    made = operations.register_derived(
        party=grant.buyer, at=world.at, title="选址", description="-", url="https://example.org/app",
        built_from=[(grant, grant.from_version)], **who,
    )  # fmt: skip
    assert did("attribution", late) == 1
    operations.publish_derived(derived=made, at=late, **who)
    assert did("cause_gone", late) == 1
    operations.withdraw_derived(derived=made, at=late, reason="停止更新", **who)
    assert did("attribution", late + timedelta(days=60)) == 0


def test_the_list_shows_how_grave_a_finding_is_and_can_be_asked_for_possible_breaches(world: World) -> None:
    breach, at = stages.finding(world, "open+recalled")
    duty = Finding.objects.exclude(pk=breach.pk).get()
    rules = [one for one in MONITORS if one.name in RULES]
    assert [one.severity for one in rules] == [severity_of(one.name) for one in rules]
    assert (breach.severity, duty.severity) == ("breach", "duty")
    queue = "/console/supervision/finding/"
    with time_machine.travel(at, tick=False):
        officer = log_in(world["officer"])
        for page in (queue, "/findings/", f"{queue}{breach.pk}/", breach.get_absolute_url()):
            assert "a possible breach" in officer.get(page).content.decode(), page
        shown = {asked: officer.get(queue, {"severity": asked}).content.decode() for asked in ("breach", "duty", "x")}
    rows = {asked: [f'"{queue}{one.pk}/"' in text for one in (breach, duty)] for asked, text in shown.items()}
    assert rows == {"breach": [True, False], "duty": [False, True], "x": [True, True]}
