"""What is reported about neither a grant nor a version on offer: a finding about the party, answered like any other."""

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import Membership
from listings.models import CatalogueEntry, Version
from marketplace.clock import operations as clock
from marketplace.clock.working_days import local_date
from marketplace.desk.queries import todo
from marketplace.errors import InvalidState, NotAllowed
from marketplace.notices.models import Outbox
from marketplace.supervision import evaluation, operations, verbs
from marketplace.supervision.concern import Concern
from marketplace.supervision.forms_concern import TakeUpForm
from marketplace.supervision.models import DerivedProduct, Finding, Measure
from tests.api.conftest import partner  # noqa: F401
from tests.supervision.test_concerns import file, log_in, report
from tests.workflow import stages
from tests.workflow.matrix import rows

FOUND = "属实"


def take_up(world, concern, who="officer", **named):
    return operations.take_up_concern(concern=concern, actor=world[who], at=world.at, reason=FOUND, **named)


def about_a_party(world, case):
    """The report, who takes it up and what they name, and the finding's party and authority."""
    parties = world.parties
    if case == "site":
        return report(world).made, "province_officer", {"party": parties["unit"]}, parties["unit"], parties["city"]
    if case == "entry":
        entry = CatalogueEntry.objects.filter(unit=parties["unit"]).first() or stages.entry(world, "published")[0]
        return report(world, entry).made, "officer", {}, entry.unit, parties["city"]
    if case == "derived":
        built = DerivedProduct.objects.create(
            party=parties["buyer"], title="地图", description="-", created_at=world.at
        )
        return report(world, built).made, "officer", {}, parties["buyer"], parties["city"]
    if case == "retired":
        Version.objects.filter(product=world.product).update(state="retired")
        return report(world, world.product).made, "officer", {}, world.product.seller, parties["city"]
    if case == "overseer":
        return file(world, against=parties["unit"], article="Art. 34"), "officer", {}, parties["unit"], parties["city"]
    made = file(world, against=parties["city"], article="Art. 34")
    return made, "province_officer", {}, parties["city"], parties["province"]


CASES = ("site", "entry", "derived", "retired", "overseer", "authority")


@pytest.mark.parametrize("case", CASES)
def test_it_is_taken_up_as_a_finding_about_the_party_and_answered_with_an_order(world, case):
    made, who, named, party, authority = about_a_party(world, case)
    finding = take_up(world, made, who, **named)
    assert (finding.grant, finding.version, finding.party, finding.authority) == (None, None, party, authority)
    assert (finding.about, clock.of(finding).open().get().kind) == (party, "finding")
    made.refresh_from_db()
    assert (made.state, made.finding, made.responder) == ("taken_up", finding, authority)
    answering = "province_officer" if authority == world.parties["province"] else "officer"
    assert finding in [task.obj for task in todo(world[answering], world.at)]
    names = {verb.name for verb in verbs.FINDING.available(finding, world[answering], world.at)}
    assert {"order_correction", "dismiss", "merge"} <= names and not {"propose_order", "hold"} & names
    measure = operations.order_on_finding(finding=finding, actor=world[answering], at=world.at, **stages.CHARGE)
    assert (measure.kind, measure.party, measure.authority) == ("order_46", party, authority)
    operations.issue_order(measure=measure, actor=world[answering], at=world.at, **stages.CHARGE, remedy=stages.REMEDY)
    made.refresh_from_db()
    assert (made.state, made.finding.state) == ("settled", "measure")
    day = local_date(world.at)
    figures = evaluation.findings(evaluation.Scope([authority.pk], day, day, world.at)).figures
    assert {one.code: one.value for one in figures}["rule_" + finding.rule] == 1


def test_the_platform_is_answered_with_an_order_under_article_47(world):
    finding = take_up(world, report(world).made, "province_officer", party=world.parties["operator"])
    who = "province_officer" if finding.authority == world.parties["province"] else "officer"
    assert verbs.FINDING.get("order_correction").cites(finding) == "Art. 47"
    measure = operations.order_on_finding(finding=finding, actor=world[who], at=world.at, **stages.CHARGE)
    assert (measure.kind, measure.article, measure.party) == ("order_47", "Art. 47", world.parties["operator"])
    operations.issue_order(measure=measure, actor=world[who], at=world.at, **stages.CHARGE, remedy=stages.REMEDY)
    assert Finding.objects.get().state == "measure"


def test_dismissed_its_reporter_is_told_why(world):
    made, who, named, *_whose = about_a_party(world, "overseer")
    finding = take_up(world, made, who, **named)
    assert finding.article == "Art. 34"
    operations.dismiss_finding(finding=finding, actor=world["officer"], at=world.at, reason="有应急预案")
    made.refresh_from_db()
    assert (made.state, made.outcome) == ("settled", "有应急预案")
    told = Outbox.objects.filter(kind="concern_moved", channel="page", recipient_ref=world["overseer"].ledger_ref)
    assert told.count() == 2


def test_who_is_named_has_its_seat_there_and_only_where_the_report_names_nobody(world, grant):
    of_site, of_party = report(world).made, file(world, against=world.parties["unit"], article="Art. 34")
    province = world.parties["province"]
    before = rows()
    for wrong in ({}, {"party": province}, {"party": grant.buyer, "grant": grant}):
        with pytest.raises(ValidationError):
            take_up(world, of_site, "province_officer", **wrong)
    with pytest.raises(ValidationError, match="party"):
        take_up(world, of_party, party=grant.buyer)
    assert rows() == before
    form = TakeUpForm(target=of_site, actor=world["province_officer"], at=world.at)
    offered = set(form.fields["party"].queryset)
    assert {world.parties[name] for name in ("unit", "buyer", "operator", "city")} <= offered
    assert province not in offered
    assert "party" not in TakeUpForm(target=of_party, actor=world["officer"], at=world.at).fields


def test_nobody_of_the_party_takes_it_up_answers_it_or_reads_the_report_from_then_on(world):
    made = report(world).made
    Membership.objects.create(
        user=world["province_officer"], party=world.parties["unit"], role="auditor", valid_from=local_date(world.at)
    )
    with pytest.raises(NotAllowed):
        take_up(world, made, "province_officer", party=world.parties["unit"])
    Membership.objects.filter(user=world["province_officer"], party=world.parties["unit"]).delete()
    finding = take_up(world, made, "province_officer", party=world.parties["unit"])
    Membership.objects.create(
        user=world["officer"], party=world.parties["unit"], role="auditor", valid_from=local_date(world.at)
    )
    before = rows()
    for nobody in ("officer", "other_officer", "county_officer", "provider", "reviewer"):
        with pytest.raises(NotAllowed):
            operations.dismiss_finding(finding=finding, actor=world[nobody], at=world.at, reason="不属实")
        with pytest.raises(NotAllowed):
            operations.order_on_finding(finding=finding, actor=world[nobody], at=world.at, **stages.CHARGE)
    assert rows() == before
    with time_machine.travel(world.at, tick=False):
        for who, shown in (("officer", 404), ("second_officer", 200), ("provider", 404)):
            client = log_in(world[who])
            assert [client.get(one.get_absolute_url()).status_code for one in (finding, made)] == [shown, shown], who


def test_whoever_stepped_back_from_the_report_answers_the_finding_no_more(world):
    made, who, named, *_whose = about_a_party(world, "overseer")
    operations.recuse_from(case=made, actor=world["second_officer"], at=world.at, reason="亲属")
    finding = take_up(world, made, who, **named)
    for act, said in ((operations.dismiss_finding, {"reason": "-"}), (operations.order_on_finding, stages.CHARGE)):
        with pytest.raises(NotAllowed):
            act(finding=finding, actor=world["second_officer"], at=world.at, **said)


def test_reports_and_findings_about_one_party_are_merged_whatever_they_are_about(world, grant):
    built = DerivedProduct.objects.create(party=grant.buyer, title="地图", description="-", created_at=world.at)
    finding = take_up(world, report(world, built).made)
    more, other = report(world, built).made, file(world, against=world.parties["unit"], article="Art. 34")
    officer = {"actor": world["officer"], "at": world.at, "reason": "同一事项"}
    operations.merge_concern(concern=more, finding=finding, **officer)
    with pytest.raises(InvalidState):
        operations.merge_concern(concern=other, finding=finding, **officer)
    misused = operations.report_misuse(grant=grant, actor=world["provider"], at=world.at, text="超范围使用")
    of_grant = operations.take_up_concern(concern=misused, **officer)
    operations.merge_finding(finding=of_grant, into=finding, **officer)
    operations.dismiss_finding(finding=finding, **officer)
    assert set(Concern.objects.exclude(pk=other.pk).values_list("state", "finding")) == {("settled", finding.pk)}


def test_the_level_above_takes_it_over_with_its_reports_and_the_order_that_is_proposed(world):
    made, who, named, *_whose = about_a_party(world, "overseer")
    finding = take_up(world, made, who, **named)
    operations.order_on_finding(finding=finding, actor=world["officer"], at=world.at, **stages.CHARGE)
    operations.take_finding(finding=finding, actor=world["province_officer"], at=world.at, reason="重大")
    province = {world.parties["province"].pk}
    for model in (Finding, Concern, Measure):
        assert set(model.objects.values_list("authority", flat=True)) == province
    operations.issue_order(
        measure=Measure.objects.get(), actor=world["province_officer"], at=world.at, **stages.CHARGE,
        remedy=stages.REMEDY,
    )  # fmt: skip
    assert Concern.objects.get().state == "settled"


def test_pages_and_console_say_whom_it_is_about(world):
    made = report(world).made
    with time_machine.travel(world.at, tick=False):
        province, officer = log_in(world["province_officer"]), log_in(world["officer"])
        form = reverse("supervision:concern-take_up", args=[made.pk])
        assert list(province.post(form, {"reason": FOUND}).context["form"].errors) == ["party"]
        province.post(form, {"reason": FOUND, "party": world.parties["unit"].pk})
        finding = Finding.objects.get()
        name = str(world.parties["unit"])
        for page in (
            finding.get_absolute_url(), reverse("supervision:finding-list"), made.get_absolute_url(),
            reverse("console:supervision_finding_changelist"),
            reverse("console:supervision_finding_change", args=[finding.pk]),
        ):  # fmt: skip
            text = officer.get(page).content.decode()
            assert name in text or page == made.get_absolute_url(), page


def test_the_follow_up_of_anybody_s_report_does_not_say_whom_the_officer_named(world):
    lodged = report(world)
    take_up(world, lodged.made, "province_officer", party=world.parties["unit"])
    follow = {"number": lodged.made.number, "code": lodged.code}
    with time_machine.travel(world.at, tick=False):
        page = log_in(world["buyer"]).post(reverse("supervision:concern-follow"), follow).content.decode()
    assert lodged.made.number in page and str(world.parties["unit"]) not in page


@pytest.mark.parametrize("kind", ["misuse", "fault"])
def test_a_system_reports_on_a_catalogue_entry_and_a_derived_product_as_on_a_product(world, grant, partner, kind):  # noqa: F811
    entry, _at = stages.entry(world, "published")
    built = DerivedProduct.objects.create(party=grant.buyer, title="地图", description="-", created_at=world.at)
    system, said = partner("provider"), {"kind": kind, "text": "数据目录与实际不符"}
    buyers = partner("buyer")
    for client, path, subject, party in (
        (system, f"entries/{entry.pk}", entry, entry.unit),
        (buyers, f"derived-products/{built.pk}", built, built.party),
    ):
        answer = client.post(f"{path}/concerns/", said)
        assert answer.status_code == 201, answer.content
        made = Concern.objects.get(pk=answer.json()["id"])
        assert (made.subject, made.kind, made.party) == (subject, kind, party)
        assert made.responder == (party if kind == "fault" else world.parties["city"])
        assert client.post(f"{path}/concerns/", {**said, "text": ""}).status_code == 422
    assert partner("other_buyer").post(f"derived-products/{built.pk}/concerns/", said).status_code == 404
    assert Concern.objects.count() == 2
