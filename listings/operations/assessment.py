"""The gate of Art. 17: a version's file is measured in a subprocess; what fails is destroyed, or kept to be mended."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import recipients
from listings import files, permissions
from listings.deidentification import sandbox
from listings.models import Assessment, Column, ColumnRole, Job, JobKind, Version
from listings.operations import jobs, mending
from listings.operations.copies import compare_with_sources
from listings.operations.versions import add_step, lock_in
from listings.queries import pseudonym_columns, smallest_k
from listings.states import VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

MODE = "download"  # the one way in which the site delivers so far
ASSESSOR = jobs.WORKER


@transaction.atomic
def request_assessment(*, version: Version, actor: User, at: datetime) -> Job:
    """Ask for the assessment of a draft with a file. The job is due at once; asking twice is asking once."""
    permissions.check_can_keep_version(actor, version, at)
    lock_in(version, VersionState.DRAFT)
    job = jobs.open_job(version)
    if job is not None and job.kind == JobKind.ASSESS:
        return job
    jobs.check_no_job(version)
    if files.current(version) is None:
        raise InvalidState(_("Upload the file first."))
    job = jobs.queue(version, JobKind.ASSESS, actor, at)
    ledger.record(ledger.begin("request_assessment", actor, at, "Art. 17"), version, detail={"job": job.pk})
    return job


def assess(job: Job, at: datetime) -> None:
    """Measure the file of a claimed job outside any transaction, and record the result."""
    version = Version.objects.select_related("product__seller").get(pk=job.version_id)
    answer = _measure(version, at, jobs.watcher(job, at))
    if answer["ok"]:
        _record(job, version, answer, at)
    else:
        jobs.settle(job, answer, at)


def measure(version: Version, parquet: Path, at: datetime, watch: sandbox.Watch) -> dict[str, Any]:
    """The engine's report on a version's canonical file, under the rule set of today."""
    command = {
        "do": "assess",
        "parquet": str(parquet),
        "today": local_date(at).isoformat(),
        "mode": MODE,
        "rules": settings.RISK_RULES.to_json(),
        "engine": settings.RISK_ENGINE,
    }
    return sandbox.run({**command, **_marks(version)}, seconds=files.seconds_for(version), watch=watch)


def _measure(version: Version, at: datetime, watch: sandbox.Watch) -> dict[str, Any]:
    """The engine's report, the public profile and the sample, as {ok, report, profile, sample}."""
    file = files.current(version)
    if file is None:
        return sandbox.failure("no_file")
    with files.local_copy(file) as parquet:
        answer = measure(version, parquet, at, watch)
        if not answer["ok"] or not answer["report"]["passes"]:
            return answer
        compared = compare_with_sources(version, parquet)
        if not compared["ok"]:
            return compared
        if compared["reasons"]:
            refused = {"passes": False, "allowed_modes": [], "reasons": compared["reasons"]}
            return {**answer, "report": {**answer["report"], **refused}}
        command = {
            "do": "profile",
            "parquet": str(parquet),
            "minimum": settings.RISK_RULES.k_download,  # a value that fewer subjects share is not shown to the public
            **_marks(version),
        }
        profile = sandbox.run(command, seconds=files.seconds_for(version), watch=watch)
        if not profile["ok"]:
            return profile
        sample = draw_sample(version, parquet, answer["report"], watch)
    return {**answer, "profile": profile["columns"], "sample": sample}


def draw_sample(version: Version, parquet: Path, report: dict[str, Any], watch: sandbox.Watch) -> dict[str, Any]:
    """The rows that everybody may see, as {columns, rows}; empty where the seller has none shown, or none can be."""
    if not version.shows_sample or not report["passes"]:
        return {}
    command = {
        "do": "sample", "parquet": str(parquet), "report": report, "minimum": settings.RISK_RULES.k_download,
        "hidden": pseudonym_columns(version),
    }  # fmt: skip
    return sandbox.run(command, seconds=files.seconds_for(version), watch=watch).get("sample", {})


def _marks(version: Version) -> dict[str, Any]:
    """What a row is about, and what its seller marked each column as."""
    roles = dict(version.columns.order_by("position").values_list("name", "role"))
    marked = {role: [name for name, given in roles.items() if given == role] for role in ColumnRole.values}
    return {
        "about": version.about,
        "subject": next(iter(marked[ColumnRole.SUBJECT]), None),
        "quasi_identifiers": marked[ColumnRole.QUASI_IDENTIFIER],
        "sensitive": marked[ColumnRole.SENSITIVE],
    }


@transaction.atomic
def _record(job: Job, version: Version, answer: dict[str, Any], at: datetime) -> None:
    """draft → assessed; and back to draft when the report does not pass: its file is destroyed, at once or later."""
    lock_in(version, VersionState.DRAFT)
    jobs.end(job)
    report, file = answer["report"], files.current(version)
    assert file is not None
    assessment = Assessment.objects.create(
        version=version,
        rule_set=report["rule_set"],
        report=report,
        file_sha256=file.sha256,
        passes=report["passes"],
        sample=answer.get("sample", {}),
        at=at,
    )
    act = ledger.begin("assess", ASSESSOR, at, "Art. 17")
    workflow.move(
        act, version, VersionState.ASSESSED, allowed_modes=report["allowed_modes"],
        detail={
            "assessment": assessment.pk, "passes": report["passes"], "k": smallest_k(report), "sha256": file.sha256,
        },
    )  # fmt: skip
    kept = False
    if report["passes"]:
        _accept(version, answer["profile"], file.sha256, at)
    else:
        workflow.move(ledger.begin("fail_assessment", ASSESSOR, at, "Art. 17"), version, VersionState.DRAFT)
        kept = mending.keep_failed(version, report, at)
    tell(
        act, recipients(version.product.seller, at),
        "assessed" if report["passes"] else "assessment_mendable" if kept else "assessment_failed",
        link=version.get_absolute_url(), product=version.product.title, number=version.number,
    )  # fmt: skip


def _accept(version: Version, profile: list[dict[str, Any]], digest: str, at: datetime) -> None:
    clock.stop(version, at, Kind.MENDING)
    files.accept(version.files.filter(destroyed_at=None))
    add_step(
        version, "measured: identifiers, k, l, t", at, tool="Minshu", operator="Minshu", measured=True,
        hash_in=digest, hash_out=digest,
    )  # fmt: skip
    for column in profile:
        Column.objects.filter(version=version, name=column["name"]).update(profile=column)
