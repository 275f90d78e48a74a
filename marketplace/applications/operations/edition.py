"""Editions of a grant: its people by notice of the buyer; what is supplied, and how, by decision on the old file."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Credential, User
from accounts.operations import check_is_left
from accounts.queries import People, people_of, recipients
from listings import operations as listing
from marketplace import workflow
from marketplace.applications import access, permissions
from marketplace.applications.models import (
    EditionKind,
    Grant,
    GrantEdition,
    GrantSystem,
    GrantUser,
    HoldCode,
    LinkageResult,
    open_holds,
)
from marketplace.applications.operations.application import offered_version
from marketplace.applications.operations.decision import OWED
from marketplace.applications.operations.linkage import (
    check_measured,
    check_reason,
    lock_buyer,
    pairs_of_edition,
    request_linkages,
)
from marketplace.applications.queries import BY_CONSENT, asked_about, changeable_fields, counterparts
from marketplace.applications.states import EditionState, GrantState
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import end_of_day, local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def name_user(*, grant: Grant, actor: User, at: datetime, user: User, until: date | None = None) -> GrantEdition:
    """The buyer names who may use the grant, as a notice to the authority. From then on only those named may."""
    permissions.check_can_take_grant(actor, grant, at)
    workflow.check_in(_lock(grant), GrantState.ACTIVE)
    if not people_of(grant.buyer, at).filter(pk=user.pk).exists():
        raise ValidationError({"user": _("Name somebody who acts for the buyer.")})
    _check_until(grant, at, until)
    if grant.users.filter(user=user, removed_at=None).exists():
        raise InvalidState(_("This person is named already."))
    act = ledger.begin("name_user", actor, at, grant.article)
    before = _people(grant)
    named = GrantUser.objects.create(grant=grant, user=user, until=until, named_at=at)
    ledger.record(act, named, detail={"grant": grant, "user": user, "until": until})
    return _notice(act, grant, actor, EditionKind.PEOPLE, before, _people(grant))


@transaction.atomic
def drop_user(*, grant: Grant, actor: User, at: datetime, user: User) -> GrantEdition:
    """A named person may use the grant no more. When nobody is named any more, all members but auditors may again."""
    permissions.check_can_take_grant(actor, grant, at)
    workflow.check_in(_lock(grant), GrantState.ACTIVE)
    named = grant.users.filter(user=user, removed_at=None).first()
    if named is None:
        raise InvalidState(_("This person is not named."))
    act = ledger.begin("drop_user", actor, at, grant.article)
    before = _people(grant)
    GrantUser.objects.filter(pk=named.pk).update(removed_at=at)
    ledger.record(act, named, detail={"grant": grant, "user": user})
    return _notice(act, grant, actor, EditionKind.PEOPLE, before, _people(grant))


@transaction.atomic
def name_system(
    *, grant: Grant, actor: User, at: datetime, credential: Credential, until: date | None = None
) -> GrantEdition:
    """The buyer names one of its systems that may use the grant through the API, as a notice to the authority.

    No system may that is not named. A new key of a named system may as its old one.
    """
    permissions.check_can_take_grant(actor, grant, at)
    workflow.check_in(_lock(grant), GrantState.ACTIVE)
    if credential.party_id != grant.buyer_id or not credential.is_live(at):
        raise ValidationError({"credential": _("Name a credential of the buyer that has not ended.")})
    _check_until(grant, at, until)
    if grant.systems.filter(credential=credential.system, removed_at=None).exists():
        raise InvalidState(_("This system is named already."))
    act = ledger.begin("name_system", actor, at, grant.article)
    before = _systems(grant)
    named = GrantSystem.objects.create(grant=grant, credential_id=credential.system, until=until, named_at=at)
    ledger.record(act, named, detail={"grant": grant, "credential": credential, "until": until})
    return _notice(act, grant, actor, EditionKind.SYSTEMS, before, _systems(grant))


@transaction.atomic
def drop_system(*, grant: Grant, actor: User, at: datetime, credential: Credential) -> GrantEdition:
    """A named system may use the grant no more, at once."""
    permissions.check_can_take_grant(actor, grant, at)
    workflow.check_in(_lock(grant), GrantState.ACTIVE)
    named = grant.systems.filter(credential=credential.system, removed_at=None).first()
    if named is None:
        raise InvalidState(_("This system is not named."))
    act = ledger.begin("drop_system", actor, at, grant.article)
    before = _systems(grant)
    GrantSystem.objects.filter(pk=named.pk).update(removed_at=at)
    ledger.record(act, named, detail={"grant": grant, "credential": credential})
    return _notice(act, grant, actor, EditionKind.SYSTEMS, before, _systems(grant))


@transaction.atomic
def request_change(
    *, grant: Grant, actor: User, at: datetime, ends: date, fields: Sequence[str], what_is_built: str,
    quota: int | None, report_schedule: str, reason: str, hours: str | None = None, networks: str | None = None,
) -> GrantEdition:  # fmt: skip
    """The buyer asks for a longer period (a renewal), more fields, another scenario, more downloads a month (`quota`,
    None without a limit), other report periods (Art. 16), hours or networks (None: as before; empty: no bound).
    Authority and units are told; who decides has working days for it.

    Raises ValidationError for what is no change or not possible, InvalidState while another request is open.
    """
    permissions.check_can_take_grant(actor, grant, at)
    workflow.check_in(_lock(grant), GrantState.ACTIVE)
    if grant.editions.filter(state=EditionState.REQUESTED).exists():
        raise InvalidState(_("Another change is still being decided."))
    before = _terms_of(grant)
    after = {
        "ends": ends.isoformat(), "fields": list(fields), "what_is_built": what_is_built, "quota": quota,
        "report_schedule": report_schedule,
        "hours": before["hours"] if hours is None else access.read_hours(hours),
        "networks": before["networks"] if networks is None else access.read_networks(networks),
    }  # fmt: skip
    _check_change(grant, at, before, after)
    act = ledger.begin("request_change", actor, at, grant.article)
    edition = GrantEdition.objects.create(
        grant=grant, kind=EditionKind.CHANGE, before=before, after=after, reason=reason, by=actor, at=at
    )
    ledger.record(act, edition, new=edition.state, detail={"before": before, "after": after, "reason": reason})
    request_linkages(pairs_of_edition(edition, at), at)
    _ask(act, edition)
    return edition


@transaction.atomic
def agree_change(*, edition: GrantEdition, actor: User, at: datetime, reason: str, linkage_reason: str = "") -> None:
    """requested → agreed: the grant's terms are the new ones from now on, as its next edition.

    The new quota counts for this month already. Report periods that have begun stay, with the day they are due.
    More fields may reveal more together with the buyer's other grants: as at an approval (Art. 35).
    """
    permissions.check_can_decide_edition(actor, edition, at)
    require(reason=reason)
    lock_buyer(edition.grant.buyer_id)
    grant = _lock(edition.grant)
    workflow.check_in(edition, EditionState.REQUESTED)
    workflow.check_in(grant, GrantState.ACTIVE)
    if open_holds(at, grant=grant, code=HoldCode.MEASURE).exists():
        raise InvalidState(_("An order stands against this grant: correct what it names first."))
    listing.check_supplier(grant.product, at)
    listing.check_grantable(grant.product, at)
    now = _terms_of(grant)
    after = now | edition.after
    _check_change(grant, at, now, after)
    linkages = check_measured(pairs_of_edition(edition, at))
    _check_takes_no_expert(linkages)
    check_reason(linkages, linkage_reason)
    act = ledger.begin("agree", actor, at, grant.article)
    workflow.move(
        act, edition, EditionState.AGREED, number=_next_number(grant),
        detail={"reason": reason, "linkages": linkages, "linkage_reason": linkage_reason},
    )  # fmt: skip
    clock.stop(edition, at)
    ends = date.fromisoformat(after["ends"])
    Grant.objects.filter(pk=grant.pk).update(ends=ends, fields=after["fields"], terms=_new_terms(grant, after, at))
    listing.end_upstream(ledger.reference(grant), end_of_day(ends))
    if ends >= local_date(at):
        clock.stop(grant, at, Kind.DESTRUCTION)
    ledger.record(act, grant, detail={"edition": edition.number, "before": edition.before, "after": edition.after})
    _tell_buyer(act, edition, reason)


@transaction.atomic
def refuse_change(*, edition: GrantEdition, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """requested → refused: the grant stays as it is. Names its remedy."""
    permissions.check_can_decide_edition(actor, edition, at)
    require(reason=reason, remedy=remedy)
    act = ledger.begin("refuse", actor, at, edition.grant.article)
    workflow.move(act, edition, EditionState.REFUSED, detail={"reason": reason, "remedy": remedy})
    clock.stop(edition, at)
    _tell_buyer(act, edition, reason, remedy)


def reopen_change(act: ledger.Act, edition: GrantEdition, reason: str) -> None:
    """Part of a review that does not uphold its refusal: refused → requested, to be decided anew on the terms of then.

    Raises InvalidState where the grant is over, or another change is being decided.
    """
    grant = _lock(edition.grant)
    workflow.check_in(grant, GrantState.ACTIVE)
    check_is_left(grant.buyer)
    if grant.editions.filter(state=EditionState.REQUESTED).exists():
        raise InvalidState(_("Another change is still being decided."))
    edition = GrantEdition.objects.select_for_update(of=("self",)).select_related("grant").get(pk=edition.pk)
    workflow.reopen(act, edition, EditionState.REQUESTED, detail={"reason": reason})
    request_linkages(pairs_of_edition(edition, act.at), act.at)
    _ask(act, edition)


@transaction.atomic
def withdraw_change(*, edition: GrantEdition, actor: User, at: datetime) -> None:
    """requested → withdrawn, by the buyer."""
    permissions.check_can_keep_edition(actor, edition, at)
    workflow.move(ledger.begin("withdraw", actor, at, edition.grant.article), edition, EditionState.WITHDRAWN)
    clock.stop(edition, at)


def withdraw_changes(act: ledger.Act, editions: QuerySet[GrantEdition], reason: str) -> None:
    """Part of what ends a grant or its seller: requested → withdrawn for each of these. The buyer is told."""
    for edition in editions.filter(state=EditionState.REQUESTED).select_related("grant__buyer").order_by("pk"):
        workflow.move(act, edition, EditionState.WITHDRAWN, detail={"reason": reason})
        clock.stop(edition, act.at)
        tell(
            act, recipients(edition.grant.buyer, act.at), "change_decided", link=edition.get_absolute_url(),
            key=f"{act.operation_id}:{edition.pk}", number=edition.grant.number,
            state=EditionState.WITHDRAWN.label, reason=reason,
        )  # fmt: skip


def _lock(grant: Grant) -> Grant:
    return Grant.objects.select_for_update().get(pk=grant.pk)


def _terms_of(grant: Grant) -> dict[str, Any]:
    return {
        "ends": grant.ends.isoformat(), "fields": list(grant.fields), "what_is_built": grant.terms["what_is_built"],
        "quota": grant.terms.get("quota"), "report_schedule": grant.report_schedule.value,
        "hours": grant.terms.get("hours", ""), "networks": grant.terms.get("networks", []),
    }  # fmt: skip


def _new_terms(grant: Grant, after: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The terms of the next edition; with another schedule, since when: no period that is over already is opened."""
    changed = {name: after[name] for name in ("what_is_built", "quota", "report_schedule", "hours", "networks")}
    if after["report_schedule"] != grant.report_schedule:
        changed["report_schedule_since"] = local_date(at).isoformat()
    return {**grant.terms, **changed}


def _people(grant: Grant) -> dict[str, Any]:
    named = grant.users.filter(removed_at=None).select_related("user").order_by("pk")
    return {"people": [row.user.name for row in named]}


def _systems(grant: Grant) -> dict[str, Any]:
    named = grant.systems.filter(removed_at=None).select_related("credential").order_by("pk")
    return {"systems": [str(row.credential) for row in named]}


def _check_until(grant: Grant, at: datetime, until: date | None) -> None:
    if until is not None and not local_date(at) <= until <= grant.ends:
        raise ValidationError({"until": _("Name a day within the grant's period that is not over.")})


def _check_change(grant: Grant, at: datetime, before: dict[str, Any], after: dict[str, Any]) -> None:
    """A change widens something, or reports at other times. Where consent was needed, it stays within what was
    consented to; how often is downloaded and reported, no unit was asked."""
    offered_version(grant.product)
    if Grant.objects.filter(pk=grant.pk, certificate__isnull=False).exists():
        raise InvalidState(_("Its copies were certified as destroyed: apply anew."))
    _check_reports_and_quota(before, after)
    ends, fields = date.fromisoformat(after["ends"]), set(after["fields"])
    if ends < max(grant.ends, local_date(at)):
        raise ValidationError({"ends": _("The period can only become longer.")})
    if set(before["fields"]) - fields or fields - set(changeable_fields(grant)):
        raise ValidationError({"fields": _("Keep the fields you have, and add only such as this data has.")})
    same_scenario = after["what_is_built"] == before["what_is_built"]
    if after == {**before, "fields": after["fields"]} and fields == set(before["fields"]):
        raise ValidationError(_("Nothing would change."))
    asked = grant.item.application
    longer = asked.period_until is not None and ends > max(grant.ends, asked.period_until)
    if grant.item.route in BY_CONSENT and (longer or not same_scenario):
        raise ValidationError(_("The units have consented to other terms: apply anew, so that they are asked."))


def _check_takes_no_expert(linkages: Sequence[LinkageResult]) -> None:
    """An expert assesses a case, with all that was said in it; a change of a grant is none."""
    if any(row.takes_expert for row in linkages):
        raise InvalidState(
            _("Together with data that the buyer has, these fields single people out, or it could not be measured: an "
              "expert has to assess that first (Art. 35), in a new application for them. Refuse this change.")
        )  # fmt: skip


def _check_reports_and_quota(before: dict[str, Any], after: dict[str, Any]) -> None:
    """More downloads or no limit; of public data any schedule that is owed (Art. 16), of other data none as before."""
    quota, least = after["quota"], before["quota"]
    if quota is not None and (quota < 1 or least is None or quota < least):
        raise ValidationError({"quota": _("The number of downloads can only rise, up to no limit.")})
    owed = OWED if before["report_schedule"] in OWED else (before["report_schedule"],)
    if after["report_schedule"] not in owed:
        raise ValidationError({"report_schedule": _("Say how often its use is reported on (Art. 16).")})


def _notice(
    act: ledger.Act, grant: Grant, actor: User, kind: EditionKind, before: dict[str, Any], after: dict[str, Any]
) -> GrantEdition:
    edition = GrantEdition.objects.create(
        grant=grant, number=_next_number(grant), kind=kind, state=EditionState.AGREED, before=before, after=after,
        by=actor, at=act.at,
    )  # fmt: skip
    ledger.record(act, edition, new=edition.state, detail={"before": before, "after": after})
    tell(
        act, counterparts(grant, People(act.at)), f"grant_{kind.value}", link=grant.get_absolute_url(),
        number=grant.number, **{kind.value: "; ".join(after[kind.value]) or "–"},
    )  # fmt: skip
    return edition


def _next_number(grant: Grant) -> int:
    return (grant.editions.aggregate(last=Max("number"))["last"] or 1) + 1


def _ask(act: ledger.Act, edition: GrantEdition) -> None:
    """Who decides is asked, and has its time from now on; the units whose data it is are told."""
    grant = edition.grant
    clock.start(edition, Kind.CHANGE, act.at)
    asked = [to for party in asked_about(grant.from_version) for to in recipients(party, act.at)]
    tell(
        act, counterparts(grant, People(act.at)) + asked, "change_requested", link=grant.get_absolute_url(),
        number=grant.number, buyer=grant.buyer, reason=edition.reason,
    )  # fmt: skip


def _tell_buyer(act: ledger.Act, edition: GrantEdition, reason: str, remedy: str = "") -> None:
    grant = edition.grant
    tell(
        act, recipients(grant.buyer, act.at), "change_decided", link=grant.get_absolute_url(), number=grant.number,
        state=EditionState(edition.state).label, reason=f"{reason} {remedy}".strip(),
        **clock.review_term(act.at, remedy if grant.product.is_public_data else ""),
    )  # fmt: skip
