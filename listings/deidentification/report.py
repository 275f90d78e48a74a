"""What an assessment found: the figures, the verdict, and the reasons in words."""

from dataclasses import asdict, dataclass, field
from typing import Any

from .identifiers import IdentifierHit
from .reasons import sentence


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
class Report:
    """An assessment. The class measures are None where the rows are about nobody.

    Grade (modelled on GB/T 42460): 1 identifies directly, 2 risk at or over a threshold, 3 risk under the
    thresholds, 4 about nobody. `rows` and `cells` are counts, shares lie between 0 and 1.
    """

    rows: int
    about: str
    quasi_identifiers: list[str]
    quasi_identifiers_assumed: bool
    sensitive: list[str]
    subject: str | None
    subjects: int | None
    k: int | None
    l_distinct: dict[str, int] | None
    t: dict[str, float] | None
    unique_share: float | None
    classes: int | None
    class_sizes: list[dict[str, int]] | None
    identifiers: list[IdentifierHit]
    allowed_modes: list[str]
    grade: int
    passes: bool
    rule_set: str
    reasons: list[Reason] = field(default_factory=list)
    attacks: list[dict[str, Any]] = field(default_factory=list)
    restorable: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The report as plain dictionaries and lists, each reason with its English sentence."""
        return {**asdict(self), "reasons": [reason.to_json() for reason in self.reasons]}
