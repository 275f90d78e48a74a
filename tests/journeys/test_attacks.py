"""What an adversary tried: each test is an attack that must fail."""

import contextlib
import csv
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.core.files import uploadhandler
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import operations as accounts
from accounts.models import Role, User
from listings import operations as listing
from listings.deidentification import limits
from listings.models import Opening, Product, Sharing, Version, VersionFile
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Consultation, Grant
from marketplace.clock.defaults import Kind
from marketplace.delivery import operations as delivery
from marketplace.delivery.gate import Denied
from marketplace.delivery.models import Delivery
from marketplace.desk.queries import todo
from marketplace.desk.sample_data import VISIT_ROLES, write_air_quality, write_visits
from marketplace.desk.story import (
    apply_for,
    consult,
    decide,
    later,
    list_version,
    make_entry,
    make_product,
    make_version,
)
from marketplace.errors import InvalidState, NotAllowed, Refused
from marketplace.ledger.models import Entry
from marketplace.middleware import only_utf8
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import DerivedProduct, Finding, Measure
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.workflow import stages

DAY = timedelta(days=1)
RESIDENT_ID = "11010519491231002X"


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def new_version(world: World, product: Product, folder: Path, at: Any, **fields: Any) -> Version:
    """As `make_version`, with further sources or steps."""
    version = listing.create_version(
        product=product, actor=world["seller"], at=at, about="persons", data_from=date(2025, 7, 1),
        data_until=date(2025, 9, 30), collected_from=date(2025, 7, 1), collected_until=date(2025, 10, 5),
        deidentification_tool="泛化", key_is_kept=False, **fields,
    )  # fmt: skip
    path = write_visits(folder / "visits-2.csv")
    listing.upload_file(version=version, actor=world["seller"], at=at, path=path, name=path.name)
    listing.mark_columns(version=version, actor=world["seller"], at=at, roles=VISIT_ROLES)
    listing.run_assessment(job=listing.request_assessment(version=version, actor=world["seller"], at=at), at=at)
    version.refresh_from_db()
    return version


def foreign_entry(world: World, at: Any, *, opening: str = Opening.ON_APPLICATION, sharing: str = Sharing.CONDITIONAL):  # type: ignore[no-untyped-def]
    """A published entry of the other unit."""
    entry = listing.propose_entry(
        unit=world.parties["other_unit"], actor=world["other_provider"], at=at, title="信用记录", description="-",
        sharing=sharing, withheld_basis="条例第十四条" if sharing == Sharing.WITHHELD else "", opening=opening,
        frequency="monthly", contact="数据科",
    )  # fmt: skip
    listing.publish_entry(entry=entry, actor=world["officer"], at=at)
    return entry


def unit_product(world: World, at: Any) -> Product:
    """The health unit lists its own data itself: open on application, the route of Art. 15."""
    entry = make_entry(world.cast, at, title="本单位门诊数据")
    return make_product(world.cast, entry, at, seller="unit", person="provider", title="本单位门诊数据产品")


def ordered(world: World, grant: Grant, at: Any) -> Measure:
    measure = supervision.propose_order_on_grant(
        grant=grant, actor=world["officer"], at=at, facts="超范围使用", demand="立即改正"
    )
    assert measure is not None
    supervision.issue_order(
        measure=measure, actor=world["officer"], at=at, facts="超范围使用", demand="立即改正", remedy="可申请复议"
    )
    return measure


def terminated(world: World, grant: Grant, at: Any) -> None:
    measure = ordered(world, grant, at)
    stages.hear(measure, at, world["officer"], world["buyer"])
    supervision.note_seen(measure=measure, actor=world["officer"], at=at)
    supervision.find_refusal(measure=measure, actor=world["officer"], at=at, reason="拒不改正")
    supervision.terminate_service(measure=measure, actor=world["officer"], at=at, reason="终止", remedy="可申请复议")
    grant.refresh_from_db()
    assert grant.state == "terminated"


# --- consent (Art. 15) and the sources of a version ------------------------------------------------------------------


@pytest.mark.parametrize(("opening", "sharing"), [("not_open", "conditional"), ("on_application", "withheld")])
def test_attack_withheld_data_as_a_further_source(world: World, tmp_path: Path, opening: str, sharing: str) -> None:
    """Arts 14, 15: what is withheld or not open cannot be listed, not by the side door of a further source either."""
    entry = foreign_entry(world, world.at, opening=opening, sharing=sharing)
    with pytest.raises((ValidationError, Refused)):
        listing.submit_version(
            version=new_version(world, world.product, tmp_path, world.at, sources=[entry]),
            actor=world["seller"], at=world.at,
        )  # fmt: skip


def test_attack_data_open_on_application_behind_an_openly_available_entry(world: World, tmp_path: Path) -> None:
    """A version of an open product with another unit's Art. 15 data in it must not be served to anybody."""
    at = world.at
    entry = make_entry(
        world.cast, at, unit="other_unit", person="other_provider", title="空气质量", opening="openly_available"
    )
    product = make_product(world.cast, entry, at, seller="other_unit", person="other_provider", title="空气质量数据")
    closed = make_entry(world.cast, at, title="门诊明细")
    with pytest.raises((ValidationError, Refused)):
        version = listing.create_version(
            product=product, actor=world["other_provider"], at=at, about="none", data_from=date(2025, 1, 1),
            data_until=date(2025, 6, 30), collected_from=date(2025, 1, 1), collected_until=date(2025, 7, 5),
            deidentification_tool="无", key_is_kept=False, sources=[closed],
        )  # fmt: skip
        path = write_air_quality(tmp_path / "air.csv")
        listing.upload_file(version=version, actor=world["other_provider"], at=at, path=path, name="air.csv")
        job = listing.request_assessment(version=version, actor=world["other_provider"], at=at)
        listing.run_assessment(job=job, at=at)
        version.refresh_from_db()
        list_version(version, world.cast, at, person="other_provider")
        version.refresh_from_db()
        delivery.deliver_openly(version=version, at=later(at, Kind.PUBLICITY))


def art15_grant(world: World, product: Product, folder: Path, at: Any) -> tuple[Version, Grant]:
    """A grant on the unit's own product, by the route of Art. 15, in effect."""
    path = write_visits(folder / "own.csv")
    version = make_version(product, world.cast, at, path, VISIT_ROLES, about="persons", person="provider")
    listed = list_version(version, world.cast, at, person="provider")
    version.refresh_from_db()
    application = apply_for(product, world.cast, listed, world.fields)
    consult(application, world.cast, listed)
    grant = decide(application, world.cast, listed)
    applications.accept_grant(grant=grant, actor=world["buyer"], at=listed, terms_accepted=True)
    return version, grant


def test_attack_later_version_brings_data_of_a_unit_that_never_consented(world: World, tmp_path: Path) -> None:
    """Every unit whose data is in it consents (Art. 15): a grant reaches no version with a unit nobody asked."""
    product = unit_product(world, world.at)
    first, grant = art15_grant(world, product, tmp_path, world.at)
    assert first.published_at is not None
    at = first.published_at + DAY
    second = listing.create_version(
        product=product, actor=world["provider"], at=at, about="persons", data_from=date(2025, 7, 1),
        data_until=date(2025, 9, 30), collected_from=date(2025, 7, 1), collected_until=date(2025, 10, 5),
        deidentification_tool="泛化", key_is_kept=False, sources=[foreign_entry(world, at)],
    )  # fmt: skip
    path = write_visits(tmp_path / "second.csv")
    listing.upload_file(version=second, actor=world["provider"], at=at, path=path, name="second.csv")
    listing.mark_columns(version=second, actor=world["provider"], at=at, roles=VISIT_ROLES)
    listing.run_assessment(job=listing.request_assessment(version=second, actor=world["provider"], at=at), at=at)
    second.refresh_from_db()
    list_version(second, world.cast, at, person="provider")
    second.refresh_from_db()
    assert second.published_at is not None
    with pytest.raises(Denied):
        delivery.deliver(grant=grant, version=second, actor=world["buyer"], at=second.published_at)


def test_attack_seller_blocks_a_pending_decision_with_a_draft(world: World, tmp_path: Path) -> None:
    """The units of an item are those of the version on offer: a draft that names another one changes nothing."""
    at = world.at
    product = unit_product(world, at)
    path = write_visits(tmp_path / "own.csv")
    version = make_version(product, world.cast, at, path, VISIT_ROLES, about="persons", person="provider")
    listed = list_version(version, world.cast, at, person="provider")
    application = apply_for(product, world.cast, listed, world.fields)
    consult(application, world.cast, listed)
    listing.create_version(
        product=product, actor=world["provider"], at=listed, about="persons", data_from=date(2025, 7, 1),
        data_until=date(2025, 9, 30), collected_from=date(2025, 7, 1), collected_until=date(2025, 10, 5),
        deidentification_tool="泛化", key_is_kept=False, sources=[foreign_entry(world, listed)],
    )  # fmt: skip
    assert decide(application, world.cast, listed).state == "offered"


def test_attack_draft_shows_a_strangers_grant_to_a_unit(world: World, grant: Grant) -> None:
    """A seller's draft makes nobody a party to a grant: its terms and deliveries stay hidden from that unit."""
    listing.create_version(
        product=world.product, actor=world["seller"], at=world.at, about="persons", data_from=date(2025, 7, 1),
        data_until=date(2025, 9, 30), collected_from=date(2025, 7, 1), collected_until=date(2025, 10, 5),
        deidentification_tool="泛化", key_is_kept=False, sources=[foreign_entry(world, world.at)],
    )  # fmt: skip
    assert not Grant.objects.visible_to(world["other_provider"]).filter(pk=grant.pk).exists()


# --- standing --------------------------------------------------------------------------------------------------------


def test_attack_barred_seller_gets_a_new_grant(world: World, application: Application) -> None:
    """A lapsed or barred seller gets no new grants."""
    consult(application, world.cast, world.at)
    seller = world.parties["developer"]
    accounts.bar_party(party=seller, actor=world["operator"], at=world.at, reason="资质造假", remedy="可申请复核")
    with pytest.raises(Refused):
        decide(application, world.cast, world.at)


def test_attack_auditor_of_the_operator_bars_a_party(world: World) -> None:
    """An auditor reads: it never acts, for the operator as little as for anybody else."""
    auditor = User.objects.create_user(email="auditor@test.example", name="审计")
    accounts.add_member(
        party=world.parties["operator"], user=auditor, role=Role.AUDITOR, actor=world["operator"], at=world.at
    )
    with pytest.raises(NotAllowed):
        accounts.bar_party(party=world.parties["buyer"], actor=auditor, at=world.at, reason="越权", remedy="可申请复核")


def test_attack_member_makes_somebody_an_owner(world: World) -> None:
    """An owner or manager takes people in; a mere member hands out no roles."""
    friend = User.objects.create_user(email="friend@test.example", name="友")
    with pytest.raises(NotAllowed):
        accounts.add_member(
            party=world.parties["city"], user=friend, role=Role.OWNER, actor=world["second_officer"], at=world.at
        )


def test_attack_withdrawn_open_product_is_still_served(world: World, tmp_path: Path) -> None:
    """Withdrawn is withdrawn: openly available data has no live grant that could run on."""
    at = world.at
    entry = make_entry(
        world.cast, at, unit="other_unit", person="other_provider", title="空气质量", opening="openly_available"
    )
    product = make_product(world.cast, entry, at, seller="other_unit", person="other_provider", title="空气质量数据")
    path = write_air_quality(tmp_path / "air.csv")
    version = make_version(product, world.cast, at, path, {}, about="none", person="other_provider")
    list_version(version, world.cast, at, person="other_provider")
    product.refresh_from_db()
    listing.withdraw_product(product=product, actor=world["other_provider"], at=at, reason="停止开放")
    address = reverse("delivery:download-open", args=[version.pk, "csv"])
    answer = Client().get(address)
    answer.close()
    assert answer.status_code in (403, 404, 410)


# --- after delivery --------------------------------------------------------------------------------------------------


def derive(world: World, grant: Grant, at: Any) -> DerivedProduct:
    return supervision.register_derived(
        party=world.parties["buyer"], actor=world["buyer"], at=at, title="需求地图", description="地图",
        built_from=[(grant, world.version)],
    )  # fmt: skip


def test_attack_derived_product_published_after_termination_unflagged(world: World, grant: Grant) -> None:
    """Terminated: what was built from it is flagged, also when it was kept back until after the termination."""
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    derived = derive(world, grant, world.at)
    terminated(world, grant, world.at + DAY)
    derived.refresh_from_db()
    try:
        supervision.publish_derived(derived=derived, actor=world["buyer"], at=world.at + 2 * DAY)
    except Refused:
        return
    derived.refresh_from_db()
    assert derived.state == "flagged"


def test_attack_derived_product_withdrawn_and_registered_anew_loses_its_flag(world: World, grant: Grant) -> None:
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    derived = derive(world, grant, world.at)
    supervision.publish_derived(derived=derived, actor=world["buyer"], at=world.at)
    terminated(world, grant, world.at + DAY)
    derived.refresh_from_db()
    supervision.withdraw_derived(derived=derived, actor=world["buyer"], at=world.at + DAY, reason="撤下")
    try:
        again = derive(world, grant, world.at + 2 * DAY)
        supervision.publish_derived(derived=again, actor=world["buyer"], at=world.at + 2 * DAY)
    except Refused:
        return
    again.refresh_from_db()
    assert again.state == "flagged"


def test_attack_surrender_under_an_order_saves_the_derived_product(world: World, grant: Grant) -> None:
    """Giving the grant back the night before termination does not keep what was built from it unflagged."""
    at = world.at
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
    derived = derive(world, grant, at)
    supervision.publish_derived(derived=derived, actor=world["buyer"], at=at)
    measure = ordered(world, grant, at)
    stages.hear(measure, at, world["officer"], world["buyer"])
    supervision.note_seen(measure=measure, actor=world["officer"], at=at)
    supervision.find_refusal(measure=measure, actor=world["officer"], at=at, reason="拒不改正")
    grant.refresh_from_db()
    try:
        applications.surrender_grant(grant=grant, actor=world["buyer"], at=at, reason="不用了")
    except Refused:
        return
    supervision.terminate_service(measure=measure, actor=world["officer"], at=at, reason="终止", remedy="可复议")
    derived.refresh_from_db()
    assert derived.state == "flagged"


def test_attack_surrender_ends_the_duty_to_report(world: World, grant: Grant) -> None:
    """The duties for what it received go on: a surrendered grant's overdue report is noticed all the same."""
    at = world.at
    sweep(at=at)
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
    report = grant.reports.get()
    applications.surrender_grant(grant=grant, actor=world["buyer"], at=at + DAY, reason="不用了")
    report.refresh_from_db()
    sweep(at=report.due_at + DAY)
    assert Finding.objects.filter(grant=grant, rule="report_overdue").exists()


# --- the assessment (Art. 17) ----------------------------------------------------------------------------------------


def draft(world: World, path: Path, about: str = "persons") -> Version:
    version = listing.create_version(
        product=world.product, actor=world["seller"], at=world.at, about=about, data_from=date(2025, 7, 1),
        data_until=date(2025, 9, 30), collected_from=date(2025, 7, 1), collected_until=date(2025, 10, 5),
        deidentification_tool="泛化", key_is_kept=False,
    )  # fmt: skip
    listing.upload_file(version=version, actor=world["seller"], at=world.at, path=path, name=path.name)
    return version


def test_attack_columns_are_marked_anew_while_the_assessment_runs(world: World, tmp_path: Path) -> None:
    """What the officer sees is what was measured: no new marks between the measurement and its record."""
    version = draft(world, write_visits(tmp_path / "visits.csv"))
    listing.mark_columns(version=version, actor=world["seller"], at=world.at, roles={"性别": "quasi_identifier"})
    listing.request_assessment(version=version, actor=world["seller"], at=world.at)
    with pytest.raises(InvalidState):
        listing.mark_columns(version=version, actor=world["seller"], at=world.at, roles=VISIT_ROLES)


def everything_stored() -> str:
    """All columns of all tables as one text."""
    return "\n".join(str(row) for model in apps.get_models() for row in model._base_manager.values_list())


def test_attack_identifiers_stay_behind_after_a_refused_file(world: World, tmp_path: Path) -> None:
    """A refused file leaves its report, and nobody's number: not in a file's name, a column or the ledger."""
    path = tmp_path / f"{RESIDENT_ID}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["区县", f"身份证{RESIDENT_ID}"], *[["鼓楼区", RESIDENT_ID]] * 30])
    version = draft(world, path)
    roles = {name: "quasi_identifier" for name in version.columns.values_list("name", flat=True)}
    listing.mark_columns(version=version, actor=world["seller"], at=world.at, roles=roles)
    job = listing.request_assessment(version=version, actor=world["seller"], at=world.at)
    listing.run_assessment(job=job, at=world.at)
    version.refresh_from_db()
    assert version.state == "draft"
    assert RESIDENT_ID not in everything_stored()


@pytest.mark.django_db(transaction=True)
def test_attack_refused_version_keeps_its_file(world: World, tmp_path: Path) -> None:
    """A refused file is destroyed at once; the report stays."""
    version = new_version(world, world.product, tmp_path, world.at)
    listing.submit_version(version=version, actor=world["seller"], at=world.at)
    keys = list(VersionFile.objects.filter(version=version).values_list("key", flat=True))
    assert keys and all(default_storage.exists(key) for key in keys)
    listing.refuse_version(
        version=version, actor=world["officer"], at=world.at, reason="来源不合法", remedy="可申请复议"
    )
    assert not any(default_storage.exists(key) for key in keys)
    assert version.assessments.count() == 1


# --- floods and odd input --------------------------------------------------------------------------------------------


def test_attack_thousands_of_processing_steps(world: World) -> None:
    """A megabyte of line breaks in one field is not half a million inserts under the write lock."""
    with pytest.raises(ValidationError):
        listing.create_version(
            product=world.product, actor=world["seller"], at=world.at, about="none", data_from=date(2025, 7, 1),
            data_until=date(2025, 9, 30), collected_from=date(2025, 7, 1), collected_until=date(2025, 10, 5),
            deidentification_tool="无", key_is_kept=False, steps="a\n" * 3000,
        )  # fmt: skip


def test_attack_title_with_a_line_break_breaks_every_download(world: World, grant: Grant) -> None:
    """A title ends up in a header: it may neither inject one nor turn each download into a 500."""
    Product.objects.filter(pk=world.product.pk).update(title="Visits\r\nSet-Cookie: a=b")
    Grant.objects.filter(pk=grant.pk).update(
        activated_at=timezone.now() - DAY, starts=timezone.now().date() - DAY, ends=timezone.now().date() + DAY
    )
    client = browser_of(world["buyer"])
    client.raise_request_exception = False
    answer = client.post(reverse("delivery:download", args=[grant.pk, world.version.pk, "csv"]))
    answer.close()
    assert answer.status_code == 200
    assert "\n" not in answer["Content-Disposition"] and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("parameter", "status"),
    [
        *((f"charset={name}", 400) for name in ("rot13", "base64", "unicode_escape", "idna", "undefined", "gbk", "x")),
        ("charset*=undefined''x%41", 400),
        ("boundary*=idna''%ff", 400),
        ("charset*=rot13''x%41", 400),
        ("charset=UTF-8", 200),
        ("boundary=x", 200),
    ],
)
def test_attack_odd_charset_of_a_request(parameter: str, status: int) -> None:
    """A content type can name any codec of Python, by which Django would fail before any middleware: none is a 5xx."""
    environ: dict[str, Any] = {"CONTENT_TYPE": f"text/plain; {parameter}", "QUERY_STRING": "q=%5Cud800%00"}
    setup_testing_defaults(environ)
    answers: list[int] = []

    def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        assert WSGIRequest(environ).GET["q"] == "\\ud800\x00"
        start_response("200 OK", [])
        return []

    only_utf8(site)(environ, lambda line, _headers: answers.append(int(line.split()[0])))
    assert answers == [status]


@pytest.mark.parametrize("value", ["99999999999999999999999", "-1", "\x00", "x", "1e9"])
def test_attack_unknown_sources_in_the_form(world: World, value: str) -> None:
    client = browser_of(world["seller"])
    client.raise_request_exception = False
    answer = client.post(f"/product/{world.product.pk}/create-version/", {"sources": [value], "about": "none"})
    assert answer.status_code == 422


def test_attack_a_wide_file_cannot_be_marked(settings: Any) -> None:
    """As many columns as the site takes, each a field of the form that marks them."""
    assert settings.DATA_UPLOAD_MAX_NUMBER_FIELDS is None or (
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS > limits.MAX_COLUMNS
    )


@pytest.mark.django_db
def test_attack_anonymous_upload_in_many_parts(settings: Any) -> None:
    """The limit holds for the request, not for each of a hundred files, on an address that takes no file at all."""
    settings.UPLOAD_LIMIT = 1000
    written = 0
    real = uploadhandler.TemporaryFileUploadHandler.receive_data_chunk

    def count(self: Any, raw_data: bytes, start: int) -> None:
        nonlocal written
        written += len(raw_data)
        real(self, raw_data, start)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploadhandler.TemporaryFileUploadHandler, "receive_data_chunk", count)
        files = {f"file{n}": SimpleUploadedFile(f"{n}.csv", b"x" * 900) for n in range(20)}
        Client().post("/language/", {"language": "en", **files})
    assert written <= 1000


def test_attack_head_counts_as_a_delivery(world: World, tmp_path: Path) -> None:
    """Asking for the headers hands nothing over."""
    at = world.at
    entry = make_entry(
        world.cast, at, unit="other_unit", person="other_provider", title="空气质量", opening="openly_available"
    )
    product = make_product(world.cast, entry, at, seller="other_unit", person="other_provider", title="空气质量数据")
    path = write_air_quality(tmp_path / "air.csv")
    version = make_version(product, world.cast, at, path, {}, about="none", person="other_provider")
    list_version(version, world.cast, at, person="other_provider")
    answer = Client().head(reverse("delivery:download-open", args=[version.pk, "csv"]))
    assert (answer.status_code, Delivery.objects.exists()) == (200, False)


# --- reading what is not yours ---------------------------------------------------------------------------------------


def test_attack_officer_of_another_region_reads_the_review(world: World) -> None:
    """The reasons of a review belong to the seller, the competent authority and the province."""
    reason = "材料齐全,评估通过"
    address = world.version.get_absolute_url()
    assert reason in browser_of(world["seller"]).get(address).content.decode()
    for stranger in ("other_officer", "county_officer"):
        assert reason not in browser_of(world[stranger]).get(address).content.decode(), stranger


def test_attack_private_pages_are_kept_by_caches(world: World, grant: Grant) -> None:
    answer = browser_of(world["buyer"]).get(grant.get_absolute_url())
    assert answer.status_code == 200
    assert {"private", "no-store"} & {part.strip() for part in answer.get("Cache-Control", "").split(",")}


def test_attack_strangers_see_nothing_of_a_case(world: World, application: Application, offered_grant: Grant) -> None:
    """Foreign numbers in every address: 404, as if nothing were there."""
    item = application.items.get()
    consultation = Consultation.objects.get(application=application)
    addresses = [
        f"/application/{application.pk}/", f"/application/{application.pk}/withdraw/", f"/item/{item.pk}/approve/",
        f"/consultation/{consultation.pk}/consent/", f"/grant/{offered_grant.pk}/",
        f"/grant/{offered_grant.pk}/accept/",
        f"/grant/{offered_grant.pk}/take-precaution/", f"/party/{world.parties['buyer'].pk}/",
        f"/derived/new/{world.parties['buyer'].pk}/",
    ]  # fmt: skip
    for stranger in ("other_buyer", "other_officer", "county_officer", "other_provider"):
        client = browser_of(world[stranger])
        for address in addresses:
            assert client.get(address).status_code == 404, (stranger, address)
            assert client.post(address, {"reason": "x", "terms_accepted": "on"}).status_code in (404, 405)


# --- accounts --------------------------------------------------------------------------------------------------------


def test_attack_login_behind_the_documented_proxy() -> None:
    """deploy/: gunicorn on a socket has no REMOTE_ADDR; the client is in nginx's X-Forwarded-For."""
    production = {
        "DEBUG": "false", "SECRET_KEY": "k3Jd82-sLw0_9fQzXy7VbN4mTgHc6RpEa1UoIiWqZxMvBnLkJhGfDsA5tY",
        "DATABASE_URL": "postgres://u:p@127.0.0.1/x", "REDIS_URL": "redis://127.0.0.1:1/0",
        "SITE_URL": "https://minshu.example", "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "FIELD_KEYS": "bT3-vLq8_ZxW1nK6sJ4hG9fD2aP7cRyE",
    }  # fmt: skip
    program = (
        "import django; django.setup()\n"
        "from django.test import RequestFactory\n"
        "from accounts.adapter import AccountAdapter\n"
        "request = RequestFactory().get('/', REMOTE_ADDR='', HTTP_X_FORWARDED_FOR='203.0.113.7')\n"
        "print(AccountAdapter().get_client_ip(request))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **production}, cwd=django_settings.BASE_DIR,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert answer.stdout.strip() == "203.0.113.7", answer.stderr[-300:]


def test_attack_user_takes_another_address_without_proof(world: World) -> None:
    """Orders and hearings are told by e-mail: nobody changes an address unproved and unrecorded."""
    client = browser_of(world["buyer"])
    client.raise_request_exception = False
    client.post("/accounts/email/", {"action_add": "", "email": "somebody-else@victim.example"})
    client.post("/accounts/email/", {"action_primary": "", "email": "somebody-else@victim.example"})
    world["buyer"].refresh_from_db()
    assert world["buyer"].email == "buyer@test.example"


# --- ledger ----------------------------------------------------------------------------------------------------------


def test_attack_ledger_through_the_orm(world: World) -> None:
    entry = Entry.objects.order_by("pk").last()
    assert entry is not None
    tries: list[Callable[[], Any]] = [
        lambda: Entry.objects.filter(pk=entry.pk).update(new="x"),
        lambda: Entry.objects.filter(pk=entry.pk).delete(),
        lambda: Entry.objects.bulk_update([entry], ["at"]),
        lambda: entry.save(),
        lambda: Entry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["id"], update_fields=["verb"]
        ),
    ]  # fmt: skip
    for attempt in tries:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_attack_back_dated_ledger_entry(world: World) -> None:
    """`recorded_at` is the database's clock: nobody can hand in another time."""
    now = timezone.now()
    try:
        with transaction.atomic():
            entry = Entry.objects.create(
                operation_id="00000000-0000-0000-0000-000000000000", actor_ref="system:x", actor_kind="system",
                object_type="x", object_id="1", verb="x", at=now, recorded_at=now - 3650 * DAY,
            )  # fmt: skip
    except DatabaseError:
        return
    entry.refresh_from_db()
    assert abs(entry.recorded_at - now) < DAY


# --- twice -----------------------------------------------------------------------------------------------------------


def test_attack_declaration_is_overwritten_after_the_review(world: World) -> None:
    """Art. 31: who declared, and when, is what the officer checked."""
    before = Product.objects.get(pk=world.product.pk).declared_at
    with contextlib.suppress(Refused):
        listing.declare_product(product=world.product, actor=world["seller"], at=world.at + 30 * DAY)
    assert Product.objects.get(pk=world.product.pk).declared_at == before


def test_attack_clock_runs_against_the_party_while_the_officer_examines(world: World, grant: Grant) -> None:
    """A clock stops while the other side must act: evidence filed in time is not made late by the officer's desk."""
    at = world.at
    measure = ordered(world, grant, at)
    supervision.file_evidence(measure=measure, actor=world["buyer"], at=at + DAY, text="已改正")
    much_later = later(at, Kind.CORRECTION) + DAY
    supervision.note_seen(measure=measure, actor=world["officer"], at=much_later)
    supervision.ask_for_more(measure=measure, actor=world["officer"], at=much_later, reason="请补充")
    supervision.file_statement(measure=measure, actor=world["buyer"], at=much_later, text="正在补充")
    supervision.note_seen(measure=measure, actor=world["officer"], at=much_later)
    for act in (supervision.open_hearing, supervision.find_refusal):
        with pytest.raises(InvalidState):
            act(measure=measure, actor=world["officer"], at=much_later, reason="逾期")


# --- more: consultation, orders, time --------------------------------------------------------------------------------


def test_attack_version_exchanged_between_consultation_and_decision(world: World, tmp_path: Path) -> None:
    """Art. 16: units are heard. A version published meanwhile with an unheard unit's data is not what is granted."""
    application = apply_for(world.product, world.cast, world.at, world.fields)
    consult(application, world.cast, world.at)
    second = new_version(world, world.product, tmp_path, world.at, sources=[foreign_entry(world, world.at)])
    published = list_version(second, world.cast, world.at)
    try:
        grant = decide(application, world.cast, published)
    except Refused:
        return
    heard = set(application.consultations.values_list("unit", flat=True))
    assert set(grant.from_version.sources.values_list("unit", flat=True)) <= heard


def test_attack_order_is_told_to_those_who_may_not_see_it(world: World, grant: Grant) -> None:
    """The demand of an order is the party's and the authority's, on the grant's page too."""
    measure = ordered(world, grant, world.at)
    for stranger in ("provider", "seller"):
        client = browser_of(world[stranger])
        assert client.get(measure.get_absolute_url()).status_code == 404
        assert measure.demand not in client.get(grant.get_absolute_url()).content.decode(), stranger


@pytest.mark.django_db
def test_attack_sweep_from_the_future_on_a_live_site(settings: Any) -> None:
    """A sweep may look from a later day only where time may be moved: elsewhere it pauses and accuses everybody."""
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("sweep", at=(timezone.now() + 365 * DAY).isoformat())


def test_attack_todo_forgets_the_report_in_the_small_hours(world: World, grant: Grant) -> None:
    """A period ends at midnight in Shanghai, not eight hours later."""
    sweep(at=world.at)
    report = grant.reports.get()
    small_hours = datetime(report.end.year, report.end.month, report.end.day, 19, tzinfo=UTC)  # 3:00 of the next day
    assert report in [task.obj for task in todo(world["buyer"], small_hours)]
