"""What the public register says of a grant: when from, set with the decision, and the holder's own summary."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import PartyKind, User
from marketplace.applications import permissions
from marketplace.applications.models import Application, Disclosure, Grant
from marketplace.applications.models.disclosure import LANGUAGES, LONGEST_WAIT, SUMMARY_LENGTH
from marketplace.applications.states import GrantState
from marketplace.clock.working_days import add_months, local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.workflow import check_in

WRITABLE = (
    GrantState.ACTIVE, GrantState.CLOSED, GrantState.SURRENDERED, GrantState.TERMINATED, GrantState.REVOKED,
)  # fmt: skip


def check_wait(months: int, reason: str) -> None:
    """The publication waits at most a year, and only for a reason (a trade secret)."""
    if not 0 <= months <= LONGEST_WAIT:
        raise ValidationError({"wait_months": _("The publication may wait at most 12 months.")})
    if months and not reason.strip():
        raise ValidationError({"wait_reason": _("Say why the publication waits.")})


def disclose(grant: Grant, application: Application, at: datetime, wait_months: int, wait_reason: str) -> Disclosure:
    """Part of the decision: the entry in the register, with what the application says to the public."""
    language = application.applicant.language
    return Disclosure.objects.create(
        grant=grant, public_from=add_months(local_date(at), wait_months),
        wait_reason=wait_reason if wait_months else "", summary=application.public_summary,
        language=language if language in dict(LANGUAGES) else "zh-hans",
    )  # fmt: skip


@transaction.atomic
def write_summary(
    *, grant: Grant, actor: User, at: datetime, summary: str, language: str, is_named: bool = False
) -> Disclosure:
    """The holder says in at most 500 characters what the data is used for: the public register shows it.

    `language` is the one it is written in. `is_named` is a natural person's agreement to stand there by name; writing
    again without it takes that back. Recorded; raises ValidationError for a text that is too long.
    """
    permissions.check_can_leave_grant(actor, grant, at)
    check_in(grant, *WRITABLE)
    if not grant.product.is_public_data:
        raise InvalidState(_("Of non-public data the register says only how many deals there are."))
    require(summary=summary)
    if len(summary) > SUMMARY_LENGTH:
        raise ValidationError({"summary": _("At most 500 characters.")})
    if language not in dict(LANGUAGES):
        raise ValidationError({"language": _("Say in which language it is written.")})
    named = is_named and grant.buyer.kind == PartyKind.PERSON
    entry = Disclosure.objects.select_for_update().get(grant=grant)
    before = {"summary": entry.summary, "is_named": entry.is_named}
    entry.summary, entry.language, entry.is_named = summary, language, named
    entry.written_by, entry.written_at = actor, at
    entry.save()
    act = ledger.begin("write_summary", actor, at, grant.article)
    ledger.record(act, grant, detail={"text": summary, "language": language, "is_named": named, "before": before})
    return entry
