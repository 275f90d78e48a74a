"""Those beside a public trade, each at a browser of their own: a seller of non-public data and the platform's
compliance reviewer, an expert, an operator, an overseer.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import time_machine
from django.utils import timezone

from listings.models import Version
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.clock.models import ClockSetting
from marketplace.console.models import Reading
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import later
from marketplace.ledger.models import Entry
from tests.actors import World
from tests.journeys.persons import Person, apply_for, assess_and_submit, draft_version, newest
from tests.workflow import stages

People = Callable[[str], Person]


def test_a_seller_lists_its_own_data_the_reviewer_checks_it_and_the_seller_grants_it(
    people: People, world: World, tmp_path: Path
) -> None:
    with time_machine.travel(world.at, tick=True) as time:
        version = list_own_data(people("vendor"), tmp_path)
        review(people("reviewer"), version)
        time.move_to(later(timezone.now(), "publicity") + timedelta(minutes=1))
        people("reviewer").work("版本", version, "发布")
        grant = apply_and_grant(people, version)
        assert "区县".encode() in people("buyer").download(grant, "下载")


def list_own_data(vendor: Person, folder: Path) -> Version:
    vendor.open("/products/new/")
    vendor.fill(
        nature="non_public", acquisition="own_business", category="trade", grade="general", visibility="all",
        title="福州便利店指数", summary="按区县", description="门店销售的分区县汇总", price_text="每年 1 万元",
        frequency="monthly",
    )  # fmt: skip
    vendor.send()
    source = {"kind": "consent", "title": "权属说明", "reference": "1号", "summary": "自有门店经营中形成"}
    version = draft_version(
        vendor, write_bed_use(folder / "sales.csv"), source, about="none", deidentification_tool="汇总",
        steps="按区县汇总",
    )  # fmt: skip
    assess_and_submit(vendor, version)
    return version


def review(reviewer: Person, version: Version) -> None:
    """Nothing is approved before each item of the lawful-source file was checked, in the console."""
    reviewer.has_to_do("福州便利店指数")
    reviewer.open_case("版本", version)
    assert reviewer.verbs() and "审核通过并公示" not in reviewer.verbs()
    reviewer.work("合法来源材料", version.product.source_files.get(), "核查无误", reason="原件核对无误")
    reviewer.work("版本", version, "审核通过并公示", sources_checked=True, reason="材料齐全")


def apply_and_grant(people: People, version: Version) -> Grant:
    """The seller decides on its own data; the buyer takes its terms."""
    buyer, vendor = people("buyer"), people("vendor")
    application, period = apply_for(buyer, version, "选址", ["区县", "月份"])
    vendor.has_to_do("选址")
    vendor.press(application, "受理")
    vendor.press(application, "开始审查")
    vendor.press(application.items.get(), "批准", reason="用途相符", **period)
    grant: Grant = newest(Grant)
    buyer.press(grant, "接受条款", terms_accepted=True)
    return grant


def test_an_expert_reads_what_was_assigned_and_gives_an_opinion(people: People, world: World) -> None:
    case, at = stages.application(world, "under_review")
    expert = people("expert")
    with time_machine.travel(at, tick=True):
        applications.call_expert(
            application=case, actor=world["officer"], at=at, expert=world["expert"], reason="关联后可能涉敏"
        )
        expert.has_to_do(case.title)
        expert.open_case("申请", case)
        assert case.what_is_built in expert.text() and expert.verbs() == ["提交评估意见"]
        expert.take("提交评估意见", opinion="风险可控", measures="年龄段并为两档")
    case.refresh_from_db()
    assert (case.state, case.opinions.get().opinion) == ("under_review", "风险可控")


def test_an_operator_sets_a_deadline_with_a_reason(people: People, world: World) -> None:
    operator = people("operator")
    with time_machine.travel(world.at, tick=True):
        operator.open("/console/")
        operator.page.get_by_role("link", name="设置", exact=True).first.click()
        operator.follow("上架公示")
        operator.fill(days="12", source="榕数〔2026〕12号")
        operator.page.locator("main form[method=post] button[type=submit]").click()
        assert operator.page.locator("main [name=reason]:invalid").count(), "the browser asks for the reason"
        operator.fill(reason="给公众更多时间")
        operator.send()
        assert "12" in operator.page.locator("tr", has_text="榕数〔2026〕12号").inner_text()
    assert ClockSetting.objects.get().days == 12
    assert "给公众更多时间" in Entry.objects.latest("pk").detail.json


def test_an_overseer_says_why_before_a_case_opens_and_changes_nothing(people: People, world: World) -> None:
    case, at = stages.application(world, "under_review")
    overseer = people("overseer")
    with time_machine.travel(at, tick=True):
        overseer.open_case("申请", case)
        assert case.what_is_built not in overseer.text()
        overseer.fill(reason="数据安全检查")
        overseer.send()
        assert case.what_is_built in overseer.text()
        assert overseer.verbs() == [] and not overseer.page.locator("main form[method=post]").count()
    assert Reading.objects.get().by == world["overseer"]
