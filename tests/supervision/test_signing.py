"""Several proposals signed once: nothing that was not shown, each with its own entry, all or none of whom one may."""

from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from marketplace.applications.models import Grant, Hold
from marketplace.applications.operations import surrender_grant
from marketplace.errors import NotAllowed
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.proposals import MOST_AT_ONCE, shown_now, waiting_to_be_signed
from tests import crowd
from tests.actors import World
from tests.console.conftest import log_in
from tests.workflow import stages
from tests.workflow.matrix import JOB, rows

SIGN = {"reason": "逾期未报告,标准规则", "remedy": stages.REMEDY}


@pytest.fixture
def proposals(world: World, grant: Grant) -> list[Measure]:
    """Three proposals about one grant."""
    return [stages.proposal(world, grant) if n == 0 else another(world, grant, n) for n in range(3)]


def another(world: World, grant: Grant, n: int) -> Measure:
    made = operations.propose_order(
        grants=[grant], actor=JOB, at=world.at, key=f"k{n}", facts=f"事实{n}", demand=f"要求{n}"
    )
    assert made is not None
    return made


def digests(measures: list[Measure]) -> dict[Measure, str]:
    return {one: shown_now(one).digest for one in measures}


def states() -> list[str]:
    return list(Measure.objects.order_by("pk").values_list("state", flat=True))


def test_each_is_issued_as_it_stands_with_entry_number_and_hold_under_one_operation(
    world: World, grant: Grant, proposals: list[Measure]
) -> None:
    before = Entry.objects.latest("pk").pk
    signed = operations.issue_orders(proposals=digests(proposals), actor=world["officer"], at=world.at, **SIGN)
    assert [one.number for one in signed.issued] == [f"350100-33-2026-000{n}" for n in (1, 2, 3)]
    assert (signed.left_out, Hold.objects.filter(grant=grant, code="measure").count()) == ([], 3)
    new = Entry.objects.filter(pk__gt=before, object_type="supervision.measure").order_by("pk")
    assert [(entry.object_id, entry.verb, entry.old, entry.new) for entry in new] == [
        (str(one.pk), "issue_order", "proposed", "issued") for one in proposals
    ]
    assert Entry.objects.filter(pk__gt=before).values("operation_id").distinct().count() == 1
    said = EntryDetail.objects.get(entry=new[1]).json
    assert all(words in said for words in ("事实1", "要求1", SIGN["reason"]))
    assert set(Measure.objects.values_list("remedy", "issued_by")) == {(stages.REMEDY, world["officer"].pk)}


def test_what_changed_since_it_was_shown_is_left_out_and_named_and_the_rest_goes_through(
    world: World, grant: Grant, proposals: list[Measure]
) -> None:
    given = digests(proposals)
    Measure.objects.filter(pk=proposals[0].pk).update(facts="另一事实")
    operations.drop_order(measure=proposals[1], actor=world["second_officer"], at=world.at, reason="已说明")
    signed = operations.issue_orders(proposals=given, actor=world["officer"], at=world.at, **SIGN)
    assert ([one.pk for one in signed.issued], [one for one, _why in signed.left_out]) == (
        [proposals[2].pk], proposals[:2],
    )  # fmt: skip
    assert states() == ["proposed", "dropped", "issued"]
    assert Hold.objects.get().source_ref == f"supervision.measure:{proposals[2].pk}"


def test_a_refused_one_leaves_nothing_behind(world: World, grant: Grant, proposals: list[Measure]) -> None:
    """Its grant was given back: the order would suspend nothing, found only after the order was moved."""
    surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="不再需要")
    given, before = digests(proposals), rows()
    signed = operations.issue_orders(proposals=given, actor=world["officer"], at=world.at, **SIGN)
    assert (signed.issued, len(signed.left_out)) == ([], 3)
    assert rows() == before


@pytest.mark.parametrize("who", ["other_officer", "conflicted_officer", "county_officer", "province_officer", "buyer"])
def test_whoever_may_not_sign_one_of_them_signs_none(world: World, proposals: list[Measure], who: str) -> None:
    given, before = digests(proposals), rows()
    with pytest.raises(NotAllowed):
        operations.issue_orders(proposals=given, actor=world[who], at=world.at, **SIGN)
    with pytest.raises(NotAllowed):
        operations.issue_orders(proposals=given, actor=JOB, at=world.at, **SIGN)  # type: ignore[arg-type]
    assert rows() == before


def test_one_case_of_another_authority_refuses_all(world: World, proposals: list[Measure]) -> None:
    Measure.objects.filter(pk=proposals[2].pk).update(authority=world.parties["province"])
    given = digests(list(Measure.objects.order_by("pk")))
    for who in ("officer", "province_officer"):
        with pytest.raises(NotAllowed):
            operations.issue_orders(proposals=given, actor=world[who], at=world.at, **SIGN)
    assert set(states()) == {"proposed"}


def test_kinds_are_not_mixed_reasons_not_empty_and_no_more_than_can_be_read(
    world: World, proposals: list[Measure]
) -> None:
    other = operations.order_party(
        party=world.parties["city"], actor=world["officer"], at=world.at, against=world.parties["buyer"],
        **stages.CHARGE,
    )  # fmt: skip
    given = digests(proposals)
    unwritten = [Measure(pk=n, kind=proposals[0].kind) for n in range(MOST_AT_ONCE + 1)]
    act: dict[str, Any] = {"actor": world["officer"], "at": world.at}
    for wrong, texts in (
        (given | digests([other]), SIGN),
        (given, SIGN | {"reason": " "}),
        ({}, SIGN),
        (dict.fromkeys(unwritten, ""), SIGN),
    ):
        with pytest.raises(ValidationError):
            operations.issue_orders(proposals=wrong, **act, **texts)
    assert set(states()) == {"proposed"}


def test_an_officer_chooses_reads_and_signs_in_the_console(world: World, proposals: list[Measure]) -> None:
    with time_machine.travel(world.at, tick=False):
        officer, address = log_in(world["officer"]), "/console/orders/sign/"
        assert address in officer.get("/console/supervision/measure/").content.decode()
        chosen = {"kind": "order_33", "chosen": [one.pk for one in proposals[:2]]}
        read = officer.get(address, chosen).content.decode()
        assert all(words in read for words in (proposals[0].facts, "事实1", "要求1")) and "事实2" not in read
        sent = {"shown": [f"{one.pk}:{digest}" for one, digest in digests(proposals[:2]).items()], **SIGN}
        assert all(one in read for one in sent["shown"])
        assert officer.post(address, sent | {"reason": ""}).status_code == 422
        Measure.objects.filter(pk=proposals[0].pk).update(demand="另一要求")
        told = officer.post(address, sent, follow=True).content.decode()
        assert states() == ["proposed", "issued", "proposed"]
        assert f"Left out: #{proposals[0].pk}." in told
        for wrong in ("x:1", "", "9" * 30):
            assert officer.post(address, sent | {"shown": [wrong]}).status_code == 422
        assert log_in(world["province_officer"]).post(address, sent).status_code == 403


def test_only_what_one_may_sign_waits(world: World, proposals: list[Measure]) -> None:
    people = ("officer", "other_officer", "conflicted_officer", "county_officer", "province_officer", "buyer")
    waiting = {who: waiting_to_be_signed(world[who], world.at).count() for who in people}
    assert waiting == {"officer": 3} | dict.fromkeys(set(waiting) - {"officer"}, 0)


def test_no_proposal_about_data_of_a_unit_of_ones_own_waits(world: World, proposals: list[Measure]) -> None:
    unit = world.version.sources.get().unit
    crowd.copy(world["second_officer"].memberships.earliest("pk"), party=unit)
    waiting = {who: waiting_to_be_signed(world[who], world.at).count() for who in ("officer", "second_officer")}
    assert waiting == {"officer": 3, "second_officer": 0}
