"""An incident: opened by whoever notices it, reported within the hour, contained, closed with its lessons (Art. 34)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Party, User
from accounts.queries import level_above, people_of, recipients
from listings.models import Version
from marketplace import workflow
from marketplace.applications.models import Grant, HoldCode
from marketplace.applications.operations import lift_hold, lock_grants
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.delivery.models import Delivery
from marketplace.errors import InvalidState, require
from marketplace.ledger import entries as ledger
from marketplace.notices.operations import tell
from marketplace.supervision import permissions_incident as permissions
from marketplace.supervision.incidents import FACTS, REPORTABLE, Incident, IncidentNote, IncidentState, NoteKind
from marketplace.supervision.occasions import Occasion, ran_out
from marketplace.supervision.operations.incident_reach import count_reach, opened_words, tell_bodies
from marketplace.supervision.precautions import standing_for

ARTICLE = "Art. 34"
# what a supplement can change
RECOGNISABLE = {
    True: gettext_lazy("people may have become recognisable"),
    False: gettext_lazy("people have not become recognisable after all"),
}
FIRST_REPORTS = (Kind.INCIDENT_AUTHORITY, Kind.INCIDENT_CYBERSPACE)


@transaction.atomic
def open_incident(
    *, version: Version, party: Party, actor: User, at: datetime, kind: str, title: str, facts: str,
    noticed_at: datetime, may_identify: bool = False, only_under: Sequence[Grant] = (),
    only_deliveries: Sequence[Delivery] = (),
) -> Incident:  # fmt: skip
    """A party reports an incident with a version that was submitted or on offer, or only with the copies under some
    grants and with some deliveries.

    Records whom it reaches; from `noticed_at` one hour runs for each first report, of which the authority's own people
    owe themselves none. Authority, overseers, seller, units and, of non-public data, its reviewer are told at once.
    Raises InvalidState for what is reported already.
    """
    permissions.check_can_open_incident(actor, party, version, at)
    workflow.check_in(version, *REPORTABLE)
    require(facts=facts)
    assert version.authority is not None  # reviewed once
    incident = Incident(
        version=version, reporter=party, authority=version.authority, kind=kind, title=title, facts=facts,
        noticed_at=noticed_at, may_identify=may_identify, counted_at=at, created_at=at,
    )  # fmt: skip
    _check_facts(incident, at)
    _check_copies(version, actor, only_under, only_deliveries)
    incident.save()
    incident.only_under.set(only_under)
    incident.only_deliveries.set(only_deliveries)
    act = ledger.begin("open_incident", actor, at, ARTICLE)
    count_reach(act, incident)
    ledger.record(act, incident, new=incident.state, detail={"title": title, "version": version, "text": facts})
    for first_report in FIRST_REPORTS:
        clock.start(incident, first_report, noticed_at)
    if party == version.authority:
        _date(incident, "authority_told_at", at)
    tell_handling(act, incident, "incident_opened", **opened_words(incident))
    return incident


def _check_facts(incident: Incident, at: datetime) -> None:
    """The columns, the time, and that it was not reported before."""
    if incident.noticed_at > at:
        raise ValidationError({"noticed_at": _("This lies in the future.")})
    known = Incident.objects.open().filter(version=incident.version, reporter=incident.reporter)
    if known.filter(kind=incident.kind, noticed_at=incident.noticed_at).exists():
        raise InvalidState(_("You have reported this incident already."))
    incident.full_clean()


def _check_copies(version: Version, actor: User, grants: Sequence[Grant], deliveries: Sequence[Delivery]) -> None:
    """That the person sees each grant and delivery named, and that it is of this version."""
    visible = Delivery.objects.visible_to(actor).filter(version=version)
    named = [grant.pk for grant in grants]
    if set(named) - set(visible.filter(grant__in=named).values_list("grant", flat=True)):
        raise ValidationError({"only_under": _("Nothing of this version was obtained under one of these grants.")})
    if set(deliveries) - set(visible.filter(pk__in=[delivery.pk for delivery in deliveries])):
        raise ValidationError({"only_deliveries": _("One of these deliveries was not of this version.")})


@transaction.atomic
def contain_incident(*, incident: Incident, actor: User, at: datetime, when: datetime, text: str) -> None:
    """The dated fact that it was contained, and how. Once."""
    permissions.check_can_keep_incident(actor, incident, at)
    _state_fact(incident, actor, at, "contain", "contained_at", NoteKind.CONTAINED, when, text)


@transaction.atomic
def report_to_authority(*, incident: Incident, actor: User, at: datetime, when: datetime, text: str) -> None:
    """The first report to the authority, and when it was made. Ends its hour; made later, the bodies are told."""
    permissions.check_can_keep_incident(actor, incident, at)
    _state_fact(incident, actor, at, "report_to_authority", "authority_told_at", NoteKind.AUTHORITY, when, text)


@transaction.atomic
def report_to_cyberspace(*, incident: Incident, actor: User, at: datetime, when: datetime, text: str) -> None:
    """The same to the cyberspace office."""
    permissions.check_can_keep_incident(actor, incident, at)
    _state_fact(incident, actor, at, "report_to_cyberspace", "cyberspace_told_at", NoteKind.CYBERSPACE, when, text)


@transaction.atomic
def supplement_incident(*, incident: Incident, actor: User, at: datetime, text: str, may_identify: bool) -> None:
    """What became known later, and whether people may have become recognisable by what is known now: that they have
    not, after all, only who decides about it says, with the reason as the text. Who handles it is told."""
    permissions.check_can_keep_incident(actor, incident, at)
    require(text=text)
    lock(incident)
    what: Any = NoteKind.SUPPLEMENT.label
    if may_identify != incident.may_identify:
        what = RECOGNISABLE[may_identify]
    if incident.may_identify and not may_identify:
        permissions.check_can_decide_incident(actor, incident, at)
    act = ledger.begin("supplement", actor, at, ARTICLE)
    _note(act, incident, NoteKind.SUPPLEMENT, text)
    incident.may_identify = may_identify
    incident.save(update_fields=["may_identify"])
    ledger.record(act, incident, detail={"text": text, "may_identify": may_identify})
    tell_handling(act, incident, "incident_reported", number=incident.number, what=what, text=text)


@transaction.atomic
def acknowledge_incident(*, incident: Incident, actor: User, at: datetime) -> None:
    """A body that has to know of it has seen it. Each for itself, once."""
    permissions.check_can_acknowledge_incident(actor, incident, at)
    lock(incident)
    rows = permissions.unacknowledged(actor, incident, at)
    bodies = [row.party for row in rows.select_related("party").order_by("pk")]
    if not bodies:
        raise InvalidState(_("This was acknowledged already."))
    rows.update(acknowledged_at=at, acknowledged_by=actor)
    act = ledger.begin("acknowledge_incident", actor, at, ARTICLE)
    ledger.record(act, incident, detail={"parties": bodies})


@transaction.atomic
def recount_incident(*, incident: Incident, actor: User, at: datetime) -> None:
    """Compute afresh whom it reaches: data may have gone out since."""
    permissions.check_can_decide_incident(actor, incident, at)
    lock(incident)
    act = ledger.begin("recount", actor, at, ARTICLE)
    count_reach(act, incident)
    ledger.record(act, incident, detail={"copies": incident.copies.count(), "people": incident.people})


@transaction.atomic
def close_incident(*, incident: Incident, actor: User, at: datetime, lessons: str) -> None:
    """opened → closed with lessons, once contained, reported to both and everybody told who has to be."""
    permissions.check_can_decide_incident(actor, incident, at)
    require(text=lessons)
    lock(incident)
    act = ledger.begin("close_incident", actor, at, ARTICLE)
    count_reach(act, incident)
    if missing := open_facts(incident):
        raise InvalidState(_("Still missing: %(facts)s.") % {"facts": ", ".join(str(FACTS[name]) for name in missing)})
    _end(act, incident, IncidentState.CLOSED, {"text": lessons}, lessons=lessons)


@transaction.atomic
def dismiss_incident(*, incident: Incident, actor: User, at: datetime, reason: str) -> None:
    """opened → false alarm, with reasons. Whoever was told hears of it, and what paused grants for it is lifted."""
    permissions.check_can_decide_incident(actor, incident, at)
    require(reason=reason)
    lock(incident)  # then the grants: as when they are paused
    lock_grants(set(standing_for(incident, at).values_list("grant", flat=True)))
    act = ledger.begin("dismiss_incident", actor, at, ARTICLE)
    _end(act, incident, IncidentState.FALSE_ALARM, {"reason": reason})
    for hold in standing_for(incident, at).select_related("grant").order_by("pk"):
        lift_hold(act, hold.grant, HoldCode.PRECAUTION, hold.source_ref)


def _end(act: ledger.Act, incident: Incident, new: str, detail: dict[str, str], **fields: str) -> None:
    workflow.move(act, incident, new, detail=detail, **fields)
    clock.stop(incident, act.at)
    told: dict[str, Any] = {
        "number": incident.number,
        "state": IncidentState(new).label,
        "reason": next(iter(detail.values())),
    }
    tell_handling(act, incident, "incident_ended", **told)
    holders = [to for notice in incident.notices.select_related("party") for to in recipients(notice.party, act.at)]
    tell(act, holders, "incident_ended", link=incident.get_absolute_url(), **told)


def open_facts(incident: Incident) -> list[str]:
    """Which of the dated facts still have to happen before it can be closed."""
    needed = ["contained_at", "authority_told_at", "cyberspace_told_at"]
    missing = [name for name in needed if getattr(incident, name) is None]
    if holders_untold(incident):
        missing.append("holders_told_at")
    if incident.may_identify and incident.public_told_at is None:
        missing.append("public_told_at")
    return missing


def holders_untold(incident: Incident) -> list[Party]:
    """Who has copies and was not told: not who reported it, nor who was told in its own or a predecessor's place."""
    buyers = Party.objects.filter(pk__in=incident.copies.values("grant__buyer")).select_related("merged_into")
    living = {buyer.answers.pk: buyer.answers for buyer in buyers.order_by("pk")}
    told = set(incident.notices.values_list("party", flat=True)) | {incident.reporter.answers.pk}
    return [party for key, party in living.items() if key not in told]


def _state_fact(
    incident: Incident, actor: User, at: datetime, verb: str, column: str, kind: str, when: datetime, text: str
) -> None:
    """One dated fact: stated once, not in the future and not before the incident was noticed."""
    require(text=text)
    lock(incident)
    if getattr(incident, column) is not None:
        raise InvalidState(_("This is recorded already; add what you know now as a supplement."))
    if not incident.noticed_at <= when <= at:
        raise ValidationError({"when": _("Between the moment it was noticed and now.")})
    act = ledger.begin(verb, actor, at, ARTICLE)
    _note(act, incident, kind, text)
    _date(incident, column, when)
    ledger.record(act, incident, detail={"when": when.isoformat(), "text": text})
    tell_handling(act, incident, "incident_reported", number=incident.number, what=NoteKind(kind).label, text=text)
    if column in CLOCK_OF:
        _tell_late(act, incident, CLOCK_OF[column], when)


CLOCK_OF = {"authority_told_at": Kind.INCIDENT_AUTHORITY, "cyberspace_told_at": Kind.INCIDENT_CYBERSPACE}


def _date(incident: Incident, column: str, when: datetime) -> None:
    setattr(incident, column, when)
    incident.save(update_fields=[column])
    if column in CLOCK_OF:
        clock.stop(incident, when, CLOCK_OF[column])


def _tell_late(act: ledger.Act, incident: Incident, kind: Kind, when: datetime) -> None:
    """A report that was made after its hour: the bodies learn of it here where no sweep has told them before."""
    hour = clock.of(incident).filter(kind=kind, due_at__lt=when).first()
    if hour and Occasion.claim([ran_out("clock_overdue", hour)], act.at):
        said = {"clock": kind.label, "object": incident, "due": _moment(hour.due_at), "when": _moment(when)}
        tell_bodies(act, incident, "incident_report_late", incident.bodies(), **said)


def _moment(at: datetime) -> str:
    return f"{localtime(at):%Y-%m-%d %H:%M}"


def _note(act: ledger.Act, incident: Incident, kind: str, text: str) -> None:
    assert isinstance(act.actor, User)
    IncidentNote.objects.create(incident=incident, kind=kind, text=text, by=act.actor, at=act.at)


def lock(incident: Incident) -> None:
    """Load the row again under a lock, so that a fact is stated once, and refuse what is over."""
    fresh = Incident.objects.select_for_update().get(pk=incident.pk)
    for column in incident._meta.concrete_fields:
        setattr(incident, column.attname, getattr(fresh, column.attname))
    workflow.check_in(incident, IncidentState.OPENED)


def tell_handling(act: ledger.Act, incident: Incident, kind: str, **context: Any) -> None:
    """Those to whom the case is open, but whoever acts: who decides, the authority over the data where it was taken
    over from that, who answers for the review of non-public data, further authorities, overseers, reporter, seller and
    units."""
    version, reviewing = incident.version, _reviewing(incident.version, act.at)
    concerned = (incident.authority, version.authority, reviewing, incident.reporter, version.product.seller)
    parties = {party.answers for party in concerned if party is not None}
    parties |= {source.unit.answers for source in version.sources.select_related("unit__merged_into")}
    tell_bodies(act, incident, kind, parties | set(incident.bodies()), **context)


def _reviewing(version: Version, at: datetime) -> Party | None:
    """The compliance reviewer of non-public data. Where nobody can act for it today, the level above the authority over
    the data: the province reads every case and may require a take-down."""
    reviewer = version.reviewer
    if reviewer is None or (reviewer.is_in_good_standing(at) and people_of(reviewer, at).exists()):
        return reviewer
    assert version.authority is not None  # reviewed once
    return level_above(version.authority, at)
