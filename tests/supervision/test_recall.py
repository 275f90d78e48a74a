"""What held, recalled and withdrawn reach: holders told, a precaution proposed, nothing done by a job."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from listings import operations as listing
from listings.models import Version
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant, Hold
from marketplace.delivery import operations as delivery
from marketplace.delivery.gate import Denied
from marketplace.desk.queries import todo
from marketplace.desk.story import apply_for
from marketplace.errors import InvalidState, NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.incidents import Incident
from marketplace.supervision.models import Finding
from marketplace.supervision.operations.recall import holders_untold
from marketplace.supervision.sweep import sweep
from tests.api.conftest import Partner, credential_for
from tests.journeys.test_listed_again import product, second_grant  # noqa: F401
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

WHY = {"reason": "可复原"}


def recall(world, version, at=None):
    version = Version.objects.get(pk=version.pk)
    listing.recall_version(version=version, actor=world["officer"], at=at or world.at, **WHY)


def told():
    rows = Outbox.objects.filter(kind="version_recalled", channel="page")
    return sorted(rows.values_list("recipient_ref", flat=True))


def test_every_holder_is_told_once_and_a_precaution_is_proposed(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")  # has obtained nothing
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    recall(world, world.version)
    for _sweep in range(3):
        sweep(at=world.at)
    finding = Finding.objects.get()
    assert (finding.rule, finding.article, finding.grant, finding.state) == (
        "version_recalled",
        "Art. 17",
        grant,
        "open",
    )
    assert told() == sorted(world[who].ledger_ref for who in ("buyer", "conflicted_officer"))
    assert not other.findings.exists() and not Hold.objects.exists()
    assert finding in [task.obj for task in todo(world["officer"], world.at)]


def test_a_holder_reports_an_incident_with_what_was_recalled_and_is_hidden_from_it(world, grant):
    """On the page and over the API; who obtained nothing knows nothing of it."""
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    recall(world, world.version)
    assert not Version.objects.visible_to(world["buyer"]).filter(pk=world.version.pk).exists()
    browser, page = Client(), reverse("supervision:incident-open", args=[world.version.pk])
    with time_machine.travel(world.at, tick=False):
        browser.force_login(world["other_buyer"])
        assert browser.get(page).status_code == 404
        browser.force_login(world["buyer"])
        assert page in browser.get(grant.get_absolute_url()).content.decode()
        assert browser.get(page).status_code == 200
        said = {**stages.ALARM, "noticed_at": world.at.isoformat(), "may_identify": False}
        address = f"versions/{world.version.pk}/incidents/"
        for who, status in (("other_buyer", 404), ("buyer", 201)):
            system = Partner(credential_for(world, world.parties[who], person=world[who]), world[who])
            assert system.post(address, {**said, "party": world.parties[who].pk}).status_code == status
    assert Incident.objects.get().reporter == world.parties["buyer"]


def test_officer_answers_the_finding_by_a_precaution_or_dismisses_it(world):
    finding = stages.recall_finding(world)
    who = {"finding": finding, "at": world.at, "reason": "先停后查"}
    for person in ("buyer", "seller", "conflicted_officer", "province_officer"):
        with pytest.raises(NotAllowed):
            operations.answer_by_precaution(actor=world[person], **who)
    operations.answer_by_precaution(actor=world["officer"], **who)
    assert (finding.state, Hold.objects.get().code) == ("measure", "precaution")
    assert not finding.grant.is_in_effect(world.at)
    with pytest.raises(InvalidState):
        operations.answer_by_precaution(actor=world["officer"], **who)


def test_precaution_answers_no_other_finding(world):
    finding, at = stages.finding(world, "open")
    with pytest.raises(InvalidState):
        operations.answer_by_precaution(finding=finding, actor=world["officer"], at=at, reason="停")


def test_who_has_copies_under_an_ended_grant_is_told_as_well(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    applications.surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="结束")
    recall(world, world.version)
    sweep(at=world.at)
    finding = Finding.objects.get()
    assert len(told()) == 2
    with pytest.raises(InvalidState):
        operations.answer_by_precaution(finding=finding, actor=world["officer"], at=world.at, reason="停")


def test_recall_reaches_whoever_holds_what_was_built_from_it(world, product):  # noqa: F811
    grant, at = second_grant(world, product)
    delivery.deliver(grant=grant, version=product.versions.get(), actor=world["other_buyer"], at=at)
    recall(world, world.version, at)
    assert {holder.grant.buyer for holder in holders_untold()} == {world.parties["buyer"], world.parties["other_buyer"]}
    sweep(at=at)
    assert world["other_buyer"].ledger_ref in told() and world["buyer"].ledger_ref in told()
    with pytest.raises(InvalidState):  # nothing else is left to build it from
        listing.create_version(product=product, actor=world["buyer"], at=at, about="none", **stages.VERSION_FIELDS)


def test_sweep_of_some_parties_tells_no_others(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    recall(world, world.version)
    sweep(at=world.at, scope=[world.parties["other_buyer"]])
    assert not Finding.objects.exists()


def test_held_version_is_served_under_no_grant_and_its_pages_say_so(world, grant):
    listing.hold_version(version=world.version, actor=world["officer"], at=world.at, **WHY)
    with pytest.raises(Denied) as refused:
        delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    assert refused.value.code == "version_not_served"
    with pytest.raises(InvalidState):
        apply_for(world.product, world.cast, world.at, world.fields, buyer="other_buyer")
    client = Client()
    client.force_login(world["buyer"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get(grant.get_absolute_url()).content.decode()
    assert "IN EFFECT" not in page
    assert reverse("delivery:download", args=[grant.pk, world.version.pk, "csv"]) not in page
    held = Version.objects.get(pk=world.version.pk)
    listing.release_version(version=held, actor=world["officer"], at=world.at, **WHY)
    delivery.deliver(grant=grant, version=held, actor=world["buyer"], at=world.at)


def test_withdrawn_product_takes_no_application_and_live_grants_run_on(world, grant):
    listing.withdraw_product(product=world.product, actor=world["seller"], at=world.at, reason="停办")
    with pytest.raises(InvalidState):
        apply_for(world.product, world.cast, world.at, world.fields, buyer="other_buyer")
    client = Client(headers={"accept-language": "zh-hans"})
    assert "已有授权履行至期满" in client.get(world.product.get_absolute_url()).content.decode()
    assert client.get(f"/product/{world.product.pk}/apply/").status_code in (302, 404)
    assert delivery.deliver(
        grant=Grant.objects.get(pk=grant.pk), version=world.version, actor=world["buyer"], at=world.at
    )
