"""Orders that hold no grant: to an institution or developer (Art. 46), to the platform itself (Art. 47)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Party, User
from accounts.permissions import check_not_own_case, check_officer
from marketplace import workflow
from marketplace.errors import InvalidState, require
from marketplace.supervision import permissions
from marketplace.supervision.measure_kinds import KINDS, MeasureKind
from marketplace.supervision.models import Finding, Measure
from marketplace.supervision.operations.proposing import draft
from marketplace.supervision.queries import institutions, liable, platforms
from marketplace.supervision.states import FindingState, MeasureState

NOT_HERE = gettext_lazy("This authority cannot order anything of this party on that article.")


@transaction.atomic
def order_party(*, party: Party, actor: User, at: datetime, against: Party, facts: str, demand: str) -> Measure:
    """An officer of `party`, an authority of whatever level, drafts an order under Art. 46 against an institution or
    developer of its region. It holds no grant; whoever signs it issues it."""
    permissions.check_can_order_here(actor, party, at)
    require(facts=facts, demand=demand)
    check_not_own_case(actor, [against], at)
    if not institutions(party, at).filter(pk=against.pk).exists():
        raise ValidationError({"against": NOT_HERE})
    return draft(
        MeasureKind.ORDER_46, actor, at, occasion_key=_key("46", party, against, at), party=against, authority=party,
        facts=facts, demand=demand,
    )  # fmt: skip


@transaction.atomic
def order_platform(*, party: Party, actor: User, at: datetime, against: Party, facts: str, demand: str) -> Measure:
    """An officer of `party`, the province's authority or that of the city where the platform's operator has its seat,
    drafts an order under Art. 47 against the operator."""
    permissions.check_can_order_platform(actor, party, at)
    require(facts=facts, demand=demand)
    check_not_own_case(actor, [against], at)
    if not platforms(party, at).filter(pk=against.pk).exists():
        raise ValidationError({"against": NOT_HERE})
    return draft(
        MeasureKind.ORDER_47, actor, at, occasion_key=_key("47", party, against, at), party=against, authority=party,
        facts=facts, demand=demand,
    )  # fmt: skip


@transaction.atomic
def order_on_finding(*, finding: Finding, actor: User, at: datetime, facts: str, demand: str) -> Measure:
    """An officer drafts the order under Art. 46 that answers a finding, against its party or the one that this was
    merged into; of a finding about the platform's operator itself, the order under Art. 47. Issuing it closes the
    finding. What a reviewer of the platform answers is no matter of an authority's order."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(facts=facts, demand=demand)
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    workflow.check_in(finding, FindingState.OPEN)
    party = finding.party.answers
    kind = kind_on(finding, party, at)
    check_officer(actor, finding.authority, at, levels=KINDS[kind].levels)
    if finding.measures.filter(state=MeasureState.PROPOSED).exists():
        raise InvalidState(_("An order that answers this finding is proposed already: issue or drop it."))
    return draft(
        kind, actor, at, occasion_key=f"finding-46:{finding.pk}:{at.isoformat()}", party=party,
        authority=finding.authority, finding=finding, facts=facts, demand=demand,
    )  # fmt: skip


def kind_on(finding: Finding, party: Party, at: datetime) -> str:
    """Of the order without suspension that answers it. Raises InvalidState where none goes against this party."""
    if goes_to_platform(finding, at):
        return MeasureKind.ORDER_47
    if not liable(finding.authority, at).filter(pk=party.pk).exists():
        raise InvalidState(str(NOT_HERE))
    return MeasureKind.ORDER_46


def goes_to_platform(finding: Finding, at: datetime) -> bool:
    """Whether it is about the platform's operator itself, and not about data that this buys or sells (Art. 47)."""
    return finding.is_about_party and platforms(finding.authority, at).filter(pk=finding.party.answers.pk).exists()


def _key(article: str, authority: Party, against: Party, at: datetime) -> str:
    return f"officer-{article}:{authority.pk}:{against.pk}:{at.isoformat()}"
