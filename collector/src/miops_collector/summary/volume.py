"""How many rows there were."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["Volume"]


@dataclass(frozen=True, slots=True, eq=False)
class Volume(Additive):
    """How many rows there were.

    ``sums`` is ``(5,)``: rows, weight, Σweight², labelled rows, rows dropped because their id was already stored.
    """

    sums: FloatArray = summed()

    @property
    def rows(self) -> float:
        return float(self.sums[0])

    @property
    def labelled(self) -> float:
        return float(self.sums[3])

    @property
    def labelled_share(self) -> float:
        return float(self.sums[3] / self.sums[0]) if self.sums[0] > 0 else float("nan")
