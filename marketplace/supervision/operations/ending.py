"""A party ends: merged into another, dissolved, or dead. Nothing is left waiting for somebody who is not there.

What passes to a successor and what does not: ADR 0090. A grant never passes: the successor applies.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import operations as accounts
from accounts.models import Capability, CapabilityKind, Membership, Party, PartyKind, Role, User, valid_on
from accounts.permissions import WRITERS
from accounts.queries import recipients
from accounts.states import PartyState
from accounts.verbs import check_can_keep_party
from listings import files
from listings.models import CatalogueEntry, JobState, Product, ReleaseRule, SearchRow, Version, VersionSource
from listings.operations import follow_rows, withdraw_open_changes
from listings.operations.versions import give_up_uploads
from listings.states import (
    ENTRY_OPEN,
    RELEASE_RULE,
    WITH_SELLER,
    EntryState,
    ProductState,
    RuleState,
    VersionState,
)
from marketplace import workflow
from marketplace.applications.models import Application, Consultation, Grant, GrantEdition, StandingConsent
from marketplace.applications.operations import end_grant, withdraw_changes
from marketplace.applications.operations.application import close_consultations
from marketplace.applications.operations.handover import open_cases
from marketplace.applications.states import (
    LIVING_GRANT,
    OPEN_APPLICATION,
    UNANSWERED,
    ApplicationState,
    ConsultationState,
    GrantState,
    StandingState,
)
from marketplace.clock import operations as clock
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision.models import DerivedProduct, Finding, Measure, UsageReport
from marketplace.supervision.operations.certificate import cease_certificates
from marketplace.supervision.operations.preparedness import end_plans
from marketplace.supervision.states import STANDING_MEASURE, DerivedState, FindingState, MeasureState, ReportState

ENDING = (PartyState.VERIFIED, PartyState.BARRED)
PUBLIC_POWER = (CapabilityKind.OPERATOR, CapabilityKind.AUTHORITY, CapabilityKind.REVIEWER)  # cases wait for these


@transaction.atomic
def merge_party(*, party: Party, successor: Party, actor: User, at: datetime, evidence: str, reason: str) -> None:
    """verified or barred → ended: an organisation was merged into another, against evidence that is named.

    The successor has its products with the open findings about them, catalogue entries, consents, derived products,
    contract notices and what it was admitted as, and answers for its reports and orders. Its applications are withdrawn
    and its grants closed: the successor applies.
    """
    _check(party, actor, at, PartyKind.ORGANISATION, evidence=evidence, reason=reason)
    _lock(party, successor)
    successor.refresh_from_db()
    if successor.pk == party.pk or successor.kind != PartyKind.ORGANISATION or not successor.is_in_good_standing(at):
        raise ValidationError({"successor": _("Name another organisation, verified today.")})
    act = ledger.begin("merge", actor, at)
    _end_use(act, party, reason)
    accounts.pass_capabilities(act, party, successor)
    _pass_on(act, Product.objects.filter(seller=party), "seller", successor)
    _pass_on(act, CatalogueEntry.objects.filter(unit=party), "unit", successor)
    _pass_on(act, StandingConsent.objects.filter(unit=party), "unit", successor)
    _pass_on(act, DerivedProduct.objects.filter(party=party), "party", successor)
    _pass_on(
        act, Finding.objects.filter(party=party, state=FindingState.OPEN).exclude(version=None), "party", successor
    )
    VersionSource.objects.filter(unit=party).update(unit=successor)
    _pass_on(act, Application.objects.filter(seller=party), "seller", successor)
    _pass_questions_on(act, party, successor)
    notices = Measure.objects.filter(issuer=party, state__in=[MeasureState.PROPOSED, *STANDING_MEASURE])
    about = Q(party=successor) | Q(party__merged_into=successor)  # in its own case it signs nothing
    _pass_on(act, notices.exclude(about), "issuer", successor)
    _drop_notices(act, party, reason)
    end_plans(act, party, reason)
    follow_rows(SearchRow.objects.filter(Q(seller=party) | Q(unit=party)))
    accounts.end_party(act, party, reason=reason, evidence=evidence, successor=successor)
    tell(
        act, recipients(successor, at), "party_merged", link=party.get_absolute_url(), party=party.name, reason=reason,
    )  # fmt: skip


@transaction.atomic
def end_party(*, party: Party, actor: User, at: datetime, reason: str) -> None:
    """verified or barred → ended without a successor: everything of it that is open ends with it."""
    _check(party, actor, at, None, reason=reason)
    _lock(party)
    _end_without_successor(ledger.begin("end", actor, at), party, reason)


@transaction.atomic
def record_death(*, party: Party, actor: User, at: datetime, evidence: str, reason: str) -> None:
    """verified or barred → ended: a person has died. Grants close, duties end, the account is erased.

    Where the dead was the last owner of an organisation, its longest-standing manager, else member, owns it then.
    Raises InvalidState while cases are in the person's charge: the authority hands them over first.
    """
    _check(party, actor, at, PartyKind.PERSON, evidence=evidence, reason=reason)
    _lock(party)
    dead = User.objects.select_for_update().get(memberships__party=party, memberships__role=Role.OWNER)
    act = ledger.begin("record_death", actor, at)
    _end_without_successor(act, party, reason, evidence)
    current = dead.memberships.filter(valid_on(local_date(at))).exclude(party=party).select_related("party")
    for membership in current.order_by("pk"):
        if open_cases(membership.party, dead):
            raise InvalidState(_("This person is in charge of cases of %(party)s: they are handed over first.")
                               % {"party": membership.party})  # fmt: skip
        _leave_to_others(act, membership)
    traded = Grant.objects.filter(buyer=party).exists() or Product.objects.filter(seller=party).exists()
    accounts.erase_account(act, dead, party, nameless=not traded)


def _check(party: Party, actor: User, at: datetime, kind: str | None, **texts: str) -> None:
    check_can_keep_party(actor, party, at)
    require(**texts)
    workflow.check_in(party, *ENDING)
    if kind is not None and party.kind != kind:
        raise InvalidState(_("Organisations are merged or ended; that somebody has died is recorded of a person."))
    if Capability.objects.filter(valid_on(local_date(at)), party=party, kind__in=PUBLIC_POWER).exists():
        raise InvalidState(_("Who follows an authority, the operator or the compliance reviewer is not said here."))


def _lock(*parties: Party) -> None:
    """A decision for one of them (`lock_buyer`) comes before or after, not meanwhile."""
    list(Party.objects.select_for_update().filter(pk__in=[party.pk for party in parties]).order_by("pk"))


def _end_without_successor(act: ledger.Act, party: Party, reason: str, evidence: str = "") -> None:
    _end_use(act, party, reason)
    _end_supply(act, party, reason)
    end_plans(act, party, reason)
    own = Q(grant__buyer=party) | Q(grant__buyer__merged_into=party)
    for report in UsageReport.objects.owed().filter(own).order_by("pk"):
        workflow.move(act, report, ReportState.CEASED, detail={"reason": reason})
    cease_certificates(act, party)
    derived = DerivedProduct.objects.filter(party=party).exclude(state=DerivedState.WITHDRAWN)
    _move_all(act, derived, DerivedState.WITHDRAWN, reason)
    accounts.end_party(act, party, reason=reason, evidence=evidence)


def _end_use(act: ledger.Act, party: Party, reason: str) -> None:
    """Applications are withdrawn, grants closed or declined; buyer, seller, authority and units are told."""
    _withdraw_applications(act, Application.objects.filter(buyer=party), reason)
    grants = Grant.objects.filter(buyer=party, state__in=LIVING_GRANT)
    for grant in (
        grants.select_for_update(of=("self",)).select_related("buyer", "authority", "product__seller").order_by("pk")
    ):
        new = GrantState.CLOSED if grant.state == GrantState.ACTIVE else GrantState.DECLINED
        end_grant(act, grant, new, reason=reason)
        units = Party.objects.filter(pk__in=VersionSource.objects.filter(version=grant.from_version).values("unit"))
        for unit in units.order_by("pk"):
            tell(
                act, recipients(unit, act.at), "grant_moved", link=grant.get_absolute_url(),
                key=f"{act.operation_id}:{grant.pk}", number=grant.number, state=GrantState(new).label, reason=reason,
            )  # fmt: skip


def _withdraw_applications(act: ledger.Act, applications: "models.QuerySet[Application]", reason: str) -> None:
    for application in applications.filter(state__in=OPEN_APPLICATION).order_by("pk"):
        workflow.move(act, application, ApplicationState.WITHDRAWN, detail={"reason": reason})
        clock.stop(application, act.at)
        close_consultations(act, application)
        tell(
            act, recipients(application.buyer, act.at), "application_moved", link=application.get_absolute_url(),
            key=f"{act.operation_id}:{application.pk}", number=application.number,
            state=ApplicationState.WITHDRAWN.label, reason=reason,
        )  # fmt: skip


def _end_supply(act: ledger.Act, party: Party, reason: str) -> None:
    """Products leave the catalogue, live grants of others run on; work in hand is discarded; no unit is waited for."""
    work = Version.objects.filter(product__seller=party, state__in=WITH_SELLER)
    if work.filter(jobs__state__in=[JobState.QUEUED, JobState.RUNNING]).exists():
        raise InvalidState(_("The assessment is running: wait for its result."))
    for version in work.order_by("pk"):
        workflow.move(act, version, VersionState.DISCARDED, detail={"reason": reason})
        give_up_uploads(version, act)
        files.destroy(version.files.filter(destroyed_at=None), act.at)
        clock.stop(version, act.at)
        version.columns.all().delete()
    for rule in ReleaseRule.objects.filter(product__seller=party).exclude(state__in=RELEASE_RULE.terminal):
        workflow.move(act, rule, RuleState.WITHDRAWN, detail={"reason": reason})
        clock.stop(rule, act.at)
    withdraw_open_changes(act, Product.objects.filter(seller=party))
    _move_all(act, Product.objects.filter(seller=party, state=ProductState.ACTIVE), ProductState.WITHDRAWN, reason)
    _move_all(act, CatalogueEntry.objects.filter(unit=party, state__in=ENTRY_OPEN), EntryState.WITHDRAWN, reason)
    _move_all(
        act, StandingConsent.objects.filter(unit=party, state=StandingState.GIVEN), StandingState.WITHDRAWN, reason
    )
    for asked in Consultation.objects.filter(unit=party, state__in=UNANSWERED).order_by("pk"):
        _close_question(act, asked)
    _withdraw_applications(act, Application.objects.filter(seller=party), reason)
    withdraw_changes(act, GrantEdition.objects.filter(grant__item__application__seller=party), reason)
    _drop_notices(act, party, reason)
    follow_rows(SearchRow.objects.filter(Q(seller=party) | Q(unit=party)))


def _drop_notices(act: ledger.Act, party: Party, reason: str) -> None:
    """What it proposed and nobody can issue any more; what it issued, the authority lifts or annuls."""
    _move_all(act, Measure.objects.filter(issuer=party, state=MeasureState.PROPOSED), MeasureState.DROPPED, reason)


def _pass_questions_on(act: ledger.Act, party: Party, successor: Party) -> None:
    """The successor answers what its predecessor was asked; asked both, it answers once, for itself."""
    for asked in Consultation.objects.filter(unit=party, state__in=UNANSWERED).order_by("pk"):
        twin = Consultation.objects.filter(application=asked.application_id, round=asked.round, unit=successor)
        if twin.exists():
            _close_question(act, asked)
        else:
            _pass_on(act, Consultation.objects.filter(pk=asked.pk), "unit", successor)


def _close_question(act: ledger.Act, asked: Consultation) -> None:
    workflow.move(act, asked, ConsultationState.CLOSED)
    clock.stop(asked, act.at)


def _pass_on(act: ledger.Act, rows: "models.QuerySet[Any]", field: str, successor: Party) -> None:
    for row in rows.order_by("pk"):
        type(row)._base_manager.filter(pk=row.pk).update(**{field: successor})
        ledger.record(act, row, detail={field: successor})


def _move_all(act: ledger.Act, rows: Iterable[Any], new: str, reason: str) -> None:
    for row in rows:
        workflow.move(act, row, new, detail={"reason": reason})


def _leave_to_others(act: ledger.Act, membership: Membership) -> None:
    """End the dead person's membership; an organisation does not lose its last owner while anybody else is there."""
    others = Membership.objects.filter(
        valid_on(local_date(act.at)), party=membership.party, role__in=WRITERS, deputy_for=None, user__is_active=True
    ).exclude(user=membership.user)
    accounts.leave(act, membership)
    if membership.role != Role.OWNER or others.filter(role=Role.OWNER).exists():
        return
    heir = others.filter(role=Role.MANAGER).order_by("pk").first() or others.order_by("pk").first()
    if heir is not None:
        Membership.objects.filter(pk=heir.pk).update(role=Role.OWNER, valid_until=None)
        ledger.record(act, heir, old=heir.role, new=Role.OWNER, detail={"user": heir.user, "role": Role.OWNER})
