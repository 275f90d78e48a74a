"""The gate: who gets what, when; every no is recorded with its code; what is served is what is written down."""

import csv
import hashlib
import io
from datetime import date, datetime, timedelta

import pyarrow.parquet as parquet
import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client

from accounts.models import Membership, Party
from listings import operations as listing
from listings.models import Product, Version, VersionSource
from marketplace.applications.models import Grant
from marketplace.clock.working_days import SHANGHAI
from marketplace.delivery import gate, operations
from marketplace.delivery.models import AccessRecord, Delivery, Extract
from marketplace.desk.story import make_entry
from marketplace.ledger.models import Entry
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import Measure
from marketplace.supervision.sweep import sweep
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


def served(delivery: Delivery) -> bytes:
    with default_storage.open(delivery.extract.key, "rb") as file:
        return file.read()


def deliver(world, grant, who="buyer", at=None, **more) -> Delivery:
    version = more.pop("version", world.version)
    return operations.deliver(grant=grant, version=version, actor=world[who], at=at or world.at, **more)


def denied(world, grant, code, who="buyer", at=None, **more) -> None:
    """Refused with this code: an access record says so, and nothing is handed over."""
    entries = Entry.objects.count()
    with pytest.raises(gate.Denied) as no:
        deliver(world, grant, who, at, **more)
    assert no.value.code == code
    record = AccessRecord.objects.latest("pk")
    version = more.get("version", world.version)
    assert (record.outcome, record.code, record.rows, record.bytes, record.at) == (
        "refused",
        code,
        0,
        0,
        at or world.at,
    )
    assert (record.grant_ref, record.version_ref, record.principal_ref) == (
        f"applications.grant:{grant.pk}", f"listings.version:{version.pk}", world[who].ledger_ref,
    )  # fmt: skip
    assert (Delivery.objects.count(), Entry.objects.count()) == (0, entries)


def test_delivery_is_what_the_file_holds(world, grant):
    delivery = deliver(world, grant)
    content = served(delivery)
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert table[0] == delivery.fields == world.fields
    assert len(table) - 1 == delivery.rows == 1000
    assert (delivery.bytes, delivery.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (delivery.grant, delivery.version, delivery.principal, delivery.obtained_at) == (
        grant,
        world.version,
        world["buyer"],
        world.at,
    )
    record = AccessRecord.objects.get()
    assert (record.outcome, record.code, record.rows, record.bytes) == ("allowed", "ok", 1000, len(content))
    entry = Entry.objects.latest("pk")
    assert (entry.object_type, entry.object_id, entry.verb, entry.article, entry.actor_ref) == (
        "delivery.delivery", str(delivery.pk), "deliver", "Art. 16", world["buyer"].ledger_ref,
    )  # fmt: skip


@pytest.mark.parametrize("fields", [["性别", "区县"], ["费用档"]])
def test_only_granted_fields_are_in_the_file(world, grant, fields):
    Grant.objects.filter(pk=grant.pk).update(fields=fields)
    grant.refresh_from_db()
    wanted = [name for name in world.fields if name in fields]
    delivery = deliver(world, grant)
    lines = served(delivery).decode("utf-8-sig").splitlines()
    assert lines[0].split(",") == delivery.fields == wanted
    assert {len(line.split(",")) for line in lines} == {len(wanted)}
    table = parquet.read_table(io.BytesIO(served(deliver(world, grant, format="parquet"))))
    assert (table.column_names, table.num_rows) == (wanted, 1000)


def test_file_is_made_once_and_each_handing_over_recorded(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    first, second = deliver(world, grant), deliver(world, grant, at=world.at + timedelta(days=1))
    third = deliver(world, other, "other_buyer")
    assert first.extract == second.extract == third.extract
    assert (Extract.objects.count(), Delivery.objects.count(), AccessRecord.objects.count()) == (1, 3, 3)


def test_a_quota_of_the_terms_counts_what_was_handed_over_in_the_calendar_month(world, grant):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "quota": 2})
    grant.refresh_from_db()
    other = stages.active_grant(world, buyer="other_buyer")
    last = datetime(2026, 3, 31, 23, 59, 59, tzinfo=SHANGHAI)
    deliver(world, other, "other_buyer")
    deliver(world, grant)
    deliver(world, grant, at=world.at + timedelta(days=1))
    with pytest.raises(gate.Denied) as no:
        deliver(world, grant, at=last)
    assert (no.value.code, AccessRecord.objects.latest("pk").code) == ("quota_used", "quota_used")
    april = last + timedelta(seconds=1)
    assert [deliver(world, grant, at=april).rows for _ in range(2)] == [1000, 1000]
    with pytest.raises(gate.Denied) as no:  # what was handed over in the first moment counts
        deliver(world, grant, at=april)
    assert no.value.code == "quota_used"
    assert grant.is_in_effect(last)


def test_a_quota_counts_what_was_asked_for_later_and_handed_over_sooner(world, grant):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "quota": 1})
    grant.refresh_from_db()
    deliver(world, grant, at=world.at + timedelta(seconds=5))
    with pytest.raises(gate.Denied) as no:
        deliver(world, grant, at=world.at)
    assert no.value.code == "quota_used"


@pytest.mark.parametrize(("one_version", "code"), [(False, "ok"), (True, "other_product")])
def test_a_grant_of_one_version_serves_no_later_one(world, grant, one_version, code):
    Grant.objects.filter(pk=grant.pk).update(terms={**grant.terms, "one_version": one_version})
    grant.refresh_from_db()
    later, at = stages.version(world, "in_publicity")
    listing.publish_version(version=later, actor=world["officer"], at=at)
    assert gate.judge(world["buyer"], grant, world.version, at).code == "ok"
    assert gate.judge(world["buyer"], grant, later, at).code == code


def test_nobody_but_the_buyers_people(world, grant):
    for who in ("other_buyer", "seller", "officer", "provider", "operator", "province_officer"):
        denied(world, grant, "not_a_user", who)


def test_auditor_disabled_and_former_member_get_nothing(world, grant):
    member = Membership.objects.filter(user=world["conflicted_officer"], party=world.parties["buyer"])
    with transaction.atomic():
        member.update(role="auditor")
        denied(world, grant, "not_a_user", "conflicted_officer")
        member.update(role="member", valid_until=date(2026, 3, 16))
        denied(world, grant, "not_a_user", "conflicted_officer")
        member.update(valid_from=date(2026, 3, 18), valid_until=None)
        denied(world, grant, "not_a_user", "conflicted_officer")
        transaction.set_rollback(True)
    world["buyer"].is_active = False
    world["buyer"].save()
    denied(world, grant, "not_a_user")
    assert deliver(world, grant, "conflicted_officer").principal == world["conflicted_officer"]


def test_before_start_and_after_end_are_refused(world, grant):
    Grant.objects.filter(pk=grant.pk).update(starts=date(2026, 4, 1), ends=date(2026, 4, 30))
    last = datetime(2026, 4, 30, 23, 59, 59, tzinfo=SHANGHAI)
    denied(world, grant, "outside_period", at=datetime(2026, 3, 31, 23, 59, 59, tzinfo=SHANGHAI))
    denied(world, grant, "outside_period", at=last + timedelta(seconds=1))
    assert deliver(world, grant, at=last).obtained_at == last
    assert deliver(world, grant, at=datetime(2026, 4, 1, tzinfo=SHANGHAI)).rows == 1000


@pytest.mark.parametrize("state", ["offered", "declined", "surrendered", "closed", "terminated"])
def test_grant_that_is_not_active_is_refused(world, state):
    grant, _at = stages.grant(world, state)
    denied(world, grant, "not_active")


@pytest.mark.parametrize(
    "trouble",
    [{"state": "barred"}, {"state": "ended"}, {"verified_until": date(2026, 3, 16)}, {"verified_until": None}],
)
def test_buyer_out_of_standing_is_refused(world, grant, trouble):
    Party.objects.filter(pk=grant.buyer_id).update(**trouble)
    denied(world, grant, "buyer_not_in_standing")
    today = world.at.astimezone(SHANGHAI).date()
    Grant.objects.filter(pk=grant.pk).update(starts=today, ends=today)  # first and last day belong to the period
    denied(world, grant, "buyer_not_in_standing")


def test_suspended_paused_and_held_as_a_precaution_have_their_codes(world, grant):
    with transaction.atomic():
        stages.order(world, grant)
        denied(world, grant, "suspended")
        transaction.set_rollback(True)
    with transaction.atomic():
        supervision.take_precaution(grant=grant, actor=world["officer"], at=world.at, reason="查证")
        denied(world, grant, "precaution")
        transaction.set_rollback(True)
    sweep(at=world.at)
    late = grant.reports.get().late_at
    sweep(at=late)
    denied(world, grant, "report_overdue", at=late)


@pytest.mark.parametrize("verb", ["hold", "recall"])
def test_held_or_recalled_version_is_refused(world, grant, verb):
    getattr(listing, f"{verb}_version")(version=world.version, actor=world["officer"], at=world.at, reason="核查")
    denied(world, grant, "version_not_served")


def test_retired_version_is_still_served_to_its_holders(world, grant):
    listing.retire_version(version=world.version, actor=world["seller"], at=world.at, reason="新版")
    assert deliver(world, grant).rows == 1000


def test_version_of_another_product_or_before_the_grants_own_is_refused(world, grant):
    other = Version.objects.get(product=stages.another_listed_product(world))
    denied(world, grant, "other_product", version=other)
    Version.objects.filter(pk=world.version.pk).update(number=5)
    grant.from_version.refresh_from_db()
    older, _at = stages.version(world, "draft")
    Version.objects.filter(pk=older.pk).update(number=4, state="published", allowed_modes=["download"])
    older.refresh_from_db()
    denied(world, grant, "other_product", version=older)


def test_later_version_is_served_under_the_same_grant(world, grant):
    later, at = stages.version(world, "in_publicity")
    denied(world, grant, "version_not_served", version=later)
    listing.publish_version(version=later, actor=world["officer"], at=at)
    assert deliver(world, grant, at=at, version=later).version == later


def test_later_version_with_fewer_sources_is_served_and_with_more_is_not(world, grant):
    """About the data of a further source its unit was never asked: the buyer applies for it."""
    later, at = stages.version(world, "in_publicity")
    listing.publish_version(version=later, actor=world["officer"], at=at)
    source = later.sources.get()
    further = make_entry(world.cast, world.at, title="药店销售统计")
    added = VersionSource.objects.create(version=later, entry=further, unit=further.unit)
    denied(world, grant, "further_sources", version=later, at=at)
    added.delete()
    assert gate.judge(world["buyer"], grant, later, at).code == "ok"
    source.delete()
    assert gate.judge(world["buyer"], grant, later, at).code == "ok"


def test_version_that_may_only_be_used_on_the_platform_is_not_downloaded(world, grant):
    Version.objects.filter(pk=world.version.pk).update(allowed_modes=["platform"])
    world.version.refresh_from_db()
    denied(world, grant, "mode_not_allowed")


def test_version_without_a_granted_field_is_refused(world, grant):
    Grant.objects.filter(pk=grant.pk).update(fields=["早先的字段"])
    grant.refresh_from_db()
    denied(world, grant, "no_fields")


def test_verdict_comes_from_the_database_and_not_from_what_was_loaded(world, grant):
    stale = Grant.objects.get(pk=grant.pk)
    version = Version.objects.get(pk=world.version.pk)
    stages.order(world, grant)
    denied(world, stale, "suspended")
    stages.terminate(Measure.objects.get(), world)
    denied(world, stale, "not_active")
    assert version.state == "published"


def test_file_made_while_the_grant_was_suspended_is_not_handed_over(world, grant, monkeypatch):
    """The verdict that counts is the one after the file was made."""
    make = operations._extract

    def suspended_meanwhile(*args):
        made = make(*args)
        stages.order(world, Grant.objects.get(pk=grant.pk))
        return made

    monkeypatch.setattr(operations, "_extract", suspended_meanwhile)
    with pytest.raises(gate.Denied) as no:
        deliver(world, grant)
    assert no.value.code == "suspended"
    assert (Delivery.objects.count(), AccessRecord.objects.get().code) == (0, "suspended")


def test_failing_ledger_write_hands_nothing_over(world, grant, monkeypatch):
    from tests.workflow.matrix import LedgerDown, fails_after

    with monkeypatch.context() as patch, pytest.raises(LedgerDown):
        fails_after(patch, 0)
        deliver(world, grant)
    assert (Delivery.objects.count(), AccessRecord.objects.count()) == (0, 0)


def test_every_code_has_its_sentence():
    assert set(gate.HOLD_CODES.values()) <= set(gate.SENTENCES)
    assert set(gate.HOLD_CODES) == set(gate.HoldCode)


# --- pages -----------------------------------------------------------------------------------------------------------


def download(world, grant, who, version=None, format="csv", method="post"):
    client = Client()
    if who:
        client.force_login(world[who])
    version = version or world.version
    return getattr(client, method)(f"/grant/{grant.pk}/version/{version.pk}/download.{format}")


def test_page_serves_the_file_with_its_hash_and_never_from_a_cache(world, grant):
    with time_machine.travel(world.at, tick=False):
        answer = download(world, grant, "buyer")
    content = b"".join(answer.streaming_content)
    delivery = Delivery.objects.get()
    assert answer.status_code == 200
    assert hashlib.sha256(content).hexdigest() == delivery.sha256 == answer["X-Content-SHA256"]
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/csv; charset=utf-8", "no-store")
    assert answer["Content-Disposition"].startswith("attachment")
    assert delivery.obtained_at == world.at


def test_who_downloads_is_told_that_cells_may_look_like_formulas(world, grant, open_version):
    client = Client()
    shown = client.get(open_version.product.get_absolute_url(), headers={"accept-language": "en"})
    client.force_login(world["buyer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    with time_machine.travel(world.at, tick=False):
        mine = client.get(grant.get_absolute_url(), headers={"accept-language": "en"})
    for page in (shown, mine):
        assert page.content.decode().count("may take a cell that begins with =, +, - or @ for a formula") == 1


@pytest.mark.parametrize(
    ("who", "status"), [("other_buyer", 404), ("operator", 404), ("officer", 403), ("seller", 403), (None, 302)]
)
def test_page_refuses_outsiders_and_readers(world, grant, who, status):
    with time_machine.travel(world.at, tick=False):
        answer = download(world, grant, who)
    assert answer.status_code == status
    assert Delivery.objects.count() == 0
    if status == 403:
        assert AccessRecord.objects.get().code == "not_a_user"
        assert str(gate.SENTENCES["not_a_user"]) in answer.content.decode()


def test_page_leaves_the_record_of_a_refusal_and_asks_for_post(world, grant):
    stages.order(world, grant)
    with time_machine.travel(world.at, tick=False):
        assert download(world, grant, "buyer").status_code == 403
        assert download(world, grant, "buyer", method="get").status_code == 405
        assert download(world, grant, "buyer", format="exe").status_code == 404
    assert list(AccessRecord.objects.values_list("code", flat=True)) == ["suspended"]


# --- openly available data -----------------------------------------------------------------------------------------


@pytest.fixture
def open_version(world):
    return stages.open_data(world)


def test_open_data_is_anybodys_and_leaves_no_name(world, open_version):
    answer = Client().get(f"/open/version/{open_version.pk}/download.csv")
    content = b"".join(answer.streaming_content)
    delivery = Delivery.objects.get()
    assert (answer.status_code, delivery.grant, delivery.principal, delivery.sha256) == (
        200,
        None,
        None,
        hashlib.sha256(content).hexdigest(),
    )
    assert delivery.rows == len(content.decode("utf-8-sig").splitlines()) - 1 == 50
    record = AccessRecord.objects.get()
    assert (record.outcome, record.principal_ref, record.grant_ref) == ("allowed", "system:public", "")


def test_open_data_leaves_no_name_even_of_one_who_is_logged_in(world, open_version):
    client = Client()
    client.force_login(world["buyer"])
    with time_machine.travel(world.at, tick=False):
        answer = client.get(f"/open/version/{open_version.pk}/download.parquet")
    assert parquet.read_table(io.BytesIO(b"".join(answer.streaming_content))).num_rows == 50
    assert (Delivery.objects.get().principal, AccessRecord.objects.get().principal_ref) == (None, "system:public")


def test_data_that_is_not_open_is_not_served_openly(world):
    answer = Client().get(f"/open/version/{world.version.pk}/download.csv")
    assert answer.status_code == 403
    record = AccessRecord.objects.get()
    assert (record.outcome, record.code, Delivery.objects.count()) == ("refused", "not_open", 0)


@pytest.mark.parametrize(("verb", "status", "records"), [("hold", 403, 1), ("recall", 404, 0)])
def test_open_version_that_is_held_or_recalled_is_not_served(world, open_version, verb, status, records):
    getattr(listing, f"{verb}_version")(version=open_version, actor=world["officer"], at=world.at, reason="核查")
    assert Client().get(f"/open/version/{open_version.pk}/download.csv").status_code == status
    assert list(AccessRecord.objects.values_list("code", flat=True)) == ["version_not_served"] * records


def test_open_version_with_a_source_that_is_not_open_is_not_served(world, open_version):
    closed = make_entry(world.cast, world.at, title="药店销售统计")
    added = VersionSource.objects.create(version=open_version, entry=closed, unit=closed.unit)
    assert gate.judge_open(open_version) == (False, "not_open")
    added.delete()
    assert gate.judge_open(open_version) == (True, "ok")


def test_open_version_of_a_withdrawn_product_or_without_its_file_is_not_served(world, open_version):
    with transaction.atomic():
        Product.objects.filter(pk=open_version.product_id).update(state="withdrawn")
        assert gate.judge_open(Version.objects.get(pk=open_version.pk)).code == "version_not_served"
        transaction.set_rollback(True)
    open_version.files.update(destroyed_at=world.at)
    assert gate.judge_open(open_version).code == "version_not_served"


def test_version_whose_file_is_gone_is_not_served(world, grant):
    world.version.files.update(destroyed_at=world.at)
    denied(world, grant, "version_not_served")
