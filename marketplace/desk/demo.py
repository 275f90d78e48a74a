"""Demo data: the invented cast and a trade in every stage of its life, played through the operations in the past."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import User
from listings import operations as listing
from listings.models import CatalogueEntry, Opening
from listings.operations.objections import PUBLIC
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant
from marketplace.delivery import operations as delivery
from marketplace.desk.cast import PEOPLE, Cast, assemble, real_regions
from marketplace.desk.demo_supervision import supervised
from marketplace.desk.sample_data import VISIT_ROLES, write_air_quality, write_bed_use, write_visits
from marketplace.desk.story import (
    apply_for,
    check_sources,
    consult,
    decide,
    list_version,
    make_entry,
    make_non_public_product,
    make_product,
    make_version,
    sign_rules,
)
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import UsageReport
from marketplace.supervision.states import ReportState
from marketplace.supervision.sweep import sweep

DOMAIN = "demo.minshu.example"
PASSWORD = "minshu-demo-2026"  # of every demo login; DEMO is never on in production
DAYS_AGO = 200


def is_loaded() -> bool:
    return User.objects.filter(email__endswith=f"@{DOMAIN}").exists()


def accounts() -> list[dict[str, str]]:
    """Role, name, e-mail and password of the demo logins."""
    roles = {"operator": "platform operator"} | {key: shown for key, (_name, _party, shown) in PEOPLE.items()}
    return [
        {"role": roles[key], "name": user.name, "email": user.email, "password": PASSWORD}
        for key in roles
        for user in User.objects.filter(email=f"{key.replace('_', '-')}@{DOMAIN}")
    ]


@transaction.atomic
def load(*, at: datetime) -> bool:
    """Load it once, all or nothing. False if it was there already."""
    if not settings.DEMO:
        raise PermissionError("demo data is for development and tests only (DEMO is off)")
    if is_loaded():
        return False
    with tempfile.TemporaryDirectory(prefix="minshu-demo-") as folder:
        began = at - timedelta(days=DAYS_AGO)
        cast = assemble(regions=real_regions(), at=began, domain=DOMAIN, password=PASSWORD)
        sign_rules(cast, began)
        _open_data(cast, began, Path(folder))
        _trade(cast, began, at, Path(folder))
        _in_review(cast, at, Path(folder))
        _non_public(cast, began, at, Path(folder))
        for days_ago in range(DAYS_AGO, -1, -5):  # as the beat would have done meanwhile
            sweep(at=at - timedelta(days=days_ago))
            _first_report(cast, at - timedelta(days=days_ago))
        supervised(cast, began, at, Path(folder))
        sweep(at=at)
    return True


def _first_report(cast: Cast, at: datetime) -> None:
    """The buyer files the first report of its grant in time; the second will be late."""
    report = UsageReport.objects.filter(grant__buyer=cast.parties["buyer"]).order_by("start").first()
    if report and report.state == ReportState.OPEN and report.end < at.date():
        supervision.file_report(
            report=report, actor=cast["buyer"], at=at, purposes="医疗资源规划", use="训练分区县门诊需求模型",
            results="服务三家社区医院的排班",
        )  # fmt: skip
        supervision.accept_report(report=report, actor=cast["officer"], at=at + timedelta(days=1))


def _open_data(cast: Cast, began: datetime, folder: Path) -> None:
    entry = make_entry(
        cast,
        began,
        unit="other_unit",
        person="other_provider",
        title="空气质量逐时监测",
        opening=Opening.OPENLY_AVAILABLE,
    )
    product = make_product(
        cast, entry, began, seller="other_unit", person="other_provider", title="福州市空气质量逐时监测数据"
    )
    version = make_version(
        product, cast, began, write_air_quality(folder / "空气质量.csv"), {}, about="none", person="other_provider"
    )
    list_version(version, cast, began, person="other_provider")


def _trade(cast: Cast, began: datetime, at: datetime, folder: Path) -> None:
    """One grant in use with a late report and a derived product, one case in consultation, one offer, one draft."""
    entry = make_entry(cast, began)
    product = make_product(cast, entry, began)
    version = make_version(product, cast, began, write_visits(folder / "门诊.csv"), VISIT_ROLES, about="persons")
    listed = list_version(version, cast, began)
    fields = list(version.columns.order_by("position").values_list("name", flat=True))
    version.refresh_from_db()

    application = apply_for(product, cast, listed, fields)
    consult(application, cast, listed)
    grant = decide(application, cast, listed + timedelta(days=2))
    active = listed + timedelta(days=3)
    applications.accept_grant(grant=grant, actor=cast["buyer"], at=active, terms_accepted=True)
    delivery.deliver(grant=grant, version=version, actor=cast["buyer"], at=active)
    derived = supervision.register_derived(
        party=cast.parties["buyer"], actor=cast["buyer"], at=active + timedelta(days=20), title="福州门诊需求地图",
        description="分区县、分年龄段的门诊需求预测,每月更新", url="", built_from=[(grant, version)],
    )  # fmt: skip
    supervision.publish_derived(derived=derived, actor=cast["buyer"], at=active + timedelta(days=21))

    other = apply_for(product, cast, at - timedelta(days=3), fields, buyer="other_buyer", title="商业健康险定价研究")
    consult(other, cast, at - timedelta(days=2))
    _talk(cast, other, at - timedelta(days=1))
    _renew(cast, grant, at - timedelta(days=2))
    _standing_consent(cast, entry, fields, began)
    beds = make_product(cast, entry, began, title="福州市医院床位使用率数据")
    bed_version = make_version(beds, cast, began, write_bed_use(folder / "床位.csv"), {}, about="none")
    list_version(bed_version, cast, began)
    offered = apply_for(beds, cast, at - timedelta(days=6), ["区县", "月份", "床位使用率"], title="床位紧张预警")
    consult(offered, cast, at - timedelta(days=5))
    decide(offered, cast, at - timedelta(days=1))
    apply_for(beds, cast, at - timedelta(hours=5), ["区县", "床位使用率"], buyer="other_buyer", title="医疗选址分析")


def _talk(cast: Cast, application: Application, at: datetime) -> None:
    applications.write_message(application=application, actor=cast["provider"], at=at, text="请说明结果是否对外公开。")
    applications.write_message(
        application=application, actor=cast["other_buyer"], at=at + timedelta(hours=2), text="仅供内部研究,不公开明细。"
    )


def _renew(cast: Cast, grant: Grant, at: datetime) -> None:
    applications.request_change(
        grant=grant, actor=cast["buyer"], at=at, ends=grant.ends + timedelta(days=365), fields=grant.fields,
        what_is_built=grant.terms["what_is_built"], quota=grant.terms["quota"],
        report_schedule=grant.report_schedule, reason="模型继续使用一年",
    )  # fmt: skip


def _standing_consent(cast: Cast, entry: CatalogueEntry, fields: list[str], at: datetime) -> None:
    applications.give_standing_consent(
        unit=cast.parties["unit"], actor=cast["provider"], at=at, entry=entry, document="榕卫函〔2026〕7号",
        purposes="医疗资源规划、公共卫生研究", fields=fields, conditions="不得公开明细", valid_from=at.date(),
        valid_until=at.date() + timedelta(days=730),
    )  # fmt: skip


def _non_public(cast: Cast, began: datetime, at: datetime, folder: Path) -> None:
    """A seller's product on offer, applied for; another in publicity, objected to."""
    shown = make_non_public_product(cast, began)
    version = make_version(shown, cast, began, write_bed_use(folder / "销售.csv"), {}, about="none", person="vendor")
    list_version(version, cast, began, person="vendor", officer="reviewer")
    apply_for(shown, cast, at - timedelta(days=1), ["区县", "月份"], title="社区便利店选址")
    coming = make_non_public_product(cast, at - timedelta(days=9), title="福州便利店客流指数")
    version = make_version(
        coming, cast, at - timedelta(days=8), write_bed_use(folder / "客流.csv"), {}, about="none", person="vendor"
    )
    listing.submit_version(version=version, actor=cast["vendor"], at=at - timedelta(days=6))
    check_sources(coming, cast["reviewer"], at - timedelta(days=4))
    listing.approve_version(
        version=version, actor=cast["reviewer"], at=at - timedelta(days=4), sources_checked=True, irreversible=True,
        reason="材料齐全,评估通过",
    )  # fmt: skip
    listing.lodge_objection(
        version=version, actor=PUBLIC, at=at - timedelta(days=2), text="单店数据可能被推算出来,请说明汇总口径。",
        name="某店主", contact="0591-0000000",
    )  # fmt: skip


def _in_review(cast: Cast, at: datetime, folder: Path) -> None:
    entry = make_entry(cast, at - timedelta(days=10), title="体检异常指标统计")
    product = make_product(cast, entry, at - timedelta(days=9), title="福州市体检指标分布数据")
    version = make_version(
        product, cast, at - timedelta(days=8), write_visits(folder / "体检.csv"), VISIT_ROLES, about="persons"
    )
    listing.submit_version(version=version, actor=cast["seller"], at=at - timedelta(days=1))
    listing.propose_entry(
        unit=cast.parties["unit"], actor=cast["provider"], at=at - timedelta(days=1), title="家庭医生签约统计",
        description="按区县统计的签约人数", sharing="conditional", opening="on_application", frequency="quarterly",
        contact="基层卫生科",
    )  # fmt: skip
