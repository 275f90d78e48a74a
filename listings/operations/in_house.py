"""A report that a seller's own machine made is handed in before, or with, the file it is about (Art. 17)."""

import json
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from listings import permissions, reasons
from listings.deidentification import signed
from listings.deidentification.reasons import Refused as EngineRefused
from listings.models import About, InHouseReport, Version
from listings.operations.versions import lock_in
from listings.states import VersionState
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger

MOST_REPORTS = 20  # for one version


@transaction.atomic
def announce_report(*, version: Version, actor: User, at: datetime, content: bytes) -> InHouseReport:
    """Keep a signed report with a draft. Nothing is decided by it: the file is measured here all the same.

    Raises ValidationError on `report` where it is malformed, was changed, contradicts itself, lies in the future or is
    about something else than the version; handed in twice, it is kept once.
    """
    permissions.check_can_keep_version(actor, version, at)
    lock_in(version, VersionState.DRAFT)
    found = _verified(content, at)
    _check_about(version, found)
    known = InHouseReport.objects.filter(version=version, sha256=found.sha256, assessed_at=found.assessed_at).first()
    if known is not None:
        return known
    if version.in_house_reports.count() >= MOST_REPORTS:
        raise InvalidState(_("A version takes at most %(most)s reports.") % {"most": MOST_REPORTS})
    made = InHouseReport.objects.create(
        version=version, by=actor, at=at, name=found.name, size=found.size, sha256=found.sha256, engine=found.engine,
        mode=found.mode, passes=found.report["passes"], assessed_at=found.assessed_at, public_key=found.public_key,
        document=json.loads(content),
    )  # fmt: skip
    detail = {
        "report": made.pk, "sha256": made.sha256, "passes": made.passes, "k": found.k, "engine": made.engine,
        "rule_set": found.report["rule_set"], "public_key": made.public_key,
    }  # fmt: skip
    ledger.record(ledger.begin("announce_report", actor, at, "Art. 17"), version, detail=detail)
    return made


def _verified(content: bytes, at: datetime) -> signed.Signed:
    try:
        return signed.verify(content, at=at)
    except EngineRefused as error:
        raise ValidationError({"report": reasons.sentence(error.code, error.params)}) from error


def _check_about(version: Version, found: signed.Signed) -> None:
    about = found.report["about"]
    if about != version.about:
        words = {"found": dict(About.choices).get(about, "?"), "wanted": version.get_about_display()}  # type: ignore[attr-defined]
        raise ValidationError(
            {"report": _("The report says that a row is about %(found)s, the version about %(wanted)s.") % words}
        )
