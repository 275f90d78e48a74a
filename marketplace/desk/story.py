"""The trade in a few calls, for demo and tests: each plays the operations that lead to a state, one after the other."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from accounts.models import User
from listings import operations as listing
from listings.models import (
    Acquisition,
    CatalogueEntry,
    Frequency,
    Grade,
    Nature,
    Opening,
    Product,
    Sharing,
    SourceFile,
    SourceKind,
    Version,
    Visibility,
)
from listings.states import SourceState
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant, LinkageResult
from marketplace.clock.defaults import Kind
from marketplace.clock.operations import days
from marketplace.clock.working_days import add_working_days, end_of_day, local_date
from marketplace.desk.cast import Cast
from marketplace.supervision import operations as supervising
from marketplace.supervision.standing import SIGNED_FIRST

SCENARIO: dict[str, Any] = {
    "beneficiaries": "福州市居民和基层医疗机构",
    "what_is_built": "分区县、分年龄段的门诊需求预测模型",
    "why_these_fields": "区县、年龄段和性别用于分层,就诊科类用于预测各科需求",
    "security": "专用服务器,磁盘加密,访问留痕",
    "people_with_access": "数据组三人",
    "public_summary": "用脱敏的门诊统计预测福州各区县的门诊需求，帮助基层医疗机构排班。",
}


def later(at: datetime, kind: str) -> datetime:
    """The moment at which a deadline that begins now is over."""
    return end_of_day(add_working_days(local_date(at), days(kind)))


def sign_rules(cast: Cast, at: datetime, *, authority: str = "province", person: str = "province_officer") -> None:
    """An authority signs what may follow by itself from late reports: a hold by their terms, an order proposed."""
    for action in SIGNED_FIRST:
        supervising.sign_standing_rule(
            monitor="report_late", action=action, actor=cast[person], at=at, authority=cast.parties[authority],
            reason="试点期间经委务会研究同意",
        )  # fmt: skip


def make_entry(
    cast: Cast,
    at: datetime,
    *,
    unit: str = "unit",
    person: str = "provider",
    title: str = "门诊就诊统计",
    opening: str = Opening.ON_APPLICATION,
) -> CatalogueEntry:
    """A published catalogue entry."""
    entry = listing.propose_entry(
        unit=cast.parties[unit], actor=cast[person], at=at, title=title, description=f"{title}(去标识化)",
        sharing=Sharing.CONDITIONAL, opening=opening, frequency=Frequency.MONTHLY, contact="数据质量科",
    )  # fmt: skip
    listing.publish_entry(entry=entry, actor=cast["officer"], at=at)
    return entry


def make_product(
    cast: Cast,
    entry: CatalogueEntry,
    at: datetime,
    *,
    seller: str = "developer",
    person: str = "seller",
    title: str = "福州市门诊需求分析数据",
) -> Product:
    """A product with declaration and lawful-source file."""
    own = entry.unit_id == cast.parties[seller].pk
    product = listing.create_product(
        seller=cast.parties[seller], entry=entry, actor=cast[person], at=at, nature=Nature.GOVERNMENT,
        acquisition=Acquisition.OWN_DUTY if own else Acquisition.PRIMARY_DEVELOPER, grade=Grade.GENERAL, title=title,
        summary=f"{title},去标识化,可下载", description=f"{title}。由{entry.unit}提供,经治理和去标识化处理。",
        purposes="医疗资源规划、公共卫生研究、便民服务" if not own else "", terms="不得尝试识别个人;不得转售原始数据",
        price_text="", frequency=Frequency.MONTHLY,
    )  # fmt: skip
    listing.declare_product(product=product, actor=cast[person], at=at)
    listing.add_source_file(
        product=product, actor=cast[person], at=at, kind=SourceKind.STATUTE, title="公共数据资源目录及归集通知",
        reference="榕数〔2026〕12号", summary="依目录归集,由一级开发主体治理" if not own else "履行职责中采集",
    )  # fmt: skip
    return product


def make_version(
    product: Product,
    cast: Cast,
    at: datetime,
    path: Path,
    roles: Mapping[str, str],
    *,
    about: str,
    person: str = "seller",
) -> Version:
    """A version with its file and marks, assessment asked for and run. May have failed: look at its state."""
    version = listing.create_version(
        product=product, actor=cast[person], at=at, about=about, data_from=date(2025, 7, 1),
        data_until=date(2025, 12, 31), collected_from=date(2025, 7, 1),
        collected_until=date(2026, 1, 5), deidentification_tool="泛化、抑制(自研脚本)",
        key_is_kept=False, steps="删除姓名、证件号和电话\n年龄归并为年龄段\n抑制小类",
    )  # fmt: skip
    listing.upload_file(version=version, actor=cast[person], at=at, path=path, name=path.name)
    listing.mark_columns(version=version, actor=cast[person], at=at, roles=roles)
    job = listing.request_assessment(version=version, actor=cast[person], at=at)
    listing.run_assessment(job=job, at=at)
    version.refresh_from_db()
    return version


def list_version(
    version: Version, cast: Cast, at: datetime, *, person: str = "seller", officer: str = "officer"
) -> datetime:
    """Submitted, its sources checked, approved, published after its publicity; returns when."""
    listing.submit_version(version=version, actor=cast[person], at=at)
    check_sources(version.product, cast[officer], at)
    listing.approve_version(
        version=version, actor=cast[officer], at=at, sources_checked=True, irreversible=True, reason="材料齐全,评估通过"
    )
    published = later(at, Kind.PUBLICITY)
    listing.publish_version(version=version, actor=cast[officer], at=published)
    return published


def check_sources(product: Product, reviewer: User, at: datetime) -> None:
    """Every item of the lawful-source file that nobody has checked yet is found in order."""
    for source in SourceFile.objects.filter(product=product, state=SourceState.UNCHECKED).order_by("pk"):
        listing.accept_source_file(source=source, actor=reviewer, at=at, reason="原件核对无误")


def make_non_public_product(
    cast: Cast,
    at: datetime,
    *,
    seller: str = "vendor",
    title: str = "福州便利店品类销售指数",
    visibility: str = Visibility.ALL,
) -> Product:
    """A seller's own data, with declaration and lawful-source file."""
    product = listing.create_product(
        seller=cast.parties[seller], actor=cast[seller], at=at, nature=Nature.NON_PUBLIC,
        acquisition=Acquisition.OWN_BUSINESS, grade=Grade.GENERAL, visibility=visibility, title=title,
        summary=f"{title},按区县和月份汇总", description=f"{title}。由自有门店经营中形成,已汇总,不含个人信息。",
        purposes="选址、备货、消费研究", terms="不得转售", price_text="每年 12000 元", frequency=Frequency.MONTHLY,
    )  # fmt: skip
    listing.declare_product(product=product, actor=cast[seller], at=at)
    listing.add_source_file(
        product=product, actor=cast[seller], at=at, kind=SourceKind.CONSENT, title="门店经营数据权属说明",
        reference="公司制度〔2026〕3号", summary="自有门店经营中形成的销售记录",
    )  # fmt: skip
    return product


def apply_for(
    product: Product,
    cast: Cast,
    at: datetime,
    fields: Sequence[str],
    *,
    buyer: str = "buyer",
    title: str = "门诊需求预测",
) -> Application:
    """A submitted application with a full scenario."""
    application = applications.start_application(
        buyer=cast.parties[buyer], actor=cast[buyer], at=at, title=title, product=product, fields=fields
    )
    day = local_date(at)
    applications.describe_application(
        application=application, actor=cast[buyer], at=at, title=title, period_from=day,
        period_until=day + timedelta(days=365), **SCENARIO,
    )  # fmt: skip
    applications.submit_application(application=application, actor=cast[buyer], at=at)
    return application


def consult(application: Application, cast: Cast, at: datetime, *, officer: str = "officer") -> None:
    """Accepted, its units asked."""
    applications.accept_application(application=application, actor=cast[officer], at=at)
    applications.consult_units(application=application, actor=cast[officer], at=at)


def have_assessed(application: Application, cast: Cast, at: datetime, *, officer: str = "officer") -> None:
    """An expert of the committee assesses what the buyer's data reveals together, where that singles people out."""
    rows = LinkageResult.objects.filter(item__application=application)
    if not any(row.is_worrying for row in rows):
        return
    given = {"application": application, "at": at}
    applications.call_expert(**given, actor=cast[officer], expert=cast["expert"], reason="合并后可能识别到个人")
    applications.give_opinion(
        **given, actor=cast["expert"], opinion="在约定的措施下,合并使用的风险可控", measures="两份数据不得合并存放",
    )  # fmt: skip


def decide(
    application: Application, cast: Cast, at: datetime, *, officer: str = "officer", provider: str = "provider",
    onward_supply: bool = False, linkage_reason: str = "",
) -> Grant:  # fmt: skip
    """Every unit consents, the review begins, the first item is approved: the grant that is offered.

    With a `linkage_reason`, what the buyer's data reveals together is measured first, and assessed by an expert where
    that singles people out (Art. 35)."""
    for consultation in application.consultations.all():
        applications.consent(consultation=consultation, actor=cast[provider], at=at)
    applications.begin_review(application=application, actor=cast[officer], at=at)
    if linkage_reason:
        applications.link_due(at=at)
        have_assessed(application, cast, at, officer=officer)
    item = application.items.get()
    return applications.approve_item(
        item=item, actor=cast[officer], at=at, starts=local_date(at), ends=local_date(at) + timedelta(days=365),
        reason="场景具体,字段必要,措施适当", onward_supply=onward_supply, linkage_reason=linkage_reason,
    )  # fmt: skip
