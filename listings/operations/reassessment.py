"""What is on offer is measured again: periodically, and under every new rule set (Art. 35)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Party, User
from accounts.permissions import check_is_job
from listings import files, permissions
from listings.deidentification import sandbox
from listings.models import Assessment, Job, JobKind, Version, VersionQuerySet
from listings.models.work import OPEN_JOB
from listings.operations import jobs
from listings.operations.assessment import draw_sample, measure
from listings.operations.reassessed import ARTICLE, keep_result
from listings.states import ON_OFFER
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import REASSESSMENT_REMINDER, Kind
from marketplace.clock.working_days import add_months, end_of_day, local_date, months_before
from marketplace.errors import require
from marketplace.ledger import entries as ledger

MOST_OPEN = 5  # at a time, so that under a new rule set no seller waits behind all that is on offer


def due_for_reassessment(at: datetime, sellers: Iterable[Party] | None = None) -> VersionQuerySet:
    """Versions on offer whose newest assessment is older than the site's setting, or of an older rule set.

    Those whose file is being measured are left out.
    """
    found = _lapsed(at, sellers)
    return found.exclude(jobs__state__in=OPEN_JOB)


def lapsing_soon(at: datetime, sellers: Iterable[Party] | None = None) -> VersionQuerySet:
    """Versions on offer whose assessment holds today and lapses within the next days."""
    soon = _lapsed(at + timedelta(days=REASSESSMENT_REMINDER), sellers)
    return soon.exclude(pk__in=_lapsed(at, sellers).values("pk"))


def lapses_at(assessment: Assessment) -> datetime:
    """When an assessment is too old; a new rule set ends it before."""
    return end_of_day(add_months(local_date(assessment.at), clock.days(Kind.REASSESSMENT)))


@transaction.atomic
def open_reassessment(*, version: Version, actor: ledger.SystemActor, at: datetime) -> bool:
    """Queue the re-assessment of a version that is due. False where it is not, or enough of them wait already."""
    check_is_job(actor)
    Version.objects.select_for_update().get(pk=version.pk)
    waiting = Job.objects.filter(kind=JobKind.REASSESS, state__in=OPEN_JOB)
    if waiting.count() >= MOST_OPEN or not due_for_reassessment(at).filter(pk=version.pk).exists():
        return False
    job = jobs.queue(version, JobKind.REASSESS, None, at)
    detail = {"job": job.pk, "rule_set": settings.RISK_RULES.label}
    ledger.record(ledger.begin("open_reassessment", actor, at, ARTICLE), version, detail=detail)
    return True


@transaction.atomic
def request_reassessment(*, version: Version, actor: User, at: datetime, reason: str) -> Job:
    """The reviewing body has a version on offer measured again at once, with reasons. Asking twice is asking once."""
    permissions.check_can_review(actor, version, at)
    require(reason=reason)
    workflow.check_in(Version.objects.select_for_update().get(pk=version.pk), *ON_OFFER)
    job = jobs.open_job(version)
    if job is not None:
        return job
    job = jobs.queue(version, JobKind.REASSESS, actor, at)
    detail = {"job": job.pk, "rule_set": settings.RISK_RULES.label, "reason": reason}
    ledger.record(ledger.begin("open_reassessment", actor, at, ARTICLE), version, detail=detail)
    return job


def reassess(job: Job, at: datetime) -> None:
    """Measure the file of a claimed job outside any transaction, and keep the result."""
    version = Version.objects.select_related("product__seller").get(pk=job.version_id)
    if version.state not in ON_OFFER:  # recalled or retired meanwhile: nobody needs to know
        return jobs.drop(job)
    answer = _measure_stored(version, at, jobs.watcher(job, at))
    if answer["ok"]:
        _record(job, answer, at)
    else:
        jobs.settle(job, answer, at)


def _measure_stored(version: Version, at: datetime, watch: sandbox.Watch) -> dict[str, Any]:
    """The engine's answer on the file as it was assessed; a file that is gone or is another is not measured."""
    file = files.current(version)
    if file is None:
        return sandbox.failure("no_file")
    try:
        with files.local_copy(file) as parquet:
            if files.sha256_of(parquet) != file.sha256:
                return {"ok": False, "code": "file_changed", "params": {}}
            answer = measure(version, parquet, at, watch)
            return (
                {**answer, "sample": draw_sample(version, parquet, answer["report"], watch)} if answer["ok"] else answer
            )
    except FileNotFoundError:
        return sandbox.failure("no_file")


@transaction.atomic
def _record(job: Job, answer: dict[str, Any], at: datetime) -> None:
    version = Version.objects.select_for_update(of=("self",)).select_related("product__seller").get(pk=job.version_id)
    if version.state not in ON_OFFER:
        return jobs.drop(job)
    jobs.end(job)
    keep_result(version, answer["report"], at, answer["sample"])


def _lapsed(at: datetime, sellers: Iterable[Party] | None) -> VersionQuerySet:
    """By the last day that is too long ago: what was assessed until its end has lapsed."""
    long_ago = months_before(local_date(at) - timedelta(days=1), clock.days(Kind.REASSESSMENT))
    found = Version.objects.on_offer().not_assessed_since(end_of_day(long_ago), settings.RISK_RULES.label)
    return found if sellers is None else found.filter(product__seller__in=list(sellers))
