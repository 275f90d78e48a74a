"""What a buyer builds on public data is listed again: sources and conditions travel along, to the second buyer."""

import csv
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.test import Client

from listings import operations as listing
from listings.models import Product, Upstream, Version
from marketplace.api.serializers import DerivedPage
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant, Item
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import end_of_day, local_date
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Delivery
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import apply_for, check_sources, consult, later, list_version
from marketplace.errors import InvalidState, NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import DerivedFlag, DerivedProduct
from marketplace.supervision.queries import attribution, flagged_for, has_other_sources
from tests import crowd
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401
from tests.workflow.tables import LISTED


def built(world, *, onward_supply=True):
    """The buyer's grant, and what it built and registered from its delivery."""
    grant = stages.active_grant(world, onward_supply=onward_supply)
    who = {"actor": world["buyer"], "at": world.at}
    delivery.deliver(grant=grant, version=world.version, **who)
    derived = supervision.register_derived(
        party=world.parties["buyer"], title="需求地图", description="按区县", built_from=[(grant, world.version)], **who
    )
    return grant, derived


def list_again(world, derived, at=None):
    product = supervision.list_derived(derived=derived, actor=world["buyer"], at=at or world.at, **LISTED)
    listing.declare_product(product=product, actor=world["buyer"], at=world.at)
    listing.add_source_file(
        product=product, actor=world["buyer"], at=world.at, kind="authorisation", title="授权协议", reference="G000001",
        summary="在授权下开发",
    )  # fmt: skip
    return product


def version_of(world, product, path, at=None):
    at = at or world.at
    who = {"actor": world["buyer"], "at": at}
    version = listing.create_version(product=product, about="none", steps="按区县汇总", **stages.VERSION_FIELDS, **who)
    listing.upload_file(version=version, path=path, name=path.name, **who)
    listing.run_assessment(job=listing.request_assessment(version=version, **who), at=at)
    version.refresh_from_db()
    return version


@pytest.fixture
def product(world):
    """Listed again by the buyer, on offer."""
    _grant, derived = built(world)
    made = list_again(world, derived)
    version = version_of(world, made, write_bed_use(stages.scratch("built.csv")))
    list_version(version, world.cast, world.at, person="buyer")
    return made


def published_at(product):
    return product.versions.get().published_at


def applied(world, product):
    """The second buyer has applied; unit and developer are asked."""
    at = published_at(product)
    fields = list(product.versions.get().columns.order_by("position").values_list("name", flat=True))
    case = apply_for(product, world.cast, at, fields, buyer="other_buyer", title="选址")
    consult(case, world.cast, at)
    return case, at


def second_grant(world, product, *, onward_supply=False):
    case, at = applied(world, product)
    unit, developer = (case.consultations.get(unit=world.parties[who]) for who in ("unit", "buyer"))
    applications.consent(consultation=unit, actor=world["provider"], at=at)
    applications.consent_in_part(consultation=developer, actor=world["buyer"], at=at, conditions="注明需求地图")
    applications.begin_review(application=case, actor=world["officer"], at=at)
    grant = applications.approve_item(
        item=case.items.get(), actor=world["officer"], at=at, starts=local_date(at), conditions="仅限选址",
        ends=local_date(at) + timedelta(days=100), reason="必要", onward_supply=onward_supply,
    )  # fmt: skip
    applications.accept_grant(grant=grant, actor=world["other_buyer"], at=at, terms_accepted=True)
    return Grant.objects.get(pk=grant.pk), at


def registered(world, grant, product, at):
    """What the second buyer built from its delivery."""
    who, version = {"actor": world["other_buyer"], "at": at}, product.versions.get()
    delivery.deliver(grant=grant, version=version, **who)
    built_from = [(grant, version)]
    return supervision.register_derived(
        party=world.parties["other_buyer"], title="选址", description="门店", built_from=built_from, **who
    )


def test_second_buyer_gets_what_was_built_and_its_attribution_names_the_original_unit(world, product):
    assert (product.nature, product.acquisition, product.seller) == ("built", "grant", world.parties["buyer"])
    version = product.versions.get()
    assert [(row.unit, row.entry, row.upstream_version) for row in version.sources.all()] == [
        (world.parties["unit"], world.product.entry, world.version)
    ]
    case, _at = applied(world, product)
    assert case.items.get().route == "built"
    assert {row.unit for row in case.consultations.all()} == {world.parties["unit"], world.parties["buyer"]}
    applications.return_application(application=case, actor=world["officer"], at=published_at(product), reason="补充")
    grant, at = second_grant(world, product)
    (inherited,) = grant.terms["upstream"]
    assert inherited == {
        "grant": Grant.objects.get(buyer=world.parties["buyer"]).number, "product": world.product.title,
        "purposes": world.product.purposes, "terms": world.product.terms, "conditions": "", "units": [],
    }  # fmt: skip
    assert grant.terms["unit_conditions"] == [{"unit": world.parties["buyer"].name, "text": "注明需求地图"}]
    shop = registered(world, grant, product, at)
    (line,) = attribution(shop, AnonymousUser())
    assert (line.units, line.product) == ([world.parties["unit"].name], "需求地图")
    assert [(one.product, one.number) for one in line.origins] == [(world.product, 1)]
    row = DerivedProduct.objects.with_developer().get(pk=shop.pk)
    (said,) = DerivedPage(row, context={"reader": world["other_buyer"]}).data["attribution"]
    assert (said["product"], said["origins"]) == ("需求地图", [{"product": world.product.title, "version": 1}])


def test_what_is_not_public_further_up_stands_nameless_in_every_attribution(world, product):
    grant, at = second_grant(world, product)
    shop, version = registered(world, grant, product, at), product.versions.get()
    line, page = "a source that is not public data", version.get_absolute_url()
    client = Client(headers={"accept-language": "en"})
    assert not has_other_sources(shop, AnonymousUser()) and line not in client.get(page).content.decode()
    hidden = crowd.copy(
        world.product, title="仓储流水", nature="non_public", acquisition="own_business", entry=None,
        seller=world.parties["vendor"],
    )  # fmt: skip
    between = crowd.copy(product, title="中间产品")
    Upstream.objects.create(product=product, version=crowd.copy(version, product=between), grant_ref="x")
    assert not has_other_sources(shop, AnonymousUser())
    Upstream.objects.create(product=between, version=crowd.copy(world.version, product=hidden), grant_ref="x")
    said = client.get(page).content.decode()
    assert has_other_sources(shop, AnonymousUser()) and line in said and hidden.title not in said


def test_every_condition_travels_through_a_third_hand(world, product):
    grant, at = second_grant(world, product, onward_supply=True)
    who = {"actor": world["other_buyer"], "at": at}
    shop = registered(world, grant, product, at)
    third = supervision.list_derived(derived=shop, **LISTED, **who)
    (upstream,) = third.upstream.all()
    assert [(row["product"], row["conditions"]) for row in upstream.conditions] == [
        (world.product.title, ""), ("需求地图", "仅限选址"),
    ]  # fmt: skip
    made = listing.create_version(product=third, about="none", **stages.VERSION_FIELDS, **who)
    assert [(row.unit, row.upstream_version) for row in made.sources.all()] == [
        (world.parties["unit"], product.versions.get())
    ]
    assert third.seller.region != world.parties["unit"].region


def test_without_onward_supply_nothing_is_listed(world):
    _grant, derived = built(world, onward_supply=False)
    with pytest.raises(InvalidState, match=r"不允许成果再提供|onward supply"):
        supervision.list_derived(derived=derived, actor=world["buyer"], at=world.at, **LISTED)
    assert not Product.objects.filter(nature="built").exists()


def test_terms_from_before_the_question_was_asked_allow_no_onward_supply(world):
    grant, derived = built(world)
    Grant.objects.filter(pk=grant.pk).update(terms={k: v for k, v in grant.terms.items() if k != "onward_supply"})
    with pytest.raises(InvalidState):
        supervision.list_derived(derived=derived, actor=world["buyer"], at=world.at, **LISTED)


def test_only_its_developer_lists_it_once_and_only_from_the_derived_product(world):
    _grant, derived = built(world)
    for who in ("other_buyer", "seller", "officer", "provider"):
        with pytest.raises(NotAllowed):
            supervision.list_derived(derived=derived, actor=world[who], at=world.at, **LISTED)
    supervision.list_derived(derived=derived, actor=world["buyer"], at=world.at, **LISTED)
    with pytest.raises(InvalidState):
        supervision.list_derived(derived=derived, actor=world["buyer"], at=world.at, **LISTED)
    for changes in ({"nature": "built", "acquisition": "grant"}, {"acquisition": "grant"}, {"nature": "built"}):
        with pytest.raises(ValidationError):
            listing.create_product(
                seller=world.parties["developer"], entry=world.product.entry, actor=world["seller"], at=world.at,
                **{"nature": "government", "acquisition": "primary_developer", **LISTED, **changes},
            )  # fmt: skip


def test_built_product_takes_no_source_that_no_grant_gave(world):
    _grant, derived = built(world)
    product = supervision.list_derived(derived=derived, actor=world["buyer"], at=world.at, **LISTED)
    with pytest.raises(ValidationError) as refused:
        listing.create_version(
            product=product, actor=world["buyer"], at=world.at, about="none", sources=[world.product.entry],
            **stages.VERSION_FIELDS,
        )  # fmt: skip
    assert list(refused.value.message_dict) == ["sources"]


def visits(change):
    """The rows that were delivered, changed by their new maker."""
    from marketplace.desk.sample_data import write_visits

    with write_visits(stages.scratch("visits.csv")).open(encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    path = stages.scratch("copy.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(change(header, rows))
    return path


COPIES = {
    "the same file": lambda header, rows: [header, *rows],
    "in another order": lambda header, rows: [header[::-1], *(row[::-1] for row in rows[::-1])],
    "under other names": lambda header, rows: [[f"c{n}" for n, _name in enumerate(header)], *rows],
    "fewer columns": lambda header, rows: [header[1:3], *(row[1:3] for row in rows)],
    "fewer rows": lambda header, rows: [header, *rows[: len(rows) // 2]],
    "a column that says nothing": lambda header, rows: [[*header, "年"], *([*row, "2025"] for row in rows)],
}


@pytest.mark.parametrize("how", COPIES)
def test_mere_copy_is_refused_with_the_reason(world, how):
    _grant, derived = built(world)
    product = list_again(world, derived)
    version = version_of(world, product, visits(COPIES[how]))
    report = version.assessments.get().report
    assert (version.state, [row["code"] for row in report["reasons"]]) == ("draft", ["mere_copy"])
    assert report["reasons"][0]["params"] == {"product": world.product.title, "number": 1}
    assert not version.files.filter(destroyed_at=None).exists()


def test_developer_must_consent_and_its_fields_bind(world, product):
    case, at = applied(world, product)
    unit = case.consultations.get(unit=world.parties["unit"])
    applications.consent(consultation=unit, actor=world["provider"], at=at)
    asked = case.consultations.get(unit=world.parties["buyer"])
    for who in ("provider", "other_buyer", "officer"):
        with pytest.raises(NotAllowed):
            applications.consent(consultation=asked, actor=world[who], at=at)
    item = case.items.get()
    applications.consent_in_part(consultation=asked, actor=world["buyer"], at=at, fields={item: ["区县"]})
    applications.begin_review(application=case, actor=world["officer"], at=at)
    with pytest.raises(ValidationError):
        stages.approve(item, world, at)
    assert stages.approve(Item.objects.get(pk=item.pk), world, at, fields=["区县"]).fields == ["区县"]


def test_silent_developer_is_no_consent(world, product):
    case, at = applied(world, product)
    applications.object_to(
        consultation=case.consultations.get(unit=world.parties["unit"]), actor=world["provider"], at=at, reason="不妥"
    )
    at = later(at, Kind.CONSULTATION)
    asked = case.consultations.get(unit=world.parties["buyer"])
    applications.record_no_answer(consultation=asked, actor=world["officer"], at=at)
    applications.begin_review(application=case, actor=world["officer"], at=at)
    with pytest.raises(InvalidState):
        stages.approve(case.items.get(), world, at)


def paused(world, product):
    """An order against the grant that the product was built under."""
    return stages.order(world, Grant.objects.get(buyer=world.parties["buyer"]), published_at(product))


def test_suspended_upstream_grant_stops_new_versions_and_grants_but_not_those_there_are(world, product):
    grant, at = second_grant(world, product)
    case = apply_for(product, world.cast, at, ["区县"], buyer="other_buyer", title="再次")
    order = paused(world, product)
    with pytest.raises(InvalidState):
        listing.create_version(product=product, actor=world["buyer"], at=at, about="none", **stages.VERSION_FIELDS)
    with pytest.raises(InvalidState):
        apply_for(product, world.cast, at, ["区县"], buyer="other_buyer", title="第三次")
    consult(case, world.cast, at)
    for asked in case.consultations.all():
        by = "provider" if asked.unit == world.parties["unit"] else "buyer"
        applications.consent(consultation=asked, actor=world[by], at=at)
    applications.begin_review(application=case, actor=world["officer"], at=at)
    with pytest.raises(InvalidState):
        stages.approve(case.items.get(), world, at)
    delivery.deliver(grant=grant, version=product.versions.get(), actor=world["other_buyer"], at=at)
    supervision.lift_order(measure=order, actor=world["officer"], at=at, reason="已改正")
    stages.approve(case.items.get(), world, at)


def test_stop_reaches_what_was_built_on_what_was_built(world, product):
    grant, at = second_grant(world, product, onward_supply=True)
    who = {"actor": world["other_buyer"], "at": at}
    shop = registered(world, grant, product, at)
    third = supervision.list_derived(derived=shop, **LISTED, **who)
    order = paused(world, product)
    with pytest.raises(InvalidState):
        listing.create_version(product=third, about="none", **stages.VERSION_FIELDS, **who)
    supervision.lift_order(measure=order, actor=world["officer"], at=at, reason="已改正")
    listing.create_version(product=third, about="none", **stages.VERSION_FIELDS, **who)


def test_version_under_way_is_neither_approved_nor_published_while_stopped(world):
    grant, derived = built(world)
    product = list_again(world, derived)
    version = version_of(world, product, write_bed_use(stages.scratch("built.csv")))
    listing.submit_version(version=version, actor=world["buyer"], at=world.at)
    check_sources(product, world["officer"], world.at)
    order = stages.order(world, grant)
    with pytest.raises(InvalidState):
        listing.approve_version(version=version, actor=world["officer"], at=world.at, **stages.SIGN_OFF)
    supervision.lift_order(measure=order, actor=world["officer"], at=world.at, reason="已改正")
    version = Version.objects.get(pk=version.pk)
    listing.approve_version(version=version, actor=world["officer"], at=world.at, **stages.SIGN_OFF)
    at = later(world.at, Kind.PUBLICITY)
    stages.order(world, grant, at)
    with pytest.raises(InvalidState):
        listing.publish_version(version=version, actor=world["officer"], at=at)


def test_precaution_on_the_upstream_grant_stops_only_as_long_as_it_lasts(world, product):
    upstream, at = Grant.objects.get(buyer=world.parties["buyer"]), published_at(product)
    supervision.take_precaution(grant=upstream, actor=world["officer"], at=at, reason="查证")
    with pytest.raises(InvalidState):
        listing.check_not_stopped(product, at)
    listing.check_not_stopped(product, later(at, Kind.PRECAUTION))


def test_terminated_upstream_grant_flags_it_and_the_officer_decides(world, product):
    derived, at = product.built_as, published_at(product)
    supervision.publish_derived(derived=derived, actor=world["buyer"], at=at)
    stages.terminate(paused(world, product), world, at)
    derived.refresh_from_db()
    assert derived.state == "flagged"
    with pytest.raises(InvalidState):
        listing.check_not_stopped(product, end_of_day(local_date(at) + timedelta(days=900)))
    supervision.clear_derived(derived=derived, actor=world["officer"], at=at, reason="成果已脱离原数据")
    listing.check_not_stopped(product, at)


def test_flag_is_told_to_keeper_officer_and_buyers_and_stands_with_their_cases(world, product):
    held, at = second_grant(world, product)
    derived, browser = product.built_as, Client(headers={"accept-language": "en"})
    supervision.publish_derived(derived=derived, actor=world["buyer"], at=at)
    order = paused(world, product)
    stages.terminate(order, world, at)
    ended = order.held.get().grant
    told = {
        kind: set(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))
        for kind in ("derived_flagged", "derived_to_decide", "source_flagged")
    }
    assert world["buyer"].ledger_ref in told["derived_flagged"]
    assert world["officer"].ledger_ref in told["derived_to_decide"] - told["derived_flagged"]
    assert world["other_buyer"].ledger_ref in told["source_flagged"]
    with time_machine.travel(at, tick=False):
        for who, page in (
            ("officer", f"/console/applications/grant/{ended.pk}/"), ("officer", ended.get_absolute_url()),
            ("officer", f"/console/supervision/measure/{order.pk}/"),
            ("buyer", f"{ended.get_absolute_url()}certify-destruction/"),
        ):  # fmt: skip
            browser.force_login(world[who])
            shown = browser.get(page).content.decode()
            assert derived.title in shown and "flagged" in shown, page
        browser.logout()
        for page in (derived.get_absolute_url(), f"/check/?q={derived.number}"):
            assert "flagged" in browser.get(page).content.decode(), page
        browser.force_login(world["other_buyer"])
        assert "This product is flagged" in browser.get(held.get_absolute_url()).content.decode()
        derived.refresh_from_db()
        supervision.clear_derived(derived=derived, actor=world["officer"], at=at, reason="成果已脱离原数据")
        assert "This product is flagged" not in browser.get(held.get_absolute_url()).content.decode()


def test_withdrawing_the_derived_product_ends_its_listing(world, product):
    grant, at = second_grant(world, product)
    supervision.withdraw_derived(derived=product.built_as, actor=world["buyer"], at=at, reason="下线")
    assert Product.objects.get(pk=product.pk).state == "withdrawn"
    with pytest.raises(InvalidState):
        apply_for(product, world.cast, at, ["区县"], buyer="other_buyer")
    delivery.deliver(grant=grant, version=product.versions.get(), actor=world["other_buyer"], at=at)


def told_of(kind):
    return set(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))


def held_of(grant, **changes):
    """A like grant of another buyer or product, and its delivery."""
    twin = crowd.copy_grant(grant)
    Grant.objects.filter(pk=twin.pk).update(**changes)
    twin.refresh_from_db()
    crowd.copy(Delivery.objects.filter(grant=grant).earliest("pk"), grant=twin)
    return twin


def test_a_flag_goes_down_the_whole_chain_and_to_copies_not_destroyed(world, product):
    grant, at = second_grant(world, product, onward_supply=True)
    shop = registered(world, grant, product, at)
    third = supervision.list_derived(derived=shop, actor=world["other_buyer"], at=at, **LISTED)
    held_of(grant, product=third, buyer=world.parties["vendor"])
    held_of(grant, buyer=world.parties["developer"], state="closed", ended_at=at)
    stages.terminate(paused(world, product), world, at)
    shop.refresh_from_db()
    first = DerivedProduct.objects.get(pk=product.built_as.pk)
    assert (first.state, shop.state) == ("flagged", "flagged")
    assert {world["buyer"].ledger_ref, world["other_buyer"].ledger_ref} <= told_of("derived_flagged")
    assert {world["vendor"].ledger_ref, world["other_buyer"].ledger_ref} <= told_of("source_flagged")
    assert world["seller"].ledger_ref in told_of("copies_flagged") - told_of("source_flagged")
    with time_machine.travel(at, tick=False):
        assert set(flagged_for(world["officer"], at)) == {first, shop}
    later_on = registered(world, grant, product, at)
    supervision.publish_derived(derived=later_on, actor=world["other_buyer"], at=at)
    later_on.refresh_from_db()
    assert later_on.state == "flagged"
    supervision.clear_derived(derived=first, actor=world["officer"], at=at, reason="成果已脱离原数据")
    later_on.refresh_from_db()
    unpublished = DerivedProduct.objects.exclude(pk=later_on.pk).values_list("state", flat=True)
    assert (later_on.state, set(unpublished)) == ("published", {"registered"})  # as each stood before


def test_annulling_the_termination_clears_the_whole_chain(world, product):
    grant, at = second_grant(world, product, onward_supply=True)
    shop = registered(world, grant, product, at)
    supervision.publish_derived(derived=shop, actor=world["other_buyer"], at=at)
    order = paused(world, product)
    stages.terminate(order, world, at)
    review = supervision.lodge_review(subject=order, actor=world["buyer"], at=at, text="认定有误")
    supervision.annul_review(review=review, actor=world["second_officer"], at=at, reason="证据不足")
    shop.refresh_from_db()
    assert (shop.state, DerivedProduct.objects.exclude(pk=shop.pk).get().state) == ("published", "registered")
    assert not DerivedFlag.objects.filter(cleared_at=None).exists()
