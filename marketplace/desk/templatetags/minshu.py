"""What the templates need beyond Django: buttons of verbs, badges of states, sentences of reasons, dates."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.evidence import pages
from accounts.models import CapabilityKind
from listings import difference, engine_words, recipe_words
from listings.in_house import told_of
from listings.queries import pseudonym_columns, shown_assessment, shown_sample
from listings.queries import upstream_conditions as conditions_of
from listings.reasons import sentence
from listings.release_bounds import LABELS, VALUES
from listings.search import highlight as hits
from listings.states import REVIEWER
from marketplace.applications.states import DECIDER
from marketplace.clock.operations import days_used
from marketplace.clock.working_days import local_date
from marketplace.delivery.gate import SENTENCES
from marketplace.desk import words
from marketplace.supervision.closeout import CHECKER
from marketplace.supervision.register import shown_conditions
from marketplace.supervision.states import SIGNATORY

register = template.Library()

GOOD = {"agreed", "published", "approved", "accepted", "consented", "verified", "lifted", "remedied"}
BAD = {
    "refused", "recalled", "terminated", "barred", "held", "flagged", "refused_to_correct", "issued", "annulled",
    "revoked",
}  # fmt: skip
OVER = {
    "withdrawn", "retired", "discarded", "declined", "closed", "surrendered", "dropped", "dismissed", "ended",
    "no_answer", "merged", "split_off",
}  # fmt: skip


@register.inclusion_tag("components/state.html")
def state(obj: Any) -> dict[str, Any]:
    """The state of an object as a badge: its word first, a colour besides."""
    tone = next(
        (tone for tone, states in (("good", GOOD), ("bad", BAD), ("over", OVER)) if obj.state in states), "open"
    )
    return {"label": obj.get_state_display(), "tone": tone}


@register.inclusion_tag("components/verbs.html")
def verbs(available: Iterable[Any], obj: Any, noun: str, small: bool = False, lead: bool = True) -> dict[str, Any]:
    """Links to what this person can do with `obj`; `noun` is `<namespace>:<noun>`.

    The first of the table that may lead does; dangerous ones stand apart.
    Where two answers are equal (consent or objection), `lead=False`.
    """
    links = [(verb, reverse(f"{noun}-{verb.name}", args=[obj.pk])) for verb in available]
    return {
        "lead": next((verb for verb, _url in links if not (verb.danger or verb.aside)), None) if lead else None,
        "plain": [link for link in links if not link[0].danger],
        "dangerous": [link for link in links if link[0].danger],
        "small": small,
        "object": obj,
    }


@register.inclusion_tag("components/clocks.html")
def clocks(running: Iterable[Any]) -> dict[str, Any]:
    """Running deadlines with their net and gross days."""
    return {"rows": days_used(running, timezone.now())}


@register.inclusion_tag("components/evidence.html")
def evidence(case: Any, name: str) -> dict[str, Any]:
    """The files of a case, for a page whose reader may read them; `name` is that of their address."""
    return {"files": pages.listed(case, name)}


@register.inclusion_tag("components/due.html")
def due(at: datetime | None, still_since: datetime | None = None) -> dict[str, Any]:
    """A deadline as its last day; said in words when it is over, or that it stands still."""
    if still_since is not None:
        return {"still_since": still_since}
    if at is None:
        return {"day": None}
    return {"day": last_day(at), "is_over": at <= timezone.now()}


@register.inclusion_tag("components/due.html")
def due_moment(at: datetime) -> dict[str, Any]:
    """A deadline that is counted in hours, to the minute."""
    return {"moment": at, "is_over": at <= timezone.now()}


@register.filter
def last_day(at: datetime) -> Any:
    """The last day of a period that ends at `at`: 24:00 of that day is 0:00 of the next."""
    return local_date(at - timedelta(microseconds=1))


@register.filter
def moment(iso: str) -> datetime:
    """A time that is kept as text, as a time."""
    return datetime.fromisoformat(iso)


@register.filter
def owner(obj: Any) -> Any:
    """Who has to act in the present state; empty when nobody has."""
    who = obj.machine.owners.get(obj.state, "")
    if who is REVIEWER and hasattr(obj, "reviewer_id"):
        return (CapabilityKind.REVIEWER if obj.reviewer_id else CapabilityKind.AUTHORITY).label
    if who is DECIDER and hasattr(obj, "seller_id"):
        return (CapabilityKind.SELLER if obj.seller_id else CapabilityKind.AUTHORITY).label
    if who is SIGNATORY:
        return (CapabilityKind.AUTHORITY if obj.is_left else CapabilityKind(obj.rules.issuer)).label
    if who is CHECKER:
        return (CapabilityKind.AUTHORITY if obj.grant.product.is_public_data else CapabilityKind.SELLER).label
    return who


@register.filter
def reason(item: Mapping[str, Any]) -> str:
    """A reason of an assessment as a sentence in the reader's language."""
    return sentence(item["code"], item["params"])


@register.filter
def why_found(code: str) -> Any:
    """Why the engine takes a cell for an identifier."""
    return engine_words.WHY.get(code, code)


@register.filter
def attack_name(method: str) -> Any:
    return engine_words.ATTACKS.get(method, method)


@register.filter
def attack_level(level: str) -> Any:
    """How an attack ended, as seen by whoever protects the data."""
    return engine_words.LEVELS.get(level, level)


@register.filter
def by_column(report: Mapping[str, Any]) -> list[tuple[Any, list[Any]]]:
    """What speaks against the file, column by column; what no single column is to blame for comes last, under None."""
    columns: dict[Any, list[Any]] = {}
    for item in report.get("reasons", []):
        columns.setdefault(item.get("column"), []).append(item)
    return sorted(columns.items(), key=lambda row: row[0] is None)


@register.filter
def to_look_at(report: Mapping[str, Any]) -> list[Any]:
    """What does not fail the file, but a person should look at: warnings, and columns that may yet be restorable."""
    return [*report.get("warnings", []), *(one for one in report.get("restorable", []) if one["level"] == "warns")]


@register.filter
def article(name: str) -> str:
    """“Art. 16” in the reader's language."""
    return gettext(name) if name else ""


@register.filter
def highlight(text: str, query: str) -> str:
    """Hits of the search in `<mark>`; the text is escaped."""
    return hits.highlight(text, query) if query else text


@register.filter
def excerpt(text: str, query: str) -> str:
    """The text around its first hit, or nothing."""
    return hits.excerpt(text, query) if query else ""


@register.filter
def act(verb: str) -> Any:
    """A ledger entry's verb in the reader's language."""
    return words.ACTS.get(verb, verb)


@register.filter
def effect(verb: Any, obj: Any) -> Any:
    """What a verb does, told to the person about to do it."""
    return words.EFFECTS.get((obj._meta.label_lower, verb.name), "")


@register.filter
def kind(obj: Any) -> Any:
    """What an object is called: application, grant, order …"""
    return obj._meta.verbose_name


@register.filter
def word(value: str) -> Any:
    """A stored code word (delivery mode, identifier kind, column type, monitor, gate's answer) for people."""
    return words.WORDS.get(value, value)


@register.filter
def recipe_step(facts: dict[str, Any]) -> str:
    """A recorded step of a recipe, {do, parameters, …}, as a sentence."""
    return recipe_words.step_sentence({"do": facts["do"], **facts["parameters"]})


@register.filter
def why_now(history: Iterable[Any], obj: Any) -> Any:
    """The newest row of the history that brought `obj` into its present state, if it gives a text."""
    label = obj._meta.label_lower
    rows = [row for row in history if (row.entry.object_type, row.entry.object_id) == (label, str(obj.pk))]
    found = next((row for row in reversed(rows) if row.entry.new == obj.state), None)
    return found if found is not None and found.text else None


@register.filter
def upstream_conditions(product: Any) -> Any:
    """What binds whoever gets a product that was built under grants; nothing for any other."""
    return conditions_of(product)


@register.filter
def shown_to(conditions: Any, user: Any) -> Any:
    """Conditions that travel along, without the number of a grant that would tell this reader whose it is."""
    return shown_conditions(conditions, user)


@register.filter
def in_house(version: Any) -> Any:
    """The newest report made in house beside what the site found of the same file; None where there is none."""
    return told_of(version)


@register.filter
def bound(name: str) -> Any:
    """What a bound of a release rule asks for."""
    return LABELS.get(name, name)


@register.filter
def figure(value: str) -> Any:
    """What a bound wants or found: a figure as it is, a code in words."""
    return VALUES.get(value, value)


@register.filter
def gate_word(code: str) -> Any:
    """What the gate answered, as a sentence."""
    return SENTENCES.get(code, words.WORDS.get(code, code))


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    return mapping.get(key)


@register.filter
def percent(share: float) -> str:
    return f"{100 * share:.4g}%"


@register.filter
def sorted_by(rows: Iterable[Any], name: str) -> list[Any]:
    """Rows that were fetched without an order."""
    return sorted(rows, key=lambda row: getattr(row, name))


@register.filter
def place(region: Any) -> str:
    """A region's name in the reader's language."""
    return region.name if (get_language() or "").startswith("zh") else region.name_en


@register.filter
def has_required(form: Any) -> bool:
    return any(field.field.required for field in form.visible_fields())


@register.filter
def has_files(form: Any) -> bool:
    return bool(form.is_multipart())


YES, NO = _("yes"), _("no")


@register.filter
def yes(value: bool) -> Any:
    return YES if value else NO


register.filter("pseudonym_columns", pseudonym_columns)


@register.filter
def passed_assessment(version: Any) -> Any:
    """The newest assessment that a version passed: what everybody is shown."""
    return shown_assessment(version, insider=False)


register.filter("shown_sample", shown_sample)


@register.filter
def differences(change: Any) -> Any:
    """The fields that a change of a description changes, both texts in pieces."""
    return difference.differences(change.before, change.after)
