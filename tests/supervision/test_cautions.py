"""Cautions: shown to whoever decides a party's next case, within their scope and term; none refuses by itself."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Party
from listings import operations as listing
from listings.models import Purpose
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.clock.working_days import end_of_day, local_date
from marketplace.desk.story import consult, decide
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.caution import Caution, for_case
from tests.workflow import stages
from tests.workflow.matrix import rows

SAID = stages.CAUTION


def issue(world, who="officer", party="city", about="buyer", **changes):
    given = {**SAID, "about": world.parties[about], "ends": local_date(world.at) + timedelta(days=90), **changes}
    return operations.issue_caution(party=world.parties[party], actor=world[who], at=world.at, **given)


def told(kind):
    return set(Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True))


def shown(case, who, at):
    with time_machine.travel(at, tick=False):
        return for_case(case, who, at)


@pytest.fixture
def application(world):
    return stages.application(world, "under_review")[0]


def test_party_is_told_with_the_reasons_and_reads_it(world):
    made = issue(world)
    assert (made.state, made.authority, made.issued_by) == ("in_force", world.parties["city"], world["officer"])
    assert world["buyer"].ledger_ref in told("caution_issued")
    with time_machine.travel(world.at, tick=False):
        assert Caution.objects.visible_to(world["buyer"]).get() == made
        assert not Caution.objects.visible_to(world["seller"]).exists()


def test_whoever_decides_the_next_case_is_shown_it_and_its_own_people_are_not(world, application):
    made = issue(world)
    for who in ("officer", "other_officer", "province_officer"):
        assert shown(application, world[who], world.at) == [made]
    for who in ("buyer", "conflicted_officer", "seller", "provider"):
        assert shown(application, world[who], world.at) == []


def test_a_unit_that_is_asked_for_consent_and_the_operator_are_shown_it(world):
    made = issue(world)
    case, at = stages.application(world, "in_consultation")
    assert shown(case, world["provider"], at) == [made] and shown(case, world["other_provider"], at) == []
    for consultation in case.consultations.all():
        applications.consent(consultation=consultation, actor=world["provider"], at=at)
    assert shown(case, world["provider"], at) == []
    browser = Client()
    browser.force_login(world["operator"])
    with time_machine.travel(at, tick=False):
        assert made.number in browser.get(world.parties["buyer"].get_absolute_url()).content.decode()
    operations.lift_caution(caution=made, actor=world["officer"], at=at, reason="已改正")
    with time_machine.travel(at, tick=False):
        assert not Caution.objects.visible_to(world["operator"]).exists()


def test_a_seller_is_shown_it_with_the_change_of_a_grant_that_it_decides_on(world):
    deal, at = stages.non_public_grant(world, "offered")
    applications.accept_grant(grant=deal, actor=world["buyer"], at=at, terms_accepted=True)
    deal = Grant.objects.get(pk=deal.pk)
    made = issue(world)
    assert shown(deal, world["vendor"], at) == []
    asked = {"ends": deal.ends + timedelta(days=30), "fields": deal.fields, "quota": None, "reason": "续期"}
    more = {"what_is_built": deal.terms["what_is_built"], "report_schedule": deal.report_schedule}
    edition = applications.request_change(grant=deal, actor=world["buyer"], at=at, **asked, **more)
    assert shown(edition, world["vendor"], at) == [made] and shown(edition, world["seller"], at) == []
    browser = Client()
    browser.force_login(world["vendor"])
    with time_machine.travel(at, tick=False):
        assert made.reason in browser.get(deal.get_absolute_url()).content.decode()
    applications.agree_change(edition=edition, actor=world["vendor"], at=at, reason="同意")
    assert shown(edition, world["vendor"], at) == []


def test_no_seller_is_shown_it_with_a_change_that_an_authority_decides_on(world):
    issue(world)
    grant = stages.active_grant(world)
    asked = {"ends": grant.ends + timedelta(days=30), "fields": grant.fields, "quota": None, "reason": "续期"}
    more = {"what_is_built": grant.terms["what_is_built"], "report_schedule": grant.report_schedule}
    edition = applications.request_change(grant=grant, actor=world["buyer"], at=world.at, **asked, **more)
    assert shown(edition, world["officer"], world.at) and not shown(edition, world["seller"], world.at)


def test_it_decides_nothing_every_decision_goes_as_without_it(world):
    issue(world)
    issue(world, about="developer")
    case, at = stages.application(world, "submitted")
    consult(case, world.cast, at)
    grant = decide(case, world.cast, at)
    applications.accept_grant(grant=grant, actor=world["buyer"], at=at, terms_accepted=True)
    grant = Grant.objects.get(pk=grant.pk)
    assert grant.is_in_effect(at)
    asked = {"ends": grant.ends + timedelta(days=30), "fields": grant.fields, "quota": None, "reason": "续期"}
    more = {"what_is_built": grant.terms["what_is_built"], "report_schedule": grant.report_schedule}
    edition = applications.request_change(grant=grant, actor=world["buyer"], at=at, **asked, **more)
    applications.agree_change(edition=edition, actor=world["officer"], at=at, reason="必要")
    version, later = stages.version(world, "submitted")
    assert shown(version, world["officer"], later)
    listing.approve_version(version=version, actor=world["officer"], at=later, **stages.SIGN_OFF)
    version.refresh_from_db()
    assert version.state == "in_publicity"


def test_it_ends_by_itself_after_its_last_day(world, application):
    made = issue(world)
    last = end_of_day(made.ends)
    assert shown(application, world["officer"], last - timedelta(seconds=1)) == [made]
    assert shown(application, world["officer"], last) == []
    made.refresh_from_db()
    assert made.state == "in_force" and made.has_expired(last) and not made.has_expired(last - timedelta(seconds=1))
    with pytest.raises(InvalidState):
        operations.lift_caution(caution=made, actor=world["officer"], at=last, reason="已改正")


def test_lifted_with_reasons_nobody_is_shown_it_and_the_party_is_told(world, application):
    made = issue(world)
    for who in ("buyer", "other_officer", "county_officer", "conflicted_officer", "province_officer"):
        with pytest.raises(NotAllowed):
            operations.lift_caution(caution=made, actor=world[who], at=world.at, reason="已改正")
    operations.lift_caution(caution=made, actor=world["second_officer"], at=world.at, reason="已改正")
    assert shown(application, world["officer"], world.at) == []
    assert world["buyer"].ledger_ref in told("caution_lifted")
    made.refresh_from_db()
    assert (made.state, made.lifted_by, made.lifted_at) == ("lifted", world["second_officer"], world.at)


def test_scope_by_region_kind_and_purpose(world, application):
    city, other = world.parties["city"].region, world.parties["other_city"].region
    used, another = Purpose.objects.order_by("pk")[:2]
    type(application).objects.filter(pk=application.pk).update(purposes=used.name)
    application.refresh_from_db()
    within = [
        issue(world, scope="region", region=city), issue(world, scope="region", region=city.parent),
        issue(world, scope="kind", nature=world.product.nature), issue(world, scope="purpose", purpose=used),
    ]  # fmt: skip
    issue(world, scope="region", region=other)
    issue(world, scope="kind", nature="non_public")
    issue(world, scope="purpose", purpose=another)
    assert shown(application, world["officer"], world.at) == within


def test_case_of_another_party_shows_nothing(world):
    issue(world, about="developer")
    case, at = stages.application(world, "under_review")
    assert shown(case, world["officer"], at) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " "}, "reason"), ({"ends": date(2026, 1, 1)}, "ends"), ({"ends": date(2030, 1, 1)}, "ends"),
        ({"scope": "kind"}, "nature"), ({"nature": "built"}, "nature"), ({"article": "Art. 99"}, "article"),
    ],
)  # fmt: skip
def test_caution_without_end_reason_scope_or_article_is_refused(world, changes, field):
    before = rows()
    with pytest.raises(ValidationError, match=field):
        issue(world, **changes)
    assert rows() == before


@pytest.mark.parametrize(
    ("who", "party"),
    [
        ("county_officer", "county"), ("conflicted_officer", "city"), ("other_officer", "city"), ("buyer", "city"),
        ("officer", "other_city"), ("operator", "operator"),
    ],
)  # fmt: skip
def test_caution_by_a_county_another_city_or_in_ones_own_case_is_refused(world, who, party):
    before = rows()
    with pytest.raises(NotAllowed):
        issue(world, who=who, party=party)
    assert rows() == before


def test_authority_cautions_only_about_whom_it_has_to_do_with(world):
    elsewhere = Party.objects.get(pk=world.parties["other_buyer"].pk)
    elsewhere.region = world.parties["other_city"].region
    elsewhere.save(update_fields=["region"])
    with pytest.raises(ValidationError, match="about"):
        issue(world, about="other_buyer")
    stages.active_grant(world, buyer="other_buyer")
    assert issue(world, about="other_buyer").party == elsewhere


def test_party_asks_for_a_review_and_another_officer_annuls_it(world, application):
    made = issue(world)
    asked = operations.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="事实有误")
    assert (asked.caution, asked.party, asked.against["reason"]) == (made, world.parties["buyer"], SAID["reason"])
    for who in ("officer", "conflicted_officer", "buyer"):  # who issued it, who belongs to the party
        with pytest.raises(NotAllowed):
            operations.annul_review(review=asked, actor=world[who], at=world.at, reason="证据不足")
    with pytest.raises(InvalidState):
        operations.vary_review(
            review=asked, actor=world["second_officer"], at=world.at, reason="期限过长", remedy=stages.REMEDY
        )
    assert shown(application, world["officer"], world.at) == [made]  # a review pauses nothing by itself
    operations.annul_review(review=asked, actor=world["second_officer"], at=world.at, reason="证据不足")
    made.refresh_from_db()
    assert made.state == "annulled" and shown(application, world["officer"], world.at) == []


def test_review_that_upholds_it_leaves_it_standing(world, application):
    made = issue(world)
    asked = operations.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="事实有误")
    said = {"reason": "事实清楚", "remedy": stages.REMEDY}
    operations.uphold_review(review=asked, actor=world["province_officer"], at=world.at, **said)
    assert shown(application, world["officer"], world.at) == [made]


def test_only_the_party_asks_and_only_within_the_term(world):
    made = issue(world)
    for who in ("officer", "seller", "other_buyer"):
        with pytest.raises(NotAllowed):
            operations.lodge_review(subject=made, actor=world[who], at=world.at, text="事实有误")
    with pytest.raises(InvalidState):
        operations.lodge_review(subject=made, actor=world["buyer"], at=world.at + timedelta(days=30), text="事实有误")


def test_seller_who_decides_reads_what_is_in_force_of_the_applicant_and_of_those_merged_into_it(world):
    end = local_date(world.at) + timedelta(days=1)
    made, old = issue(world), issue(world, ends=end)
    before, seller = issue(world), world["vendor"]
    Caution.objects.filter(pk=before.pk).update(party=world.parties["other_buyer"])
    _case, at = stages.non_public_application(world, "submitted")

    def seen(when):
        with time_machine.travel(when, tick=False):
            return set(Caution.objects.visible_to(seller))

    at = max(at, world.at)
    assert old.ends < local_date(at) and seen(at) == {made}
    Party.objects.filter(pk=world.parties["other_buyer"].pk).update(state="ended", merged_into=made.party)
    assert seen(at + timedelta(days=1)) == {made, before}
    operations.lift_caution(caution=made, actor=world["officer"], at=at, reason="已改正")
    assert seen(at + timedelta(days=2)) == {before}


def test_pages_and_console_show_it_where_the_case_is_decided(world, application):
    made, browser = issue(world), Client(headers={"accept-language": "en"})
    item = application.items.get()
    with time_machine.travel(world.at, tick=False):
        browser.force_login(world["officer"])
        for page in (
            application.get_absolute_url(), f"/item/{item.pk}/approve/",
            f"/console/applications/application/{application.pk}/", made.get_absolute_url(),
            f"/console/supervision/caution/{made.pk}/",
        ):  # fmt: skip
            assert SAID["reason"] in browser.get(page).content.decode(), page
        browser.force_login(world["buyer"])
        assert SAID["reason"] not in browser.get(application.get_absolute_url()).content.decode()
        assert SAID["reason"] in browser.get(world.parties["buyer"].get_absolute_url()).content.decode()
        page = browser.get(made.get_absolute_url()).content.decode()
        assert f"/review/new/caution/{made.pk}/" in page
        browser.force_login(world["seller"])
        assert browser.get(made.get_absolute_url()).status_code == 404


@pytest.mark.parametrize("noun", ["rule", "description", "review"])
def test_it_is_shown_with_a_rule_a_change_of_texts_and_a_review_as_well(world, noun):
    made, browser = issue(world, about="developer"), Client(headers={"accept-language": "en"})
    if noun == "review":
        other = issue(world, about="developer", reason="另一事项")
        case, at = operations.lodge_review(subject=other, actor=world["seller"], at=world.at, text="有误"), world.at
    else:
        make = {"rule": stages.release_rule, "description": stages.description_change}[noun]
        case, at = make(world, "proposed")
    assert made in shown(case, world["officer"], at) and shown(case, world["seller"], at) == []
    console = f"/console/{case._meta.app_label}/{case._meta.model_name}/{case.pk}/"
    with time_machine.travel(at, tick=False):
        browser.force_login(world["officer"])
        for page in (case.get_absolute_url(), console):
            assert SAID["reason"] in browser.get(page).content.decode(), page
        browser.force_login(world["seller"])
        assert SAID["reason"] not in browser.get(case.get_absolute_url()).content.decode()


def test_lifted_while_its_review_is_open_it_stays_lifted_and_the_review_says_that_it_was_wrong(world):
    made = issue(world)
    asked = operations.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="事实有误")
    operations.lift_caution(caution=made, actor=world["officer"], at=world.at, reason="已改正")
    operations.annul_review(review=asked, actor=world["second_officer"], at=world.at, reason="证据不足")
    for one in (made, asked):
        one.refresh_from_db()
    assert (made.state, made.lifted_by, asked.state) == ("lifted", world["officer"], "annulled")
    entry = Entry.objects.filter(object_type="supervision.caution").latest("pk")
    assert (entry.new, "证据不足" in EntryDetail.objects.get(entry=entry).json) == ("", True)
