"""What the worker does when it is woken: every job that is due, whatever its kind."""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.db.models import Case, When

from listings.models import Job, JobKind
from listings.operations import assessment, jobs, reassessment, recipes, uploads
from marketplace.errors import StaleState

WORK: Mapping[str, Callable[[Job, datetime], None]] = {
    JobKind.ASSESS: assessment.assess,
    JobKind.READ: uploads.read,
    JobKind.REASSESS: reassessment.reassess,
    JobKind.SUGGEST: recipes.suggest,
    JobKind.APPLY: recipes.apply,
}


def assess_due(*, at: datetime) -> int:
    """Run the jobs that wait or whose worker was lost, those last that nobody waits for. Returns how many were run."""
    done = 0
    for job in jobs.due(at).order_by(Case(When(kind=JobKind.REASSESS, then=1), default=0), "pk"):
        done += run_assessment(job=job, at=at)
    return done


def run_assessment(*, job: Job, at: datetime) -> bool:
    """Claim one job of any kind and carry it out. False if somebody else has it, or it was given up.

    Where it is cancelled or taken over meanwhile, its result is dropped.
    """
    if not jobs.claim(job, at):
        return False
    try:
        WORK[job.kind](job, at)
    except StaleState:
        return False
    return True
