"""Reports of misuse and faulty data: by anybody, answered with reasons, settled with their finding."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.anybody import KEEP_CONTACT, PUBLIC
from accounts.models import Capability, Membership, Party
from marketplace.applications.models import Grant, Hold
from marketplace.clock import operations as clock
from marketplace.clock.working_days import last_day, local_date
from marketplace.delivery import operations as delivery
from marketplace.desk.queries import todo
from marketplace.errors import InvalidState, NotAllowed, StaleState
from marketplace.ledger import entries as ledger
from marketplace.ledger.models import Entry, EntryDetail
from marketplace.notices.models import Outbox
from marketplace.supervision import operations, verbs
from marketplace.supervision.concern import Concern, ConcernNote
from marketplace.supervision.forms_concern import TakeUpForm
from marketplace.supervision.models import DerivedFrom, DerivedProduct, Measure
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.queries import overseen_by
from marketplace.supervision.sweep import sweep
from tests import crowd
from tests.api.conftest import partner  # noqa: F401
from tests.workflow import stages
from tests.workflow.matrix import rows
from tests.workflow.stages import JOB

CONTACT = "13800000000"
SCRIPT = "<script>alert(1)</script>"


def report(world, subject=None, actor=PUBLIC, **said):
    said = {"kind": "misuse", "text": "数据被转卖", **said}
    return operations.report_concern(subject=subject, actor=actor, at=world.at, **said)


def post(at, address, data, client=None, language="zh-hans"):
    with time_machine.travel(at, tick=False):
        return (client or Client(headers={"accept-language": language})).post(address, data)


def log_in(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.parametrize(("language", "waiting"), [("zh-hans", "尚未答复"), ("en", "Not answered yet")])
def test_anybody_reports_follows_and_adds_without_a_login(world, language, waiting):
    form = reverse("supervision:concern-new-about", args=["product", world.product.pk])
    sent = {
        "kind": "fault",
        "text": f"区县代码有误 {SCRIPT}",
        "place": "",
        "name": "某市民",
        "contact": CONTACT,
        "website": "",
    }
    answer = post(world.at, form, sent, language=language)
    number, code = re.findall(r'<code class="key">([^<]+)</code>', answer.content.decode())
    made = Concern.objects.get()
    assert (made.number, made.responder, made.by) == (number, world.parties["developer"], None)
    follow, asked = reverse("supervision:concern-follow"), {"number": number, "code": code}
    page = post(world.at, follow, asked, language=language).content.decode()
    due = f"{last_day(clock.of(made).open().get().due_at):%F}"
    assert due in answer.content.decode() and due in page
    assert waiting in page and SCRIPT not in page and CONTACT not in page
    page = post(world.at, follow, {**asked, "text": "另有一处"}, language=language).content.decode()
    assert "另有一处" in page and ConcernNote.objects.get().is_reporter
    operations.correct_fault(concern=made, actor=world["seller"], at=world.at, reason="已重新发布")
    assert "已重新发布" in post(world.at, follow, asked, language=language).content.decode()
    assert post(world.at, follow, {**asked, "text": "还有"}, language=language).status_code == 409
    assert "已重新发布" not in post(world.at, follow, {"number": number, "code": "x"}).content.decode()


@pytest.mark.parametrize(
    ("language", "closed"), [("zh-hans", "线索已于 2026-03-17 办结。"), ("en", "closed on 2026-03-17.")]
)
def test_whoever_has_only_the_code_reads_no_measure(world, language, closed):
    """It is public only once it is final, and then in the register."""
    grant = stages.active_grant(world)
    sent = {"kind": "misuse", "text": "超范围使用", "place": "", "name": "", "contact": "", "website": ""}
    answer = post(world.at, reverse("supervision:concern-new-about", args=["product", world.product.pk]), sent)
    number, code = re.findall(r'<code class="key">([^<]+)</code>', answer.content.decode())
    officer = {"actor": world["officer"], "at": world.at}
    finding = operations.take_up_concern(concern=Concern.objects.get(), grant=grant, reason="属实", **officer)
    made = operations.propose_order_on_finding(finding=finding, facts="超范围", demand="停止", **officer)
    operations.issue_order(measure=made, facts="超范围", demand="停止", remedy="复核", **officer)
    asked = {"number": number, "code": code}
    page = post(world.at, reverse("supervision:concern-follow"), asked, language=language).content.decode()
    assert closed in page and "led to a measure" not in page and "已采取措施" not in page


@pytest.mark.parametrize(("who", "reads"), [("other_buyer", False), ("provider", True)])
def test_only_whose_data_it_is_reads_at_once_that_its_report_led_to_a_measure(world, who, reads):
    grant = stages.active_grant(world)
    if reads:
        made = operations.report_misuse(grant=grant, actor=world[who], at=world.at, text="超范围使用")
    else:
        made = operations.report_concern(
            subject=world.product, actor=world[who], at=world.at, kind="misuse", text="超范围使用"
        ).made
    officer = {"actor": world["officer"], "at": world.at}
    finding = operations.take_up_concern(concern=made, grant=grant, reason="属实", **officer)
    order = operations.propose_order_on_finding(finding=finding, facts="超范围", demand="停止", **officer)
    operations.issue_order(measure=order, facts="超范围", demand="停止", remedy="复核", **officer)
    told = Outbox.objects.filter(kind="concern_moved", recipient_ref=world[who].ledger_ref, channel="page").latest("pk")
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(world[who])
    with time_machine.travel(world.at, tick=False):
        pages = [browser.get(made.get_absolute_url()).content.decode(), str(told.context)]
    assert ["led to a measure" in pages[0], "已采取措施" in pages[1]] == [reads, reads]


def test_code_and_contact_are_nowhere_to_be_read(world, caplog):
    lodged = report(world, world.product, name="某市民", contact=CONTACT)
    everything = (
        str(rows()) + str(list(EntryDetail.objects.values())) + str(list(Outbox.objects.values())) + caplog.text
    )
    assert lodged.code not in everything and CONTACT not in everything and "某市民" not in everything
    with pytest.raises(NotAllowed):
        operations.write_with_code(concern=lodged.made, actor=PUBLIC, at=world.at, code="x", text="好")
    assert operations.find_concern(lodged.made.number, report(world).code) is None


def test_who_corrects_faulty_data_never_reads_who_reported(world):
    made = report(world, world.product, world["other_buyer"], kind="fault").made
    anonymous = report(world, world.product, kind="fault", name="某市民", contact=CONTACT).made
    shown = {}
    for who in ("seller", "officer", "buyer"):
        with time_machine.travel(world.at, tick=False):
            pages = [log_in(world[who]).get(one.get_absolute_url()) for one in (made, anonymous)]
        text = "".join(page.content.decode() for page in pages)
        shown[who] = (pages[0].status_code, world["other_buyer"].name in text, CONTACT in text)
    assert shown == {"seller": (200, False, False), "officer": (200, True, True), "buyer": (404, False, False)}


@pytest.mark.parametrize(
    "sent",
    [
        {"kind": "misuse", "text": ""},
        {"kind": "misuse", "text": "x" * 4001},
        {"kind": "other", "text": "好"},
        {"kind": "misuse", "text": "好", "website": "https://spam.example"},
        {"kind": "misuse", "text": "好", "contact": "x" * 201},
    ],
)
def test_what_is_no_report_leaves_nothing(world, sent):
    before = rows()
    form = reverse("supervision:concern-new-about", args=["product", world.product.pk])
    assert (post(world.at, form, sent).status_code, rows()) == (422, before)


def test_faulty_data_of_nothing_in_particular_is_refused(world):
    before = rows()
    with pytest.raises(ValidationError):
        report(world, kind="fault")
    assert rows() == before


def test_one_address_can_neither_flood_nor_try_codes(world, settings):
    settings.OBJECTION_RATE = "2/hour"
    form, sent = reverse("supervision:concern-new"), {"text": "冒用标注"}
    assert [post(world.at, form, sent).status_code for _ in range(3)] == [200, 200, 429]
    assert {one.responder for one in Concern.objects.all()} == {world.parties["province"]}
    lodged = report(world)
    tries = [{"number": lodged.made.number, "code": code} for code in ("a", "b", lodged.code)]
    follow = reverse("supervision:concern-follow")
    assert [post(world.at, follow, one).status_code for one in tries] == [200, 200, 429]


def test_a_unit_s_report_leads_to_an_order_that_settles_it(world):
    grant = stages.active_grant(world)
    made = operations.report_misuse(
        grant=grant, actor=world["provider"], at=world.at, text="超范围使用", wish="terminate"
    )
    assert grant.is_in_effect(world.at) and not Hold.objects.filter(grant=grant).exists()
    running = clock.of(made).open().get()
    assert (running.kind, running.working_days, made.reporter) == ("concern", 3, world.parties["unit"])
    assert any(task.obj == made for task in todo(world["officer"], world.at))
    finding = operations.take_up_concern(
        concern=made, actor=world["officer"], at=world.at, reason="初步属实", pause=True
    )
    assert not Grant.objects.get(pk=grant.pk).is_in_effect(world.at) and finding.grant == grant
    officer = {"actor": world["officer"], "at": world.at}
    measure = operations.propose_order_on_finding(finding=finding, facts="超范围", demand="停止", **officer)
    with pytest.raises(InvalidState):
        operations.propose_order_on_finding(finding=finding, facts="超范围", demand="停止", **officer)
    operations.issue_order(
        measure=Measure.objects.get(pk=measure.pk), facts="超范围", demand="停止", remedy="复核", **officer
    )
    made.refresh_from_db()
    assert (made.state, made.finding.state, made.outcome) == ("settled", "measure", "")
    told = Outbox.objects.filter(kind="concern_moved", recipient_ref=world["provider"].ledger_ref, channel="page")
    assert told.count() == 2


@pytest.mark.parametrize("end", ["surrendered", "terminated", "revoked", "closed"])
def test_misuse_of_an_ended_grant_is_reported_while_its_copies_are_out(world, end):
    grant = stages.active_grant(world)
    who = {"grant": grant, "actor": world["provider"], "at": world.at, "text": "仍在使用副本"}
    with pytest.raises(ValidationError):  # it is served: nothing is destroyed yet
        operations.report_misuse(**who, wish="destroy")
    Grant.objects.filter(pk=grant.pk).update(state=end)
    grant.refresh_from_db()
    with pytest.raises(InvalidState):
        operations.report_misuse(**who)
    Grant.objects.filter(pk=grant.pk).update(state="active")
    delivery.deliver(grant=Grant.objects.get(pk=grant.pk), version=world.version, actor=world["buyer"], at=world.at)
    Grant.objects.filter(pk=grant.pk).update(state=end)
    for wish in ("suspend", "terminate"):
        with pytest.raises(ValidationError):
            operations.report_misuse(**who, wish=wish)
    assert verbs.GRANT.get("report_misuse") in verbs.GRANT.available(grant, world["provider"], world.at)
    made = operations.report_misuse(**who, wish="destroy")
    form = TakeUpForm(target=made, actor=world["officer"], at=world.at)
    assert "pause" not in form.fields
    finding = operations.take_up_concern(concern=made, actor=world["officer"], at=world.at, reason="初步属实")
    assert finding.grant == grant
    names = {verb.name for verb in verbs.FINDING.available(finding, world["officer"], world.at)}
    assert {"order_correction", "dismiss"} <= names and "propose_order" not in names


def test_misuse_is_reported_no_more_once_the_copies_are_certified_as_destroyed(world):
    grant, at = stages.grant(world, "surrendered+delivered")
    who = {"grant": grant, "at": at}
    made = operations.certify_destruction(**who, actor=world["buyer"], **stages.CERTIFIED, destroyed_on=local_date(at))
    operations.report_misuse(**who, actor=world["provider"], text="仍在使用副本")
    operations.accept_certificate(certificate=made, actor=world["officer"], at=at)
    with pytest.raises(InvalidState):
        operations.report_misuse(**who, actor=world["provider"], text="仍在使用副本")
    assert Concern.objects.count() == 1


def test_reports_follow_the_finding_into_which_theirs_is_merged(world):
    made, _at = stages.concern(world, "taken_up")
    other = operations.take_up_concern(
        concern=report(world, world.product).made, actor=world["officer"], at=world.at, reason="同一买方",
        grant=made.grant,
    )  # fmt: skip
    operations.merge_finding(finding=made.finding, actor=world["officer"], at=world.at, into=other, reason="同一事项")
    operations.dismiss_finding(finding=other, actor=world["officer"], at=world.at, reason="查无实据")
    assert set(Concern.objects.values_list("state", "outcome", "finding")) == {("settled", "查无实据", other.pk)}


def test_what_was_paused_for_a_report_goes_on_once_its_finding_is_dismissed(world, grant):
    """Also where it was merged, step by step, into the one that is dismissed; what an officer paused besides stays."""
    officer = {"actor": world["officer"], "at": world.at, "reason": "待查"}
    other = crowd.copy_grant(grant)
    first, second, third = (
        operations.take_up_concern(
            concern=operations.report_misuse(grant=one, actor=world["provider"], at=world.at, text="超范围使用"),
            pause=pause, **officer,
        )
        for one, pause in ((grant, True), (other, True), (other, False))
    )  # fmt: skip
    assert not grant.is_in_effect(world.at) and not other.is_in_effect(world.at)
    operations.merge_finding(finding=first, into=second, **officer)
    second.refresh_from_db()
    operations.merge_finding(finding=second, into=third, **officer)
    operations.take_precaution(grant=other, **officer)
    assert Hold.objects.filter(state="open").count() == 3
    operations.dismiss_finding(finding=third, **officer)
    assert grant.is_in_effect(world.at) and not other.is_in_effect(world.at)
    assert Hold.objects.get(state="open").source_ref.startswith(f"applications.grant:{other.pk}:")
    assert set(Concern.objects.values_list("state", "finding")) == {("settled", third.pk)}


def test_a_silent_answer_is_noticed_once_and_an_officer_steps_in(world):
    made = report(world, world.product, kind="fault").made
    due = clock.of(made).open().get().due_at

    def did():
        return next(row.did for row in sweep(at=due) if row.monitor == "clock_overdue")

    assert [did(), did()] == [1, 0]
    operations.accept_fault(concern=made, actor=world["officer"], at=due, reason="卖方未答复,责成更正")
    assert clock.of(made).open().get().kind == "repair"


def late_told(made):
    late = Outbox.objects.filter(kind="clock_overdue", channel="page", link=made.get_absolute_url())
    return sorted(late.values_list("recipient_ref", flat=True))


@pytest.mark.parametrize("state", ["open+fault", "taken_up"])
def test_faulty_data_that_nobody_answers_or_corrects_in_time_waits_for_the_authority(world, state):
    made = report(world, world.product, kind="fault").made
    if state == "taken_up":
        operations.accept_fault(concern=made, actor=world["seller"], at=world.at, reason="将重新发布")
    due, queue = clock.of(made).open().get().due_at, reverse("console:supervision_concern_changelist")
    waits = {}
    for at in (due - timedelta(seconds=1), due):
        with time_machine.travel(at, tick=False):
            in_queue = made.number in log_in(world["officer"]).get(queue).content.decode()
        waits[at == due] = (
            in_queue,
            *(made in [task.obj for task in todo(world[who], at)] for who in ("officer", "seller")),
        )
    assert waits == {False: (False, False, True), True: (True, True, True)}
    sweep(at=due)
    officers = ("officer", "second_officer", "conflicted_officer")
    assert late_told(made) == sorted(world[who].ledger_ref for who in (*officers, "seller"))
    operations.correct_fault(concern=made, actor=world["officer"], at=due, reason="已更正")
    assert made not in [task.obj for task in todo(world["officer"], due)]


def test_that_faulty_data_is_overdue_is_told_also_where_its_seller_has_nobody_left(world):
    made = report(world, world.product, kind="fault").made
    Membership.objects.filter(party=made.responder).update(valid_until=local_date(world.at))
    sweep(at=clock.of(made).open().get().due_at)
    assert world["officer"].ledger_ref in late_told(made) and world["seller"].ledger_ref not in late_told(made)


def test_nobody_answers_their_own_report_nor_that_of_their_own_organisation(world):
    mine = report(world, world.product, world["officer"]).made
    made, _at = stages.concern(world, "open")
    before = rows()
    for one, who in ((mine, "officer"), (made, "conflicted_officer"), (made, "county_officer"), (made, "buyer")):
        with pytest.raises(NotAllowed):
            operations.dismiss_concern(concern=one, actor=world[who], at=world.at, reason="不属实")
    assert rows() == before


@pytest.mark.parametrize("side", ["developer", "unit"])
def test_nobody_of_the_seller_or_of_a_unit_answers_what_is_reported_of_its_grant(world, grant, side):
    """The seller reports its buyer's use: who belongs to a unit whose data it is does not decide, and the reverse."""
    who = world["provider" if side == "developer" else "seller"]
    made = operations.report_misuse(grant=grant, actor=who, at=world.at, text="超范围使用")
    Membership.objects.create(
        user=world["officer"], party=world.parties[side], role="auditor", valid_from=local_date(world.at)
    )
    answer = {"concern": made, "at": world.at, "reason": "不属实"}
    before = rows()
    with pytest.raises(NotAllowed):
        operations.dismiss_concern(actor=world["officer"], **answer)
    assert rows() == before
    operations.dismiss_concern(actor=world["second_officer"], **answer)


def test_name_and_contact_are_erased_half_a_year_after_the_end_and_once(world):
    made = report(world, world.product, name="某市民", contact=CONTACT).made
    operations.dismiss_concern(concern=made, actor=world["officer"], at=world.at, reason="不属实")
    due = world.at + KEEP_CONTACT

    def did(at):
        return next(row.did for row in sweep(at=at) if row.monitor == "reporters")

    assert [did(due - timedelta(seconds=1)), did(due), did(due)] == [0, 1, 0]
    assert Concern.objects.get().person() == {} and Entry.objects.filter(verb="erase").count() == 1


def test_a_report_is_merged_into_no_finding_about_another_party(world):
    made, _at = stages.concern(world, "open")
    other = made.grant.findings.get()
    type(other).objects.filter(pk=other.pk).update(party=world.parties["other_buyer"])
    before = rows()
    with pytest.raises(InvalidState):
        operations.merge_concern(
            concern=made, actor=world["officer"], at=world.at, finding=other, reason="已核实"
        )  # fmt: skip
    assert rows() == before


def test_whoever_comes_second_changes_nothing(world):
    """Merge against dismiss, both from the report as they read it."""
    made, _at = stages.concern(world, "open")
    stale = Concern.objects.get(pk=made.pk)
    finding = made.grant.findings.get()
    officer = {"at": world.at, "reason": "已核实"}
    operations.merge_concern(concern=made, actor=world["officer"], finding=finding, **officer)
    before = rows()
    with pytest.raises((InvalidState, StaleState)):
        operations.dismiss_concern(concern=stale, actor=world["second_officer"], **officer)
    again = Concern.objects.get(pk=made.pk)
    assert rows() == before and again.state == "taken_up"


def test_nobody_of_the_accused_reads_the_report_its_finding_or_the_proposal_not_even_at_the_province(world):
    made, _at = stages.concern(world, "taken_up")
    proposed = operations.propose_order_on_finding(
        finding=made.finding, facts="超范围", demand="停止", actor=world["officer"], at=world.at
    )
    everything = [made, made.finding, proposed]
    at_the_province = world["province_officer"]

    def seen():
        return [type(one).objects.visible_to(at_the_province).filter(pk=one.pk).exists() for one in everything]

    with time_machine.travel(world.at, tick=False):
        assert seen() == [True, True, True]
        left = timezone.localdate() - timedelta(days=200)
        Membership.objects.create(
            user=at_the_province,
            party=made.party,
            role="auditor",
            valid_from=left - timedelta(days=9),
            valid_until=left,
        )
        assert seen() == [False, False, False]
        assert log_in(at_the_province).get(made.get_absolute_url()).status_code == 404


# --- what oversight bodies file ----------------------------------------


def file(world, who="overseer", **about):
    given = {"article": "Art. 17", "text": "可复原出个人", **about}
    return operations.file_finding(party=world.parties["oversight"], actor=world[who], at=world.at, **given)


def test_overseer_files_on_a_version_and_is_told_of_answer_and_outcome_but_does_not_see_the_finding(world):
    made = file(world, version=world.version)
    assert (made.reporter, made.responder, made.party, made.article) == (
        world.parties["oversight"], world.parties["city"], world.parties["developer"], "Art. 17",
    )  # fmt: skip
    assert clock.of(made).open().get().due_at == clock.of(report(world, world.product).made).open().get().due_at
    entry = Entry.objects.get(verb="file_finding")
    assert (entry.article, entry.actor_ref) == ("Art. 17", world["overseer"].ledger_ref)
    heard = Outbox.objects.filter(kind="concern_reported", link=made.get_absolute_url())
    assert world["officer"].ledger_ref in set(heard.values_list("recipient_ref", flat=True))
    with time_machine.travel(world.at, tick=False):
        assert made in [task.obj for task in todo(world["officer"], world.at)]
        assert "可复原出个人" in log_in(world["officer"]).get(made.get_absolute_url()).content.decode()
        for who in ("buyer", "seller", "other_officer", "provider"):
            assert log_in(world[who]).get(made.get_absolute_url()).status_code == 404
    found = operations.take_up_concern(concern=made, actor=world["officer"], at=world.at, reason="正在复核")
    assert (found.version, found.grant, found.rule, found.article) == (world.version, None, "overseen", "Art. 17")
    told = Outbox.objects.filter(kind="concern_moved", channel="page", recipient_ref=world["overseer"].ledger_ref)
    assert told.count() == 1
    operations.dismiss_finding(finding=found, actor=world["officer"], at=world.at, reason="重新评估合格")
    assert told.count() == 2
    with time_machine.travel(world.at, tick=False):
        overseer = log_in(world["overseer"])
        page = overseer.get(made.get_absolute_url()).content.decode()
        assert "重新评估合格" in page and found.get_absolute_url() not in page
        assert overseer.get(found.get_absolute_url()).status_code == 404
    again = file(world, version=world.version)
    operations.write_to_concern(concern=again, actor=world["overseer"], at=world.at, text="补充")
    assert again.notes.get().is_reporter


def test_overseer_files_on_a_grant_and_on_a_party_of_its_regions(world, grant):
    made = file(world, grant=grant, article="Art. 33")
    assert (made.grant, made.party, made.subject) == (grant, grant.buyer, grant)
    found = operations.take_up_concern(concern=made, actor=world["officer"], at=world.at, reason="属实")
    assert (found.grant, found.article) == (grant, "Art. 33")
    about = file(world, against=grant.buyer, article="Art. 34")
    assert (about.party, about.subject, about.responder) == (grant.buyer, grant.buyer, world.parties["city"])
    given = {"concern": about, "actor": world["officer"], "at": world.at, "reason": "属实"}
    assert operations.take_up_concern(**given, grant=grant).grant == grant
    assert not Hold.objects.exists()


def test_only_an_oversight_body_files_about_exactly_one_thing_of_its_regions(world, grant):
    before = rows()
    for who in ("officer", "buyer", "operator", "province_officer"):
        with pytest.raises(NotAllowed):
            file(world, who, grant=grant)
    with pytest.raises(ValidationError):
        file(world)
    with pytest.raises(ValidationError):
        file(world, grant=grant, against=grant.buyer)
    with pytest.raises(ValidationError, match="article"):
        file(world, grant=grant, article="Art. 2")
    assert rows() == before
    Grant.objects.update(authority=world.parties["other_city"])
    before = rows()
    with pytest.raises(ValidationError, match="grant"):
        file(world, grant=grant)
    assert rows() == before


def test_overseer_files_on_the_page_of_reports(world, grant):
    body = world.parties["oversight"]
    with time_machine.travel(world.at, tick=False):
        overseer = log_in(world["overseer"])
        form = reverse("supervision:party-file_finding", args=[body.pk])
        assert form in overseer.get(reverse("supervision:concern-list")).content.decode()
        assert form not in log_in(world["officer"]).get(reverse("supervision:concern-list")).content.decode()
        assert str(grant) in overseer.get(form).content.decode()
        assert overseer.post(form, {"article": "Art. 17", "text": "可复原"}).status_code == 422
        sent = overseer.post(form, {"article": "Art. 17", "text": "可复原", "grant": grant.pk})
        assert sent.url == Concern.objects.get().get_absolute_url()
        case = reverse("console:supervision_concern_change", args=[Concern.objects.get().pk])
        assert "可复原" in log_in(world["officer"]).get(case).content.decode()


def test_what_is_filed_against_an_authority_goes_to_the_level_above_it(world):
    made = file(world, against=world.parties["city"], article="Art. 34")
    assert made.authority == made.responder == world.parties["province"]
    answer = {"concern": made, "at": world.at, "reason": "不属实"}
    with pytest.raises(NotAllowed):
        operations.dismiss_concern(actor=world["officer"], **answer)
    operations.dismiss_concern(actor=world["province_officer"], **answer)
    body = world.parties["oversight"]
    Capability.objects.filter(party=body, kind="oversight").update(region=world.parties["province"].region)
    offered = set(overseen_by(body, world.at)["against"])
    assert world.parties["city"] in offered and world.parties["province"] not in offered
    with pytest.raises(ValidationError, match="against"):
        file(world, against=world.parties["province"])


def test_an_overseer_is_offered_no_natural_person(world, grant):
    body = world.parties["oversight"]
    assert grant.buyer in overseen_by(body, world.at)["against"]
    paper = {"id_kind": "passport", "id_encrypted": "x", "id_hmac": "x"}
    Party.objects.filter(pk=grant.buyer.pk).update(kind="person", uscc=None, **paper)
    assert grant.buyer not in overseen_by(body, world.at)["against"]


def test_what_is_filed_against_a_party_becomes_a_finding_about_that_party_alone(world, grant):
    seller = world.version.product.seller
    made = file(world, against=seller, article="Art. 17")
    given = {"concern": made, "actor": world["officer"], "at": world.at, "reason": "属实"}
    other = file(world, against=grant.buyer, article="Art. 34")
    before = rows()
    for wrong in ({"grant": grant}, {"party": grant.buyer}):
        with pytest.raises(ValidationError):
            operations.take_up_concern(**given, **wrong)
    with pytest.raises(ValidationError):
        operations.take_up_concern(**{**given, "concern": other}, version=world.version)
    assert rows() == before
    with time_machine.travel(world.at, tick=False):
        officer = log_in(world["officer"])
        forms = [officer.get(reverse("supervision:concern-take_up", args=[one.pk])) for one in (made, other)]
        shown = [f'<option value="{world.version.pk}">' in one.content.decode() for one in forms]
        assert shown == [True, False]
        officer.post(
            reverse("supervision:concern-take_up", args=[made.pk]), {"version": world.version.pk, "reason": "属实"}
        )
    made.refresh_from_db()
    assert (made.finding.version, made.finding.party) == (world.version, seller)


def test_against_a_party_a_grant_of_non_public_data_is_taken_up_for_the_compliance_review(world):
    held, at = stages.non_public_grant(world, "active")
    made = operations.file_finding(
        party=world.parties["oversight"], actor=world["overseer"], at=at, article="Art. 34", text="-",
        against=held.buyer,
    )  # fmt: skip
    taken = {"concern": made, "actor": world["officer"], "at": at, "reason": "属实", "grant": held}
    with pytest.raises(NotAllowed):
        operations.take_up_concern(**taken, pause=True)
    found = operations.take_up_concern(**taken)
    assert (found.grant, found.party, found.reviewer) == (held, held.buyer, world.parties["compliance"])
    made.refresh_from_db()
    assert (made.responder, made.reviewer) == (found.reviewer, found.reviewer)
    operations.dismiss_finding(finding=found, actor=world["reviewer"], at=at, reason="查无实据")


def test_what_is_reported_of_the_site_goes_to_whoever_supervises_the_grant(world, grant):
    made = report(world).made
    province, city = world.parties["province"], world.parties["city"]
    assert (made.authority, grant.authority) == (province, city)
    taken = {"concern": made, "actor": world["province_officer"], "at": world.at, "reason": "初步属实", "grant": grant}
    before = rows()
    with pytest.raises(NotAllowed):  # it is not the province's grant
        operations.take_up_concern(**taken, pause=True)
    with pytest.raises(NotAllowed):
        operations.take_up_concern(**{**taken, "actor": world["officer"]})
    assert rows() == before
    found = operations.take_up_concern(**taken)
    made.refresh_from_db()
    assert (found.grant, found.authority, made.authority, made.responder) == (grant, city, city, city)
    heard = Outbox.objects.filter(kind="finding_opened", channel="page").values_list("recipient_ref", flat=True)
    assert world["officer"].ledger_ref in heard and world["buyer"].ledger_ref not in heard
    assert clock.of(found).open().get().kind == "finding"
    with time_machine.travel(world.at, tick=False):
        page = log_in(world["officer"]).get(found.get_absolute_url()).content.decode()
        assert made.text in page
    operations.dismiss_finding(finding=found, actor=world["officer"], at=world.at, reason="查无实据")
    made.refresh_from_db()
    assert (made.state, made.outcome) == ("settled", "查无实据")


def test_of_a_party_of_the_city_a_grant_of_the_province_is_taken_up_for_the_province(world, grant):
    made = file(world, against=grant.buyer, article="Art. 34")
    Grant.objects.update(authority=world.parties["province"])
    form = reverse("supervision:concern-take_up", args=[made.pk])
    with time_machine.travel(world.at, tick=False):
        officer = log_in(world["officer"])
        assert grant.number in officer.get(form).content.decode()
        sent = officer.post(form, {"grant": grant.number, "reason": "属实"})
        assert sent.url == made.get_absolute_url()  # the finding is not theirs to see
        assert officer.get(sent.url).status_code == 200
    made.refresh_from_db()
    province = world.parties["province"]
    assert (made.finding.authority, made.authority, made.responder) == (province, province, province)


def test_nobody_takes_up_for_others_what_is_their_own_case(world, grant):
    made = report(world).made
    today = local_date(world.at)
    Membership.objects.create(
        user=world["province_officer"], party=world.parties["developer"], role="auditor", valid_from=today
    )
    taken = {"concern": made, "actor": world["province_officer"], "at": world.at, "reason": "属实"}
    with pytest.raises(NotAllowed):
        operations.take_up_concern(**taken, grant=grant)


def test_who_stepped_back_no_longer_reads_in_the_console_who_reported(world):
    made = file(world, version=world.version)
    case = reverse("console:supervision_concern_change", args=[made.pk])
    names = (world.parties["oversight"].name, world["overseer"].name)

    def read(who):
        page = log_in(world[who]).get(case).content.decode()
        return [name in page for name in names]

    with time_machine.travel(world.at, tick=False):
        assert read("officer") == [True, True]
        operations.recuse_from(case=made, actor=world["officer"], at=world.at, reason="亲属")
        assert (read("officer"), read("second_officer")) == ([False, False], [True, True])


def test_a_report_about_a_buyer_s_grant_becomes_no_finding_about_another_buyer(world, grant):
    made = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="超范围使用")
    others, own = crowd.copy_grant(grant), crowd.copy_grant(grant)
    Grant.objects.filter(pk=others.pk).update(buyer=world.parties["other_buyer"])
    others.refresh_from_db()
    taken = {"concern": made, "actor": world["officer"], "at": world.at, "reason": "属实", "pause": True}
    before = rows()
    with pytest.raises(ValidationError, match="grant"):
        operations.take_up_concern(**taken, grant=others)
    assert rows() == before
    assert operations.take_up_concern(**taken, grant=own).grant == own


@pytest.mark.parametrize("whose", ["buyer", "other_buyer"])
def test_a_report_about_a_derived_product_becomes_a_finding_about_a_grant_it_is_built_from_alone(world, grant, whose):
    built = DerivedProduct.objects.create(party=grant.buyer, title="地图", description="-", created_at=world.at)
    DerivedFrom.objects.create(derived=built, grant=grant, version=world.version)
    made, another = report(world, built).made, crowd.copy_grant(grant)
    Grant.objects.filter(pk=another.pk).update(buyer=world.parties[whose])
    officer, form = log_in(world["officer"]), reverse("supervision:concern-take_up", args=[made.pk])
    before = rows()
    refused = post(world.at, form, {"grant": another.number, "reason": "属实"}, officer)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["grant"])
    assert "衍生产品" in refused.context["form"].errors["grant"][0]
    assert rows() == before
    assert post(world.at, form, {"grant": grant.number, "reason": "属实"}, officer).status_code == 302
    made.refresh_from_db()
    assert made.finding.grant == grant


# --- of non-public data -------------------------------------------------


def misuse_of_non_public_data(world):
    """Reported by the seller while the grant runs: the grant, the report, the moment."""
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    return grant, operations.report_misuse(grant=grant, actor=world["vendor"], at=at, text="转售"), at


def test_misuse_of_non_public_data_is_the_buyers_and_is_settled_by_the_sellers_notice(world):
    grant, made, at = misuse_of_non_public_data(world)
    assert (made.party, made.responder) == (grant.buyer, world.parties["compliance"])
    with time_machine.travel(at, tick=False):
        reviewer = log_in(world["reviewer"])
        form = reverse("supervision:concern-take_up", args=[made.pk])
        assert b'name="pause"' not in reviewer.get(form).content
        reviewer.post(form, {"grant": grant.number, "reason": "属实"})
        made.refresh_from_db()
        page = reviewer.get(made.finding.get_absolute_url()).content.decode()
        assert "违约通知" in page and grant.get_absolute_url() not in page
    found = made.finding
    assert (found.grant, found.version, found.party) == (grant, None, grant.buyer)
    assert (found.reviewer, found.signatory) == (world.parties["compliance"],) * 2
    assert any(task.obj == found for task in todo(world["reviewer"], at))
    assert not any(task.obj == found for task in todo(world["officer"], at))
    told = Outbox.objects.filter(kind="misuse_found", channel="page").values_list("recipient_ref", flat=True)
    assert world["vendor"].ledger_ref in told and world["buyer"].ledger_ref not in told
    given = {"finding": found, "at": at, **stages.CHARGE}
    for who in ("reviewer", "officer", "province_officer"):  # no order, nor by who else may not answer it
        with pytest.raises((InvalidState, NotAllowed)):
            operations.propose_order_on_finding(actor=world[who], **given)
    offered = {verb.name for verb in verbs.FINDING.available(found, world["reviewer"], at)}
    assert offered == {"add_evidence", "merge", "dismiss"}
    vendor = {"actor": world["vendor"], "at": at}
    with time_machine.travel(at, tick=False):
        form = reverse("supervision:grant-draft_notice", args=[grant.pk])
        assert f'<option value="{found.pk}">' in log_in(world["vendor"]).get(form).content.decode()
    notice = operations.draft_notice(grant=grant, clause="第三条", finding=found, **vendor, **stages.CHARGE)
    with pytest.raises(InvalidState):
        operations.draft_notice(grant=grant, clause="第三条", finding=found, **vendor, **stages.CHARGE)
    operations.issue_order(measure=notice, remedy=stages.REMEDY, **vendor, **stages.CHARGE)
    made.refresh_from_db()
    assert (made.state, made.finding.state) == ("settled", "measure")
    assert Outbox.objects.filter(
        kind="concern_moved", channel="page", recipient_ref=world["vendor"].ledger_ref
    ).count() == 2  # fmt: skip
    with pytest.raises(ValidationError):  # it is closed
        operations.draft_notice(grant=grant, clause="第三条", finding=found, **vendor, **stages.CHARGE)


def test_the_reviewer_merges_what_it_answers_in_the_regions_of_several_authorities(world):
    grant, first, at = misuse_of_non_public_data(world)
    elsewhere = crowd.copy_grant(grant)
    Grant.objects.filter(pk=elsewhere.pk).update(authority=world.parties["other_city"])
    elsewhere.refresh_from_db()
    vendor, said = {"actor": world["vendor"], "at": at}, {"at": at, "reason": "同一事项"}
    second, third = (operations.report_misuse(grant=elsewhere, text=text, **vendor) for text in ("转售", "出境"))
    found = operations.take_up_concern(concern=second, actor=world["reviewer"], **said)
    assert found.authority == world.parties["other_city"] != first.authority
    with time_machine.travel(at, tick=False):
        reviewer, merge = log_in(world["reviewer"]), reverse("supervision:concern-merge", args=[first.pk])
        assert reviewer.post(merge, {"finding": found.pk, "reason": "同一事项"}).status_code == 302
    own = operations.take_up_concern(concern=third, grant=grant, actor=world["reviewer"], **said)
    with time_machine.travel(at, tick=False):
        merge = reverse("supervision:finding-merge", args=[own.pk])
        assert reviewer.post(merge, {"into": found.pk, "reason": "同一事项"}).status_code == 302
    assert set(Concern.objects.values_list("state", "finding")) == {("taken_up", found.pk)}


def test_what_the_reviewer_answers_and_what_the_authority_answers_are_not_merged(world, grant):
    _of, made, at = misuse_of_non_public_data(world)
    public = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="超范围使用")
    found = operations.take_up_concern(concern=public, actor=world["officer"], at=at, reason="属实")
    assert (found.party, found.authority) == (made.party, made.authority)
    Membership.objects.create(  # of both bodies
        user=world["officer"], party=world.parties["compliance"], role="member", valid_from=local_date(world.at)
    )
    said = {"actor": world["officer"], "at": at, "reason": "同一事项"}
    before = rows()
    with pytest.raises(InvalidState):
        operations.merge_concern(concern=made, finding=found, **said)
    assert rows() == before
    with time_machine.travel(at, tick=False):
        form = log_in(world["officer"]).get(reverse("supervision:concern-merge", args=[made.pk])).context["form"]
    assert not form.fields["finding"].queryset.exists()


def test_the_reviewer_pauses_no_grant_and_dismisses_misuse_of_it_with_reasons(world):
    _grant, made, at = misuse_of_non_public_data(world)
    answer = {"concern": made, "actor": world["reviewer"], "at": at, "reason": "待查"}
    before = rows()
    with pytest.raises(ValidationError, match="pause"):
        operations.take_up_concern(**answer, pause=True)
    assert rows() == before
    found = operations.take_up_concern(**answer)
    operations.dismiss_finding(finding=found, actor=world["reviewer"], at=at, reason="查无实据")
    made.refresh_from_db()
    assert (made.state, made.outcome) == ("settled", "查无实据")


def test_misuse_in_what_is_built_on_non_public_data_alone_is_the_compliance_reviews(world):
    grant, _over = stages.non_public_grant(world, "active")
    at = grant.activated_at
    made = DerivedProduct.objects.create(party=grant.buyer, title="选址地图", description="-", created_at=at)
    DerivedFrom.objects.create(derived=made, grant=grant, version=grant.from_version)
    about = report(world, made).made
    assert (about.reviewer, about.responder) == (world.parties["compliance"],) * 2
    reviewer = log_in(world["reviewer"])
    with time_machine.travel(at, tick=False):
        form = reverse("supervision:concern-take_up", args=[about.pk])
        assert grant.number in reviewer.get(form).content.decode()
        sent = reviewer.post(form, {"grant": grant.number, "reason": "属实"})
    about.refresh_from_db()
    assert (sent.url, about.finding.grant) == (about.finding.get_absolute_url(), grant)
    public = stages.active_grant(world)
    DerivedFrom.objects.create(derived=made, grant=public, version=world.version)
    mixed = report(world, made).made
    assert (mixed.reviewer, mixed.responder) == (None, world.parties["city"])


def test_a_take_down_answers_the_finding_about_its_version_and_no_other(world):
    grant, made, at = misuse_of_non_public_data(world)
    operations.dismiss_concern(concern=made, actor=world["reviewer"], at=at, reason="不属实")
    about = report(world, grant.product).made
    found = operations.take_up_concern(concern=about, actor=world["reviewer"], at=at, reason="属实")
    assert (found.version, found.party) == (grant.from_version, grant.product.seller)
    vendor = {"actor": world["vendor"], "at": at, "clause": "第三条", **stages.CHARGE}
    with pytest.raises(ValidationError, match="finding"):
        operations.draft_notice(grant=grant, finding=found, **vendor)
    reviewer = {"actor": world["reviewer"], "at": at, **stages.CHARGE}
    drafted = operations.draft_take_down(version=found.version, clause="第六条", finding=found, **reviewer)
    operations.issue_order(measure=drafted, remedy=stages.REMEDY, **reviewer)
    about.refresh_from_db()
    assert (about.state, about.finding.state) == ("settled", "measure")


def test_a_system_reads_what_was_written_on_a_report_by_side_without_names(world, grant, partner):  # noqa: F811
    made = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="疑似转售")
    operations.write_to_concern(concern=made, actor=world["officer"], at=world.at, text="请补充材料")
    operations.write_to_concern(concern=made, actor=world["provider"], at=world.at, text="材料已上传")
    with time_machine.travel(world.at, tick=False):
        answer = partner("provider").get(f"concerns/{made.pk}/")
    assert [(note["is_reporter"], note["text"]) for note in answer.json()["notes"]] == [
        (False, "请补充材料"), (True, "材料已上传"),
    ]  # fmt: skip
    assert world["officer"].name not in answer.content.decode()


def test_an_order_drafted_on_the_grant_answers_the_finding_that_it_names(world, grant):
    made = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="疑似转售")
    officer = {"actor": world["officer"], "at": world.at}
    operations.take_up_concern(concern=made, grant=grant, reason="属实", **officer)
    (found,) = grant.findings.all()
    with time_machine.travel(world.at, tick=False):
        assert (
            f'value="{found.pk}"'
            in log_in(world["officer"])
            .get(reverse("supervision:grant-propose_order", args=[grant.pk]))
            .content.decode()
        )
    other = stages.another_finding(stages.active_grant(world), world.at)
    with pytest.raises(ValidationError):
        operations.propose_order_on_grant(grant=grant, finding=other, **officer, **stages.CHARGE)
    order = operations.propose_order_on_grant(grant=grant, finding=found, **officer, **stages.CHARGE)
    with pytest.raises(InvalidState):  # one at a time
        operations.propose_order_on_grant(grant=grant, finding=found, **officer, **stages.CHARGE)
    operations.issue_order(measure=order, remedy=stages.REMEDY, **officer, **stages.CHARGE)
    found.refresh_from_db()
    made.refresh_from_db()
    assert (found.state, made.state) == ("measure", "settled")


def test_a_revocation_answers_the_finding_that_it_names_and_leaves_every_other_open(world, grant):
    made = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="疑似转售")
    operations.take_up_concern(concern=made, grant=grant, actor=world["officer"], at=world.at, reason="属实")
    (found,) = grant.findings.all()
    unnamed = stages.another_finding(grant, world.at)
    elsewhere = open_finding(ledger.begin("notice", JOB, world.at), world.version, "data_stale", "stale", "Art. 13")
    operations.recuse_from(case=found, actor=world["second_officer"], at=world.at, reason="亲属")
    said = {"grant": grant, "at": world.at, "article": "Art. 15", "reason": "撤回同意", "remedy": stages.REMEDY}
    with pytest.raises(ValidationError):  # of a version
        operations.revoke_grant(actor=world["officer"], finding=elsewhere, **said)
    grant.refresh_from_db()
    with pytest.raises(NotAllowed):
        operations.revoke_grant(actor=world["second_officer"], finding=found, **said)
    grant.refresh_from_db()
    assert grant.state == "active"
    page = reverse("supervision:grant-revoke", args=[grant.pk])
    with time_machine.travel(world.at, tick=False):
        offered = {
            who: log_in(world[who]).get(page).context["form"].fields["finding"].queryset
            for who in ("officer", "second_officer")
        }
    assert [list(rows) for rows in offered.values()] == [[found, unnamed], [unnamed]]
    Outbox.objects.all().delete()
    sent = {name: said[name] for name in ("article", "reason", "remedy")} | {"finding": found.pk}
    assert post(world.at, page, sent, log_in(world["officer"])).status_code == 302
    for row in (grant, found, made, unnamed, elsewhere):
        row.refresh_from_db()
    states = (grant.state, found.state, made.state, unnamed.state, elsewhere.state)
    assert states == ("revoked", "measure", "settled", "open", "open")
    assert Outbox.objects.filter(kind="concern_moved", recipient_ref=world["provider"].ledger_ref).exists()
    acts = Entry.objects.filter(verb="revoke").values_list("operation_id", flat=True)
    assert len(set(acts)) == 1 < len(acts)
