"""How sure a classifier was of what it predicted."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["Confidence"]


@dataclass(frozen=True, slots=True, eq=False)
class Confidence(Additive):
    """Confidence: the score of the predicted class.

    Attributes
    ----------
    sums
        ``(5,)``: weight, Σconfidence, Σconfidence², Σentropy (nats, over the known class scores), weight of rows
        under ``low``.
    bins
        ``(100, 4)`` by equal bins on [0, 1]: all rows, labelled rows, correct rows, Σconfidence of labelled rows.
    """

    low: float
    sums: FloatArray = summed()
    bins: FloatArray = summed()
