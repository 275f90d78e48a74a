"""Parties, verification, membership; own cases; who is competent."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import operations, permissions, queries
from accounts.models import Assignment, Capability, Membership, Party, Region
from marketplace.clock.working_days import SHANGHAI, local_date
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry

CODE = "91350100MA00000067"


def test_second_operator_of_a_region_is_refused(world):
    before = Party.objects.count()
    with pytest.raises(NotAllowed):
        operations.found_operator(
            founder=world["buyer"], at=world.at, name="第二平台", region=Region.objects.get(code="350000"), uscc=CODE,
            valid_until=date(2029, 1, 1),
        )  # fmt: skip
    assert Party.objects.count() == before


@pytest.mark.parametrize("code", ["91350100MA00000066", "123", "91350100MA0000006I"])
def test_code_with_a_wrong_check_digit_is_refused(world, code):
    with pytest.raises(ValidationError) as refused:
        operations.register_party(
            actor=world["buyer"], at=world.at, name="某公司", region=world.parties["city"].region, uscc=code
        )
    assert "uscc" in refused.value.message_dict
    assert not Party.objects.filter(name="某公司").exists()


def test_organisation_without_and_person_with_a_code_are_refused(world):
    region = world.parties["city"].region
    for kind, code in (("organisation", None), ("person", CODE)):
        with pytest.raises(ValidationError):
            operations.register_party(actor=world["buyer"], at=world.at, name="某", region=region, kind=kind, uscc=code)


def test_natural_person_may_be_verified_as_a_buyer_and_apply(world):
    """Art. 16: secondary developers include natural persons."""
    person = operations.register_party(
        actor=world["other_provider"],
        at=world.at,
        name="何清",
        region=world.parties["city"].region,
        kind="person",
        id_kind="resident",
        id_number="11010519491231002X",
    )
    with pytest.raises(NotAllowed):
        permissions.check_acts_for(world["other_provider"], person, "buyer", world.at)
    operations.verify_party(
        party=person, actor=world["operator"], at=world.at, evidence="身份证件核验", valid_until=date(2029, 1, 1),
        capabilities={"buyer": None},
    )  # fmt: skip
    permissions.check_acts_for(world["other_provider"], person, "buyer", world.at)


def test_operator_does_not_verify_or_bar_a_party_it_belongs_to(world):
    own = operations.register_party(
        actor=world["operator"], at=world.at, name="自家公司", region=world.parties["city"].region, uscc=CODE
    )
    with pytest.raises(NotAllowed, match=r"12|十二"):
        operations.verify_party(
            party=own, actor=world["operator"], at=world.at, evidence="-", valid_until=date(2029, 1, 1)
        )
    with pytest.raises(NotAllowed):
        operations.bar_party(
            party=world.parties["operator"], actor=world["operator"], at=world.at, reason="-", remedy="-"
        )


def test_verification_that_ends_before_it_begins_is_refused(world):
    made = operations.register_party(
        actor=world["other_buyer"], at=world.at, name="某公司", region=world.parties["city"].region, uscc=CODE
    )
    with pytest.raises(InvalidState):
        operations.verify_party(
            party=made, actor=world["operator"], at=world.at, evidence="-",
            valid_until=local_date(world.at) - timedelta(days=1),
        )  # fmt: skip
    made.refresh_from_db()
    assert (made.state, made.verifications.count()) == ("applied", 0)


def test_lapsed_party_acts_no_more_from_the_day_after_its_last(world):
    party = world.parties["buyer"]
    last = datetime(2026, 5, 6, 23, 59, tzinfo=SHANGHAI)
    Party.objects.filter(pk=party.pk).update(verified_until=last.date())
    permissions.check_acts_for(world["buyer"], party, "buyer", last)
    with pytest.raises(NotAllowed):
        permissions.check_acts_for(world["buyer"], party, "buyer", last + timedelta(minutes=1))
    permissions.check_member(world["buyer"], party, last + timedelta(minutes=1))
    assert list(queries.parties_as(world["buyer"], "buyer", last)) == [party]
    assert list(queries.parties_as(world["buyer"], "buyer", last + timedelta(minutes=1))) == []


def test_capability_counts_between_its_days(world):
    party = world.parties["buyer"]
    Capability.objects.filter(party=party).update(valid_from=date(2026, 5, 6), valid_until=date(2026, 5, 7))
    inside = datetime(2026, 5, 7, 23, 59, tzinfo=SHANGHAI)
    permissions.check_acts_for(world["buyer"], party, "buyer", inside)
    for outside in (inside + timedelta(minutes=1), datetime(2026, 5, 5, 23, 59, tzinfo=SHANGHAI)):
        with pytest.raises(NotAllowed):
            permissions.check_acts_for(world["buyer"], party, "buyer", outside)


def test_disabled_user_acts_for_nobody(world):
    buyer = world["buyer"]
    buyer.is_active = False
    buyer.save()
    with pytest.raises(NotAllowed):
        permissions.check_member(buyer, world.parties["buyer"], world.at)
    assert list(queries.parties_of(buyer, world.at)) == []


def test_auditor_reads_and_does_not_act(world):
    operations.add_member(
        party=world.parties["buyer"], user=world["provider"], role="auditor", actor=world["buyer"], at=world.at
    )
    assert world.parties["buyer"] in queries.parties_of(world["provider"], world.at)
    with pytest.raises(NotAllowed):
        permissions.check_member(world["provider"], world.parties["buyer"], world.at)


def test_only_people_of_a_party_take_somebody_in(world):
    for who in ("other_buyer", "officer", "operator"):
        with pytest.raises(NotAllowed):
            operations.add_member(
                party=world.parties["buyer"], user=world["provider"], role="member", actor=world[who], at=world.at
            )
    assert world["provider"].memberships.count() == 1


def test_ended_membership_counts_to_its_last_day_and_is_recorded(world):
    membership = Membership.objects.get(user=world["conflicted_officer"], party=world.parties["buyer"])
    operations.end_membership(party=membership.party, membership=membership, actor=world["buyer"], at=world.at)
    permissions.check_member(world["conflicted_officer"], world.parties["buyer"], world.at)
    with pytest.raises(NotAllowed):
        permissions.check_member(world["conflicted_officer"], world.parties["buyer"], world.at + timedelta(days=1))
    entry = Entry.objects.filter(verb="end_membership").get()
    assert (entry.object_type, entry.object_id) == ("accounts.membership", str(membership.pk))


@pytest.mark.parametrize(("left", "own"), [("2025-06-17", True), ("2025-04-10", True), ("2025-02-17", False)])
def test_own_case_reaches_back_twelve_months(world, left, own):
    """World time is 17 March 2026: left 9 and 11 months ago, and 13."""
    Membership.objects.filter(user=world["conflicted_officer"], party=world.parties["buyer"]).update(
        valid_from=date(2020, 1, 1), valid_until=date.fromisoformat(left)
    )
    case = [world.parties["buyer"]]
    if own:
        with pytest.raises(NotAllowed):
            permissions.check_not_own_case(world["conflicted_officer"], case, world.at)
    else:
        permissions.check_not_own_case(world["conflicted_officer"], case, world.at)


def test_auditor_and_disabled_membership_make_an_own_case_too(world):
    Membership.objects.filter(user=world["conflicted_officer"], party=world.parties["buyer"]).update(role="auditor")
    with pytest.raises(NotAllowed):
        permissions.check_not_own_case(world["conflicted_officer"], [world.parties["buyer"]], world.at)


def test_job_is_no_person_and_a_person_no_job(world):
    with pytest.raises(NotAllowed):
        permissions.check_is_person(ledger.SystemActor("sweep"))
    with pytest.raises(NotAllowed):
        permissions.check_is_job(world["operator"])


def test_superuser_may_nothing_by_that(world):
    boss = world["other_buyer"]
    boss.is_superuser = boss.is_staff = True
    boss.save()
    with pytest.raises(NotAllowed):
        permissions.check_operator(boss, world.at)
    with pytest.raises(NotAllowed):
        permissions.check_officer(boss, world.parties["city"], world.at)


def test_competent_authority_is_the_city_of_a_county_and_the_province_over_two_cities(world):
    regions = {code: Region.objects.get(code=code) for code in ("350100", "350121", "350200", "350000", "350300")}
    parties, at = world.parties, world.at
    assert queries.authority_for(regions["350121"], at) == parties["city"]  # never the county
    assert queries.authority_for(regions["350100"], at) == parties["city"]
    assert queries.authority_for(regions["350300"], at) == parties["province"]  # Putian has none set up
    assert queries.authority_over({regions["350100"], regions["350121"]}, at) == parties["city"]
    assert queries.authority_over({regions["350100"], regions["350200"]}, at) == parties["province"]
    assert queries.authority_over({regions["350000"]}, at) == parties["province"]


def test_assignment_is_one_at_a_time_and_mirrored_by_guardian(world, application):
    act = ledger.begin("assign", world["officer"], world.at)
    for who in ("officer", "second_officer"):
        operations.assign(act, application, world[who])
    rows = Assignment.objects.order_by("pk").values_list("user", "ended_at")
    assert list(rows) == [(world["officer"].pk, world.at), (world["second_officer"].pk, None)]
    assert not world["officer"].has_perm("applications.officer_in_charge", application)
    assert world["second_officer"].has_perm("applications.officer_in_charge", application)
    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(
            user=world["officer"], object_type="applications.application", object_id=str(application.pk),
            role="officer_in_charge", assigned_at=world.at, by=world["officer"],
        )  # fmt: skip


def test_every_party_of_the_cast_was_verified_with_evidence(world):
    for party in Party.objects.all():
        assert (party.state, party.verifications.count()) == ("verified", 1)
        verbs = Entry.objects.filter(object_type="accounts.party", object_id=str(party.pk)).order_by("pk")
        states = [(entry.old, entry.new) for entry in verbs]
        assert states == [("", "applied"), ("applied", "verified")]
