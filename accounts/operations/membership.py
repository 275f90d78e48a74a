"""Who belongs to a party, in which role, from when to when."""

from datetime import datetime

from django.db import transaction

from accounts import permissions
from accounts.models import Membership, Party, Role, User
from marketplace.clock.working_days import local_date
from marketplace.ledger import entries as ledger


@transaction.atomic
def add_member(*, party: Party, user: User, role: str, actor: User, at: datetime) -> Membership:
    """An owner or manager of a party takes somebody in; only an owner makes an owner."""
    roles = (Role.OWNER,) if role == Role.OWNER else permissions.MANAGERS
    permissions.check_member(actor, party, at, roles=roles)
    return join(ledger.begin("add_member", actor, at), party, user, role)


@transaction.atomic
def end_membership(*, membership: Membership, actor: User, at: datetime) -> None:
    """The membership's last day is today: an owner or manager says so."""
    permissions.check_member(actor, membership.party, at, roles=permissions.MANAGERS)
    Membership.objects.filter(pk=membership.pk, valid_until=None).update(valid_until=local_date(at))
    ledger.record(ledger.begin("end_membership", actor, at), membership, detail={"user": membership.user})


def join(act: ledger.Act, party: Party, user: User, role: str) -> Membership:
    membership = Membership.objects.create(user=user, party=party, role=role, valid_from=local_date(act.at))
    ledger.record(act, membership, detail={"user": user, "party": party, "role": role})
    return membership
