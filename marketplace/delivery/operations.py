"""Handing over data: judged, recorded, then served."""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from listings import files
from listings.deidentification import sandbox
from listings.models import Version
from marketplace.applications.models import Grant
from marketplace.clock.working_days import local_date
from marketplace.delivery import gate
from marketplace.delivery.models import AccessRecord, DailyUse, Delivery, Extract, Format, Outcome
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger

PUBLIC = ledger.SystemActor("public")


def deliver(
    *, grant: Grant, version: Version, actor: User, at: datetime, format: str = Format.CSV, address: str = ""
) -> Delivery:
    """Hand a version over under a grant, or raise `gate.Denied`; either way an access record is left.

    The file is made before; the verdict that counts is given under a lock on the grant, in the transaction that
    records the delivery, so that after a suspension has committed nothing is handed over any more.
    """
    _insist(gate.judge(actor, grant, version, at, address), grant, version, actor, at)
    extract = _extract(version, gate.granted_fields(grant, version), format)
    with transaction.atomic():
        locked = Grant.objects.select_for_update().get(pk=grant.pk)
        offered = Version.objects.select_for_update().get(pk=version.pk)
        verdict = gate.judge(actor, locked, offered, at, address)
        if verdict.allowed:
            return _record(extract, offered, at, grant=locked, actor=actor)
    _insist(verdict, grant, version, actor, at)
    raise AssertionError("a refused request must not get here")


def deliver_openly(*, version: Version, at: datetime, format: str = Format.CSV) -> Delivery:
    """Hand over openly available data to anybody: no login, grant or fingerprint, but counted (Art. 15)."""
    _insist(gate.judge_open(version), None, version, PUBLIC, at)
    fields = list(version.columns.order_by("position").values_list("name", flat=True))
    extract = _extract(version, fields, format)
    with transaction.atomic():
        offered = Version.objects.select_for_update().get(pk=version.pk)
        verdict = gate.judge_open(offered)
        if verdict.allowed:
            return _record(extract, offered, at)
    _insist(verdict, None, version, PUBLIC, at)
    raise AssertionError("a refused request must not get here")


def _insist(verdict: gate.Verdict, grant: Grant | None, version: Version, actor: Any, at: datetime) -> None:
    """Record a no on its own, outside any transaction that could take it back, then raise it."""
    if verdict.allowed:
        return
    AccessRecord.objects.create(
        grant_ref=ledger.reference(grant) if grant else "", version_ref=ledger.reference(version),
        principal_ref=actor.ledger_ref, at=at, outcome=Outcome.REFUSED, code=verdict.code,
    )  # fmt: skip
    raise gate.Denied(verdict.code)


def count_use(delivery: Delivery) -> None:
    """Add a delivery under a grant to its day. Part of recording it, which has locked the grant."""
    if delivery.grant_id is None:
        return
    which = {"grant_id": delivery.grant_id, "day": local_date(delivery.obtained_at)}
    counted = DailyUse.objects.filter(**which).update(
        downloads=F("downloads") + 1, rows=F("rows") + delivery.rows, is_judged=False
    )
    if not counted:
        DailyUse.objects.create(**which, downloads=1, rows=delivery.rows)


def _record(
    extract: Extract, version: Version, at: datetime, *, grant: Grant | None = None, actor: User | None = None
) -> Delivery:
    delivery = Delivery.objects.create(
        grant=grant, version=version, principal=actor, extract=extract, obtained_at=at, fields=extract.fields,
        rows=version.rows or 0, bytes=extract.size, sha256=extract.sha256,
        is_examined=grant is None,
    )  # fmt: skip
    count_use(delivery)
    principal = actor or PUBLIC
    AccessRecord.objects.create(
        grant_ref=ledger.reference(grant) if grant else "", version_ref=ledger.reference(version),
        principal_ref=principal.ledger_ref, at=at, outcome=Outcome.ALLOWED, code="ok", rows=delivery.rows,
        bytes=delivery.bytes,
    )  # fmt: skip
    if grant is not None:
        ledger.record(
            ledger.begin("deliver", principal, at, grant.article), delivery,
            detail={"grant": grant, "version": version, "fields": extract.fields, "sha256": extract.sha256},
        )  # fmt: skip
    return delivery


def _extract(version: Version, fields: Sequence[str], format: str) -> Extract:
    """The file for these fields, made on first use. Two at once make it twice and keep one."""
    digest = hashlib.sha256(json.dumps(list(fields)).encode()).hexdigest()
    found = Extract.objects.filter(version=version, fields_hash=digest, format=format).first()
    return found or _make_extract(version, list(fields), digest, Format(format))


def _make_extract(version: Version, fields: list[str], digest: str, format: Format) -> Extract:
    source = files.current(version)
    assert source is not None  # the gate has looked
    with tempfile.TemporaryDirectory(prefix="minshu-") as folder, files.local_copy(source) as parquet:
        target = Path(folder) / f"extract.{format.value}"
        answer = sandbox.run(
            {"do": "extract", "parquet": str(parquet), "target": str(target), "fields": fields, "format": format.value}
        )
        if not answer["ok"]:
            raise InvalidState(answer["text"])
        row = Extract(
            version=version, fields=fields, fields_hash=digest, format=format, sha256=files.sha256_of(target),
            size=target.stat().st_size,
        )  # fmt: skip
        with target.open("rb") as file:
            row.key = default_storage.save(f"extracts/{version.pk}-{digest[:16]}.{format.value}", File(file))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        default_storage.delete(row.key)
        return Extract.objects.get(version=version, fields_hash=digest, format=format)
    return row
