"""The tests of categorical columns: shape, the one category that changed most, unseen categories, missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from miops_collector.layout import ColumnLayout, Layout
from miops_collector.statistics.scan.numeric import rate
from miops_collector.statistics.scan.proportion import log_tolerant_difference, newcombe
from miops_collector.statistics.scan.ragged import Index, Ragged, segment_first, segment_max, segment_min, segment_sum
from miops_collector.statistics.scan.settings import ScanSettings
from miops_collector.statistics.scan.shape import chi_square_terms, log_tolerant_chi_square, phi, phi_interval
from miops_collector.statistics.scan.tested import Tested
from miops_collector.summary import FloatArray

__all__ = ["CATEGORICAL_WEIGHTS", "CategoricalTests"]

CATEGORICAL_WEIGHTS: Final = {"shape": 0.4, "category": 0.3, "unseen": 0.2, "missing": 0.1}
"""How a column's level is shared among its statistics; they sum to 1."""
EXPECTED: Final = 5.0
"""Categories with fewer expected rows are tested together."""


@dataclass(frozen=True, slots=True, eq=False)
class CategoricalTests:
    """What is computed once per reference for ``c`` columns with ``t`` cells in all, the last of each unseen values."""

    cells: Ragged
    unseen: Index
    seen: FloatArray
    reference: FloatArray
    counts: FloatArray
    without: FloatArray

    @classmethod
    def of(cls, layout: Layout, columns: Sequence[ColumnLayout], reference: FloatArray) -> CategoricalTests:
        """``reference`` is a pane's vector."""
        cells = Ragged.of(layout, columns)
        flat = cells.values(reference)
        unseen = np.append(cells.starts[1:], len(flat)) - 1
        seen = np.ones(len(flat))
        seen[unseen] = 0.0
        return cls(cells, unseen, seen, flat, segment_sum(flat, cells.starts), cells.without(reference))

    def evaluate(self, vectors: FloatArray, settings: ScanSettings) -> Mapping[str, Tested]:
        """Every statistic of every column; ``vectors`` is ``(look_backs, pane)``."""
        flat = self.cells.values(vectors)
        rows = segment_sum(flat, self.cells.starts)
        unseen, known = flat[:, self.unseen], self.reference[self.unseen]
        return {
            "shape": self._shape(flat, rows, settings),
            "category": self._category(flat, rows, settings),
            "unseen": rate(unseen, rows - unseen, known, self.counts - known, settings.unseen_tolerance, settings),
            "missing": rate(
                self.cells.without(vectors), rows, self.without, self.counts, settings.rate_tolerance, settings
            ),
        }

    def _shape(self, flat: FloatArray, rows: FloatArray, settings: ScanSettings) -> Tested:
        """Chi-square over the categories with enough expected rows, and all the others together if they have enough.

        Which categories those are depends on the reference and on how many rows there are, never on what they hold.
        """
        starts, owner = self.cells.starts, self.cells.owner
        share = self.reference / np.maximum(self.counts, 1.0)[owner] * self.seen
        kept = np.where(rows[:, owner] * share >= EXPECTED, 1.0, 0.0)
        c_kept, r_kept = segment_sum(flat * kept, starts), segment_sum(self.reference * kept, starts)
        c_rest, r_rest = rows - c_kept, self.counts - r_kept
        joined = rows * (1.0 - segment_sum(share * kept, starts)) >= EXPECTED
        n = np.maximum(np.where(joined, rows, c_kept), 1.0)
        m = np.maximum(np.where(joined, self.counts, r_kept), 1.0)
        terms = chi_square_terms(flat, n[:, owner], self.reference, m[:, owner]) * kept
        x = segment_sum(terms, starts) + np.where(joined, chi_square_terms(c_rest, n, r_rest, m), 0.0)
        df = segment_sum(kept, starts) + joined - 1.0
        noise = 1.0 / n + 1.0 / m
        moved = segment_max(np.abs(flat / n[:, owner] - self.reference / m[:, owner]), starts)
        enough = (moved >= settings.mass_minimum) & (np.minimum(n, m) >= settings.minimum_rows) & (df >= 1.0)
        log_p = log_tolerant_chi_square(x, df, noise, tolerance=settings.shape_tolerance)
        low, high = phi_interval(x, df, noise)
        return Tested(np.where(enough, log_p, 0.0), phi(x, df, noise), low, high, rows, self.counts)

    def _category(self, flat: FloatArray, rows: FloatArray, settings: ScanSettings) -> Tested:
        """The most changed single category; its p-value is paid for once per category."""
        starts, owner = self.cells.starts, self.cells.owner
        n, m = np.maximum(rows, 1.0)[:, owner], np.maximum(self.counts, 1.0)[owner]
        effect = flat / n - self.reference / m
        log_p = log_tolerant_difference(flat, n, self.reference, m, tolerance=settings.rate_tolerance)
        paid = log_p + np.log(np.maximum(segment_sum(self.seen, starts), 1.0))[owner]
        counts = (np.abs(effect) >= settings.category_minimum) & (np.minimum(n, m) >= settings.minimum_rows)
        paid = np.where(counts & (self.seen > 0.0), np.minimum(paid, 0.0), 0.0)
        best = segment_min(paid, starts)
        first = segment_first(paid == best[:, owner], starts)
        low, high = newcombe(flat, n, self.reference, m)
        at = [np.take_along_axis(values, first, axis=1) for values in (effect, low, high)]
        return Tested(best, at[0], at[1], at[2], rows, self.counts, cell=first - starts)
