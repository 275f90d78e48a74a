"""Nobody is told of, or shown, what is noticed about their own organisation before that is told itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Membership
from accounts.queries import recipients
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.working_days import local_date
from marketplace.console.site import address
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Finding
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import stages


def told(kind: str) -> set[str]:
    return set(Outbox.objects.filter(kind=kind).values_list("recipient_ref", flat=True))


def refs(world: World, *names: str) -> set[str]:
    return {world[name].ledger_ref for name in names}


@pytest.fixture
def officers(world: World) -> set[str]:
    """Those of the city but for who is a member of the buyer."""
    return refs(world, "officer", "second_officer")


def page(world: World, who: str, where: str, at: datetime) -> str:
    with time_machine.travel(at, tick=False):
        return log_in(world[who]).get(where).content.decode()


def test_a_report_of_misuse_and_its_being_overdue_reach_nobody_of_the_accused(
    world: World, grant: Grant, officers: set[str]
) -> None:
    made = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="转卖")
    assert told("concern_reported") == officers
    due = clock.of(made).open().get().due_at
    sweep(at=due)
    late = Outbox.objects.filter(kind="clock_overdue", link=made.get_absolute_url())
    assert set(late.values_list("recipient_ref", flat=True)) == officers
    up = due + timedelta(days=10)
    sweep(at=up)
    above = Outbox.objects.filter(kind="officer_overdue", link=made.get_absolute_url())
    assert set(above.values_list("recipient_ref", flat=True)) == refs(world, "province_officer")
    where = "/console/deadlines/"
    assert made.number in page(world, "officer", where, up)
    assert made.number not in page(world, "conflicted_officer", where, up)
    one = clock.of(made).open().get()
    with time_machine.travel(up, tick=False):
        answers = {
            who: log_in(world[who]).get(f"{where}{one.pk}/explain/").status_code
            for who in ("officer", "conflicted_officer")
        }
    assert answers == {"officer": 200, "conflicted_officer": 403}


def test_a_finding_and_what_is_proposed_on_it_reach_nobody_of_the_accused(
    world: World, grant: Grant, officers: set[str]
) -> None:
    file = f"/console/applications/grant/{grant.pk}/"
    made = stages.proposal(world, grant)
    assert told("measure_proposed") == officers
    assert address(made) in page(world, "officer", file, world.at)
    assert address(made) not in page(world, "conflicted_officer", file, world.at)
    stages.issue(made, world, world.at)
    assert address(made) in page(world, "conflicted_officer", file, world.at)


def test_what_a_monitor_finds_reaches_nobody_of_the_accused(world: World, officers: set[str]) -> None:
    """The product says that it is updated monthly; the officer has left the seller less than 12 months ago."""
    Membership.objects.create(
        user=world["second_officer"], party=world.parties["developer"], role="auditor",
        valid_from=local_date(world.at), valid_until=local_date(world.at + timedelta(days=30)),
    )  # fmt: skip
    sweep(at=world.at + timedelta(days=120))
    assert Finding.objects.filter(rule="data_stale").exists()
    assert told("finding_opened") == refs(world, "officer", "conflicted_officer")


@pytest.mark.parametrize("verb", ["case_taken", "report_asked", "measure_signed"])
def test_the_level_above_and_the_second_officer_tell_nobody_of_the_accused(
    world: World, grant: Grant, officers: set[str], verb: str
) -> None:
    made = stages.another_finding(grant, world.at)
    by: dict[str, Any] = {"actor": world["province_officer"], "at": world.at}
    if verb == "case_taken":
        operations.take_finding(finding=made, reason="关系重大", **by)
    elif verb == "report_asked":
        operations.ask_report(case=made, question="办到哪一步?", **by)
    else:
        operations.set_second_pair(
            authority=world.parties["city"], actor=world["officer"], at=world.at, is_on=True, reason="关系重大"
        )
        stages.issue(stages.proposal(world, grant), world, world.at)
        officers = refs(world, "second_officer")
    assert told(verb) == officers


def test_where_it_leaves_nobody_the_level_above_is_told(world: World, grant: Grant) -> None:
    for who in ("officer", "second_officer"):
        Membership.objects.create(
            user=world[who], party=world.parties["buyer"], role="auditor", valid_from=local_date(world.at)
        )
    operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="转卖")
    assert told("concern_reported") == refs(world, "province_officer")
    city, buyer = world.parties["city"], world.parties["buyer"]
    assert recipients(buyer, world.at, buyer) == recipients(buyer, world.at)  # of its own duty everybody hears
    assert {to.ref for to in recipients(city, world.at)} > refs(world, "conflicted_officer")


def test_who_steps_back_tells_nobody_of_the_accused(world: World, grant: Grant, officers: set[str]) -> None:
    made = stages.another_finding(grant, world.at)
    operations.recuse_from(case=made, actor=world["officer"], at=world.at, reason="亲属任职")
    assert told("recused") == refs(world, "second_officer", "province_officer")
