"""Findings: opened by monitors, dismissed by an officer, remedied by the duty being done, or turned into an order."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Party, User
from accounts.operations import carry_recusals
from accounts.queries import recipient, recipients
from listings.models import Nature, Version
from marketplace import workflow
from marketplace.applications.models import Grant, HoldCode
from marketplace.applications.operations import lift_hold, lock_grants
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Recipient, tell
from marketplace.supervision import permissions
from marketplace.supervision.competence import competent_for
from marketplace.supervision.concern import Concern
from marketplace.supervision.models import Finding, UsageReport
from marketplace.supervision.precautions import standing_for
from marketplace.supervision.states import ConcernState, FindingState

About = Grant | Version | Party


class Noticed(NamedTuple):
    """What a finding is opened for: the occasion's key, the grant, version or party, what is said about it."""

    act: ledger.Act
    about: About
    key: str
    text: Mapping[str, Any]


def open_finding(act: ledger.Act, about: About, rule: str, key: str, article: str, **text: Any) -> Finding | None:
    """Open a finding for an occasion, once; None when that occasion was noticed before."""
    return next(iter(open_findings([Noticed(act, about, key, text)], rule, article)), None)


def open_findings(noticed: Sequence[Noticed], rule: str, article: str) -> list[Finding]:
    """Open a finding for each of these occasions that was not noticed before, or whose earlier finding was remedied,
    and start its clock. Returns those."""
    keys = [each.key for each in noticed]
    known = set(Finding.objects.noticed().filter(occasion_key__in=keys).values_list("occasion_key", flat=True))
    new = [each for each in noticed if each.key not in known]
    if not new:
        return []
    reviewers = _reviewers_of({each.about.pk for each in new if isinstance(each.about, Grant)})
    opened = Finding.objects.bulk_create(
        Finding(
            occasion_key=each.key, rule=rule, article=article, created_at=each.act.at,
            **_whose(each.about, reviewers, each.act.at),
            text={name: str(value) for name, value in each.text.items()},
        )
        for each in new
    )  # fmt: skip
    details = [{"rule": rule, type(each.about)._meta.model_name: each.about, **each.text} for each in new]
    ledger.record_each([each.act for each in new], opened, details, new=FindingState.OPEN)
    clock.start_each(opened, Kind.FINDING, new[0].act.at)
    return opened


def told_as(opened: Iterable[Finding]) -> dict[str, str]:
    """By occasion the key under which a finding is told: the occasion, and how often it was remedied before."""
    keys = [finding.occasion_key for finding in opened]
    remedied = Finding.objects.filter(occasion_key__in=keys, state=FindingState.REMEDIED)
    before = Counter(remedied.values_list("occasion_key", flat=True))
    return {key: f"{key}:{before[key]}" if before[key] else key for key in keys}


def _reviewers_of(grants: set[int]) -> dict[int, int]:
    """Who reviews the data of each of these grants that is of non-public data."""
    non_public = Grant.objects.filter(pk__in=grants, product__nature=Nature.NON_PUBLIC)
    return dict(non_public.values_list("pk", "from_version__reviewer"))


def _whose(about: About, reviewers: Mapping[int, int], at: datetime) -> dict[str, Any]:
    if isinstance(about, Party):
        return {"party": about, "authority": competent_for(about, at).authority}
    if isinstance(about, Grant):
        reviewer = reviewers.get(about.pk)
        return {"grant": about, "party": about.buyer, "authority": about.authority, "reviewer_id": reviewer}
    return {
        "version": about, "party": about.product.seller, "authority": about.authority, "reviewer": about.reviewer,
    }  # fmt: skip


@transaction.atomic
def dismiss_finding(*, finding: Finding, actor: User, at: datetime, reason: str) -> None:
    """open → dismissed, with reasons, and what was merged into it with it. What held a grant for one of them goes: a
    precaution, and what the grant's own terms paused for an overdue report."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(reason=reason)
    dismissed = Finding.objects.filter(Q(pk=finding.pk) | Q(merged_into=finding)).order_by("pk")
    # before the finding: a filing or an order holds the grant and waits for it
    lock_grants(set(dismissed.exclude(grant=None).values_list("grant", flat=True)))
    act = ledger.begin("dismiss", actor, at, finding.article)
    close_finding(act, finding, FindingState.DISMISSED, reason=reason)
    for one in dismissed:
        for hold in standing_for(one, at).select_related("grant").order_by("pk"):
            lift_hold(act, hold.grant, HoldCode.PRECAUTION, hold.source_ref)
        for report in UsageReport.objects.owed().filter(grant=one.grant_id).order_by("pk"):
            if report.overdue_key == one.occasion_key:
                lift_hold(act, report.grant, HoldCode.REPORT_OVERDUE, ledger.reference(report))


@transaction.atomic
def merge_finding(*, finding: Finding, actor: User, at: datetime, into: Finding, reason: str) -> None:
    """open → merged into another open finding about the same party, which the same body answers. The reports behind it
    follow that from now on, as does what was merged into it. Who has stepped back from it, or from its version, decides
    nothing in that either."""
    permissions.check_can_answer_finding(actor, finding, at)
    require(reason=reason)
    both = Finding.objects.select_for_update(of=("self",)).filter(pk__in=[finding.pk, into.pk]).order_by("pk")
    rows = {row.pk: row for row in both}
    finding, into = rows[finding.pk], rows[into.pk]
    workflow.check_in(finding, FindingState.OPEN)
    workflow.check_in(into, FindingState.OPEN)
    if finding == into or (finding.party_id, finding.signatory) != (into.party_id, into.signatory):
        raise InvalidState(_("Findings are merged where they are about the same party and the same body answers them."))
    permissions.check_can_answer_finding(actor, into, at)
    act = ledger.begin("merge_finding", actor, at, finding.article)
    workflow.move(act, finding, FindingState.MERGED, merged_into=into, detail={"reason": reason, "into": into})
    clock.stop(finding, at)
    finding.merged.update(merged_into=into)
    Concern.objects.filter(finding=finding).update(finding=into)
    for case in filter(None, (finding, finding.version)):
        carry_recusals(case, into)


def remedy_finding(act: ledger.Act, key: str) -> bool:
    """The duty was done after all: the open finding of this occasion, if any, is remedied. Returns whether there was
    one: who closes it at the same time is waited for. Where a report or another finding was merged into it, it stays
    open: what else is said of the party, a person decides."""
    open_ones = Finding.objects.select_for_update(of=("self",)).filter(state=FindingState.OPEN)
    finding = open_ones.filter(occasion_key=key).first()
    if finding is None or not Finding.objects.alone().filter(pk=finding.pk).exists():
        return False
    close_finding(act, finding, FindingState.REMEDIED)
    return True


def close_finding(act: ledger.Act, finding: Finding, new: str, *, reason: str = "") -> None:
    """As part of another operation. The reports that it came of are settled with it, and who reported is told."""
    workflow.move(act, finding, new, detail={"reason": reason})
    clock.stop(finding, act.at)
    told = reason if new == FindingState.DISMISSED else ""  # what an order says is between authority and party
    for concern in Concern.objects.filter(finding=finding, state=ConcernState.TAKEN_UP).order_by("pk"):
        workflow.move(act, concern, ConcernState.SETTLED, outcome=told, closed_at=act.at, detail={"reason": told})
        may_know = new != FindingState.MEASURE or concern.tells_measure
        label = FindingState(new).label if may_know else gettext_lazy("the finding is closed")
        tell_reporter(act, concern, format_lazy("{} {}", label, told))


def tell_reporter(act: ledger.Act, concern: Concern, text: Any) -> None:
    """Who reported while logged in, and the people of the party that did. Whoever did not, looks with the code."""
    tell(
        act, reporters_of(concern, act.at), "concern_moved", link=concern.get_absolute_url(), number=concern.number,
        state=ConcernState(concern.state).label, reason=text,
    )  # fmt: skip


def reporters_of(concern: Concern, at: datetime) -> list[Recipient]:
    people = [recipient(concern.by)] if concern.by else []
    if concern.reporter is not None:
        people += [to for to in recipients(concern.reporter, at) if to not in people]
    return people
