"""Versions in the seller's hands: created, given a file, marked, submitted, retired."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Case, Max, When
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.queries import authority_over, recipients, reviewer_for
from listings import files, permissions, queries, reasons
from listings.deidentification.reasons import shown
from listings.models import (
    About,
    Acquisition,
    CatalogueEntry,
    Column,
    ColumnRole,
    Opening,
    ProcessingStep,
    Product,
    SourceFile,
    SourceKind,
    Version,
    VersionSource,
)
from listings.operations import jobs
from listings.operations.built import check_further_sources, check_not_stopped, check_sources_stand, inherit_sources
from listings.operations.hierarchies import forget_columns
from listings.operations.release_rules import hold_against_rule, keep_check, publish_by_rule
from listings.operations.search import follow_product
from listings.queries import regions_of
from listings.states import WITH_SELLER, EntryState, ProductState, SourceState, UploadState, VersionState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell

MOST_STEPS = 100
LONGEST_STEP = 200  # characters


@transaction.atomic
def create_version(
    *,
    product: Product,
    actor: User,
    at: datetime,
    sources: Iterable[CatalogueEntry] = (),
    steps: str = "",
    **fields: Any,
) -> Version:
    """Start the next version. Its sources are the product's entry and whatever others went into it.

    `steps` are the processing steps that the seller declares (Art. 32), one a line.
    """
    permissions.check_can_keep_product(actor, product, at)
    workflow.check_in(product, ProductState.ACTIVE)
    check_not_stopped(product, at)
    check_further_sources(product, sources)
    Product.objects.select_for_update().get(pk=product.pk)
    number = (product.versions.aggregate(Max("number"))["number__max"] or 0) + 1
    version = Version(product=product, number=number, created_at=at, **fields)
    version.full_clean()
    _check_collected(version, at)
    version.save()
    entries = _add_sources(version, sources)
    _declare_steps(version, steps, at)
    act = ledger.begin("create", actor, at, "Art. 32")
    ledger.record(act, version, new=version.state, detail={"sources": entries, "steps": steps, **fields})
    return version


def _add_sources(version: Version, sources: Iterable[CatalogueEntry]) -> list[int]:
    """The product's entry and the others named; of a built product all that its grants' versions hold."""
    product = version.product
    if product.is_built:
        inherit_sources(version)
        found = [source.entry for source in version.sources.select_related("entry")]
        _check_sources(product, found)
        return sorted({entry.pk for entry in found})
    own = [product.entry] if product.entry else []
    entries = {entry.pk: entry for entry in [*own, *sources]}
    _check_sources(product, entries.values())
    for entry in entries.values():
        VersionSource.objects.create(version=version, unit=entry.unit, entry=entry)
    return list(entries)


@transaction.atomic
def describe_version(
    *, version: Version, actor: User, at: datetime, pseudonym_columns: Sequence[str] | None = None, **fields: Any
) -> None:
    """draft, assessed or returned: correct what the seller says of the version. What was measured stays.

    `pseudonym_columns` are all the columns declared to be digests or tokens (Art. 17); None leaves them as they are.
    Raises ValidationError on `about` once the file was measured, as that decides whose rows are counted; on
    `shows_sample` where none was drawn then; on
    `pseudonym_columns` where the file has no such column, and on `pseudonyms` where nothing is said of them.
    """
    permissions.check_can_keep_version(actor, version, at)
    version = Version.objects.select_for_update().get(pk=version.pk)
    workflow.check_in(version, *WITH_SELLER)
    jobs.check_no_job(version)
    if version.state != VersionState.DRAFT and fields.get("about", version.about) != version.about:
        raise ValidationError({"about": _("The file was measured for this: discard the version and start a new one.")})
    if version.state != VersionState.DRAFT and fields.get("shows_sample") and not version.shows_sample:
        raise ValidationError({"shows_sample": _("No sample was drawn when the file was assessed.")})
    for name, value in fields.items():
        setattr(version, name, value)
    version.full_clean()
    _check_collected(version, at)
    version.save(update_fields=list(fields))
    if version.about == About.NONE:
        version.columns.filter(role=ColumnRole.SUBJECT).update(role=ColumnRole.PLAIN)
    declared = {} if pseudonym_columns is None else _declare_pseudonyms(version, pseudonym_columns)
    ledger.record(ledger.begin("describe", actor, at, "Art. 17"), version, detail={**fields, **declared})


def _declare_pseudonyms(version: Version, names: Sequence[str]) -> dict[str, list[str]]:
    """Mark these columns, and no others, as digests or tokens."""
    if unknown := set(names) - set(version.columns.values_list("name", flat=True)):
        said = _("The file has no column “%(name)s”.") % {"name": "”, “".join(sorted(unknown))}
        raise ValidationError({"pseudonym_columns": said})
    if names and not version.pseudonyms.strip():
        raise ValidationError({"pseudonyms": _("Say how they were made, and what became of the key.")})
    version.columns.update(is_pseudonym=Case(When(name__in=names, then=True), default=False))
    return {"pseudonym_columns": [shown(name) for name in sorted(names)]}


@transaction.atomic
def discard_version(*, version: Version, actor: User, at: datetime) -> None:
    """draft, assessed or returned → discarded: its file is destroyed, and the next version can be started."""
    permissions.check_can_keep_version(actor, version, at)
    workflow.check_in(version, *WITH_SELLER)
    jobs.check_no_job(version)
    workflow.move(act := ledger.begin("discard", actor, at), version, VersionState.DISCARDED)
    give_up_uploads(version, act)
    files.destroy(version.files.filter(destroyed_at=None), at)
    clock.stop(version, at, Kind.MENDING)
    forget_columns(version)  # of what was never published, a name may be an identifier itself


def upload_file(*, version: Version, actor: User, at: datetime, path: Path, name: str) -> None:
    """Read a file (in a subprocess, before any transaction) and make it the draft's file, in quarantine.

    A file that was there before is destroyed. Raises ValidationError on `file` when it cannot be read, is larger than
    a form's (`uploads.py` takes those) or there is no room for it; then nothing is kept of it.
    """
    permissions.check_can_keep_version(actor, version, at)
    workflow.check_in(version, VersionState.DRAFT)
    _check_one_piece(path)
    try:
        with (
            files.ingest(path, name) as ingested,
            files.in_quarantine(version, ingested) as stored,
            transaction.atomic(),
        ):
            lock_in(version, VersionState.DRAFT)
            jobs.check_no_job(version)
            queries.check_room(version, stored[0].size, "file")
            attach(version, ingested, stored, actor, at)
    except files.UnreadableFile as error:
        raise ValidationError({"file": reasons.sentence(error.code, error.params)}) from error


def _check_one_piece(path: Path) -> None:
    size = path.stat().st_size
    if size > settings.UPLOAD_LIMIT:
        sizes = {"found": size, "limit": settings.UPLOAD_LIMIT}
        raise ValidationError({"file": reasons.sentence("too_large", sizes)})


def attach(
    version: Version, ingested: files.Ingested, stored: Sequence[files.Stored], actor: ledger.Actor, at: datetime
) -> None:
    """Make what was read the draft's file. Part of another operation."""
    original, parquet = stored
    files.destroy(version.files.filter(destroyed_at=None), at)
    clock.stop(version, at, Kind.MENDING)
    files.register(version, stored)
    forget_columns(version)
    Column.objects.bulk_create(
        Column(
            version=version, position=n, name=column["name"], type=column["type"],
            hint=ingested.hints.get(column["name"], {}),
        )
        for n, column in enumerate(ingested.columns)
    )  # fmt: skip
    version.rows = ingested.rows
    Version.objects.filter(pk=version.pk).update(rows=ingested.rows)
    add_step(
        version, "read into canonical Parquet", at, tool="Minshu", operator="Minshu",
        measured=True, hash_in=original.sha256, hash_out=parquet.sha256,
    )  # fmt: skip
    ledger.record(
        ledger.begin("upload", actor, at, "Art. 17"),
        version,
        detail={
            "sha256": original.sha256,
            "parquet_sha256": parquet.sha256,
            "size": original.size,
            "rows": ingested.rows,
            **_announced(version, original.sha256),
        },
    )


def _announced(version: Version, digest: str) -> dict[str, int]:
    """The report made in house about this very file, if one was handed in: noted, not believed."""
    report = version.in_house_reports.filter(sha256=digest).order_by("-at", "-pk").first()
    return {"in_house_report": report.pk} if report else {}


@transaction.atomic
def mark_columns(*, version: Version, actor: User, at: datetime, roles: Mapping[str, str]) -> None:
    """Say what each column is: `roles` maps column names to ColumnRole values; columns not named are plain."""
    permissions.check_can_keep_version(actor, version, at)
    lock_in(version, VersionState.DRAFT)
    jobs.check_no_job(version)
    columns = {column.name: column for column in version.columns.all()}
    if unknown := set(roles) - set(columns):
        raise ValidationError(_("The file has no column “%(name)s”.") % {"name": "”, “".join(sorted(unknown))})
    subjects = [name for name, role in roles.items() if role == ColumnRole.SUBJECT]
    if len(subjects) > 1:
        raise ValidationError(_("Only one column can name the subject of a row."))
    if subjects and version.about == About.NONE:
        raise ValidationError(_("A version about nobody has no subject column."))
    version.columns.update(role=ColumnRole.PLAIN)
    for role in ColumnRole.values:
        version.columns.filter(name__in=[name for name, given in roles.items() if given == role]).update(role=role)
    ledger.record(
        ledger.begin("mark_columns", actor, at, "Art. 17"),
        version,
        detail={"roles": [[shown(name), role] for name, role in roles.items()]},
    )


@transaction.atomic
def rework_version(*, version: Version, actor: User, at: datetime) -> None:
    """assessed → draft: the seller changes it again; what was assessed is destroyed."""
    permissions.check_can_keep_version(actor, version, at)
    workflow.move(ledger.begin("rework", actor, at), version, VersionState.DRAFT)
    files.destroy(version.files.filter(destroyed_at=None), at)
    forget_columns(version)


@transaction.atomic
def submit_version(*, version: Version, actor: User, at: datetime) -> None:
    """assessed or returned → submitted: the authority competent for all its sources is to review it.

    Non-public data is reviewed by the platform's compliance reviewer; the authority sees it all.
    assessed → published at once where a release rule is in force and the version lies within each of its bounds.
    """
    permissions.check_can_keep_version(actor, version, at)
    workflow.check_in(version, VersionState.ASSESSED, VersionState.RETURNED)
    _check_complete(version, at)
    authority = authority_over(regions_of(version), at)
    if authority is None:
        raise InvalidState(_("No authority is set up that is competent for all sources of this version."))
    reviewer = None if version.product.is_public_data else reviewer_for(version.product.seller.region, at)
    if reviewer is None and not version.product.is_public_data:
        raise InvalidState(_("The platform has no compliance reviewer who could review this."))
    outcome = hold_against_rule(version, at)
    if outcome is not None and outcome.holds:
        act = ledger.begin("release_by_rule", actor, at, "Art. 17")
        publish_by_rule(act, version, outcome)
        return keep_check(act, version, outcome)
    act = ledger.begin("submit", actor, at, "Art. 17")
    detail = {"authority": authority, "reviewer": reviewer, **({"bounds": outcome.as_detail()} if outcome else {})}
    workflow.move(act, version, VersionState.SUBMITTED, authority=authority, reviewer=reviewer, detail=detail)
    if outcome is not None:
        keep_check(act, version, outcome)
    clock.start(version, Kind.ACCEPTANCE, at)
    tell(
        act, recipients(reviewer or authority, at), "version_submitted", link=version.get_absolute_url(),
        product=version.product.title, number=version.number,
    )  # fmt: skip


@transaction.atomic
def retire_version(*, version: Version, actor: User, at: datetime, reason: str) -> None:
    """published → retired: no new grants on it; holders keep what their grants give them."""
    permissions.check_can_keep_version(actor, version, at)
    require(reason=reason)
    workflow.move(ledger.begin("retire", actor, at), version, VersionState.RETIRED, detail={"reason": reason})
    follow_product(version.product)


def add_step(
    version: Version, step: str, at: datetime, *, tool: str, operator: str, measured: bool = False,
    hash_in: str = "", hash_out: str = "", facts: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Append a processing step (Art. 32) to a version in work. Part of another operation."""
    ProcessingStep.objects.create(
        version=version, number=version.steps.count() + 1, step=step, tool=tool[:200], operator=operator, at=at,
        is_measured=measured, hash_in=hash_in, hash_out=hash_out, facts=dict(facts or {}),
    )  # fmt: skip


def _declare_steps(version: Version, steps: str, at: datetime) -> None:
    lines = [line.strip() for line in steps.splitlines() if line.strip()]
    if any(len(line) > LONGEST_STEP for line in lines):
        raise ValidationError({"steps": _("A step has at most %(most)s characters.") % {"most": LONGEST_STEP}})
    if len(lines) > MOST_STEPS:
        raise ValidationError({"steps": _("At most %(most)s steps, one a line.") % {"most": MOST_STEPS}})
    tool, operator = version.deidentification_tool[:200], version.product.seller.name
    ProcessingStep.objects.bulk_create(
        ProcessingStep(version=version, number=n, step=line, tool=tool, operator=operator, at=at, is_measured=False)
        for n, line in enumerate(lines, start=1)
    )


def give_up_uploads(version: Version, act: ledger.Act) -> None:
    """The open upload of a version, if any, → abandoned; what has arrived is destroyed. Part of another operation."""
    for upload in version.uploads.filter(state=UploadState.OPEN):
        workflow.move(act, upload, UploadState.ABANDONED)
        files.drop_chunks(upload)


def lock_in(version: Version, state: str) -> None:
    """Lock the row and look again: what follows depends on a state that is not changed."""
    version.state = Version.objects.select_for_update().get(pk=version.pk).state
    workflow.check_in(version, state)


def _check_sources(product: Product, entries: Iterable[CatalogueEntry]) -> None:
    """Every source must be in the catalogue and may be listed; openly available data has only such sources."""
    for entry in entries:
        if not product.is_public_data:
            raise ValidationError({"sources": _("Non-public data has no source in the catalogue of public data.")})
        if entry.state != EntryState.PUBLISHED:
            raise ValidationError({"sources": _("“%(title)s” is not published in the catalogue.") % {"title": entry}})
        if not entry.may_be_listed:
            raise ValidationError({"sources": _("“%(title)s” is withheld or not open.") % {"title": entry}})
        if product.is_openly_available and entry.opening != Opening.OPENLY_AVAILABLE:
            raise ValidationError(
                {"sources": _("“%(title)s” is not openly available, as this product is.") % {"title": entry}}
            )


def _check_collected(version: Version, at: datetime) -> None:
    if version.collected_until > local_date(at):
        raise ValidationError({"collected_until": _("This day is still to come.")})


def _check_complete(version: Version, at: datetime) -> None:
    """Everything Art. 17 and Art. 31 want before an officer is asked; all that is missing is named at once."""
    product = version.product
    workflow.check_in(product, ProductState.ACTIVE)
    check_not_stopped(product, at)
    check_sources_stand(version)
    _check_sources(product, [source.entry for source in version.sources.select_related("entry")])
    if missing := what_is_missing(version, at):
        raise InvalidState(" ".join(missing.values()))


def what_is_missing(version: Version, at: datetime) -> dict[str, str]:
    """What keeps a version from being submitted, as sentences by the verb that mends it."""
    product, today, missing = version.product, local_date(at), {}
    standing = SourceFile.objects.standing().filter(product=product)
    lapses = list(standing.values_list("valid_until", flat=True))
    if product.declared_at is None:
        missing["declare"] = _("The declaration under Art. 31 is missing.")
    if not any(day is None or day >= today for day in lapses):
        missing["add_source_file"] = _("The lawful-source file has no valid item.")
    elif any(day is not None and day < today for day in lapses):
        missing["add_source_file"] = _(
            "An item of the lawful-source file has lapsed: add its successor and withdraw it."
        )
    elif product.acquisition == Acquisition.AUTHORISED and not standing.filter(kind=SourceKind.AUTHORISATION).exists():
        missing["add_source_file"] = _(
            "Authorised operation: add the authorisation to the lawful-source file (Art. 17)."
        )
    elif standing.filter(state=SourceState.REJECTED).exists():
        missing["add_source_file"] = _(
            "An item of the lawful-source file was found not in order: add a better one and withdraw it."
        )
    if version.key_is_kept:
        missing["describe"] = _(
            "Somebody keeps a key or mapping table: the original can be restored, so it may not be traded (Art. 17)."
        )
    elif columns := queries.unexplained(version):
        missing["describe"] = _(
            "Declare for each column of digests or tokens what it is and what became of the key: %(columns)s."
        ) % {"columns": ", ".join(columns)}
    return missing
