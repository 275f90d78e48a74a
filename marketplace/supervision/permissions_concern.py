"""Who reports misuse and faulty data, who answers, who is told of whom (Arts 13, 34)."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import CapabilityKind, Party
from accounts.permissions import (
    check_acts_for,
    check_added_evidence,
    check_is_person,
    check_member,
    check_not_own_case,
    check_not_recused,
    check_officer,
)
from listings.permissions import check_reviewer
from marketplace.applications.models import Grant
from marketplace.errors import NotAllowed, is_allowed
from marketplace.supervision.concern import Concern, ConcernKind
from marketplace.supervision.models import Finding
from marketplace.supervision.permissions import parties_of_grant, sides_of_finding


def reporting_party(actor: Any, grant: Grant, at: datetime) -> Party:
    """The unit or seller whose data a grant opens, and for which the actor may report its misuse (Art. 34)."""
    for party in parties_of_grant(grant)[1:]:
        if is_allowed(check_member, actor, party, at):
            check_member(actor, party, at)  # again: a deputy acts for somebody from here on
            return party
    raise NotAllowed(_("Only the units and the seller whose data it is report misuse of a grant here."))


def check_can_report_misuse(actor: Any, grant: Grant, at: datetime) -> None:
    reporting_party(actor, grant, at)


def check_can_file_finding(actor: Any, party: Party, at: datetime) -> None:
    """Somebody of an oversight body in good standing, in its name."""
    check_acts_for(actor, party, CapabilityKind.OVERSIGHT, at)


def sides_of_concern(concern: Concern) -> list[Party]:
    """Whose use or data it is about, or turned out to be, who reported, and of a grant whose data it is."""
    about = parties_of_grant(concern.grant) if concern.grant else []
    found = concern.finding.party if concern.finding else None
    return [party for party in (concern.party, concern.reporter, found, *about) if party]


def check_can_answer_concern(actor: Any, concern: Concern, at: datetime) -> None:
    """Of faulty data the unit or seller; of misuse, and in a silent party's place, the authority or, with non-public
    data, the compliance reviewer. Never who reported, nor an organisation's people its own case."""
    check_is_person(actor)
    if concern.by_id == actor.pk:
        raise NotAllowed(_("You do not answer your own report."))
    if concern.kind == ConcernKind.FAULT and is_allowed(check_member, actor, concern.responder, at):
        return check_member(actor, concern.responder, at)
    check_can_triage_concern(actor, concern, at)


def check_can_triage_concern(actor: Any, concern: Concern, at: datetime) -> None:
    """An officer of the authority or, with non-public data, a compliance reviewer, on nobody's side."""
    if concern.reviewer is not None:
        check_reviewer(actor, concern.reviewer, at)
    else:
        check_officer(actor, concern.authority, at)
    if concern.by_id == actor.pk:
        raise NotAllowed(_("You do not answer your own report."))
    check_not_own_case(actor, sides_of_concern(concern), at)
    check_not_recused(actor, concern)


def check_can_open_finding(actor: Any, finding: Finding, at: datetime) -> None:
    """Part of taking a report up: whoever may do that is on no side of what it turns out to be about either. Who
    answers the finding is asked where it is answered."""
    check_not_own_case(actor, sides_of_finding(finding), at)
    check_not_recused(actor, finding)


def check_can_write_to_concern(actor: Any, concern: Concern, at: datetime) -> None:
    """Both sides of a report."""
    if not is_reporter(actor, concern, at):
        check_can_answer_concern(actor, concern, at)


def is_reporter(actor: Any, concern: Concern, at: datetime) -> bool:
    """Whether the actor reported it, or acts for the party that did."""
    check_is_person(actor)
    if concern.by_id == actor.pk:
        return True
    return concern.reporter is not None and is_allowed(check_member, actor, concern.reporter, at)


def may_know_reporter(actor: Any, concern: Concern, at: datetime) -> bool:
    """Who reported, and the officers who look into it: never whoever has to correct the data or has stepped back."""
    return is_reporter(actor, concern, at) or is_allowed(check_can_triage_concern, actor, concern, at)


def check_can_prove_concern(actor: Any, concern: Concern, at: datetime) -> None:
    """The people of the party that reported: its files count towards its room."""
    if concern.reporter is None:
        raise NotAllowed(_("Files are added by the organisation that reported."))
    check_member(actor, concern.reporter, at)


def check_can_withdraw_concern_evidence(actor: Any, concern: Concern, at: datetime) -> None:
    check_can_prove_concern(actor, concern, at)
    check_added_evidence(actor, concern)
