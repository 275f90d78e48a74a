"""A party ends, is merged or dies: what passes, what ends, and that nothing waits for somebody who is not there."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client

from accounts import operations as accounts
from accounts.models import Capability, Credential, Membership, Party, User
from listings.models import CatalogueEntry, Product, ProductStop, Upstream, Version, VersionSource
from listings.operations import drift
from marketplace.api.resources import RESOURCES
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Consultation, Grant, Item
from marketplace.clock import operations as clock
from marketplace.clock.working_days import SHANGHAI
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import Delivery
from marketplace.desk.story import apply_for, consult
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.entries import reference
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import DerivedProduct, Finding, UsageReport
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.queries import attribution, obtained
from marketplace.supervision.sweep import run, sweep
from tests.console.conftest import log_in
from tests.supervision.test_derived import built
from tests.workflow import matrix, stages, tables
from tests.workflow.tables import LISTED

DAY = timedelta(days=1)
TABLES = [(table, resource.model) for resource in RESOURCES for table in resource.tables]


def merge(world, key, into, **changes):
    given = {
        "party": world.parties[key], "successor": into, "actor": world["operator"], "at": world.at,
        "evidence": "登记通知书 2026-31", "reason": "吸收合并",
    }  # fmt: skip
    operations.merge_party(**{**given, **changes})


def end(world, key, **changes):
    given = {"party": world.parties[key], "actor": world["operator"], "at": world.at, "reason": "注销"}
    operations.end_party(**{**given, **changes})


@pytest.fixture
def heir(world):
    """A verified organisation that is admitted as nothing but a buyer; the expert owns it."""
    made = accounts.register_party(
        actor=world["expert"], at=world.at, name="新设公司", region=world.parties["city"].region,
        uscc="91350100MA00000067",
    )  # fmt: skip
    return accounts.verify_party(
        party=made, actor=world["operator"], at=world.at, evidence="营业执照", valid_until=date(2029, 1, 1),
        capabilities={"buyer": None},
    )  # fmt: skip


# --- nothing waits for nobody ----------------------------------------


def waiting_for_nobody(world, at):
    """Every object that is not over and that none of the world's people can do anything with."""
    likely = ("officer", "other_buyer", "operator", "province_officer", "other_officer")  # asked first: it saves time
    people = [User.objects.get(pk=world[who].pk) for who in dict.fromkeys([*likely, *matrix.PEOPLE, *matrix.SELLERS])]
    lost = []
    answered_first = Version.objects.filter(objections__state="open")  # such a version waits as its objection does
    for model in {model for _table, model in TABLES} - {Item}:  # an item waits as its application does
        mine = [table for table, of in TABLES if of is model]
        rows = model.objects.exclude(state__in=model.machine.terminal)
        for obj in rows.exclude(pk__in=answered_first) if model is Version else rows:
            found = next((who for who in people if any(table.available(obj, who, at) for table in mine)), None)
            if found:
                people.insert(0, people.pop(people.index(found)))  # can likely do the next one as well
            else:
                lost.append(f"{model.__name__} {obj.state}")
    return sorted(lost)


BUYER, SELLER, UNIT, VENDOR = ("buyer",), ("developer",), ("unit",), ("vendor",)
WAITING = {  # what waits, and the party whose end it must survive
    "entry": (UNIT, "proposed", "returned"),
    "standing-consent": (UNIT, "given"),
    "consultation": (UNIT, "asked", "question"),
    "product": (SELLER, "active"),
    "version": (SELLER, "assessed", "submitted", "returned", "in_publicity"),
    "upload": (SELLER, "open"),
    "source-file": (SELLER, "unchecked", "rejected"),
    "release-rule": (SELLER, "proposed", "returned", "approved"),
    "description-change": (SELLER, "proposed", "returned"),
    "objection": (SELLER, "open"),
    "application": (BUYER, "draft", "in_consultation", "expert_review"),
    "non-public-application": (VENDOR, "submitted", "under_review"),
    "non-public-version": (VENDOR, "submitted", "published"),
    "non-public-grant": (VENDOR, "active"),
    "grant": (BUYER + SELLER, "offered", "active"),
    "edition": (BUYER, "requested"),
    "report": (BUYER, "filed", "returned"),
    "measure": (BUYER, "issued", "evidence_filed"),
    "notice": (BUYER + VENDOR, "proposed", "issued", "evidence_filed", "refused_to_correct"),
    "concern": (BUYER + SELLER + UNIT, "open", "taken_up", "open+fault", "taken_up+fault"),
    "review": (BUYER, "lodged"),
    "certificate": (BUYER, "filed", "returned"),
    "caution": (BUYER, "in_force"),
    "inspection-plan": (BUYER, "draft"),
    "inspection": (BUYER, "announced", "under_way", "reported", "answered"),
    "finding": (BUYER, "open"),
    "emergency-plan": (UNIT, "draft", "in_force"),
    "incident": (SELLER + BUYER, "opened+told"),
    "derived": (BUYER, "published", "flagged"),
}
CASES = [(noun, state, ends) for noun, (ends, *states) in WAITING.items() for state in states]


@pytest.mark.parametrize(("noun", "state", "ends"), CASES)
def test_nothing_waits_for_a_party_that_has_ended(world, noun, state, ends):
    _obj, at = tables.MATRICES[noun].reach(world, state)
    at = max(at, world.at)
    for key in ends:
        for successor in (None, "other_buyer"):
            with transaction.atomic():
                if successor:
                    merge(world, key, world.parties[successor], at=at)
                else:
                    end(world, key, at=at)
                with time_machine.travel(at + DAY, tick=False):  # yesterday was the last day of its people
                    assert waiting_for_nobody(world, at + DAY) == [], (key, successor)
                assert drift() == []
                transaction.set_rollback(True)
            world.parties[key].refresh_from_db()


def test_every_machine_is_among_them():
    asked = {tables.MATRICES[noun].verbs.model for noun in WAITING}
    part_of_another = {"Party", "Item"}  # the operator can end every party; an item goes with its application
    assert {model.__name__ for _table, model in TABLES} == {model.__name__ for model in asked} | part_of_another


# --- merger ----------------------------------------


def test_buyer_merged_the_successor_reports_but_has_no_grant(world, heir, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    made = operations.register_derived(
        party=world.parties["buyer"], actor=world["buyer"], at=world.at, title="地图", description="每月",
        built_from=[(grant, world.version)],
    )  # fmt: skip
    draft = stages.application(world, "draft")[0]
    system = stages.a_system(world, grant, world.at)
    merge(world, "buyer", heir)
    party = Party.objects.get(pk=world.parties["buyer"].pk)
    assert (party.state, party.merged_into, Party.objects.get(pk=heir.pk).state) == ("ended", heir, "verified")
    assert (Grant.objects.get().state, Application.objects.get(pk=draft.pk).state) == ("closed", "withdrawn")
    assert (DerivedProduct.objects.get(pk=made.pk).party, Credential.objects.get(pk=system.pk).revoked_at) == (
        heir,
        world.at,
    )
    later = datetime(2026, 4, 1, 9, tzinfo=SHANGHAI)
    assert not Membership.objects.filter(party=party).exclude(valid_until__lt=later.date()).exists()
    sweep(at=later)
    report = UsageReport.objects.get()
    assert Outbox.objects.filter(kind="party_merged", recipient_ref=world["expert"].ledger_ref).exists()
    with time_machine.travel(later, tick=False):
        assert UsageReport.objects.visible_to(world["expert"]).get() == report
        assert not UsageReport.objects.visible_to(world["buyer"]).exists()
        with pytest.raises(NotAllowed):
            operations.file_report(report=report, actor=world["buyer"], at=later, use="训练")
        operations.file_report(report=report, actor=world["expert"], at=later, use="合并前用于训练")
        assert gate.judge(world["expert"], Grant.objects.get(), world.version, later).allowed is False
    operations.return_report(report=UsageReport.objects.get(), actor=world["officer"], at=later, reason="补充")


def test_an_order_on_a_buyer_that_is_merged_still_ends_in_termination_and_flags_what_was_built(world, heir, grant):
    """The grant is closed by the merger, what was built from it is the successor's now."""
    derived = built(world, grant, "门诊地图")
    operations.publish_derived(derived=derived, actor=world["buyer"], at=world.at)
    order = stages.order(world, grant)
    stages.find_refusal(order, world)
    merge(world, "buyer", heir)
    for one in (grant, derived, order):
        one.refresh_from_db()
    assert (grant.state, derived.state, derived.party) == ("closed", "published", heir)
    ended = {"actor": world["officer"], "at": world.at, "reason": "拒不改正", "remedy": stages.REMEDY}
    operations.terminate_service(measure=order, **ended)
    for one in (grant, derived, order):
        one.refresh_from_db()
    assert (order.state, grant.state, derived.state) == ("terminated", "closed", "flagged")
    assert order.held.get().outcome == "terminated"
    assert derived.flags.get().grant == grant
    told = Outbox.objects.filter(kind="derived_flagged").values_list("recipient_ref", flat=True)
    assert set(told) == {world["expert"].ledger_ref}

    review = operations.lodge_review(subject=order, actor=world["expert"], at=world.at, text="认定有误")
    operations.annul_review(review=review, actor=world["province_officer"], at=world.at, reason="证据不足")
    derived.refresh_from_db()
    assert derived.state == "published"


def test_the_successor_names_as_its_sources_what_was_delivered_to_the_merged_buyer(world, heir, grant):
    kept = built(world, grant, "门诊地图")
    second = stages.active_grant(world)
    delivery.deliver(grant=second, version=world.version, actor=world["buyer"], at=world.at)
    merge(world, "buyer", heir)
    kept.refresh_from_db()
    who = {"actor": world["expert"], "at": world.at}
    assert obtained(heir) == [(grant, world.version), (second, world.version)]
    operations.add_sources(derived=kept, built_from=[(second, world.version)], **who)
    made = operations.register_derived(
        party=heir, title="新图", description="-", built_from=[(grant, world.version)], **who
    )
    operations.publish_derived(derived=made, **who)
    (line,) = attribution(made, world["expert"])
    assert line.version == world.version
    with time_machine.travel(world.at, tick=False):
        page = log_in(world["expert"]).get(f"/derived/new/{heir.pk}/")
    assert page.status_code == 200 and grant.number in page.content.decode()
    theirs = stages.active_grant(world, buyer="other_buyer")
    delivery.deliver(grant=theirs, version=world.version, actor=world["other_buyer"], at=world.at)
    with pytest.raises(ValidationError):
        operations.add_sources(derived=kept, built_from=[(theirs, world.version)], **who)


def test_what_a_merged_buyer_has_listed_stands_still_once_its_grant_is_terminated_until_that_is_annulled(world, heir):
    grant = stages.active_grant(world, onward_supply=True)
    derived, who = built(world, grant, "门诊地图"), {"actor": world["buyer"], "at": world.at}
    product = operations.list_derived(derived=derived, **LISTED, **who)
    order = stages.order(world, grant)
    stages.find_refusal(order, world)
    merge(world, "buyer", heir)
    order.refresh_from_db()
    operations.terminate_service(
        measure=order, actor=world["officer"], at=world.at, reason="拒不改正", remedy=stages.REMEDY
    )
    stops = ProductStop.objects.filter(product=product, source_ref=reference(grant))
    assert stops.standing(world.at).exists()
    review = operations.lodge_review(subject=order, actor=world["expert"], at=world.at, text="认定有误")
    operations.annul_review(review=review, actor=world["province_officer"], at=world.at, reason="证据不足")
    assert not ProductStop.objects.standing(world.at).exists()
    assert Upstream.objects.get(product=product).over_at == world.at  # the grant was closed, that stays so


def test_merged_developers_derived_product_keeps_its_public_sources_and_is_no_finding(world, heir, grant):
    made = built(world, grant, "地图")
    operations.publish_derived(derived=made, actor=world["buyer"], at=world.at)
    merge(world, "buyer", heir)
    page = Client().get(DerivedProduct.objects.get().get_absolute_url())
    assert page.status_code == 200 and world.product.title in page.content.decode()
    monitor = next(one for one in MONITORS if one.name == "attribution")
    assert list(monitor.find(world.at, None)) == []
    Delivery.objects.all().delete()  # what was never delivered is noticed after a merger, too, and stays so
    for name, done in (("attribution", 1), ("cause_gone", 0)):
        result = run(next(one for one in MONITORS if one.name == name), world.at)
        assert (result.did, result.failed) == (done, 0)
    assert Finding.objects.get().state == "open"


def test_seller_merged_the_grants_of_others_run_on_with_the_successor(world, heir, grant):
    held = grant.product.seller
    merge(world, "developer", heir)
    again = Grant.objects.get(pk=grant.pk)
    assert (again.product.seller, again.state, again.is_in_effect(world.at)) == (heir, "active", True)
    assert held.pk != heir.pk and Capability.objects.filter(party=heir, kind="primary_developer").exists()
    assert gate.judge(world["buyer"], again, world.version, world.at).allowed
    with time_machine.travel(world.at + DAY, tick=False):
        assert Grant.objects.visible_to(world["expert"]).filter(pk=grant.pk).exists()
        assert not Grant.objects.visible_to(world["seller"]).filter(pk=grant.pk).exists()
    entries = Entry.objects.filter(verb="merge", object_type="listings.product")
    assert [entry.object_id for entry in entries] == [str(grant.product_id)]


def test_unit_merged_the_successor_answers_what_it_was_asked(world, heir):
    case = apply_for(world.product, world.cast, world.at, world.fields)
    consult(case, world.cast, world.at)
    merge(world, "unit", heir)
    asked = Consultation.objects.get(application=case)
    assert (asked.unit, asked.state, CatalogueEntry.objects.get(pk=world.product.entry_id).unit) == (
        heir,
        "asked",
        heir,
    )
    assert set(VersionSource.objects.values_list("unit", flat=True)) == {heir.pk}
    with pytest.raises(NotAllowed):
        applications.consent(consultation=asked, actor=world["provider"], at=world.at)
    applications.consent(consultation=asked, actor=world["expert"], at=world.at)
    applications.begin_review(application=case, actor=world["officer"], at=world.at)
    assert stages.approve(case.items.get(), world, world.at).state == "offered"


def test_a_chain_of_mergers_ends_at_the_last(world, heir, grant):
    merge(world, "buyer", world.parties["other_buyer"])
    merge(world, "other_buyer", heir)
    first = Party.objects.get(pk=world.parties["buyer"].pk)
    assert first.merged_into == heir
    operations.schedule_reports(grants=[Grant.objects.get()], actor=stages.JOB, at=world.at)
    operations.file_report(report=UsageReport.objects.get(), actor=world["expert"], at=world.at, use="训练")


def test_officer_of_the_successor_has_the_predecessor_as_own_case(world, heir, grant):
    accounts.add_member(party=heir, user=world["officer"], role="member", actor=world["expert"], at=world.at)
    merge(world, "developer", heir)
    with pytest.raises(NotAllowed):
        operations.take_precaution(grant=Grant.objects.get(), actor=world["officer"], at=world.at, reason="查证")


def test_what_is_no_merger_is_refused_without_a_trace(world, heir):
    before, barred = matrix.rows(), world.parties["other_unit"]
    wrong = [
        ({"successor": world.parties["buyer"]}, ValidationError),  # itself
        ({"evidence": " "}, ValidationError), ({"reason": ""}, ValidationError),
        ({"actor": world["buyer"]}, NotAllowed), ({"actor": world["officer"]}, NotAllowed),
        ({"party": world.parties["city"]}, InvalidState), ({"party": world.parties["compliance"]}, InvalidState),
        ({"party": world.parties["operator"]}, NotAllowed),
    ]  # fmt: skip
    for changes, error in wrong:
        with pytest.raises(error):
            merge(world, "buyer", heir, **changes)
    assert matrix.rows() == before
    accounts.bar_party(party=barred, actor=world["operator"], at=world.at, reason="-", remedy="-")
    with pytest.raises(ValidationError):
        merge(world, "buyer", barred)
    merge(world, "buyer", heir)
    before = matrix.rows()
    with pytest.raises(InvalidState):  # twice is once
        merge(world, "buyer", heir, party=Party.objects.get(pk=world.parties["buyer"].pk))
    assert matrix.rows() == before


# --- ended without a successor, and death ----------------------------------------


def test_an_ended_buyer_owes_no_report_and_gets_none_back(world):
    report, at = stages.report(world, "filed")
    other = stages.active_grant(world, buyer="other_buyer")
    operations.schedule_reports(grants=[other], actor=stages.JOB, at=at)
    end(world, "other_buyer", at=at)
    assert set(UsageReport.objects.filter(grant=other).values_list("state", flat=True)) == {"ceased"}
    sweep(at=at + 100 * DAY)
    assert UsageReport.objects.filter(grant=other).count() == 2  # no duty comes after the end
    end(world, "buyer", at=at)
    with pytest.raises(InvalidState):
        operations.return_report(report=report, actor=world["officer"], at=at, reason="补充")
    operations.accept_report(report=report, actor=world["officer"], at=at)


def test_an_ended_seller_leaves_the_catalogue_and_grants_run_on(world, grant):
    end(world, "developer")
    assert Product.objects.get(pk=world.product.pk).state == "withdrawn"
    assert Grant.objects.get().is_in_effect(world.at)


def test_an_ended_sellers_rule_and_upload_end_with_it(world):
    rule, _at = stages.release_rule(world, "proposed")
    upload, _at = stages.upload(world, "open+partial")
    end(world, "developer")
    for obj, state in ((rule, "withdrawn"), (upload, "abandoned"), (upload.version, "discarded")):
        obj.refresh_from_db()
        assert obj.state == state
    assert not clock.of(rule).open().exists()


@pytest.fixture
def citizen(world):
    """A person who buys in their own name, owns a firm with a member, and nothing else."""
    user = accounts.set_up_account(at=world.at, email="he-qing@home.example", name="何清平", password=None)
    who = {"actor": user, "at": world.at, "region": world.parties["city"].region}
    person = accounts.register_party(
        **who, name="何清平", kind="person", id_kind="resident", id_number="11010519491231002X", wanted=["buyer"]
    )
    firm = accounts.register_party(**who, name="何氏数据", uscc="91350100MA0000099R")
    for role, colleague in (("member", "seller"), ("manager", "provider")):
        accounts.add_member(party=firm, user=world[colleague], role=role, actor=user, at=world.at)
    for party in (person, firm):
        accounts.verify_party(
            party=party, actor=world["operator"], at=world.at, evidence="当面核验", valid_until=date(2029, 1, 1),
            capabilities={"buyer": None}, adult=True,
        )  # fmt: skip
    return user, Party.objects.get(pk=person.pk), Party.objects.get(pk=firm.pk)


def bury(world, party, **changes):
    given = {"party": party, "actor": world["operator"], "at": world.at, "evidence": "死亡医学证明", "reason": "死亡"}
    operations.record_death(**{**given, **changes})


def test_a_dead_persons_account_closes_and_the_firm_has_an_owner(world, citizen):
    user, person, firm = citizen
    case = applications.start_application(
        buyer=person, actor=user, at=world.at, title="研究", product=world.product, fields=["区县"]
    )
    bury(world, person)
    user.refresh_from_db()
    person.refresh_from_db()
    assert (user.is_active, user.name, EmailAddress.objects.filter(user=user).exists()) == (False, "（已注销）", False)
    assert (person.state, person.name, person.id_encrypted, person.id_hmac) == ("ended", "（已注销）", "", None)
    assert Application.objects.get(pk=case.pk).state == "withdrawn"
    owners = firm.memberships.filter(role="owner", valid_until=None, user__is_active=True)
    assert [row.user for row in owners] == [world["provider"]]  # the manager before the member
    assert {entry.actor_ref for entry in Entry.objects.filter(verb="record_death")} == {world["operator"].ledger_ref}


def test_death_is_recorded_of_persons_and_mergers_of_organisations(world, citizen, heir):
    _user, person, firm = citizen
    before = matrix.rows()
    for act in (lambda: bury(world, firm), lambda: merge(world, "buyer", heir, party=person)):
        with pytest.raises(InvalidState):
            act()
    for changes, error in (({"evidence": ""}, ValidationError), ({"actor": world["officer"]}, NotAllowed)):
        with pytest.raises(error):
            bury(world, person, **changes)
    assert matrix.rows() == before


def test_a_dead_officers_cases_are_handed_over_first(world, citizen):
    user, person, _firm = citizen
    city = world.parties["city"]
    owner = city.memberships.get(role="owner").user
    accounts.add_member(party=city, user=user, role="member", actor=owner, at=world.at)
    case = stages.application(world, "accepted")[0]
    applications.take_over_application(application=case, actor=user, at=world.at, reason="换人")
    with pytest.raises(InvalidState):
        bury(world, person)
    assert User.objects.get(pk=user.pk).is_active
