"""One line of the self-check."""

from typing import NamedTuple


def tolerated(rho: float) -> float:
    """How far off the mean of a long run may be: chance has more play near saturation."""
    return 0.05 if rho > 0.95 else 0.02


class Row(NamedTuple):
    """What a model must give and what it gave. Exact rows have no half width."""

    model: str
    what: str
    target: float
    measured: float
    half_width: float = 0.0  # of the 95 % confidence interval of `measured`
    tolerance: float = 0.0  # of the deviation
    tasks: int = 0

    @property
    def deviation(self) -> float:
        """Relative to the target; absolute if that is 0."""
        return (self.measured - self.target) / (self.target or 1.0)

    @property
    def ok(self) -> bool:
        return abs(self.deviation) <= self.tolerance
