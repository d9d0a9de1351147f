"""How surprised a classifier's probabilities were by the truth."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["Losses"]


@dataclass(frozen=True, slots=True, eq=False)
class Losses(Additive):
    """Proper losses of labelled rows of a classifier.

    ``sums`` is ``(5,)``: weight, sum of log losses, of their squares, sum of Brier losses, of their squares.
    Log losses clip probabilities to ``[1e-15, 1 - 1e-15]``.
    """

    sums: FloatArray = summed()
