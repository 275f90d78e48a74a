"""Reports from the metered use, the attribution in every form, and the check that anybody can make."""

import json
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from marketplace.delivery import operations as delivery
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.supervision import forms, operations
from marketplace.supervision.models import DerivedProduct
from marketplace.supervision.queries import metered_use, refused_requests
from tests import crowd
from tests.supervision.test_monitors import deliver as record_delivery
from tests.workflow import stages

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SOON = timedelta(hours=1)


def first_report(world, grant, at=None):
    over = at or datetime(2026, 4, 1, 9, tzinfo=stages.SHANGHAI)
    return operations.schedule_reports(grants=[grant], actor=stages.JOB, at=over)[0], over


def deliver(world, grant, at):
    return delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)


def client(world, who="", language="en"):
    visitor = Client(headers={"accept-language": language})
    if who:
        visitor.force_login(world[who], backend=BACKEND)
    return visitor


@pytest.fixture
def report(world, grant):
    """A quarter with one delivery and one refusal in it, and one delivery after its last moment."""
    deliver(world, grant, world.at + SOON)
    with pytest.raises(delivery.gate.Denied):
        delivery.deliver(grant=grant, version=world.version, actor=world["other_buyer"], at=world.at + SOON)
    report, over = first_report(world, grant)
    deliver(world, grant, stages.end_of_day(report.end))
    return report, over


def test_report_form_is_filled_from_what_was_metered_in_its_period(world, report):
    report, over = report
    rows = metered_use(report)
    assert [(row["version"], row["rows"], row["to"], row["fields"]) for row in rows] == [
        (1, 1000, "张悦", world.fields)
    ]
    assert (rows[0]["at"], rows[0]["bytes"] > 1000) == ((world.at + SOON).isoformat(), True)
    assert refused_requests(report) == 1
    form = forms.ReportForm(target=report, actor=world["buyer"], at=over)
    assert "1000" in form.initial["use"] and "区县" in form.initial["use"]


def test_what_was_metered_is_kept_with_the_filing(world, report):
    report, over = report
    operations.file_report(report=report, actor=world["buyer"], at=over, use="训练模型")
    filing = report.filings.get()
    assert filing.metered == metered_use(report)
    detail = json.loads(Entry.objects.filter(verb="file_report").get().detail.json)
    assert detail["metered"] == filing.metered
    html = client(world, "officer").get(report.get_absolute_url()).content.decode()
    assert "1 request was refused by the gate." in html
    operations.return_report(report=report, actor=world["officer"], at=over, reason="说明成果")
    assert forms.ReportForm(target=report, actor=world["buyer"], at=over).initial["use"] == "训练模型"


def test_nil_report_is_one_click_where_nothing_was_delivered(world, grant):
    report, over = first_report(world, grant)
    assert forms.ReportForm(target=report, actor=world["buyer"], at=over).initial == {}
    html = client(world, "buyer").get(report.get_absolute_url()).content.decode()
    assert f'action="/report/{report.pk}/file-nil/"' in html
    operations.file_nil_report(report=report, actor=world["buyer"], at=over)
    assert (report.state, report.filings.get().is_nil) == ("filed", True)
    with pytest.raises(InvalidState):
        operations.file_nil_report(report=report, actor=world["buyer"], at=over)


def test_nil_report_is_refused_where_something_was_delivered(world, report):
    report, over = report
    seen = Entry.objects.count()
    with pytest.raises(InvalidState):
        operations.file_nil_report(report=report, actor=world["buyer"], at=over)
    assert (Entry.objects.count(), report.state, report.filings.count()) == (seen, "open", 0)
    assert "file-nil" not in client(world, "buyer").get(report.get_absolute_url()).content.decode()


@pytest.fixture
def derived(world, grant):
    """Published, with two deliveries on two days, and words in its title that hope to become markup."""
    deliver(world, grant, world.at)
    deliver(world, grant, world.at + timedelta(days=3))
    who = {"actor": world["buyer"], "at": world.at + timedelta(days=4)}
    made = operations.register_derived(
        party=world.parties["buyer"], title="需求<b>地图</b>", description="按区县",
        built_from=[(grant, world.version)],
        **who,
    )  # fmt: skip
    operations.publish_derived(derived=made, **who)
    return made


def test_attribution_as_text_and_html_prints_source_and_every_date(world, derived):
    first, last = f"{world.at:%F}", f"{world.at + timedelta(days=3):%F}"
    for format, title in (("txt", "需求<b>地图</b>"), ("html", "需求&lt;b&gt;地图&lt;/b&gt;")):
        answer = client(world).get(f"{derived.get_absolute_url()}download.{format}")
        text = answer.content.decode()
        assert answer["Content-Disposition"] == f'attachment; filename="attribution-{derived.number}.{format}"'
        assert title in text and world.parties["unit"].name in text and world.product.title in text
        assert f"Date obtained: {first} – {last}" in text
        assert "Data as of: 2025-07-01 – 2025-12-31" in text and "Date collected: 2025-07-01 – 2026-01-05" in text
        assert derived.get_absolute_url() in text


def test_attribution_as_linked_data_names_sources_and_dates(world, derived):
    answer = client(world).get(f"{derived.get_absolute_url()}download.jsonld")
    data = answer.json()
    assert answer["Content-Type"] == "application/ld+json"
    assert data["@type"] == ["schema:CreativeWork", "prov:Entity"]
    assert data["@id"].endswith(derived.get_absolute_url())
    (source,) = data["prov:wasDerivedFrom"]
    assert (source["schema:name"], source["schema:version"]) == (world.product.title, "1")
    assert [unit["schema:name"] for unit in source["schema:creator"]] == [world.parties["unit"].name]
    used = data["prov:wasGeneratedBy"]["prov:qualifiedUsage"]
    days = [f"{world.at:%F}", f"{world.at + timedelta(days=3):%F}"]
    assert [use["prov:atTime"]["@value"] for use in used] == days
    assert {use["prov:entity"]["@id"] for use in used} == {source["@id"]}


def test_attribution_as_qr_code_is_a_drawing_without_script(world, derived):
    answer = client(world).get(f"{derived.get_absolute_url()}download.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content and b"<script" not in answer.content
    html = client(world).get(derived.get_absolute_url()).content.decode()
    assert f'src="{derived.get_absolute_url()}download.svg"' in html


@pytest.mark.parametrize("format", ["txt", "html", "jsonld", "svg"])
def test_attribution_of_what_is_not_public_is_not_there(world, derived, format):
    operations.withdraw_derived(derived=derived, actor=world["buyer"], at=world.at, reason="下线")
    assert client(world).get(f"{derived.get_absolute_url()}download.{format}").status_code == 404
    assert client(world).post(f"{derived.get_absolute_url()}download.{format}").status_code == 405


def verdict(world, typed):
    answer = client(world).get("/check/", {"q": typed})
    assert answer.status_code == 200, typed
    return re.search(r'id="verdict"[^>]*>([^<]+)<', answer.content.decode())[1]


def test_anybody_checks_by_number_token_or_address(world, derived):
    address = f"https://minshu.example{derived.get_absolute_url()}"
    for typed in (derived.number, derived.number.lower(), f" {derived.token} ", address, address.rstrip("/")):
        assert verdict(world, typed) == "Genuine"
    html = client(world).get("/check/", {"q": derived.number}).content.decode()
    assert world.parties["unit"].name in html and "<b>地图" not in html
    operations.withdraw_derived(derived=derived, actor=world["buyer"], at=world.at, reason="下线")
    for typed in (derived.number, derived.token, address):
        assert verdict(world, typed) == "Withdrawn"
    assert "地图" not in client(world).get("/check/", {"q": derived.number}).content.decode()


def test_a_printed_notice_is_checked_by_its_number_date_and_code(world, derived):
    who = client(world)
    text = who.get(f"{derived.get_absolute_url()}download.txt").content.decode()
    day, code = re.search(r"Notice of (\S+), code (\w{10})", text).groups()
    asked = {"q": derived.number, "day": day, "code": f"{code[:5].lower()}-{code[5:]}"}
    page = who.get("/check/", asked).content.decode()
    assert "Genuine" in page and world.parties["unit"].name in page
    for wrong in ({"code": "A" * 10}, {"day": "2020-01-01"}, {"q": derived.token, "code": "B" * 10}):
        page = who.get("/check/", asked | wrong).content.decode()
        assert "Unknown" in page and "issued no notice" in page and world.parties["unit"].name not in page
    for wrong in ({"code": ""}, {"day": ""}, {"day": "gestern"}):
        assert who.get("/check/", asked | wrong).status_code == 422
    operations.withdraw_derived(derived=derived, actor=world["buyer"], at=world.at, reason="下线")
    assert "Withdrawn" in who.get("/check/", asked).content.decode()


def test_a_printed_notice_outlives_the_key_of_the_site_and_what_was_obtained_later(world, derived, grant, settings):
    who, later = client(world), world.at + timedelta(days=40)
    with time_machine.travel(world.at + timedelta(days=5), tick=False):
        text = who.get(f"{derived.get_absolute_url()}download.txt").content.decode()
    day, code = re.search(r"Notice of (\S+), code (\w{10})", text).groups()
    asked, then, now = {"q": derived.number, "day": day, "code": code}, world.at + timedelta(days=3), str(later.date())
    deliver(world, grant, later)
    other = crowd.copy_grant(grant)
    other.product = crowd.copy(world.product, title="另一产品")
    other.from_version = crowd.copy(world.version, product=other.product)
    other.save()
    record_delivery(other, later)
    sources = [(grant, world.version), (other, other.from_version)]  # the first is named again
    operations.add_sources(derived=derived, actor=world["buyer"], at=later, built_from=sources)
    page = who.get("/check/", {"q": derived.number}).content.decode()
    assert now in page and "另一产品" in page
    page = who.get("/check/", asked).content.decode()
    assert "Genuine" in page and world.product.title in page and str(then.date()) in page
    assert now not in page and "另一产品" not in page
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert "Genuine" in who.get("/check/", asked).content.decode()
    settings.SECRET_KEY_FALLBACKS = []
    assert "Unknown" in who.get("/check/", asked).content.decode()


def test_what_was_never_public_is_unknown(world, grant):
    deliver(world, grant, world.at)
    who = {"actor": world["buyer"], "at": world.at}
    made = operations.register_derived(
        party=world.parties["buyer"], title="草稿", description="-", built_from=[(grant, world.version)], **who
    )
    assert verdict(world, made.number) == "Unknown"
    operations.withdraw_derived(derived=made, reason="不发布", **who)
    assert (verdict(world, made.number), verdict(world, made.token)) == ("Unknown", "Unknown")


@pytest.mark.parametrize(
    "typed", ["D999999999", "D" + "9" * 60, "x" * 16, "' OR 1=1 --", "../../etc", "<script>", "张"]
)
def test_hostile_or_wrong_numbers_are_unknown(world, typed):
    assert DerivedProduct.objects.count() == 0
    assert verdict(world, typed) == "Unknown"


@pytest.mark.parametrize("typed", ["", "x" * 301, "D1\x00"])
def test_what_cannot_be_a_number_is_a_wrong_form(world, typed):
    assert client(world).get("/check/", {"q": typed}).status_code == 422
