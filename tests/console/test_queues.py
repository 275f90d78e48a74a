"""Queues: by clock, what waits for this person first, and many rows ask the database as often as one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from listings.operations import call_version_expert
from marketplace.applications.models import Application, Grant
from marketplace.clock.models import Clock
from marketplace.console.admin import console
from marketplace.desk.queries import todo
from marketplace.desk.story import apply_for
from marketplace.supervision.models import DerivedFlag, DerivedFrom, DerivedProduct, Finding
from marketplace.supervision.operations import propose_order_on_grant
from tests.actors import World
from tests.crowd import one_of_each
from tests.workflow import stages

Enter = Callable[..., Client]
APPLICATIONS = "/console/applications/application/"


def cases(client: Client, address: str) -> list[Any]:
    return list(client.get(address).context["cl"].result_list)


def asked(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_the_most_urgent_comes_first_and_what_is_overdue_is_marked(
    world: World, enter: Enter, application: Application
) -> None:
    later = apply_for(world.product, world.cast, world.at + timedelta(days=7), world.fields)
    other = apply_for(world.product, world.cast, world.at + timedelta(days=7), world.fields)
    Clock.objects.filter(object_id=str(other.pk), object_type="applications.application").delete()
    with time_machine.travel(world.at + timedelta(days=7), tick=False):
        client = enter("officer")
        page = client.get(APPLICATIONS)
        assert list(page.context["cl"].result_list) == [application, later, other]
        text = page.content.decode()
        assert text.count('<span class="state state-bad">overdue</span>') == 1
        assert cases(client, f"{APPLICATIONS}?show=overdue") == [application]
        stages.proposal(world, stages.active_grant(world))
        listed = [(row.url, row.waiting, row.overdue) for row in client.get("/console/").context["rows"]]
        assert listed[0] == (APPLICATIONS, 3, 1) and all(waiting for _url, waiting, _overdue in listed)
        assert ("/console/supervision/measure/", 1, 0) in listed[1:]


def test_a_queue_shows_only_what_the_person_may_see_and_what_waits(
    world: World, enter: Enter, application: Application
) -> None:
    def shown(who: str, query: str = "") -> list[Any]:
        return cases(enter(who), APPLICATIONS + query)

    assert shown("officer") == shown("second_officer") == [application]
    assert shown("conflicted_officer") == []  # the buyer is their own
    assert shown("conflicted_officer", "?show=all") == [application]
    assert shown("other_officer", "?show=all") == shown("county_officer", "?show=all") == []
    assert shown("province_officer") == [] and shown("province_officer", "?show=all") == [application]
    assert shown("expert") == shown("expert", "?show=all") == []
    assert shown("officer", "?show=all&state=submitted") == [application]
    assert shown("officer", "?show=all&state=decided") == []


def test_public_objects_are_in_the_queues_of_their_authorities_alone(world: World, enter: Enter) -> None:
    address = "/console/listings/version/"
    assert cases(enter("officer"), f"{address}?show=all") == [world.version]
    assert cases(enter("province_officer"), f"{address}?show=all") == [world.version]
    assert cases(enter("other_officer"), f"{address}?show=all") == []
    assert enter("other_officer").get(f"{address}{world.version.pk}/").status_code == 404


def test_what_waits_in_the_queues_is_what_the_to_do_page_names(world: World, grant: Grant, enter: Enter) -> None:
    """For officers, reviewers, operators and experts; whatever else the to-do page names is no queue's."""
    stages.objection(world, "open")
    stages.release_rule(world, "proposed")
    stages.non_public_version(world, "submitted")
    assessed = stages.non_public_version(world, "submitted")[0]
    call_version_expert(
        version=assessed, actor=world["reviewer"], at=world.at, expert=world["expert"], reason="可能涉敏"
    )
    stages.non_public_application(world, "submitted")  # its seller decides: it waits for no officer
    apply_for(world.product, world.cast, world.at, world.fields)
    propose_order_on_grant(grant=grant, actor=world["officer"], at=world.at, facts="f", demand="d")
    derived = DerivedProduct.objects.create(
        party=grant.buyer, title="t", description="d", state="flagged", created_at=world.at
    )
    DerivedFrom.objects.create(derived=derived, grant=grant, version=world.version)
    DerivedFlag.objects.create(derived=derived, grant=grant, raised_at=world.at)
    at = world.at + timedelta(days=1)
    skipped = {"item", "consultation"}  # parts of an application, which the to-do page names as a whole
    with time_machine.travel(at, tick=False):
        for who in ("officer", "conflicted_officer", "province_officer", "operator", "expert", "reviewer"):
            client, waiting = enter(who), set()
            request = client.get("/console/").wsgi_request
            for queue in console.queues(request):
                found = queue.waits_for(request, at)
                if found is not None and queue.opts.model_name not in skipped:
                    waiting |= set(queue.get_queryset(request).filter(found))
            tasks = {task.obj for task in todo(world[who], at) if console.is_registered(type(task.obj))}
            mine = {obj for obj in tasks if who != "conflicted_officer" or obj in waiting}
            assert waiting == mine, who


@pytest.mark.parametrize(
    ("who", "most"),
    [("officer", 7), ("county_officer", 7), ("province_officer", 7), ("reviewer", 7), ("overseer", 7),
     ("operator", 8), ("expert", 7)],
)  # fmt: skip
def test_the_overview_asks_the_same_however_many_queues_there_are_and_says_what_each_shows(
    world: World, grant: Grant, enter: Enter, who: str, most: int
) -> None:
    one_of_each(world, grant)
    at = world.at + timedelta(days=10)
    with time_machine.travel(at, tick=False):
        client = enter(who)
        assert asked(client, "/console/") <= most
        answer = client.get("/console/")
        request, rows = answer.wsgi_request, answer.context["rows"]
        expected = set()
        for queue in console.queues(request):
            found, shown = queue.waits_for(request, at), queue.get_queryset(request)
            waiting = shown if found is None else shown.filter(found)
            if waiting.count():
                expected.add((queue.address, waiting.count(), waiting.filter(due__lte=at).count()))
        assert {(row.url, row.waiting, row.overdue) for row in rows} == expected
        assert bool(rows) == (who not in ("reviewer", "operator", "expert"))


@pytest.mark.parametrize("query", ["?state=%00", "?show=%00", "?p=99999", "?p=x", "?o=99.-7", "?q=%00", "?e=1"])
def test_a_strange_query_is_no_error(world: World, enter: Enter, application: Application, query: str) -> None:
    answer = enter("officer").get(APPLICATIONS + query, follow=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("query", ["?title=x", "?buyer__uscc__startswith=9", "?applicant__password__startswith=a"])
def test_a_queue_cannot_be_asked_for_columns(world: World, enter: Enter, query: str) -> None:
    assert enter("officer").get(APPLICATIONS + query).status_code == 400


def test_a_search_finds_by_name_and_by_nothing_else(world: World, enter: Enter, application: Application) -> None:
    client = enter("officer")
    assert cases(client, f"{APPLICATIONS}?q={application.title[:3]}") == [application]
    assert cases(client, f"{APPLICATIONS}?q={world['buyer'].email}") == []


def test_a_county_officer_finds_the_findings_of_the_county_and_no_other(
    world: World, grant: Grant, enter: Enter
) -> None:
    keys = {}
    for name in ("city", "county", "other_city"):
        made = Finding.objects.create(
            occasion_key=name, rule="report_overdue", article="Art. 16", grant=grant, party=grant.buyer,
            authority=world.parties[name], created_at=world.at,
        )  # fmt: skip
        keys[name] = made.pk
    shown = {}
    with time_machine.travel(world.at, tick=False):
        for who in ("county_officer", "officer", "other_officer", "province_officer"):
            page = enter(who).get("/console/supervision/finding/?show=all")
            listed = {row.pk for row in page.context["cl"].result_list}
            shown[who] = {name for name, key in keys.items() if key in listed}
            for name, key in keys.items():
                status = enter(who).get(f"/console/supervision/finding/{key}/").status_code
                assert (status == 200) == (name in shown[who]), (who, name, status)
    assert shown["county_officer"] == {"county"}
    assert shown["officer"] == {"city"}
    assert shown["other_officer"] == {"other_city"}
    assert shown["province_officer"] == set(keys)


def test_the_list_of_inspection_plans_leaves_alone_what_they_drew_from(
    world: World, enter: Callable[..., Client]
) -> None:
    stages.inspection_plan(world, "drawn")
    listed = enter("officer").get("/console/supervision/inspectionplan/?show=all").context["cl"].result_list
    assert [plan.get_deferred_fields() for plan in listed] == [{"frame"}]
