"""How far somebody reaches: the keys of their parties, looked up once, by which everything they may see is found."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import FilteredRelation, Model, Q
from django.http import HttpRequest, HttpResponse

from accounts.models import CapabilityKind, PartyState, RegionLevel, valid_on
from accounts.queries import memberships
from accounts.recusal import Recusal
from marketplace import elsewhere
from marketplace.clock.working_days import local_date


@dataclass(frozen=True)
class Reach:
    """The user's parties with those merged into them, and which of them, in good standing, have which capability."""

    parties: tuple[int, ...] = ()
    able: frozenset[tuple[str, int]] = frozenset()
    is_province: bool = False  # the province sees every case
    names: tuple[str, ...] = ()  # of the parties that the user belongs to
    kinds: frozenset[str] = frozenset()  # what they were admitted as, be their standing good or not

    def acting(self, kind: str) -> tuple[int, ...]:
        """Those of the parties that have a capability, as `parties_as`."""
        return tuple(sorted(party for held, party in self.able if held == kind))

    @property
    def authorities(self) -> tuple[int, ...]:
        return self.acting(CapabilityKind.AUTHORITY)

    @property
    def reviewers(self) -> tuple[int, ...]:
        return self.acting(CapabilityKind.REVIEWER)


Kept = dict[tuple[Any, ...], Any]
_kept: ContextVar[Kept | None] = ContextVar("reach", default=None)


@contextmanager
def kept() -> Iterator[None]:
    """For what only reads, a page that is looked at: nobody's reach changes in between, so each is looked up once."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


class LooksOnly:
    """Middleware: within a page that is looked at; what is sent is judged by what holds at each step."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        with kept():
            return self.get_response(request)


def reach_of(user: Any, at: datetime) -> Reach:
    """What `parties_of` and `parties_as` say of a user at `at`, as keys, in one query; of nobody nothing, in none."""
    if not user.is_authenticated or not user.is_active:
        return Reach()
    known, day = _kept.get(), local_date(at)
    if known is None:
        return _look_up(user, at, day)
    place = elsewhere.current()
    key = (place.key_prefix if place else "", user.pk, user.credential, day)
    if key not in known:
        known[key] = _look_up(user, at, day)
    return known[key]


def _look_up(user: Any, at: datetime, day: date) -> Reach:
    valid = valid_on(day, "party__capabilities__")
    rows = memberships(user, at).annotate(able=FilteredRelation("party__capabilities", condition=valid))
    found = list(
        rows.values_list(
            "party",
            "party__predecessors",
            "party__state",
            "party__verified_until",
            "able__kind",
            "able__level",
            "party__name",
        )
    )
    keys = {key for party, former, *_rest in found for key in (party, former) if key is not None}
    acting = [
        (party, kind, level)
        for party, _former, state, until, kind, level, _name in found
        if kind and state == PartyState.VERIFIED and until and until >= day
    ]
    return Reach(
        parties=tuple(sorted(keys)),
        able=frozenset((kind, party) for party, kind, _level in acting),
        is_province=any(level == RegionLevel.PROVINCE for _party, _kind, level in acting),
        names=tuple(sorted({row[-1] for row in found})),
        kinds=frozenset(row[4] for row in found if row[4]),
    )


def found_by(model: type[Model], *ways: Q) -> Q:
    """The rows to which one of the ways leads. Each way is a query of its own, served by an index of its own: no
    database finds an index for conditions on several tables that are joined by OR."""
    first, *rest = (model._base_manager.filter(way).values("pk") for way in ways)
    return Q(pk__in=first.union(*rest, all=True) if rest else first)


def stepped_back(people: Iterable[int], model: type[Model]) -> Q:
    """The rows from which one of these people has stepped back, or from a case that they came of (Art. 45).

    A model names the relations to the cases that its rows come of in `comes_of`.
    """
    ways = _ways_back(_recused(tuple(people)), model)
    return found_by(model, *ways) if ways else Q(pk__in=())


def _ways_back(recused: dict[str, list[int]], model: type[Model]) -> list[Q]:
    ways = [Q(pk__in=recused[model._meta.label_lower])] if model._meta.label_lower in recused else []
    for name in getattr(model, "comes_of", ()):
        before: type[Model] = model._meta.get_field(name).related_model  # type: ignore[assignment]
        if further := _ways_back(recused, before):
            ways.append(Q(**{f"{name}__in": before._base_manager.filter(found_by(before, *further)).values("pk")}))
    return ways


def _recused(people: tuple[int, ...]) -> dict[str, list[int]]:
    """The keys of the cases from which these people have stepped back, by kind of case: mostly none."""
    known, place = _kept.get(), elsewhere.current()
    key = ("recused", place.key_prefix if place else "", people)
    if known is not None and key in known:
        return known[key]
    found = dict[str, list[int]]()
    for kind, pk in Recusal.objects.filter(user__in=people).values_list("object_type", "object_id"):
        found.setdefault(kind, []).append(int(pk))
    if known is not None:
        known[key] = found
    return found
