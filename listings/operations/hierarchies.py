"""Hierarchies of the seller's own, for the columns of a file that failed (Art. 17): kept as long as that file."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from listings import permissions, reasons
from listings.deidentification.reasons import Refused as EngineRefused
from listings.deidentification.reasons import shown
from listings.deidentification.recipe import own
from listings.models import Hierarchy, Version
from listings.operations import jobs
from listings.queries import failed_assessment, quasi_identifiers_of
from listings.states import VersionState
from marketplace import workflow
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger

ARTICLE = "Art. 17"


@transaction.atomic
def bring_hierarchy(
    *, version: Version, actor: User, at: datetime, column: str, content: bytes | None = None
) -> Hierarchy | None:
    """Keep a hierarchy (CSV: value;level1;level2;…) for a column of the failed file, in place of any brought before.

    Every search from then on goes by it, and a recipe that uses it carries it along. Without `content` the column's own
    hierarchy is taken back. Raises ValidationError on `hierarchy` with the row and the column of its fault, and on
    `column` where the assessment did not count it as a quasi-identifier; InvalidState without a file that failed.
    """
    permissions.check_can_keep_version(actor, version, at)
    workflow.check_in(Version.objects.select_for_update().get(pk=version.pk), VersionState.DRAFT)
    jobs.check_no_job(version)
    if failed_assessment(version) is None:
        raise InvalidState(_("The draft has no file that failed."))
    if column not in quasi_identifiers_of(version):
        raise ValidationError({"column": _("Only quasi-identifiers are made coarser by a hierarchy.")})
    act = ledger.begin("bring_hierarchy", actor, at, ARTICLE)
    if content is None:
        _take_back(version, column)
        ledger.record(act, version, detail={"column": shown(column), "sha256": ""})
        return None
    return _keep(version, column, content, act, actor)


def _keep(version: Version, column: str, content: bytes, act: ledger.Act, actor: User) -> Hierarchy:
    try:
        tree = own.read(content)
    except EngineRefused as error:
        raise ValidationError({"hierarchy": reasons.sentence(error.code, error.params)}) from error
    kept, _made = Hierarchy.objects.update_or_create(
        version=version, column=column, defaults={"rows": tree.rows, "sha256": tree.sha256, "by": actor, "at": act.at}
    )
    facts = {"sha256": tree.sha256, "values": len(tree.rows), "levels": tree.height}
    ledger.record(act, version, detail={"column": shown(column), **facts})
    return kept


def _take_back(version: Version, column: str) -> None:
    if not version.hierarchies.filter(column=column).delete()[0]:
        raise ValidationError({"column": _("You brought no hierarchy for this column.")})


def forget_columns(version: Version) -> None:
    """The columns of a file that is gone, and the hierarchies for them: both can hold what was in it."""
    version.columns.all().delete()
    version.hierarchies.all().delete()
