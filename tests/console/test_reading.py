"""Overseers read for a stated reason, recorded once per case, person and day; and do nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from marketplace.applications.models import Application, Grant
from marketplace.console import operations
from marketplace.console.models import Reading
from marketplace.errors import NotAllowed
from marketplace.ledger.models import Entry
from marketplace.ledger.queries import history
from tests.actors import World
from tests.console.conftest import log_in, make_overseer
from tests.console.test_case import file_of, texts
from tests.workflow import matrix, stages

Enter = Callable[..., Client]
LIST = "/console/applications/application/"


def test_a_reason_comes_first_and_opens_the_case_for_the_day(
    world: World, overseer: User, application: Application
) -> None:
    client, file = log_in(overseer), file_of(application)
    with time_machine.travel(world.at, tick=False):
        assert list(client.get(LIST).context["cl"].result_list) == [application]
        assert client.get(file).url == f"{file}read/"
        asked = client.get(f"{file}read/").content.decode()
        assert application.what_is_built not in asked
        assert client.post(f"{file}read/", {"reason": " "}).status_code == 422
        assert not Reading.objects.exists() and client.get(file).status_code == 302
        assert client.post(f"{file}read/", {"reason": "数据安全检查"}).url == file
        assert application.what_is_built in texts(client, application)
    reading = Reading.objects.get()
    entry = Entry.objects.latest("pk")
    assert (entry.object_type, entry.object_id, entry.verb) == ("console.reading", str(reading.pk), "read_case")
    assert entry.actor_ref == overseer.ledger_ref
    assert "数据安全检查" in entry.detail.json and f"applications.application:{application.pk}" in entry.detail.json
    with time_machine.travel(world.at + timedelta(days=1), tick=False):
        assert client.get(file).url == f"{file}read/"


def test_a_second_statement_on_the_same_day_changes_nothing(
    world: World, overseer: User, application: Application
) -> None:
    first = operations.state_reason(case=application, actor=overseer, at=world.at, reason="甲")
    before = matrix.rows()
    again = operations.state_reason(case=application, actor=overseer, at=world.at + timedelta(hours=1), reason="乙")
    assert again == first and matrix.rows() == before
    operations.state_reason(case=application, actor=overseer, at=world.at + timedelta(days=1), reason="乙")
    assert Reading.objects.count() == 2


def test_one_overseers_reason_opens_nothing_to_another(world: World, overseer: User, application: Application) -> None:
    other = make_overseer(world, world.parties["city"].region, key="second-overseer")
    operations.state_reason(case=application, actor=overseer, at=world.at, reason="甲")
    with time_machine.travel(world.at, tick=False):
        assert log_in(other).get(file_of(application)).status_code == 302
        assert log_in(overseer).get(file_of(application)).status_code == 200


def test_the_parties_of_a_case_do_not_learn_that_it_was_read(
    world: World, overseer: User, application: Application, enter: Enter
) -> None:
    before = len(history([application]))
    operations.state_reason(case=application, actor=overseer, at=world.at, reason="数据安全检查")
    assert len(history([application])) == before
    assert "数据安全检查" not in enter("buyer").get(application.get_absolute_url()).content.decode()


@pytest.mark.parametrize("place", ["other_city", "county"])
def test_an_overseer_of_another_region_finds_nothing(world: World, application: Application, place: str) -> None:
    client = log_in(make_overseer(world, world.parties[place].region))
    assert list(client.get(LIST).context["cl"].result_list) == []
    assert client.get(file_of(application)).status_code == 404
    assert client.post(f"{file_of(application)}read/", {"reason": "x"}).status_code == 404


def test_an_overseer_of_the_province_watches_all_of_it(world: World, application: Application) -> None:
    client = log_in(make_overseer(world, world.parties["province"].region))
    assert client.get(file_of(application)).url == f"{file_of(application)}read/"


def test_drafts_are_nobodys_to_watch(world: World, overseer: User, application: Application) -> None:
    Application.objects.filter(pk=application.pk).update(authority=None, state="draft")
    assert log_in(overseer).get(file_of(application)).status_code == 404


def test_an_overseer_who_has_read_can_still_do_nothing(world: World, overseer: User, grant: Grant) -> None:
    case = grant.item.application
    for obj in (case, grant):
        operations.state_reason(case=obj, actor=overseer, at=world.at, reason="检查")
    client, before = log_in(overseer), matrix.rows()
    with time_machine.travel(world.at, tick=False):
        assert "Nothing in it waits for you" in texts(client, case)
        for address in (f"{file_of(case)}withdraw/", f"{file_of(grant)}revoke/", f"{file_of(grant)}propose-order/"):
            assert client.post(address, {"reason": "x"}).status_code == 404
        assert client.get(case.get_absolute_url()).status_code == 404  # the site's own page stays shut
    assert matrix.rows() == before


@pytest.mark.parametrize("who", ["officer", "operator", "expert", "buyer"])
def test_nobody_else_states_a_reason(world: World, application: Application, enter: Enter, who: str) -> None:
    with pytest.raises(NotAllowed):
        operations.state_reason(case=application, actor=world[who], at=world.at, reason="x")
    assert enter(who).post(f"{file_of(application)}read/", {"reason": "x"}).status_code == 404
    assert not Reading.objects.exists()


def test_readings_are_shown_to_the_overseers_house_and_the_province(
    world: World, overseer: User, application: Application, enter: Enter
) -> None:
    operations.state_reason(case=application, actor=overseer, at=world.at, reason="检查")

    def seen(client: Client) -> list[Any]:
        return list(client.get("/console/console/reading/").context["cl"].result_list)

    assert len(seen(log_in(overseer))) == len(seen(enter("province_officer"))) == 1
    assert seen(enter("officer")) == []
    assert enter("province_officer").get(f"/console/console/reading/{Reading.objects.get().pk}/").status_code == 404


@pytest.mark.parametrize(("state", "answer"), [("draft", 404), ("discarded", 404), ("in_force", 302)])
def test_an_emergency_plan_is_watched_only_when_it_is_or_was_in_force(
    world: World, overseer: User, state: str, answer: int
) -> None:
    plan, _at = stages.emergency_plan(world, state)
    client = log_in(overseer)
    assert client.get(file_of(plan)).status_code == answer
    assert client.get(f"{file_of(plan)}read/").status_code == (404 if answer == 404 else 200)
    listed = client.get("/console/supervision/emergencyplan/").context["cl"].result_list
    assert list(listed) == ([] if answer == 404 else [plan])
