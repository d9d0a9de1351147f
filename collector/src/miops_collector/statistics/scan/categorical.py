"""The tests of categorical columns: shape, the one category that changed most, unseen categories, missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from miops_collector.layout import ColumnLayout, Layout
from miops_collector.statistics.scan.dispersion import LOCATION, MISSING, OUTSIDE, Dispersion
from miops_collector.statistics.scan.numeric import rate
from miops_collector.statistics.scan.pools import Pools
from miops_collector.statistics.scan.proportion import log_exact_excess, log_tolerant_difference, newcombe
from miops_collector.statistics.scan.ragged import Index, Ragged, segment_first, segment_max, segment_min, segment_sum
from miops_collector.statistics.scan.settings import ScanSettings
from miops_collector.statistics.scan.shape import chi_square_terms, log_tolerant_chi_square, phi, phi_interval
from miops_collector.statistics.scan.tested import Tested
from miops_collector.summary import FloatArray

__all__ = ["CATEGORICAL_WEIGHTS", "CategoricalTests"]

CATEGORICAL_WEIGHTS: Final = {"shape": 0.35, "category": 0.2, "unseen": 0.35, "missing": 0.1}
"""How a column's level is shared among its statistics; they sum to 1.

New categories have much of it: they are few rows, which shape and the largest change do not see."""
EXPECTED: Final = 5.0
"""Categories with fewer expected rows are tested together."""
ONCE: Final = 1.5
"""Effective rows below which a category is there once."""
COMMON: Final = 4
"""Categories whose shares are kept window by window."""


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalTests:
    """What is computed once per reference for ``c`` columns with ``t`` cells in all, the last of each unseen values.

    ``common`` is ``(c, 4)`` the cells of the most common categories, -1 where there are fewer; ``once`` ``(c,)`` rows
    of the reference that are the only one with their category: had they come later, they would have been unseen. Of
    categories that share a cell it is not known, so all count. ``reference`` is joined as :class:`Pools` says.
    """

    cells: Ragged
    common: Index
    unseen: Index
    once: FloatArray
    seen: FloatArray
    reference: FloatArray
    counts: FloatArray
    without: FloatArray
    pools: Pools

    @classmethod
    def of(cls, layout: Layout, columns: Sequence[ColumnLayout], reference: FloatArray) -> CategoricalTests:
        """``reference`` is a pane's vector."""
        cells = Ragged.of(layout, columns)
        flat = cells.values(reference)
        unseen = np.append(cells.starts[1:], len(flat)) - 1
        seen = np.ones(len(flat))
        seen[unseen] = 0.0
        common = np.stack([_most_common(counts[:-1]) for counts in cells.split(flat)])
        common = np.where(common >= 0, common + cells.starts[:, None], -1)
        pooled = np.array([len(c.pooled) for c in columns], np.float64)
        once = segment_sum(np.where(flat < ONCE, flat, 0.0) * seen, cells.starts) + pooled
        pools = Pools.of(cells, columns, flat, once)
        return cls(
            cells, common, unseen, once, seen, pools.reference(flat), segment_sum(flat, cells.starts),
            cells.without(reference), pools,
        )  # fmt: skip

    def tracked(self, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What a history keeps: ``(…, c, TRACKED)`` means, ``(…, c, 2)`` rows with a value and rows in all."""
        flat = self.cells.values(vectors)
        rows, without = segment_sum(flat, self.cells.starts), self.cells.without(vectors)
        n, every = np.maximum(rows, 1.0), rows + without
        shares = np.where(self.common >= 0, self.pools.joined(flat)[..., self.common], 0.0) / n[..., None]
        others = (without / np.maximum(every, 1.0), flat[..., self.unseen] / n)
        means = np.concatenate((shares[..., :2], np.stack(others, axis=-1), shares[..., 2:]), axis=-1)
        return means, np.stack((rows, every), axis=-1)

    def evaluate(self, vectors: FloatArray, dispersion: Dispersion, settings: ScanSettings) -> Mapping[str, Tested]:
        """Every statistic of every column; ``vectors`` is ``(look_backs, pane)``, ``dispersion`` of these columns."""
        flat = self.cells.values(vectors)
        rows, joined = segment_sum(flat, self.cells.starts), self.pools.joined(flat)
        return {
            "shape": self._shape(joined, rows, dispersion, settings),
            "category": self._category(joined, rows, dispersion, settings),
            "unseen": self._unseen(flat[:, self.unseen], rows, dispersion, settings),
            "missing": rate(
                self.cells.without(vectors), rows, self.without, self.counts, settings.rate_tolerance, settings,
                dispersion=dispersion, place=MISSING,
            ),
        }  # fmt: skip

    def _shape(self, flat: FloatArray, rows: FloatArray, dispersion: Dispersion, settings: ScanSettings) -> Tested:
        """Chi-square over the categories with enough expected rows, and all the others together if they have enough.

        Which categories those are depends on the reference and on how many rows there are, never on what they hold.
        """
        starts, owner = self.cells.starts, self.cells.owner
        share = self.reference / np.maximum(self.counts, 1.0)[owner] * self.pools.solid
        kept = np.where(rows[:, owner] * share >= EXPECTED, 1.0, 0.0)
        c_kept, r_kept = segment_sum(flat * kept, starts), segment_sum(self.reference * kept, starts)
        c_rest, r_rest = rows - c_kept, self.counts - r_kept
        joined = rows * (1.0 - segment_sum(share * kept, starts)) >= EXPECTED
        n = np.maximum(np.where(joined, rows, c_kept), 1.0)
        m = np.maximum(np.where(joined, self.counts, r_kept), 1.0)
        terms = chi_square_terms(flat, n[:, owner], self.reference, m[:, owner]) * kept / self.pools.of_cell
        rest = chi_square_terms(c_rest, n, r_rest, m) / self.pools.blur
        x = segment_sum(terms, starts) + np.where(joined, rest, 0.0)
        df = segment_sum(kept, starts) + joined - 1.0
        factor = dispersion.factor(LOCATION, rows)
        x, noise = x / factor, factor * (1.0 / n + 1.0 / m)
        moved = segment_max(np.abs(flat / n[:, owner] - self.reference / m[:, owner]) * self.pools.alone, starts)
        enough = (moved >= settings.mass_minimum) & (np.minimum(n, m) >= settings.minimum_rows) & (df >= 1.0)
        enough &= dispersion.bears_shape(rows)
        log_p = log_tolerant_chi_square(x, df, noise, tolerance=settings.shape_tolerance)
        low, high = phi_interval(x, df, noise)
        return Tested(np.where(enough, log_p, 0.0), phi(x, df, noise), low, high, rows, self.counts, factor)

    def _unseen(self, hits: FloatArray, rows: FloatArray, dispersion: Dispersion, settings: ScanSettings) -> Tested:
        """Rows of categories that the reference does not have, against those that it has once, as Good and Turing do.

        Where there are such, a category that the reference happens to lack comes with all of its rows: about ``n / m``.

        I. J. Good, "The population frequencies of species and the estimation of population parameters", Biometrika,
        1953, doi:10.1093/biomet/40.3-4.237.
        """
        expected = np.broadcast_to(self.reference[self.unseen] + self.once, rows.shape)
        n, m = np.maximum(rows, 1.0), np.broadcast_to(np.maximum(self.counts, 1.0), rows.shape)
        factor, freedom = dispersion.factor(OUTSIDE, rows), dispersion.freedom[:, :, OUTSIDE]
        effect = hits / n - expected / m
        enough = (effect >= settings.unseen_minimum) & (rows / factor >= settings.minimum_rows)
        enough &= m >= settings.minimum_rows
        log_p = log_exact_excess(
            hits, n, expected, m, tolerance=settings.unseen_tolerance, freedom=freedom,
            dispersion=factor * (1.0 + n / m * (self.once > 0.0)),
        )  # fmt: skip
        low, high = newcombe(hits / factor, n / factor, expected, m)
        return Tested(np.where(enough, log_p, 0.0), effect, low, high, rows, self.counts, factor)

    def _category(self, flat: FloatArray, rows: FloatArray, dispersion: Dispersion, settings: ScanSettings) -> Tested:
        """The most changed single category; its p-value is paid for once per category."""
        starts, owner = self.cells.starts, self.cells.owner
        n, m = np.maximum(rows, 1.0)[:, owner], np.maximum(self.counts, 1.0)[owner]
        effect = flat / n - self.reference / m
        factor, freedom = dispersion.factor(LOCATION, rows), dispersion.freedom[:, :, LOCATION]
        of_cell = factor[:, owner] * self.pools.of_cell
        log_p = log_tolerant_difference(
            flat, n, self.reference, m, tolerance=settings.rate_tolerance, dispersion=of_cell, freedom=freedom[:, owner]
        )
        paid = log_p + np.log(np.maximum(segment_sum(self.seen, starts), 1.0))[owner]
        counts = (np.abs(effect) >= settings.category_minimum) & (np.minimum(n / of_cell, m) >= settings.minimum_rows)
        paid = np.where(counts & (self.seen > 0.0), np.minimum(paid, 0.0), 0.0)
        best = segment_min(paid, starts)
        first = segment_first(paid == best[:, owner], starts)
        low, high = newcombe(flat / of_cell, n / of_cell, self.reference, m)
        at = [np.take_along_axis(values, first, axis=1) for values in (effect, low, high)]
        return Tested(best, at[0], at[1], at[2], rows, self.counts, factor, cell=first - starts)


def _most_common(counts: FloatArray) -> Index:
    """Four cells with the most reference rows, -1 where there are fewer."""
    best = np.argsort(-counts, kind="stable")[:COMMON]
    return np.concatenate((best, np.full(COMMON - len(best), -1))).astype(np.intp)
