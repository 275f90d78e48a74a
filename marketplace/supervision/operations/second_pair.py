"""The first of two signatures, and the setting that asks for two (Art. 45)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.permissions import check_officer
from accounts.queries import recipient, recipients
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision.measure_kinds import Issuer
from marketplace.supervision.models import Measure
from marketplace.supervision.second_pair import Outcome, SecondPairRule, Signature, What, is_waiting, waiting_signature

ARTICLE = "Art. 45"


@transaction.atomic
def set_second_pair(*, authority: Party, actor: User, at: datetime, is_on: bool, reason: str) -> None:
    """From now on, or no more, an order of this authority, its termination or referral takes two of its officers, and
    to make a take-down final in its competence two reviewers, or of its own where it required it. What waits for a
    second one goes on waiting. All its people are told; a precaution never waits."""
    check_officer(actor, authority, at)
    require(reason=reason)
    Party.objects.select_for_update().get(pk=authority.pk)
    if SecondPairRule.objects.filter(authority=authority).exists() == is_on:
        raise InvalidState(_("It is so already."))
    if is_on:
        SecondPairRule.objects.create(authority=authority, by=actor, since=at)
    else:
        SecondPairRule.objects.filter(authority=authority).delete()
    act = ledger.begin("set_second_pair", actor, at, ARTICLE)
    ledger.record(act, authority, detail={"is_on": is_on, "reason": reason})
    now = _("two officers") if is_on else _("one officer")
    tell(act, recipients(authority, at), "second_pair_set", authority=authority, by=actor, now=now, reason=reason)


def sign_first(measure: Measure, what: str, actor: User, at: datetime, texts: dict[str, Any]) -> bool:
    """Part of issuing and of what ends a case: keeps the first of two signatures, where the authority wants two, and
    tells the people of who signs. A seller's notice never waits, nor that a take-down begins. Returns whether the act
    waits now. Raises InvalidState where it waits already."""
    Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)  # two sign at once: one is the first
    if is_waiting(measure):
        raise InvalidState(_("It is signed already: another officer confirms it or sends it back."))
    asks = SecondPairRule.objects.filter(authority=measure.required_by_id or measure.authority_id).exists()
    if not asks or (measure.rules.issuer != Issuer.AUTHORITY and what != What.FINAL):
        return False
    act = ledger.begin("sign_first", actor, at, measure.article)
    signature = Signature.objects.create(
        measure=measure, what=what, texts=texts, by=actor, acting_for_id=_principal(act), at=at
    )
    ledger.record(act, signature, new="waiting", detail={"measure": measure, "what": what, **texts})
    people = [to for to in recipients(measure.closer, at, measure.party) if to.ref != actor.ledger_ref]
    tell(act, people, "measure_signed", link=measure.get_absolute_url(), object=measure, by=actor, what=signature)
    return True


def overtake_signature(act: ledger.Act, measure: Measure) -> None:
    """Part of dropping, lifting, annulling, taking over and stepping back: what waited for a second officer has lost
    its point. Who signed it is told."""
    signature = waiting_signature(measure)
    if signature is None:
        return
    end_signature(act, signature, Outcome.OVERTAKEN)
    people = [] if signature.by == act.actor else [recipient(signature.by)]
    tell(act, people, "measure_overtaken", link=measure.get_absolute_url(), object=measure, by=act.actor)


def end_signature(act: ledger.Act, signature: Signature, outcome: str, **detail: str) -> None:
    """Part of confirming, sending back and overtaking: it waits no more. By whom, and of a deputy in whose place."""
    Signature.objects.filter(pk=signature.pk).update(
        outcome=outcome, ended_by=act.actor, ended_for=_principal(act), ended_at=act.at
    )
    ledger.record(act, signature, old="waiting", new=outcome, detail={"measure": signature.measure, **detail})


def _principal(act: ledger.Act) -> int | None:
    """The key of the person in whose place a deputy acts."""
    return int(act.acting_for.rpartition(":")[2]) if act.acting_for else None
