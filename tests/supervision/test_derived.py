"""Derived products: what became of their sources shows on them, and everybody may read the register."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import Party
from listings import operations as listing
from listings.models import Product, ProductStop, Upstream
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import DerivedFrom
from marketplace.supervision.operations.listing_again import conditions_of
from marketplace.supervision.queries import flagged_for
from marketplace.supervision.verbs import DERIVED
from tests import crowd
from tests.console.conftest import log_in
from tests.supervision.test_monitors import deliver
from tests.workflow import stages
from tests.workflow.tables import LISTED


def built(world, grant, title):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    return operations.register_derived(
        party=world.parties["buyer"], actor=world["buyer"], at=world.at, title=title, description="每月更新",
        built_from=[(grant, world.version)],
    )  # fmt: skip


def revoke(world, grant):
    operations.revoke_grant(
        grant=grant, actor=world["officer"], at=world.at, article="Art. 15", reason="单位撤回同意", remedy=stages.REMEDY
    )


def test_revocation_flags_what_was_built_in_the_same_act(world, grant):
    shown, hidden = built(world, grant, "门诊地图"), built(world, grant, "内部看板")
    operations.publish_derived(derived=shown, actor=world["buyer"], at=world.at)
    revoke(world, grant)
    for one in (grant, shown, hidden):
        one.refresh_from_db()
    assert (grant.state, shown.state, hidden.state) == ("revoked", "flagged", "registered")
    for page in (shown.get_absolute_url(), f"/check/?q={shown.number}"):
        for language, said, not_said in (("en", "was ended", "terminated"), ("zh-hans", "数据服务已停止", "终止")):
            text = Client(headers={"accept-language": language}).get(page).content.decode()
            note = text.partition('note-bad">')[2].partition("</p>")[0]
            assert said in note and not_said not in note
    acts = Entry.objects.filter(verb="revoke").values_list("object_type", "operation_id")
    assert [kind for kind, _act in acts] == ["applications.grant", "supervision.derivedproduct"]
    assert len({act for _kind, act in acts}) == 1
    for kind, who in (("derived_flagged", "buyer"), ("derived_to_decide", "officer")):
        assert Outbox.objects.filter(kind=kind, recipient_ref=world[who].ledger_ref).exists()
    operations.publish_derived(derived=hidden, actor=world["buyer"], at=world.at)  # published later: flagged at once
    hidden.refresh_from_db()
    assert hidden.state == "flagged"


def test_a_termination_flags_nothing_that_rests_on_a_grant_which_a_review_freed(world):
    kept, freed = (stages.active_grant(world) for _n in range(2))
    products = [built(world, one, title) for one, title in ((kept, "选址图"), (freed, "门诊地图"))]
    for one in products:
        operations.publish_derived(derived=one, actor=world["buyer"], at=world.at)
    order = operations.propose_order(
        grants=[kept, freed], actor=world["officer"], at=world.at, key="two", facts="超出约定用途", demand="停止"
    )
    stages.issue(order, world, world.at)
    review = operations.lodge_review(subject=order, actor=world["buyer"], at=world.at, text="认定有误")
    said = {"reason": "理由充分", "remedy": stages.REMEDY}
    operations.vary_review(review=review, actor=world["second_officer"], at=world.at, free=[freed], **said)
    order.refresh_from_db()
    stages.terminate(order, world)
    for one in products:
        one.refresh_from_db()
    assert [one.state for one in products] == ["flagged", "published"]


def test_the_register_is_public_and_shows_only_what_is_published(world, grant):
    built(world, grant, "内部看板")
    shown = built(world, grant, "门诊地图")
    operations.publish_derived(derived=shown, actor=world["buyer"], at=world.at)
    page = Client().get("/derived/")
    assert page.status_code == 200
    assert "门诊地图" in page.content.decode() and "内部看板" not in page.content.decode()


def test_an_added_product_is_asked_for_with_the_fields_that_are_chosen(world):
    case = stages.application(world, "draft")[0]
    other = stages.another_listed_product(world)
    item = applications.add_item(
        application=case, actor=world["buyer"], at=world.at, product=other, fields=["区县", "月份", "床位使用率"]
    )
    client = Client()
    client.force_login(world["buyer"])
    form = client.get(f"/item/{item.pk}/choose-fields/").content.decode()
    assert form.count("checked") == 3
    assert client.post(f"/item/{item.pk}/choose-fields/", {"wanted": ["姓名"]}).status_code == 422
    assert client.post(f"/item/{item.pk}/choose-fields/", {}).status_code == 422
    assert client.post(f"/item/{item.pk}/choose-fields/", {"wanted": ["区县"]}).status_code == 302
    item.refresh_from_db()
    assert item.fields == ["区县"]


def non_public_deal(world, grant):
    """Under a deal in non-public data, only for who was invited to it, the same buyer obtained something else."""
    data = crowd.copy(
        world.product, title="仓储流水", nature="non_public", acquisition="own_business", entry=None,
        visibility="invited", seller=world.parties["vendor"],
    )  # fmt: skip
    deal = crowd.copy_grant(grant)
    deal.product, deal.from_version = data, crowd.copy(world.version, product=data)
    deal.save()
    return deal


def built_on_both(world, grant):
    """Published: from public data, and from what the same buyer obtained under a deal in non-public data."""
    deal = non_public_deal(world, grant)
    deliver(deal, world.at + timedelta(days=9))
    made = built(world, grant, "选址图")
    DerivedFrom.objects.create(derived=made, grant=deal, version=deal.from_version)
    operations.publish_derived(derived=made, actor=world["buyer"], at=world.at)
    return made, deal


def texts_of(world, made, who=None):
    """Every form of its attribution, and the check, as one reads them."""
    client, page = Client(headers={"accept-language": "en"}), made.get_absolute_url()
    if who:
        client.force_login(world[who])
    forms = [f"{page}download.{form}" for form in ("txt", "html", "jsonld")]
    return {one: client.get(one).content.decode() for one in (page, f"/check/?q={made.number}", *forms)}


def test_a_deal_in_non_public_data_stands_nameless_in_every_public_form(world, grant):
    made, deal = built_on_both(world, grant)
    obtained = f"{world.at + timedelta(days=9):%F}"
    words = (deal.product.title, deal.product.seller.name, obtained, deal.number, f"/version/{deal.from_version_id}/")
    with time_machine.travel(world.at, tick=False):
        strangers = [texts_of(world, made, who) for who in (None, "other_buyer")]
        parties = [texts_of(world, made, who) for who in ("buyer", "vendor", "officer")]
        page, *elsewhere = strangers[0]
    for texts in strangers:
        for form, text in texts.items():
            assert (form, [word for word in words if word in text]) == (form, [])
            assert "a source that is not public data" in text and world.product.title in text
    for texts in parties:
        assert deal.product.title in texts[page] and obtained in texts[page]
        assert "a source that is not public data" not in texts[page]
        for form in elsewhere:  # what travels is the same whoever fetches it
            assert deal.product.title not in texts[form] and "a source that is not public data" in texts[form]


def test_what_is_built_on_public_data_alone_names_every_source(world, grant):
    made = built(world, grant, "门诊地图")
    operations.publish_derived(derived=made, actor=world["buyer"], at=world.at)
    with time_machine.travel(world.at, tick=False):
        for text in texts_of(world, made).values():
            assert world.product.title in text and "a source that is not public data" not in text


def test_a_version_that_was_obtained_under_two_grants_is_one_source_from_first_to_last_delivery(world, grant):
    made, renewal = built(world, grant, "门诊地图"), crowd.copy_grant(grant)
    deliver(renewal, world.at + timedelta(days=9))
    operations.add_sources(derived=made, built_from=[(renewal, world.version)], actor=world["buyer"], at=world.at)
    operations.publish_derived(derived=made, actor=world["buyer"], at=world.at)
    with time_machine.travel(world.at, tick=False):
        forms = list(texts_of(world, made).items())
    for address, text in forms[1:]:
        assert text.count(world.product.title) == 1, address
    for _address, text in forms:
        assert f"{world.at:%F}" in text and f"{world.at + timedelta(days=9):%F}" in text
    assert len(json.loads(forms[-1][1])["prov:wasDerivedFrom"]) == 1


def test_what_is_printed_of_a_withdrawn_product_leads_to_the_check_which_says_so(world, grant, client):
    made, kept = built(world, grant, "门诊地图"), built(world, grant, "草稿")
    who = {"actor": world["buyer"], "at": world.at}
    operations.publish_derived(derived=made, **who)
    for one in (made, kept):
        operations.withdraw_derived(derived=one, **who, reason="停止更新")
    never, unknown = built(world, grant, "未公开"), "abcdefghijklmnop"
    for address in ("/derived/{}/", "/lineage/derived/{}/"):
        answer = client.get(address.format(made.token), follow=True, headers={"accept-language": "en"})
        assert answer.redirect_chain == [(f"/check/?q={made.number}", 302)]
        assert '<h2 id="verdict" class="big">Withdrawn</h2>' in answer.content.decode()
        for token in (kept.token, never.token, unknown, made.number):  # none of them was ever public
            assert client.get(address.format(token)).status_code == 404, token
    assert client.get(f"/lineage/product/{made.pk + 1000}/").status_code == 404
    client.force_login(world["buyer"])
    assert client.get(made.get_absolute_url()).status_code == 200


def contract_ended(world, *, keep=""):
    """A product built on non-public data, published unless `keep`, whose contract the seller then ends by notice."""
    grant, _over = stages.non_public_grant(world, "active")
    at, version = grant.activated_at, grant.from_version
    who = {"actor": world["buyer"], "at": at}
    delivery.deliver(grant=grant, version=version, **who)
    derived = operations.register_derived(
        party=world.parties["buyer"], title="选址图", description="门店", built_from=[(grant, version)], **who
    )
    if not keep:
        operations.publish_derived(derived=derived, **who)
    notice = operations.draft_notice(grant=grant, actor=world["vendor"], at=at, clause="第三条", **stages.CHARGE)
    notice, at = stages.bring(world, notice, "terminated", by="vendor", at=at)
    derived.refresh_from_db()
    return derived, notice, at


def told_of(kind):
    return set(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))


def test_a_contract_notice_flags_nothing_and_its_two_sides_are_told(world):
    derived, notice, at = contract_ended(world)
    assert (notice.state, derived.state) == ("terminated", "published")
    assert {world["buyer"].ledger_ref, world["vendor"].ledger_ref} <= told_of("derived_contract_ended")
    assert not told_of("derived_flagged") and not told_of("derived_to_decide")
    for who in ("officer", "province_officer", "vendor"):
        assert derived not in [task.obj for task in todo(world[who], at)]


def test_a_lapsed_buyer_registers_and_names_its_sources_as_it_may_be_ordered_to_but_lists_nothing(world):
    grant = stages.active_grant(world, onward_supply=True)
    renewal = crowd.copy_grant(grant)
    for one in (grant, renewal):
        deliver(one, world.at)
    stages.let_lapse(world, "buyer", world.at)
    assert not Party.objects.get(pk=grant.buyer_id).is_in_good_standing(world.at)
    who = {"actor": world["buyer"], "at": world.at}
    named = {"title": "选址图", "description": "按区县", "built_from": [(grant, grant.from_version)]}
    made = operations.register_derived(party=grant.buyer, **named, **who)
    operations.add_sources(derived=made, built_from=[(renewal, renewal.from_version)], **who)
    operations.publish_derived(derived=made, **who)
    with time_machine.travel(world.at, tick=False):
        page = log_in(world["buyer"]).get(f"/derived/new/{grant.buyer_id}/")
        assert page.status_code == 200 and grant.number in page.content.decode()
        assert log_in(world["other_buyer"]).get(f"/derived/new/{grant.buyer_id}/").status_code == 404
    with pytest.raises(NotAllowed):
        operations.list_derived(derived=made, **LISTED, **who)
    with pytest.raises(NotAllowed):
        operations.register_derived(party=grant.buyer, **named, **who | {"actor": world["other_buyer"]})


def test_where_a_contract_ends_what_is_listed_stands_still_only_until_another_and_its_buyers_are_told(world):
    """It rests on public data as well; nobody could clear what nothing flags."""
    grant = stages.active_grant(world, onward_supply=True)
    deal, who = non_public_deal(world, grant), {"actor": world["buyer"], "at": world.at}
    for one in (grant, deal):
        deliver(one, world.at)
    sources = [(one, one.from_version) for one in (grant, deal)]
    named = {"title": "选址图", "description": "按区县", "built_from": sources}
    made = operations.register_derived(party=grant.buyer, **named, **who)
    product = operations.list_derived(derived=made, **LISTED, **who)
    operations.publish_derived(derived=made, **who)
    held, over = crowd.copy_grant(grant), crowd.copy_grant(grant)
    version, buyer = crowd.copy(world.version, product=product), world.parties["other_buyer"]
    Grant.objects.filter(pk__in=[held.pk, over.pk]).update(product=product, buyer=buyer, from_version=version)
    Grant.objects.filter(pk=over.pk).update(state="surrendered", ended_at=world.at)
    notice = operations.draft_notice(grant=deal, actor=world["vendor"], at=world.at, clause="第三条", **stages.CHARGE)
    _notice, at = stages.bring(world, notice, "terminated", by="vendor", at=world.at)
    made.refresh_from_db()
    assert (made.state, made.flags.count()) == ("published", 0)
    assert not ProductStop.objects.standing(at).exists()
    with pytest.raises(InvalidState):
        listing.check_grantable(product, at)
    assert told_of("source_contract_ended") == {world["other_buyer"].ledger_ref}
    message = Outbox.objects.filter(kind="source_contract_ended", channel="page").get()
    assert message.link == held.get_absolute_url()
    assert deal.product.seller.name not in str(message.context)

    again = crowd.copy_grant(grant)
    Grant.objects.filter(pk=again.pk).update(product=deal.product, from_version=deal.from_version)
    again.refresh_from_db()
    deliver(again, at)
    operations.add_sources(derived=made, built_from=[(again, again.from_version)], actor=world["buyer"], at=at)
    listing.check_grantable(product, at)


def test_what_was_kept_back_is_published_unflagged_after_a_contract_notice_and_not_named_to_the_seller(world):
    derived, _notice, at = contract_ended(world, keep="registered")
    assert world["buyer"].ledger_ref in told_of("derived_contract_ended")
    assert world["vendor"].ledger_ref not in told_of("derived_contract_ended")
    operations.publish_derived(derived=derived, actor=world["buyer"], at=at)
    derived.refresh_from_db()
    assert derived.state == "published"


def test_an_officer_clears_what_public_data_flags_whatever_contracts_it_also_rests_on(world, grant):
    derived, _notice, at = contract_ended(world)
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
    operations.add_sources(derived=derived, actor=world["buyer"], at=at, built_from=[(grant, world.version)])
    operations.revoke_grant(
        grant=grant, actor=world["officer"], at=at, article="Art. 15", reason="单位撤回同意", remedy=stages.REMEDY
    )
    derived.refresh_from_db()
    assert derived.state == "flagged"
    operations.clear_derived(derived=derived, actor=world["officer"], at=at, reason="可保留")
    assert derived.state == "published"


@pytest.fixture
def of_two_cities(world, grant):
    """Published, built on a grant of each of two cities; the second grant."""
    second = stages.active_grant(world)
    Grant.objects.filter(pk=second.pk).update(authority=world.parties["other_city"])
    second.refresh_from_db()
    derived = built(world, grant, "两市地图")
    delivery.deliver(grant=second, version=world.version, actor=world["buyer"], at=world.at)
    operations.add_sources(derived=derived, actor=world["buyer"], at=world.at, built_from=[(second, world.version)])
    operations.publish_derived(derived=derived, actor=world["buyer"], at=world.at)
    return derived, second


def queued(world, derived):
    """Whose to-do and whose console queue name it; they are the same people, and those who may clear it."""
    found, at = set(), world.at + timedelta(days=1)
    for who in ("officer", "other_officer", "province_officer", "conflicted_officer"):
        with time_machine.travel(at, tick=False):
            waits = flagged_for(world[who], at).filter(pk=derived.pk).exists()
            may = "clear" in [verb.name for verb in DERIVED.available(derived, world[who], at)]
        on_todo = derived in [task.obj for task in todo(world[who], at)]
        assert waits == on_todo == may, who
        found |= {who} if waits else set()
    return found


def test_the_authority_of_the_ended_grant_decides_and_of_several_the_province(world, grant, of_two_cities):
    derived, second = of_two_cities
    revoke(world, grant)
    derived.refresh_from_db()
    assert (derived.state, queued(world, derived)) == ("flagged", {"officer"})
    assert world["other_officer"].ledger_ref not in told_of("derived_to_decide")
    operations.revoke_grant(
        grant=second, actor=world["other_officer"], at=world.at, article="Art. 15", reason="撤回", remedy=stages.REMEDY
    )
    derived.refresh_from_db()
    assert (derived.state, queued(world, derived)) == ("flagged", {"province_officer"})
    assert world["province_officer"].ledger_ref in told_of("derived_to_decide")
    with pytest.raises(NotAllowed):
        operations.clear_derived(derived=derived, actor=world["officer"], at=world.at, reason="可保留")
    operations.clear_derived(derived=derived, actor=world["province_officer"], at=world.at, reason="可保留")
    assert (derived.state, queued(world, derived)) == ("published", set())


def test_a_grant_that_was_decided_on_before_makes_nobody_competent_again(world, grant, of_two_cities):
    derived, second = of_two_cities
    revoke(world, grant)
    derived.refresh_from_db()
    operations.clear_derived(derived=derived, actor=world["officer"], at=world.at, reason="可保留")
    operations.revoke_grant(
        grant=second, actor=world["other_officer"], at=world.at, article="Art. 15", reason="撤回", remedy=stages.REMEDY
    )
    derived.refresh_from_db()
    assert (derived.state, queued(world, derived)) == ("flagged", {"other_officer"})


def test_an_ended_grant_that_is_named_after_publication_flags_at_once(world, grant):
    other = stages.active_grant(world)
    derived = built(world, other, "门诊地图")
    operations.publish_derived(derived=derived, actor=world["buyer"], at=world.at)
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    revoke(world, grant)
    named = {"derived": derived, "actor": world["buyer"], "at": world.at, "built_from": [(grant, world.version)]}
    operations.add_sources(**named)
    derived.refresh_from_db()
    assert (derived.state, queued(world, derived)) == ("flagged", {"officer"})
    operations.clear_derived(derived=derived, actor=world["officer"], at=world.at, reason="可保留")
    operations.add_sources(**named)  # decided on already
    derived.refresh_from_db()
    assert derived.state == "published"


def test_what_is_listed_is_flagged_though_its_own_page_was_never_published(world):
    grant = stages.active_grant(world, onward_supply=True)
    derived = built(world, grant, "需求地图")
    operations.list_derived(derived=derived, actor=world["buyer"], at=world.at, **LISTED)
    revoke(world, grant)
    derived.refresh_from_db()
    assert (derived.state, queued(world, derived)) == ("flagged", {"officer"})
    assert world["buyer"].ledger_ref in told_of("derived_flagged")
    assert world["officer"].ledger_ref in told_of("derived_to_decide")


def public_traces(world, derived):
    """Where anybody reads of it: its own page, the list, the register, the check."""
    with time_machine.travel(world.at, tick=False):
        page = Client().get(derived.get_absolute_url()).status_code == 200
        texts = [
            Client().get(address).content.decode()
            for address in ("/derived/", "/register.json", f"/check/?q={derived.number}")
        ]
    return [page, *(derived.title in text for text in texts)]


def test_neither_a_flag_nor_its_clearing_publishes_what_its_keeper_has_not(world):
    grant = stages.active_grant(world, onward_supply=True)
    listed, shown = built(world, grant, "需求地图"), built(world, grant, "门诊看板")
    who = {"actor": world["buyer"], "at": world.at}
    operations.list_derived(derived=listed, **LISTED, **who)
    operations.publish_derived(derived=shown, **who)
    revoke(world, grant)
    for one, flagged, cleared in ((listed, [False] * 4, "registered"), (shown, [True] * 4, "published")):
        one.refresh_from_db()
        assert (one.state, public_traces(world, one)) == ("flagged", flagged)
        operations.clear_derived(derived=one, actor=world["officer"], at=world.at, reason="可保留")
        one.refresh_from_db()
        assert (one.state, public_traces(world, one)) == (cleared, flagged)
    operations.publish_derived(derived=listed, **who)
    listed.refresh_from_db()
    assert (listed.state, public_traces(world, listed)) == ("published", [True] * 4)  # decided on already


@pytest.mark.parametrize("is_public_first", [True, False])
def test_what_was_built_from_public_and_other_data_is_listed_whichever_was_named_first(world, is_public_first):
    grant = stages.active_grant(world, onward_supply=True)
    deal = non_public_deal(world, grant)
    deliver(deal, world.at)
    deliver(grant, world.at)
    named = [(one, one.from_version) for one in ((grant, deal) if is_public_first else (deal, grant))]
    who = {"actor": world["buyer"], "at": world.at}
    made = operations.register_derived(party=grant.buyer, title="选址图", description="按区县", built_from=named, **who)
    product = operations.list_derived(derived=made, **LISTED, **who)
    assert product.entry == world.product.entry
    assert [row.version for row in product.upstream.order_by("pk")] == [version for _grant, version in named]


def test_what_was_built_from_no_public_data_is_refused_in_words(world):
    deal = non_public_deal(world, stages.active_grant(world, onward_supply=True))
    deliver(deal, world.at)
    who, named = {"actor": world["buyer"], "at": world.at}, [(deal, deal.from_version)]
    made = operations.register_derived(party=deal.buyer, title="选址图", description="d", built_from=named, **who)
    with pytest.raises(InvalidState, match=r"其来源均非公共数据|is public data"):
        operations.list_derived(derived=made, **LISTED, **who)
    assert not Product.objects.filter(nature="built").exists()


def test_what_is_listed_again_names_no_deal_in_non_public_data(world, grant):
    deal = non_public_deal(world, grant)
    again = crowd.copy(world.product, title="选址数据", nature="built", acquisition="grant")
    crowd.copy(world.version, product=again, state="held")  # its page says what it would be built from
    for one in (grant, deal):
        Upstream.objects.create(
            product=again, version=one.from_version, grant_ref=ledger.reference(one), conditions=conditions_of(one)
        )
    with time_machine.travel(world.at, tick=False):
        html = Client(headers={"accept-language": "en"}).get(again.get_absolute_url()).content.decode()
    assert html.count("a source that is not public data") == 2
    assert grant.number in html and deal.number not in html and deal.product.title not in html
