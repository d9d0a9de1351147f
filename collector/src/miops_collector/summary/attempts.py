"""How many rows the model was asked about, and how many of them it failed on."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["Attempts"]


@dataclass(frozen=True, slots=True, eq=False)
class Attempts(Additive):
    """How many rows the model was asked about, and how many of them it failed on.

    ``sums`` is ``(4,)``: rows it answered, their weight, rows it failed on, their weight.
    """

    sums: FloatArray = summed()

    @property
    def rows(self) -> float:
        return float(self.sums[0] + self.sums[2])

    @property
    def weight(self) -> float:
        return float(self.sums[1] + self.sums[3])

    @property
    def failed(self) -> float:
        """Weight of the rows it failed on."""
        return float(self.sums[3])
