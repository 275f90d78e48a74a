"""The whole trade as its people play it: each in a browser of their own, on the pages, with what the pages offer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import time_machine
from django.utils import timezone

from listings.models import CatalogueEntry, Version
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.desk.sample_data import VISIT_ROLES, write_visits
from marketplace.desk.story import later
from marketplace.supervision.models import DerivedProduct, Measure, UsageReport
from marketplace.supervision.sweep import sweep
from tests.actors import World
from tests.journeys.persons import Person, apply_for, assess_and_submit, draft_version, newest


def test_everybody_plays_their_part_of_a_trade_in_a_browser(
    people: Callable[[str], Person], world: World, tmp_path: Path
) -> None:
    with time_machine.travel(world.at, tick=True) as time:

        def move_to(moment: datetime) -> None:
            time.move_to(moment)
            sweep(at=moment, scope=None)

        version = list_a_product(people, tmp_path, move_to)
        grant = apply_and_decide(people, version, world)
        report_and_build(people, grant, move_to)
        order_and_lift(people, grant, move_to)


def list_a_product(people: Callable[[str], Person], tmp_path: Path, move_to: Callable[[datetime], None]) -> Version:
    """A unit proposes, the authority publishes; the developer lists a file, the authority reviews it."""
    people("provider").open("/entries/new/")
    people("provider").fill(
        title="急诊就诊统计", description="急诊人次", sharing="conditional", opening="on_application",
        frequency="monthly", contact="数据质量科",
    )  # fmt: skip
    people("provider").send()
    people("officer").has_to_do("急诊就诊统计")
    people("officer").press(newest(CatalogueEntry), "发布")
    seller, officer, today = people("seller"), people("officer"), local_date(timezone.now())
    seller.open("/products/new/")
    seller.fill(
        entry=str(newest(CatalogueEntry).pk), nature="government", acquisition="primary_developer",
        grade="general", title="急诊需求数据", summary="分区县", description="急诊就诊的分区县统计",
        purposes=["医疗资源规划"], terms="不得尝试识别个人", frequency="monthly",
    )  # fmt: skip
    seller.send()
    source = {"kind": "statute", "title": "归集通知", "reference": "榕数〔2026〕9号", "summary": "依目录归集"}
    version = draft_version(
        seller, write_visits(tmp_path / "visits.csv"), source, about="persons", deidentification_tool="泛化",
        steps="删除姓名",
    )  # fmt: skip
    marks = {f"column_{column.position}": VISIT_ROLES.get(column.name, "plain") for column in version.columns.all()}
    seller.press(version, "标注各列", **marks)
    assess_and_submit(seller, version)
    officer.has_to_do("急诊需求数据")
    assert not officer.offers(version, "审核通过并公示")
    officer.press(version.product.source_files.get(), "核查无误", reason="原件核对无误")
    officer.press(version, "审核通过并公示", sources_checked=True, irreversible=True, reason="材料齐全")
    move_to(later(timezone.now(), "publicity") + timedelta(minutes=1))
    officer.press(version, "发布")
    assert local_date(timezone.now()) > today
    version.refresh_from_db()
    return version


def apply_and_decide(people: Callable[[str], Person], version: Version, world: World) -> Grant:
    """The buyer says what for, the unit consents, the officer decides, the buyer accepts and downloads."""
    buyer, officer, provider = people("buyer"), people("officer"), people("provider")
    columns = [column.name for column in version.columns.all()]
    application, period = apply_for(buyer, version, "急诊预测", columns)
    officer.has_to_do("急诊预测")
    officer.press(application, "受理")
    officer.press(application, "征求意见")
    provider.has_to_do("急诊预测")
    provider.press(application.consultations.get(), "同意")
    officer.press(application, "开始审查")
    officer.press(application.items.get(), "批准", reason="场景具体", **period)
    grant = newest(Grant)
    buyer.has_to_do(grant.number)
    buyer.press(grant, "接受条款", terms_accepted=True)
    assert "区县".encode() in buyer.download(grant, "下载")
    return grant


def report_and_build(people: Callable[[str], Person], grant: Grant, move_to: Callable[[datetime], None]) -> None:
    """The first period is reported and accepted; what was built names its source to everybody."""
    buyer, officer = people("buyer"), people("officer")
    move_to(timezone.now() + timedelta(days=100))
    report = UsageReport.objects.filter(grant=grant).order_by("due_at")[0]
    buyer.has_to_do(str(report.grant.number))
    buyer.press(report, "提交报告", purposes=["医疗资源规划"], use="训练急诊模型", results="服务三家医院")
    officer.press(report, "接受")
    buyer.open(f"/derived/new/{grant.buyer_id}/")
    buyer.fill(
        title="急诊地图",
        description="分区县的急诊需求",
        built_from=[f"{grant.pk}:{grant.deliveries.first().version_id}"],
    )
    buyer.send()
    derived = newest(DerivedProduct)
    buyer.press(derived, "发布")
    people("").page.goto(f"{people('').site}/check/?q={derived.token}")
    assert "急诊地图" in people("").text()


def order_and_lift(people: Callable[[str], Person], grant: Grant, move_to: Callable[[datetime], None]) -> None:
    """A late report: an order with suspension, evidence, and service again."""
    buyer, officer = people("buyer"), people("officer")
    report = UsageReport.objects.owed().filter(grant=grant).order_by("due_at")[0]
    move_to(report.due_at + timedelta(minutes=1))
    move_to(report.late_at + timedelta(minutes=1))
    measure = newest(Measure)
    officer.has_to_do(grant.number)
    officer.press(measure, "签发措施")
    buyer.open(grant.get_absolute_url())
    assert "暂停" in buyer.page.locator("main").inner_text()
    buyer.press(report, "提交报告", purposes=["医疗资源规划"], use="训练急诊模型", results="服务四家医院")
    buyer.press(measure, "提交改正材料", text="已补报并设专人")
    officer.press(measure, "解除措施", reason="已改正")
    assert "区县".encode() in buyer.download(grant, "下载")
