"""Two persons: one prepares an application, another signs it by submitting, where the party wants that."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Party, User
from accounts.permissions import MANAGERS, check_member
from accounts.queries import people_of, recipient
from marketplace import workflow
from marketplace.applications import permissions
from marketplace.applications.models import Application, TwoPersonRule
from marketplace.applications.operations.application import EDITABLE, check_complete, needs_two_persons
from marketplace.applications.queries import article_of
from marketplace.errors import InvalidState
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell


@transaction.atomic
def set_two_person_rule(*, party: Party, actor: User, at: datetime, is_on: bool) -> None:
    """An owner or manager turns the rule on or off for all applications of the party that are not submitted yet."""
    check_member(actor, party, at, roles=MANAGERS)
    Party.objects.select_for_update().get(pk=party.pk)
    if TwoPersonRule.objects.filter(party=party).exists() == is_on:
        raise InvalidState(_("It is so already."))
    if is_on:
        TwoPersonRule.objects.create(party=party, by=actor, since=at)
    else:
        TwoPersonRule.objects.filter(party=party).delete()
    ledger.record(ledger.begin("set_two_person_rule", actor, at), party, detail={"is_on": is_on})


@transaction.atomic
def prepare_application(*, application: Application, actor: User, at: datetime) -> None:
    """A member marks a complete draft as ready: now another member may sign it. Any later change takes that back."""
    permissions.check_can_keep_application(actor, application, at)
    locked = Application.objects.select_for_update().get(pk=application.pk)
    workflow.check_in(locked, *EDITABLE)
    if not needs_two_persons(locked):
        raise InvalidState(_("One person is enough here: submit it."))
    if locked.prepared_by_id is not None:
        raise InvalidState(_("It is marked as ready already."))
    check_complete(locked)
    Application.objects.filter(pk=locked.pk).update(prepared_by=actor)
    act = ledger.begin("prepare", actor, at, article_of(locked))
    ledger.record(act, locked)
    others = people_of(locked.buyer, at).exclude(pk=actor.pk)
    tell(
        act, [recipient(user) for user in others], "application_prepared", link=locked.get_absolute_url(),
        number=locked.number, name=actor.name,
    )  # fmt: skip
