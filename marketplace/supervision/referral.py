"""The text with which a case that was not corrected is referred: made from the case, edited by whoever signs it."""

from django.utils.translation import gettext, override

from marketplace.clock import operations as clock
from marketplace.clock.defaults import Kind
from marketplace.clock.working_days import last_day, local_date
from marketplace.supervision.models import EvidenceKind, Measure


def referral_text(measure: Measure) -> str:
    """Order, facts, demand, deadline, hearing and what the party said, in Chinese: it is part of a decision."""
    assert measure.issued_at is not None and measure.hearing_opened_at is not None  # else no refusal was found
    correction = clock.newest(measure, Kind.CORRECTION)
    said = measure.evidence.filter(kind=EvidenceKind.STATEMENT).order_by("pk")
    with override("zh-hans"):
        parts = [
            gettext("%(authority)s ordered %(party)s on %(day)s to correct (No. %(number)s, %(article)s)."),
            gettext("Facts: %(facts)s"),
            gettext("What had to be corrected: %(demand)s"),
            gettext("The time to correct ended on %(due)s. The party was heard from %(heard)s on."),
            gettext("What the party said: %(said)s"),
            gettext("A refusal to correct was found. The case is referred for a decision on discipline."),
        ]
        return "\n".join(parts) % {
            "authority": measure.authority.name, "party": measure.party.name, "number": measure.number,
            "day": f"{local_date(measure.issued_at):%F}", "article": gettext(measure.article),
            "facts": measure.facts, "demand": measure.demand,
            "due": f"{last_day(correction.due_at):%F}" if correction else "–",
            "heard": f"{local_date(measure.hearing_opened_at):%F}",
            "said": " / ".join(row.text for row in said) or gettext("nothing"),
        }  # fmt: skip
