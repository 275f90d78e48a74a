"""Order and suspension are one act; termination is a choice after a refusal; nobody on their own case."""

from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError

from accounts.models import Membership, Party
from marketplace.applications.models import Hold
from marketplace.applications.operations import surrender_grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import SHANGHAI
from marketplace.delivery import gate
from marketplace.delivery import operations as delivery
from marketplace.desk.story import later
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.models import Outbox
from marketplace.supervision import operations
from marketplace.supervision.models import Measure
from marketplace.supervision.sweep import sweep
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.memory import remembered_sandbox  # noqa: F401

ORDER = {"facts": "超出约定用途", "demand": "停止", "remedy": stages.REMEDY}


@pytest.fixture
def proposal(world, grant) -> Measure:
    return stages.proposal(world, grant)


def effect(grant, world) -> bool:
    return grant.is_in_effect(world.at)


def test_order_and_suspension_are_one_act(world, grant, proposal):
    assert effect(grant, world)
    seen = Entry.objects.order_by("-pk").first().pk
    operations.issue_order(measure=proposal, actor=world["officer"], at=world.at, **ORDER)
    new = Entry.objects.filter(pk__gt=seen).order_by("pk")
    assert [(entry.object_type, entry.verb, entry.new, entry.article) for entry in new] == [
        ("supervision.measure", "issue_order", "issued", "Art. 33"),
        ("applications.hold", "issue_order", "open", "Art. 33"),
    ]  # fmt: skip
    assert new.values("operation_id").distinct().count() == 1
    assert not effect(grant, world)
    hold = Hold.objects.get()
    assert (hold.code, hold.source_ref, hold.opened_by_ref) == (
        "measure", f"supervision.measure:{proposal.pk}", world["officer"].ledger_ref,
    )  # fmt: skip
    proposal.refresh_from_db()
    assert (proposal.number, proposal.issued_by, proposal.remedy) == (
        "350100-33-2026-0001",
        world["officer"],
        stages.REMEDY,
    )
    told = Outbox.objects.filter(kind="measure_moved", channel="page").values_list("recipient_ref", flat=True)
    assert world["buyer"].ledger_ref in told


def test_suspension_that_fails_takes_the_order_with_it(world, grant, proposal, monkeypatch):
    from marketplace.supervision.operations import order

    def broken(*args, **kwargs):
        raise RuntimeError("no hold")

    monkeypatch.setattr(order, "open_hold", broken)
    before = rows()
    with pytest.raises(RuntimeError):
        operations.issue_order(measure=proposal, actor=world["officer"], at=world.at, **ORDER)
    assert rows() == before


@pytest.mark.parametrize(
    "who", ["county_officer", "other_officer", "conflicted_officer", "province_officer", "operator", "buyer"]
)
def test_order_by_anybody_but_an_unbiased_officer_of_the_city_is_refused(world, grant, proposal, who):
    before = rows()
    with pytest.raises(NotAllowed):
        operations.issue_order(measure=proposal, actor=world[who], at=world.at, **ORDER)
    assert rows() == before
    assert effect(grant, world)


@pytest.mark.parametrize("party", ["buyer", "developer", "unit"])
@pytest.mark.parametrize(("left", "refused"), [("2025-04-10", True), ("2025-02-17", False)])
def test_officer_who_belonged_to_a_side_is_refused_for_a_year(world, grant, proposal, party, left, refused):
    """17 March 2026: eleven and thirteen months after."""
    Membership.objects.create(
        user=world["second_officer"], party=world.parties[party], role="member", valid_from=date(2020, 1, 1),
        valid_until=date.fromisoformat(left),
    )  # fmt: skip
    act = {"measure": proposal, "actor": world["second_officer"], "at": world.at, **ORDER}
    if refused:
        with pytest.raises(NotAllowed):
            operations.issue_order(**act)
        assert Measure.objects.get().state == "proposed"
    else:
        operations.issue_order(**act)
        assert Measure.objects.get().state == "issued"


def test_county_cannot_order_even_where_it_is_named_as_the_authority(world, grant, proposal):
    """Art. 33 belongs to the province and the cities, whatever a row says."""
    for model in (type(grant), Measure):
        model.objects.all().update(authority=world.parties["county"])
    with pytest.raises(NotAllowed, match=r"level|级"):
        operations.issue_order(measure=Measure.objects.get(), actor=world["county_officer"], at=world.at, **ORDER)


def test_proposal_suspends_nobody(world, grant, proposal):
    assert effect(grant, world)
    operations.drop_order(measure=proposal, actor=world["officer"], at=world.at, reason="已说明")
    assert effect(grant, world)
    assert Hold.objects.count() == 0


def lift(measure, world, who="officer"):
    operations.lift_order(measure=measure, actor=world[who], at=world.at, reason="已改正")


def test_two_orders_need_two_lifts(world, grant):
    first = stages.order(world, grant)
    second = stages.issue(stages.proposal(world, grant, world.at + timedelta(minutes=1)), world, world.at)
    assert (first.number, second.number) == ("350100-33-2026-0001", "350100-33-2026-0002")
    lift(first, world)
    assert not effect(grant, world)
    assert list(Hold.objects.order_by("pk").values_list("source_ref", "state")) == [
        (f"supervision.measure:{first.pk}", "lifted"), (f"supervision.measure:{second.pk}", "open"),
    ]  # fmt: skip
    assert first.held.get().outcome == "resumed"
    lift(second, world)
    assert effect(grant, world)


def test_report_hold_survives_the_lifting_and_the_order_survives_the_report(world, grant):
    sweep(at=world.at)
    report = grant.reports.get()
    late = report.late_at
    sweep(at=late)
    measure = Measure.objects.get()
    stages.issue(measure, world, late)
    holds = Hold.objects.order_by("pk")
    assert list(holds.values_list("code", "state")) == [("report_overdue", "open"), ("measure", "open")]
    operations.lift_order(measure=measure, actor=world["officer"], at=late, reason="-")
    assert list(holds.values_list("code", "state")) == [("report_overdue", "open"), ("measure", "lifted")]
    assert not grant.is_in_effect(late)
    operations.file_report(report=report, actor=world["buyer"], at=late, is_nil=True)
    assert grant.is_in_effect(late)


def test_filing_the_report_does_not_lift_the_order(world, grant):
    sweep(at=world.at)
    report = grant.reports.get()
    sweep(at=report.late_at)
    measure = stages.issue(Measure.objects.get(), world, report.late_at)
    operations.file_report(report=report, actor=world["buyer"], at=report.late_at, is_nil=True)
    assert list(Hold.objects.order_by("pk").values_list("code", "state")) == [
        ("report_overdue", "lifted"),
        ("measure", "open"),
    ]
    assert not grant.is_in_effect(report.late_at)
    measure.refresh_from_db()
    assert measure.state == "issued"


def test_evidence_alone_resumes_nothing(world, grant):
    measure = stages.order(world, grant)
    operations.file_evidence(measure=measure, actor=world["buyer"], at=world.at, text="已停用")
    assert not effect(grant, world)
    operations.note_seen(measure=measure, actor=world["officer"], at=world.at)
    operations.ask_for_more(measure=measure, actor=world["officer"], at=world.at, reason="附日志")
    assert not effect(grant, world)


def refuse(measure, world, at):
    operations.find_refusal(measure=measure, actor=world["officer"], at=at, reason="逾期未改正")


def test_refusal_is_not_found_before_the_party_was_heard(world, grant):
    measure = stages.order(world, grant)
    over = later(world.at, Kind.CORRECTION)
    before = rows()
    with pytest.raises(InvalidState):
        refuse(measure, world, over)
    with pytest.raises(InvalidState):
        operations.terminate_service(measure=measure, actor=world["officer"], at=over, reason="-", remedy="-")
    assert rows() == before
    operations.open_hearing(measure=measure, actor=world["officer"], at=over, reason="拟终止")
    heard = later(over, Kind.HEARING)
    with pytest.raises(InvalidState):
        refuse(measure, world, heard - timedelta(seconds=1))
    refuse(measure, world, heard)
    assert Measure.objects.get().state == "refused_to_correct"


def test_refusal_is_found_in_the_time_to_correct_only_where_the_party_says_so(world, grant):
    measure = stages.order(world, grant)
    stages.hear(measure, world.at, world["officer"], world["buyer"])
    with pytest.raises(InvalidState, match="2026-03-17"):  # the officer has not read what it says
        refuse(measure, world, world.at)
    operations.note_seen(measure=measure, actor=world["officer"], at=world.at)
    refuse(measure, world, world.at)
    assert Measure.objects.get().state == "refused_to_correct"


def test_evidence_filed_in_time_stops_the_time_to_correct_until_more_is_asked(world, grant):
    """17 March 2026 + 15 working days is 8 April (over Qingming)."""
    measure = stages.order(world, grant)
    over = datetime(2026, 4, 9, tzinfo=SHANGHAI)
    assert clock.of(measure).get(kind=Kind.CORRECTION).due_at == over
    filed = datetime(2026, 4, 2, 9, tzinfo=SHANGHAI)  # 12 of 15 days are used
    operations.file_evidence(measure=measure, actor=world["buyer"], at=filed, text="已停用")
    assert clock.has_run_out(measure, Kind.CORRECTION, over + timedelta(days=99)) is False
    asked = datetime(2026, 5, 6, 9, tzinfo=SHANGHAI)
    operations.note_seen(measure=measure, actor=world["officer"], at=asked)
    operations.ask_for_more(measure=measure, actor=world["officer"], at=asked, reason="附日志")
    left = clock.of(measure).get(kind=Kind.CORRECTION, ended_at=None)
    assert (left.working_days, left.due_at) == (
        15,
        datetime(2026, 5, 10, tzinfo=SHANGHAI),
    )  # three days are left: 7, 8, make-up 9 May
    assert clock.has_run_out(measure, Kind.CORRECTION, left.due_at) is True


def test_evidence_filed_too_late_stops_nothing(world, grant):
    measure = stages.order(world, grant)
    over = later(world.at, Kind.CORRECTION)
    operations.file_evidence(measure=measure, actor=world["buyer"], at=over, text="已停用")
    assert clock.has_run_out(measure, Kind.CORRECTION, over) is True


def test_grant_under_an_order_is_not_given_up_to_escape_it(world, grant):
    measure = stages.order(world, grant)
    before = rows()
    with pytest.raises(InvalidState):
        surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="-")
    assert rows() == before
    lift(measure, world)
    surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="-")
    assert grant.state == "surrendered"


def test_termination_ends_the_grant_keeps_its_hold_and_flags_what_was_built(world, grant):
    who = {"actor": world["buyer"], "at": world.at}
    delivery.deliver(grant=grant, version=world.version, **who)
    built = {"party": world.parties["buyer"], "description": "-", "built_from": [(grant, world.version)], **who}
    published = operations.register_derived(title="地图", **built)
    operations.publish_derived(derived=published, **who)
    registered = operations.register_derived(title="草稿", **built)
    other = stages.active_grant(world, buyer="other_buyer")
    stages.terminate(stages.order(world, grant), world)
    for row in (grant, published, registered, other):
        row.refresh_from_db()
    assert (grant.state, grant.ended_at, published.state, registered.state, other.state) == (
        "terminated", world.at, "flagged", "registered", "active",
    )  # fmt: skip
    assert Hold.objects.get().state == "open"
    assert Measure.objects.get().held.get().outcome == "terminated"
    keepers, deciders = ("buyer", "conflicted_officer"), ("officer", "second_officer", "conflicted_officer")
    for kind, people in (("derived_flagged", keepers), ("derived_to_decide", deciders)):
        told = Outbox.objects.filter(kind=kind, channel="page").values_list("recipient_ref", flat=True)
        assert set(told) == {world[who].ledger_ref for who in people}


def test_annulment_takes_another_officer_and_releases(world, grant):
    measure = stages.order(world, grant)
    with pytest.raises(NotAllowed):
        operations.annul_order(measure=measure, actor=world["officer"], at=world.at, reason="-")
    assert not effect(grant, world)
    operations.annul_order(measure=measure, actor=world["second_officer"], at=world.at, reason="认定有误")
    assert effect(grant, world)
    assert (measure.state, measure.held.get().outcome) == ("annulled", "annulled")


@pytest.mark.parametrize("trouble", ["suspended", "lapsed", "barred"])
def test_buyer_in_trouble_still_reports_and_is_heard_but_downloads_nothing(world, grant, trouble):
    sweep(at=world.at)
    report, at = grant.reports.get(), datetime(2026, 4, 2, 9, tzinfo=SHANGHAI)
    measure = stages.order(world, grant, at)
    buyer = Party.objects.filter(pk=world.parties["buyer"].pk)
    if trouble == "lapsed":
        buyer.update(verified_until=date(2026, 4, 1))
    if trouble == "barred":
        from accounts.operations import bar_party

        bar_party(party=buyer.get(), actor=world["operator"], at=at, reason="资质失效", remedy="可申请复核")
    operations.file_report(report=report, actor=world["buyer"], at=at, is_nil=True)
    at = later(at, Kind.CORRECTION)
    operations.open_hearing(measure=measure, actor=world["officer"], at=at, reason="拟终止")
    operations.file_statement(measure=measure, actor=world["buyer"], at=at, text="申辩")
    operations.file_evidence(measure=measure, actor=world["buyer"], at=at, text="已停用")
    assert (report.state, measure.state) == ("filed", "evidence_filed")
    with pytest.raises(gate.Denied):
        delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
    if trouble != "suspended":  # and lifting the order does not help
        operations.lift_order(measure=measure, actor=world["officer"], at=at, reason="-")
        with pytest.raises(gate.Denied) as denied:
            delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=at)
        assert denied.value.code == "buyer_not_in_standing"


def test_one_order_goes_against_one_party(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    with pytest.raises(InvalidState):
        operations.propose_order(
            grants=[grant, other], actor=world["officer"], at=world.at, key="both", facts="-", demand="-"
        )
    assert Measure.objects.count() == 0


def test_order_on_several_grants_holds_ends_and_releases_each(world, grant):
    second, gone = stages.active_grant(world), stages.active_grant(world)
    measure = operations.propose_order(
        grants=[grant, second, gone], actor=world["officer"], at=world.at, key="all", facts="-", demand="停止"
    )
    surrender_grant(grant=gone, actor=world["buyer"], at=world.at, reason="-")
    stages.issue(measure, world, world.at)
    assert set(Hold.objects.values_list("grant", flat=True)) == {grant.pk, second.pk}
    stages.terminate(measure, world)
    states = {row.pk: row.state for row in type(grant).objects.all()}
    assert states == {grant.pk: "terminated", second.pk: "terminated", gone.pk: "surrendered"}


def test_one_occasion_is_proposed_once(world, grant):
    act = {"grants": [grant], "actor": stages.JOB, "at": world.at, "key": "once", "facts": "-", "demand": "-"}
    assert operations.propose_order(**act) is not None
    assert operations.propose_order(**act) is None
    assert Measure.objects.count() == 1


def test_numbers_run_within_a_year_and_an_authority(world, grant):
    at = datetime(2026, 12, 31, 23, 59, tzinfo=SHANGHAI)
    first = stages.order(world, grant, at)
    second = stages.order(world, grant, at + timedelta(minutes=1))
    assert (first.number, second.number) == ("350100-33-2026-0001", "350100-33-2027-0001")


def test_precaution_holds_with_a_reason_and_ends_by_itself(world, grant):
    operations.take_precaution(grant=grant, actor=world["officer"], at=world.at, reason="查证举报")
    hold = Hold.objects.get()
    assert (hold.code, hold.ends_at) == ("precaution", datetime(2026, 4, 1, tzinfo=SHANGHAI))  # 17 March + 10
    assert not grant.is_in_effect(hold.ends_at - timedelta(seconds=1))
    assert grant.is_in_effect(hold.ends_at)
    with pytest.raises(InvalidState):
        operations.lift_precaution(grant=grant, actor=world["officer"], at=hold.ends_at, reason="-")
    with pytest.raises(InvalidState):  # not renewed: it must not stand in for an order
        operations.take_precaution(grant=grant, actor=world["officer"], at=hold.ends_at, reason="再查")
    assert grant.is_in_effect(hold.ends_at)
    much_later = world.at + timedelta(days=60)
    operations.take_precaution(grant=grant, actor=world["officer"], at=much_later, reason="新的举报")
    assert not grant.is_in_effect(much_later)


def test_precaution_lifted_leaves_the_order_standing(world, grant):
    stages.order(world, grant)
    operations.take_precaution(grant=grant, actor=world["officer"], at=world.at, reason="查证")
    operations.lift_precaution(grant=grant, actor=world["second_officer"], at=world.at, reason="查无实据")
    assert list(Hold.objects.order_by("pk").values_list("code", "state")) == [
        ("measure", "open"),
        ("precaution", "lifted"),
    ]
    assert not effect(grant, world)


# --- reports and derived products -----------------------------------------------------------------------------------


def test_report_is_filed_after_its_period_or_once_the_grant_has_ended(world, grant):
    sweep(at=world.at)
    report = grant.reports.get()
    with pytest.raises(InvalidState):
        operations.file_report(report=report, actor=world["buyer"], at=world.at, is_nil=True)
    surrender_grant(grant=grant, actor=world["buyer"], at=world.at, reason="-")
    report.refresh_from_db()
    operations.file_report(report=report, actor=world["buyer"], at=world.at, is_nil=True)
    assert report.state == "filed"


def test_report_says_something_or_is_nil(world):
    report, at = stages.report(world, "open")
    with pytest.raises(ValidationError) as empty:
        operations.file_report(report=report, actor=world["buyer"], at=at, use="  ")
    assert list(empty.value.message_dict) == ["use"]
    operations.file_report(report=report, actor=world["buyer"], at=at, is_nil=True)
    assert report.filings.get().is_nil


def test_report_returned_and_filed_again_keeps_both_filings(world):
    report, at = stages.report(world, "returned")
    operations.file_report(report=report, actor=world["buyer"], at=at, use="训练,另附成果", results="三家医院")
    filings = report.filings.order_by("round").values_list("round", "use", "results")
    assert list(filings) == [(1, "训练模型", ""), (2, "训练,另附成果", "三家医院")]


def test_filing_an_overdue_report_remedies_its_finding(world):
    finding, at = stages.finding(world, "open")
    report = finding.grant.reports.order_by("start").first()
    operations.file_report(report=report, actor=world["buyer"], at=at, is_nil=True)
    finding.refresh_from_db()
    assert (finding.state, clock.of(finding).open().count()) == ("remedied", 0)


def test_attribution_dates_are_the_deliveries_of_this_buyer(world, grant):
    from marketplace.supervision.queries import attribution, obtained

    other = stages.active_grant(world, buyer="other_buyer")

    def deliver(of, who, *moment):
        at = datetime(*moment, tzinfo=SHANGHAI)
        delivery.deliver(grant=of, version=world.version, actor=world[who], at=at)

    deliver(other, "other_buyer", 2026, 3, 18, 12)
    deliver(grant, "buyer", 2026, 3, 20, 0, 30)  # still the 19th in UTC
    assert obtained(world.parties["buyer"]) == [(grant, world.version)]
    derived = operations.register_derived(
        party=world.parties["buyer"], actor=world["buyer"], at=world.at, title="地图", description="-",
        built_from=[(grant, world.version)],
    )  # fmt: skip
    (line,) = attribution(derived, AnonymousUser())
    assert (line.obtained_first, line.obtained_last) == (date(2026, 3, 20), date(2026, 3, 20))
    deliver(grant, "buyer", 2026, 5, 8, 23, 59)
    deliver(other, "other_buyer", 2026, 6, 1)
    (line,) = attribution(derived, AnonymousUser())
    assert (line.obtained_first, line.obtained_last) == (date(2026, 3, 20), date(2026, 5, 8))
    assert (line.units, line.product, line.version) == (
        [world.parties["unit"].name],
        world.product.title,
        world.version,
    )


def test_derived_product_names_only_what_was_delivered_to_its_maker(world, grant):
    other = stages.active_grant(world, buyer="other_buyer")
    delivery.deliver(grant=other, version=world.version, actor=world["other_buyer"], at=world.at)
    make = {
        "party": world.parties["buyer"],
        "actor": world["buyer"],
        "at": world.at,
        "title": "地图",
        "description": "-",
    }
    for built_from in ([], [(grant, world.version)], [(other, world.version)]):
        with pytest.raises(ValidationError) as wrong:
            operations.register_derived(built_from=built_from, **make)
        assert list(wrong.value.message_dict) == ["built_from"]
    assert world.parties["buyer"].derived_products.count() == 0
