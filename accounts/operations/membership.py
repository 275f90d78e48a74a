"""Who belongs to a party, in which role, from when to when, and who stands in for whom."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import Membership, Party, Role, User, valid_on
from accounts.states import LIVING
from marketplace import workflow
from marketplace.clock.working_days import local_date
from marketplace.errors import InvalidState, NotAllowed
from marketplace.ledger import entries as ledger


@transaction.atomic
def add_member(*, party: Party, user: User, role: str, actor: User, at: datetime) -> Membership:
    """An owner or manager of a party takes somebody in; only an owner makes an owner."""
    check_can_give(actor, party, role, at)
    return join(ledger.begin("add_member", actor, at), party, user, role)


@transaction.atomic
def change_role(*, party: Party, membership: Membership, role: str, actor: User, at: datetime) -> None:
    """A member gets another role, and with it whoever stands in for them. The last owner stays one. Who becomes an
    auditor writes in nobody's place any more."""
    _check_is_of(party, membership)
    check_can_give(actor, party, role, at)
    check_can_give(actor, party, membership.role, at)
    workflow.check_in(party, *LIVING)
    if membership.role == Role.OWNER and role != Role.OWNER:
        _check_not_last_owner(membership)
    act = ledger.begin("change_role", actor, at)
    ledger.record(act, membership, detail={"user": membership.user, "from": membership.role, "to": role})
    changed = Q(pk=membership.pk) | Q(deputy_for=membership)
    if role not in permissions.WRITERS:
        changed |= _stands_in(membership)
    Membership.objects.filter(changed).update(role=role)


@transaction.atomic
def end_membership(*, party: Party, membership: Membership, actor: User, at: datetime) -> None:
    """The membership's last day is today: an owner or manager says so, or the member leaves. Never the last owner.

    Who stood in for the member, and for whom the member stood in, does so no more.
    """
    _check_is_of(party, membership)
    if _is_own(membership, actor):
        permissions.check_member(actor, party, at, roles=Role.values)
    else:
        check_can_give(actor, party, membership.role, at)
    workflow.check_in(party, *LIVING)
    if membership.role == Role.OWNER and not membership.deputy_for_id:
        _check_not_last_owner(membership)
    leave(ledger.begin("end_membership", actor, at), membership)


@transaction.atomic
def appoint_deputy(
    *, party: Party, membership: Membership, deputy: Membership, valid_from: date, valid_until: date, actor: User,
    at: datetime,
) -> Membership:  # fmt: skip
    """A member who writes stands in for another, with that one's role, for some days: the ledger names both.

    The one who will be away says so, or an owner or manager.
    """
    _check_is_of(party, membership, deputy)
    if _is_own(membership, actor):
        permissions.check_member(actor, party, at)
    else:
        check_can_give(actor, party, membership.role, at)
    workflow.check_in(party, *LIVING)
    _check_can_stand_in(membership, deputy, valid_from, valid_until, local_date(at))
    made = Membership.objects.create(
        user=deputy.user, party=party, role=membership.role, valid_from=valid_from, valid_until=valid_until,
        deputy_for=membership,
    )  # fmt: skip
    act = ledger.begin("appoint_deputy", actor, at)
    detail = {"deputy": made.user, "for": membership.user, "from": valid_from, "until": valid_until}
    ledger.record(act, made, detail=detail)
    return made


def join(act: ledger.Act, party: Party, user: User, role: str, until: date | None = None) -> Membership:
    """Part of another operation: checks nothing itself."""
    membership = Membership.objects.create(
        user=user, party=party, role=role, valid_from=local_date(act.at), valid_until=until
    )
    ledger.record(act, membership, detail={"user": user, "party": party, "role": role})
    return membership


def leave(act: ledger.Act, membership: Membership) -> None:
    """Part of another operation: checks nothing itself."""
    today = local_date(act.at)
    beside = Q(deputy_for=membership) | _stands_in(membership)
    later = Q(valid_until=None) | Q(valid_until__gt=today)
    Membership.objects.filter(later, Q(pk=membership.pk) | beside).update(valid_until=today)
    ledger.record(act, membership, detail={"user": membership.user})


def check_can_give(actor: User, party: Party, role: str, at: datetime) -> None:
    """Owners give and take every role; managers all but the owner's."""
    roles = (Role.OWNER,) if role == Role.OWNER else permissions.MANAGERS
    permissions.check_member(actor, party, at, roles=roles)


def other_owners(party: Party, user: User) -> bool:
    """Whether somebody else with a living account owns the party without an end. Call it under the party's lock."""
    owners = Membership.objects.filter(
        party=party, role=Role.OWNER, deputy_for=None, valid_until=None, user__is_active=True
    )
    return owners.exclude(user=user).exists()


def _is_own(membership: Membership, actor: User) -> bool:
    permissions.check_is_person(actor)
    return membership.user_id == actor.pk


def _stands_in(membership: Membership) -> Q:
    """The memberships with which its holder stands in for others of the party."""
    return Q(deputy_for__isnull=False, user=membership.user_id, party=membership.party_id)


def _check_not_last_owner(membership: Membership) -> None:
    Party.objects.select_for_update().get(pk=membership.party_id)  # two owners leaving at once take turns here
    if not other_owners(membership.party, membership.user):
        raise InvalidState(_("The last owner stays: make somebody else an owner first."))


def _check_is_of(party: Party, *memberships: Membership) -> None:
    if any(membership.party_id != party.pk for membership in memberships):
        raise NotAllowed(_("This person does not belong to %(party)s.") % {"party": party.name})


def _check_can_stand_in(absent: Membership, deputy: Membership, start: date, end: date, today: date) -> None:
    if absent.deputy_for_id or deputy.deputy_for_id or absent.user_id == deputy.user_id:
        raise ValidationError({"deputy": _("Nobody stands in for themselves or for a deputy.")})
    if deputy.role not in permissions.WRITERS or absent.role not in permissions.WRITERS:
        raise ValidationError({"deputy": _("An auditor only reads and stands in for nobody.")})
    if not today <= start <= end:
        raise ValidationError({"valid_until": _("The days must lie ahead, the first before the last.")})
    belonging = Membership.objects.filter(valid_on(start)).filter(valid_on(end))
    if belonging.filter(pk__in=(absent.pk, deputy.pk)).count() != 2:
        raise ValidationError({"deputy": _("Both must belong to the party on all these days.")})
