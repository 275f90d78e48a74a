"""An overseer says why, and only then reads."""

from datetime import datetime

from django.db import models, transaction

from accounts.models import EvidenceFile, User
from marketplace.clock.working_days import local_date
from marketplace.console import permissions
from marketplace.console.models import Reading
from marketplace.errors import require
from marketplace.ledger import entries as ledger


@transaction.atomic
def state_reason(*, case: models.Model, actor: User, at: datetime, reason: str) -> Reading:
    """Opens `case` to the overseer for the rest of the day. Records one reading per case, overseer and day: a second
    statement on the same day changes nothing. Raises NotAllowed for whoever is no overseer."""
    body = permissions.check_can_oversee(actor, at)
    require(reason=reason)
    reading, is_new = Reading.objects.get_or_create(
        by=actor, object_type=case._meta.label_lower, object_id=str(case.pk), day=local_date(at),
        defaults={"party": body, "title": str(case)[:300], "reason": reason, "at": at},
    )  # fmt: skip
    if is_new:
        act = ledger.begin("read_case", actor, at)
        ledger.record(act, reading, detail={"case": case, "reason": reason})
    return reading


@transaction.atomic
def note_opened(*, file: EvidenceFile, actor: User, at: datetime) -> None:
    """An overseer opens a file of a case that was read for a stated reason: recorded, each time, with that reading,
    which the parties of the case do not see."""
    stated = Reading.objects.filter(by=actor, object_type=file.object_type, object_id=file.object_id)
    reading = stated.latest("day")
    detail = {"file": file, "sha256": file.sha256}
    ledger.record(ledger.begin("open_evidence", actor, at), reading, detail=detail)
