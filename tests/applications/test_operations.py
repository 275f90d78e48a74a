"""From the scenario to the grant: what is complete, who is asked, what consent and silence mean."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Membership
from accounts.operations import add_member
from listings import operations as listing
from listings.models import Opening
from marketplace.applications import operations
from marketplace.applications.models import Application, Decision, Grant, Item
from marketplace.applications.operations.application import NEEDED
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import (
    SCENARIO,
    apply_for,
    consult,
    decide,
    later,
    list_version,
    make_entry,
    make_product,
    make_version,
)
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401
from tests.workflow.stages import unit_product


@pytest.fixture
def art15(world):
    """An application for a unit's data that also holds another unit's: both must consent."""
    product = unit_product(world, sources=[world.product.entry])
    application = apply_for(product, world.cast, world.at, ["区县", "月份"])
    consult(application, world.cast, world.at)
    return application


def ask(application, party, world):
    return application.consultations.get(unit=world.parties[party], round=application.round)


def review(application, world, at=None):
    operations.begin_review(application=application, actor=world["officer"], at=at or world.at)


def test_every_unit_with_data_in_it_is_asked_once(world, art15):
    asked = art15.consultations.order_by("unit").values_list("unit", "round", "state")
    units = sorted([world.parties["unit"].pk, world.parties["other_unit"].pk])
    assert list(asked) == [(unit, 1, "asked") for unit in units]
    assert art15.items.get().route == "on_application"


@pytest.mark.parametrize("answer", ["asked", "refused", "no_answer"])
def test_art_15_item_without_the_consent_of_each_unit_cannot_be_approved(world, art15, answer):
    operations.consent(consultation=ask(art15, "unit", world), actor=world["provider"], at=world.at)
    other, at = ask(art15, "other_unit", world), later(world.at, Kind.CONSULTATION)
    if answer == "refused":
        operations.object_to(consultation=other, actor=world["other_provider"], at=at, reason="在办")
    if answer == "no_answer":
        operations.record_no_answer(consultation=other, actor=world["officer"], at=at)
    if answer == "asked":
        with pytest.raises(InvalidState):
            review(art15, world, at)
        return
    review(art15, world, at)
    seen = stages_marks()
    with pytest.raises(InvalidState, match=world.parties["other_unit"].name):
        stages.approve(art15.items.get(), world, at)
    assert (art15.items.get().state, Grant.objects.count(), stages_marks()) == ("open", 0, seen)
    operations.refuse_item(
        item=art15.items.get(), actor=world["officer"], at=at, reason="未获同意", remedy=stages.REMEDY
    )
    art15.refresh_from_db()
    assert (art15.state, art15.items.get().state) == ("decided", "refused")


def stages_marks():
    return Entry.objects.count(), Outbox.objects.count()


def test_art_15_item_with_every_consent_is_approved_and_conditions_travel(world, art15):
    operations.consent(consultation=ask(art15, "unit", world), actor=world["provider"], at=world.at)
    operations.consent_in_part(
        consultation=ask(art15, "other_unit", world),
        actor=world["other_provider"],
        at=world.at,
        conditions="仅限研究,不得公开明细",
    )
    review(art15, world)
    grant = stages.approve(art15.items.get(), world, world.at, conditions="每季抽查")
    assert grant.terms["unit_conditions"] == [
        {"unit": world.parties["other_unit"].name, "text": "仅限研究,不得公开明细"}
    ]
    assert grant.terms["conditions"] == "每季抽查"
    decision = Decision.objects.get(item=art15.items.get())
    assert (decision.is_approval, decision.article, decision.by) == (True, "Art. 15", world["officer"])


def test_art_16_item_is_approved_against_an_objection(world, application):
    consult(application, world.cast, world.at)
    operations.object_to(
        consultation=application.consultations.get(), actor=world["provider"], at=world.at, reason="慎重"
    )
    review(application, world)
    grant = stages.approve(application.items.get(), world, world.at)
    assert (grant.state, Decision.objects.get().article) == ("offered", "Art. 16")


def test_art_16_item_is_approved_after_silence(world, application):
    consult(application, world.cast, world.at)
    at = later(world.at, Kind.CONSULTATION)
    operations.record_no_answer(consultation=application.consultations.get(), actor=world["officer"], at=at)
    review(application, world, at)
    assert stages.approve(application.items.get(), world, at).state == "offered"


def test_silence_is_recorded_only_once_the_units_time_is_over(world, application):
    consult(application, world.cast, world.at)
    asked, over = application.consultations.get(), later(world.at, Kind.CONSULTATION)
    seen = stages_marks()
    with pytest.raises(InvalidState):
        operations.record_no_answer(consultation=asked, actor=world["officer"], at=over - timedelta(seconds=1))
    assert stages_marks() == seen
    operations.record_no_answer(consultation=asked, actor=world["officer"], at=over)
    asked.refresh_from_db()
    assert (asked.state, asked.answered_by) == ("no_answer", world["officer"])


def test_late_answer_counts_as_long_as_silence_is_not_recorded(world, application):
    consult(application, world.cast, world.at)
    asked, late = application.consultations.get(), later(world.at, Kind.CONSULTATION) + timedelta(days=30)
    operations.consent(consultation=asked, actor=world["provider"], at=late)
    assert asked.state == "consented"


def test_answers_of_an_earlier_round_do_not_count(world, art15):
    for party, who in (("unit", "provider"), ("other_unit", "other_provider")):
        operations.consent(consultation=ask(art15, party, world), actor=world[who], at=world.at)
    first = ask(art15, "unit", world)
    review(art15, world)
    operations.return_application(application=art15, actor=world["officer"], at=world.at, reason="补充")
    operations.submit_application(application=art15, actor=world["buyer"], at=world.at)
    assert art15.round == 2
    consult(art15, world.cast, world.at)
    with pytest.raises(InvalidState):
        review(art15, world)  # nobody of this round has answered
    operations.consent(consultation=ask(art15, "unit", world), actor=world["provider"], at=world.at)
    at = later(world.at, Kind.CONSULTATION)
    operations.record_no_answer(consultation=ask(art15, "other_unit", world), actor=world["officer"], at=at)
    review(art15, world, at)
    with pytest.raises(InvalidState, match=world.parties["other_unit"].name):
        stages.approve(art15.items.get(), world, at)
    first.refresh_from_db()
    assert (first.round, first.state) == (1, "consented")


def test_question_of_an_earlier_round_can_no_longer_be_answered(world, application):
    consult(application, world.cast, world.at)
    old = application.consultations.get()
    operations.return_application(application=application, actor=world["officer"], at=world.at, reason="补充")
    operations.submit_application(application=application, actor=world["buyer"], at=world.at)
    consult(application, world.cast, world.at)
    with pytest.raises(InvalidState):
        operations.consent(consultation=type(old).objects.get(pk=old.pk), actor=world["provider"], at=world.at)
    assert list(application.consultations.order_by("round").values_list("round", "state")) == [
        (1, "closed"),
        (2, "asked"),
    ]


def test_unit_that_applies_itself_is_not_asked_and_review_begins_at_once(world):
    """Nobody to consult: accepted → under review."""
    from accounts.models import Capability, CapabilityKind

    Capability.objects.create(
        party=world.parties["unit"],
        kind=CapabilityKind.BUYER,
        region=world.parties["unit"].region,
        valid_from=world.at.date(),
    )
    application = operations.start_application(
        buyer=world.parties["unit"],
        actor=world["provider"],
        at=world.at,
        title="内部分析",
        product=world.product,
        fields=["区县"],
    )
    operations.describe_application(
        application=application, actor=world["provider"], at=world.at, title="内部分析", period_from=date(2026, 4, 1),
        period_until=date(2027, 3, 31), **SCENARIO,
    )  # fmt: skip
    operations.submit_application(application=application, actor=world["provider"], at=world.at)
    operations.accept_application(application=application, actor=world["officer"], at=world.at)
    with pytest.raises(InvalidState):
        operations.consult_units(application=application, actor=world["officer"], at=world.at)
    review(application, world)
    assert application.state == "under_review"


def test_applicant_of_the_unit_does_not_answer_its_own_question(world, application):
    consult(application, world.cast, world.at)
    add_member(party=world.parties["buyer"], user=world["provider"], role="auditor", actor=world["buyer"], at=world.at)
    with pytest.raises(NotAllowed):
        operations.consent(consultation=application.consultations.get(), actor=world["provider"], at=world.at)


@pytest.mark.parametrize("party", ["buyer", "developer", "unit"])
def test_officer_of_either_side_decides_nothing(world, application, party):
    """Nobody on their own case: buyer, seller, unit; left 11 months ago still, 13 months ago no longer."""
    Membership.objects.create(
        user=world["officer"],
        party=world.parties[party],
        role="auditor",
        valid_from=date(2020, 1, 1),
        valid_until=date(2025, 4, 10),
    )
    with pytest.raises(NotAllowed):
        operations.accept_application(application=application, actor=world["officer"], at=world.at)
    Membership.objects.filter(user=world["officer"], party=world.parties[party]).update(valid_until=date(2025, 2, 17))
    operations.accept_application(application=application, actor=world["officer"], at=world.at)
    assert application.state == "accepted"


@pytest.mark.parametrize("name", NEEDED)
def test_submission_names_what_is_missing_in_the_scenario(world, name):
    application, at = stages.application(world, "draft")
    Application.objects.filter(pk=application.pk).update(**{name: None if name.startswith("period") else ""})
    application.refresh_from_db()
    with pytest.raises(ValidationError) as missing:
        operations.submit_application(application=application, actor=world["buyer"], at=at)
    assert str(Application._meta.get_field(name).verbose_name) in missing.value.messages[0]
    assert Application.objects.get(pk=application.pk).state == "draft"


def test_application_for_what_is_not_on_offer_is_refused(world):
    start = {
        "buyer": world.parties["buyer"],
        "actor": world["buyer"],
        "at": world.at,
        "title": "x",
        "product": world.product,
    }
    with pytest.raises(ValidationError):
        operations.start_application(fields=[], **start)
    with pytest.raises(ValidationError, match="身份证"):
        operations.start_application(fields=["区县", "身份证"], **start)
    listing.hold_version(version=world.version, actor=world["officer"], at=world.at, reason="核查")
    with pytest.raises(InvalidState):
        operations.start_application(fields=["区县"], **start)
    assert Application.objects.count() == 0


def test_openly_available_data_needs_no_application(world):
    entry = make_entry(world.cast, world.at, title="开放", opening=Opening.OPENLY_AVAILABLE)
    product = make_product(world.cast, entry, world.at, title="开放数据")
    version = make_version(product, world.cast, world.at, write_bed_use(stages.scratch("b.csv")), {}, about="none")
    list_version(version, world.cast, world.at)
    with pytest.raises(InvalidState, match=r"Art\. 15|第十五条"):
        operations.start_application(
            buyer=world.parties["buyer"], actor=world["buyer"], at=world.at, title="x", product=product, fields=["区县"]
        )


def two_items(world):
    product = stages.another_listed_product(world)
    application, at = stages.application(world, "draft")
    operations.add_item(application=application, actor=world["buyer"], at=at, product=product, fields=["区县"])
    return application, product


def test_item_is_removed_while_the_buyer_has_the_application_and_the_last_stays(world):
    application, product = two_items(world)
    first, second = application.items.order_by("pk")
    with pytest.raises(NotAllowed):
        operations.remove_item(item=second, actor=world["other_buyer"], at=world.at)
    seen = Entry.objects.count()
    operations.remove_item(item=second, actor=world["buyer"], at=world.at)
    entry = Entry.objects.order_by("-pk").first()
    assert (Entry.objects.count(), entry.verb, entry.object_type, entry.old) == (
        seen + 1,
        "remove_item",
        "applications.item",
        "open",
    )
    with pytest.raises(InvalidState):
        operations.remove_item(item=first, actor=world["buyer"], at=world.at)
    assert list(application.items.all()) == [first]
    assert product.items.count() == 0


def test_same_product_twice_in_one_application_is_refused(world):
    application, at = stages.application(world, "draft")
    with pytest.raises(InvalidState):
        operations.add_item(
            application=application, actor=world["buyer"], at=at, product=world.product, fields=["区县"]
        )
    assert application.items.count() == 1


def test_each_item_is_decided_on_its_own_and_the_last_decides_the_application(world):
    application, _product = two_items(world)
    operations.submit_application(application=application, actor=world["buyer"], at=world.at)
    consult(application, world.cast, world.at)
    for consultation in application.consultations.all():
        operations.consent(consultation=consultation, actor=world["provider"], at=world.at)
    review(application, world)
    first, second = Item.objects.order_by("pk")
    stages.approve(first, world, world.at)
    application.refresh_from_db()
    assert application.state == "under_review"
    for act in (operations.return_application, operations.withdraw_application):
        who = "officer" if act is operations.return_application else "buyer"
        with pytest.raises(InvalidState):
            act(application=application, actor=world[who], at=world.at, reason="-")
    operations.refuse_item(item=second, actor=world["officer"], at=world.at, reason="无必要", remedy=stages.REMEDY)
    application.refresh_from_db()
    assert (application.state, Grant.objects.count()) == ("decided", 1)
    assert clock.of(application).open().count() == 0


def test_officer_in_charge_decides_until_another_takes_over(world, application):
    consult(application, world.cast, world.at)
    operations.consent(consultation=application.consultations.get(), actor=world["provider"], at=world.at)
    with pytest.raises(NotAllowed):
        operations.begin_review(application=application, actor=world["second_officer"], at=world.at)
    operations.take_over_application(application=application, actor=world["second_officer"], at=world.at, reason="休假")
    with pytest.raises(NotAllowed):
        operations.begin_review(application=application, actor=world["officer"], at=world.at)
    operations.begin_review(application=application, actor=world["second_officer"], at=world.at)
    assert application.state == "under_review"


def test_superuser_is_in_charge_of_nothing_by_that(world, application):
    consult(application, world.cast, world.at)
    operations.consent(consultation=application.consultations.get(), actor=world["provider"], at=world.at)
    second = world["second_officer"]
    second.is_superuser = True
    second.save()
    with pytest.raises(NotAllowed):
        operations.begin_review(application=application, actor=second, at=world.at)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"ends": date(2026, 3, 16)}, "ends"),
        ({"starts": date(2026, 1, 1), "ends": date(2026, 2, 1)}, "ends"),
        ({"fields": []}, "fields"),
        ({"fields": ["区县", "身份证号"]}, "fields"),
        ({"report_schedule": "none"}, "report_schedule"),
        ({"quota": 0}, "quota"),
    ],
)
def test_terms_that_do_not_fit_are_refused(world, terms, field):
    item, at = stages.item(world, "open@under_review")
    with pytest.raises(ValidationError) as wrong:
        stages.approve(item, world, at, **terms)
    assert list(wrong.value.message_dict) == [field]
    assert (Item.objects.get().state, Grant.objects.count()) == ("open", 0)


def test_terms_may_narrow_the_fields_and_are_frozen(world):
    item, at = stages.item(world, "open@under_review")
    grant = stages.approve(item, world, at, fields=["区县"])
    frozen = dict(grant.terms)
    type(world.product).objects.update(purposes="别的用途", terms="别的条件")
    grant.refresh_from_db()
    assert (grant.fields, grant.terms) == (["区县"], frozen)
    assert frozen["purposes"] == "医疗资源规划、公共卫生研究、便民服务"


def test_offer_lapses_after_its_clock(world, offered_grant):
    over = later(world.at, Kind.OFFER)
    accept = {"grant": offered_grant, "actor": world["buyer"]}
    with pytest.raises(InvalidState):
        operations.accept_grant(**accept, at=world.at, terms_accepted=False)
    with pytest.raises(InvalidState):
        operations.accept_grant(**accept, at=over, terms_accepted=True)
    operations.accept_grant(**accept, at=over - timedelta(seconds=1), terms_accepted=True)
    assert (offered_grant.state, offered_grant.activated_at) == ("active", over - timedelta(seconds=1))


def test_grant_is_closed_only_after_its_period(world, grant):
    last_day = grant.ends
    at = world.at + (last_day - world.at.date())
    with pytest.raises(InvalidState):
        operations.close_grant(grant=grant, actor=world["officer"], at=at, reason="期满")
    operations.close_grant(grant=grant, actor=world["officer"], at=at + timedelta(days=1), reason="期满")
    assert grant.state == "closed"


def test_lapsed_buyer_may_step_back_but_not_forward(world, application):
    from accounts.models import Party

    grant_of = stages.active_grant(world)
    consult(application, world.cast, world.at)
    offered = decide(application, world.cast, world.at)
    Party.objects.filter(pk=world.parties["buyer"].pk).update(verified_until=date(2026, 3, 1))
    with pytest.raises(NotAllowed):
        operations.accept_grant(grant=offered, actor=world["buyer"], at=world.at, terms_accepted=True)
    operations.decline_grant(grant=offered, actor=world["buyer"], at=world.at, reason="-")
    operations.surrender_grant(grant=grant_of, actor=world["buyer"], at=world.at, reason="-")
    assert (offered.state, grant_of.state) == ("declined", "surrendered")


def test_data_of_two_cities_goes_to_the_province(world):
    from accounts.models import Party, Region

    Party.objects.filter(pk=world.parties["unit"].pk).update(region=Region.objects.get(code="350200"))
    application, at = stages.application(world, "draft")
    operations.submit_application(application=application, actor=world["buyer"], at=at)
    assert application.authority == world.parties["province"]
    with pytest.raises(NotAllowed):
        operations.accept_application(application=application, actor=world["officer"], at=at)
    operations.accept_application(application=application, actor=world["province_officer"], at=at)
    assert application.state == "accepted"
