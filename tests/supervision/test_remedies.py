"""Which remedy a form proposes: reconsideration only against acts of authorities (Arts 45, 47)."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Membership
from listings import operations as listing
from listings import verbs as listing_verbs
from marketplace.applications import operations as applications
from marketplace.desk.generated_docs import TABLES
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.verbs import RefusalForm
from tests.api.conftest import partner  # noqa: F401
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

AUTHORITY, PLATFORM, SELLER, CONTRACT = "行政复议", "平台其他人员", "您可以与卖方协商，可以向大数据主管部门投诉", "仲裁"


def sellers_rule(world, state):
    of, at = stages.non_public_version(world, "published")
    rule = listing.propose_rule(product=of.product, actor=world["vendor"], at=at, **stages.RULE)
    if state == "approved":
        listing.approve_rule(rule=rule, actor=world["reviewer"], at=at, reason="更新稳定")
    return rule, at


def sellers_edition(world, _state):
    of, _over = stages.non_public_grant(world, "active")
    asked = applications.request_change(
        grant=of, actor=world["buyer"], at=of.activated_at, ends=of.ends + timedelta(days=30), fields=of.fields,
        what_is_built=of.terms["what_is_built"], quota=None, report_schedule=of.report_schedule, reason="项目延期",
    )  # fmt: skip
    return asked, of.activated_at


def review_of(reach, asker):
    """Of a decision of the platform: beside the authority's officers another of its own people can review it."""

    def lodged(world, state):
        of, at = reach(world, state)
        at = getattr(of, "issued_at", None) or at
        review = operations.lodge_review(subject=of, actor=world[asker], at=at, text="未说明理由")
        colleague = {"user": world["expert"], "role": "manager", "valid_from": at.date()}
        Membership.objects.create(party=review.reviewer, **colleague)
        return review, at

    return lodged


reviewed_take_down = review_of(stages.take_down, "vendor")
reviewed_version = review_of(stages.non_public_version, "vendor")
reviewed_party = review_of(stages.party, "other_buyer")

# the verb with its address, the case and its state, who decides, the remedy that fits
CASES = (
    ("accounts:party-refuse", stages.party, "applied", "operator", PLATFORM),
    ("accounts:party-bar", stages.party, "verified", "operator", PLATFORM),
    ("listings:version-refuse", stages.version, "submitted", "officer", AUTHORITY),
    ("listings:version-refuse", stages.non_public_version, "submitted", "reviewer", PLATFORM),
    ("listings:release-rule-refuse", stages.release_rule, "proposed", "officer", AUTHORITY),
    ("listings:release-rule-refuse", sellers_rule, "proposed", "reviewer", PLATFORM),
    ("listings:release-rule-revoke", stages.release_rule, "approved", "officer", AUTHORITY),
    ("listings:release-rule-revoke", sellers_rule, "approved", "reviewer", PLATFORM),
    ("applications:application-refuse", stages.application, "submitted", "officer", AUTHORITY),
    ("applications:application-refuse", stages.non_public_application, "submitted", "vendor", SELLER),
    ("applications:item-refuse", stages.item, "open@under_review", "officer", AUTHORITY),
    ("applications:item-refuse", stages.non_public_item, "open@under_review", "vendor", SELLER),
    ("applications:edition-refuse", stages.edition, "requested", "officer", AUTHORITY),
    ("applications:edition-refuse", sellers_edition, "requested", "vendor", CONTRACT),
    ("supervision:grant-revoke", stages.grant, "active", "officer", AUTHORITY),
    ("supervision:order-issue", stages.measure, "proposed", "officer", AUTHORITY),
    ("supervision:order-issue", stages.notice, "proposed", "vendor", CONTRACT),
    ("supervision:order-issue", stages.take_down, "proposed", "reviewer", PLATFORM),
    ("supervision:order-terminate", stages.measure, "refused_to_correct", "officer", AUTHORITY),
    ("supervision:order-terminate", stages.notice, "refused_to_correct", "vendor", CONTRACT),
    ("supervision:order-refer", stages.order_46, "refused_to_correct", "officer", AUTHORITY),
    ("supervision:order-make_final", stages.take_down, "refused_to_correct", "reviewer", PLATFORM),
    ("supervision:review-uphold", stages.review, "lodged", "second_officer", AUTHORITY),
    ("supervision:review-uphold", reviewed_take_down, "issued", "officer", AUTHORITY),
    ("supervision:review-uphold", reviewed_take_down, "issued", "expert", PLATFORM),
    ("supervision:review-uphold", reviewed_party, "refused", "province_officer", AUTHORITY),
    ("supervision:review-uphold", reviewed_party, "refused", "expert", PLATFORM),
    ("supervision:review-vary", stages.review, "lodged", "second_officer", AUTHORITY),
    ("supervision:review-vary", reviewed_version, "refused", "expert", PLATFORM),
)  # fmt: skip


def test_every_form_that_names_a_remedy_is_among_these_cases():
    tables = (*TABLES, listing_verbs.RULE, verbs.GRANT)
    named = {(table.model, verb.name) for table in tables for verb in table.verbs if issubclass(verb.form, RefusalForm)}
    assert len(named) == len({address for address, *_ in CASES})


@pytest.mark.parametrize(
    ("address", "reach", "state", "who", "fits"), CASES, ids=[f"{case[0]}-{case[3]}" for case in CASES]
)
def test_the_remedy_that_is_proposed_fits_who_decides(world, address, reach, state, who, fits):
    case, at = reach(world, state)
    with time_machine.travel(at, tick=False):
        form = log_in(world[who]).get(reverse(address, args=[case.pk])).context["form"]
    proposed = form.initial["remedy"]
    assert [words for words in (AUTHORITY, PLATFORM, SELLER, CONTRACT) if words in proposed] == [fits]


@pytest.mark.parametrize(
    ("reach", "who", "fits"),
    [(stages.item, "officer", AUTHORITY), (stages.non_public_item, "vendor", SELLER)],
    ids=["authority", "seller"],
)
def test_a_partner_that_names_no_remedy_names_the_one_that_fits(world, partner, reach, who, fits):  # noqa: F811
    item, at = reach(world, "open@under_review")
    with time_machine.travel(at, tick=False):
        answer = partner(who).post(f"items/{item.pk}/refuse/", {"reason": "无必要"})
    assert answer.status_code == 200, answer.json()
    remedy = item.decision.remedy
    assert fits in remedy and (AUTHORITY in remedy) == (fits == AUTHORITY)
    told = Outbox.objects.filter(recipient_ref=world["buyer"].ledger_ref, channel="page").latest("pk")
    assert remedy in told.context["reason"]
