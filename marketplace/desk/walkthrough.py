"""One whole trade on real data, from listing to termination, played through the operations.

The play moves time itself and has parties, and even a province, of its own: its sweeps are scoped to them, so that
nobody else is touched. Each step expects to be done or to be refused; anything else ends the play.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import Party, User
from listings import operations as listing
from listings.deidentification import formats
from listings.models import (
    Acquisition,
    CatalogueEntry,
    Frequency,
    Grade,
    Nature,
    Opening,
    Product,
    Sharing,
    SourceKind,
    Version,
)
from listings.reasons import sentence
from listings.states import VersionState
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Grant, Hold
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.delivery import operations as delivery
from marketplace.desk.cast import Cast, assemble, invented_regions
from marketplace.desk.sample_data import write_bed_use
from marketplace.desk.story import SCENARIO, later, list_version, sign_rules
from marketplace.errors import Refused
from marketplace.ledger.entries import SystemActor, reference
from marketplace.ledger.models import Entry
from marketplace.supervision import operations as supervision
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.queries import attribution
from marketplace.supervision.standing import StandingRule
from marketplace.supervision.sweep import sweep

SWEEP = SystemActor("sweep")


@dataclass(frozen=True)
class Data:
    """What is to be traded, and how its columns are marked."""

    path: Path
    about: str
    roles: dict[str, str]


@dataclass(frozen=True)
class Step:
    """What happened: `outcome` is done or refused, `ledger` the entries it left, `reasons` why something was refused."""

    step: str
    actor: str
    outcome: str
    state: str
    ledger: list[dict[str, str]]
    reasons: list[dict[str, Any]] = field(default_factory=list)


class Otherwise(Exception):
    """A step went otherwise than the law wants it."""


class FileRefused(Exception):
    """The file did not get through the assessment; the last step says why."""


class Play:
    """Time, people and the steps so far. `do` and `refuse` are the only ways to make a step."""

    def __init__(self, at: datetime, tell: Callable[[Step], None]) -> None:
        self.at, self.tell = at, tell
        self.seen = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self.cast: Cast

    def do(self, name: str, actor: Any, act: Callable[..., Any], on: Any = None, /, **fields: Any) -> Any:
        """A step that must succeed. Returns what the operation returns."""
        try:
            result = act(actor=actor, at=self.at, **fields)
        except (Refused, ValidationError) as error:
            self._report(name, actor, "refused", on, [_why(error)])
            raise Otherwise(f"{name}: {_why(error)['text']}") from error
        self._report(name, actor, "done", on if on is not None else result)
        return result

    def refuse(self, name: str, actor: Any, act: Callable[..., Any], on: Any = None, /, **fields: Any) -> None:
        """A step that must be refused, and leave nothing in the ledger."""
        try:
            act(actor=actor, at=self.at, **fields)
        except Refused as error:
            if left := self._report(name, actor, "refused", on, [_why(error)]):
                raise Otherwise(f"{name}: the refusal left {len(left)} ledger entries") from error
            return
        self._report(name, actor, "done", on)
        raise Otherwise(f"{name}: was not refused")

    def check(self, name: str, holds: bool) -> None:
        """A fact that must hold."""
        self.tell(Step(name, "-", "done" if holds else "refused", "", []))
        if not holds:
            raise Otherwise(name)

    def watch(self, name: str) -> None:
        """A sweep at this time, over the play's own parties."""
        results = sweep(at=self.at, scope=list(self.cast.parties.values()))
        did = ", ".join(f"{result.monitor}: {result.did}" for result in results if result.did)
        self._report(name, SWEEP, "done", did)
        if any(result.failed for result in results):
            raise Otherwise(f"{name}: a monitor failed")

    def wait_for(self, kind: str) -> None:
        """Let a deadline that began now run out."""
        self.at = later(self.at, kind)

    def wait_until(self, moment: datetime) -> None:
        self.at = max(self.at, moment)

    def _report(self, name: str, actor: Any, outcome: str, about: Any, reasons: list[Any] | None = None) -> list[Any]:
        who = actor.name if isinstance(actor, User) else getattr(actor, "ledger_ref", "-")
        entries = [*self._new_entries()]
        self.tell(Step(name, who, outcome, _state(about), entries, reasons or []))
        return entries

    def _new_entries(self) -> Iterator[dict[str, str]]:
        """What the ledger holds of this play since the last step; others may be writing beside it."""
        people = {person.ledger_ref for person in self.cast.people.values()}
        for entry in Entry.objects.filter(pk__gt=self.seen).order_by("pk"):
            self.seen, about = entry.pk, f"{entry.object_type}:{entry.object_id}"
            if entry.actor_ref not in people and about not in _watched(self.cast.parties.values()):
                continue
            yield {
                "verb": entry.verb, "object": about, "old": entry.old, "new": entry.new,
                "article": entry.article, "at": entry.at.isoformat(), "operation": str(entry.operation_id),
            }  # fmt: skip


def play(*, data: Data, at: datetime, tell: Callable[[Step], None], scratch: Path) -> None:
    """Play the whole trade. Raises FileRefused when the file fails the assessment, Otherwise when anything goes wrong."""
    stage = Play(at, tell)
    stage.cast = assemble(
        regions=invented_regions(), at=at, domain=f"walkthrough-{at:%Y%m%d%H%M%S%f}.invalid", password=None
    )
    stage._report("parties registered and verified", stage.cast["operator"], "done", "verified")
    sign_rules(stage.cast, at, authority="city", person="officer")  # in its own cases
    try:
        product, version = list_product(stage, data)
        grant = apply_and_grant(stage, product, version)
        derived = use_and_build(stage, grant, version)
        first_order(stage, grant, version)
        second_order(stage, grant, version, derived)
        open_data(stage, scratch)
    finally:
        leave_nothing_on_offer(stage)


# fmt: off
def list_product(stage: Play, data: Data) -> tuple[Product, Version]:
    """Entry → product → version → assessment → review → publicity → published."""
    cast, do, refuse = stage.cast, stage.do, stage.refuse
    entry = do("catalogue entry proposed", cast["provider"], listing.propose_entry, **_entry(cast.parties["unit"], Opening.ON_APPLICATION))
    do("catalogue entry published", cast["officer"], listing.publish_entry, entry, entry=entry)
    product = do("product created", cast["seller"], listing.create_product, purposes="研究", **_product(cast.parties["developer"], entry, Acquisition.PRIMARY_DEVELOPER))
    do("declared under Art. 31", cast["seller"], listing.declare_product, product, product=product)
    do("lawful-source file", cast["seller"], listing.add_source_file, product, product=product, **SOURCE)
    version = assessed_version(stage, product, data, cast["seller"])
    refuse("listing reviewed by an officer of another city", cast["other_officer"], listing.approve_version, version, version=version, **SIGN_OFF)
    do("submitted for review", cast["seller"], listing.submit_version, version, version=version)
    refuse("seller approves its own version", cast["seller"], listing.approve_version, version, version=version, **SIGN_OFF)
    refuse("approval before the lawful sources are checked", cast["officer"], listing.approve_version, version, version=version, **SIGN_OFF)
    for source in product.source_files.order_by("pk"):
        do("lawful source checked", cast["officer"], listing.accept_source_file, source, source=source, reason="原件核对无误")
    do("approved, publicity begins", cast["officer"], listing.approve_version, version, version=version, **SIGN_OFF)
    refuse("published before the publicity is over", cast["officer"], listing.publish_version, version, version=version)
    stage.wait_for(Kind.PUBLICITY)
    do("published", cast["officer"], listing.publish_version, version, version=version)
    return product, version


def assessed_version(stage: Play, product: Product, data: Data, seller: User) -> Version:
    """Version, file, marks, assessment. Raises FileRefused with the reasons in the last step."""
    version: Version = stage.do("version started", seller, listing.create_version, product=product, about=data.about, **VERSION)
    try:
        listing.upload_file(version=version, actor=seller, at=stage.at, path=data.path, name=_name(data.path))
        stage._report("file uploaded", seller, "done", version)
        listing.mark_columns(version=version, actor=seller, at=stage.at, roles=data.roles)
        stage._report("columns marked", seller, "done", version)
    except ValidationError as error:
        stage._report("file uploaded", seller, "refused", version, [_why(error)])
        raise FileRefused(_why(error)["text"]) from error
    job = stage.do("assessment asked for", seller, listing.request_assessment, version, version=version)
    listing.run_assessment(job=job, at=stage.at)
    version.refresh_from_db()
    job.refresh_from_db()
    assessment = version.assessments.order_by("-pk").first()
    if version.state == VersionState.ASSESSED:
        stage._report("assessed", SystemActor("assessment"), "done", version)
        return version
    reasons = [
        {"column": reason["column"], "code": reason["code"], "text": sentence(reason["code"], reason["params"])}
        for reason in (assessment.report["reasons"] if assessment else [])
    ] or [{"column": None, "code": "assessment_failed", "text": job.failure}]
    stage._report("assessed", SystemActor("assessment"), "refused", version, reasons)
    raise FileRefused("; ".join(reason["text"] for reason in reasons))


def apply_and_grant(stage: Play, product: Product, version: Version) -> Grant:
    """Scenario → accepted → units heard → decided → terms accepted."""
    cast, do, refuse = stage.cast, stage.do, stage.refuse
    fields = list(version.columns.order_by("position").values_list("name", flat=True))
    application: Application = do("application started", cast["buyer"], applications.start_application, buyer=cast.parties["buyer"], title="门诊需求预测", product=product, fields=fields)
    today = local_date(stage.at)
    scenario = {**SCENARIO, "title": "门诊需求预测", "period_from": today, "period_until": today + timedelta(days=365)}
    do("scenario described", cast["buyer"], applications.describe_application, application, application=application, **scenario)
    application.refresh_from_db()
    do("application submitted", cast["buyer"], applications.submit_application, application, application=application)
    refuse("accepted by an officer who is a member of the buyer", cast["conflicted_officer"], applications.accept_application, application, application=application)
    do("accepted for processing", cast["officer"], applications.accept_application, application, application=application)
    do("unit asked", cast["officer"], applications.consult_units, application, application=application)
    consultation = application.consultations.get()
    refuse("silence recorded while the unit still has time", cast["officer"], applications.record_no_answer, consultation, consultation=consultation)
    do("unit consents", cast["provider"], applications.consent, consultation, consultation=consultation)
    do("review begins", cast["officer"], applications.begin_review, application, application=application)
    item = application.items.get()
    terms = {"starts": local_date(stage.at), "ends": local_date(stage.at) + timedelta(days=365), "reason": "场景具体,字段必要"}
    refuse("decided by an officer of another city", cast["other_officer"], applications.approve_item, item, item=item, **terms)
    grant: Grant = do("approved, terms offered", cast["officer"], applications.approve_item, item=item, **terms)
    refuse("download before the terms are accepted", cast["buyer"], delivery.deliver, grant, grant=grant, version=version)
    do("terms accepted", cast["buyer"], applications.accept_grant, grant, grant=grant, terms_accepted=True)
    return grant


def use_and_build(stage: Play, grant: Grant, version: Version) -> DerivedProduct:
    """Download through the gate; a derived product whose attribution comes from the delivery."""
    cast, do, refuse = stage.cast, stage.do, stage.refuse
    refuse("download by another buyer", cast["other_buyer"], delivery.deliver, grant, grant=grant, version=version)
    do("download", cast["buyer"], delivery.deliver, grant, grant=grant, version=version)
    obtained = local_date(stage.at)
    stage.watch("sweep: report periods opened")
    derived = do("derived product registered", cast["buyer"], supervision.register_derived, party=cast.parties["buyer"], title="福州门诊需求地图", description="分区县的门诊需求预测", built_from=[(grant, version)])
    do("derived product published", cast["buyer"], supervision.publish_derived, derived, derived=derived)
    line = attribution(derived, cast["buyer"])[0]
    stage.check("the attribution's date obtained is the delivery's", (line.obtained_first, line.obtained_last) == (obtained, obtained))
    return derived


def first_order(stage: Play, grant: Grant, version: Version) -> None:
    """Overdue → hold by the grant's terms, order proposed → issued and suspended → evidence → lifted, resumes only then."""
    cast, do, refuse = stage.cast, stage.do, stage.refuse
    measure = late_report(stage, grant)
    refuse("download while the report is overdue", cast["buyer"], delivery.deliver, grant, grant=grant, version=version)
    issue(stage, measure)
    refuse("download while suspended", cast["buyer"], delivery.deliver, grant, grant=grant, version=version)
    report = UsageReport.objects.owed().filter(grant=grant).order_by("due_at")[0]
    refuse("buyer lifts its own suspension", cast["buyer"], supervision.lift_order, measure, measure=measure, reason="已改正")
    do("report filed: the hold by the terms goes", cast["buyer"], supervision.file_report, report, report=report, purposes="研究", use="训练门诊需求模型", results="服务三家社区医院")
    refuse("download: the order still holds", cast["buyer"], delivery.deliver, grant, grant=grant, version=version)
    do("evidence filed", cast["buyer"], supervision.file_evidence, measure, measure=measure, text="报告已提交,并设专人负责")
    do("report accepted", cast["officer"], supervision.accept_report, report, report=report)
    do("order lifted", cast["officer"], supervision.lift_order, measure, measure=measure, reason="已改正")
    do("download again", cast["buyer"], delivery.deliver, grant, grant=grant, version=version)


def second_order(stage: Play, grant: Grant, version: Version, derived: DerivedProduct) -> None:
    """A second order → hearing → refusal found → terminated; what was built is flagged."""
    cast, do, refuse = stage.cast, stage.do, stage.refuse
    measure = late_report(stage, grant)
    issue(stage, measure)
    refuse("terminated without a refusal to correct", cast["officer"], supervision.terminate_service, measure, measure=measure, reason="-", remedy="-")
    stage.wait_for(Kind.CORRECTION)
    stage.watch("sweep: the time to correct is over")
    stage.check("no job has terminated", Grant.objects.get(pk=grant.pk).state == "active")
    refuse("refusal found before the party was heard", cast["officer"], supervision.find_refusal, measure, measure=measure, reason="-")
    do("notice of intent, hearing opened", cast["officer"], supervision.open_hearing, measure, measure=measure, reason="逾期未改正,拟终止")
    measure.refresh_from_db()
    refuse("refusal found while the party may still be heard", cast["officer"], supervision.find_refusal, measure, measure=measure, reason="-")
    do("party heard", cast["buyer"], supervision.file_statement, measure, measure=measure, text="不再提交报告", refuses=True)
    refuse("refusal found over a statement that the officer has not read", cast["officer"], supervision.find_refusal, measure, measure=measure, reason="-")
    do("officer reads what the party says", cast["officer"], supervision.note_seen, measure=measure)
    do("refusal to correct found", cast["officer"], supervision.find_refusal, measure, measure=measure, reason="听取陈述后仍不改正")
    do("service terminated", cast["officer"], supervision.terminate_service, measure, measure=measure, reason="拒不改正", remedy=REMEDY)
    refuse("download after termination", cast["buyer"], delivery.deliver, grant, grant=grant, version=version)
    derived.refresh_from_db()
    stage.check("the derived product is flagged", derived.state == "flagged")


def open_data(stage: Play, scratch: Path) -> None:
    """Openly available data of a unit goes through the gate of Art. 17, and then to anybody."""
    cast = stage.cast
    entry = stage.do("open entry proposed", cast["other_provider"], listing.propose_entry, **_entry(cast.parties["other_unit"], Opening.OPENLY_AVAILABLE))
    stage.do("open entry published", cast["officer"], listing.publish_entry, entry, entry=entry)
    product = stage.do("open product created", cast["other_provider"], listing.create_product, **_product(cast.parties["other_unit"], entry, Acquisition.OWN_DUTY))
    stage.do("open product declared", cast["other_provider"], listing.declare_product, product, product=product)
    stage.do("open product's lawful-source file", cast["other_provider"], listing.add_source_file, product, product=product, **SOURCE)
    data = Data(write_bed_use(scratch / "open.csv"), "none", {})
    version = assessed_version(stage, product, data, cast["other_provider"])
    stage.at = list_version(version, cast, stage.at, person="other_provider")
    stage._report("open product published", cast["officer"], "done", version)
    version.refresh_from_db()
    delivered = delivery.deliver_openly(version=version, at=stage.at)
    stage._report("downloaded by anybody, without login", delivery.PUBLIC, "done", version)
    stage.check("an open download leaves no name", delivered.principal is None and delivered.grant is None)


def late_report(stage: Play, grant: Grant) -> Measure:
    """Let the next owed report become so late that the grant pauses and an order is proposed; the newest proposal."""
    stage.watch("sweep: nothing is late yet")
    report = UsageReport.objects.owed().filter(grant=grant).order_by("due_at")[0]
    stage.wait_until(report.due_at)
    stage.watch("sweep: report overdue, finding opened")
    stage.wait_until(report.late_at)
    stage.watch("sweep: grant pauses by its terms, order proposed")
    stage.watch("sweep again: nothing happens twice")
    found = Measure.objects.filter(held__grant=grant, state="proposed").order_by("-pk").first()
    stage.check("an order is proposed, none is issued by a job", found is not None)
    assert found is not None
    return found


def issue(stage: Play, measure: Measure) -> None:
    """Only the competent city's officer may; order and suspension are one act."""
    cast = stage.cast
    order = {"facts": measure.facts, "demand": measure.demand, "remedy": REMEDY}
    for name, who in (
        ("order issued by a county officer", "county_officer"),
        ("order issued by an officer of another city", "other_officer"),
        ("order issued by an officer who is a member of the buyer", "conflicted_officer"),
    ):
        stage.refuse(name, cast[who], supervision.issue_order, measure, measure=measure, **order)
    stage.do("order issued and grant suspended, one act", cast["officer"], supervision.issue_order, measure, measure=measure, **order)
    entries = Entry.objects.filter(object_type="supervision.measure", object_id=str(measure.pk), verb="issue_order")
    operation = entries.values_list("operation_id", flat=True).get()
    holds = Entry.objects.filter(operation_id=operation, object_type="applications.hold", new="open").count()
    stage.check("order and suspension share one operation", holds == measure.held.count() > 0)


# fmt: on
def leave_nothing_on_offer(stage: Play) -> None:
    """The play's products are withdrawn by their sellers, and its rules by who signed them, however it ended."""
    for rule in StandingRule.objects.in_force().filter(authority__in=stage.cast.parties.values()):
        supervision.withdraw_standing_rule(rule=rule, actor=stage.cast["officer"], at=stage.at, reason="走查结束")
    sellers = {"developer": "seller", "other_unit": "other_provider"}
    for party, person in sellers.items():
        for product in Product.objects.listed().filter(seller=stage.cast.parties[party]):
            listing.withdraw_product(product=product, actor=stage.cast[person], at=stage.at, reason="走查结束")


REMEDY = "可在六十日内申请行政复议,或在六个月内提起行政诉讼。"
SIGN_OFF = {"sources_checked": True, "irreversible": True, "reason": "材料齐全,评估通过"}
SOURCE: dict[str, Any] = {
    "kind": SourceKind.STATUTE, "title": "公共数据资源目录及归集通知", "reference": "走查〔2026〕1号", "summary": "依目录归集",
}  # fmt: skip
VERSION: dict[str, Any] = {
    "data_from": date(2025, 7, 1), "data_until": date(2025, 12, 31), "collected_from": date(2025, 7, 1),
    "collected_until": date(2026, 1, 5), "deidentification_tool": "泛化、抑制", "key_is_kept": False,
    "steps": "删除直接标识符\n泛化与抑制",
}  # fmt: skip


def _entry(unit: Party, opening: str) -> dict[str, Any]:
    return {
        "unit": unit, "title": "走查目录", "description": "走查用目录", "sharing": Sharing.CONDITIONAL, "opening": opening,
        "frequency": Frequency.MONTHLY, "contact": "数据质量科",
    }  # fmt: skip


def _product(seller: Party, entry: CatalogueEntry, acquisition: str) -> dict[str, Any]:
    return {
        "seller": seller, "entry": entry, "nature": Nature.GOVERNMENT, "acquisition": acquisition, "grade": Grade.GENERAL,
        "title": "走查数据产品", "summary": "走查", "description": "走查", "frequency": Frequency.MONTHLY,
    }  # fmt: skip


def _name(path: Path) -> str:
    """The file's name as text; bytes that are no UTF-8 are marked. One without a known ending gets what it begins like."""
    name = os.fsencode(path.name).decode(errors="replace")
    if name.lower().endswith(tuple(formats.EXTENSIONS)):
        return name
    with path.open("rb") as file:
        return f"{name}.{formats.sniffed(file.read(formats.HEAD_BYTES))}"


def _watched(parties: Iterable[Party]) -> set[str]:
    """References of what jobs write about: the versions, reports, findings, holds and measures of some parties."""
    buyers = {"grant__buyer__in": list(parties)}
    rows = (
        Version.objects.filter(product__seller__in=list(parties)), UsageReport.objects.filter(**buyers),
        Finding.objects.filter(party__in=list(parties)), Hold.objects.filter(**buyers), Measure.objects.filter(party__in=list(parties)),
    )  # fmt: skip
    return {f"{row.model._meta.label_lower}:{pk}" for row in rows for pk in row.values_list("pk", flat=True)}


def _state(about: Any) -> str:
    """The state of what a step is about, as the database has it now."""
    if about is None or isinstance(about, str):
        return about or ""
    if not hasattr(about, "state"):
        return reference(about)
    return type(about)._base_manager.values_list("state", flat=True).filter(pk=about.pk).first() or ""


def _why(error: Exception) -> dict[str, Any]:
    if isinstance(error, ValidationError):
        named = getattr(error, "message_dict", {"": error.messages})
        messages = [" ".join(filter(None, [f"{name}:" if name else "", *texts])) for name, texts in named.items()]
    else:
        messages = [str(error)]
    return {"column": None, "code": getattr(error, "code", None) or type(error).__name__, "text": " ".join(messages)}
