"""What every monitor is made of. A rule names its article and severity, finds its offenders and handles each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import models, transaction
from django.db.models.functions import Cast, Concat

from accounts.models import Party
from accounts.queries import People, recipients
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.notices.operations import Message, Recipient, tell, tell_each
from marketplace.supervision.models import RULES, Finding, Severity, severity_of
from marketplace.supervision.occasions import Occasion
from marketplace.supervision.operations.finding import Noticed, open_findings, told_as

WATCHER = ledger.SystemActor("sweep")
Scope = Iterable[Party | None] | None
CHUNK = 500  # cases looked at, and handled, at a time


@dataclass(frozen=True)
class Monitor:
    """One rule: `find(at, scope)` gives what is due, `handle(row, at)` says whether it did something.

    `together(rows, at)`, where there is one, handles many in one transaction and gives how many led to something.
    """

    name: str
    label: Any
    article: str
    find: Callable[[datetime, Scope], Iterable[Any]]
    handle: Callable[[Any, datetime], bool]
    authority: Callable[[Any], int | None] = attrgetter("grant.authority_id")  # of a row: whose rules are asked
    severity: str = Severity.ROUTINE
    together: Callable[[Sequence[Any], datetime], int] | None = None


class Case(NamedTuple):
    """Something that is so today. `key` is its occasion: the same on every day on which it still is so."""

    key: str
    about: Any
    party: Party | None  # in whose scope it is; of nobody's case None
    authority_id: int | None
    words: Mapping[str, Any] = {}
    row: Any = None  # what must not change while the case is handled, where that is not what it is about

    @property
    def locked(self) -> Any:
        return self.about if self.row is None else self.row


Cases = Callable[[datetime, Scope], Iterable[Case]]
Told = Sequence[tuple[Iterable[Recipient], str, str]]  # people, the kind of notice, its link


def reminder(
    name: str, label: Any, article: str, cases: Cases, told: Callable[[Case, People], Told],
    severity: str = Severity.ROUTINE,
) -> Monitor:  # fmt: skip
    """A monitor that reminds: of each case once, if it still is one when its turn comes."""

    @transaction.atomic
    def together(found: Sequence[Case], at: datetime) -> int:
        still = _still_so(cases, _free(found), at)
        new = Occasion.claim([case.key for case in still], at)
        people, begun, messages = People(at), ledger.begin("remind", WATCHER, at, article), list[Message]()
        for case in (case for case in still if case.key in new):
            messages += [Message(begun, *each, case.key, case.words) for each in told(case, people)]
        tell_each(messages)
        return len(new)

    def find(at: datetime, scope: Scope) -> Iterator[Case]:
        return _new(Occasion.objects.all(), "key", cases(at, scope))

    return _of_cases(name, label, article, find, together, severity)


def watch(name: str, label: Any, article: str, cases: Cases, told: Callable[[Case, Finding, People], Told]) -> Monitor:
    """A monitor that opens a finding about the grant or version of each case, once, and again where it was
    remedied and is so again; who answers it is told."""

    @transaction.atomic
    def together(found: Sequence[Case], at: datetime) -> int:
        still = {case.key: case for case in _still_so(cases, _free(found), at)}
        acts = {key: ledger.begin("notice", WATCHER, at, article) for key in still}
        noticed = [Noticed(acts[case.key], case.about, case.key, case.words) for case in still.values()]
        people, messages = People(at), list[Message]()
        opened = open_findings(noticed, name, article)
        keys = told_as(opened)
        for finding in opened:
            case = still[finding.occasion_key]
            words = {**case.words, "what": RULES[name], "about": case.about}
            messages += [Message(acts[case.key], *each, keys[case.key], words) for each in told(case, finding, people)]
        tell_each(messages)
        return len(opened)

    def find(at: datetime, scope: Scope) -> Iterator[Case]:
        return _new(Finding.objects.noticed(), "occasion_key", cases(at, scope))

    return _of_cases(name, label, article, find, together, severity_of(name))


def _of_cases(
    name: str, label: Any, article: str, find: Cases, together: Callable[[Sequence[Case], datetime], int], severity: str
) -> Monitor:
    def handle(case: Case, at: datetime) -> bool:
        return bool(together([case], at))

    return Monitor(name, label, article, find, handle, attrgetter("authority_id"), severity, together)


def answerers(case: Case, finding: Finding, people: People) -> Told:
    """Whoever answers a finding: of non-public data the compliance reviewer in the authority's place."""
    return [(people(finding.signatory, finding.party), "finding_opened", finding.get_absolute_url())]


def answerers_and_seller(case: Case, finding: Finding, people: People) -> Told:
    """Of non-public data the seller as well, whose contract it is."""
    told = answerers(case, finding, people)
    if finding.reviewer_id is None:
        return told
    return [*told, (people(case.about.product.seller, finding.party), "terms_broken", case.about.get_absolute_url())]


def answerers_and_party(case: Case, finding: Finding, people: People) -> Told:
    """The party as well, where it can mend by itself what was noticed."""
    public = case.about.product.get_absolute_url() if finding.version_id else case.about.get_absolute_url()
    return [*answerers(case, finding, people), (people(finding.party), "duty_undone", public)]


def _free(found: Sequence[Case]) -> list[Case]:
    """The cases whose row nobody else is changing just now, locked until the transaction ends: what another sweep holds
    it handles itself, and what is being decided waits for the next. SQLite, which has one writer, locks none."""
    free, keys = set[tuple[type, Any]](), dict[type[models.Model], set[Any]]()
    for case in found:
        if isinstance(case.locked, models.Model):
            keys.setdefault(type(case.locked), set()).add(case.locked.pk)
    for model, pks in keys.items():
        rows = model._base_manager.filter(pk__in=pks).order_by("pk")
        free |= {
            (model, pk) for pk in rows.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        }
    return [case for case in found if type(case.locked) not in keys or (type(case.locked), case.locked.pk) in free]


def _still_so(cases: Cases, found: Sequence[Case], at: datetime) -> list[Case]:
    """Look again: what was done or decided since the sweep looked is not overtaken."""
    parties = {case.party for case in found}
    keys = {case.key for case in cases(at, parties)} if parties else set()
    return [case for case in found if case.key in keys]


def _new(rows: Any, field: str, cases: Iterable[Case]) -> Iterator[Case]:
    """The cases whose occasion is new, those of a party together."""
    found = sorted(cases, key=lambda case: case.party.pk if case.party else 0)
    for first in range(0, len(found), CHUNK):
        chunk = found[first : first + CHUNK]
        keys = [case.key for case in chunk]
        known = set(rows.filter(**{f"{field}__in": keys}).values_list(field, flat=True))
        yield from (case for case in chunk if case.key not in known)


def unsaid(rows: Any, *parts: Any, log: Any = Occasion, field: str = "key") -> Any:
    """The rows whose occasion, the key that these parts make up, was not kept yet: asked of the database, for there may
    be a hundred times as many that were. A date in a key is written as ISO does, a moment as its day in UTC."""
    key = Concat(*parts, output_field=models.CharField())
    return rows.annotate(occasion=key).filter(
        ~models.Exists(log._default_manager.filter(**{field: models.OuterRef("occasion")}))
    )


def text(expression: Any) -> Cast:
    return Cast(expression, models.CharField())


def within(queryset: Any, scope: Scope, path: str) -> Any:
    """The rows of the given parties; of all when no scope is given."""
    return queryset if scope is None else queryset.filter(**{f"{path}__in": list(scope)})


def tell_once(at: datetime, party: Party, kind: str, link: str, key: str, **context: Any) -> bool:
    """Send a notice whose occasion is `key`; whether it was new."""
    people = recipients(party, at)
    known = Outbox.objects.filter(dedup_key__in=[f"{kind}:page:{to.ref}:{key}" for to in people]).count()
    if known == len(people):
        return False
    with transaction.atomic():
        tell(ledger.begin("remind", WATCHER, at), people, kind, link=link, key=key, **context)
    return True
