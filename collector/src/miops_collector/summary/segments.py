"""What predictions cost in each part of the data."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["Segments"]


@dataclass(frozen=True, eq=False)  # no slots: means that several statistics need are taken once
class Segments(Additive):
    """Losses of labelled rows by the parts of one column, or of a pair of columns.

    Attributes
    ----------
    columns, sizes
        Names, and how many parts each has.
    names
        Of the ``g`` segments, first column slowest: ``"18-34 & Oslo"``.
    sums
        ``(g, 3)``: weight, Σloss, Σloss². The loss is 0 or 1 for a classifier, the absolute error for a number.
    """

    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    names: tuple[str, ...]
    sums: FloatArray = summed()
