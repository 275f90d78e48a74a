"""Those beside a public trade, each at a browser of their own: a seller of non-public data and the platform's
compliance reviewer, an expert, an operator, an overseer.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import time_machine
from django.utils import timezone

from listings.models import Product, Version
from listings.operations import run_assessment
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant
from marketplace.clock.models import ClockSetting
from marketplace.clock.working_days import local_date
from marketplace.console.models import Reading
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import SCENARIO, later
from marketplace.ledger.models import Entry
from tests.actors import World
from tests.journeys.persons import Person, newest
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
    product = newest(Product)
    vendor.press(product, "作出第三十一条声明", declared=True)
    vendor.press(
        product, "补充合法来源材料", kind="consent", title="权属说明", reference="1号", summary="自有门店经营中形成"
    )
    vendor.press(
        product, "新建版本", about="none", data_from="2025-07-01", data_until="2025-12-31",
        collected_from="2025-07-01", collected_until="2026-01-05", deidentification_tool="汇总",
        key_is_kept=["false"], steps="按区县汇总",
    )  # fmt: skip
    version: Version = newest(Version)
    vendor.upload(version, write_bed_use(folder / "sales.csv"))
    vendor.press(version, "提请评估")
    run_assessment(job=version.jobs.get(kind="assess"), at=timezone.now())
    vendor.press(version, "提交审核")
    return version


def review(reviewer: Person, version: Version) -> None:
    """Nothing is approved before each item of the lawful-source file was checked, in the console."""
    reviewer.has_to_do("福州便利店指数")
    reviewer.open_case("版本", version)
    assert not reviewer.page.locator("main a.btn").get_by_text("审核通过并公示", exact=True).count()
    reviewer.work("合法来源材料", version.product.source_files.get(), "核查无误", reason="原件核对无误")
    reviewer.work("版本", version, "审核通过并公示", sources_checked=True, reason="材料齐全")


def apply_and_grant(people: People, version: Version) -> Grant:
    """The seller decides on its own data; the buyer takes its terms."""
    buyer, vendor, today = people("buyer"), people("vendor"), local_date(timezone.now())
    buyer.open(version.product.get_absolute_url())
    buyer.follow("申请使用该数据")
    buyer.fill(title="选址", fields_wanted=["区县", "月份"])
    buyer.send()
    application = newest(Application)
    period = {"period_from": today.isoformat(), "period_until": (today + timedelta(days=300)).isoformat()}
    buyer.press(application, "描述应用场景", **{**SCENARIO, **period})
    buyer.press(application, "提交")
    vendor.has_to_do("选址")
    vendor.press(application, "受理")
    vendor.press(application, "开始审查")
    vendor.press(
        application.items.get(), "批准", starts=period["period_from"], ends=period["period_until"], reason="用途相符"
    )
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
        assert case.what_is_built in expert.text() and not expert.page.locator("main").get_by_text("批准").count()
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
        assert not overseer.page.locator("main .verbs a.btn, main form[method=post]").count()
    assert Reading.objects.get().by == world["overseer"]
