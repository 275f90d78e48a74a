"""Every refusal names its remedy and can be reviewed: rules, changes, revocations and registrations (Arts 45, 47)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import operations as accounts
from accounts.models import Party
from listings import operations as listing
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant, GrantEdition
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.delivery import operations as delivery
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry
from marketplace.notices.messages import render
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.evidence_time import keeping
from marketplace.supervision.forms_review import LodgeReviewOfForm
from marketplace.supervision.operations.reviewed import term_of
from marketplace.supervision.review import Review
from tests.races.together import fresh
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

SAID = {"reason": "应当考虑用途", "remedy": stages.REMEDY}
KINDS = sorted(stages.REFUSED)


def lodge(world, of, who, at=None):
    return operations.lodge_review(subject=of, actor=world[who], at=at or world.at, text="未说明理由")


def by(world, review, who="second_officer", at=None):
    return {"review": review, "actor": world[who], "at": at or world.at}


def annul(world, review, who="second_officer", at=None):
    operations.annul_review(**by(world, review, who, at), reason="理由不充分")


# --- what all have in common --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_message_of_a_refusal_says_how_and_until_when_it_can_be_contested(world, kind):
    of, _at, asker = stages.refusal(world, kind)
    told = Outbox.objects.filter(channel="page", recipient_ref=world[asker].ledger_ref).latest("pk")
    until = last_day(term_of(of)).isoformat()
    assert told.context["review_until"] == until
    assert until in render(told.kind, told.context)[1]
    assert stages.REMEDY in render(told.kind, told.context)[1]


def test_a_message_of_what_no_authority_reviews_promises_no_review(world):
    stages.non_public_application(world, "refused")
    told = Outbox.objects.filter(kind="application_moved", recipient_ref=world["buyer"].ledger_ref).latest("pk")
    assert stages.REMEDY in told.context["reason"]
    assert "review_until" not in told.context


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_refusal_leads_to_its_review(world, client, time_machine, kind):
    of, at, asker = stages.refusal(world, kind)
    time_machine.move_to(at, tick=False)
    client.force_login(world[asker])
    address = f"/review/new/{kind}/{of.pk}/"
    assert address in client.get(of.get_absolute_url()).content.decode()
    answer = client.post(address, {"text": "理由不充分"})
    made = Review.objects.get()
    assert (answer.status_code, answer.url, made.subject) == (302, made.get_absolute_url(), of)
    assert stages.REMEDY in client.get(made.get_absolute_url()).content.decode()
    page = client.get(of.get_absolute_url()).content.decode()
    assert made.get_absolute_url() in page and address not in page


@pytest.mark.parametrize("kind", KINDS)
def test_a_partners_system_names_the_refusal_by_its_kind(world, kind):
    of, _at, asker = stages.refusal(world, kind)
    form = LodgeReviewOfForm({kind: of.pk, "text": "x"}, user=world[asker])
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"text": "x", "subject": of}


def test_a_second_decision_on_an_item_is_told_as_the_first_was(world):
    item, at = stages.item(world, "refused")
    annul(world, lodge(world, item, "buyer", at), at=at)
    applications.refuse_item(item=fresh(item), actor=world["officer"], at=at, **SAID)
    told = Outbox.objects.filter(kind="item_decided", channel="page", recipient_ref=world["buyer"].ledger_ref)
    assert told.count() == 2


# --- release rules ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["refused", "revoked"])
@pytest.mark.parametrize("verb", ["annul_review", "vary_review"])
def test_a_refused_or_revoked_rule_is_decided_anew_and_holds_for_nothing_meanwhile(world, state, verb):
    rule, at = stages.release_rule(world, state)
    review = lodge(world, rule, "seller", at)
    assert review.against["remedy"] == stages.REMEDY
    with pytest.raises(NotAllowed):
        annul(world, review, "officer")
    said = SAID if verb == "vary_review" else {"reason": "未说明理由"}
    getattr(operations, verb)(**by(world, review, at=at), **said)
    rule = fresh(rule)
    assert rule.state == "proposed"
    assert clock.of(rule).open().get().kind == Kind.ACCEPTANCE
    listing.approve_rule(rule=rule, actor=world["officer"], at=at, reason="更新稳定")


def test_a_refused_rule_is_not_reopened_beside_another_one(world):
    rule, at = stages.release_rule(world, "refused")
    review = lodge(world, rule, "seller", at)
    listing.propose_rule(product=world.product, actor=world["seller"], at=at, **stages.RULE)
    with pytest.raises(InvalidState):
        annul(world, review)
    assert (fresh(rule).state, fresh(review).state) == ("refused", "lodged")


def test_a_rule_that_the_compliance_review_refused_is_reviewed_by_another_of_it_or_the_authority(world):
    version, at = stages.non_public_version(world, "published")
    rule = listing.propose_rule(product=version.product, actor=world["vendor"], at=at, **stages.RULE)
    listing.refuse_rule(rule=rule, actor=world["reviewer"], at=at, **SAID)
    review = lodge(world, rule, "vendor", at)
    assert (review.reviewer, review.article) == (version.reviewer, "Art. 47")
    with pytest.raises(NotAllowed):
        annul(world, review, "reviewer", at)
    annul(world, review, at=at)
    assert fresh(rule).state == "proposed"


# --- changes of a grant -------------------------------------------------------------------------------------------


def test_a_refused_change_is_decided_anew_and_changes_nothing_by_itself(world):
    edition, at = stages.edition(world, "refused")
    ends = edition.grant.ends
    with pytest.raises(NotAllowed):
        annul(world, lodge(world, edition, "buyer", at), "officer")
    annul(world, Review.objects.get())
    assert (fresh(edition).state, Grant.objects.get().ends) == ("requested", ends)
    told = Outbox.objects.filter(kind="change_requested", channel="page", recipient_ref=world["officer"].ledger_ref)
    assert told.count() == 2
    applications.agree_change(edition=fresh(edition), actor=world["officer"], at=at, reason="必要")
    assert Grant.objects.get().ends > ends


def test_a_refused_change_is_not_reopened_beside_another_one_nor_once_the_grant_is_over(world):
    edition, at = stages.edition(world, "refused")
    review = lodge(world, edition, "buyer", at)
    grant, asked = edition.grant, edition.after
    other = applications.request_change(
        grant=grant, actor=world["buyer"], at=at, reason="续期", ends=grant.ends + timedelta(days=30),
        **{name: value for name, value in asked.items() if name not in ("ends", "hours", "networks")},
    )  # fmt: skip
    with pytest.raises(InvalidState):
        annul(world, review)
    applications.withdraw_change(edition=other, actor=world["buyer"], at=at)
    applications.surrender_grant(grant=fresh(grant), actor=world["buyer"], at=at, reason="不再需要")
    with pytest.raises(InvalidState):
        annul(world, review)
    assert (fresh(edition).state, fresh(review).state) == ("refused", "lodged")


def test_a_change_that_the_seller_refused_is_reviewed_by_no_authority(world):
    grant, at = stages.non_public_grant(world, "active")
    edition = GrantEdition.objects.create(
        grant=grant, kind="change", state="refused", before={}, after={}, reason="x", by=world["buyer"], at=at
    )
    with pytest.raises(InvalidState):
        lodge(world, edition, "buyer", at)


# --- revoked grants -----------------------------------------------------------------------------------------------


def revoked(world, grant):
    operations.revoke_grant(grant=grant, actor=world["officer"], at=world.at, article="Art. 15", **SAID)
    return fresh(grant)


def test_an_annulled_revocation_gives_the_grant_back_as_it_was(world):
    grant = stages.active_grant(world)
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    derived = operations.register_derived(
        party=grant.buyer, actor=world["buyer"], at=world.at, title="图", description="x",
        built_from=[(grant, world.version)],
    )  # fmt: skip
    operations.publish_derived(derived=derived, actor=world["buyer"], at=world.at)
    grant = revoked(world, grant)
    assert (fresh(derived).state, grant.is_in_effect(world.at)) == ("flagged", False)
    review = lodge(world, grant, "buyer")
    assert keeping(grant) == [review.number]
    assert (review.against["verb"], review.against["article"]) == ("revoke", "Art. 15")
    assert not verbs.can_be_varied(review)
    with pytest.raises(InvalidState):
        operations.vary_review(**by(world, review), **SAID)
    with pytest.raises(NotAllowed):
        annul(world, review, "officer")
    annul(world, review)
    grant = fresh(grant)
    assert (grant.state, grant.ended_at, grant.is_in_effect(world.at)) == ("active", None, True)
    assert not clock.of(grant).open().filter(kind=Kind.DESTRUCTION).exists()
    assert fresh(derived).state == "published"


def test_an_upheld_revocation_stands(world):
    grant = revoked(world, stages.active_grant(world))
    operations.uphold_review(**by(world, lodge(world, grant, "buyer")), **SAID)
    assert fresh(grant).state == "revoked"


@pytest.mark.parametrize("issued", ["before", "after"])
def test_an_annulled_revocation_serves_nothing_against_an_order_in_force(world, issued):
    """Issued after the revocation, it has suspended the other of the two grants that it names, and this one not yet."""
    grant, other = (stages.active_grant(world) for _n in range(2))
    order = operations.propose_order(
        grants=[grant, other], actor=world["officer"], at=world.at, key="two", facts="超出约定用途", demand="停止"
    )
    if issued == "before":
        stages.issue(order, world, world.at)
    grant = revoked(world, grant)
    if issued == "after":
        stages.issue(order, world, world.at)
    annul(world, lodge(world, grant, "buyer"))
    assert (fresh(grant).state, fresh(grant).is_in_effect(world.at)) == ("active", False)
    operations.lift_order(measure=fresh(order), actor=world["officer"], at=world.at, reason="已改正")
    assert fresh(grant).is_in_effect(world.at)


def test_a_revoked_grant_stays_ended_where_an_order_has_terminated_the_service_since(world):
    grant = stages.active_grant(world)
    order = stages.order(world, grant)
    grant = revoked(world, grant)
    stages.terminate(fresh(order), world)
    review = lodge(world, grant, "buyer")
    annul(world, review)
    assert (fresh(review).state, fresh(grant).state) == ("annulled", "revoked")
    assert Entry.objects.filter(verb="annul", object_type="applications.grant", object_id=str(grant.pk)).count() == 1


def test_a_revoked_grant_stays_ended_where_its_copies_were_certified_as_destroyed(world):
    certificate, at = stages.certificate(world, "filed")
    grant = certificate.grant
    Grant.objects.filter(pk=grant.pk).update(state="active", ended_at=None)
    grant = fresh(grant)
    operations.revoke_grant(grant=grant, actor=world["officer"], at=at, article="Art. 15", **SAID)
    annul(world, lodge(world, fresh(grant), "buyer", at), at=at)
    assert fresh(grant).state == "revoked"


# --- parties ------------------------------------------------------------------------------------------------------


def test_a_refused_registration_is_verified_only_by_a_new_decision(world):
    party, _at = stages.party(world, "refused")
    review = lodge(world, party, "other_buyer")
    assert (review.reviewer, review.authority, review.article) == (
        world.parties["operator"], world.parties["city"], "Art. 47",
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        annul(world, review, "operator")
    annul(world, review, "province_officer")
    assert fresh(party).state == "applied"
    told = Outbox.objects.filter(kind="party_applied", channel="page", recipient_ref=world["operator"].ledger_ref)
    assert told.filter(link=party.get_absolute_url()).count() == 2


def test_another_of_the_operators_people_reviews_what_a_colleague_refused(world):
    party, _at = stages.party(world, "refused")
    accounts.add_member(
        party=world.parties["operator"], actor=world["operator"], at=world.at, user=world["expert"], role="member"
    )
    review = lodge(world, party, "other_buyer")
    annul(world, review, "expert")
    assert fresh(party).state == "applied"


def test_a_refused_registration_is_not_reopened_once_its_code_is_taken(world):
    party, _at = stages.party(world, "refused")
    review = lodge(world, party, "other_buyer")
    accounts.register_party(
        actor=world["other_buyer"], at=world.at, name="泉州数据有限公司", region=party.region, uscc=party.uscc
    )
    with pytest.raises(InvalidState):
        annul(world, review)
    assert (fresh(party).state, fresh(review).state) == ("refused", "lodged")


def test_a_party_is_barred_only_with_a_remedy(world):
    who = {"party": world.parties["buyer"], "actor": world["operator"], "at": world.at, "reason": "资质造假"}
    with pytest.raises(ValidationError):
        accounts.bar_party(**who, remedy=" ")
    assert Party.objects.get(pk=world.parties["buyer"].pk).state == "verified"


def test_an_annulled_barring_gives_back_the_verification_as_it_was(world):
    grant = stages.active_grant(world)
    buyer, until = grant.buyer, grant.buyer.verified_until
    accounts.bar_party(party=buyer, actor=world["operator"], at=world.at, **SAID)
    assert not fresh(grant).is_in_effect(world.at)
    review = lodge(world, fresh(buyer), "buyer")
    assert not verbs.can_be_varied(review)
    with pytest.raises(InvalidState):
        operations.vary_review(**by(world, review), **SAID)
    with pytest.raises(NotAllowed):
        annul(world, review, "operator")
    annul(world, review)
    assert (fresh(buyer).state, fresh(buyer).verified_until) == ("verified", until)
    assert fresh(grant).is_in_effect(world.at)


def test_a_party_that_ended_meanwhile_stays_so_when_its_barring_is_annulled(world):
    party, _at = stages.party(world, "barred")
    review = lodge(world, party, "other_buyer")
    accounts.end_party(ledger.begin("end", world["operator"], world.at), fresh(party), reason="注销")
    annul(world, review)
    assert (fresh(review).state, fresh(party).state) == ("annulled", "ended")


def barred_again(world):
    """A buyer that was verified and barred anew while its review of the first barring was open; that review."""
    buyer = stages.active_grant(world).buyer
    at, operator = world.at, world["operator"]
    accounts.bar_party(party=buyer, actor=operator, at=at, **SAID)
    review = lodge(world, fresh(buyer), "buyer")
    accounts.verify_party(
        party=fresh(buyer), actor=operator, at=at, evidence="营业执照", valid_until=buyer.verified_until
    )
    accounts.bar_party(party=fresh(buyer), actor=operator, at=at + timedelta(hours=1), **SAID)
    return buyer, review


@pytest.mark.parametrize("first", ["old", "new"])
def test_barred_again_a_party_asks_for_a_review_of_that_beside_the_one_of_the_first(world, client, time_machine, first):
    buyer, old = barred_again(world)
    at = world.at + timedelta(hours=2)
    time_machine.move_to(at, tick=False)
    client.force_login(world["buyer"])
    address = f"/review/new/registration/{buyer.pk}/"
    assert address in client.get(buyer.get_absolute_url()).content.decode()
    answer = client.post(address, {"text": "已补正"})
    new = Review.objects.open().exclude(pk=old.pk).get()
    assert (answer.status_code, answer.url, fresh(old).state) == (302, new.get_absolute_url(), "lodged")
    assert old.against["at"] < new.against["at"]
    page = client.get(buyer.get_absolute_url()).content.decode()
    assert address not in page and {one.number in page for one in (old, new)} == {True}
    with pytest.raises(InvalidState):  # each decision is under one review
        lodge(world, fresh(buyer), "buyer", at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.filter(pk=old.pk).update(against=new.against)
    if first == "old":
        annul(world, old, at=at)
        assert (fresh(buyer).state, fresh(new).state) == ("barred", "lodged")
    annul(world, new, at=at)
    assert fresh(buyer).state == "verified"
    if first == "new":
        operations.uphold_review(**by(world, old, at=at), **SAID)
        assert fresh(buyer).state == "verified"


def test_an_open_review_of_another_decision_on_an_order_is_not_asked_for_again(world):
    order = stages.order(world, stages.active_grant(world))
    lodge(world, order, "buyer")
    stages.terminate(order, world)
    with pytest.raises(InvalidState):  # it reaches the whole order
        lodge(world, fresh(order), "buyer")


@pytest.mark.parametrize("old", ["annulled", "withdrawn"])
def test_a_review_of_an_old_barring_lifts_no_newer_one_which_has_a_review_of_its_own(world, old):
    buyer, review = barred_again(world)
    at = world.at
    if old == "annulled":
        annul(world, review, at=at)
    else:
        operations.withdraw_review(review=review, actor=world["buyer"], at=at)
    assert (fresh(review).state, fresh(buyer).state) == (old, "barred")
    annul(world, lodge(world, fresh(buyer), "buyer"), at=at)
    assert fresh(buyer).state == "verified"
