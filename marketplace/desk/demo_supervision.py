"""Supervision in the demo data: something in every queue of the console, each played through the operations."""

from datetime import datetime, timedelta
from pathlib import Path

from accounts.anybody import PUBLIC
from listings.models import Product
from marketplace.applications import operations as applications
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.delivery import operations as delivery
from marketplace.desk.cast import Cast
from marketplace.desk.sample_data import VISIT_ROLES, write_paper, write_visits
from marketplace.desk.story import apply_for, consult, decide, list_version, make_entry, make_product, make_version
from marketplace.supervision import operations as supervision
from marketplace.supervision.inspections import InspectionPlan

REMEDY = "收到本决定之日起六十日内可申请行政复议,或者六个月内提起行政诉讼"


def supervised(cast: Cast, began: datetime, at: datetime, folder: Path) -> None:
    """A product of its own with two grants: one ordered to be put right, one given back, and what goes with them."""
    entry = make_entry(cast, at - timedelta(days=62), title="预防接种统计")
    product = make_product(cast, entry, at - timedelta(days=61), title="福州市预防接种分析数据")
    path = write_visits(folder / "接种.csv")
    version = make_version(product, cast, at - timedelta(days=60), path, VISIT_ROLES, about="persons")
    listed = list_version(version, cast, at - timedelta(days=60))
    fields = list(version.columns.order_by("position").values_list("name", flat=True))
    watched = _granted(cast, product, listed, fields, buyer="other_buyer", title="接种提醒服务")
    given_back = _granted(cast, product, listed, fields, buyer="buyer", title="接种点选址研究")
    _plan(cast, began, folder)
    _ordered(cast, watched, at, folder)
    _given_back(cast, given_back, at, folder)
    _inspected(cast, at)
    _told_by_the_public(cast, product, at)
    supervision.open_incident(
        version=version, party=cast.parties["unit"], actor=cast["provider"], at=at - timedelta(minutes=40), kind="leak",
        title="共享盘权限设置过宽", facts="巡检发现存放本版本副本的共享盘对全单位可读，正在核对访问记录。",
        noticed_at=at - timedelta(minutes=55),
    )  # fmt: skip


def _granted(
    cast: Cast, product: Product, listed: datetime, fields: list[str], *, buyer: str, title: str
) -> Grant:  # fmt: skip
    """In force, obtained once."""
    application = apply_for(product, cast, listed, fields, buyer=buyer, title=title)
    consult(application, cast, listed + timedelta(days=1))
    grant = decide(
        application, cast, listed + timedelta(days=3), linkage_reason="两份数据均为分层汇总,合并后每类仍不少于二十五人"
    )
    active = listed + timedelta(days=4)
    applications.accept_grant(grant=grant, actor=cast[buyer], at=active, terms_accepted=True)
    delivery.deliver(grant=grant, version=product.versions.get(), actor=cast[buyer], at=active)
    return grant


def _plan(cast: Cast, began: datetime, folder: Path) -> None:
    """The unit's emergency plan, drilled once."""
    unit, day = cast["provider"], local_date(began)
    plan = supervision.draft_plan(
        unit=cast.parties["unit"], actor=unit, at=began, title="卫生健康数据安全事件应急预案",
        contact="信息中心值班室 0591-0000000", covers="门诊、床位、接种各数据集及其去标识化版本",
    )  # fmt: skip
    path = write_paper(folder / "预案.pdf", plan.title, ["一、组织与分工", "二、发现、遏制与报告", "三、告知与恢复"])
    supervision.add_plan_evidence(plan=plan, actor=unit, at=began, path=path)
    supervision.adopt_plan(plan=plan, actor=unit, at=began, adopted_on=day)
    supervision.record_exercise(
        plan=plan, actor=unit, at=began + timedelta(days=31), kind="drill", day=day + timedelta(days=30), people=14,
        scenario="模拟下载链接外泄，演练遏制、报告和告知", lessons="值班电话应写入首页；外链一律审批",
    )  # fmt: skip


def _ordered(cast: Cast, grant: Grant, at: datetime, folder: Path) -> None:
    """Reported by the unit, ordered and suspended, answered; a caution about the party, against which it asks for a
    review."""
    officer, buyer, ordered = cast["officer"], cast["other_buyer"], at - timedelta(days=8)
    concern = supervision.report_misuse(
        grant=grant, actor=cast["provider"], at=at - timedelta(days=10), wish="suspend",
        text="该公司的接种提醒小程序向第三方广告页面传送了分区县、分年龄段的接种率。",
    )  # fmt: skip
    finding = supervision.take_up_concern(
        concern=concern, actor=officer, at=at - timedelta(days=9), reason="截图与访问记录相符"
    )
    measure = supervision.propose_order_on_finding(
        finding=finding, actor=officer, at=ordered, facts="将数据用于约定之外的广告投放，并向第三方页面传送。",
        demand="停止向第三方传送；说明传送的范围和对象；提交改正后的系统截图。",
    )  # fmt: skip
    assert measure is not None
    supervision.issue_order(
        measure=measure, actor=officer, at=ordered, facts=measure.facts, demand=measure.demand, remedy=REMEDY
    )
    supervision.state_whereabouts(
        grant=grant, actor=buyer, at=at - timedelta(days=6), places="厦门机房 2 号柜", systems="接种提醒平台数据库",
        kept_by="数据安全岗 陈某", was_passed_on=True, passed_to="厦门某广告技术公司", kept_as_evidence=True,
    )  # fmt: skip
    path = write_paper(folder / "改正.pdf", "改正情况说明", ["已关闭第三方脚本。", "已书面要求对方删除并取得回执。"])
    supervision.add_measure_evidence(measure=measure, actor=buyer, at=at - timedelta(days=1), path=path)
    supervision.file_evidence(
        measure=measure, actor=buyer, at=at - timedelta(days=1), text="已停止传送并要求第三方删除，说明和截图见附件。"
    )
    caution = supervision.issue_caution(
        party=cast.parties["city"], about=grant.buyer, actor=officer, at=at - timedelta(days=5), scope="all",
        article="Art. 33", reason="超出约定用途使用并向第三方传送", ends=local_date(at) + timedelta(days=180),
    )  # fmt: skip
    supervision.lodge_review(
        subject=caution, actor=buyer, at=at - timedelta(days=2),
        text="传送系第三方组件缺陷所致，已主动改正，请求撤销警示。",
    )  # fmt: skip


def _given_back(cast: Cast, grant: Grant, at: datetime, folder: Path) -> None:
    """The buyer has what it needs; its copies are destroyed, and the certificate waits to be checked."""
    who, ended = cast["buyer"], at - timedelta(days=6)
    applications.surrender_grant(grant=grant, actor=who, at=ended, reason="选址研究已完成")
    certificate = supervision.certify_destruction(
        grant=grant, actor=who, at=at - timedelta(days=2), destroyed="数据表 2 张，备份 1 份", places="福州机房",
        method="覆写三次后删除，备份盘粉碎", done_by="林某操作，陈某在场",
        destroyed_on=local_date(at - timedelta(days=3)),
    )  # fmt: skip
    path = write_paper(folder / "销毁.pdf", "数据销毁记录", ["操作人、在场人签字", "删除命令与校验结果"])
    supervision.add_certificate_evidence(certificate=certificate, actor=who, at=at - timedelta(days=2), path=path)


def _inspected(cast: Cast, at: datetime) -> None:
    """The city's plan of random inspections, drawn; the first of the sample is announced."""
    officer, day = cast["officer"], local_date(at)
    plan = supervision.plan_inspections(
        party=cast.parties["city"], actor=officer, at=at - timedelta(days=7), title="公共数据使用情况随机抽查",
        first=day - timedelta(days=7), last=day + timedelta(days=60), method="random", size=2,
    )  # fmt: skip
    supervision.draw_sample(plan=plan, actor=officer, at=at - timedelta(days=7))
    first = InspectionPlan.objects.get(pk=plan.pk).inspections.order_by("pk").first()
    if first is not None:
        supervision.announce_inspection(
            inspection=first, actor=officer, at=at - timedelta(days=2), text="请备好访问日志、人员名单和存放位置说明。"
        )


def _told_by_the_public(cast: Cast, product: Product, at: datetime) -> None:
    supervision.report_concern(
        subject=product, actor=PUBLIC, at=at - timedelta(hours=20), kind="misuse", name="某市民",
        contact="0591-0000000", text="收到的短信里写着我所在区县和年龄段的接种率，怀疑数据被用于广告。",
    )  # fmt: skip
    supervision.report_concern(
        subject=product, actor=PUBLIC, at=at - timedelta(hours=3), kind="fault", text="马尾区七月的接种人数明显偏低。"
    )
