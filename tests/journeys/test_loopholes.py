"""What a second adversary got through with, once: each test is a loophole that stays closed."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import translation

from accounts.models import Party
from listings import operations as listing
from listings.models import Version
from listings.states import VersionState
from marketplace.applications import operations as applications
from marketplace.applications.models import Consultation, Grant
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.delivery import operations as delivery
from marketplace.delivery.models import AccessRecord
from marketplace.desk.queries import todo
from marketplace.desk.story import apply_for, consult, later
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger.models import Entry
from marketplace.notices.messages import render
from marketplace.notices.models import Channel, Outbox
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import DerivedFlag, DerivedProduct, Measure
from marketplace.supervision.monitors import MONITORS
from marketplace.supervision.sweep import sweep
from tests.journeys.test_attacks import browser_of, foreign_entry, new_version, ordered
from tests.workflow import stages
from tests.workflow.memory import remembered_sandbox  # noqa: F401

DAY = timedelta(days=1)


def test_city_decides_nothing_once_the_data_of_another_city_came_in(world, tmp_path):
    unit = world.parties["other_unit"]
    Party.objects.filter(pk=unit.pk).update(region=world.parties["other_city"].region)
    unit.refresh_from_db()
    application = apply_for(world.product, world.cast, world.at, world.fields)
    assert application.authority == world.parties["city"]
    applications.accept_application(application=application, actor=world["officer"], at=world.at)
    fields = {**stages.ENTRY_FIELDS, "unit": unit, "actor": world["other_provider"]}
    entry = listing.propose_entry(at=world.at, **fields)
    listing.publish_entry(entry=entry, actor=world["other_officer"], at=world.at)
    version = new_version(world, world.product, tmp_path, world.at, sources=[entry])
    listing.submit_version(version=version, actor=world["seller"], at=world.at)
    assert version.authority == world.parties["province"]
    listing.approve_version(version=version, actor=world["province_officer"], at=world.at, **stages.SIGN_OFF)
    published = later(world.at, Kind.PUBLICITY)
    listing.publish_version(version=version, actor=world["province_officer"], at=published)
    with pytest.raises(InvalidState):
        applications.consult_units(application=application, actor=world["officer"], at=published)
    applications.return_application(
        application=application, actor=world["officer"], at=published, reason="改由省级受理"
    )
    applications.submit_application(application=application, actor=world["buyer"], at=published)
    assert application.authority == world.parties["province"]


def test_item_is_not_approved_by_an_authority_that_lost_it(world, tmp_path):
    item, at = stages.item(world, "open@under_review")
    Party.objects.filter(pk=world.parties["unit"].pk).update(region=world.parties["other_city"].region)
    with pytest.raises(InvalidState):
        stages.approve(item, world, at)
    assert not Grant.objects.exists()


def test_grant_given_back_before_any_sweep_still_owes_its_report(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    applications.surrender_grant(grant=grant, actor=world["buyer"], at=world.at + timedelta(minutes=5), reason="不用")
    sweep(at=world.at + DAY * 100)
    report = grant.reports.get()
    assert (report.start, report.end) == (local_date(world.at), local_date(world.at))
    sweep(at=world.at + DAY * 100)
    assert grant.reports.count() == 1
    assert sorted(finding.rule for finding in grant.findings.all()) == ["not_closed_out", "report_overdue"]


BLANK = {"reason": " "}


@pytest.mark.parametrize(
    ("noun", "state", "act", "who", "fields"),
    [
        ("measure", "proposed", supervision.issue_order, "officer", {"facts": "", "demand": "", "remedy": "r"}),
        ("measure", "proposed", supervision.drop_order, "officer", BLANK),
        ("measure", "issued", supervision.open_hearing, "officer", BLANK),
        ("measure", "issued", supervision.file_evidence, "buyer", {"text": ""}),
        ("measure", "issued", supervision.lift_order, "officer", BLANK),
        ("measure", "issued", supervision.annul_order, "second_officer", BLANK),
        ("measure", "issued+hearing", supervision.file_statement, "buyer", {"text": "", "refuses": True}),
        ("measure", "issued+hearing", supervision.find_refusal, "officer", BLANK),
        ("measure", "refused_to_correct", supervision.terminate_service, "officer", {**BLANK, "remedy": "r"}),
        ("version", "submitted", listing.return_version, "officer", BLANK),
        ("version", "submitted", listing.refuse_version, "officer", {**BLANK, "remedy": "r"}),
        ("version", "published", listing.recall_version, "officer", BLANK),
        ("application", "submitted", applications.refuse_application, "officer", {**BLANK, "remedy": "r"}),
        ("application", "under_review", applications.return_application, "officer", BLANK),
        ("item", "open@under_review", applications.refuse_item, "officer", {**BLANK, "remedy": "r"}),
        ("consultation", "asked", applications.object_to, "provider", BLANK),
        ("grant", "active", supervision.take_precaution, "officer", BLANK),
        ("report", "filed", supervision.return_report, "officer", BLANK),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_nothing_is_decided_without_a_word(world, noun, state, act, who, fields):
    obj, at = getattr(stages, noun)(world, state)
    before = Entry.objects.count()
    with pytest.raises(ValidationError):
        act(**{noun: obj}, actor=world[who], at=at, **fields)
    assert Entry.objects.count() == before


def test_refusal_is_not_found_once_the_party_corrects_after_all(world, grant):
    measure = ordered(world, grant, world.at)
    officer = {"measure": measure, "actor": world["officer"]}
    stages.hear(measure, world.at, world["officer"], world["buyer"])
    supervision.file_evidence(measure=measure, actor=world["buyer"], at=world.at + DAY, text="已改正")
    supervision.note_seen(**officer, at=world.at + DAY)
    with pytest.raises(InvalidState):
        supervision.find_refusal(**officer, at=world.at + DAY, reason="曾拒绝")


def test_proposed_order_whose_report_came_after_all_is_not_issued(world, grant):
    sweep(at=world.at + DAY)
    report = grant.reports.get()
    sweep(at=report.late_at)
    measure = Measure.objects.get()
    supervision.file_report(report=report, actor=world["buyer"], at=report.late_at, use="训练")
    with pytest.raises(InvalidState):
        stages.issue(measure, world, report.late_at)
    assert not grant.holds.filter(code="measure").exists()
    page = browser_of(world["officer"]).get(measure.get_absolute_url()).content.decode()
    assert "问题线索已了结" in page
    supervision.drop_order(measure=measure, actor=world["officer"], at=report.late_at, reason="已提交")


def test_question_to_a_unit_ends_with_the_application_it_was_about(world, application):
    consult(application, world.cast, world.at)
    asked = application.consultations.get()
    applications.withdraw_application(application=application, actor=world["buyer"], at=world.at, reason="不用了")
    assert Consultation.objects.get(pk=asked.pk).state == "closed"
    assert [task.obj for task in todo(world["provider"], world.at) if isinstance(task.obj, Consultation)] == []


def test_returned_version_whose_source_is_gone_can_be_discarded(world, tmp_path):
    version = new_version(world, world.product, tmp_path, world.at, sources=[foreign_entry(world, world.at)])
    listing.submit_version(version=version, actor=world["seller"], at=world.at)
    listing.return_version(version=version, actor=world["officer"], at=world.at, reason="补充")
    entry = version.sources.exclude(unit=world.parties["unit"]).get().entry
    listing.withdraw_entry(entry=entry, actor=world["other_provider"], at=world.at, reason="停止")
    with pytest.raises(ValidationError):
        listing.submit_version(version=version, actor=world["seller"], at=world.at)
    listing.discard_version(version=version, actor=world["seller"], at=world.at)
    assert not version.files.filter(destroyed_at=None).exists()
    assert new_version(world, world.product, tmp_path, world.at).state == VersionState.ASSESSED


def test_details_of_a_returned_version_are_corrected_but_not_whom_its_rows_are_about(world):
    version, at = stages.version(world, "returned")
    fields = {**stages.VERSION_FIELDS, "deidentification_tool": "抑制"}
    with pytest.raises(ValidationError) as refused:
        listing.describe_version(version=version, actor=world["seller"], at=at, about="none", **fields)
    assert list(refused.value.message_dict) == ["about"]
    listing.describe_version(version=version, actor=world["seller"], at=at, about="persons", **fields)
    assert Version.objects.get(pk=version.pk).deidentification_tool == "抑制"


def test_data_is_not_collected_in_the_future(world):
    fields = {**stages.VERSION_FIELDS, "collected_until": local_date(world.at) + DAY}
    with pytest.raises(ValidationError) as refused:
        listing.create_version(product=world.product, actor=world["seller"], at=world.at, about="none", **fields)
    assert list(refused.value.message_dict) == ["collected_until"]


def test_everything_missing_is_named_at_once_and_linked(world):
    product, at = stages.product(world, "active+undeclared")
    fields = {**stages.VERSION_FIELDS, "key_is_kept": True, "key_kept_by": "安全科", "key_kept_where": "密码机"}
    version = listing.create_version(product=product, actor=world["seller"], at=at, about="none", **fields)
    page = browser_of(world["seller"]).get(version.get_absolute_url()).content.decode()
    for name, pk in (("product-declare", product.pk), ("product-add_source_file", product.pk)):
        assert f'href="{reverse(f"listings:{name}", args=[pk])}"' in page
    assert f'href="{reverse("listings:version-describe", args=[version.pk])}"' in page


def test_gate_records_strangers_as_well_and_tells_them_nothing(world, grant):
    url = reverse("delivery:download", args=[grant.pk, world.version.pk, "csv"])
    for who in ("other_buyer", "other_officer", "county_officer"):
        answer = browser_of(world[who]).post(url)
        record = AccessRecord.objects.order_by("pk").last()
        assert answer.status_code == 404
        assert (record.outcome, record.code, record.principal_ref) == ("refused", "not_a_user", world[who].ledger_ref)


def test_source_named_twice_counts_once(world, grant):
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    pair = f"{grant.pk}:{world.version.pk}"
    answer = browser_of(world["buyer"]).post(
        reverse("supervision:derived-register", args=[grant.buyer_id]),
        {"title": "图", "description": "图", "url": "", "built_from": [pair, pair]},
    )
    assert answer.status_code == 302
    assert DerivedProduct.objects.get().built_from.count() == 1


def test_flagged_product_is_withdrawn_by_the_officer_too_but_never_a_published_one(world):
    derived, at = stages.derived(world, "published")
    officer = {"derived": derived, "actor": world["officer"], "at": at, "reason": "数据服务已终止"}
    with pytest.raises(NotAllowed):
        supervision.withdraw_derived(**officer)
    DerivedProduct.objects.filter(pk=derived.pk).update(state="flagged")
    DerivedFlag.objects.create(derived=derived, grant=derived.built_from.get().grant, raised_at=at)
    derived.refresh_from_db()
    assert derived in [task.obj for task in todo(world["officer"], at)]
    supervision.withdraw_derived(**officer)
    assert DerivedProduct.objects.get(pk=derived.pk).state == "withdrawn"


def test_nil_report_names_no_use(world):
    report, at = stages.report(world, "open")
    with pytest.raises(ValidationError):
        supervision.file_report(report=report, actor=world["buyer"], at=at, is_nil=True, use="训练")


def test_party_is_told_of_its_hearing_and_until_when(world, grant):
    measure = ordered(world, grant, world.at)
    over = later(world.at, Kind.CORRECTION)
    supervision.file_evidence(measure=measure, actor=world["buyer"], at=over, text="已改正")
    supervision.open_hearing(measure=measure, actor=world["officer"], at=over, reason="拟终止")
    notice = Outbox.objects.get(kind="hearing_opened", channel=Channel.PAGE, recipient_ref=world["buyer"].ledger_ref)
    assert notice.context["due"] in render(notice.kind, notice.context)[1]
    assert measure in [task.obj for task in todo(world["buyer"], over)]


def test_officer_is_not_asked_about_the_own_firm(world, grant):
    measure = stages.proposal(world, grant)
    assert measure in [task.obj for task in todo(world["officer"], world.at)]
    assert todo(world["conflicted_officer"], world.at) == []
    assert browser_of(world["conflicted_officer"]).get(measure.get_absolute_url()).status_code == 404


def test_state_in_a_notice_follows_the_readers_language(world, grant):
    notice = Outbox.objects.filter(kind="application_moved", channel=Channel.PAGE).order_by("pk").first()
    with translation.override("en"):
        assert "accepted for processing" in render(notice.kind, notice.context)[0]
    with translation.override("zh-hans"):
        assert "已受理" in render(notice.kind, notice.context)[0]


def test_object_in_a_notice_is_named_in_the_readers_language_whoever_acted_in_which(world, grant):
    sweep(at=world.at + DAY)
    with translation.override("en"):
        late = grant.reports.earliest("pk").late_at
        sweep(at=late)
        sweep(at=late + DAY * 30)  # the finding's own deadline has run out
    notice = Outbox.objects.filter(kind="clock_overdue", channel=Channel.PAGE, link__startswith="/finding/").first()
    assert notice.context["object"]["zh-hans"].startswith("使用情况报告逾期")


def test_remedy_of_a_decision_is_offered_in_chinese_whatever_the_officer_reads(world):
    version, _at = stages.version(world, "submitted")
    page = browser_of(world["officer"]).get(
        reverse("listings:version-refuse", args=[version.pk]), headers={"Accept-Language": "en"}
    )
    assert "行政复议" in page.content.decode()


def test_monitor_that_breaks_does_not_keep_the_others_from_watching(world, grant, monkeypatch):
    def broken(at, scope):
        raise RuntimeError("no calendar")

    monkeypatch.setattr("marketplace.supervision.sweep.MONITORS", [MONITORS[0].__class__(
        "broken", "broken", "Art. 16", broken, lambda row, at: True), *MONITORS])  # fmt: skip
    results = sweep(at=world.at + DAY)
    assert [(result.monitor, result.failed) for result in results if result.failed] == [("broken", 1)]
    assert grant.reports.exists()


def test_walkthrough_shows_what_it_did_and_nothing_of_others(world, capsys):
    from django.core.management import call_command

    from marketplace.desk import walkthrough

    told, real = [], walkthrough.apply_and_grant

    def beside(stage, product, version):  # somebody else works on the same site meanwhile
        stages.product(world, "active+undeclared")
        return real(stage, product, version)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walkthrough, "apply_and_grant", beside)
        call_command("walkthrough", "--json")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    refusals = [step for step in told if step["outcome"] == "refused"]
    assert refusals
    assert all(step["ledger"] == [] for step in refusals)
