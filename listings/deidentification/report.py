"""What an assessment found: the figures, the verdict, and the reasons in words."""

from dataclasses import asdict, dataclass, field
from typing import Any

from .identifiers import IdentifierHit
from .reasons import sentence
from .risk import Risk
from .roles import Suggestion


@dataclass(frozen=True)
class Reason:
    """Why a file does not pass; `column` is None where no single column is to blame."""

    column: str | None
    code: str
    params: dict[str, Any]

    @property
    def text(self) -> str:
        return sentence(self.code, self.params)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "text": self.text}


@dataclass(frozen=True)
class Figures:
    """The risk over one choice of quasi-identifiers, as `classes.Measures` describes it; None about nobody."""

    quasi_identifiers: list[str]
    subject: str | None
    subjects: int | None = None
    k: int | None = None
    l_distinct: dict[str, int] | None = None
    l_entropy: dict[str, float] | None = None
    l_recursive: dict[str, dict[str, Any]] | None = None
    t: dict[str, float] | None = None
    t_equal: dict[str, float] | None = None
    unique_share: float | None = None
    classes: int | None = None
    class_sizes: list[dict[str, int]] | None = None
    size_bands: list[dict[str, Any]] | None = None
    risk: Risk | None = None


@dataclass(frozen=True, kw_only=True)
class Report(Figures):
    """An assessment. Its own figures are over the marked quasi-identifiers, `with_suggested` over the suggested as well
    (None where the rows are about nobody). The file passes only where both do.

    Grade (modelled on GB/T 42460): 1 identifies directly, 2 risk at or over a threshold, 3 risk under the thresholds,
    4 about nobody. `rows` and `cells` are counts, shares lie between 0 and 1. `suggested_quasi_identifiers` are names,
    `suggestions` say why; `suggested_subject` is the key of a person that nobody marked. `warnings` do not fail the
    file: an officer looks at them.
    """

    rows: int
    about: str
    sensitive: list[str]
    identifiers: list[IdentifierHit]
    suggested_quasi_identifiers: list[str]
    suggestions: list[Suggestion]
    suggested_subject: str | None
    with_suggested: Figures | None
    allowed_modes: list[str]
    grade: int
    passes: bool
    rule_set: str
    rules: dict[str, Any]
    reasons: list[Reason] = field(default_factory=list)
    warnings: list[Reason] = field(default_factory=list)
    attacks: list[dict[str, Any]] = field(default_factory=list)
    restorable: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as plain dictionaries and lists, each reason with its English sentence."""
        return {
            **asdict(self),
            "suggestions": [suggestion.to_json() for suggestion in self.suggestions],
            "reasons": [reason.to_json() for reason in self.reasons],
            "warnings": [warning.to_json() for warning in self.warnings],
        }
