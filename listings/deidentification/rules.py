"""The thresholds an assessment is held against: a named, numbered rule set, stored with each report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Default rule set (domain.md; modelled on GB/T 42460).

    `l` and the two `k` are minima, `t` and `unique_share` maxima.
    """

    name: str = "minshu"
    version: int = 1
    k_download: int = 20
    k_platform: int = 5
    l: int = 2  # noqa: E741  the measure's own name
    t: float = 0.5
    unique_share: float = 0.0

    @property
    def label(self) -> str:
        """Such as minshu-1."""
        return f"{self.name}-{self.version}"

    def required_k(self, mode: str) -> int:
        """The smallest class that a delivery mode (platform, download) allows."""
        return {"platform": self.k_platform, "download": self.k_download}[mode]

    def allowed_modes(self, k: int) -> list[str]:
        """The delivery modes that a smallest class of `k` subjects allows."""
        modes = (("platform", self.k_platform), ("download", self.k_download))
        return [mode for mode, required in modes if k >= required]
