"""One world with one object of every kind, built once for a module and rolled back after it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.test import Client

from accounts import operations as accounts
from accounts.models import CapabilityKind, Party, Role, User
from accounts.operations.evidence import attach
from listings import operations as listing
from listings.models import Assessment, Job, JobKind, Recipe, Version
from listings.models.work import JobState
from marketplace.applications import operations as applications
from marketplace.clock.working_days import local_date
from marketplace.console import operations as console
from marketplace.delivery import operations as delivery
from marketplace.desk.cast import _code
from marketplace.documents.models import Document
from marketplace.ledger import entries as ledger
from marketplace.supervision import operations as supervision
from marketplace.supervision.operations.finding import open_finding
from tests.actors import DOMAIN, World, build, load
from tests.api.conftest import Partner, credential_for
from tests.console.conftest import make_overseer
from tests.pages.conftest import BACKEND
from tests.workflow import memory, stages

OPERATOR = CapabilityKind.OPERATOR


@dataclass(frozen=True)
class Rich:
    """The world, its objects by the noun of their addresses, people beyond the cast, and the keys of their systems."""

    world: World
    objects: dict[str, Any]
    more: dict[str, User]
    keys: dict[str, tuple[str, User]]
    files: Path

    def person(self, who: str) -> User:
        return self.more.get(who) or self.world[who]


def newcomer(world: World, key: str, *capabilities: str) -> tuple[User, Party]:
    """Somebody with a verified organisation that has nothing to do with any case."""
    person = accounts.set_up_account(at=world.at, email=f"{key}@{DOMAIN}", name="外人", password=None)
    party = accounts.register_party(
        actor=person, at=world.at, name=f"局外{key}有限公司", region=world.parties["other_city"].region, uscc=_code()
    )
    until = local_date(world.at + timedelta(days=700))
    accounts.verify_party(
        party=party, actor=world["operator"], at=world.at, evidence="营业执照", valid_until=until,
        capabilities=dict.fromkeys(capabilities, until),
    )  # fmt: skip
    return person, party


def people_beyond(world: World) -> dict[str, User]:
    """An outsider, somebody whose account is closed, an overseer, and an auditor of the buyer."""
    outsider, _party = newcomer(world, "outsider", CapabilityKind.BUYER, CapabilityKind.SELLER)
    disabled = accounts.set_up_account(at=world.at, email=f"disabled@{DOMAIN}", name="离职", password=None)
    auditor = accounts.set_up_account(at=world.at, email=f"auditor@{DOMAIN}", name="审计", password=None)
    owner = {"party": world.parties["buyer"], "actor": world["buyer"], "at": world.at}
    accounts.add_member(**owner, user=disabled, role=Role.MEMBER)
    accounts.add_member(**owner, user=auditor, role=Role.AUDITOR)
    overseer = make_overseer(world, world.parties["city"].region)
    people = {"outsider": outsider, "disabled": disabled, "overseer": overseer, "auditor": auditor}
    for person in people.values():  # as everybody else
        person.set_password("x")
        person.save(update_fields=["password"])
    return people


def a_recipe(version: Version, by: User, at: datetime) -> Recipe:
    """As a search would have kept it after the version's file failed."""
    failed = Assessment.objects.create(version=version, rule_set="x", report={}, file_sha256="", passes=False, at=at)
    job = Job.objects.create(version=version, kind=JobKind.SUGGEST, state=JobState.DONE, requested_by=by, created_at=at)
    document = {"recipe": 1, "steps": []}
    return Recipe.objects.create(
        version=version, assessment=failed, job=job, number=1, origin="found", document=document, at=at
    )


def one_of_each(world: World, overseer: User) -> dict[str, Any]:
    """The objects by the noun of their addresses. A case that is being decided, and a grant with all that follows."""
    at, who = world.at, {"actor": world["buyer"], "at": world.at}
    case, _at = stages.application(world, "in_consultation")
    derived_grant = stages.active_grant(world, onward_supply=True)
    made: dict[str, Any] = {
        "objection": stages.objection(world, "open")[0],  # before the lawful sources have a new item
        "party": stages.party(world, "applied")[0], "entry": stages.entry(world, "proposed")[0],
        "product": stages.product(world, "active+undeclared")[0],
        "source-file": stages.source_file(world, "unchecked")[0],
        "release-rule": stages.release_rule(world, "proposed")[0],
        "description-change": stages.description_change(world, "proposed")[0],
        "application": case, "item": case.items.get(), "consultation": case.consultations.get(),
        "standing-consent": stages.standing_consent(world, "given")[0], "grant": derived_grant,
    }  # fmt: skip
    seller = {"actor": world["seller"], "at": at}
    made["version"] = listing.create_version(
        product=made["product"], about="persons", **stages.VERSION_FIELDS, **seller
    )
    made["recipe"] = a_recipe(made["version"], world["seller"], at)
    made["upload"] = listing.start_upload(version=made["version"], name="next.csv", size=200 * 1024**2, **seller)
    made["edition"] = applications.request_change(
        grant=derived_grant, ends=derived_grant.ends + timedelta(days=365), fields=derived_grant.fields,
        what_is_built=derived_grant.terms["what_is_built"], quota=None,
        report_schedule=derived_grant.report_schedule, reason="续期一年", **who,
    )  # fmt: skip
    supervision.schedule_reports(grants=[derived_grant], actor=stages.JOB, at=world.at + timedelta(days=40))
    report = derived_grant.reports.earliest("pk")
    act = ledger.begin("notice", ledger.SystemActor("sweep"), at)
    open_finding(act, derived_grant, "report_overdue", "first", "Art. 16", report=str(report.pk))
    made |= {
        "report": report, "finding": derived_grant.findings.get(), "order": stages.proposal(world, derived_grant),
        "reading": console.state_reason(case=case, actor=overseer, at=at, reason="检查"),
    }  # fmt: skip
    made["derived-product"] = supervision.register_derived(
        party=world.parties["buyer"], title="需求地图", description="按区县",
        built_from=[(derived_grant, deliver(world, derived_grant))], **who,
    )  # fmt: skip
    paper = {"actor": world["officer"], "at": at, "path": stages.paper("found")}
    supervision.add_finding_evidence(finding=made["finding"], **paper)
    unit = {"actor": world["provider"], "at": at}
    made["concern"] = supervision.report_misuse(grant=derived_grant, text="用于约定之外的用途", **unit)
    supervision.add_concern_evidence(concern=made["concern"], path=paper["path"], **unit)
    act = ledger.begin("add_evidence", world["buyer"], at)  # as if its order had been issued
    attach(act, made["order"], world.parties["buyer"], paper["path"], "pdf", subject="correction")
    made["emergency-plan"] = stages.emergency_plan(world, "in_force")[0]
    made["incident"] = stages.report_incident(world)
    made["review"] = stages.review(world, "lodged")[0]
    made["caution"] = stages.caution(world, "in_force")[0]
    made["certificate"] = stages.certificate(world, "filed")[0]
    made["whereabouts"] = stages.whereabouts(world)
    who = {"actor": world["officer"], "at": at}
    made["inspection-plan"] = supervision.plan_inspections(party=world.parties["city"], **who, **stages.PLANNED)
    supervision.draw_sample(plan=made["inspection-plan"], **who)
    made["inspection"] = made["inspection-plan"].inspections.earliest("pk")
    supervision.begin_unannounced(inspection=made["inspection"], **who, reason="接到举报")
    supervision.add_inspection_evidence(inspection=made["inspection"], **paper)
    made["document"] = Document.objects.of(made["review"].measure).get()
    made["credential"] = stages.a_system(world, derived_grant, at)
    made["invitation"] = made["party"].invitations.get()
    return made


def deliver(world: World, grant: Any) -> Any:
    delivery.deliver(grant=grant, version=world.version, actor=world["buyer"], at=world.at)
    return world.version


def make(folder: Path) -> Rich:
    if not User.objects.filter(email=f"operator@{DOMAIN}").exists():
        build(folder)
    world = load()
    more = people_beyond(world)
    objects = one_of_each(world, more["overseer"])
    people = {**world.cast.people, **more}
    keys = {}
    for who, person in people.items():
        if who == "auditor":
            continue  # no system is in an auditor's name
        party = person.memberships.select_related("party").earliest("pk").party
        keys[who] = credential_for(world, party, person=person), person
    party = world.parties["buyer"]
    keys["reader"] = credential_for(world, party, person=world["buyer"], scopes=("read",)), world["buyer"]
    User.objects.filter(pk=more["disabled"].pk).update(is_active=False)
    return Rich(world, objects, more, keys, folder / "files")


@pytest.fixture(scope="module")
def rich_world(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory, world_files: Path
) -> Iterator[Rich]:
    folder, before = tmp_path_factory.mktemp("rich"), django_settings.MEDIA_ROOT
    with django_db_blocker.unblock(), memory.remembering():
        django_settings.MEDIA_ROOT = folder / "files"
        shutil.copytree(world_files / "files", folder / "files", dirs_exist_ok=True)
        around = transaction.atomic()
        around.__enter__()
        made = make(folder)
        django_settings.MEDIA_ROOT = before
    yield made
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def rich(rich_world: Rich, db: None, settings: Any) -> Rich:
    """The world of the module; what a test changes is taken back after it."""
    settings.MEDIA_ROOT, settings.API_RATE = rich_world.files, "1000000/min"
    return rich_world


@pytest.fixture
def browser_of(rich: Rich) -> Callable[[str], Client]:
    def of(who: str) -> Client:
        client = Client(headers={"accept-language": "en"})
        if who:
            client.force_login(rich.person(who), backend=BACKEND)
        return client

    return of


@pytest.fixture
def system_of(rich: Rich) -> Callable[[str], Partner]:
    return lambda who: Partner(*rich.keys[who]) if who else Partner()
