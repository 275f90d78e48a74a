"""Orders, notices, take-downs, what becomes of them, decisions on reviews, checked certificates: numbered documents."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext, gettext_noop, override

from accounts.models import Party
from listings.models import Version
from listings.states import IN_USE, VersionState
from marketplace.applications.models import Grant
from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import add_working_days, due_after, last_day, local_date
from marketplace.documents.models import Paper
from marketplace.documents.operations import Sections, write_document
from marketplace.ledger import entries as ledger
from marketplace.supervision.closeout import Certificate, checker_of
from marketplace.supervision.measure_kinds import Issuer
from marketplace.supervision.models import GrantOutcome, Measure
from marketplace.supervision.review import Review
from marketplace.supervision.states import STANDING_MEASURE, ReviewState

# What the documents of a seller's notice and of a take-down are called, by what those of an order are.
CALLED: dict[str, dict[str, str]] = {
    Issuer.AUTHORITY: {},
    Issuer.SELLER: {
        Paper.ORDER: Paper.NOTICE,
        Paper.EXTENSION: Paper.NOTICE_EXTENSION,
        Paper.LIFTING: Paper.NOTICE_LIFTING,
        Paper.TERMINATION: Paper.NOTICE_TERMINATION,
        Paper.ANNULMENT: Paper.NOTICE_ANNULMENT,
    },
    Issuer.REVIEWER: {
        Paper.CORRECTION: Paper.TAKE_DOWN,
        Paper.LIFTING: Paper.TAKE_DOWN_LIFTING,
        Paper.ANNULMENT: Paper.TAKE_DOWN_ANNULMENT,
    },
}
ISSUED = (Paper.ORDER, Paper.CORRECTION)
# by who required it, where somebody did
CLOSING = (Paper.TAKE_DOWN_LIFTING, Paper.TAKE_DOWN_ANNULMENT, Paper.TAKE_DOWN_FINAL)
WITH_FACTS = (*ISSUED, Paper.HEARING, Paper.REFUSAL_FOUND)
WITH_DEADLINE = (*ISSUED, Paper.EXTENSION)


def write_measure(act: ledger.Act, measure: Measure, kind: str, reason: str = "", remedy: str = "") -> None:
    """Part of issuing a measure, extending its time, giving notice of intent, finding a refusal, lifting, ending and
    annulling it: in the name of who signs it. A take-down made final has its own. Nobody reviews what a seller says."""
    issuer, has_facts = measure.rules.issuer, kind in WITH_FACTS
    sections = (
        *_about(measure),
        (gettext_noop("Facts"), measure.facts if has_facts else ""),
        (gettext_noop("What has to be corrected"), measure.demand if has_facts else ""),
        (gettext_noop("Deadline to correct"), _until(measure, Kind.CORRECTION) if kind in WITH_DEADLINE else ""),
        (gettext_noop("Grants concerned"), _grants(measure)),
        (gettext_noop("Reason"), reason),
        (gettext_noop("A statement can be made until"), _until(measure, Kind.HEARING) if kind == Paper.HEARING else ""),
        (gettext_noop("Remedy"), remedy),
        (gettext_noop("A review can be asked for until"), _term(act.at) if remedy and issuer != Issuer.SELLER else ""),
    )
    _write(act, measure, CALLED[issuer].get(kind, kind), sections)


def write_final(
    act: ledger.Act, measure: Measure, recalled: Sequence[Version], *, reason: str, remedy: str
) -> None:  # fmt: skip
    """Part of making a take-down final: what is recalled by it, by which rule and for which facts."""
    sections = (
        *_of_take_down(measure),
        (gettext_noop("Versions recalled, never to be served again"), _named(recalled)),
        (gettext_noop("Facts"), measure.facts),
        (gettext_noop("What had to be corrected"), measure.demand),
        (gettext_noop("Reason"), reason),
        (gettext_noop("Remedy"), remedy),
        (gettext_noop("A review can be asked for until"), _term(act.at)),
    )
    _write(act, measure, Paper.TAKE_DOWN_FINAL, sections)


def _write(act: ledger.Act, measure: Measure, kind: str, sections: Sections) -> None:
    issuer = measure.closer if kind in CLOSING else measure.answering
    served = due_after(act.at, clock.days(Kind.SERVICE))
    write_document(
        act, measure, kind, issuer=issuer, party=measure.party, sections=sections, deemed_served_at=served
    )  # fmt: skip


def _about(measure: Measure) -> Sections:
    """The order or notice; of a take-down what it holds or, once it holds it no more, what is served again."""
    if measure.rules.issuer == Issuer.SELLER:
        return (
            (gettext_noop("Number of the notice"), measure.number or ""),
            (gettext_noop("Clause or rule that is broken"), measure.clause),
        )
    if measure.version is None:
        return ((gettext_noop("Order"), measure.number or ""),)
    reached = measure.version.product.versions.order_by("pk")
    if not measure.whole_product:
        reached = reached.filter(pk=measure.version.pk)
    if measure.state in STANDING_MEASURE:
        held = (gettext_noop("Versions not served while it stands"), _named(reached.filter(state__in=IN_USE)))
    else:
        held = (gettext_noop("Versions served again"), _named(reached.filter(state=VersionState.PUBLISHED)))
    return (*_of_take_down(measure), held)


def _of_take_down(measure: Measure) -> Sections:
    return (
        (gettext_noop("Number of the take-down"), measure.number or ""),
        (gettext_noop("What is taken down"), str(measure.taken_down)),
        (gettext_noop("Clause or rule that is broken"), measure.clause),
        (gettext_noop("Required by"), measure.required_by.name if measure.required_by else ""),
    )


def _named(versions: Iterable[Version]) -> str:
    return "\n".join(map(str, versions))


def _grants(measure: Measure) -> str:
    """Those that it is about: not what a review has freed of it. Of one that was never in force it is said."""
    rows = measure.held.exclude(outcome=GrantOutcome.ANNULLED).select_related("grant__product").order_by("pk")
    with override("zh-hans"):
        return "\n".join(f"{row.grant.number} {row.grant.product.title}{_never_in_force(row.grant)}" for row in rows)


def _never_in_force(grant: Grant) -> str:
    return "" if grant.activated_at else f" · {grant.get_state_display()}"


def _until(measure: Measure, kind: str) -> str:
    """The last day of that time or, while a review has stayed it and no day is known, its length."""
    given = clock.of(measure).open().filter(kind=kind).first()
    if given is None or given.paused_at is None:
        return str(last_day(given.due_at)) if given else ""
    with override("zh-hans"):
        return gettext("%(days)s working days in all, not counting those for which a review has stayed this") % {
            "days": given.working_days + given.extended_days,
        }  # fmt: skip


def _term(at: datetime) -> str:
    """Counted from when the party opens it, and at the latest from the day on which it counts as served."""
    served, days = last_day(due_after(at, clock.days(Kind.SERVICE))), clock.days(Kind.REVIEW_TERM)
    with override("zh-hans"):
        return gettext("%(day)s at the latest: %(days)s working days after it is opened, or counts as served") % {
            "day": add_working_days(served, days), "days": days,
        }  # fmt: skip


def write_review(act: ledger.Act, review: Review, issuer: Party, days: int | None, freed: str) -> None:
    """Part of deciding a review: against what, why it was asked for, the decision with what it changes."""
    subject = review.subject
    number = getattr(subject, "number", "") or getattr(getattr(subject, "application", None), "number", "")
    said = review.against
    with override("zh-hans"):
        outcome = str(ReviewState(review.state).label)
    sections = (
        (gettext_noop("Review"), review.number),
        (
            gettext_noop("What it is asked against"),
            f"{number} {subject}" if str(number) not in str(subject) else str(subject),
        ),
        (gettext_noop("What was decided"), "\n".join(said[k] for k in ("facts", "demand", "reason") if k in said)),
        (gettext_noop("Why it is asked for"), review.text),
        (gettext_noop("Decision"), outcome),
        (gettext_noop("Working days to correct, from today"), str(days or "")),
        (gettext_noop("Grants that it holds no longer"), freed),
        (gettext_noop("Reason"), review.reason),
        (gettext_noop("Remedy"), review.remedy),
    )
    write_document(act, review, Paper.REVIEW, issuer=issuer, party=review.party, sections=sections)


def write_certificate(act: ledger.Act, certificate: Certificate) -> None:
    """Part of accepting a certificate of destruction: what was certified, and who checked it when."""
    grant = certificate.grant
    kept = "\n".join(filter(None, (certificate.kept, certificate.kept_why)))
    sections = (
        (gettext_noop("Grant"), f"{grant.number} {grant.product.title}"),
        (gettext_noop("What was destroyed"), certificate.destroyed),
        (gettext_noop("Where"), certificate.places),
        (gettext_noop("How it was destroyed"), certificate.method),
        (gettext_noop("Who destroyed it"), certificate.done_by),
        (gettext_noop("Day of the destruction"), str(certificate.destroyed_on)),
        (gettext_noop("Kept, because a law says so"), kept),
        (gettext_noop("Filed"), f"{certificate.filed_by} {local_date(certificate.filed_at)}"),
        (gettext_noop("Checked and accepted"), f"{certificate.checked_by} {local_date(act.at)}"),
    )
    write_document(act, certificate, Paper.CERTIFICATE, issuer=checker_of(grant), party=grant.buyer, sections=sections)
