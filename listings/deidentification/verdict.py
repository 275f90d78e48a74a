"""From figures to a verdict: reasons, grade, delivery modes, passes or not."""

from collections.abc import Iterator

from .classes import Measures
from .identifiers import IdentifierHit
from .report import Reason, Report
from .rules import Rules

_NAMED_COLUMNS = 6


def report(
    *,
    rows: int,
    about: str,
    subject: str | None,
    quasi_identifiers: list[str],
    assumed: bool,
    sensitive: list[str],
    hits: list[IdentifierHit],
    measures: Measures | None,
    rules: Rules,
    mode: str,
) -> Report:
    """The report of an assessment; `measures` is None where the rows are about nobody."""
    reasons = [_identifier_reason(hit) for hit in hits]
    if measures is None:
        reasons += _reasons_about_nobody(subject)
    else:
        reasons += _class_reasons(measures, quasi_identifiers, subject, rules, mode)
    return Report(
        rows=rows,
        about=about,
        quasi_identifiers=quasi_identifiers,
        quasi_identifiers_assumed=assumed,
        sensitive=sensitive,
        subject=subject,
        subjects=measures.subjects if measures else None,
        k=measures.k if measures else None,
        l_distinct=measures.l_distinct if measures else None,
        t=measures.t if measures else None,
        unique_share=_unique_share(measures) if measures else None,
        classes=measures.classes if measures else None,
        class_sizes=measures.class_sizes if measures else None,
        identifiers=hits,
        allowed_modes=rules.allowed_modes(measures.k) if measures else _modes_about_nobody(reasons),
        grade=_grade(hits, measures, reasons),
        passes=not reasons,
        rule_set=rules.label,
        reasons=reasons,
    )


def _grade(hits: list[IdentifierHit], measures: Measures | None, reasons: list[Reason]) -> int:
    if hits:
        return 1
    if reasons:
        return 2
    return 3 if measures else 4


def _modes_about_nobody(reasons: list[Reason]) -> list[str]:
    """Both, unless the file claims to be about nobody and yet marks a subject."""
    contradicted = any(reason.code == "subject_without_persons" for reason in reasons)
    return [] if contradicted else ["platform", "download"]


def _unique_share(measures: Measures) -> float:
    return round(measures.unique / measures.subjects, 6) if measures.subjects else 0.0


def _identifier_reason(hit: IdentifierHit) -> Reason:
    if hit.in_name:
        return Reason(hit.column, f"{hit.kind}_in_name", {"column": hit.column})
    params = {"column": hit.column, "cells": hit.cells, "percent": f"{100 * hit.share:.2f}"}
    return Reason(hit.column, f"{hit.kind}_found", params)


def _reasons_about_nobody(subject: str | None) -> list[Reason]:
    return [Reason(subject, "subject_without_persons", {"column": subject})] if subject else []


def _class_reasons(
    measures: Measures, keys: list[str], subject: str | None, rules: Rules, mode: str
) -> Iterator[Reason]:
    columns = ", ".join(keys[:_NAMED_COLUMNS]) + (" …" if len(keys) > _NAMED_COLUMNS else "")
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
