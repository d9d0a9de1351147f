"""Where categories have an open end: which of them stand for themselves, and the pool of the rare and the unseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf, sqrt
from typing import Final

import numpy as np

from miops_collector.layout import ColumnLayout
from miops_collector.statistics.scan.ragged import Index, Ragged, segment_sum
from miops_collector.summary import FloatArray

__all__ = ["Pools"]

FEWEST: Final = 5.0
"""Rows of the reference below which a category does not stand for itself."""
OPEN_END: Final = 0.01
"""Share of the reference's rows that are the only one of their category from which on more such are to be expected."""

MOST_LUCK: Final = 0.05
"""Part of the rows of solid categories that may be there by luck."""
ENOUGH: Final = 10
"""Categories that tell well enough how many there are with about so many rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """What of ``c`` columns with ``t`` cells in all is compared together.

    Which rare categories a sample has is chance. Where they share a cell, their pool, everything that is rare or unseen
    belongs to it: identifiers would else leave it, value by value.

    Attributes
    ----------
    cells
        The columns.
    place
        ``(c,)`` cell of the pool, -1 in columns without one.
    solid
        ``(t,)`` 1 for cells with enough rows in the reference to stand for themselves, and for pools.
    lucky
        ``(c,)`` rows that the solid ones have in the reference because those with the luck of more were chosen: with
        ``N(r)`` categories of ``r`` rows, and all chosen from ``r`` rows up, ``r N(r)``, as Good and Turing have it
        for ``r = 1``. 0 where the categories end.
    near
        ``(t,)`` 1 for the cells that those are taken from: solid ones with less than twice the fewest rows of one.
    blur
        ``(c,)`` how much more the share of the pool, or of all that is not solid, varies because that is an estimate.

    References
    ----------
    I. J. Good, "The population frequencies of species and the estimation of population parameters", Biometrika, 1953,
    doi:10.1093/biomet/40.3-4.237.
    """

    cells: Ragged
    place: Index
    solid: FloatArray
    lucky: FloatArray
    near: FloatArray
    blur: FloatArray

    @classmethod
    def of(cls, cells: Ragged, columns: Sequence[ColumnLayout], flat: FloatArray, once: FloatArray) -> Pools:
        """``flat (t,)`` values of the reference; ``once (c,)`` rows of it that are the only one with their category."""
        last = np.append(cells.starts[1:], len(flat)) - 1
        pooled = np.array([c.has_pool for c in columns])
        place = np.where(pooled, last - 1, -1)
        rows = segment_sum(flat, cells.starts)
        named = [values[: -2 if has else -1] for values, has in zip(cells.split(flat), pooled, strict=True)]
        ends = ~pooled & (once < OPEN_END * rows)
        least = [_least(v, tied=bool(has), ends=bool(e)) for v, has, e in zip(named, pooled, ends, strict=True)]
        luck = [(0.0, 0.0) if e else _luck(v, r) for v, r, e in zip(named, least, ends, strict=True)]
        fewest = np.array(least)[cells.owner]
        solid = np.where(flat >= fewest, 1.0, 0.0)
        solid[last] = solid[place[pooled]] = 0.0
        near = np.where(flat < 2.0 * fewest, solid, 0.0)
        lucky, variance = np.array(luck).T
        share = (segment_sum(flat * (1.0 - solid), cells.starts) + lucky) / np.maximum(rows, 1.0)
        solid[place[pooled]] = 1.0
        blur = 1.0 + variance / np.maximum(rows * share * (1.0 - share), 1.0)
        return cls(cells, place, solid, lucky, near, blur)

    @property
    def alone(self) -> FloatArray:
        """``(t,)`` 1 for the cells whose shares may be compared one by one: all of a column without a pool."""
        return np.where((self.place >= 0)[self.cells.owner], self.solid, 1.0)

    @property
    def of_cell(self) -> FloatArray:
        """``(t,)`` :attr:`blur` of the pools' cells, 1 for the others."""
        has, found = self.place >= 0, np.ones(len(self.solid))
        found[self.place[has]] = self.blur[has]
        return found

    def joined(self, flat: FloatArray) -> FloatArray:
        """``(…, t)`` values of the cells, with all that is not solid in the pools too."""
        has, found = self.place >= 0, flat.copy()
        found[..., self.place[has]] += segment_sum(flat * (1.0 - self.solid), self.cells.starts)[..., has]
        return found

    def reference(self, flat: FloatArray) -> FloatArray:
        """``(t,)`` the same of the reference, without what is only luck; without a pool nothing gets that."""
        has, found, given = self.place >= 0, self.joined(flat), flat * self.near
        taken = self.lucky / np.maximum(segment_sum(given, self.cells.starts), 1.0)
        found -= given * taken[self.cells.owner]
        found[self.place[has]] += self.lucky[has]
        return found


def _least(named: FloatArray, *, tied: bool, ends: bool) -> float:
    """Rows from which on categories are solid: the fewest with which little of what they have is luck, or ``inf``.

    Where others that are not named may be ``tied`` with the rarest named one, more than that has. Where the categories
    end nobody is chosen.
    """
    if ends:
        return FEWEST
    counts = np.unique(np.floor(named))
    tried = counts[tied:][counts[tied:] >= FEWEST].tolist()
    return next((r for r in tried if _luck(named, r)[0] <= MOST_LUCK * float(named[named >= r].sum())), inf)


def _luck(named: FloatArray, least: float) -> tuple[float, float]:
    """Estimated lucky rows, and the variance of that.

    ``N(r)`` is the mean over some counts from ``r`` up: over as many as hold enough categories, where there are such.
    """
    if least == inf:
        return 0.0, 0.0
    above = np.sort(named[named >= least])
    widest = max(1, floor(sqrt(least)))
    enough = float(above[ENOUGH - 1]) if len(above) >= ENOUGH else inf
    width = float(min(widest, floor(min(enough - least, widest)) + 1))
    near = float(np.count_nonzero(above < least + width))
    return least * near / width, (least / width) ** 2 * near
