"""The tests of numeric columns: location, spread, shape, missing values, values out of the reference's range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from miops_collector.layout import ColumnLayout, Layout
from miops_collector.statistics.scan.dispersion import DEPENDENT, LOCATION, MISSING, OUTSIDE, Dispersion
from miops_collector.statistics.scan.proportion import log_tolerant_difference, newcombe
from miops_collector.statistics.scan.ragged import Index, Ragged, segment_sum
from miops_collector.statistics.scan.scores import equal_mass_groups, rank_scores, score_skewness
from miops_collector.statistics.scan.settings import ScanSettings
from miops_collector.statistics.scan.shape import chi_square_terms, log_tolerant_chi_square, phi, phi_interval
from miops_collector.statistics.scan.tails import log_two_sided, unskewed
from miops_collector.statistics.scan.tested import Tested
from miops_collector.summary import FloatArray

__all__ = ["NUMERIC_WEIGHTS", "NumericTests"]

NUMERIC_WEIGHTS: Final = {"location": 0.3, "spread": 0.2, "shape": 0.3, "missing": 0.1, "range": 0.1}
"""How a column's level is shared among its statistics; they sum to 1."""
SCORES: Final = ("location", "spread")
DEPENDENT_SKEWNESS: Final = 2.6


@dataclass(frozen=True, slots=True, eq=False)
class NumericTests:
    """What is computed once per reference for ``c`` columns with ``t`` cells in all.

    Attributes
    ----------
    scores
        ``(2, t)`` location and spread score of each cell; guard cells have those of the neighbouring bin.
    skewness
        ``(2, c)`` of the scores over the reference.
    counts, group_counts
        ``(c,)`` reference rows with a value; ``(g,)`` those of each equal-mass group, column after column.
    without, outside
        ``(c,)`` reference rows without a value, and beyond the edges.
    """

    cells: Ragged
    scores: FloatArray
    skewness: FloatArray
    group_starts: Index
    group_owner: Index
    group_columns: Index
    guards: Index
    counts: FloatArray
    group_counts: FloatArray
    without: FloatArray
    outside: FloatArray

    @classmethod
    def of(cls, layout: Layout, columns: Sequence[ColumnLayout], reference: FloatArray) -> NumericTests:
        """``reference`` is a pane's vector."""
        cells = Ragged.of(layout, columns)
        flat = cells.values(reference)
        inner = [_guards_joined(counts) for counts in cells.split(flat)]
        groups = [_with_guards(equal_mass_groups(counts).astype(np.float64)) for counts in inner]
        scores = [rank_scores(counts) for counts in inner]
        begins = np.concatenate([np.diff(g, prepend=-1) > 0 for g in groups])
        group_starts = np.flatnonzero(begins)
        owner = cells.owner[group_starts]
        ends = np.append(cells.starts[1:], len(flat)) - 1
        guards = np.stack((cells.starts, ends), axis=1)
        return cls(
            cells=cells,
            scores=np.concatenate([_with_guards(s) for s in scores], axis=1),
            skewness=np.stack([score_skewness(c, s) for c, s in zip(inner, scores, strict=True)], axis=1),
            group_starts=group_starts,
            group_owner=owner,
            group_columns=np.searchsorted(owner, np.arange(len(inner))).astype(np.intp),
            guards=guards,
            counts=segment_sum(flat, cells.starts),
            group_counts=segment_sum(flat, group_starts),
            without=cells.without(reference),
            outside=flat[guards].sum(axis=-1),
        )

    def evaluate(self, vectors: FloatArray, dispersion: Dispersion, settings: ScanSettings) -> Mapping[str, Tested]:
        """Every statistic of every column; ``vectors`` is ``(look_backs, pane)``, ``dispersion`` of these columns."""
        flat = self.cells.values(vectors)
        rows = segment_sum(flat, self.cells.starts)
        tested = {name: self._score(k, flat, rows, dispersion, settings) for k, name in enumerate(SCORES)}
        tested["shape"] = self._shape(flat, rows, dispersion, settings)
        tested["missing"] = rate(
            self.cells.without(vectors), rows, self.without, self.counts, settings.rate_tolerance, settings,
            dispersion=dispersion, place=MISSING,
        )  # fmt: skip
        tested["range"] = self._range(flat, rows, dispersion, settings)
        return tested

    def tracked(self, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What a history keeps: ``(…, c, TRACKED)`` means, ``(…, c, 2)`` rows with a value and rows in all."""
        flat = self.cells.values(vectors)
        rows, without = segment_sum(flat, self.cells.starts), self.cells.without(vectors)
        n, every = np.maximum(rows, 1.0), rows + without
        scores = [segment_sum(flat * score, self.cells.starts) / n for score in self.scores]
        outside = flat[..., self.guards].sum(axis=-1) / n
        nothing = np.zeros_like(rows)
        means = (*scores, without / np.maximum(every, 1.0), outside, nothing, nothing)
        return np.stack(means, axis=-1), np.stack((rows, every), axis=-1)

    def _score(
        self, k: int, flat: FloatArray, rows: FloatArray, dispersion: Dispersion, settings: ScanSettings
    ) -> Tested:
        n, m = np.maximum(rows, 1.0), np.maximum(self.counts, 1.0)
        factor, freedom = dispersion.factor(k, rows), dispersion.freedom[:, :, k]
        effect = segment_sum(flat * self.scores[k], self.cells.starts) / n
        sd = np.sqrt(factor / n + dispersion.reference[:, k] / m)
        z = np.sign(effect) * np.maximum(np.abs(effect) - settings.tolerance, 0.0) / sd
        independent = self.skewness[k] * (1 / n**2 - 1 / m**2) / (1 / n + 1 / m) ** 1.5
        dependent = DEPENDENT_SKEWNESS * self.skewness[k] / np.sqrt(n / factor)
        z = unskewed(z, np.where(factor > DEPENDENT, dependent, independent))
        enough = (np.abs(effect) >= settings.minimum_effect) & (n / factor >= settings.minimum_rows)
        enough &= m >= settings.minimum_rows
        log_p = np.where(enough, log_two_sided(z, freedom), 0.0)
        return Tested(log_p, effect, effect - 2 * sd, effect + 2 * sd, rows, self.counts, factor)

    def _shape(self, flat: FloatArray, rows: FloatArray, dispersion: Dispersion, settings: ScanSettings) -> Tested:
        n, m = np.maximum(rows, 1.0), np.maximum(self.counts, 1.0)
        groups, owner = segment_sum(flat, self.group_starts), self.group_owner
        x = segment_sum(chi_square_terms(groups, n[:, owner], self.group_counts, m[owner]), self.group_columns)
        df = np.diff(self.group_columns, append=len(owner)) - 1.0
        factor = dispersion.factor(LOCATION, rows)
        x, noise = x / factor, factor * (1.0 / n + 1.0 / m)
        effect = phi(x, df, noise)
        enough = (effect >= settings.shape_minimum) & (n >= settings.shape_rows) & (m >= settings.shape_rows)
        enough &= dispersion.bears_shape(rows)
        log_p = log_tolerant_chi_square(x, np.broadcast_to(df, x.shape), noise, tolerance=settings.shape_tolerance)
        low, high = phi_interval(x, df, noise)
        return Tested(np.where(enough, log_p, 0.0), effect, low, high, rows, self.counts, factor)

    def _range(self, flat: FloatArray, rows: FloatArray, dispersion: Dispersion, settings: ScanSettings) -> Tested:
        """The next row of the reference would itself be beyond its extremes with probability ``2 / (m + 1)``."""
        outside = flat[:, self.guards].sum(axis=-1)
        allowance = 2.0 * rows / (self.counts + 1.0)
        return rate(
            outside, rows - outside, self.outside, self.counts - self.outside, settings.rate_tolerance, settings,
            dispersion=dispersion, place=OUTSIDE, allowance=allowance,
        )  # fmt: skip


def rate(
    hits: FloatArray, others: FloatArray, reference_hits: FloatArray, reference_others: FloatArray,
    tolerance: float, settings: ScanSettings, *, dispersion: Dispersion, place: int,
    allowance: FloatArray | float = 0.0,
) -> Tested:  # fmt: skip
    """Test of the share of rows of one kind: ``hits`` of ``hits + others`` against the reference's."""
    rows, rows_reference = hits + others, reference_hits + reference_others
    n, m = np.maximum(rows, 1.0), np.broadcast_to(np.maximum(rows_reference, 1.0), rows.shape)
    y = np.broadcast_to(reference_hits, rows.shape)
    factor, freedom = dispersion.factor(place, rows), dispersion.freedom[:, :, place]
    enough = (rows / factor >= settings.minimum_rows) & (m >= settings.minimum_rows)
    log_p = log_tolerant_difference(
        hits, n, y, m, tolerance=tolerance, allowance=allowance, dispersion=factor, freedom=freedom
    )
    low, high = newcombe(hits / factor, n / factor, y, m)
    return Tested(np.where(enough, log_p, 0.0), hits / n - y / m, low, high, rows, rows_reference, factor)


def _guards_joined(counts: FloatArray) -> FloatArray:
    """Reference rows beyond the edges (infinities) count in the end bins."""
    inner = counts[1:-1].copy()
    inner[0] += counts[0]
    inner[-1] += counts[-1]
    return inner


def _with_guards(inner: FloatArray) -> FloatArray:
    return np.concatenate((inner[..., :1], inner, inner[..., -1:]), axis=-1)
