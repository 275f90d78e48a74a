"""Registering, verifying and barring parties."""

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import identity, permissions, queries
from accounts.evidence.models import Removal
from accounts.identity import DocumentKind
from accounts.models import (
    TAKEN,
    Capability,
    CapabilityKind,
    Credential,
    Party,
    PartyKind,
    Region,
    Role,
    User,
    Verification,
    valid_on,
)
from accounts.operations.evidence import remove_all, rested_on
from accounts.operations.membership import join, leave
from accounts.states import OVER, InvitationState, PartyState
from marketplace import workflow
from marketplace.clock import operations as clock
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, NotAllowed, StaleState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import Recipient, tell

MOST_APPLIED = 3  # organisations that one user has waiting for verification
ADMITTED = set(CapabilityKind.values) - {CapabilityKind.OPERATOR}  # the operator is founded, not admitted


@transaction.atomic
def found_operator(*, founder: User, at: datetime, name: str, region: Region, uscc: str, valid_until: date) -> Party:
    """Start a new site: its first operator, verified by its founder. Refused once any operator exists in the region."""
    if Capability.objects.filter(kind=CapabilityKind.OPERATOR, region=region).exists():
        raise NotAllowed(_("This site has an operator already."))
    act = ledger.begin("found", founder, at)
    party = Party(kind=PartyKind.ORGANISATION, name=name, region=region, uscc=uscc, created_at=at)
    party.full_clean()
    party.save()
    ledger.record(act, party, new=party.state, detail={"name": name})
    _verified(party, founder, at, "founding", valid_until)
    workflow.move(act, party, PartyState.VERIFIED, verified_until=valid_until)
    join(act, party, founder, Role.OWNER)
    _admit(act, party, CapabilityKind.OPERATOR, "", None)
    return party


@transaction.atomic
def register_party(
    *,
    actor: User,
    at: datetime,
    name: str,
    region: Region,
    kind: str = PartyKind.ORGANISATION,
    uscc: str | None = None,
    id_kind: str = "",
    id_number: str = "",
    wanted: Iterable[str] = (),
) -> Party:
    """Create a party in state applied, its applicant as owner. It may act once it is verified.

    A person is named by an identity document, which is sealed at once; an organisation by its code. `wanted` says as
    what it asks to be admitted. The operator's people are told.
    """
    permissions.check_is_person(actor)
    _check_may_apply(actor, kind)
    party = Party(kind=kind, created_at=at)
    _describe(party, at, name=name, region=region, uscc=uscc, id_kind=id_kind, id_number=id_number, wanted=wanted)
    party.save()
    act = ledger.begin("register", actor, at)
    ledger.record(act, party, new=party.state, detail={"name": name, "region": region.code})
    join(act, party, actor, Role.OWNER)
    _tell_operator(act, party, "party_applied")
    return party


@transaction.atomic
def amend_party(
    *,
    party: Party,
    actor: User,
    at: datetime,
    name: str,
    region: Region,
    uscc: str | None = None,
    id_kind: str = "",
    id_number: str = "",
    wanted: Iterable[str] = (),
) -> None:
    """returned → applied: an owner or manager has corrected what the operator found missing.

    Of a person, an empty number keeps the one that is there.
    """
    permissions.check_member(actor, party, at, roles=permissions.MANAGERS)
    workflow.check_in(party, PartyState.RETURNED)
    _describe(party, at, name=name, region=region, uscc=uscc, id_kind=id_kind, id_number=id_number, wanted=wanted)
    party.save(update_fields=["name", "region", "uscc", "id_kind", "id_encrypted", "id_hmac", "wanted"])
    act = ledger.begin("amend", actor, at)
    workflow.move(act, party, PartyState.APPLIED, detail={"name": name, "region": region.code})
    _tell_operator(act, party, "party_applied")


@transaction.atomic
def verify_party(
    *,
    party: Party,
    actor: User,
    at: datetime,
    evidence: str,
    valid_until: date,
    capabilities: dict[str, date | None] | None = None,
    level: str = "",
    adult: bool = False,
) -> Party:
    """The operator has checked a party against evidence: applied (or barred) → verified.

    `capabilities` maps what the party may be from today on to its last day (None: no end); `level` goes with
    `authority`. `adult` affirms, for a document that does not say so itself, that its holder is of age. Raises
    NotAllowed for anybody but an operator, and for one who belongs to the party.
    """
    _check_can_keep(actor, party, at)
    if party.id_kind not in ("", DocumentKind.RESIDENT) and not adult:
        raise ValidationError({"adult": _("Only adults can be registered.")})
    if any(until and until < local_date(at) for until in (capabilities or {}).values()):
        raise ValidationError({"mandate_until": _("Name a day to come, of the mandate of a primary developer.")})
    act = ledger.begin("verify", actor, at)
    _verified(party, actor, at, evidence, valid_until)
    proved = {"evidence": evidence, **rested_on(party)}
    workflow.move(act, party, PartyState.VERIFIED, verified_until=valid_until, detail=proved)
    for kind, until in (capabilities or {}).items():
        _admit(act, party, kind, level if kind == CapabilityKind.AUTHORITY else "", until)
    _tell_people(act, party)
    return party


@transaction.atomic
def return_party(*, party: Party, actor: User, at: datetime, reason: str) -> None:
    """applied → returned: the applicant corrects what the reason names and applies again."""
    _check_can_keep(actor, party, at)
    require(reason=reason)
    act = ledger.begin("return", actor, at)
    workflow.move(act, party, PartyState.RETURNED, detail={"reason": reason})
    _tell_people(act, party, reason=reason)


@transaction.atomic
def refuse_party(*, party: Party, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """applied → refused: it is not registered; its code or number is free again."""
    _check_can_keep(actor, party, at)
    require(reason=reason, remedy=remedy)
    act = ledger.begin("refuse", actor, at)
    workflow.move(act, party, PartyState.REFUSED, detail={"reason": reason, "remedy": remedy})
    _tell_people(act, party, reason, remedy)


def reopen_party(act: ledger.Act, party: Party, reason: str) -> None:
    """Part of a review that does not uphold its refusal: refused → applied, for the operator to judge anew.

    Raises InvalidState where its code or document, or as a person its owner, is registered again by now.
    """
    owning = party.memberships.filter(role=Role.OWNER).values("user")
    owners = list(User.objects.select_for_update().filter(pk__in=owning).order_by("pk"))  # as in registering
    persons = Party.objects.filter(kind=PartyKind.PERSON, memberships__role=Role.OWNER, memberships__user__in=owners)
    if party.kind == PartyKind.PERSON and persons.exclude(state__in=OVER).exists():
        raise InvalidState(TAKEN)
    party = Party.objects.select_for_update(of=("self",)).get(pk=party.pk)
    try:
        with transaction.atomic():
            workflow.reopen(act, party, PartyState.APPLIED, detail={"reason": reason})
    except IntegrityError as error:
        raise InvalidState(TAKEN) from error
    _tell_operator(act, party, "party_applied")
    _tell_people(act, party, reason)


@transaction.atomic
def ask_for_renewal(*, party: Party, actor: User, at: datetime, reason: str) -> None:
    """An owner or manager of a verified party asks for its verification to be renewed, lapsed or not; once."""
    permissions.check_member(actor, party, at, roles=permissions.MANAGERS)
    workflow.check_in(party, PartyState.VERIFIED)
    if not Party.objects.filter(pk=party.pk, renewal_asked_at=None).update(renewal_asked_at=at):
        raise InvalidState(_("The renewal was asked for already."))
    act = ledger.begin("ask_for_renewal", actor, at)
    ledger.record(act, party, detail={"reason": reason})
    _tell_operator(act, party, "party_asks_renewal")


@transaction.atomic
def renew_party(
    *, party: Party, actor: User, at: datetime, evidence: str, valid_until: date, mandate_until: date | None = None
) -> None:
    """The operator has checked a verified party again: it stays verified, until another day.

    With `mandate_until` a primary developer's mandate goes on, or begins anew where it was over. Raises ValidationError
    where there never was one, or for a day that is over.
    """
    _check_can_keep(actor, party, at)
    workflow.check_in(party, PartyState.VERIFIED)
    _verified(party, actor, at, evidence, valid_until)
    kept = Party.objects.filter(pk=party.pk, state=PartyState.VERIFIED)
    if not kept.update(verified_until=valid_until, renewal_asked_at=None):
        raise StaleState()
    act = ledger.begin("renew", actor, at)
    ledger.record(act, party, detail={"evidence": evidence, **rested_on(party), "until": valid_until})
    if mandate_until is not None:
        _renew_mandate(act, party, mandate_until)
    _tell_people(act, party)


@transaction.atomic
def withdraw_party(*, party: Party, actor: User, at: datetime) -> None:
    """applied or returned → ended: its owner gives the registration up. Its proofs are deleted: nothing was decided."""
    permissions.check_member(actor, party, at, roles=(Role.OWNER,))
    workflow.check_in(party, PartyState.APPLIED, PartyState.RETURNED)
    act = ledger.begin("withdraw", actor, at)
    workflow.move(act, party, PartyState.ENDED)
    remove_all(act, party, Removal.WITHDRAWN)


@transaction.atomic
def bar_party(*, party: Party, actor: User, at: datetime, reason: str, remedy: str) -> None:
    """verified → barred: the party can do nothing and is refused at the gate until it is verified again. Names its
    remedy."""
    _check_can_keep(actor, party, at)
    require(reason=reason, remedy=remedy)
    act = ledger.begin("bar", actor, at)
    workflow.move(act, party, PartyState.BARRED, detail={"reason": reason, "remedy": remedy})
    _tell_people(act, party, reason, remedy)


def readmit_party(act: ledger.Act, party: Party, reason: str) -> None:
    """Part of a review that annuls its barring: barred → verified, until the day that it was verified for. One that is
    verified again or has ended meanwhile stays so: that it ought not to have been barred, its history says."""
    party = Party.objects.select_for_update(of=("self",)).get(pk=party.pk)
    if party.state != PartyState.BARRED:
        ledger.record(act, party, detail={"reason": reason})
        return
    workflow.move(act, party, PartyState.VERIFIED, detail={"reason": reason})
    _tell_people(act, party, reason)


def end_party(
    act: ledger.Act, party: Party, *, reason: str, evidence: str = "", successor: Party | None = None
) -> None:
    """verified or barred → ended, as part of an operation that has checked everything and seen to the party's affairs.

    Its people are told, then belong to it no more; its invitations and keys end. What was merged into it before is the
    successor's now.
    """
    people = queries.recipients(party, act.at)  # once it is merged, its people are the successor's
    detail = {"reason": reason, "evidence": evidence, **({"successor": successor} if successor else {})}
    workflow.move(act, party, PartyState.ENDED, merged_into=successor, detail=detail)
    _tell_people(act, party, reason=reason, people=people)
    Party.objects.filter(merged_into=party).update(merged_into=successor)
    for membership in party.memberships.filter(valid_on(local_date(act.at))).order_by("pk"):
        leave(act, membership)
    for invitation in party.invitations.filter(state=InvitationState.OPEN).order_by("pk"):
        workflow.move(act, invitation, InvitationState.REVOKED)
    for credential in party.credentials.filter(revoked_at=None).order_by("pk"):
        Credential.objects.filter(pk=credential.pk).update(revoked_at=act.at, revoked_by=act.actor)
        ledger.record(act, credential)


def check_is_left(party: Party) -> None:
    """InvalidState where a party has ended and nobody has followed it: then nothing is sent back to it."""
    if party.answers.state == PartyState.ENDED:
        raise InvalidState(_("%(party)s has ended: nobody is left to correct this.") % {"party": party.name})


def pass_capabilities(act: ledger.Act, party: Party, successor: Party) -> None:
    """What a party may be on that day, its successor may be as well, as long as the party might have."""
    today = valid_on(local_date(act.at))
    for held in Capability.objects.filter(today, party=party).order_by("pk"):
        _admit(act, successor, held.kind, held.level, held.valid_until)


def _check_can_keep(actor: User, party: Party, at: datetime) -> None:
    permissions.check_operator(actor, at)
    permissions.check_not_own_case(actor, [party], at)


def _check_may_apply(actor: User, kind: str) -> None:
    """One person once; organisations a few at a time: a queue is not to be flooded. Counted under the user's lock."""
    User.objects.select_for_update().get(pk=actor.pk)
    own = Party.objects.filter(memberships__user=actor, memberships__role=Role.OWNER, kind=kind)
    if kind == PartyKind.PERSON and own.exclude(state__in=OVER).exists():
        raise InvalidState(_("You are registered as a person already."))
    if own.filter(state__in=(PartyState.APPLIED, PartyState.RETURNED)).count() >= MOST_APPLIED:
        raise InvalidState(_("Wait until what you have registered is verified, then register more."))


def _describe(
    party: Party,
    at: datetime,
    *,
    name: str,
    region: Region,
    uscc: str | None,
    id_kind: str,
    id_number: str,
    wanted: Iterable[str],
) -> None:
    """Fill in who a party is. Raises ValidationError; nothing of it ever repeats the number."""
    party.name, party.region, party.uscc = name, region, (uscc or "").upper() or None
    party.wanted = sorted(set(wanted) & ADMITTED)
    number = identity.normalise(id_number)
    if number or (party.kind == PartyKind.PERSON and not party.id_hmac):
        identity.check_document(id_kind, number, local_date(at))
        for column, value in identity.seal_document(id_kind, number).items():
            setattr(party, column, value)
        known = Party.objects.filter(id_hmac__in=identity.indexes(id_kind, number)).exclude(state__in=OVER)
        if known.exclude(pk=party.pk).exists():
            raise ValidationError({"id_number": TAKEN})
    party.full_clean()


def _verified(party: Party, actor: User, at: datetime, evidence: str, valid_until: date) -> None:
    if valid_until < local_date(at):
        raise InvalidState(_("A verification cannot end before it begins."))
    Verification.objects.create(party=party, evidence=evidence, by=actor, at=at, valid_until=valid_until)


def _renew_mandate(act: ledger.Act, party: Party, until: date) -> None:
    kind = CapabilityKind.PRIMARY_DEVELOPER
    mandates = Capability.objects.filter(party=party, kind=kind)
    if not mandates.exists() or until < local_date(act.at):
        raise ValidationError({"mandate_until": _("Name a day to come, of the mandate of a primary developer.")})
    _admit(act, party, kind, "", until)


def _tell_operator(act: ledger.Act, party: Party, kind: str) -> None:
    operator = queries.operator_for(party.region, act.at)
    if operator is not None:
        tell(act, queries.recipients(operator, act.at), kind, link=party.get_absolute_url(), party=party.name)


def _tell_people(
    act: ledger.Act, party: Party, reason: str = "", remedy: str = "", people: list[Recipient] | None = None
) -> None:
    link, state = party.get_absolute_url(), PartyState(party.state).label
    people = queries.recipients(party, act.at) if people is None else people
    said = "\n".join(filter(None, [reason, remedy]))
    term = clock.review_term(act.at, remedy)
    tell(act, people, "party_moved", link=link, party=party.name, state=state, reason=said, **term)


def _admit(act: ledger.Act, party: Party, kind: str, level: str, until: date | None) -> None:
    """From today on the party may be this; what it may be already stays as it is, but for the last day, if named."""
    today = local_date(act.at)
    running = Capability.objects.filter(valid_on(today), party=party, kind=kind)
    if capability := running.first():
        if until is not None:
            running.filter(pk=capability.pk).update(valid_until=until)
            ledger.record(act, capability, detail={"party": party, "kind": kind, "until": until})
        return
    capability = Capability.objects.create(
        party=party, kind=kind, level=level, region=party.region, valid_from=today, valid_until=until
    )
    ledger.record(act, capability, detail={"party": party, "kind": kind, "level": level, "until": until})
