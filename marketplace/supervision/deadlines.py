"""Whose duty each clock is: what the sweep watches, and what an officer finds on the page of deadlines (Art. 45)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from accounts.models import Assignment, AssignmentRole, Capability, CapabilityKind, Party, User, valid_on
from accounts.states import PartyState
from listings.models import Objection
from marketplace.applications.models import Grant
from marketplace.clock.defaults import ALLOWED_AFTER, OF_THE_PARTY, Kind
from marketplace.clock.models import Clock
from marketplace.clock.working_days import (
    add_working_days,
    calendar_overrides,
    end_of_day,
    last_day,
    local_date,
    start_of_day,
)
from marketplace.supervision.inquiry import NAMED as INQUIRED
from marketplace.supervision.models import Measure
from marketplace.supervision.occasions import Lapse
from marketplace.supervision.review import NAMED

LATE_SHOWN = timedelta(days=30)  # how long what was done late stays on the page of deadlines
UP_AFTER = 3  # working days that an authority's deadline has run out, before it goes up one level


@dataclass(frozen=True)
class Duty:
    """Whose duty a clock of one object is: paths from the object to the party that must act and to the case's party.

    `instead`, where it is set, names who must act in the owner's place: with non-public data reviewer or seller. Once a
    seller has ended, the owner acts. `also` is read with it: the authority to which a duty goes up.
    """

    model: str
    owner: str
    party: str
    instead: str = ""
    also: str = ""

    @property
    def paths(self) -> list[str]:
        return [path for path in (self.owner, self.party, self.instead, self.also) if path]


# what the names of objects are made of, beside the paths of their duties
TITLES = {
    "listings.version": ("product",),
    "listings.objection": ("version__product",),
    "listings.releaserule": ("product",),
    "listings.descriptionchange": ("product",),
    "supervision.finding": ("grant", "version__product", "party"),
    "supervision.review": NAMED,
    "supervision.emergencyplan": ("unit",),
    "supervision.inquiry": INQUIRED,
}
SIGNED = Duty("supervision.Measure", "authority", "party", "issuer", also="required_by")
# (object type, clock) -> whose duty it is when the clock has run out
DUTIES: dict[tuple[str, str], Duty] = {
    ("listings.version", Kind.ACCEPTANCE): Duty("listings.Version", "authority", "product__seller", "reviewer"),
    ("listings.version", Kind.PUBLICITY): Duty("listings.Version", "authority", "product__seller", "reviewer"),
    ("listings.objection", Kind.OBJECTION): Duty(
        "listings.Objection", "version__authority", "version__product__seller", "version__reviewer"
    ),
    ("applications.application", Kind.ACCEPTANCE): Duty("applications.Application", "authority", "buyer", "seller"),
    ("listings.releaserule", Kind.ACCEPTANCE): Duty(
        "listings.ReleaseRule", "authority", "product__seller", "basis__reviewer"
    ),
    ("listings.descriptionchange", Kind.ACCEPTANCE): Duty(
        "listings.DescriptionChange", "authority", "product__seller", "reviewer"
    ),
    ("applications.application", Kind.PRECHECK): Duty("applications.Application", "authority", "buyer"),
    ("applications.application", Kind.DECISION): Duty("applications.Application", "authority", "buyer", "seller"),
    ("applications.grant", Kind.OFFER): Duty("applications.Grant", "buyer", "buyer"),
    ("applications.grant", Kind.WHEREABOUTS): Duty("applications.Grant", "buyer", "buyer"),
    ("applications.grant", Kind.DESTRUCTION): Duty("applications.Grant", "buyer", "buyer"),
    ("applications.grantedition", Kind.CHANGE): Duty(
        "applications.GrantEdition", "grant__authority", "grant__buyer", "grant__item__application__seller"
    ),
    ("supervision.usagereport", Kind.REPORT_CHECK): Duty("supervision.UsageReport", "grant__authority", "grant__buyer"),
    ("supervision.certificate", Kind.CERTIFICATE): Duty(
        "supervision.Certificate", "grant__authority", "grant__buyer", "grant__item__application__seller"
    ),
    ("supervision.finding", Kind.FINDING): Duty("supervision.Finding", "authority", "party", "reviewer"),
    ("supervision.concern", Kind.CONCERN): Duty("supervision.Concern", "responder", "party", also="authority"),
    ("supervision.concern", Kind.FAULT): Duty("supervision.Concern", "responder", "party", also="authority"),
    ("supervision.concern", Kind.REPAIR): Duty("supervision.Concern", "responder", "party", also="authority"),
    ("supervision.measure", Kind.CORRECTION): SIGNED,
    ("supervision.measure", Kind.TAKE_DOWN): SIGNED,
    ("supervision.measure", Kind.HEARING): SIGNED,
    ("supervision.measure", Kind.HEARD): SIGNED,
    ("supervision.measure", Kind.JUDGEMENT): SIGNED,
    ("supervision.review", Kind.REVIEW): Duty("supervision.Review", "authority", "party", "reviewer"),
    ("supervision.incident", Kind.INCIDENT_AUTHORITY): Duty("supervision.Incident", "reporter", "reporter"),
    ("supervision.incident", Kind.INCIDENT_CYBERSPACE): Duty("supervision.Incident", "reporter", "reporter"),
    ("supervision.emergencyplan", Kind.DRILL): Duty("supervision.EmergencyPlan", "unit", "unit"),
    ("supervision.emergencyplan", Kind.EVALUATION): Duty("supervision.EmergencyPlan", "unit", "unit"),
    ("supervision.emergencyplan", Kind.RISK): Duty("supervision.EmergencyPlan", "unit", "unit"),
    ("supervision.inspection", Kind.INSPECTION_NOTICE): Duty("supervision.Inspection", "authority", "party"),
    ("supervision.inspection", Kind.INSPECTION_REPORT): Duty("supervision.Inspection", "authority", "party"),
    ("supervision.inspection", Kind.INSPECTION_ANSWER): Duty("supervision.Inspection", "party", "party"),
    ("supervision.inspection", Kind.INSPECTION_OUTCOME): Duty("supervision.Inspection", "authority", "party"),
    ("supervision.inquiry", Kind.INQUIRY): Duty("supervision.Inquiry", "authority", "party"),
}


class Due(NamedTuple):
    """An open clock that is over, its object, whose turn it is, and whose case it is."""

    clock: Clock
    obj: Any
    owner: Party
    party: Party | None  # None where it is nobody's yet
    is_instead: bool  # with non-public data, a reviewer or seller in the authority's place
    above_reviewer: Party  # to whom it goes up where a reviewer lets it lapse: who required it, or else the authority

    @property
    def authority_id(self) -> int | None:
        case = self.obj.version if isinstance(self.obj, Objection) else self.obj
        found: int | None = case.authority_id
        return found


def run_out(
    at: datetime, parties: Collection[Party | None] | None = None, clocks: "QuerySet[Clock] | None" = None
) -> Iterator[Due]:
    """Open clocks that are over, or those of them that are given, with their object and the party whose turn it is."""
    over = dict[tuple[str, str], dict[str, Clock]]()
    for clock in (Clock.objects.overdue(at) if clocks is None else clocks).order_by("pk"):
        over.setdefault((clock.object_type, clock.kind), {})[clock.object_id] = clock
    for which, duty in DUTIES.items():
        if not (by_id := over.get(which)):
            continue
        objects = apps.get_model(duty.model)._default_manager.filter(pk__in=list(by_id))
        if parties is not None:
            objects = objects.filter(_party_among(duty.party, parties))
        for obj in objects.select_related(*duty.paths).order_by("pk"):
            yield _due(by_id[str(obj.pk)], obj, duty)


def _party_among(path: str, parties: Collection[Party | None]) -> Q:
    """Cases of these parties; with None among them also those that are nobody's."""
    known = Q(**{f"{path}__in": [party for party in parties if party is not None]})
    return known | Q(**{f"{path}": None}) if None in parties else known


def due_of(clock: Clock) -> Due | None:
    """Whose duty one clock is; None where it binds nobody."""
    duty = DUTIES.get((clock.object_type, Kind(clock.kind)))
    if duty is None:
        return None
    rows = apps.get_model(duty.model)._default_manager.select_related(*duty.paths)
    return _due(clock, rows.get(pk=clock.object_id), duty)


def duties_of(owners: Collection[int]) -> Q:
    """The clocks on which it is these parties' turn, in their own name or in an authority's place."""

    def in_its_place(duty: Duty) -> Q | None:
        if not duty.instead:
            return None
        return Q(**{f"{duty.instead}__in": owners}) & ~Q(**{f"{duty.instead}__state": PartyState.ENDED})

    return clocks_of(owners) | _clocks(in_its_place)


def reviewers_up_to(authorities: Collection[int], at: datetime) -> Q:
    """The clocks on which it is a compliance reviewer's turn that go up to these authorities: as they required it, or
    as whose case it is. One that is an authority itself has a level above."""
    able = Capability.objects.filter(valid_on(local_date(at)))
    reviewing, above = (
        able.filter(kind=kind).values("party") for kind in (CapabilityKind.REVIEWER, CapabilityKind.AUTHORITY)
    )
    reviewers = Party.objects.filter(pk__in=reviewing).exclude(pk__in=above).exclude(state=PartyState.ENDED)
    keys = reviewers.values("pk")

    def up(duty: Duty) -> Q:
        theirs = Q(**{f"{duty.owner}__in": keys})
        if duty.instead:
            theirs = theirs & Q(**{duty.instead: None}) | Q(**{f"{duty.instead}__in": keys})
        to = Q(**{f"{duty.owner}__in": authorities})
        return theirs & (to & Q(**{duty.also: None}) | Q(**{f"{duty.also}__in": authorities}) if duty.also else to)

    return _clocks(up)


def dues(clocks: Sequence[Clock]) -> list[Due]:
    """Each of these clocks with its object and whose turn it is; a query for each kind of object."""
    objects = {model: _objects(model, clocks) for model in {clock.object_type for clock in clocks}}
    duties = [DUTIES[clock.object_type, Kind(clock.kind)] for clock in clocks]
    return [
        _due(clock, objects[clock.object_type][int(clock.object_id)], duty)
        for clock, duty in zip(clocks, duties, strict=True)
    ]


def officers_in_charge(clocks: Sequence[Clock]) -> dict[tuple[str, str], User]:
    """Who was given the case of each clock, by its object, where somebody was."""
    given = Assignment.objects.filter(role=AssignmentRole.OFFICER_IN_CHARGE, ended_at=None).filter(
        object_type__in={clock.object_type for clock in clocks}, object_id__in={clock.object_id for clock in clocks}
    )
    return {(one.object_type, one.object_id): one.user for one in given.select_related("user")}


def clocks_of(owners: Collection[int] | None) -> Q:
    """The clocks that bind these parties themselves, nobody in their place; of None every authority. What still runs
    of a seller that has ended is theirs again."""
    authorities = Party.objects.filter(capabilities__kind=CapabilityKind.AUTHORITY).values("pk")

    def owned(duty: Duty) -> Q:
        return Q(**{f"{duty.owner}__in": authorities if owners is None else owners})

    def own(duty: Duty) -> Q:
        return owned(duty) & Q(**{duty.instead: None}) if duty.instead else owned(duty)

    def fallen(duty: Duty) -> Q | None:
        return owned(duty) & Q(**{f"{duty.instead}__state": PartyState.ENDED}) if duty.instead else None

    return _clocks(own) | _clocks(fallen) & Q(ended_at=None)


def clocks_about(cases: Iterable[Any]) -> Q:
    """The clocks of these cases, and where grants are among them of what is about those alone."""
    keys = dict[type, list[int]]()
    for case in cases:
        keys.setdefault(type(case), []).append(case.pk)

    def about(duty: Duty) -> Q | None:
        if found := keys.get(apps.get_model(duty.model)):
            return Q(pk__in=found)
        grants = keys.get(Grant) if duty.owner.startswith("grant__") else None
        return Q(grant__in=grants) if grants else None

    return _clocks(about)


def lapses_of(owners: Collection[int] | None = None) -> Exists:
    """Clocks that had run out when their case was taken over, for these authorities or any."""
    rows = Lapse.objects.filter(clock=OuterRef("pk"), due_at=OuterRef("due_at"))
    return Exists(rows if owners is None else rows.filter(authority__in=owners))


def counting_for(clocks: Q, owners: Collection[int]) -> Q:
    """Of clocks that are these parties' today what counts for them, and what they let lapse before it was taken over:
    each lapse is whose it was when it fell due."""
    return clocks & ~lapses_of() | Q(lapses_of(owners))


def lapse_of(clock: Clock) -> Party | None:
    """Who let it lapse before its case was taken over; None where that is whoever must act."""
    return next((one.authority for one in clock.lapses.all() if one.due_at == clock.due_at), None)


def explained_by(clock: Clock) -> Due | None:
    """As `due_of`, with whoever let it lapse as its owner."""
    due, lapse = due_of(clock), lapse_of(clock)
    return due._replace(owner=lapse) if due and lapse else due


def _clocks(objects: Callable[[Duty], Q | None]) -> Q:
    found = Q(pk__in=[])
    for (object_type, kind), duty in DUTIES.items():
        if (mine := objects(duty)) is not None:
            keys = apps.get_model(duty.model)._default_manager.filter(mine).values(key=Cast("pk", CharField()))
            found |= Q(object_type=object_type, kind=kind, object_id__in=keys)
    return found


def _objects(object_type: str, clocks: Sequence[Clock]) -> dict[int, Any]:
    model = apps.get_model(object_type)
    paths = {path for (name, _kind), duty in DUTIES.items() if name == object_type for path in duty.paths}
    keys = [int(clock.object_id) for clock in clocks if clock.object_type == object_type]
    return model._default_manager.select_related(*paths, *TITLES.get(object_type, ())).in_bulk(keys)


def _due(clock: Clock, obj: Any, duty: Duty) -> Due:
    instead = _at(obj, duty.instead) if duty.instead else None
    if instead is not None and instead.state == PartyState.ENDED:
        instead = None
    owner, also = _at(obj, duty.owner), _at(obj, duty.also) if duty.also else None
    return Due(clock, obj, instead or owner, _at(obj, duty.party), instead is not None, also or owner)


def lapses_at(clock: Clock, overrides: Mapping[date, bool] | None = None) -> datetime:
    """When whoever must act is late: after a time of waiting only once the days for the act itself are over, too."""
    return _lapse(clock.kind, clock.due_at, overrides)


def _lapse(kind: str, due: datetime, overrides: Mapping[date, bool] | None) -> datetime:
    allowed = ALLOWED_AFTER.get(kind)
    return due if allowed is None else end_of_day(add_working_days(last_day(due), allowed, overrides))


def decide_by(measure: Any, overrides: Mapping[date, bool] | None = None) -> datetime | None:
    """Of a measure `with_deadline`: by when whoever signs it decides what follows from the hearing, in which the party
    speaks or is silent, from evidence or from a refusal; None where nothing is to be decided, and while a review stays
    it."""
    if measure.hearing_by is None:
        found: datetime | None = measure.judged_by
        return found
    return _lapse(Kind.HEARING, measure.hearing_by, overrides)


def lapsed(at: datetime, days: int = 0) -> Q:
    """Clocks that lapsed by `at`, or so many working days before its day."""
    today, overrides = local_date(at), calendar_overrides()

    def before(back: int) -> datetime:
        return start_of_day(add_working_days(today, -back, overrides))

    found = ~Q(kind__in=list(ALLOWED_AFTER)) & Q(due_at__lte=before(days) if days else at)
    for kind, allowed in ALLOWED_AFTER.items():
        found |= Q(kind=kind, due_at__lte=before(allowed + days))
    return found


def done_late(clocks: "QuerySet[Clock]") -> "QuerySet[Clock]":
    """Those of the clocks that ended after they had lapsed; a party's own time ends whenever its case does."""
    late = clocks.filter(ended_at__gt=F("due_at")).exclude(kind__in=list(OF_THE_PARTY))
    overrides = calendar_overrides()
    waited = late.filter(kind__in=list(ALLOWED_AFTER)).only("kind", "due_at", "ended_at")
    found = [one.pk for one in waited if one.ended_at and one.ended_at > lapses_at(one, overrides)]
    return late.filter(~Q(kind__in=list(ALLOWED_AFTER)) | Q(pk__in=found))


def explainable(clocks: "QuerySet[Clock]", at: datetime) -> "QuerySet[Clock]":
    """Those of the clocks that somebody let lapse, whether it still has to act or has acted since."""
    return clocks.filter(Q(lapsed(at), ended_at=None, paused_at=None) | Q(pk__in=done_late(clocks).values("pk")))


def went_up(at: datetime) -> Q:
    """Clocks that have gone up to the level above. After a time to correct comes a hearing: once that was opened, the
    office has done what it had to."""
    heard = Measure.objects.filter(hearing_opened_at__isnull=False).annotate(key=Cast("pk", CharField()))
    answered = Q(Exists(heard.filter(key=OuterRef("object_id"))), kind=Kind.CORRECTION)
    return lapsed(at, UP_AFTER) & ~answered


def _at(obj: Any, path: str) -> Any:
    return attrgetter(path.replace("__", "."))(obj)
