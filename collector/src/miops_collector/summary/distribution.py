"""How the values of one column are spread: rows by bin or category, and those without a proper value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from miops_collector.summary._additive import Additive, FloatArray, IntArray, summed

__all__ = ["FAULT", "MISSING", "Distribution", "Frequencies", "Histogram"]

MISSING, FAULT = 0, 1
"""First two cells of every column: rows without a value, rows whose value had the wrong type."""


class _Column(Additive):
    """What both kinds have: the first two cells are the same, and the others count values."""

    cells: FloatArray

    @property
    def missing(self) -> float:
        return float(self.cells[MISSING])

    @property
    def faults(self) -> float:
        return float(self.cells[FAULT])

    @cached_property
    def rows(self) -> float:
        return float(self.cells.sum())

    @cached_property
    def values(self) -> float:
        """Rows that have a value: neither missing nor of the wrong type."""
        return float(self.fine.sum())

    @property
    def fine(self) -> FloatArray:
        """Counts of values: ``(b + 2,)`` below, every bin, above; or ``(k + 1,)`` every category, unseen."""
        return self.cells[2:]


@dataclass(frozen=True, eq=False)  # no slots: sums that several statistics need are taken once
class Histogram(_Column):
    """Counts of one numeric column over frozen bins with guards.

    Attributes
    ----------
    edges
        ``(b + 1,)`` increasing, finite. Bin ``i`` is ``[edges[i], edges[i + 1])``; the last bin is closed.
    groups
        ``(b,)`` which of about ten equal-mass groups (of the reference) each bin belongs to: 0 … g - 1, rising.
    cells
        ``(b + 4,)``: missing (null or NaN), type fault, below ``edges[0]``, the ``b`` bins, above ``edges[-1]``.
        Infinities fall into the guards.
    atoms
        ``(b,)`` the one value that the reference has in each bin, ``nan`` where it has more or none; or ``None``.
    """

    edges: FloatArray
    groups: IntArray
    cells: FloatArray = summed()
    atoms: FloatArray | None = None

    @property
    def outside(self) -> float:
        """Rows below the lowest or above the highest reference value."""
        return float(self.cells[2] + self.cells[-1])

    @cached_property
    def coarse(self) -> FloatArray:
        """``(g + 2,)`` counts: below, every equal-mass group, above. Divergences use this."""
        inner = np.bincount(self.groups, weights=self.cells[3:-1])
        return np.concatenate((self.cells[2:3], inner, self.cells[-1:]))


@dataclass(frozen=True, eq=False)  # no slots: sums that several statistics need are taken once
class Frequencies(_Column):
    """Counts of one categorical column over the categories of the reference.

    Attributes
    ----------
    categories
        The ``k`` categories of the reference, most frequent first.
    cells
        ``(k + 3,)``: missing, type fault, the ``k`` categories, unseen (any other value).
    open_end
        Whether the last category is all others, those that the reference lacks among them: then nothing is unseen.
    """

    categories: tuple[str, ...]
    cells: FloatArray = summed()
    open_end: bool = False

    @property
    def outside(self) -> float:
        """Rows whose category the reference does not have."""
        return float(self.cells[-1])

    @property
    def coarse(self) -> FloatArray:
        """The same as :attr:`fine`: categories are not merged."""
        return self.fine


Distribution: TypeAlias = Histogram | Frequencies
