"""Mean, spread and extremes of a numeric column."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from miops_collector.summary._additive import FloatArray

__all__ = ["Moments"]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Count, mean and spread of a numeric column.

    ``sums`` is ``(3,)``: weight, sum of ``x - center``, sum of ``(x - center) ** 2`` over finite values.
    ``lowest`` and ``highest`` are ``nan`` without finite values.
    """

    center: float
    sums: FloatArray
    lowest: float
    highest: float

    def __add__(self, other: Moments) -> Moments:
        return replace(
            self,
            sums=self.sums + other.sums,
            lowest=float(np.fmin(self.lowest, other.lowest)),
            highest=float(np.fmax(self.highest, other.highest)),
        )

    @property
    def count(self) -> float:
        return float(self.sums[0])

    @property
    def mean(self) -> float:
        return self.center + float(self.sums[1] / self.sums[0]) if self.sums[0] > 0 else float("nan")

    @property
    def std(self) -> float:
        """Population standard deviation; ``nan`` without values."""
        if not self.sums[0] > 0:
            return float("nan")
        mean = self.sums[1] / self.sums[0]
        return float(np.sqrt(max(self.sums[2] / self.sums[0] - mean * mean, 0.0)))
