"""Every state of every machine, reached through the operations.

Each function returns the object as the database has it and a moment at which everything that the state allows can be
done: clocks have run out, periods are over.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts import operations as accounts
from accounts.models import CapabilityKind, Credential, Party
from listings import operations as listing
from listings.deidentification import signed
from listings.deidentification.assess import assess
from listings.deidentification.ingest import ingest
from listings.deidentification.report import Report
from listings.models import (
    CatalogueEntry,
    Column,
    DescriptionChange,
    Objection,
    Opening,
    Product,
    ReleaseRule,
    SourceFile,
    Upload,
    Version,
)
from listings.operations.objections import PUBLIC
from marketplace.applications import operations as applications
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, Item, StandingConsent
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import SHANGHAI, end_of_day, local_date
from marketplace.delivery import operations as delivery
from marketplace.desk.sample_data import VISIT_ROLES, write_bed_use, write_visits
from marketplace.desk.story import (
    SCENARIO,
    apply_for,
    check_sources,
    consult,
    decide,
    later,
    list_version,
    make_entry,
    make_non_public_product,
    make_product,
    make_version,
)
from marketplace.ledger import entries as ledger
from marketplace.supervision import operations as supervision
from marketplace.supervision.caution import Caution
from marketplace.supervision.checklists import CURRENT, questions
from marketplace.supervision.closeout import Certificate, Whereabouts
from marketplace.supervision.concern import Concern
from marketplace.supervision.incidents import Incident
from marketplace.supervision.inspections import Inspection, InspectionPlan
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.operations.finding import open_finding
from marketplace.supervision.preparedness import EmergencyPlan
from marketplace.supervision.review import Review, adverse_acts
from marketplace.supervision.second_pair import SecondPairRule
from marketplace.supervision.sweep import sweep
from tests.accounts.papers import pdf
from tests.actors import World

JOB = ledger.SystemActor("sweep")
REMEDY = "可在六十日内申请行政复议。"
CHARGE = {"facts": "超出约定用途使用", "demand": "停止并说明"}
VERSION_FIELDS: dict[str, Any] = {
    "data_from": date(2025, 7, 1), "data_until": date(2025, 12, 31), "collected_from": date(2025, 7, 1),
    "collected_until": date(2026, 1, 5), "deidentification_tool": "泛化、抑制", "key_is_kept": False,
}  # fmt: skip
SIGN_OFF = {"sources_checked": True, "irreversible": True, "reason": "材料齐全"}
ENTRY_FIELDS = {
    "title": "统计", "description": "统计表", "sharing": "conditional", "withheld_basis": "",
    "opening": "on_application",    "frequency": "monthly", "contact": "数据科",
}  # fmt: skip


def scratch(name: str) -> Path:
    """A place for a file, beside the test's storage."""
    folder = Path(settings.MEDIA_ROOT).parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def paper(text: str) -> Path:
    """A PDF to be added to a case."""
    path = scratch(f"{text}.pdf")
    path.write_bytes(pdf(text))
    return path


def party(world: World, state: str) -> tuple[Party, datetime]:
    """A buyer-to-be: the other buyer owns it, the provider is a member, somebody is invited."""
    made = accounts.register_party(
        actor=world["other_buyer"], at=world.at, name="泉州数据有限公司", region=world.parties["city"].region,
        uscc="91350100MA00000067",
    )  # fmt: skip
    owner = {"party": made, "actor": world["other_buyer"], "at": world.at}
    accounts.add_member(**owner, user=world["provider"], role="member")
    accounts.invite_member(**owner, email="guest@test.example", role="member")
    accounts.add_party_evidence(**owner, path=paper("licence"), subject="registration", note="营业执照")
    steps = {
        "applied": (),
        "returned": ("return",),
        "refused": ("refuse",),
        "verified": ("verify",),
        "barred": ("verify", "bar"),
        "ended": ("verify", "end"),
    }[state]
    who = {"actor": world["operator"], "at": world.at, "party": made}
    for step in steps:
        if step == "verify":
            accounts.verify_party(
                **who, evidence="营业执照", valid_until=date(2029, 1, 1), capabilities={CapabilityKind.BUYER: None}
            )
        elif step == "end":
            supervision.end_party(**who, reason="注销")
        elif step in ("refuse", "bar"):
            getattr(accounts, f"{step}_party")(**who, reason="无法核实", remedy=REMEDY)
        else:
            getattr(accounts, f"{step}_party")(**who, reason="注销")
    return Party.objects.get(pk=made.pk), world.at


def authority(world: World, state: str) -> tuple[Party, datetime]:
    """The city, with a case in the officer's charge."""
    application(world, "accepted")
    return world.parties["city"], world.at


def authority_of_the_platform(world: World, state: str) -> tuple[Party, datetime]:
    """The city, in which the platform's operator has its seat now."""
    city = world.parties["city"]
    Party.objects.filter(pk=world.parties["operator"].pk).update(region=city.region_id)
    return city, world.at


def oversight_body(world: World, state: str) -> tuple[Party, datetime]:
    """The cyberspace office of the city, whose authority reviewed the world's version."""
    return world.parties["oversight"], world.at


def entry(world: World, state: str) -> tuple[CatalogueEntry, datetime]:
    made = listing.propose_entry(unit=world.parties["unit"], actor=world["provider"], at=world.at, **ENTRY_FIELDS)
    if state == "returned":
        listing.return_entry(entry=made, actor=world["officer"], at=world.at, reason="补充说明")
    if state in ("published", "withdrawn"):
        listing.publish_entry(entry=made, actor=world["officer"], at=world.at)
    if state == "withdrawn":
        listing.withdraw_entry(entry=made, actor=world["provider"], at=world.at, reason="机构改革")
    return CatalogueEntry.objects.get(pk=made.pk), world.at


def product(world: World, state: str) -> tuple[Product, datetime]:
    """The world's own product, or `active+undeclared`: a new one."""
    if state == "active+undeclared":
        fields = {
            "acquisition": "primary_developer",
            "grade": "general",
            "nature": "government",
            "frequency": "monthly",
        }
        texts = {"title": "新产品", "summary": "新产品", "description": "新产品"}
        made = listing.create_product(
            seller=world.parties["developer"],
            entry=world.product.entry,
            actor=world["seller"],
            at=world.at,
            **fields,
            **texts,
        )
        return made, world.at
    if state == "withdrawn":
        listing.withdraw_product(product=world.product, actor=world["seller"], at=world.at, reason="停止")
    return Product.objects.get(pk=world.product.pk), world.at


def version(world: World, state: str) -> tuple[Version, datetime]:
    """The world's own version from `published` on, its successor before that."""
    if state in ("published", "held", "recalled", "retired"):
        made = world.version
        if state == "retired":
            listing.retire_version(version=made, actor=world["seller"], at=world.at, reason="有新版")
        elif state != "published":
            verb = {"held": listing.hold_version, "recalled": listing.recall_version}[state]
            verb(version=made, actor=world["officer"], at=world.at, reason="核查")
        return Version.objects.get(pk=made.pk), world.at
    if state == "draft+reading":
        return upload(world, "received")[0].version, world.at
    if state == "draft+failed":
        return draft_that_failed(world), world.at
    made = draft_with_file(world)
    at = world.at
    if state == "draft":
        return made, at
    if state == "discarded":
        listing.discard_version(version=made, actor=world["seller"], at=at)
        return Version.objects.get(pk=made.pk), at
    job = listing.request_assessment(version=made, actor=world["seller"], at=at)
    assert listing.run_assessment(job=job, at=at)
    made.refresh_from_db()
    if state == "assessed":
        return made, at
    listing.submit_version(version=made, actor=world["seller"], at=at)
    if state == "expert_review":
        listing.call_version_expert(
            version=made, actor=world["officer"], at=at, expert=world["expert"], reason="关联后可能涉敏"
        )
    elif state == "returned":
        listing.return_version(version=made, actor=world["officer"], at=at, reason="补充来源")
    elif state == "refused":
        listing.refuse_version(version=made, actor=world["officer"], at=at, reason="来源不明", remedy=REMEDY)
    elif state == "in_publicity":
        listing.approve_version(version=made, actor=world["officer"], at=at, **SIGN_OFF)
        at = later(at, Kind.PUBLICITY)
    return Version.objects.get(pk=made.pk), at


def upload(world: World, state: str) -> tuple[Upload, datetime]:
    """Of the next version. What is only counted (200 MiB, read by the worker) or, once it is over, really sent."""
    draft = listing.create_version(
        product=world.product, actor=world["seller"], at=world.at, about="persons", **VERSION_FIELDS
    )
    who = {"actor": world["seller"], "at": world.at}
    if state in ("done", "refused"):
        content = write_visits(scratch("next.csv")).read_bytes() if state == "done" else b"a,a\n1,2\n"
        made = listing.start_upload(version=draft, name="next.csv", size=len(content), **who)
        listing.receive_chunk(upload=made, offset=0, content=content, **who)
        with suppress(ValidationError):
            listing.finish_upload(upload=made, **who)
        return Upload.objects.get(pk=made.pk), world.at
    made = listing.start_upload(version=draft, name="next.csv", size=200 * 1024**2, **who)
    if state != "open+partial":
        Upload.objects.filter(pk=made.pk).update(received=made.size)
    made = Upload.objects.get(pk=made.pk)
    if state == "received":
        listing.finish_upload(upload=made, **who)
    elif state == "abandoned":
        listing.abandon_upload(upload=made, **who)
    return Upload.objects.get(pk=made.pk), world.at


def source_file(world: World, state: str) -> tuple[SourceFile, datetime]:
    """A second item of the world's product, added after its version was published; `accepted+lapsed`."""
    made = listing.add_source_file(
        product=world.product, actor=world["seller"], at=world.at, kind="consent", title="补充授权书",
        reference="榕数〔2026〕20号", summary="补充", valid_until=date(2026, 12, 31),
    )  # fmt: skip
    listing.add_source_evidence(source=made, actor=world["seller"], at=world.at, path=paper("source"))
    officer = {"source": made, "actor": world["officer"], "at": world.at, "reason": "核对原件"}
    if state.startswith("accepted"):
        listing.accept_source_file(**officer)
    elif state == "rejected":
        listing.reject_source_file(**officer)
    elif state == "withdrawn":
        listing.withdraw_source_file(source=made, actor=world["seller"], at=world.at)
    lapsed = datetime(2027, 1, 4, 9, tzinfo=SHANGHAI)
    return SourceFile.objects.get(pk=made.pk), lapsed if state.endswith("+lapsed") else world.at


def objection(world: World, state: str) -> tuple[Objection, datetime]:
    """Raised by somebody without a login against the next version of the world's product."""
    against, over = version(world, "in_publicity")
    made = listing.lodge_objection(
        version=against, actor=PUBLIC, at=world.at, text="样本过小,可能认出个人", name="某市民", contact="13800000000"
    ).made
    if state != "open":
        answer = {"upheld": listing.uphold_objection, "dismissed": listing.dismiss_objection}[state]
        answer(objection=made, actor=world["officer"], at=over, reason="已核实")
    return Objection.objects.get(pk=made.pk), over


def non_public_draft(world: World, **changes: Any) -> Version:
    """A seller's own data: the first version with its file, not assessed yet."""
    made = make_non_public_product(world.cast, world.at, **changes)
    return make_version(
        made, world.cast, world.at, write_bed_use(scratch("sales.csv")), {}, about="none", person="vendor"
    )


def non_public_version(world: World, state: str) -> tuple[Version, datetime]:
    """From `assessed` on, reviewed by the platform's compliance reviewer."""
    made, at = non_public_draft(world), world.at
    reviewer = {"version": made, "actor": world["reviewer"], "at": at}
    if state in ("published", "held", "recalled", "retired"):
        at = list_version(made, world.cast, at, person="vendor", officer="reviewer")
        reviewer["at"] = at
        if state == "retired":
            listing.retire_version(**{**reviewer, "actor": world["vendor"]}, reason="停更")
        elif state != "published":
            {"held": listing.hold_version, "recalled": listing.recall_version}[state](**reviewer, reason="核查")
    elif state != "assessed":
        listing.submit_version(version=made, actor=world["vendor"], at=at)
        check_sources(made.product, world["reviewer"], at)
        if state == "returned":
            listing.return_version(**reviewer, reason="补充")
        elif state == "refused":
            listing.refuse_version(**reviewer, reason="来源不明", remedy=REMEDY)
        elif state == "in_publicity":
            listing.approve_version(**reviewer, **SIGN_OFF)
            at = later(at, Kind.PUBLICITY)
    return Version.objects.get(pk=made.pk), at


def non_public_application(world: World, state: str) -> tuple[Application, datetime]:
    """For a seller's data: `submitted`, `accepted`, `under_review`, `decided`, `under_review+question`, …"""
    state, _, further = state.partition("+")
    of, at = non_public_version(world, "published")
    made = apply_for(of.product, world.cast, at, ["区县", "月份"], title="便利店选址")
    vendor = {"application": made, "actor": world["vendor"], "at": at}
    if state == "returned":
        applications.return_application(**vendor, reason="说明用途")
    elif state == "refused":
        applications.refuse_application(**vendor, reason="同业竞争", remedy=REMEDY)
    elif state != "submitted":
        applications.accept_application(**vendor)
    if state in ("under_review", "decided"):
        applications.begin_review(**vendor)
    if state == "decided":
        approve(made.items.get(), world, at, by="vendor")
    if further == "question":
        applications.ask_buyer(**vendor, text="在哪些城市使用?")
    return Application.objects.get(pk=made.pk), at


def non_public_item(world: World, state: str) -> tuple[Item, datetime]:
    case, at = non_public_application(world, "under_review" if state.startswith("open") else "decided")
    return case.items.get(), at


def non_public_grant(world: World, state: str) -> tuple[Grant, datetime]:
    """`offered`, or `active` and its period over; `active+lapsed`: with its seller's verification."""
    state, _, lapsed = state.partition("+")
    case, at = non_public_application(world, "decided")
    made = Grant.objects.get(item__application=case)
    a_system(world, made, at)
    if state == "offered":
        return made, at
    applications.accept_grant(grant=made, actor=world["buyer"], at=at, terms_accepted=True)
    if lapsed:
        let_lapse(world, "vendor", at)
    return Grant.objects.get(pk=made.pk), end_of_day(made.ends)


def let_lapse(world: World, key: str, at: datetime) -> None:
    """The verification of one of the parties was valid until the day before."""
    day = local_date(at) - timedelta(days=1)
    Party.objects.filter(pk=world.parties[key].pk).update(verified_until=day)


RULE: dict[str, Any] = {
    "min_rows": 100, "max_rows": 100_000, "min_k": 20, "max_drift": 10, "valid_until": date(2026, 12, 31),
}  # fmt: skip


TEXTS = {
    "title": "门诊量(分区县)", "summary": "按月", "description": "按区县、月份汇总。另含更正。",
    "frequency": "quarterly", "reason": "说明更清楚",
}  # fmt: skip


def release_rule(world: World, state: str) -> tuple[ReleaseRule, datetime]:
    """On the world's own product."""
    made = listing.propose_rule(product=world.product, actor=world["seller"], at=world.at, **RULE)
    officer = {"rule": made, "actor": world["officer"], "at": world.at, "reason": "更新稳定"}
    if state in ("approved", "revoked"):
        listing.approve_rule(**officer)
    if state == "returned":
        listing.return_rule(**officer)
    elif state == "refused":
        listing.refuse_rule(**officer, remedy=REMEDY)
    elif state == "revoked":
        listing.revoke_rule(**officer, remedy=REMEDY)
    elif state == "withdrawn":
        listing.withdraw_rule(rule=made, actor=world["seller"], at=world.at)
    return ReleaseRule.objects.get(pk=made.pk), world.at


def description_change(world: World, state: str) -> tuple[DescriptionChange, datetime]:
    """Of the world's own product, which was reviewed."""
    made = listing.propose_description(product=world.product, actor=world["seller"], at=world.at, **TEXTS)
    officer = {"change": made, "actor": world["officer"], "at": world.at, "reason": "已核对"}
    if state == "accepted":
        listing.accept_description(**officer)
    elif state == "returned":
        listing.return_description(**officer)
    elif state == "withdrawn":
        listing.withdraw_description(change=made, actor=world["seller"], at=world.at)
    return DescriptionChange.objects.get(pk=made.pk), world.at


def failing_finding(world: World) -> Finding:
    """The world's version was assessed again under other marks, and failed."""
    Column.objects.filter(version=world.version).update(role="quasi_identifier")
    listing.request_reassessment(version=world.version, actor=world["officer"], at=world.at, reason="复核")
    listing.assess_due(at=world.at)
    sweep(at=world.at)
    return Finding.objects.get(version=world.version)


@cache
def report_of_visits() -> Report:
    """What a seller's own machine finds in the visits, with the columns marked as the seller marks them."""
    path, parquet = write_visits(scratch("visits.csv")), scratch("visits.parquet")
    ingest(path, path.name, parquet)
    marked = [column for column, role in VISIT_ROLES.items() if role == "quasi_identifier"]
    return assess(
        parquet, about="persons", subject=None, quasi_identifiers=marked, sensitive=["就诊科类"],
        rules=settings.RISK_RULES, today=date(2026, 3, 2), mode="download",
    )  # fmt: skip


def signed_report(at: datetime, mode: str = "download") -> bytes:
    """The seller's signed report on the visits, made at `at`."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    path = write_visits(scratch("visits.csv"))
    return json.dumps(signed.sign(report_of_visits(), path, key, mode=mode, at=at)).encode()


def draft_with_file(world: World) -> Version:
    """The next version of the world's product, marked and ready to be assessed."""
    made = listing.create_version(
        product=world.product, actor=world["seller"], at=world.at, about="persons", **VERSION_FIELDS
    )
    path = write_visits(scratch("next.csv"))
    listing.upload_file(version=made, actor=world["seller"], at=world.at, path=path, name=path.name)
    listing.mark_columns(version=made, actor=world["seller"], at=world.at, roles=VISIT_ROLES)
    return Version.objects.get(pk=made.pk)


def draft_that_failed(world: World) -> Version:
    """A draft whose file did not pass, kept to be mended, with a recipe for it."""
    made = listing.create_version(
        product=world.product, actor=world["seller"], at=world.at, about="persons", **VERSION_FIELDS
    )
    path = write_visits(scratch("failing.csv"))
    with path.open("a", encoding="utf-8") as file:
        file.write("平潭县,60+,女,其他,2025-07,40\n")  # alone in its class
    listing.upload_file(version=made, actor=world["seller"], at=world.at, path=path, name=path.name)
    listing.mark_columns(version=made, actor=world["seller"], at=world.at, roles=VISIT_ROLES)
    for ask in (listing.request_assessment, listing.suggest_recipe):
        assert listing.run_assessment(job=ask(version=made, actor=world["seller"], at=world.at), at=world.at)
    return Version.objects.get(pk=made.pk)


def application(world: World, state: str) -> tuple[Application, datetime]:
    """A state; `under_review+question`: the officer has asked the buyer; `draft+two_persons`, `draft+prepared`."""
    state, _, further = state.partition("+")
    who, at = {"actor": world["buyer"], "at": world.at}, world.at
    if state == "draft":
        made = applications.start_application(
            buyer=world.parties["buyer"], title="需求预测", product=world.product, fields=world.fields, **who
        )
        period = {"period_from": date(2026, 4, 1), "period_until": date(2027, 3, 31)}
        applications.describe_application(application=made, title="需求预测", **period, **SCENARIO, **who)
        if further:
            applications.set_two_person_rule(party=world.parties["buyer"], is_on=True, **who)
        if further == "prepared":
            applications.prepare_application(application=made, **who)
        return Application.objects.get(pk=made.pk), at
    made = apply_for(world.product, world.cast, at, world.fields)
    officer = {"application": made, "actor": world["officer"], "at": at}
    if state == "returned":
        applications.return_application(**officer, reason="补充安全措施")
    elif state == "refused":
        applications.refuse_application(**officer, reason="场景不成立", remedy=REMEDY)
    elif state == "withdrawn":
        applications.withdraw_application(application=made, reason="不再需要", **who)
    elif state == "accepted":
        applications.accept_application(**officer)
    elif state in ("in_consultation", "under_review", "expert_review", "decided"):
        consult(made, world.cast, at)
    if state == "decided":
        decide(made, world.cast, at)
    if state in ("under_review", "expert_review"):
        applications.consent(consultation=made.consultations.get(), actor=world["provider"], at=at)
        applications.begin_review(**officer)
    if state == "expert_review":
        applications.call_expert(**officer, expert=world["expert"], reason="关联后可能涉敏")
    if further == "question":
        applications.ask_buyer(**officer, text="样本量多大?")
    return Application.objects.get(pk=made.pk), at


def consultation(world: World, state: str) -> tuple[Consultation, datetime]:
    case, at = application(world, "in_consultation")
    standing_consent(world, "given")
    asked = case.consultations.get()
    over = later(at, Kind.CONSULTATION)
    unit = {"consultation": asked, "actor": world["provider"], "at": at}
    if state == "consented":
        applications.consent(**unit)
    elif state == "consented_in_part":
        applications.consent_in_part(**unit, conditions="仅限本市")
    elif state == "refused":
        applications.object_to(**unit, reason="涉及在办案件")
    elif state == "closed":
        applications.return_application(application=case, actor=world["officer"], at=at, reason="补充")
    elif state == "no_answer":
        applications.record_no_answer(consultation=asked, actor=world["officer"], at=over)
    elif state == "question":
        applications.ask_from_unit(**unit, text="为何需要费用档?")
    return Consultation.objects.get(pk=asked.pk), over


def standing_consent(world: World, state: str, **changes: Any) -> tuple[StandingConsent, datetime]:
    """The health unit's, for all fields of the world's product."""
    terms = {
        "entry": world.product.entry, "document": "榕卫函〔2026〕7号", "purposes": "医疗资源规划",
        "fields": world.fields,        "valid_from": date(2026, 1, 1), "valid_until": date(2027, 12, 31),
    }  # fmt: skip
    made = applications.give_standing_consent(
        unit=world.parties["unit"], actor=world["provider"], at=world.at, **{**terms, **changes}
    )
    if state == "withdrawn":
        applications.withdraw_standing_consent(consent=made, actor=world["provider"], at=world.at, reason="政策调整")
    return StandingConsent.objects.get(pk=made.pk), world.at


def item(world: World, state: str) -> tuple[Item, datetime]:
    """`open@<state of its application>`, `approved`, `refused`, `split_off`; `open@under_review+unconsented`."""
    if state in ("open@under_review+unconsented", "split_off"):
        one = unconsented(world)
        if state == "split_off":
            applications.split_off_item(item=one, actor=world["officer"], at=world.at, reason="等待同意")
        return Item.objects.get(pk=one.pk), world.at
    if state.startswith("open@"):
        case, at = application(world, state.removeprefix("open@"))
        return case.items.get(), at
    case, at = application(world, "under_review")
    one = case.items.get()
    if state == "approved":
        approve(one, world, at)
    else:
        applications.refuse_item(item=one, actor=world["officer"], at=at, reason="无必要", remedy=REMEDY)
    return Item.objects.get(pk=one.pk), at


def unconsented(world: World, *, decided: bool = True) -> Item:
    """Two products: one granted (or not yet), the other open on application and objected to by its unit."""
    who, at = {"actor": world["buyer"], "at": world.at}, world.at
    beds = unit_product(world)
    made, _at = application(world, "draft")
    second = applications.add_item(application=made, product=beds, fields=["区县", "月份"], **who)
    applications.submit_application(application=made, **who)
    consult(made, world.cast, at)
    answers = {row.unit_id: row for row in made.consultations.all()}
    applications.consent(consultation=answers[world.parties["unit"].pk], actor=world["provider"], at=at)
    applications.object_to(
        consultation=answers[world.parties["other_unit"].pk], actor=world["other_provider"], at=at, reason="待核"
    )
    applications.begin_review(application=made, actor=world["officer"], at=at)
    if decided:
        approve(made.items.exclude(pk=second.pk).get(), world, at)
    return Item.objects.get(pk=second.pk)


def approve(one: Item, world: World, at: datetime, *, by: str = "officer", **terms: Any) -> Grant:
    day = at.astimezone(SHANGHAI).date()
    terms = {"starts": day, "ends": day + timedelta(days=365), "reason": "必要", **terms}
    return applications.approve_item(item=one, actor=world[by], at=at, **terms)


def active_grant(
    world: World, *, buyer: str = "buyer", at: datetime | None = None, onward_supply: bool = False
) -> Grant:
    """Applied, consented, approved, accepted: in effect for a year."""
    at = at or world.at
    case = apply_for(world.product, world.cast, at, world.fields, buyer=buyer)
    consult(case, world.cast, at)
    made = decide(case, world.cast, at, onward_supply=onward_supply)
    applications.accept_grant(grant=made, actor=world[buyer], at=at, terms_accepted=True)
    return Grant.objects.get(pk=made.pk)


def grant(world: World, state: str) -> tuple[Grant, datetime]:
    case, at = application(world, "decided")
    made = Grant.objects.get(item__application=case)
    system = a_system(world, made, at)
    who = {"grant": made, "actor": world["buyer"], "at": at}
    if state == "offered":
        return made, at
    if state == "surrendered+delivered":
        applications.accept_grant(**who, terms_accepted=True)
        delivery.deliver(grant=made, version=world.version, actor=world["buyer"], at=at)
        applications.surrender_grant(**who, reason="项目结束")
        return Grant.objects.get(pk=made.pk), at
    if state == "declined":
        applications.decline_grant(**who, reason="条件过严")
        return Grant.objects.get(pk=made.pk), at
    applications.accept_grant(**who, terms_accepted=True)
    over = end_of_day(made.ends)
    if state == "surrendered":
        applications.surrender_grant(**who, reason="项目结束")
    elif state == "closed":
        applications.close_grant(grant=made, actor=world["officer"], at=over, reason="期满")
    elif state == "terminated":
        terminate(order(world, made), world)
    elif state == "revoked":
        applications.revoke_grant(
            grant=made, actor=world["officer"], at=at, article="Art. 15", reason="单位撤回同意", remedy=REMEDY
        )
    elif state == "active+named":
        applications.name_user(grant=made, actor=world["buyer"], at=at, user=world["buyer"])
    elif state == "active+system":
        applications.name_system(grant=made, actor=world["buyer"], at=at, credential=system)
    elif state == "active+suspended":
        delivery.deliver(grant=made, version=world.version, actor=world["buyer"], at=at)
        supervision.take_precaution(grant=made, actor=world["officer"], at=at, reason="查证举报")
        return Grant.objects.get(pk=made.pk), at
    elif state == "active+precaution":
        supervision.take_precaution(grant=made, actor=world["officer"], at=over, reason="查证举报")
    return Grant.objects.get(pk=made.pk), over


def a_system(world: World, of: Grant, at: datetime) -> Credential:
    """A credential of the buyer."""
    made, _key = accounts.create_credential(
        party=of.buyer, actor=world["buyer"], at=at, name="取数系统", responsible=world["buyer"], scopes=["read"],
        expires_at=at + timedelta(days=730),
    )  # fmt: skip
    return made


def edition(world: World, state: str) -> tuple[GrantEdition, datetime]:
    """A requested renewal, and what became of it."""
    of, at = active_grant(world), world.at
    made = applications.request_change(
        grant=of, actor=world["buyer"], at=at, ends=of.ends + timedelta(days=365), fields=of.fields,
        what_is_built=of.terms["what_is_built"], quota=None, report_schedule=of.report_schedule, reason="续期一年",
    )  # fmt: skip
    officer = {"edition": made, "actor": world["officer"], "at": at, "reason": "必要"}
    if state == "agreed":
        applications.agree_change(**officer)
    elif state == "refused":
        applications.refuse_change(**officer, remedy=REMEDY)
    elif state == "withdrawn":
        applications.withdraw_change(edition=made, actor=world["buyer"], at=at)
    return GrantEdition.objects.get(pk=made.pk), at


def report(world: World, state: str) -> tuple[UsageReport, datetime]:
    """The first quarter's report of a grant, once that quarter is over."""
    of = active_grant(world)
    at = datetime(2026, 4, 1, 9, tzinfo=SHANGHAI)
    made = supervision.schedule_reports(grants=[of], actor=JOB, at=at)[0]
    if state not in ("open", "ceased"):
        supervision.file_report(report=made, actor=world["buyer"], at=at, purposes="医疗资源规划", use="训练模型")
    if state == "returned":
        supervision.return_report(report=made, actor=world["officer"], at=at, reason="说明成果")
    elif state == "ceased":
        return ceased(world, made, at)
    elif state == "accepted":
        supervision.accept_report(report=made, actor=world["officer"], at=at)
    return UsageReport.objects.get(pk=made.pk), at


def late_reports(world: World) -> tuple[Grant, datetime]:
    """Two grants in effect since before a sweep, and the moment at which their first reports are so late that they
    pause."""
    made = active_grant(world)
    active_grant(world, buyer="other_buyer")
    sweep(at=world.at)
    return made, datetime(2026, 4, 27, 9, tzinfo=SHANGHAI)


def ceased(world: World, made: UsageReport, at: datetime) -> tuple[UsageReport, datetime]:
    """Its buyer has ended without a successor; today is its people's last day."""
    supervision.end_party(party=made.grant.buyer, actor=world["operator"], at=at, reason="注销")
    return UsageReport.objects.get(pk=made.pk), at


def proposal(world: World, of: Grant, at: datetime | None = None) -> Measure:
    made = supervision.propose_order_on_grant(
        grant=of, actor=world["officer"], at=at or world.at, facts="超出约定用途使用", demand="停止并说明"
    )
    assert made is not None
    return made


def issue(made: Measure, world: World, at: datetime) -> Measure:
    supervision.issue_order(
        measure=made, actor=world["officer"], at=at, facts=made.facts, demand=made.demand, remedy=REMEDY
    )
    return made


def order(world: World, of: Grant, at: datetime | None = None) -> Measure:
    """An issued order on one grant."""
    return issue(proposal(world, of, at), world, at or world.at)


def find_refusal(made: Measure, world: World, at: datetime | None = None) -> None:
    """It says that it refuses, notice, the same again, refusal found."""
    officer = {"measure": made, "actor": world["officer"], "at": at or world.at}
    hear(made, at or world.at, world["officer"], world["buyer"])
    read(made, at or world.at, world["officer"], world["second_officer"])
    supervision.find_refusal(**officer, reason="明确拒绝")


def hear(made: Measure, at: datetime, officer: Any, party: Any) -> None:
    """The party refuses, is told what is intended, and refuses in the hearing: heard within the time to correct."""
    refuses = {"measure": made, "actor": party, "at": at, "text": "不改", "refuses": True}
    supervision.file_statement(**refuses)
    supervision.open_hearing(measure=made, actor=officer, at=at, reason="拟终止")
    supervision.file_statement(**refuses)
    made.refresh_from_db()


def read(made: Measure, at: datetime, *people: Any) -> None:
    """Each of them opens the case, so that nothing in it is unread."""
    for reader in people:
        supervision.note_seen(measure=Measure.objects.get(pk=made.pk), actor=reader, at=at)


def terminate(made: Measure, world: World, at: datetime | None = None) -> None:
    find_refusal(made, world, at)
    supervision.terminate_service(
        measure=made, actor=world["officer"], at=at or world.at, reason="拒不改正", remedy=REMEDY
    )


def measure(world: World, state: str) -> tuple[Measure, datetime]:
    """A state, `proposed+signed` by the first of two officers, or `issued+hearing` and
    `evidence_filed+hearing`: the time to correct over, then the time to be heard."""
    made = proposal(world, active_grant(world))
    if state == "proposed+signed":  # by the first of two officers
        SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=world.at)
        return issue(made, world, world.at), later(world.at, Kind.CORRECTION)
    return bring(world, made, state)


def order_46(world: World, state: str) -> tuple[Measure, datetime]:
    """The city's order to the buyer, as an institution of its region."""
    made = supervision.order_party(
        party=world.parties["city"], actor=world["officer"], at=world.at, against=world.parties["buyer"], **CHARGE
    )
    if state == "refused_to_correct+signed":  # that it is referred, by the first of two officers
        made, over = bring(world, made, "refused_to_correct")
        SecondPairRule.objects.create(authority=made.authority, by=world["officer"], since=world.at)
        words = {"referred_to": "福州市纪委监委", "referral": "移送处理", "remedy": REMEDY}
        supervision.refer_order(measure=made, actor=world["officer"], at=world.at, **words)
        return Measure.objects.get(pk=made.pk), over
    return bring(world, made, state)


def order_47(world: World, state: str) -> tuple[Measure, datetime]:
    """The province's order to the platform."""
    made = supervision.order_platform(
        party=world.parties["province"], actor=world["province_officer"], at=world.at,
        against=world.parties["operator"], **CHARGE,
    )  # fmt: skip
    return bring(world, made, state, by="province_officer", against="operator", other="")


def notice(world: World, state: str) -> tuple[Measure, datetime]:
    """The seller's notice to the buyer of its non-public data, long before the period is over; `proposed+lapsed`: the
    seller's verification has lapsed since."""
    of, _over = non_public_grant(world, "active")
    assert of.activated_at is not None
    at = of.activated_at
    made = supervision.draft_notice(grant=of, actor=world["vendor"], at=at, clause="第三条:不得转售", **CHARGE)
    if state == "proposed+lapsed":
        let_lapse(world, "vendor", at)
        return made, later(at, Kind.CORRECTION)
    return bring(world, made, state, by="vendor", at=at)


def take_down(world: World, state: str, *, whole: bool = False) -> tuple[Measure, datetime]:
    """The reviewer's take-down of a seller's version; `proposed+required` by the province."""
    of, at = non_public_version(world, "published")
    act = {"version": of, "at": at, "clause": "平台规则第五条", **CHARGE, "whole_product": whole}
    if state == "proposed+required":
        return supervision.require_take_down(actor=world["province_officer"], **act), at
    made = supervision.draft_take_down(actor=world["reviewer"], **act)
    return bring(world, made, state, by="reviewer", against="vendor", at=at)


def product_take_down(world: World, state: str) -> tuple[Measure, datetime]:
    """The same, of the whole product."""
    return take_down(world, state, whole=True)


def bring(
    world: World, made: Measure, state: str, *, by: str = "officer", against: str = "buyer",
    other: str = "second_officer", at: datetime | None = None,
) -> tuple[Measure, datetime]:  # fmt: skip
    """A proposal to a state; `by` signs, `against` answers, `other` annuls."""
    at, over = at or world.at, later(at or world.at, Kind.CORRECTION)
    officer = {"measure": made, "actor": world[by], "at": at}
    party = {"measure": made, "actor": world[against], "at": at}
    state, _, hearing = state.partition("+")
    if state == "dropped":
        supervision.drop_order(**officer, reason="已说明")
    elif state != "proposed":
        supervision.issue_order(**officer, facts=made.facts, demand=made.demand, remedy=REMEDY)
        supervision.add_measure_evidence(**party, path=paper("shown"))
    if hearing:
        at, over = over, later(over, Kind.HEARING)
        supervision.open_hearing(**{**officer, "at": at}, reason="拟终止")
    if state == "evidence_filed":
        supervision.file_evidence(**{**party, "at": at}, text="已停用")
    readers = [world[who] for who in (by, other) if who]
    if hearing or state == "evidence_filed":
        read(made, at, *readers)
    if state in ("refused_to_correct", "terminated", "referred", "final"):
        hear(made, at, world[by], world[against])
        read(made, at, *readers)
        supervision.find_refusal(**officer, reason="明确拒绝")
    if state == "terminated":
        supervision.terminate_service(**officer, reason="拒不改正", remedy=REMEDY)
    elif state == "final":
        supervision.make_final(**officer, reason="拒不改正", remedy=REMEDY)
    elif state == "referred":
        supervision.refer_order(**officer, referred_to="福州市纪委监委", referral="移送处理", remedy=REMEDY)
    elif state == "lifted":
        supervision.lift_order(**officer, reason="已改正")
    elif state == "annulled":
        supervision.annul_order(**{**officer, "actor": world[other]}, reason="认定有误")
    return Measure.objects.get(pk=made.pk), over


def whereabouts(world: World) -> Whereabouts:
    """Said of a grant that an order suspends."""
    of = active_grant(world)
    delivery.deliver(grant=of, version=world.version, actor=world["buyer"], at=world.at)
    order(world, of)
    supervision.state_whereabouts(grant=of, actor=world["buyer"], at=world.at, **WHEREABOUTS)
    return Whereabouts.objects.get(grant=of)


def caution(world: World, state: str) -> tuple[Caution, datetime]:
    """About the buyer, by the city, for half a year."""
    made = supervision.issue_caution(
        party=world.parties["city"], about=world.parties["buyer"], actor=world["officer"], at=world.at, **CAUTION,
        ends=local_date(world.at) + timedelta(days=180),
    )  # fmt: skip
    if state == "lifted":
        supervision.lift_caution(caution=made, actor=world["officer"], at=world.at, reason="已改正")
    if state == "annulled":
        asked = supervision.lodge_review(subject=made, actor=world["buyer"], at=world.at, text="事实有误")
        supervision.annul_review(review=asked, actor=world["second_officer"], at=world.at, reason="证据不足")
    return Caution.objects.get(pk=made.pk), world.at


def certificate(world: World, state: str) -> tuple[Certificate, datetime]:
    """Of a grant that was given back, with a file that the buyer added."""
    of, at = grant(world, "surrendered+delivered")
    buyer: dict[str, Any] = {"actor": world["buyer"], "at": at}
    made = supervision.certify_destruction(grant=of, **buyer, **CERTIFIED, destroyed_on=local_date(at))
    supervision.add_certificate_evidence(certificate=made, **buyer, path=paper("destroyed"))
    officer: dict[str, Any] = {"certificate": made, "actor": world["officer"], "at": at}
    if state == "accepted":
        supervision.accept_certificate(**officer)
    elif state != "filed":
        supervision.return_certificate(**officer, reason="未列明备份")
    if state == "ceased":
        supervision.end_party(party=world.parties["buyer"], actor=world["operator"], at=at, reason="注销")
        at += timedelta(days=1)  # the last day of its people is over
    return Certificate.objects.get(pk=made.pk), at


def review(world: World, state: str) -> tuple[Review, datetime]:
    """Of an order that `officer` issued, asked for by the buyer; `lodged+stayed`: the order is stayed."""
    of, at = order(world, active_grant(world)), world.at
    made = supervision.lodge_review(subject=of, actor=world["buyer"], at=at, text="未超出约定用途")
    supervision.add_review_evidence(review=made, actor=world["buyer"], at=at, path=paper("shown"))
    other: dict[str, Any] = {"review": made, "actor": world["second_officer"], "at": at}
    said = {"reason": "事实清楚", "remedy": REMEDY}
    if state == "lodged+stayed":
        supervision.stay_review(**other, reason="争议较大")
    elif state == "upheld":
        supervision.uphold_review(**other, **said)
    elif state == "varied":
        supervision.vary_review(**other, **said, days=30)
    elif state == "annulled":
        supervision.annul_review(**other, reason="证据不足")
    elif state == "withdrawn":
        supervision.withdraw_review(**{**other, "actor": world["buyer"]})
    return Review.objects.get(pk=made.pk), at


# whose refusal is asked against: how it is reached, and who asks
REFUSED = {
    "version": (lambda world: version(world, "refused"), "seller"),
    "rule": (lambda world: release_rule(world, "refused"), "seller"),
    "edition": (lambda world: edition(world, "refused"), "buyer"),
    "grant": (lambda world: grant(world, "revoked"), "buyer"),
    "registration": (lambda world: party(world, "refused"), "other_buyer"),
}


def refusal(world: World, kind: str) -> tuple[Any, datetime, str]:
    """One of REFUSED, as soon as it was decided, and who may ask for its review."""
    reach, asker = REFUSED[kind]
    of, _at = reach(world)
    return of, adverse_acts(of).latest("pk").at, asker


def review_of_refusal(world: World, state: str) -> tuple[Review, datetime]:
    """`lodged+<one of REFUSED>`: with a file, as in `review`."""
    of, at, asker = refusal(world, state.partition("+")[2])
    made = supervision.lodge_review(subject=of, actor=world[asker], at=at, text="未说明理由")
    supervision.add_review_evidence(review=made, actor=world[asker], at=at, path=paper("shown"))
    return made, at


def finding(world: World, state: str) -> tuple[Finding, datetime]:
    """An overdue report's finding; `open+recalled`: the finding about the holder of a recalled version; `open+party`:
    about the buyer alone, who has no grant.

    There is another one about the same party, so that they can be merged.
    """
    made, at = one_finding(world, state)
    other = another_finding(made.about, at)
    if state == "merged":
        supervision.merge_finding(finding=made, actor=world["officer"], at=at, into=other, reason="同一事项")
    return Finding.objects.get(pk=made.pk), at


def another_finding(about: Any, at: datetime) -> Finding:
    made = open_finding(ledger.begin("notice", JOB, at), about, "report_overdue", "another", "Art. 16")
    assert made is not None
    return made


def concern(world: World, state: str) -> tuple[Concern, datetime]:
    """The unit's report of misuse of a grant; `+fault`, and what was corrected: anybody's of faulty data."""
    at, plain = world.at, state.partition("+")[0]
    officer: dict[str, Any] = {"actor": world["officer"], "at": at, "reason": "已核实"}
    if plain != state or plain == "corrected":
        made = supervision.report_concern(
            subject=world.product, actor=PUBLIC, at=at, kind="fault", text="区县代码有误", name="某市民",
            contact="13800000000",
        ).made  # fmt: skip
        another_finding(world.version, at)
        answer = {"taken_up": supervision.accept_fault, "corrected": supervision.correct_fault}.get(plain)
        if answer:
            answer(concern=made, **{**officer, "actor": world["seller"]})
        return Concern.objects.get(pk=made.pk), at
    of = active_grant(world)
    other = another_finding(of, at)
    who = {"actor": world["provider"], "at": at}
    made = supervision.report_misuse(grant=of, text="用于约定之外的用途", wish="suspend", **who)
    supervision.add_concern_evidence(concern=made, path=paper("seen"), **who)
    if plain == "dismissed":
        supervision.dismiss_concern(concern=made, **officer)
    elif plain in ("taken_up", "settled"):
        supervision.merge_concern(concern=made, finding=other, **officer)
    if plain == "settled":
        supervision.dismiss_finding(finding=other, **officer)
    return Concern.objects.get(pk=made.pk), at


def one_finding(world: World, state: str) -> tuple[Finding, datetime]:
    if state == "open+failing":
        return failing_finding(world), world.at
    if state == "open+recalled":
        return recall_finding(world), world.at
    if state == "open+party":
        act = ledger.begin("notice", JOB, world.at)
        found = open_finding(act, world.parties["buyer"], "misuse_reported", "reported", "Art. 34")
        assert found is not None
        return found, world.at
    late, _at = report(world, "open")
    at = late.due_at + timedelta(hours=10)
    sweep(at=at)
    made = Finding.objects.get(grant=late.grant)
    supervision.add_finding_evidence(finding=made, actor=world["officer"], at=at, path=paper("found"))
    if state == "dismissed":
        supervision.dismiss_finding(finding=made, actor=world["officer"], at=at, reason="系统故障")
    elif state == "remedied":
        supervision.file_report(report=late, actor=world["buyer"], at=at, is_nil=True)
    elif state == "measure":
        at = late.late_at + timedelta(hours=10)
        sweep(at=at)
        issue(Measure.objects.get(finding=made), world, at)
    return Finding.objects.get(pk=made.pk), at


def recall_finding(world: World) -> Finding:
    of = active_grant(world)
    delivery.deliver(grant=of, version=world.version, actor=world["buyer"], at=world.at)
    listing.recall_version(version=world.version, actor=world["officer"], at=world.at, reason="可复原")
    sweep(at=world.at)
    return Finding.objects.get(grant=of)


def derived(world: World, state: str) -> tuple[DerivedProduct, datetime]:
    """What a buyer has built under one grant; under another one it has obtained the same version."""
    of, more = (active_grant(world, onward_supply=True) for _n in range(2))
    who = {"actor": world["buyer"], "at": world.at}
    for one in (of, more):
        delivery.deliver(grant=one, version=world.version, **who)
    made = supervision.register_derived(
        party=world.parties["buyer"], title="需求地图", description="按区县", built_from=[(of, world.version)], **who
    )
    if state != "registered":
        supervision.publish_derived(derived=made, **who)
    if state == "flagged":
        terminate(order(world, of), world)
    elif state == "withdrawn":
        supervision.withdraw_derived(derived=made, reason="下线", **who)
    return DerivedProduct.objects.get(pk=made.pk), world.at


def open_data(world: World) -> Version:
    """A published version of openly available data, about nobody."""
    of = make_entry(
        world.cast, world.at, unit="other_unit", person="other_provider", title="床位", opening=Opening.OPENLY_AVAILABLE
    )
    made = make_product(world.cast, of, world.at, seller="other_unit", person="other_provider", title="床位使用率")
    one = listing.create_version(
        product=made, actor=world["other_provider"], at=world.at, about="none", **VERSION_FIELDS
    )
    path = write_bed_use(scratch("beds.csv"))
    listing.upload_file(version=one, actor=world["other_provider"], at=world.at, path=path, name=path.name)
    job = listing.request_assessment(version=one, actor=world["other_provider"], at=world.at)
    listing.run_assessment(job=job, at=world.at)
    one.refresh_from_db()
    list_version(one, world.cast, world.at, person="other_provider")
    return Version.objects.get(pk=one.pk)


def unit_product(
    world: World, *, sources: Sequence[CatalogueEntry] = (), person: str = "other_provider", unit: str = "other_unit"
) -> Product:
    """Art. 15: a unit's own product, open on application."""
    entry = make_entry(world.cast, world.at, unit=unit, person=person, title="床位")
    product = make_product(world.cast, entry, world.at, seller=unit, person=person, title="床位使用率")
    version = listing.create_version(
        product=product, actor=world[person], at=world.at, about="none", sources=sources, **VERSION_FIELDS
    )
    path = write_bed_use(scratch("beds.csv"))
    listing.upload_file(version=version, actor=world[person], at=world.at, path=path, name=path.name)
    listing.run_assessment(
        job=listing.request_assessment(version=version, actor=world[person], at=world.at), at=world.at
    )
    version.refresh_from_db()
    list_version(version, world.cast, world.at, person=person)
    return product


def another_listed_product(world: World) -> Product:
    """A second product of the same seller and unit, on offer."""
    of = make_entry(world.cast, world.at, title="床位统计")
    made = make_product(world.cast, of, world.at, title="床位使用率")
    path = write_bed_use(scratch("beds.csv"))
    one = make_version(made, world.cast, world.at, path, {}, about="none")
    list_version(one, world.cast, world.at)
    return made


WHEREABOUTS = {
    "places": "福州机房 3 号柜", "systems": "预测平台数据库，离线备份盘 1 块", "kept_by": "数据安全岗 林某",
    "was_passed_on": False, "kept_as_evidence": True,
}  # fmt: skip
CAUTION = {"scope": "all", "article": "Art. 33", "reason": "两次逾期未改正"}
CERTIFIED = {
    "destroyed": "全部副本：数据库表 3 张，备份 2 份", "places": "福州机房", "method": "覆写三次，备份盘粉碎",
    "done_by": "林某操作，陈某在场", "kept": "", "kept_why": "",
}  # fmt: skip
ALARM = {"kind": "leak", "title": "下载链接外泄", "facts": "内网盘误开外链"}


def report_incident(world: World, who: str = "seller", party: str = "developer", **changes: Any) -> Incident:
    """With the world's version, noticed when it is reported."""
    given = {**ALARM, "noticed_at": world.at, "may_identify": True, "at": world.at, "version": world.version}
    return supervision.open_incident(party=world.parties[party], actor=world[who], **{**given, **changes})


def incident(world: World, state: str) -> tuple[Incident, datetime]:
    """With a version that the buyer obtained; `opened+told`: everything is done but the acknowledgement and the end."""
    of = active_grant(world)
    delivery.deliver(grant=of, version=world.version, actor=world["buyer"], at=world.at)
    made, at = report_incident(world), world.at + timedelta(minutes=30)
    officer = {"incident": made, "actor": world["officer"], "at": at}
    if state == "false_alarm":
        supervision.dismiss_incident(**officer, reason="演练")
    if state in ("opened+told", "closed"):
        said = {**officer, "when": at, "text": "已关闭外链"}
        supervision.contain_incident(**said)
        supervision.report_to_authority(**said)
        supervision.report_to_cyberspace(**said)
        supervision.hold_affected(**officer, reason="先停后查")
        supervision.tell_holders(**officer, text="请自查")
        supervision.tell_public(**officer, text="公告")
    if state == "closed":
        supervision.close_incident(**officer, lessons="外链须审批")
    return Incident.objects.get(pk=made.pk), at


PLAN = {"title": "数据安全事故应急预案", "contact": "值班室 0591-12345", "covers": "就诊数据，信息中心负责"}
DRILLED = {"kind": "drill", "people": 12, "scenario": "模拟外链泄露", "lessons": "外链须审批"}


def emergency_plan(world: World, state: str) -> tuple[EmergencyPlan, datetime]:
    """Of the world's unit, with its document."""
    unit = {"actor": world["provider"], "at": world.at}
    made = supervision.draft_plan(unit=world.parties["unit"], **PLAN, **unit)
    supervision.add_plan_evidence(plan=made, path=paper("plan"), **unit)
    if state == "discarded":
        supervision.discard_plan(plan=made, **unit)
    elif state != "draft":
        supervision.adopt_plan(plan=made, adopted_on=local_date(world.at), **unit)
    if state == "superseded":
        following = supervision.draft_plan(unit=world.parties["unit"], **PLAN, **unit)
        supervision.add_plan_evidence(plan=following, path=paper("next plan"), **unit)
        supervision.adopt_plan(plan=following, adopted_on=local_date(world.at), **unit)
    return EmergencyPlan.objects.get(pk=made.pk), world.at


PLANNED = {
    "title": "2026年第三季度抽查", "first": date(2026, 7, 1), "last": date(2026, 9, 30), "method": "risk", "size": 5,
    "strata": "purpose", "seed": "八月一日开奖号码",
}  # fmt: skip


def inspection_plan(world: World, state: str) -> tuple[InspectionPlan, datetime]:
    """Of the city, with the one grant that is in force."""
    active_grant(world)
    who: dict[str, Any] = {"actor": world["officer"], "at": world.at}
    made = supervision.plan_inspections(party=world.parties["city"], **who, **PLANNED)
    if state == "drawn":
        supervision.draw_sample(plan=made, **who)
    elif state == "dropped":
        supervision.drop_inspection_plan(plan=made, **who, reason="计划调整")
    return InspectionPlan.objects.get(pk=made.pk), world.at


POINTS = {question.code: ("in_order", "") for question in questions(CURRENT)}
BAD_POINTS = {**POINTS, "people": ("not_in_order", "离职人员仍有权限")}


def inspection(world: World, state: str) -> tuple[Inspection, datetime]:
    """Drawn by the city's plan; `under_way+checked`: every question has a verdict, one is not in order."""
    made, at = inspection_plan(world, "drawn")[0].inspections.get(), world.at
    word, _plus, more = state.partition("+")
    who: dict[str, Any] = {"inspection": made, "actor": world["officer"]}
    if word == "cancelled":
        supervision.cancel_inspection(**who, at=at, reason="停业")
    if word in ("announced", "under_way", "reported", "answered", "closed"):
        supervision.announce_inspection(**who, at=at, text="请备好访问日志")
        at += timedelta(days=14)
    if word in ("under_way", "reported", "answered", "closed"):
        supervision.begin_inspection(**who, at=at)
        supervision.add_inspection_evidence(**who, at=at, path=paper("found"))
    if more == "joint":
        supervision.name_inspector(**who, at=at, person=world["expert"], department="福州市公安局", role="网络安全")
    if more == "checked" or word in ("reported", "answered", "closed"):
        supervision.check_points(**who, at=at, points=BAD_POINTS)
    if word in ("reported", "answered", "closed"):
        supervision.report_inspection(**who, at=at, text="发现一处问题")
        made.refresh_from_db()
    if word in ("answered", "closed"):
        supervision.answer_inspection(inspection=made, actor=world["buyer"], at=at, text="已注销账号")
    if word == "closed":
        supervision.close_inspection(**who, at=at, outcome="put_right", text="已整改")
    return Inspection.objects.get(pk=made.pk), at
