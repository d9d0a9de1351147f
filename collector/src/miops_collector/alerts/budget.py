"""One number, false alarms a month, and how the families of default alarms share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from miops_collector.window import Window, parse_length

__all__ = ["MONTH", "SHARES", "Budget", "Family", "evaluations_per_month"]

Family: TypeAlias = Literal["drift", "performance", "estimated_performance", "quality"]
SHARES: Final[Mapping[Family, float]] = {
    "drift": 0.5,
    "performance": 0.3,
    "estimated_performance": 0.1,
    "quality": 0.1,
}
"""Parts of the budget; they sum to 1, so that the total stays within it by the union bound."""
MONTH: Final = parse_length("30d")


def evaluations_per_month(window: Window) -> float:
    """How many windows of this length 30 days have.

    Examples
    --------
    >>> evaluations_per_month(Window(0, parse_length("1h")))
    720.0
    """
    return MONTH / window.length


@dataclass(frozen=True, slots=True)
class Budget:
    """False alarms that a user accepts per model and 30 days.

    The warning on fairness takes half of what quality has, where there are groups. Rules of the user's own are not in
    it: their thresholds are not levels of a test.
    """

    per_month: float = 1.0
    shares: Mapping[Family, float] = field(default_factory=lambda: SHARES)

    def level(self, family: Family, *, evaluations: float, tests: int = 1) -> float:
        """Level of one test when ``tests`` are made at each of ``evaluations`` moments of a month.

        Examples
        --------
        >>> Budget().level("performance", evaluations=30.0, tests=2)
        0.005
        """
        return min(self.per_month * self.shares[family] / (evaluations * max(tests, 1)), 0.5)
