"""From figures to a verdict: reasons, grade, delivery modes, passes or not."""

from collections.abc import Iterator
from dataclasses import dataclass

from .classes import Measures
from .identifiers import IdentifierHit
from .report import Figures, Reason, Report
from .roles import Suggestion
from .rules import Rules

_NAMED_COLUMNS = 6
# where a thing stands or how an office is reached; in rows about somebody, where that one lives (decision 240)
OF_THINGS = frozenset({"coordinates", "address", "landline", "ip"})


@dataclass(frozen=True)
class Measured:
    """One choice of quasi-identifiers and of the subject, and what it comes to."""

    quasi_identifiers: list[str]
    subject: str | None
    measures: Measures

    def figures(self) -> Figures:
        measures = self.measures
        return Figures(
            quasi_identifiers=self.quasi_identifiers,
            subject=self.subject,
            subjects=measures.subjects,
            k=measures.k,
            l_distinct=measures.l_distinct,
            l_entropy=measures.l_entropy,
            l_recursive=measures.l_recursive,
            t=measures.t,
            t_equal=measures.t_equal,
            unique_share=measures.unique_share,
            classes=measures.classes,
            class_sizes=measures.class_sizes,
            size_bands=measures.size_bands,
            risk=measures.risk,
        )


@dataclass(frozen=True)
class Findings:
    """All that was found in a file, its columns called as the report calls them. About nobody `marked` is None."""

    rows: int
    about: str
    subject: str | None
    sensitive: list[str]
    hits: list[IdentifierHit]
    declared: list[str]
    suggestions: list[Suggestion]
    suggested_subject: str | None
    keys: list[str]
    marked: Measured | None
    together: Measured | None


def report(found: Findings, *, rules: Rules, mode: str) -> Report:
    """The report of an assessment for delivery by `mode`."""
    reasons = [_identifier_reason(hit) for hit in found.hits if not is_of_things(hit, found.about)]
    reasons += [Reason(column, "declared_identifier", {"column": column}) for column in found.declared]
    direct = bool(reasons)
    if found.marked is None or found.together is None:
        reasons += _reasons_about_nobody(found)
    else:
        reasons += _reasons_about_somebody(found, found.marked, found.together, rules, mode)
    figures = found.marked.figures() if found.marked else Figures([], found.subject)
    return Report(
        **vars(figures),
        rows=found.rows,
        about=found.about,
        sensitive=found.sensitive,
        identifiers=found.hits,
        suggested_quasi_identifiers=[suggestion.column for suggestion in found.suggestions],
        suggestions=found.suggestions,
        suggested_subject=found.suggested_subject,
        with_suggested=found.together.figures() if found.together else None,
        allowed_modes=_modes(found, rules, reasons),
        grade=1 if direct else 2 if reasons else 3 if found.marked else 4,
        passes=not reasons,
        rule_set=rules.label,
        rules=rules.to_json(),
        reasons=reasons,
        warnings=[_identifier_reason(hit) for hit in found.hits if is_of_things(hit, found.about)],
    )


def is_of_things(hit: IdentifierHit, about: str) -> bool:
    """Whether a hit only asks for a look: of a thing, in rows about nobody, not certain, not in a column's name."""
    return about == "none" and hit.kind in OF_THINGS and hit.sure != "certain" and not hit.in_name


def _modes(found: Findings, rules: Rules, reasons: list[Reason]) -> list[str]:
    """What the smallest class of both choices allows. About nobody both, unless somebody turned up."""
    if found.marked and found.together:
        return rules.allowed_modes(min(found.marked.measures.k, found.together.measures.k))
    contradicted = any(reason.code in ("subject_without_persons", "person_key") for reason in reasons)
    return [] if contradicted else ["platform", "download"]


def _identifier_reason(hit: IdentifierHit) -> Reason:
    if hit.in_name:
        return Reason(hit.column, f"{hit.kind}_in_name", {"column": hit.column})
    params = {"column": hit.column, "cells": hit.cells, "percent": f"{100 * hit.share:.2f}"}
    return Reason(hit.column, f"{hit.kind}_found", params)


def _reasons_about_nobody(found: Findings) -> list[Reason]:
    subject = found.subject
    reasons = [Reason(subject, "subject_without_persons", {"column": subject})] if subject else []
    return reasons + [Reason(key, "person_key", {"column": key}) for key in found.keys if key != subject]


def _reasons_about_somebody(
    found: Findings, marked: Measured, together: Measured, rules: Rules, mode: str
) -> Iterator[Reason]:
    """Those over the marked columns, and those that only the suggested ones bring."""
    if not together.quasi_identifiers:
        yield Reason(None, "no_quasi_identifier", {})
    own = list(_class_reasons(marked, rules, mode))
    yield from own
    given = {(reason.column, reason.code) for reason in own}
    added = [name for name in together.quasi_identifiers if name not in marked.quasi_identifiers]
    if together.subject != marked.subject:
        added.append(str(together.subject))
    for reason in _class_reasons(together, rules, mode):
        if (reason.column, reason.code) not in given:
            params = {**reason.params, "suggested": _named(added)}
            yield Reason(reason.column, f"{reason.code}_with_suggested", params)


def _named(columns: list[str]) -> str:
    return ", ".join(columns[:_NAMED_COLUMNS]) + (" …" if len(columns) > _NAMED_COLUMNS else "")


def _class_reasons(measured: Measured, rules: Rules, mode: str) -> Iterator[Reason]:
    measures, subject = measured.measures, measured.subject
    columns = _named(measured.quasi_identifiers)
    required = rules.required_k(mode)
    if measures.k < required:
        yield Reason(None, "k_too_small", {"columns": columns, "k": measures.k, "required": required})
    if measures.k == 0 and subject:
        yield Reason(subject, "subject_missing", {"column": subject, "rows": measures.rows_without_subject})
    if measures.unique > rules.unique_share * measures.subjects:
        params = {"unique": measures.unique, "subjects": measures.subjects, "columns": columns}
        yield Reason(None, "unique_records", {**params, "allowed": rules.unique_share})
    for column, found in measures.l_distinct.items():
        if found < rules.l:
            yield Reason(column, "l_too_small", {"column": column, "l": found, "required": rules.l})
    for column, distance in measures.t.items():
        if distance > rules.t:
            yield Reason(column, "t_too_large", {"column": column, "t": f"{distance:.3f}", "allowed": rules.t})
