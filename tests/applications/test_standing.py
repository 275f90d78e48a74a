"""Standing consents of units, and the application that two persons sign."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Membership
from marketplace.applications import operations
from marketplace.applications.models import Application, StandingConsent, TwoPersonRule
from marketplace.desk.story import consult
from marketplace.errors import InvalidState, NotAllowed
from tests.applications.test_dialogue import told
from tests.applications.test_operations import review, stages_marks
from tests.workflow import stages

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def asked(world, application):
    consult(application, world.cast, world.at)
    return application.consultations.get()


def use(asked, standing, world, at=None):
    operations.use_standing_consent(
        consultation=asked, actor=world["officer"], at=at or world.at, standing=standing, reason="属于所列用途"
    )


def client(world, who):
    visitor = Client(headers={"accept-language": "en"})
    visitor.force_login(world[who], backend=BACKEND)
    return visitor


def test_standing_consent_is_the_answer_marked_told_and_listed(world, asked):
    standing, _at = stages.standing_consent(world, "given", conditions="不得公开明细")
    use(asked, standing, world)
    assert (asked.state, asked.standing, asked.answered_by) == ("consented", standing, world["officer"])
    assert told("standing_consent_used") == ["provider"]
    html = client(world, "provider").get(standing.get_absolute_url()).content.decode()
    assert asked.application.number in html and "属于所列用途" in html
    review(asked.application, world)
    grant = stages.approve(asked.application.items.get(), world, world.at)
    assert grant.terms["unit_conditions"] == [{"unit": world.parties["unit"].name, "text": "不得公开明细"}]
    assert client(world, "buyer").get(standing.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": ["区县", "月份"]},
        {"valid_until": date(2026, 12, 31)},
        {"valid_from": date(2026, 6, 1)},
    ],
    ids=["fewer fields", "ends before the use does", "not yet in force"],
)
def test_what_a_standing_consent_does_not_cover_is_asked(world, asked, changes):
    standing, _at = stages.standing_consent(world, "given", **changes)
    seen = stages_marks()
    with pytest.raises(ValidationError):
        use(asked, standing, world)
    assert (stages_marks(), asked.state) == (seen, "asked")


def test_withdrawn_foreign_and_other_entries_consents_do_not_answer(world, asked):
    withdrawn, _at = stages.standing_consent(world, "withdrawn")
    other_entry = stages.make_entry(world.cast, world.at, title="住院统计")
    elsewhere, _at = stages.standing_consent(world, "given", entry=other_entry)
    StandingConsent.objects.filter(pk=elsewhere.pk).update(document="另一目录")
    foreign_entry = stages.make_entry(
        world.cast, world.at, unit="other_unit", person="other_provider", title="空气质量"
    )
    foreign = operations.give_standing_consent(
        unit=world.parties["other_unit"], actor=world["other_provider"], at=world.at, entry=foreign_entry,
        document="榕环函〔2026〕1号", purposes="研究", fields=world.fields, valid_from=date(2026, 1, 1),
        valid_until=date(2027, 12, 31),
    )  # fmt: skip
    seen = stages_marks()
    for standing in (withdrawn, elsewhere, foreign):
        with pytest.raises(ValidationError):
            use(asked, standing, world)
    assert (stages_marks(), asked.state) == (seen, "asked")


def test_unit_consents_only_to_fields_of_its_own_entries(world):
    seen = stages_marks()
    other = stages.make_entry(world.cast, world.at, unit="other_unit", person="other_provider", title="空气质量")
    made = stages_marks()
    assert made != seen
    for changes in ({"entry": other}, {"fields": []}, {"valid_until": date(2025, 1, 1)}):
        with pytest.raises(ValidationError):
            stages.standing_consent(world, "given", **changes)
    assert stages_marks() == made


def test_pages_of_standing_consents(world):
    unit, provider = world.parties["unit"], client(world, "provider")
    form = {
        "entry": world.product.entry.pk, "document": "榕卫函〔2026〕7号", "purposes": "规划", "conditions": "",
        "valid_from": "2026-01-01", "valid_until": "2027-12-31", "named": "区县\n月份\n\n区县",
    }  # fmt: skip
    address = f"/standing-consents/new/{unit.pk}/"
    assert client(world, "other_provider").get(address).status_code == 404
    assert provider.post(address, {**form, "entry": 10**30}).status_code == 422
    assert provider.post(address, form).status_code == 302
    made = StandingConsent.objects.get()
    assert (made.fields, made.by) == (["区县", "月份"], world["provider"])
    for who, status in (("provider", 200), ("officer", 200), ("other_provider", 200), ("buyer", 200)):
        answer = client(world, who).get("/standing-consents/")
        assert answer.status_code == status
        assert (made.document in answer.content.decode()) is (who in ("provider", "officer"))


# --- two persons ---------------------------------------------------------------------------------------------------


@pytest.fixture
def draft(world):
    return stages.application(world, "draft+two_persons")[0]


def test_one_prepares_and_another_signs(world, draft):
    who = {"application": draft, "at": world.at}
    with pytest.raises(InvalidState):
        operations.submit_application(**who, actor=world["buyer"])
    operations.prepare_application(**who, actor=world["buyer"])
    assert told("application_prepared") == ["conflicted-officer"]
    seen = stages_marks()
    with pytest.raises(NotAllowed):
        operations.submit_application(**who, actor=world["buyer"])
    assert stages_marks() == seen
    operations.submit_application(**who, actor=world["conflicted_officer"])
    draft.refresh_from_db()
    assert (draft.state, draft.prepared_by) == ("submitted", None)


def test_any_change_takes_the_mark_back(world, draft):
    who = {"application": draft, "actor": world["buyer"], "at": world.at}
    operations.prepare_application(**who)
    other = stages.another_listed_product(world)
    for change in (
        lambda: operations.describe_application(**who, title="另一标题"),
        lambda: operations.add_item(**who, product=other, fields=["区县"]),
        lambda: operations.remove_item(item=draft.items.get(product=other), actor=world["buyer"], at=world.at),
    ):
        change()
        assert Application.objects.get(pk=draft.pk).prepared_by is None
        operations.prepare_application(**who)


def test_incomplete_draft_cannot_be_marked_as_ready(world, draft):
    operations.describe_application(application=draft, actor=world["buyer"], at=world.at, security="")
    with pytest.raises(ValidationError):
        operations.prepare_application(application=draft, actor=world["buyer"], at=world.at)


def test_rule_is_set_by_owner_or_manager_on_its_page(world):
    party = world.parties["buyer"]
    address = f"/signing/{party.pk}/"
    for who, status in (("conflicted_officer", 404), ("other_buyer", 404), ("buyer", 200)):
        assert client(world, who).get(address).status_code == status
    buyer = client(world, "buyer")
    assert buyer.post(address).status_code == 302
    assert TwoPersonRule.objects.get().party == party
    with pytest.raises(InvalidState):
        operations.set_two_person_rule(party=party, actor=world["buyer"], at=world.at, is_on=True)
    Membership.objects.filter(party=party, user=world["conflicted_officer"]).update(role="auditor")
    with pytest.raises(NotAllowed):
        operations.set_two_person_rule(party=party, actor=world["conflicted_officer"], at=world.at, is_on=False)
    assert buyer.post(address).status_code == 302
    assert TwoPersonRule.objects.count() == 0
