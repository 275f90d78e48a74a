"""What every monitor is made of. A rule names its article and severity, finds its offenders and handles each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import models, transaction
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from accounts.models import Party
from accounts.queries import recipients
from marketplace.ledger import entries as ledger
from marketplace.notices.models import Outbox
from marketplace.notices.operations import Recipient, tell
from marketplace.supervision.models import RULES, Finding
from marketplace.supervision.occasions import Occasion
from marketplace.supervision.operations.finding import open_finding

WATCHER = ledger.SystemActor("sweep")
Scope = Iterable[Party | None] | None
CHUNK = 500  # keys of occasions looked up at a time


class Severity(models.TextChoices):
    """What an officer may take first."""

    ROUTINE = "routine", _("routine")
    DUTY = "duty", _("a duty not done")
    BREACH = "breach", _("a possible breach")


@dataclass(frozen=True)
class Monitor:
    """One rule: `find(at, scope)` gives what is due, `handle(row, at)` says whether it did something."""

    name: str
    label: Any
    article: str
    find: Callable[[datetime, Scope], Iterable[Any]]
    handle: Callable[[Any, datetime], bool]
    authority: Callable[[Any], int | None] = attrgetter("grant.authority_id")  # of a row: whose rules are asked
    severity: str = Severity.ROUTINE


class Case(NamedTuple):
    """Something that is so today. `key` is its occasion: the same on every day on which it still is so."""

    key: str
    about: Any
    party: Party | None  # in whose scope it is; of nobody's case None
    authority_id: int | None
    words: Mapping[str, Any] = {}


Cases = Callable[[datetime, Scope], Iterable[Case]]
Told = Sequence[tuple[Iterable[Recipient], str, str]]  # people, the kind of notice, its link


def reminder(
    name: str, label: Any, article: str, cases: Cases, told: Callable[[Case, datetime], Told],
    severity: str = Severity.ROUTINE,
) -> Monitor:  # fmt: skip
    """A monitor that reminds: of each case once, if it still is one when its turn comes."""

    @transaction.atomic
    def handle(case: Case, at: datetime) -> bool:
        if not _is_so(cases, case, at) or not Occasion.claim(case.key, at):
            return False
        begun = ledger.begin("remind", WATCHER, at, article)
        for people, kind, link in told(case, at):
            tell(begun, people, kind, link=link, key=case.key, **case.words)
        return True

    def find(at: datetime, scope: Scope) -> Iterator[Case]:
        return _new(Occasion.objects.all(), "key", cases(at, scope))

    return Monitor(name, label, article, find, handle, attrgetter("authority_id"), severity)


def watch(
    name: str, label: Any, article: str, cases: Cases, told: Callable[[Case, Finding, datetime], Told],
    severity: str = Severity.DUTY,
) -> Monitor:  # fmt: skip
    """A monitor that opens a finding about the grant or version of each case, once; who answers it is told."""

    @transaction.atomic
    def handle(case: Case, at: datetime) -> bool:
        type(case.about).objects.select_for_update().get(pk=case.about.pk)
        if not _is_so(cases, case, at):
            return False
        begun = ledger.begin("notice", WATCHER, at, article)
        finding = open_finding(begun, case.about, name, case.key, article, **case.words)
        if finding is None:
            return False
        for people, kind, link in told(case, finding, at):
            tell(begun, people, kind, link=link, key=case.key, what=RULES[name], about=case.about)
        return True

    def find(at: datetime, scope: Scope) -> Iterator[Case]:
        return _new(Finding.objects.all(), "occasion_key", cases(at, scope))

    return Monitor(name, label, article, find, handle, attrgetter("authority_id"), severity)


def answerers(case: Case, finding: Finding, at: datetime) -> Told:
    """Whoever answers a finding: of non-public data the compliance reviewer in the authority's place."""
    return [(recipients(finding.reviewer or finding.authority, at), "finding_opened", finding.get_absolute_url())]


def answerers_and_party(case: Case, finding: Finding, at: datetime) -> Told:
    """The party as well, where it can mend by itself what was noticed."""
    public = case.about.product.get_absolute_url() if finding.version_id else case.about.get_absolute_url()
    return [*answerers(case, finding, at), (recipients(finding.party, at), "duty_undone", public)]


def _is_so(cases: Cases, case: Case, at: datetime) -> bool:
    """Look again: what was done or decided since the sweep looked is not overtaken."""
    return any(found.key == case.key for found in cases(at, [case.party]))


def _new(rows: Any, field: str, cases: Iterable[Case]) -> Iterator[Case]:
    """The cases whose occasion is new."""
    found = list(cases)
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
