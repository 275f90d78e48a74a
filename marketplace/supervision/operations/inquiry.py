"""The level above asks an authority for a report on a case, and the authority answers (Art. 45)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.queries import level_above, recipients
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions_above
from marketplace.supervision.inquiry import NAME_OF, Inquiry

ARTICLE = "Art. 45"


@transaction.atomic
def ask_report(*, case: Any, actor: User, at: datetime, question: str) -> Inquiry:
    """Ask the authority below for a report on a case, one of `ABOUT`; it is told and has a deadline. The case goes on.

    Raises InvalidState while an earlier question about the case is not answered.
    """
    permissions_above.check_can_ask_report(actor, case, at)
    require(question=question)
    row, name = permissions_above.ROWS[type(case)], NAME_OF[type(case)]
    type(case)._base_manager.select_for_update(of=("self",)).get(pk=case.pk)
    if Inquiry.objects.filter(answered_at=None, **{name: case}).exists():
        raise InvalidState(_("The authority owes a report on this case already."))
    authority: Party | None = row.authority(case)
    above = level_above(authority, at) if authority else None
    assert authority is not None and above is not None  # the check has refused others
    party = row.sides(case)[0]
    made = Inquiry.objects.create(
        authority=authority, above=above, party=party, question=question, by=actor, at=at, **{name: case}
    )
    act = ledger.begin("ask_report", actor, at, ARTICLE)
    ledger.record(act, made, detail={"about": case, "authority": authority, "text": question})
    due = last_day(clock.start(made, Kind.INQUIRY, at).due_at)
    tell(
        act, recipients(authority, at, party), "report_asked", link=made.get_absolute_url(), object=case,
        authority=above, due=due, question=question,
    )  # fmt: skip
    return made


@transaction.atomic
def answer_inquiry(*, inquiry: Inquiry, actor: User, at: datetime, answer: str) -> None:
    """The authority's report, once; whoever asked is told, and the clock stops."""
    permissions_above.check_can_answer_inquiry(actor, inquiry, at)
    require(answer=answer)
    row = Inquiry.objects.select_for_update().get(pk=inquiry.pk)
    if row.answered_at is not None:
        raise InvalidState(_("This was answered already."))
    row.answer, row.answered_by, row.answered_at = answer, actor, at
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    act = ledger.begin("answer_inquiry", actor, at, ARTICLE)
    ledger.record(act, row, detail={"text": answer})
    clock.stop(row, at)
    tell(
        act, recipients(row.above, at, row.party), "report_answered", link=row.get_absolute_url(), object=row.subject,
        authority=row.authority, answer=answer,
    )  # fmt: skip
