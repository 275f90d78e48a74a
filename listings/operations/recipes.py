"""Recipes for a file that failed: searched for, tried, and applied, each as a job under a lease (Arts 17, 32)."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from listings import files, permissions, reasons
from listings.deidentification import sandbox
from listings.deidentification.reasons import Refused as EngineRefused
from listings.deidentification.reasons import shown
from listings.models import (
    About,
    AppliedRecipe,
    Assessment,
    Column,
    ColumnRole,
    FileKind,
    Job,
    JobKind,
    Recipe,
    RecipeOrigin,
    Version,
)
from listings.operations import jobs
from listings.operations.assessment import MODE
from listings.operations.hierarchies import forget_columns
from listings.operations.versions import add_step, lock_in
from listings.queries import failed_assessment, pseudonym_columns
from listings.states import VersionState
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, StaleState
from marketplace.ledger import entries as ledger

ARTICLE = "Art. 17"
FOUND = 50  # per cent of the work done when recipes are found; then each is tried
# Reasons about groups of look-alikes name a column that is not itself at fault.
ABOUT_GROUPS = ("l_too_small", "t_too_large", "l_too_small_with_suggested", "t_too_large_with_suggested")


@transaction.atomic
def suggest_recipe(
    *, version: Version, actor: User, at: datetime, suppression: float = 0.02,
    at_most: Mapping[str, int] | None = None, exactly: Mapping[str, int] | None = None, drop: tuple[str, ...] = (),
) -> Job:  # fmt: skip
    """Have the recipe searched for that loses least and with which the failed file passes; asking twice is asking once.

    `suppression` is the largest share of records that may be taken out; `at_most` bounds how many levels a column may
    be generalised, `exactly` sets its level, `drop` are columns to be taken out whatever the search finds. A column of
    which the seller brought a hierarchy goes by that.
    """
    own = dict(version.hierarchies.order_by("column").values_list("column", "sha256"))
    levels = {"at_most": dict(at_most or {}), "exactly": dict(exactly or {})}
    wish = {"suppression": suppression, **levels, "drop": sorted(drop), "hierarchies": own}
    return _ask("suggest_recipe", version, JobKind.SUGGEST, actor, at, wish)


@transaction.atomic
def try_recipe(*, version: Version, actor: User, at: datetime, recipe: str) -> Job:
    """Have a recipe of one's own (JSON) tried on the failed file, without applying it.

    Raises ValidationError on `recipe`, with the place of the fault; what only the file can tell, the job tells.
    """
    from listings.deidentification.recipe import document  # DuckDB: not for every process

    permissions.check_can_keep_version(actor, version, at)
    try:
        read = document.loads(recipe).to_json()
    except EngineRefused as error:
        raise ValidationError({"recipe": reasons.sentence(error.code, error.params)}) from error
    return _ask("try_recipe", version, JobKind.SUGGEST, actor, at, {"recipe": read})


@transaction.atomic
def apply_recipe(*, version: Version, actor: User, at: datetime, recipe: Recipe) -> Job:
    """Have a recipe applied: its result takes the failed file's place in the draft and is assessed by itself."""
    permissions.check_can_keep_version(actor, version, at)
    lock_in(version, VersionState.DRAFT)
    failed = failed_assessment(version)
    if failed is None:
        raise InvalidState(_("The draft has no file that failed."))
    if recipe.version_id != version.pk or recipe.document is None:
        raise InvalidState(_("This recipe is not for this version."))
    if recipe.assessment_id != failed.pk:
        raise InvalidState(_("This recipe was made for another file: have a new one found."))
    return _ask("apply_recipe", version, JobKind.APPLY, actor, at, {"recipe": recipe.pk})


def _ask(verb: str, version: Version, kind: JobKind, actor: User, at: datetime, wish: dict[str, Any]) -> Job:
    permissions.check_can_keep_version(actor, version, at)
    lock_in(version, VersionState.DRAFT)
    job = jobs.open_job(version)
    if job is not None and (job.kind, job.wish) == (kind, wish):
        return job
    jobs.check_no_job(version)
    if failed_assessment(version) is None:
        raise InvalidState(_("The draft has no file that failed."))
    job = jobs.queue(version, kind, actor, at, wish=wish)
    ledger.record(ledger.begin(verb, actor, at, ARTICLE), version, detail={"job": job.pk})
    return job


# --- the work --------------------------------------------------------------------------------------------------------


def suggest(job: Job, at: datetime) -> None:
    """Search (or take the seller's own), try each recipe found on a copy, and keep what came of it. A claimed job."""
    version = Version.objects.select_related("product__seller").get(pk=job.version_id)
    failed, file = failed_assessment(version), files.current(version)
    if failed is None or file is None:
        return jobs.settle(job, sandbox.failure("no_file"), at)
    watch = jobs.watcher(job, at)
    with files.local_copy(file) as parquet:
        answer = _find(version, failed, job, parquet, at, _part(watch, 0, FOUND))
        drafts = answer.get("drafts", [])
        found: list[dict[str, Any]] = []
        for draft in drafts:
            begin = FOUND + (100 - FOUND) * len(found) // len(drafts)
            tried = _try(version, failed, draft, parquet, _part(watch, begin, (100 - FOUND) // len(drafts)))
            if not tried["ok"]:
                return jobs.settle(job, tried, at)
            found.append({**draft, "figures": tried["figures"]})
    if not answer["ok"]:
        return jobs.settle(job, answer, at)
    _keep(job, version, failed, found, at)


def _part(watch: sandbox.Watch, begin: int, share: int) -> sandbox.Watch:
    """Tells of a command that is only a part of the job, from `begin` per cent of the whole."""
    return lambda stage, percent: watch(stage, begin + percent * share // 100)


def _find(
    version: Version, failed: Assessment, job: Job, parquet: Path, at: datetime, watch: sandbox.Watch
) -> dict[str, Any]:
    """{ok, drafts: [{origin, document, suggestion}]}; one without a document where none reaches the thresholds."""
    if "recipe" in job.wish:
        return {"ok": True, "drafts": [_draft(RecipeOrigin.WRITTEN, job.wish["recipe"], {})]}
    roles = roles_of(version, failed)
    wish, own = job.wish, version.hierarchies.filter(column__in=roles["quasi_identifiers"])
    command = {
        "do": "suggest", "parquet": str(parquet), "about": version.about, **roles,
        "identifiers": sorted({*_at_fault(failed, roles), *wish["drop"]}), "rules": settings.RISK_RULES.to_json(),
        "mode": MODE, "today": local_date(at).isoformat(), "suppression": wish["suppression"],
        **{name: _but(wish.get(name, {}), wish["drop"]) for name in ("at_most", "exactly")},
        "hierarchies": dict(own.values_list("column", "rows")),
    }  # fmt: skip
    answer = sandbox.run(command, seconds=files.seconds_for(version), watch=watch)
    if not answer["ok"]:
        return answer
    suggestion = answer["suggestion"]
    others = [
        _draft(
            RecipeOrigin.ALTERNATIVE, other["recipe"], {name: other[name] for name in ("loss", "removed", "classes")}
        )
        for other in suggestion["alternatives"]
    ]
    origin = RecipeOrigin.CHOSEN if wish.get("exactly") else RecipeOrigin.FOUND
    return {"ok": True, "drafts": [_draft(origin, suggestion["recipe"], suggestion), *others]}


def _but(levels: Mapping[str, int], dropped: list[str]) -> dict[str, int]:
    return {name: level for name, level in levels.items() if name not in dropped}


def _draft(origin: str, document: Any, suggestion: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in suggestion.items() if name not in ("recipe", "alternatives")}
    return {"origin": origin, "document": document, "suggestion": kept}


def _try(
    version: Version, failed: Assessment, draft: Mapping[str, Any], parquet: Path, watch: sandbox.Watch
) -> dict[str, Any]:
    """{ok, figures}: what the file is before and after; the copy that it was tried on is gone at once."""
    if draft["document"] is None:
        return {"ok": True, "figures": {}}
    with tempfile.TemporaryDirectory(prefix="minshu-") as folder:
        command = _applying(version, failed, draft["document"], parquet, Path(folder) / "tried.parquet")
        answer = sandbox.run(command, seconds=files.seconds_for(version), watch=watch)
    return {"ok": True, "figures": figures_of(answer)} if answer["ok"] else answer


def figures_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    rows = {name: answer["applied"][name] for name in ("rows_in", "rows_out")}
    return {**{name: answer[name] for name in ("before", "after", "losses")}, **rows}


def _applying(version: Version, failed: Assessment, document: Any, parquet: Path, target: Path) -> dict[str, Any]:
    return {
        "do": "apply", "parquet": str(parquet), "target": str(target), "recipe": document, **roles_of(version, failed),
    }  # fmt: skip


def roles_of(version: Version, failed: Assessment) -> dict[str, Any]:
    """The roles that the gate measured over: what was marked and what it suggested."""
    report = failed.report
    measured = report.get("with_suggested") or report
    quasi = measured["quasi_identifiers"]
    sensitive = [name for name in report["sensitive"] if name not in quasi]
    return {"subject": measured["subject"], "quasi_identifiers": quasi, "sensitive": sensitive}


def _at_fault(failed: Assessment, roles: Mapping[str, Any]) -> set[str]:
    """Columns that the report blames themselves: keys, and what can be turned back. They are dropped."""
    blamed = {one["column"] for one in failed.report["reasons"] if one["code"] not in ABOUT_GROUPS}
    return blamed - {None, roles["subject"]}


@transaction.atomic
def _keep(job: Job, version: Version, failed: Assessment, found: list[dict[str, Any]], at: datetime) -> None:
    """Write down what was found, in the order of loss."""
    _lock(version)
    jobs.end(job)
    first = version.recipes.count() + 1
    bounds = {} if "recipe" in job.wish else job.wish
    made = [
        Recipe.objects.create(
            version=version, assessment=failed, job=job, number=number, bounds=bounds, by=job.requested_by, at=at, **one
        )
        for number, one in enumerate(found, start=first)
    ]
    act = ledger.begin("keep_recipe", jobs.WORKER, at, ARTICLE)
    ledger.record(act, version, detail={"recipes": [one.number for one in made]})
    jobs.tell_seller(act, job, "recipe_found" if any(one.reaches for one in made) else "recipe_none")


def apply(job: Job, at: datetime) -> None:
    """Write the canonical file anew by a recipe; it takes the failed one's place. A claimed job."""
    version = Version.objects.select_related("product__seller").get(pk=job.version_id)
    recipe = Recipe.objects.select_related("assessment").get(pk=job.wish["recipe"])
    failed, file = failed_assessment(version), files.current(version)
    if failed is None or file is None or failed.pk != recipe.assessment_id:
        return jobs.settle(job, sandbox.failure("no_file"), at)
    began = time.monotonic()
    with files.local_copy(file) as parquet, tempfile.TemporaryDirectory(prefix="minshu-") as folder:
        target = Path(folder) / "canonical.parquet"
        command = _applying(version, failed, recipe.document, parquet, target)
        answer = sandbox.run(command, seconds=files.seconds_for(version), watch=jobs.watcher(job, at))
        if not answer["ok"]:
            return jobs.settle(job, answer, at)
        ended = at + timedelta(seconds=time.monotonic() - began)
        record = {**answer["applied"], "started_at": at.isoformat(), "finished_at": ended.isoformat()}
        with _in_quarantine(version, target) as stored:
            _replace(job, version, recipe, record, stored, at)


@contextmanager
def _in_quarantine(version: Version, parquet: Path) -> Iterator[files.Stored]:
    """A canonical file copied into quarantine; deleted again where its row is not written."""
    stored = files.put(version, FileKind.PARQUET, parquet, "canonical.parquet")
    try:
        yield stored
    except BaseException:
        default_storage.delete(stored.key)
        raise


@transaction.atomic
def _replace(
    job: Job, version: Version, recipe: Recipe, record: dict[str, Any], stored: files.Stored, at: datetime
) -> None:
    """The failed file is destroyed, its successor registered with its steps, and the assessment queued: all or none."""
    _lock(version)
    jobs.end(job)
    file = files.current(version)
    if file is None or file.sha256 != record["sha256_in"]:
        raise StaleState()
    files.destroy(version.files.filter(destroyed_at=None), at)
    files.register(version, [stored])
    _mark(version, recipe.assessment, record["columns"])
    Version.objects.filter(pk=version.pk).update(rows=record["rows_out"])
    _add_steps(version, record, at)
    by = job.requested_by
    AppliedRecipe.objects.create(
        recipe=recipe, record=record, sha256_in=record["sha256_in"], sha256_out=record["sha256_out"], by=by, at=at
    )
    hashes = {name: record[name] for name in ("sha256_in", "sha256_out", "recipe_sha256")}
    act = ledger.begin("mend", jobs.WORKER, at, "Art. 32")
    ledger.record(act, version, detail={"recipe": recipe.number, **hashes, "rows": record["rows_out"], "by": by})
    assert by is not None
    assessing = jobs.queue(version, JobKind.ASSESS, by, at)
    ledger.record(ledger.begin("request_assessment", jobs.WORKER, at, ARTICLE), version, detail={"job": assessing.pk})


def _mark(version: Version, failed: Assessment, columns: list[dict[str, str]]) -> None:
    """The result's columns, marked as before and as the gate measured them."""
    given = dict(version.columns.values_list("name", "role"))
    declared = set(pseudonym_columns(version))
    measured = roles_of(version, failed)
    for name in measured["quasi_identifiers"]:
        if given.get(name) == ColumnRole.PLAIN:
            given[name] = ColumnRole.QUASI_IDENTIFIER
    subject = measured["subject"]
    if given.get(subject) == ColumnRole.PLAIN and version.about != About.NONE:
        given[subject] = ColumnRole.SUBJECT
    forget_columns(version)
    Column.objects.bulk_create(
        Column(
            version=version, position=place, name=one["name"], type=one["type"],
            role=given.get(one["name"], ColumnRole.PLAIN), is_pseudonym=one["name"] in declared,
        )
        for place, one in enumerate(columns)
    )  # fmt: skip


def _add_steps(version: Version, record: Mapping[str, Any], at: datetime) -> None:
    """One measured step (Art. 32) for each of the recipe's; the hashes are those of the whole run."""
    for done in record["steps"]:
        given = done["parameters"]
        column = given.get("column") or ", ".join(given.get("columns") or given.get("by") or [])
        add_step(
            version, f"{done['do']}: {shown(column)}", at, tool=f"{record['tool']} {record['tool_version']}",
            operator=version.product.seller.name, measured=True, hash_in=record["sha256_in"],
            hash_out=record["sha256_out"], facts={**done, "recipe_sha256": record["recipe_sha256"]},
        )  # fmt: skip


def _lock(version: Version) -> None:
    """The draft's row, held; StaleState where it is no draft any more, and nobody waits for the result."""
    try:
        lock_in(version, VersionState.DRAFT)
    except InvalidState as error:
        raise StaleState() from error
