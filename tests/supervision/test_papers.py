"""Numbered documents: written with the decision, one file each, in Chinese, and a public page that knows the number."""

import hashlib
import io
import re

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from accounts.models import Membership, Party
from listings import operations as listing
from marketplace.applications import operations as applications
from marketplace.applications.models import Item
from marketplace.applications.operations.papers import write_refusal
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import due_after, last_day
from marketplace.documents import operations as documents
from marketplace.documents.models import Document, Paper, Series
from marketplace.documents.pdf import address_of
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.supervision import operations
from tests.races.together import fresh, together
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


def text_of(pdf):
    """Without the breaks of lines, which fall anywhere in Chinese."""
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def paper_of(case, at, kind):
    document = Document.objects.of(case).get(kind=kind)
    return document, text_of(documents.file_of(document, at))


def test_an_order_and_what_becomes_of_it_are_numbered_without_a_gap(world):
    grants = [stages.active_grant(world) for _n in range(3)]  # each grant is a decision with a document of its own
    first, second, third = (stages.order(world, grant) for grant in grants)
    stages.terminate(first, world)
    operations.lift_order(measure=second, actor=world["officer"], at=world.at, reason="已改正")
    operations.annul_order(measure=third, actor=world["second_officer"], at=world.at, reason="认定有误")
    rows = list(Document.objects.order_by("pk"))
    ends = ["hearing", "refusal_found", "termination", "lifting", "annulment"]
    assert [row.kind for row in rows] == ["grant"] * 3 + ["order"] * 3 + ends
    assert [row.number for row in rows] == [f"350100-2026-{number:04d}" for number in range(1, 12)]
    assert Series.objects.get().last == 11


def test_an_order_says_facts_article_remedy_deadline_and_number(world):
    order = stages.order(world, stages.active_grant(world))
    document, text = paper_of(order, world.at, Paper.ORDER)
    said = (
        document.number, order.number, order.party.name, order.facts, order.demand, "第三十三条", stages.REMEDY,
        "2026年3月17日",        "福州市大数据发展管理委员会", address_of(document.token),
    )  # fmt: skip
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    assert "救济" in text and "责令" in text


@pytest.mark.parametrize("whole", [False, True], ids=["version", "product"])
def test_a_take_down_made_final_is_a_document_of_the_reviewer_until_a_review_voids_it(world, client, whole):
    made, _over = stages.take_down(world, "final", whole=whole)
    at, version = made.issued_at, made.version
    document, text = paper_of(made, at, Paper.TAKE_DOWN_FINAL)
    reviewer = world.parties["compliance"]
    assert (
        document.number == f"{reviewer.region_id}P{reviewer.pk}-2026-0004"
    )  # after issue, notice of intent and refusal
    assert (document.issuer, document.party, Document.objects.of(made).count()) == (reviewer, made.party, 4)
    what = version.product if whole else version
    said = (
        made.number, f"下架对象{what}", f"不再提供的版本{version}", made.clause, made.facts, made.demand, "拒不改正",
        "第四十条", stages.REMEDY, reviewer.name, made.party.name, address_of(document.token),
    )  # fmt: skip
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    seen = {}
    for who in ("vendor", "reviewer", "officer", "province_officer", "other_vendor", "buyer"):
        client.force_login(world[who])
        seen[who] = client.get(document.get_absolute_url()).status_code
    assert seen == {
        "vendor": 200, "reviewer": 200, "officer": 200, "province_officer": 200, "other_vendor": 404, "buyer": 404,
    }  # fmt: skip
    review = operations.lodge_review(subject=made, actor=world["vendor"], at=at, text="认定有误")
    operations.annul_review(review=review, actor=world["province_officer"], at=at, reason="证据不足")
    assert [row.void_at for row in Document.objects.of(made)] == [at] * 4


@pytest.mark.parametrize("whole", [False, True], ids=["version", "product"])
def test_a_take_down_and_its_lifting_are_documents_of_the_reviewer_that_name_what_they_reach(world, whole):
    made, at = stages.take_down(world, "issued", whole=whole)
    version, reviewer = made.version, world.parties["compliance"]
    what = version.product if whole else version
    always = (made.number, f"下架对象{what}", made.clause, reviewer.name, made.party.name, "第四十条")
    document, text = paper_of(made, at, Paper.TAKE_DOWN)
    said = (
        *always, document.number, "非公共数据下架决定书", f"下架期间不提供的版本{version}", made.facts, made.demand,
        f"改正期限{last_day(clock.of(made).open().get(kind=Kind.CORRECTION).due_at)}", stages.REMEDY,
        "可申请复核的截止日", address_of(document.token),
    )  # fmt: skip
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    assert (document.issuer, document.party) == (reviewer, made.party)
    operations.extend_correction(measure=made, actor=world["reviewer"], at=made.issued_at, days=5, reason="整改复杂")
    operations.lift_order(measure=fresh(made), actor=world["reviewer"], at=at, reason="已改正")
    lifting, text = paper_of(made, at, Paper.TAKE_DOWN_LIFTING)
    said = (*always, lifting.number, "解除下架决定书", f"恢复提供的版本{version}", "已改正")
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    assert made.demand not in text and "不提供的版本" not in text
    rows = Document.objects.of(made)
    assert [row.kind for row in rows] == ["take_down", "extension", "take_down_lifting"]
    assert [row.number for row in rows] == [
        f"{reviewer.region_id}P{reviewer.pk}-2026-{number:04d}" for number in (1, 2, 3)
    ]


def test_lifted_a_take_down_names_no_version_that_something_else_still_holds(world):
    made, at = stages.take_down(world, "issued", whole=True)
    held = {"actor": world["reviewer"], "at": at, "reason": "另有隐患"}
    listing.hold_version(version=made.version, **held)
    operations.lift_order(measure=made, **held)
    _lifting, text = paper_of(made, at, Paper.TAKE_DOWN_LIFTING)
    assert "恢复提供的版本" not in text


def test_an_annulled_take_down_leaves_no_valid_document_and_its_public_page_says_only_that(world, client):
    made, at = stages.take_down(world, "issued")
    issued = Document.objects.of(made).get()
    page = client.get(reverse("documents:check-token", args=[issued.token])).content.decode()
    issued.refresh_from_db()
    assert [said for said in (issued.number, "2026-", issued.sha256) if said not in page] == []
    told = (made.party.name, made.clause, made.facts, made.demand, str(made.number), made.version.product.title)
    assert [said for said in told if said in page] == []
    Membership.objects.create(party=made.issuer, user=world["second_officer"], role="manager", valid_from=at.date())
    operations.annul_order(measure=made, actor=world["second_officer"], at=at, reason="认定有误")
    annulment, text = paper_of(made, at, Paper.TAKE_DOWN_ANNULMENT)
    assert "撤销下架决定书" in text and "认定有误" in text and f"恢复提供的版本{made.version}".replace(" ", "") in text
    assert (fresh(issued).void_at, annulment.void_at, annulment.issuer) == (at, None, made.issuer)


def test_where_its_platform_has_ended_the_authority_annuls_a_take_down_in_its_own_name(world):
    made, at = stages.take_down(world, "issued")
    Party.objects.filter(pk=made.issuer_id).update(state="ended")
    operations.annul_order(measure=fresh(made), actor=world["officer"], at=at, reason="认定有误")
    assert Document.objects.of(made).get(kind="take_down_annulment").issuer == world.parties["city"]


def named(kind):
    with translation.override("zh-hans"):
        return re.sub(r"\s", "", str(Paper(kind).label))


def heading(text):
    with translation.override("zh-hans"):
        return re.sub(r"\s", "", translation.gettext(text))


@pytest.mark.parametrize("kind", ["measure", "order_46", "take_down"])
def test_notice_of_intent_and_refusal_found_are_documents_with_facts_reasons_and_days(world, kind):
    made, at = getattr(stages, kind)(world, "issued")
    who = {"measure": made, "actor": world["reviewer" if kind == "take_down" else "officer"]}
    operations.open_hearing(**who, at=at, reason="拟作处理")
    hearing, text = paper_of(made, at, Paper.HEARING)
    always = (made.number, made.facts, made.demand, made.party.name, made.signatory.name)
    said = (*always, hearing.number, named(Paper.HEARING), "拟作处理", str(last_day(due_after(at, 5))))
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    operations.note_seen(**{**who, "measure": fresh(made)}, at=at)
    operations.find_refusal(**who, at=due_after(at, 5), reason="逾期未改正")
    found, text = paper_of(made, due_after(at, 5), Paper.REFUSAL_FOUND)
    said = (
        *always, found.number, named(Paper.REFUSAL_FOUND), "逾期未改正", made.remedy,
        str(last_day(due_after(due_after(at, 5), 3 + 10))), address_of(found.token),
    )  # fmt: skip
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    assert {one.issuer for one in Document.objects.of(made)} == {made.signatory}


def test_a_notice_and_what_becomes_of_it_are_documents_of_the_seller_that_name_the_clause(world, client):
    made, at = stages.notice(world, "issued")
    seller, vendor = made.issuer, {"measure": made, "actor": world["vendor"]}
    operations.extend_correction(**vendor, at=made.issued_at, days=5, reason="整改复杂")
    over = due_after(made.issued_at, 20)
    operations.open_hearing(**vendor, at=over, reason="拟终止")
    operations.note_seen(**{**vendor, "measure": fresh(made)}, at=over)
    operations.find_refusal(**vendor, at=due_after(over, 5), reason="逾期未改正")
    operations.terminate_service(**vendor, at=due_after(over, 5), reason="拒不改正", remedy="向仲裁机构申请仲裁")
    rows = list(Document.objects.of(made))
    assert [row.kind for row in rows] == [
        "notice", "notice_extension", "hearing", "refusal_found", "notice_termination",
    ]  # fmt: skip
    assert [row.number for row in rows] == [f"{seller.region_id}P{seller.pk}-2026-{n:04d}" for n in range(1, 6)]
    assert {(row.issuer, row.party) for row in rows} == {(seller, made.party)}
    for row in rows:
        _row, text = paper_of(made, at, row.kind)
        said = (made.number, made.clause, named(row.kind), "第四十条", seller.name, made.held.get().grant.number)
        assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
        assert heading("A review can be asked for until") not in text  # nobody reviews it
    _row, text = paper_of(made, at, "notice")
    assert all(re.sub(r"\s", "", part) in text for part in (made.facts, made.demand, made.remedy))
    assert "拒不改正" in (text := paper_of(made, at, "notice_termination")[1]) and "向仲裁机构申请仲裁" in text
    seen = {}
    for who in ("vendor", "buyer", "officer", "province_officer", "other_vendor", "other_buyer", "reviewer"):
        client.force_login(world[who])
        seen[who] = client.get(rows[0].get_absolute_url()).status_code
    assert seen == {
        "vendor": 200, "buyer": 200, "officer": 200, "province_officer": 200, "other_vendor": 404, "other_buyer": 404,
        "reviewer": 404,
    }  # fmt: skip


def test_a_notice_that_is_lifted_or_annulled_leaves_a_document_and_the_public_page_says_only_that(world, client):
    lifted, at = stages.notice(world, "issued")
    operations.lift_order(measure=lifted, actor=world["vendor"], at=at, reason="已改正")
    _document, text = paper_of(lifted, at, Paper.NOTICE_LIFTING)
    assert named(Paper.NOTICE_LIFTING) in text and "已改正" in text and lifted.demand not in text
    made, at = stages.notice(world, "issued")
    issued = Document.objects.of(made).get()
    Membership.objects.create(party=made.issuer, user=world["second_officer"], role="manager", valid_from=at.date())
    operations.annul_order(measure=made, actor=world["second_officer"], at=at, reason="认定有误")
    assert [(row.kind, row.void_at) for row in Document.objects.of(made)] == [
        ("notice", at), ("notice_annulment", None),
    ]  # fmt: skip
    page = client.get(reverse("documents:check-token", args=[issued.token])).content.decode()
    issued.refresh_from_db()
    assert [said for said in (issued.number, issued.sha256) if said not in page] == []
    told = (made.party.name, made.clause, made.facts, made.demand, str(made.number))
    assert [said for said in told if said in page] == []


def test_a_referral_is_a_document_that_names_the_body_the_words_and_the_remedy(world):
    made, _over = stages.order_46(world, "referred")
    document, text = paper_of(made, world.at, Paper.REFERRAL)
    said = (made.number, "福州市纪委监委", "移送处理", "第四十六条", stages.REMEDY, made.party.name)
    assert [part for part in said if re.sub(r"\s", "", part) not in text] == []
    assert (document.issuer, Document.objects.of(made).count()) == (world.parties["city"], 4)


def test_the_font_is_embedded(world):
    order = stages.order(world, stages.active_grant(world))
    pdf = documents.file_of(Document.objects.of(order).get(), world.at)
    fonts = PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"]
    used = [font.get_object() for font in fonts.values()]
    ours = [font for font in used if "MinshuHei" in font["/BaseFont"] or "WenQuanYi" in font["/BaseFont"]]
    assert ours and all("/FontFile2" in font["/FontDescriptor"] for font in ours)
    assert len(pdf) < 200_000


def test_what_people_write_is_no_markup_and_a_rare_character_is_named(world):
    order = stages.proposal(world, stages.active_grant(world))
    operations.issue_order(
        measure=order, actor=world["officer"], at=world.at, facts='<img src="file:///etc/passwd"/>&amp;\U00020bb7',
        demand="停止", remedy=stages.REMEDY,
    )  # fmt: skip
    _document, text = paper_of(order, world.at, Paper.ORDER)
    assert '<imgsrc="file:///etc/passwd"/>&amp;〓' in text and "U+20BB7" in text


def test_the_file_is_made_once_and_the_same_bytes_for_ever(world):
    order = stages.order(world, stages.active_grant(world))
    document = Document.objects.of(order).get()
    assert documents.render_due(at=world.at) == 2  # the grant's too
    assert documents.render_due(at=world.at) == 0
    document.refresh_from_db()
    once = documents.file_of(document, world.at)
    Document.objects.filter(pk=document.pk).update(content={**document.content, "title": "改过"})
    assert documents.file_of(fresh(document), world.at) == once
    assert hashlib.sha256(once).hexdigest() == document.sha256
    entry = Entry.objects.get(verb="render_document", object_id=str(document.pk))
    assert document.sha256 in entry.detail.json
    Document.objects.filter(pk=document.pk).update(pdf=once + b" ")
    with pytest.raises(ValueError, match="hash"):
        documents.file_of(fresh(document), world.at)


def test_a_decision_that_is_undone_uses_no_number(world):
    item, at = stages.item(world, "open@under_review")
    said = {"actor": world["officer"], "at": at, "reason": "无必要", "remedy": stages.REMEDY}
    with transaction.atomic():
        applications.refuse_item(item=fresh(item), **said)
        transaction.set_rollback(True)
    applications.refuse_item(item=fresh(item), **said)
    document, text = paper_of(item, at, Paper.REFUSAL)
    assert document.number == "350100-2026-0001"
    assert "无必要" in text and "第十六条" in text and item.application.number in text


def test_a_seller_s_decision_is_no_document(world):
    item, at = stages.item(world, "open@under_review")
    item.application.seller = world.parties["developer"]
    write_refusal(ledger.begin("refuse", world["officer"], at, "Art. 40"), item, "无必要", stages.REMEDY)
    assert not Document.objects.exists()


def test_a_review_is_decided_in_the_name_of_whose_officer_decides(world):
    review, at = stages.review(world, "lodged")
    operations.vary_review(
        review=review, actor=world["province_officer"], at=at, reason="期限过短", remedy=stages.REMEDY, days=30
    )
    document, text = paper_of(review, at, Paper.REVIEW)
    assert (document.number, document.issuer) == ("350000-2026-0001", world.parties["province"])
    assert "变更原决定" in text and "期限过短" in text and review.number in text


# --- who gets it, who may ask ----------------------------------------------------------------------------------------


def test_only_who_sees_the_case_gets_the_file(world, client):
    order = stages.order(world, stages.active_grant(world))
    document = Document.objects.of(order).get()
    got = {}
    for who in ("buyer", "officer", "province_officer", "other_buyer", "other_officer", "seller", "provider"):
        client.force_login(world[who])
        answer = client.get(document.get_absolute_url())
        got[who] = answer.status_code
        if answer.status_code == 200:
            assert answer["Content-Type"] == "application/pdf" and answer.content[:5] == b"%PDF-"
    assert got == {
        "buyer": 200, "officer": 200, "province_officer": 200, "other_buyer": 404, "other_officer": 404, "seller": 404,
        "provider": 404,
    }  # fmt: skip
    page = client_page(client, world["buyer"], order)
    assert document.get_absolute_url() in page and fresh(document).sha256 in page


def client_page(client, user, case):
    client.force_login(user)
    return client.get(case.get_absolute_url()).content.decode()


def test_anybody_with_the_paper_can_check_it_and_learns_nothing_else(world, client):
    order = stages.order(world, stages.active_grant(world))
    document = Document.objects.of(order).get()
    answer = client.get(reverse("documents:check-token", args=[document.token]))
    page = answer.content.decode()
    document.refresh_from_db()
    assert answer.status_code == 200
    assert document.number in page and "2026-03-17" in page and document.sha256 in page
    assert [said for said in (order.party.name, order.facts, order.demand, str(order.number)) if said in page] == []
    assert world["officer"].name not in page


@pytest.mark.parametrize("code", ["350100-2026-0001", "abcdefgh12345678", "x"])
def test_what_was_not_issued_is_unknown(world, client, code):
    stages.order(world, stages.active_grant(world))
    for address in (reverse("documents:check-token", args=[code]), f"{reverse('documents:check')}?code={code}"):
        answer = client.get(address)
        assert answer.status_code == 404 and "350100" not in answer.content.decode().replace(code, "")


# --- races -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_decided_at_once_the_numbers_have_no_gap_and_none_is_given_twice(world):
    first = stages.item(world, "open@under_review")[0]
    second = stages.item(world, "open@under_review")[0]

    def refuse(item, remedy):
        applications.refuse_item(
            item=Item.objects.get(pk=item.pk), actor=world["officer"], at=world.at, reason="无必要", remedy=remedy
        )

    outcomes = together(
        lambda: refuse(first, stages.REMEDY), lambda: refuse(second, stages.REMEDY), lambda: refuse(first, "")
    )
    assert outcomes[:2] == [None, None] and isinstance(outcomes[2], Exception)
    assert sorted(Document.objects.values_list("number", flat=True)) == ["350100-2026-0001", "350100-2026-0002"]
    documents.render_due(at=world.at)


@pytest.mark.django_db(transaction=True)
def test_rendered_twice_at_once_it_is_rendered_once(world):
    stages.order(world, stages.active_grant(world))
    together(*[lambda: documents.render_due(at=world.at)] * 3)
    assert Entry.objects.filter(verb="render_document").count() == Document.objects.count() == 2
