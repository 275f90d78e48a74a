"""Who has which role in a single case. Parts of other operations: they check nothing themselves."""

from django.db import models
from guardian.shortcuts import assign_perm, remove_perm

from accounts.models import Assignment, AssignmentRole, Recusal, User
from marketplace.ledger import entries as ledger


def assign(
    act: ledger.Act, obj: models.Model, user: User, *, role: str = AssignmentRole.OFFICER_IN_CHARGE, reason: str = ""
) -> None:
    """Give a person a role in a single case, in place of whoever had it; guardian mirrors it."""
    unassign(act, obj, role)
    Assignment.objects.create(
        user=user,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        role=role,
        assigned_at=act.at,
        by=act.actor if isinstance(act.actor, User) else user,
        reason=reason,
    )
    assign_perm(role, user, obj)


def unassign(act: ledger.Act, obj: models.Model, role: str) -> None:
    """Nobody has this role in the case any more."""
    open_rows = Assignment.objects.filter(
        object_type=obj._meta.label_lower, object_id=str(obj.pk), role=role, ended_at=None
    )
    for before in open_rows.select_related("user"):
        remove_perm(role, before.user, obj)
    open_rows.update(ended_at=act.at)


def carry_recusals(before: models.Model, after: models.Model) -> None:
    """Who has stepped back from one case has from another that goes on in its place."""
    for row in Recusal.objects.of(before).select_related("user", "colleague").order_by("pk"):
        Recusal.objects.note(after, row.user, reason=row.reason, at=row.at, colleague=row.colleague)


def step_back(act: ledger.Act, case: models.Model, *, reason: str, colleague: User | None = None) -> None:
    """Who acts decides in this case no more, nor in what comes of it."""
    assert isinstance(act.actor, User)  # whoever decides is a person
    Recusal.objects.note(case, act.actor, reason=reason, at=act.at, colleague=colleague)
