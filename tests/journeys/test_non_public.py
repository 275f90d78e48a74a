"""Non-public data: listed by a seller, reviewed by the platform, decided by the seller; the authority sees it all."""

import csv
import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import operations as accounts
from accounts.models import Credential, Party
from listings import operations as listing
from listings.models import Objection, Product, Version
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant
from marketplace.clock import operations as clocks
from marketplace.clock.defaults import Kind
from marketplace.clock.models import Clock
from marketplace.desk.queries import todo
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import SCENARIO, apply_for, check_sources, later, list_version, make_non_public_product
from marketplace.errors import InvalidState, NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import UsageReport
from marketplace.supervision.sweep import sweep
from tests.api.conftest import Partner, credential_for
from tests.workflow import stages
from tests.workflow.matrix import rows


class Browser:
    """One person's pages: `sends` posts a form and expects that it leads on."""

    def __init__(self, user):
        self.client = Client()
        if user:
            self.client.force_login(user)

    def sends(self, page, *args, **fields):
        answer = self.client.post(reverse(page, args=args), fields)
        assert answer.status_code == 302, (page, answer.status_code, answer.content.decode()[-3000:])
        return answer.url

    def reads(self, address):
        answer = self.client.get(address)
        assert answer.status_code == 200, address
        return answer.content.decode()


def number_in(url):
    return int(re.findall(r"/(\d+)/", url)[-1])


def test_whole_trade_on_the_pages(world):
    vendor, reviewer, buyer = (Browser(world[who]) for who in ("vendor", "reviewer", "buyer"))
    with time_machine.travel(world.at, tick=False) as now:
        version = list_on_pages(world, vendor, reviewer)
        answer_on_pages(reviewer, version)
        now.move_to(later(world.at, Kind.PUBLICITY))
        reviewer.sends("listings:version-publish", version)
        assert "福州便利店指数" in Browser(None).reads(reverse("listings:catalogue"))
        case = apply_on_pages(world, buyer, version)
        grant = decide_on_pages(world, vendor, case)
        buyer.sends("applications:grant-accept", grant, terms_accepted="on")
        answer = buyer.client.post(reverse("delivery:download", args=[grant, version, "csv"]))
        read = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert read[0] == ["区县", "月份"] and len(read) == 51


def list_on_pages(world, vendor, reviewer):
    product = number_in(vendor.sends(
        "listings:product-create", seller=world.parties["vendor"].pk, nature="non_public", acquisition="own_business",
        category="trade", grade="general", visibility="all", title="福州便利店指数", summary="按区县",
        description="汇总", price_text="每年 1 万元", frequency="monthly",
    ))  # fmt: skip
    vendor.sends("listings:product-declare", product, declared="on")
    vendor.sends(
        "listings:product-add_source_file", product, kind="consent", title="权属说明", reference="1号", summary="自有"
    )
    version = number_in(vendor.sends("listings:product-create_version", product, about="none", **stages.VERSION_FIELDS))
    content = write_bed_use(stages.scratch("sales.csv")).read_bytes()
    vendor.sends("listings:version-upload_file", version, file=SimpleUploadedFile("sales.csv", content))
    vendor.sends("listings:version-request_assessment", version)
    assert listing.assess_due(at=world.at) == 1
    vendor.sends("listings:version-submit", version)
    source = Product.objects.get(pk=product).source_files.get().pk
    assert "listings:version-approve" not in reviewer.reads(reverse("listings:version", args=[version]))
    reviewer.sends("listings:source-file-accept", source, reason="原件核对无误")
    reviewer.sends(
        "listings:version-approve", version, sources_checked="on", irreversible="on", reason="材料齐全"
    )  # fmt: skip
    return version


def answer_on_pages(reviewer, version):
    said = Browser(None).client.post(reverse("listings:version-object", args=[version]), {"text": "口径不明"})
    number, code = re.findall(r'<code class="key">([^<]+)</code>', said.content.decode())
    reviewer.sends("listings:objection-dismiss", Objection.objects.get().pk, reason="口径见说明")
    follow = Browser(None).client.post(reverse("listings:objection-follow"), {"number": number, "code": code})
    assert "口径见说明" in follow.content.decode()


def apply_on_pages(world, buyer, version):
    product = Version.objects.get(pk=version).product_id
    case = number_in(buyer.sends(
        "applications:start", product, buyer=world.parties["buyer"].pk, title="选址", fields_wanted=["区县", "月份"]
    ))  # fmt: skip
    buyer.sends(
        "applications:application-describe", case, title="选址", period_from="2026-04-01", period_until="2027-03-31",
        **SCENARIO,
    )  # fmt: skip
    buyer.sends("applications:application-submit", case)
    return case


def decide_on_pages(world, vendor, case):
    page = Browser(world["officer"]).reads(reverse("applications:application", args=[case]))
    assert reverse("applications:application-accept", args=[case]) not in page  # told, sees all, decides nothing
    vendor.sends("applications:application-accept", case)
    vendor.sends("applications:application-begin_review", case)
    item = Application.objects.get(pk=case).items.get()
    vendor.sends(
        "applications:item-approve", item.pk, starts="2026-04-01", ends="2027-03-31", granted=["区县", "月份"],
        reason="用途相符",
    )  # fmt: skip
    return Grant.objects.get(item=item).pk


def test_whole_trade_through_the_api(world, settings):
    settings.API_RATE = "100000/min"
    draft = stages.non_public_draft(world)
    system = {
        who: Partner(credential_for(world, world.parties[party], person=world[who]), world[who])
        for who, party in (("vendor", "vendor"), ("reviewer", "compliance"), ("buyer", "buyer"))
    }

    def did(who, path, **body):
        answer = system[who].post(path, body)
        assert answer.status_code in (200, 201), (path, answer.content)
        return answer.json()

    with time_machine.travel(world.at, tick=False) as now:
        did("vendor", f"versions/{draft.pk}/submit/")
        (source,) = system["reviewer"].get(f"products/{draft.product_id}/").json()["source_files"]
        assert did("reviewer", f"source-files/{source['id']}/accept/", reason="无误")["state"] == "accepted"
        did("reviewer", f"versions/{draft.pk}/approve/", sources_checked=True, irreversible=True, reason="齐全")
        raised = did("buyer", f"versions/{draft.pk}/objections/", text="口径不明", contact="secret-contact")
        assert "secret-contact" not in system["reviewer"].get(f"objections/{raised['id']}/").content.decode()
        did("reviewer", f"objections/{raised['id']}/dismiss/", reason="见说明")
        now.move_to(later(world.at, Kind.PUBLICITY))
        assert did("reviewer", f"versions/{draft.pk}/publish/")["state"] == "published"
        own = world.parties["buyer"].pk
        path = f"products/{draft.product_id}/apply/"
        case = did("buyer", path, buyer=own, title="选址", fields_wanted=["区县"])
        period = {"period_from": "2026-04-01", "period_until": "2027-03-31"}
        did("buyer", f"applications/{case['id']}/describe/", title="选址", **period, **SCENARIO)
        assert did("buyer", f"applications/{case['id']}/submit/")["seller"]["id"] == world.parties["vendor"].pk
        did("vendor", f"applications/{case['id']}/accept/")
        did("vendor", f"applications/{case['id']}/begin-review/")
        item = did("vendor", f"items/{case['items'][0]}/approve/", reason="相符")
        did("buyer", f"grants/{item['grant']}/accept/", terms_accepted=True)
        download = f"grants/{item['grant']}/versions/1/download.csv"
        refusal = system["buyer"].get(download)
        assert (refusal.status_code, refusal.json()["code"]) == (403, "system_not_named")
        named = Credential.objects.get(party=own)
        applications.name_system(
            grant=Grant.objects.get(pk=item["grant"]), actor=world["buyer"], at=timezone.now(), credential=named
        )
        assert system["buyer"].get(f"grants/{item['grant']}/").json()["in_effect"] is True
        answer = system["buyer"].get(download)
        assert b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[0] == "区县"


# --- who may not -----------------------------------------------------------------------------------------------------


def refused(kind, act, **given):
    before = rows()
    with pytest.raises(kind) as error:
        act(**given)
    assert rows() == before
    return error.value


def test_authority_decides_no_non_public_item_and_orders_nothing_on_its_grant(world):
    item, at = stages.non_public_item(world, "open@under_review")
    for who in ("officer", "second_officer", "province_officer", "reviewer", "vendor_member", "other_vendor", "seller"):
        refused(
            NotAllowed, applications.approve_item, item=item, actor=world[who], at=at, starts=at.date(),
            ends=at.date(), reason="同意",
        )  # fmt: skip
    grant = stages.approve(item, world, at, by="vendor")
    applications.accept_grant(grant=grant, actor=world["buyer"], at=at, terms_accepted=True)
    refused(
        NotAllowed, supervision.propose_order_on_grant, grant=grant, actor=world["officer"], at=at, facts="x",
        demand="y",
    )  # fmt: skip


def test_reviewer_reviews_no_public_data(world):
    version, at = stages.version(world, "submitted")
    given = {"version": version, "actor": world["reviewer"], "at": at}
    refused(NotAllowed, listing.approve_version, **given, **stages.SIGN_OFF)
    source, at = stages.source_file(world, "unchecked")
    refused(NotAllowed, listing.accept_source_file, source=source, actor=world["reviewer"], at=at, reason="无误")


def test_officer_reviews_no_non_public_data(world):
    version, at = stages.non_public_version(world, "submitted")
    for who in ("officer", "province_officer", "vendor", "other_vendor"):
        refused(NotAllowed, listing.approve_version, version=version, actor=world[who], at=at, **stages.SIGN_OFF)


def test_reviewer_does_not_review_what_its_own_organisation_sells_now_or_lately(world):
    version, at = stages.non_public_version(world, "submitted")
    accounts.add_member(
        party=world.parties["vendor"], user=world["reviewer"], role="auditor", actor=world["vendor"], at=at
    )
    given = {"version": version, "actor": world["reviewer"], "at": at}
    refused(NotAllowed, listing.approve_version, **given, **stages.SIGN_OFF)
    assert not [task for task in todo(world["reviewer"], at) if task.obj == version]
    membership = world["reviewer"].memberships.get(party=world.parties["vendor"])
    accounts.end_membership(party=membership.party, membership=membership, actor=world["vendor"], at=at)
    given["at"] = at + timedelta(days=200)
    refused(NotAllowed, listing.approve_version, **given, **stages.SIGN_OFF)


def test_manager_of_the_seller_who_belongs_to_the_buyer_decides_nothing(world):
    case, at = stages.non_public_application(world, "submitted")
    accounts.add_member(party=world.parties["buyer"], user=world["vendor"], role="member", actor=world["buyer"], at=at)
    refused(NotAllowed, applications.accept_application, application=case, actor=world["vendor"], at=at)


def test_seller_does_not_buy_from_itself(world):
    version, at = stages.non_public_version(world, "published")
    vendor = world.parties["vendor"]
    vendor.capabilities.create(kind="buyer", region=vendor.region, valid_from=at.date())
    refused(
        InvalidState, applications.start_application, buyer=vendor, actor=world["vendor"], at=at, title="自购",
        product=version.product, fields=["区县"],
    )  # fmt: skip


def test_lapsed_seller_decides_nothing_and_its_offer_cannot_be_accepted(world):
    case, at = stages.non_public_application(world, "decided")
    grant = Grant.objects.get(item__application=case)
    Party.objects.filter(pk=world.parties["vendor"].pk).update(verified_until=at.date() - timedelta(days=1))
    grant = Grant.objects.get(pk=grant.pk)
    refused(
        InvalidState, applications.accept_grant, grant=grant, actor=world["buyer"], at=at, terms_accepted=True
    )  # fmt: skip
    other = apply_draft(world, at)
    refused(NotAllowed, applications.accept_application, application=other, actor=world["vendor"], at=at)


def apply_draft(world, at):
    product = Product.objects.get(seller=world.parties["vendor"])
    return apply_for(product, world.cast, at, ["区县"], buyer="other_buyer")


def test_public_and_non_public_data_go_in_two_applications(world):
    version, at = stages.non_public_version(world, "published")
    case = applications.start_application(
        buyer=world.parties["buyer"], actor=world["buyer"], at=at, title="混合", product=world.product,
        fields=world.fields,
    )  # fmt: skip
    given = {"application": case, "actor": world["buyer"], "at": at}
    error = refused(ValidationError, applications.add_item, **given, product=version.product, fields=["区县"])
    assert set(error.error_dict) == {"product"}
    client = Client()
    client.force_login(world["buyer"])
    with time_machine.travel(at, tick=False):
        address = reverse("applications:application-add_item", args=[case.pk])
        answer = client.post(address, {"product": version.product_id})
    assert answer.status_code == 422 and "请分别提交申请" in answer.content.decode()


def test_two_sellers_data_go_in_two_applications(world):
    first, at = stages.non_public_version(world, "published")
    second = make_non_public_product(world.cast, world.at, seller="other_vendor", title="物流指数")
    draft = stages.make_version(
        second, world.cast, world.at, write_bed_use(stages.scratch("x.csv")), {}, about="none", person="other_vendor"
    )
    list_version(draft, world.cast, world.at, person="other_vendor", officer="reviewer")
    case = applications.start_application(
        buyer=world.parties["buyer"], actor=world["buyer"], at=at, title="两家", product=first.product, fields=["区县"]
    )
    given = {"application": case, "actor": world["buyer"], "at": at}
    refused(ValidationError, applications.add_item, **given, product=second, fields=["区县"])


def test_question_of_the_seller_stops_its_clock_and_the_authority_is_told(world):
    case, at = stages.non_public_application(world, "under_review+question")
    clock = Clock.objects.open().get(object_type="applications.application", object_id=str(case.pk))
    assert clock.kind == Kind.DECISION and clock.paused_at == at
    applications.answer_officer(application=case, actor=world["buyer"], at=at, text="仅福州")
    clock.refresh_from_db()
    assert clock.paused_at is None
    told = Outbox.objects.filter(recipient_ref=world["officer"].ledger_ref, kind="application_to_seller")
    assert told.filter(channel="page").count() == 1
    assert case.messages.values_list("party__name", flat=True)[0] == world.parties["vendor"].name


def test_seller_is_reminded_of_its_own_deadline_and_the_buyer_owes_no_report(world):
    case, at = stages.non_public_application(world, "submitted")
    late = later(at, Kind.ACCEPTANCE)
    sweep(at=late)
    overdue = Outbox.objects.filter(kind="clock_overdue", channel="page", link=case.get_absolute_url())
    assert set(overdue.values_list("recipient_ref", flat=True)) == {
        world["vendor"].ledger_ref, world["vendor_member"].ledger_ref,
    }  # fmt: skip
    assert clocks.of(case).open().count() == 1
    grant, over = stages.non_public_grant(world, "active") if not Grant.objects.exists() else (None, None)
    sweep(at=over)
    assert not UsageReport.objects.filter(grant=grant).exists()


# --- invited parties only --------------------------------------------------------------------------------------------


@pytest.fixture
def hidden(world):
    """On offer to invited parties only; nobody is invited yet."""
    draft = stages.non_public_draft(world, visibility="invited", title="秘密客流指数")
    listing.submit_version(version=draft, actor=world["vendor"], at=world.at)
    check_sources(draft.product, world["reviewer"], world.at)
    listing.approve_version(version=draft, actor=world["reviewer"], at=world.at, **stages.SIGN_OFF)
    return draft


def publish(world, draft):
    at = later(world.at, Kind.PUBLICITY)
    listing.publish_version(version=draft, actor=world["reviewer"], at=at)
    return at


def sees(client, draft):
    """Which addresses show a visitor anything of it."""
    product, pk = draft.product_id, draft.pk
    pages = {
        "product": f"/product/{product}/", "version": f"/version/{pk}/", "object": f"/version/{pk}/object/",
        "search": "/products/?q=秘密", "home": "/", "publicity": "/publicity/", "catalogue": "/products/",
        "api": f"/api/v1/products/{product}/", "api versions": "/api/v1/versions/", "api list": "/api/v1/products/",
    }  # fmt: skip
    found = set()
    for name, address in pages.items():
        answer = client.get(address)
        body = answer.content.decode()
        is_named = f'"product":{product}' in body or f"/version/{pk}/" in body
        if draft.product.title in body or (is_named and answer.status_code != 404):  # the login link names the address
            found.add(name)
    return found


def test_invited_only_product_is_invisible_to_everybody_else(world, hidden, settings):
    outsiders = [Client()]
    for who in ("other_buyer", "seller", "other_vendor", "provider", "operator"):
        client = Client()
        client.force_login(world[who])
        outsiders.append(client)
    with time_machine.travel(world.at, tick=False):
        assert [sees(client, hidden) for client in outsiders] == [set()] * 6
    at = publish(world, hidden)
    with time_machine.travel(at, tick=False):
        assert [sees(client, hidden) for client in outsiders] == [set()] * 6
        for page in ("applications:start", "listings:product-withdraw", "listings:product-invite"):
            assert outsiders[1].post(reverse(page, args=[hidden.product_id]), {}).status_code == 404
    given = {"actor": world["other_buyer"], "at": at}
    refused(
        ValidationError, applications.start_application, buyer=world.parties["other_buyer"], title="x",
        product=hidden.product, fields=["区县"], **given,
    )  # fmt: skip
    settings.API_RATE = "100000/min"
    with time_machine.travel(at, tick=False):
        key = credential_for(world, world.parties["other_buyer"], person=world["other_buyer"])
        system, own = Partner(key, world["other_buyer"]), world.parties["other_buyer"].pk
        sent = {"buyer": own, "title": "x", "fields_wanted": ["区县"]}
        assert system.post(f"products/{hidden.product_id}/apply/", sent).status_code == 404
        draft = applications.start_application(
            buyer=world.parties["other_buyer"], title="x", product=world.product, fields=world.fields, **given
        )
        answer = system.post(f"applications/{draft.pk}/add-item/", {"product": hidden.product_id})
        assert answer.status_code == 422 and "秘密" not in answer.content.decode()


def test_invited_party_sees_applies_and_loses_sight_again(world, hidden):
    at, buyer = publish(world, hidden), world.parties["buyer"]
    keep = {"product": hidden.product, "actor": world["vendor"], "at": at}
    refused(NotAllowed, listing.invite_buyer, **{**keep, "actor": world["other_vendor"]}, uscc=buyer.uscc)
    for code in ("91350100MA00000067", world.parties["vendor"].uscc, world.parties["unit"].uscc):
        refused(ValidationError, listing.invite_buyer, **keep, uscc=code)
    listing.invite_buyer(**keep, uscc=buyer.uscc)
    refused(InvalidState, listing.invite_buyer, **keep, uscc=buyer.uscc)
    client = Client()
    client.force_login(world["buyer"])
    with time_machine.travel(at, tick=False):
        # the search and the home page are anybody's: what only invited parties are offered stands in their catalogue
        assert sees(client, hidden) == {"product", "version", "object", "catalogue"}
        system = Partner(credential_for(world, buyer, person=world["buyer"]), world["buyer"])
        assert system.get(f"products/{hidden.product_id}/").json()["visibility"] == "invited"
        assert hidden.product_id in [row["id"] for row in system.get("products/").json()["items"]]
        sent = {"buyer": buyer.pk, "title": "x", "fields_wanted": ["区县"]}
        applied = system.post(f"products/{hidden.product_id}/apply/", sent)
        assert applied.status_code == 201
    case = apply_for(hidden.product, world.cast, at, ["区县"])
    listing.uninvite_buyer(**keep, party=buyer)
    refused(InvalidState, listing.uninvite_buyer, **keep, party=buyer)
    with time_machine.travel(at, tick=False):
        assert client.get(hidden.product.get_absolute_url()).status_code == 404
        assert client.get(case.get_absolute_url()).status_code == 200
        assert system.get(f"products/{hidden.product_id}/").status_code == 404
        assert system.post(f"products/{hidden.product_id}/apply/", sent).status_code == 404
        assert system.get(f"applications/{applied.json()['id']}/").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"nature": "government"}, "acquisition"),
        ({"acquisition": "own_duty"}, "acquisition"),
        ({"acquisition": "sharing"}, "acquisition"),
        ({"nature": "government", "acquisition": "own_duty"}, "entry"),
    ],
)
def test_nature_basis_and_entry_go_together(world, wrong, field):
    given = {
        "seller": world.parties["unit" if wrong.get("nature") else "vendor"],
        "actor": world["provider" if wrong.get("nature") else "vendor"], "at": world.at, "nature": "non_public",
        "acquisition": "own_business", "grade": "general", "title": "x", "summary": "x", "description": "x",
        "frequency": "monthly",
    }  # fmt: skip
    error = refused(ValidationError, listing.create_product, **{**given, **wrong})
    assert set(error.error_dict) == {field}


def test_entry_of_public_data_is_no_basis_of_non_public_data(world):
    given = {
        "seller": world.parties["vendor"], "actor": world["vendor"], "at": world.at, "nature": "non_public",
        "acquisition": "bought", "grade": "general", "title": "x", "summary": "x", "description": "x",
        "frequency": "monthly", "entry": world.product.entry,
    }  # fmt: skip
    assert set(refused(ValidationError, listing.create_product, **given).error_dict) == {"entry"}
    refused(NotAllowed, listing.create_product, **{**given, "entry": None, "actor": world["seller"],
                                                  "seller": world.parties["developer"]})  # fmt: skip


def test_public_data_is_shown_to_everybody(world):
    given = {
        "seller": world.parties["developer"], "actor": world["seller"], "at": world.at, "nature": "government",
        "acquisition": "primary_developer", "grade": "general", "title": "x", "summary": "x", "description": "x",
        "frequency": "monthly", "entry": world.product.entry, "visibility": "invited",
    }  # fmt: skip
    assert set(refused(ValidationError, listing.create_product, **given).error_dict) == {"visibility"}
