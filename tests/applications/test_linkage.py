"""What one buyer's data reveals together: due, measured, kept, shown, and weighed before an approval (Art. 35)."""

import csv
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from listings.deidentification import sandbox
from listings.models import Column
from marketplace.applications import operations
from marketplace.applications.models import Application, Decision, Grant, LinkageResult
from marketplace.applications.operations.linkage import pairs_of, request_linkages
from marketplace.desk.story import (
    apply_for,
    consult,
    list_version,
    make_entry,
    make_non_public_product,
    make_product,
    make_version,
)
from marketplace.errors import InvalidState
from marketplace.ledger.models import Entry
from marketplace.supervision import operations as supervision
from marketplace.supervision.closeout import Certificate
from marketplace.supervision.operations.reviewed import term_of
from tests.supervision.test_monitors import deliver
from tests.workflow import stages
from tests.workflow.matrix import rows

TOWNS = [f"街道{n}" for n in range(20)]
JOBS = [f"职业{n}" for n in range(20)]
GRID = [(town, job) for town in TOWNS for job in JOBS]  # 400 persons: 20 in each town, 20 in each job, one in both


def product(world, name, column, values, *, key="p"):
    """A product about the same 400 persons, each with a pseudonym and one quasi-identifier: k = 20."""
    path = stages.scratch(f"{name}.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("化名", column), *((f"{key}{n}", value) for n, value in enumerate(values))])
    made = make_product(world.cast, make_entry(world.cast, world.at, title=name), world.at, title=name)
    roles = {"化名": "subject", column: "quasi_identifier"}
    list_version(make_version(made, world.cast, world.at, path, roles, about="persons"), world.cast, world.at)
    return made


@pytest.fixture
def towns(world):
    return product(world, "住地", "街道", [town for town, _job in GRID])


@pytest.fixture
def jobs(world):
    return product(world, "职业", "职业", [job for _town, job in GRID])


def under_review(world, *products, fields=None, buyer="buyer"):
    case = operations.start_application(
        buyer=world.parties[buyer], actor=world[buyer], at=world.at, title="分析", product=products[0],
        fields=fields or names(products[0]),
    )  # fmt: skip
    for other in products[1:]:
        operations.add_item(application=case, actor=world[buyer], at=world.at, product=other, fields=names(other))
    operations.describe_application(
        application=case, actor=world[buyer], at=world.at, title="分析", period_from=world.at.date(),
        period_until=world.at.date() + timedelta(days=365), **stages.SCENARIO,
    )  # fmt: skip
    operations.submit_application(application=case, actor=world[buyer], at=world.at)
    consult(case, world.cast, world.at)
    for asked in case.consultations.all():
        operations.consent(consultation=asked, actor=world["provider"], at=world.at)
    operations.begin_review(application=case, actor=world["officer"], at=world.at)
    return Application.objects.get(pk=case.pk)


def names(product):
    return list(Column.objects.filter(version__product=product).order_by("position").values_list("name", flat=True))


def granted(world, product, **more):
    return stages.approve(under_review(world, product, **more).items.get(), world, world.at)


def assessed(world, item, at=None, **said):
    """By an expert of the committee, as the officer has asked."""
    case = {"application": Application.objects.get(pk=item.application_id), "at": at or world.at}
    operations.call_expert(**case, actor=world["officer"], expert=world["expert"], reason="合并后可识别")
    operations.give_opinion(**case, actor=world["expert"], opinion="风险可控", **said)


def test_what_an_expert_said_before_it_was_measured_does_not_count(world, towns, jobs):
    granted(world, towns)
    item = under_review(world, jobs).items.get()
    assessed(world, item, at=world.at - timedelta(minutes=1))
    operations.link_due(at=world.at)
    with pytest.raises(InvalidState):
        stages.approve(item, world, world.at, linkage_reason="已评估")
    assessed(world, item)
    assert stages.approve(item, world, world.at, linkage_reason="已评估").terms["conditions"] == ""


def test_two_harmless_grants_take_an_expert_and_a_reason(world, towns, jobs, sent_tasks):
    held = granted(world, towns)
    del sent_tasks[:]
    item = under_review(world, jobs).items.get()
    row = LinkageResult.objects.get()
    assert (row.item, row.with_grant, row.state, row.fields, row.with_fields) == (
        item, held, "queued", ["化名", "职业"], ["化名", "街道"]
    )  # fmt: skip
    before = rows()
    with pytest.raises(InvalidState):
        stages.approve(item, world, world.at)
    assert rows() == before  # fail closed, and no trace

    assert [operations.link_due(at=world.at) for _ in range(2)] == [1, 0]
    row.refresh_from_db()
    assert (row.state, row.measured_at, row.is_worrying) == ("done", world.at, True)
    assert row.figure == {
        "method": "subject", "shared": ["化名"], "subjects": [400, 400], "k": [20, 20], "k_together": 1, "linked": 400,
        "singled_out": 400, "share": 1.0,
    }  # fmt: skip
    entry = Entry.objects.get(object_type="applications.linkageresult")
    assert (entry.verb, entry.actor_ref, entry.article, entry.new) == ("link", "system:linkage", "Art. 35", "done")

    before = rows()
    for reason in ("", "  "):
        with pytest.raises(ValidationError) as refused:
            stages.approve(item, world, world.at, linkage_reason=reason)
        assert list(refused.value.error_dict) == ["linkage_reason"]
    with pytest.raises(InvalidState):
        stages.approve(item, world, world.at, linkage_reason="只在平台内使用,已由专家评估")
    assert rows() == before
    assessed(world, item, measures="不得合并存放")
    offered = stages.approve(item, world, world.at, linkage_reason="只在平台内使用,已由专家评估", conditions="专网使用")
    assert offered.terms["conditions"] == "专网使用\n不得合并存放"
    assert Decision.objects.get(item=item).linkage_reason == "只在平台内使用,已由专家评估"
    said = Entry.objects.get(object_type="applications.item", object_id=str(item.pk), verb="approve").detail.json
    assert f'"linkages":["applications.linkageresult:{row.pk}"]' in said and "已由专家评估" in said


@pytest.fixture
def jobs_narrow(world):
    return product(world, "行业", "行业", [job for _town, job in GRID])


def second_of_two(world, held, *asked_for):
    """What is left of a case with two items once the first is approved on the expert's measures."""
    granted(world, held)
    first, second = under_review(world, *asked_for).items.order_by("pk")
    operations.link_due(at=world.at)
    later = world.at + timedelta(hours=1)
    assessed(world, first, at=later, measures="不得合并存放")
    return first, second, later


def test_measures_asked_for_a_pair_bind_each_item_of_the_case(world, towns, jobs, jobs_narrow):
    """Approving the first changes neither the versions nor the fields of what is asked for beside it."""
    first, second, later = second_of_two(world, towns, jobs, jobs_narrow)
    assert stages.approve(first, world, later, linkage_reason="已评估").terms["conditions"] == "不得合并存放"
    assert operations.link_due(at=later + timedelta(hours=1)) == 0  # measured already
    assert stages.approve(second, world, later, linkage_reason="已评估").terms["conditions"] == "不得合并存放"


def test_measures_asked_for_a_pair_that_stands_outlive_a_second_opinion_on_another(world, towns, jobs, jobs_narrow):
    """Granted with fewer fields the other is another pair: it takes an opinion of its own, beside the earlier one."""
    first, second, later = second_of_two(world, towns, jobs, jobs_narrow)
    stages.approve(first, world, later, linkage_reason="已评估", fields=["化名"])
    assert operations.link_due(at=later + timedelta(hours=1)) == 1
    LinkageResult.objects.filter(with_grant__item=first).update(state="failed", figure=None, error={"code": "too_slow"})
    last = later + timedelta(hours=2)
    with pytest.raises(InvalidState):
        stages.approve(second, world, last, linkage_reason="已评估")
    assessed(world, second, at=last)
    assert stages.approve(second, world, last, linkage_reason="已评估").terms["conditions"] == "不得合并存放"


def test_the_setting_allows_a_share(world, towns, jobs, settings):
    granted(world, towns)
    item = under_review(world, jobs).items.get()
    operations.link_due(at=world.at)
    settings.LINKAGE_SHARE = 1.0
    assert stages.approve(item, world, world.at).state == "offered"
    assert Decision.objects.get(item=item).linkage_reason == ""


def test_nothing_shared_needs_no_reason(world, towns):
    granted(world, towns)
    others = product(world, "别人", "学历", [job for _town, job in GRID], key="x")
    item = under_review(world, others).items.get()
    operations.link_due(at=world.at)
    assert LinkageResult.objects.get().figure["method"] == "nothing"
    assert stages.approve(item, world, world.at).state == "offered"


def test_fields_decide(world, towns, jobs):
    """Without the pseudonym the jobs cannot be joined to the towns."""
    granted(world, towns)
    item = under_review(world, jobs, fields=["职业"]).items.get()
    operations.link_due(at=world.at)
    assert LinkageResult.objects.get().figure["linked"] == 0
    assert stages.approve(item, world, world.at).fields == ["职业"]


def test_two_items_of_one_application_are_a_pair(world, towns, jobs):
    case = under_review(world, towns, jobs)
    first, second = case.items.order_by("pk")
    assert set(LinkageResult.objects.values_list("item", "with_item")) == {
        (first.pk, second.pk), (second.pk, first.pk)
    }  # fmt: skip
    assert operations.link_due(at=world.at) == 2
    operations.refuse_item(item=first, actor=world["officer"], at=world.at, reason="无必要", remedy=stages.REMEDY)
    assert pairs_of(second, world.at) == []  # what was refused reveals nothing
    assert stages.approve(second, world, world.at).state == "offered"


def test_the_second_of_two_open_cases_waits_for_the_first(world, towns, jobs):
    """Neither has a grant when both go under review: the offer made meanwhile counts, a declined one does not."""
    one, two = under_review(world, towns).items.get(), under_review(world, jobs).items.get()
    assert not LinkageResult.objects.exists()
    offer = stages.approve(one, world, world.at)
    with pytest.raises(InvalidState):
        stages.approve(two, world, world.at)
    assert operations.link_due(at=world.at) == 1  # found by the query, though nobody asked
    with pytest.raises(ValidationError):
        stages.approve(two, world, world.at)
    operations.decline_grant(grant=offer, actor=world["buyer"], at=world.at, reason="不需要")
    assert stages.approve(two, world, world.at).state == "offered"


def test_another_buyer_and_data_about_nobody_are_no_pair(world, towns, jobs):
    granted(world, towns)
    item = under_review(world, jobs, buyer="other_buyer").items.get()
    assert (pairs_of(item, world.at), operations.link_due(at=world.at)) == ([], 0)
    assert stages.approve(item, world, world.at).state == "offered"
    beds = under_review(world, stages.another_listed_product(world)).items.get()
    assert pairs_of(beds, world.at) == []


def test_a_version_published_meanwhile_is_measured_anew(world, towns, jobs):
    granted(world, towns)
    item = under_review(world, jobs).items.get()
    operations.link_due(at=world.at)
    path = stages.scratch("again.csv")
    path.write_text("化名,职业\n" + "".join(f"z{n},{job}\n" for n, (_town, job) in enumerate(GRID)), encoding="utf-8")
    roles = {"化名": "subject", "职业": "quasi_identifier"}
    list_version(make_version(jobs, world.cast, world.at, path, roles, about="persons"), world.cast, world.at)
    with pytest.raises(InvalidState):
        stages.approve(item, world, world.at)
    assert operations.link_due(at=world.at) == 1
    assert sorted(LinkageResult.objects.values_list("figure__method", flat=True)) == ["nothing", "subject"]
    assert stages.approve(item, world, world.at).state == "offered"


def test_what_cannot_be_measured_takes_a_reason(world, towns, jobs, monkeypatch):
    granted(world, towns)
    item = under_review(world, jobs).items.get()
    gave_up = {"ok": False, "code": "too_slow", "params": {"seconds": 300}, "text": "…"}
    monkeypatch.setattr(sandbox, "run", lambda command, **options: gave_up)
    for state in ("queued", "queued", "failed"):
        assert operations.link_due(at=world.at) == 1
        assert LinkageResult.objects.get().state == state
    assert operations.link_due(at=world.at) == 0
    error = {"code": "too_slow", "params": {"seconds": 300}, "shared": ["化名"]}
    assert LinkageResult.objects.get().error == error
    with pytest.raises(ValidationError):
        stages.approve(item, world, world.at)
    shown = as_person(world, "officer").get(f"/item/{item.pk}/approve/").content.decode()
    assert "两份数据都有这些列：化名" in shown
    assessed(world, item)
    assert stages.approve(item, world, world.at, linkage_reason="人工核对两份数据").state == "offered"


def test_a_lost_worker_is_taken_over_and_comes_too_late(world, towns, jobs, monkeypatch):
    granted(world, towns)
    under_review(world, jobs)
    row, real = LinkageResult.objects.get(), sandbox.run
    later = world.at + timedelta(minutes=15)

    def overtaken(command, **options):
        monkeypatch.setattr(sandbox, "run", real)
        assert not operations.run_linkage(result=row, at=later - timedelta(seconds=1))
        assert operations.run_linkage(result=LinkageResult.objects.get(), at=later)
        return {"ok": True, "linkage": {"share": 0.0}}

    monkeypatch.setattr(sandbox, "run", overtaken)
    assert operations.run_linkage(result=row, at=world.at)
    row = LinkageResult.objects.get()
    assert (row.state, row.attempts, row.figure["singled_out"], row.measured_at) == ("done", 2, 400, later)
    assert Entry.objects.filter(verb="link").count() == 1


def test_more_fields_of_a_grant_are_weighed_as_well(world, towns, jobs, settings):
    """The way round: first the harmless columns, then the pseudonym by a change of the grant."""
    granted(world, towns)
    item = under_review(world, jobs, fields=["职业"]).items.get()
    operations.link_due(at=world.at)
    narrow = stages.approve(item, world, world.at)
    operations.accept_grant(grant=narrow, actor=world["buyer"], at=world.at, terms_accepted=True)
    narrow = Grant.objects.get(pk=narrow.pk)
    change = {
        "ends": narrow.ends, "what_is_built": narrow.terms["what_is_built"], "quota": None,
        "report_schedule": narrow.report_schedule, "reason": "需要关联",
    }  # fmt: skip
    edition = operations.request_change(
        grant=narrow, actor=world["buyer"], at=world.at, fields=["化名", "职业"], **change
    )
    agree = {"edition": edition, "actor": world["officer"], "at": world.at, "reason": "同意"}
    with pytest.raises(InvalidState):
        operations.agree_change(**agree)
    assert operations.link_due(at=world.at) == 1
    page = as_person(world, "officer").get(f"/edition/{edition.pk}/agree/").content.decode()
    assert "400" in page and "只能经专家评估后在新的申请中授权" in page
    assert 'name="linkage_reason"' not in page  # no reason would do
    with pytest.raises(InvalidState):  # an expert assesses a case, and a change is none
        operations.agree_change(**agree, linkage_reason="在安全环境中使用")
    assert Grant.objects.get(pk=narrow.pk).fields == ["职业"]
    settings.LINKAGE_SHARE = 1.0
    operations.agree_change(**agree)
    assert Grant.objects.get(pk=narrow.pk).fields == ["化名", "职业"]


def test_a_revoked_grant_counts_until_its_copies_are_certified_as_destroyed(world, towns, jobs):
    """A review may restore it: what the buyer gets meanwhile is weighed with it."""
    held = granted(world, towns)
    operations.accept_grant(grant=held, actor=world["buyer"], at=world.at, terms_accepted=True)
    supervision.revoke_grant(
        grant=Grant.objects.get(pk=held.pk), actor=world["officer"], at=world.at, article="Art. 15", reason="目的消失",
        remedy=stages.REMEDY,
    )  # fmt: skip
    item = under_review(world, jobs).items.get()
    assert [pair.grant for pair in pairs_of(item, world.at)] == [held]
    with pytest.raises(InvalidState):
        stages.approve(item, world, world.at)
    day = world.at.date()
    made = Certificate.objects.create(grant=held, destroyed_on=day, filed_by=world["buyer"], filed_at=world.at)
    assert [pair.grant for pair in pairs_of(item, world.at)] == [held]  # nobody has checked it yet
    Certificate.objects.filter(pk=made.pk).update(state="accepted", checked_by=world["officer"], checked_at=world.at)
    assert pairs_of(item, world.at) == []


def test_a_revoked_grant_that_gave_nothing_counts_only_while_a_review_may_give_it_back(world, towns, jobs):
    held = granted(world, towns)
    operations.accept_grant(grant=held, actor=world["buyer"], at=world.at, terms_accepted=True)
    held = Grant.objects.get(pk=held.pk)
    supervision.revoke_grant(
        grant=held, actor=world["officer"], at=world.at, article="Art. 15", reason="目的消失", remedy=stages.REMEDY
    )
    item = under_review(world, jobs).items.get()

    def paired(at):
        return [pair.grant for pair in pairs_of(item, at)]

    over = term_of(held)
    assert (paired(over - timedelta(seconds=1)), paired(over)) == ([held], [])
    asked = supervision.lodge_review(subject=held, actor=world["buyer"], at=world.at, text="目的仍在")
    assert paired(over) == [held]
    supervision.uphold_review(
        review=asked, actor=world["second_officer"], at=over, reason="目的已消失", remedy=stages.REMEDY
    )
    assert paired(over) == []
    deliver(held, world.at)
    assert paired(over) == [held]


@pytest.mark.parametrize("state", ["surrendered", "closed", "terminated"])
def test_a_grant_that_is_over_counts_while_its_copies_are_out(world, towns, jobs, state):
    held = granted(world, towns)
    Grant.objects.filter(pk=held.pk).update(state=state, activated_at=world.at, ended_at=world.at)
    item = under_review(world, jobs).items.get()
    assert pairs_of(item, world.at) == []  # nothing went out
    for number in range(2):
        deliver(Grant.objects.get(pk=held.pk), world.at + timedelta(hours=number))
    assert [pair.grant for pair in pairs_of(item, world.at)] == [held]
    made = Certificate.objects.create(
        grant=held, destroyed_on=world.at.date(), filed_by=world["buyer"], filed_at=world.at, state="accepted",
        checked_by=world["officer"], checked_at=world.at,
    )  # fmt: skip
    assert pairs_of(item, world.at) == []
    Certificate.objects.filter(pk=made.pk).update(state="returned")
    assert [pair.grant for pair in pairs_of(item, world.at)] == [held]


def test_what_was_merged_into_the_buyer_left_it_its_copies(world, towns, jobs):
    held = granted(world, towns, buyer="other_buyer")
    Grant.objects.filter(pk=held.pk).update(state="closed", activated_at=world.at, ended_at=world.at)
    deliver(Grant.objects.get(pk=held.pk), world.at)
    item = under_review(world, jobs).items.get()
    assert pairs_of(item, world.at) == []
    given = {"actor": world["operator"], "at": world.at, "reason": "合并", "evidence": "登记通知书"}
    supervision.merge_party(party=world.parties["other_buyer"], successor=world.parties["buyer"], **given)
    assert [pair.grant for pair in pairs_of(item, world.at)] == [held]


def as_person(world, who):
    client = Client()
    client.force_login(world[who])
    return client


def test_officers_read_the_figure_and_the_buyer_never(world, towns, jobs):
    held = granted(world, towns)
    case = under_review(world, jobs)
    item = case.items.get()
    with time_machine.travel(world.at, tick=False):
        address = f"/item/{item.pk}/approve/"
        waiting = as_person(world, "officer").get(address).content.decode()
        assert "正在测算" in waiting and 'name="linkage_reason"' not in waiting
        operations.link_due(at=world.at)
        shown = as_person(world, "officer").get(address).content.decode()
        assert held.number in shown and "400" in shown and 'name="linkage_reason"' in shown
        form = {
            "starts": "2026-03-30", "ends": "2026-12-31", "granted": ["化名", "职业"], "conditions": "",
            "reason": "必要",
        }  # fmt: skip
        answer = as_person(world, "officer").post(address, form)
        assert (answer.status_code, Decision.objects.filter(item=item).exists()) == (422, False)
        seen = {
            who: held.number in as_person(world, who).get(case.get_absolute_url()).content.decode()
            for who in ("officer", "province_officer", "buyer", "provider")
        }
        assert seen == {"officer": True, "province_officer": True, "buyer": False, "provider": False}
        # an officer who belongs to the buyer sees the case as the buyer does
        assert held.number not in as_person(world, "conflicted_officer").get(case.get_absolute_url()).content.decode()
        answer = as_person(world, "officer").post(address, {**form, "linkage_reason": "专家已评估"})
        assert answer.status_code == 409 and "专家" in answer.content.decode()
        assessed(world, item)
        answer = as_person(world, "officer").post(address, {**form, "linkage_reason": "专家已评估"})
        assert (answer.status_code, Decision.objects.get(item=item).linkage_reason) == (302, "专家已评估")


def test_an_item_that_was_measured_can_still_be_removed(world, towns, jobs):
    case = under_review(world, towns, jobs)
    operations.link_due(at=world.at)
    operations.return_application(application=case, actor=world["officer"], at=world.at, reason="补正")
    operations.remove_item(item=case.items.order_by("pk").first(), actor=world["buyer"], at=world.at)
    assert not LinkageResult.objects.exists()


def test_a_pair_is_made_once_and_measured_in_a_state_of_its_own(world, towns, jobs):
    granted(world, towns)
    under_review(world, jobs)
    for _ in range(2):
        operations.link_due(at=world.at)
    assert list(LinkageResult.objects.values_list("state", "attempts")) == [("done", 1)]


def test_a_seller_reads_the_figure_of_its_own_data_and_nothing_of_whose_other_it_is(world, towns):
    """It has to give the reason, so it reads what for; what else the buyer has, and of whom, is not the seller's."""
    other = granted(world, towns)
    path = stages.scratch("招聘.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("化名", "职业"), *((f"p{n}", job) for n, (_town, job) in enumerate(GRID))])
    own = make_non_public_product(world.cast, world.at, title="招聘需求")
    roles = {"化名": "subject", "职业": "quasi_identifier"}
    version = make_version(own, world.cast, world.at, path, roles, about="persons", person="vendor")
    at = list_version(version, world.cast, world.at, person="vendor", officer="reviewer")
    case = apply_for(own, world.cast, at, ["化名", "职业"], title="选址")
    by = {"application": case, "actor": world["vendor"], "at": at}
    operations.accept_application(**by)
    operations.begin_review(**by)
    operations.link_due(at=at)
    item, row = case.items.get(), LinkageResult.objects.get()
    assert row.is_worrying and row.second.product == towns
    client = Client(headers={"accept-language": "en"})
    client.force_login(world["vendor"])
    with time_machine.travel(at, tick=False):
        for address in (f"/item/{item.pk}/approve/", f"/application/{case.pk}/"):
            page = client.get(address).content.decode()
            assert f"{row.figure['singled_out']} of them" in page and "With other data that the buyer has" in page
            assert towns.title not in page and other.number not in page and towns.seller.name not in page
            assert "needs a reason" in page and "needs an expert" not in page
        client.force_login(world["province_officer"])
        assert towns.title in client.get(f"/application/{case.pk}/").content.decode()
        client.force_login(world["buyer"])
        assert "of them" not in client.get(f"/application/{case.pk}/").content.decode()
    approve = {
        "item": item,
        "actor": world["vendor"],
        "at": at,
        "starts": at.date(),
        "ends": at.date(),
        "reason": "同意",
    }
    with pytest.raises(ValidationError):
        operations.approve_item(**approve)
    assert (
        operations.approve_item(**approve, linkage_reason="仅在平台内使用").state == "offered"
    )  # no committee assesses


def test_one_worrying_pair_among_harmless_ones_takes_the_reason(world, towns, jobs):
    granted(world, towns)
    others = under_review(world, product(world, "别人", "学历", [job for _town, job in GRID], key="x")).items.get()
    operations.link_due(at=world.at)
    stages.approve(others, world, world.at)
    item = under_review(world, jobs).items.get()
    assert operations.link_due(at=world.at) == 2
    assert [row.is_worrying for row in LinkageResult.objects.filter(item=item).order_by("pk")] == [True, False]
    with pytest.raises(ValidationError):
        stages.approve(item, world, world.at)


@pytest.mark.parametrize(
    ("state", "share", "worries"),
    [
        ("done", 0.0, False), ("done", 1e-6, True), ("failed", None, True), ("queued", None, False),
        ("running", None, False),
    ],
)  # fmt: skip
def test_by_default_a_single_person_worries_and_so_does_what_could_not_be_measured(state, share, worries):
    figure = None if share is None else {"share": share}
    assert LinkageResult(state=state, figure=figure).is_worrying is worries


def test_a_renewal_without_further_fields_is_no_pair(world, towns, jobs):
    held = granted(world, towns, fields=["街道"])
    operations.accept_grant(grant=held, actor=world["buyer"], at=world.at, terms_accepted=True)
    item = under_review(world, jobs).items.get()
    operations.link_due(at=world.at)
    stages.approve(item, world, world.at)
    held = Grant.objects.get(pk=held.pk)
    change = {
        "ends": held.ends + timedelta(days=30), "what_is_built": held.terms["what_is_built"], "quota": None,
        "report_schedule": held.report_schedule, "reason": "续期",
    }  # fmt: skip
    ask = {"grant": held, "actor": world["buyer"], "at": world.at, **change}
    edition = operations.request_change(**ask, fields=["街道"])
    assert pairs_of(edition, world.at) == []
    operations.withdraw_change(edition=edition, actor=world["buyer"], at=world.at)
    [pair] = pairs_of(operations.request_change(**ask, fields=["化名", "街道"]), world.at)
    assert (pair.first.product, pair.second.product, pair.fields) == (towns, jobs, ["化名", "街道"])


def test_a_change_that_was_asked_for_waits_for_what_is_granted_meanwhile(world, towns, jobs):
    """Nothing was held beside the grant when its change was asked for: the query finds the pair all the same."""
    narrow = granted(world, jobs, fields=["职业"])
    operations.accept_grant(grant=narrow, actor=world["buyer"], at=world.at, terms_accepted=True)
    narrow = Grant.objects.get(pk=narrow.pk)
    edition = operations.request_change(
        grant=narrow, actor=world["buyer"], at=world.at, fields=["化名", "职业"], ends=narrow.ends, quota=None,
        what_is_built=narrow.terms["what_is_built"], report_schedule=narrow.report_schedule, reason="需要关联",
    )  # fmt: skip
    assert pairs_of(edition, world.at) == []
    item = under_review(world, towns).items.get()
    assert operations.link_due(at=world.at) == 1
    stages.approve(item, world, world.at)
    agree = {"edition": edition, "actor": world["officer"], "at": world.at, "reason": "同意"}
    with pytest.raises(InvalidState):
        operations.agree_change(**agree)
    assert operations.link_due(at=world.at) == 1
    with pytest.raises(InvalidState, match="专家"):
        operations.agree_change(**agree, linkage_reason="必要")


def test_the_newest_version_that_the_grant_gives_is_measured(world, towns, jobs):
    held = granted(world, towns)
    item = under_review(world, jobs).items.get()
    path = stages.scratch("newer.csv")
    path.write_text("化名,街道\n" + "".join(f"z{n},{town}\n" for n, (town, _job) in enumerate(GRID)), encoding="utf-8")
    roles = {"化名": "subject", "街道": "quasi_identifier"}
    newer = make_version(towns, world.cast, world.at, path, roles, about="persons")
    assert [pair.second for pair in pairs_of(item, world.at)] == [held.from_version]  # a draft reaches nobody
    list_version(newer, world.cast, world.at)
    assert [pair.second for pair in pairs_of(item, world.at)] == [newer]


@pytest.mark.parametrize("mine", [True, False])
def test_where_a_file_is_gone_measuring_is_given_up_at_once(world, towns, jobs, mine):
    granted(world, towns)
    under_review(world, jobs)
    row = LinkageResult.objects.get()
    (row.first if mine else row.second).files.update(destroyed_at=world.at)
    assert operations.link_due(at=world.at) == 1
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error, row.is_worrying) == (
        "failed",
        1,
        {"code": "no_file", "params": {}, "shared": ["化名"]},
        True,
    )


def test_the_worker_is_told_of_new_pairs_and_not_of_known_ones(
    world, towns, jobs, sent_tasks, django_capture_on_commit_callbacks
):
    granted(world, towns)
    with django_capture_on_commit_callbacks(execute=True):
        item = under_review(world, jobs).items.get()
    assert ("applications.link_due", ()) in sent_tasks
    with django_capture_on_commit_callbacks() as hooks:
        assert request_linkages(pairs_of(item, world.at), world.at) == 0
    assert hooks == []
