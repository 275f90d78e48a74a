"""May this person act for that party? Every check raises NotAllowed with a sentence and returns nothing."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from guardian.shortcuts import get_user_perms

from accounts import queries
from accounts.models import (
    AssignmentRole,
    Capability,
    CapabilityKind,
    EvidenceFile,
    Party,
    RegionLevel,
    Role,
    User,
    valid_on,
)
from accounts.reach import stepped_back
from marketplace.clock.working_days import local_date
from marketplace.errors import NotAllowed
from marketplace.ledger.acts import SystemActor

MANAGERS = (Role.OWNER, Role.MANAGER)
WRITERS = (Role.OWNER, Role.MANAGER, Role.MEMBER)


def check_is_person(actor: Any) -> None:
    """A job never does this."""
    if isinstance(actor, SystemActor) or not actor.is_active:
        raise NotAllowed(_("This takes a person with an active account."))
    actor.acting_for, actor.stands_for = "", ()


def check_is_job(actor: Any) -> None:
    if not isinstance(actor, SystemActor):
        raise NotAllowed(_("Only the site itself does this."))


def check_member(actor: Any, party: Party, at: datetime, *, roles: Iterable[str] = WRITERS) -> None:
    """An active user with a writing role (or one of `roles`) in the party or its successor, on that day.

    Who has the role only as somebody's deputy acts for that person from here on, and the ledger names both.
    """
    check_is_person(actor)
    living = party.merged_into_id or party.pk
    held = queries.memberships(actor, at).filter(party=living, role__in=list(roles)).order_by("pk")
    principals = list(held.values_list("deputy_for__user", flat=True))  # None: a role of one's own
    if not principals:
        raise NotAllowed(_("Only people who act for %(party)s may do this.") % {"party": party.name})
    if None not in principals:
        act_for(actor, *principals)


def act_for(actor: Any, *principals: int) -> None:
    """What the actor does next is done in place of the first of these people, whose keys are given; of the next, once
    a case turns out to be no matter for the first."""
    actor.stands_for = principals
    actor.acting_for = User(pk=principals[0]).ledger_ref


def check_acts_for(actor: Any, party: Party, kind: str, at: datetime) -> None:
    """As `check_member`, and the party is verified and has the capability on that day."""
    check_member(actor, party, at)
    if not Party.objects.get(pk=party.pk).is_in_good_standing(at):
        raise NotAllowed(_("%(party)s is not verified, or its verification has lapsed.") % {"party": party.name})
    if not Capability.objects.filter(valid_on(local_date(at)), party=party, kind=kind).exists():
        raise NotAllowed(
            _("%(party)s is not admitted as %(kind)s today.")
            % {"party": party.name, "kind": CapabilityKind(kind).label}
        )


def check_officer(
    actor: Any, authority: Party | None, at: datetime, *, levels: Iterable[str] = RegionLevel.values
) -> None:
    """An officer of this very authority, whose level is among `levels`."""
    if authority is None:
        raise NotAllowed(_("No authority is competent for this yet."))
    check_acts_for(actor, authority, CapabilityKind.AUTHORITY, at)
    wanted = set(levels)
    if wanted != set(RegionLevel.values) and queries.authority_level(authority, at) not in wanted:
        raise NotAllowed(_("%(party)s has not the level that the law asks for here.") % {"party": authority.name})


def check_not_own_case(actor: Any, parties: Iterable[Party], at: datetime) -> None:
    """Nobody acts on the case of an organisation that they belong to, or left less than 12 months ago, nor a deputy in
    the place of such a person: a deputy of several acts from here on for one who may.

    Asked, as `check_not_recused`, after whatever says in whose place the actor acts.
    """
    keys = [party.pk for party in parties]

    def own(person: Any) -> bool:
        return queries.recent_parties(person, at).filter(pk__in=keys).exists()

    if own(actor):
        raise NotAllowed(_("This is your own case: you belong to a party of it, or did in the last 12 months."))
    if not _acts_for_one_without(actor, own):
        raise NotAllowed(
            _("This is the own case of the person in whose place you act: nobody decides it for them either.")
        )


def check_not_recused(actor: Any, case: Any) -> None:
    """Nobody who has stepped back from the case or from what it came of, nor a deputy in the place of such a person: a
    deputy of several acts from here on for one who has not."""
    check_recused_from_none(actor, type(case)._base_manager.filter(pk=case.pk))


def check_recused_from_none(actor: Any, *cases: QuerySet[Any]) -> None:
    """As `check_not_recused`, of every one of these cases."""

    def stepped(person: Any) -> bool:
        return any(rows.filter(stepped_back([person.pk], rows.model)).exists() for rows in cases)

    if stepped(actor) or not _acts_for_one_without(actor, stepped):
        raise NotAllowed(
            _("Who has recused themselves from this case decides nothing in it, nor does a deputy in their place.")
        )


def check_other_than(actor: Any, authors: Collection[str], why: str) -> None:
    """None of these people, named by their ledger references, nor a deputy in the place of one: a deputy of several
    acts from here on for another. NotAllowed says `why`."""

    def wrote(person: Any) -> bool:
        return person.ledger_ref in authors

    if wrote(actor) or not _acts_for_one_without(actor, wrote):
        raise NotAllowed(why)


def _acts_for_one_without(actor: Any, bias: Callable[[User], bool]) -> bool:
    """Whether the actor acts in their own name, or for somebody who is not biased: for no other from here on."""
    if not actor.acting_for:
        return True
    if left := [key for key in actor.stands_for if not bias(User(pk=key))]:
        act_for(actor, *left)
    return bool(left)


def could_follow(person: User, actor: Any) -> bool:
    """Whether this person, who was just found allowed to decide on a case, still is once the actor has stepped back:
    somebody else, and no deputy of the actor alone."""
    return person != actor and person.stands_for != (actor.pk,)


def check_expert(actor: Any, at: datetime) -> None:
    """A member of the expert committee (Art. 35)."""
    check_is_person(actor)
    if not queries.people_as(CapabilityKind.EXPERT, at).filter(pk=actor.pk).exists():
        raise NotAllowed(_("Only a member of the expert committee may do this."))


def check_is_asked(actor: Any, case: Any, parties: Iterable[Party], at: datetime) -> None:
    """The member of the expert committee to whom the case was assigned, on nobody's side."""
    check_expert(actor, at)
    if AssignmentRole.EXPERT not in get_user_perms(actor, case):  # `has_perm` would let a superuser through
        raise NotAllowed(_("This case was not assigned to you."))
    check_not_own_case(actor, parties, at)


def check_can_be_asked(expert: User, parties: Iterable[Party], at: datetime) -> None:
    """Whom an officer names: of the committee, on nobody's side. Raises ValidationError on `expert`."""
    try:
        check_expert(expert, at)
    except NotAllowed as error:
        raise ValidationError({"expert": str(error)}) from error
    try:
        check_not_own_case(expert, parties, at)
    except NotAllowed as error:
        raise ValidationError({"expert": _("It would be this person's own case.")}) from error


def check_operator(actor: Any, at: datetime) -> None:
    """The platform's operator."""
    check_is_person(actor)
    acting = queries.memberships(actor, at).filter(role__in=WRITERS).values("party")
    if not queries.parties_as(actor, CapabilityKind.OPERATOR, at).filter(pk__in=acting).exists():
        raise NotAllowed(_("Only the platform operator may do this."))


def check_can_keep_credentials(actor: Any, party: Party, at: datetime) -> None:
    """An owner or manager, on the pages: a credential makes, changes and ends no credential."""
    check_member(actor, party, at, roles=MANAGERS)
    if actor.credential:
        raise NotAllowed(_("Credentials are kept by people on the pages, not by a partner's system."))


def check_can_keep_evidence(actor: Any, party: Party, at: datetime) -> None:
    """An owner or manager: proofs of who a party is are no matter for its other people."""
    check_member(actor, party, at, roles=MANAGERS)


def check_can_read_evidence(actor: Any, party: Party, at: datetime) -> None:
    """Who may add to it, and the operator who verifies, never in a case of their own."""
    try:
        check_can_keep_evidence(actor, party, at)
    except NotAllowed:
        check_operator(actor, at)
        check_not_own_case(actor, [party], at)


def check_can_withdraw_evidence(actor: Any, party: Party, at: datetime) -> None:
    check_can_keep_evidence(actor, party, at)
    check_added_evidence(actor, party)


def check_added_evidence(actor: Any, case: Any) -> None:
    """Somebody who added a file to the case that still stands there."""
    if not EvidenceFile.objects.of(case).filter(by=actor.pk).exists():
        raise NotAllowed(_("Only who added a file takes it back."))
