"""Buttons and ledger cite the article of the case's route: Art. 16 for public data, Art. 40 for what is not."""

import time_machine
from django.test import Client

from marketplace.applications import verbs
from marketplace.applications.operations import (
    accept_application,
    describe_application,
    start_application,
    submit_application,
    withdraw_application,
)
from marketplace.applications.operations.application import SCENARIO
from marketplace.applications.queries import article_of
from marketplace.ledger.models import Entry
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401


def cited(case):
    mine = Entry.objects.filter(object_type=case._meta.label_lower, object_id=str(case.pk))
    return dict(mine.values_list("verb", "article"))


def test_a_case_of_non_public_data_is_cited_under_article_40_from_its_draft_on(world):
    submitted, at = stages.non_public_application(world, "submitted")
    scenario = {name: getattr(submitted, name) for name in SCENARIO}
    item, buyer = submitted.items.get(), submitted.buyer
    case = start_application(
        buyer=buyer, actor=world["buyer"], at=at, product=item.product, fields=item.fields, **scenario
    )
    who = {"application": case, "actor": world["buyer"], "at": at}
    describe_application(**{**scenario, "title": "改名"}, **who)
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["buyer"])
    with time_machine.travel(at, tick=False):
        page = client.get(f"/application/{case.pk}/submit/").content.decode()
    assert "Art. 40" in page and "Art. 16" not in page
    submit_application(**who)
    withdraw_application(reason="不再需要", **who)
    assert set(cited(case).values()) == {"Art. 40"}
    assert article_of(case.items.get()) == "Art. 40"


def test_a_case_of_public_data_is_cited_as_before(world):
    case, at = stages.application(world, "submitted")
    accept_application(application=case, actor=world["officer"], at=at)
    assert set(cited(case).values()) == {"Art. 16"}
    assert verbs.APPLICATION.get("accept").cites(case) == "Art. 16"
    item = case.items.get()
    assert verbs.ITEM.get("approve").cites(item) == "Art. 16"
    item.route = "on_application"
    assert verbs.ITEM.get("approve").cites(item) == "Art. 15"


def test_a_grant_is_cited_under_the_article_it_rests_on(world):
    grant, _at = stages.non_public_grant(world, "active")
    assert verbs.GRANT.get("surrender").cites(grant) == "Art. 40"
    assert set(cited(grant).values()) == {"Art. 40"}
    assert str(verbs.GRANT.get("surrender").article) == "Arts 16, 40"
