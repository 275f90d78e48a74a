"""The thresholds an assessment is held against: a named, numbered rule set, stored with each report."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

RULE_SET = 5  # goes up with every change of what is measured or how: what was assessed before is assessed again
ENGINE_VERSION = f"{RULE_SET}.0.0"  # of the wheel, and in each signed report: its first number is the rule set's


@dataclass(frozen=True)
class Rules:
    """Default rule set (domain.md; modelled on GB/T 42460).

    `l` and the two `k` are minima, `t` and `unique_share` maxima. Columns that together single out more than
    `suggest_share` of the subjects count as quasi-identifiers, marked or not.
    """

    name: str = "minshu"
    version: int = RULE_SET
    k_download: int = 20
    k_platform: int = 5
    l: int = 2  # noqa: E741  the measure's own name
    t: float = 0.5
    unique_share: float = 0.0
    suggest_share: float = 0.01

    @property
    def label(self) -> str:
        """Such as minshu-5; with other thresholds than the default ones minshu-5+1a2b3c4d."""
        label = f"{self.name}-{self.version}"
        if self == Rules(self.name, self.version):
            return label
        return f"{label}+{hashlib.sha256(json.dumps(self.to_json()).encode()).hexdigest()[:8]}"

    @classmethod
    def read(cls, values: Mapping[str, str]) -> "Rules":
        """The default rules with some thresholds replaced. ValueError for an unknown name or what is no number."""
        kinds = {field.name: field.type for field in fields(cls) if field.name not in ("name", "version")}
        unknown = sorted(set(values) - set(kinds))
        if unknown:
            raise ValueError(f"no such threshold: {', '.join(unknown)}; there are {', '.join(kinds)}")
        return cls(**{name: kinds[name](value) for name, value in values.items()})  # type: ignore[operator,arg-type]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def required_k(self, mode: str) -> int:
        """The smallest class that a delivery mode (platform, download) allows."""
        return {"platform": self.k_platform, "download": self.k_download}[mode]

    def allowed_modes(self, k: int) -> list[str]:
        """The delivery modes that a smallest class of `k` subjects allows."""
        modes = (("platform", self.k_platform), ("download", self.k_download))
        return [mode for mode, required in modes if k >= required]
