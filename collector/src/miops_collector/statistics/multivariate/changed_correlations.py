"""Pairs of columns that hang together otherwise than in the reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from miops_collector.columns import FloatArray

__all__ = ["ChangedCorrelation", "changed_correlations"]

NEARLY_ONE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class ChangedCorrelation:
    """Correlation of two columns in the reference and in the window; ``p_value`` is adjusted for all pairs."""

    columns: tuple[str, str]
    reference: float
    window: float
    p_value: float


def changed_correlations(
    reference: FloatArray, window: FloatArray, names: Sequence[str], *, level: float = 0.05
) -> tuple[ChangedCorrelation, ...]:
    """Pairs whose correlation differs by more than chance, the surest first.

    ::

        z = (atanh r₁ - atanh r₀) / √( v₁ / n + v₀ / m )

    with ``v`` the variance of a row's part in ``atanh r``, from the rows themselves: Fisher's ``1 / (n - 3)`` holds for
    normal columns only and alarms on others. The p-values are two-sided and multiplied by the number of pairs (Holm),
    so at most one in twenty samples without change names any pair. Columns that are constant in a sample form no pair;
    there is nothing with fewer than ten rows on a side. Ranks and categories count by their encoding.

    References
    ----------
    J. H. Steiger, "Tests for comparing elements of a correlation matrix", Psychological Bulletin 87(2), 1980,
    doi:10.1037/0033-2909.87.2.245.
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2), 1979.
    """
    if min(len(reference), len(window)) < 10 or len(names) < 2:
        return ()
    places = np.triu_indices(len(names), k=1)
    first, second = (np.asarray(p, np.intp) for p in places)
    before, error_before = _correlations(reference, first, second)
    after, error_after = _correlations(window, first, second)
    spread = np.hypot(error_before, error_after)
    known = np.isfinite(spread) & (spread > 0)
    z = np.zeros(len(first))
    z[known] = (np.arctanh(after[known]) - np.arctanh(before[known])) / spread[known]
    adjusted = _holm(np.where(known, erfc(np.abs(z) / np.sqrt(2)), 1.0), int(known.sum()))
    order = [i for i in np.argsort(adjusted, kind="stable").tolist() if adjusted[i] <= level]
    return tuple(
        ChangedCorrelation((names[first[i]], names[second[i]]), float(before[i]), float(after[i]), float(adjusted[i]))
        for i in order
    )


def _correlations(rows: FloatArray, first: NDArray[np.intp], second: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
    """Correlation of each pair, and the standard error of its ``atanh``; ``nan`` for constant columns.

    The part of a row in ``r`` is ``x y - r (x² + y²) / 2`` of its standardised values.
    """
    centred = rows - rows.mean(axis=0)
    std = rows.std(axis=0)
    scaled = centred / np.where(std > 0, std, np.nan)
    moment = {p: (scaled ** p[0]).T @ (scaled ** p[1]) / len(rows) for p in ((1, 1), (2, 2), (3, 1))}
    fourth = (scaled**4).mean(axis=0)
    r = np.clip(moment[1, 1][first, second], -NEARLY_ONE, NEARLY_ONE)
    cross = moment[3, 1][first, second] + moment[3, 1][second, first]
    square = moment[2, 2][first, second]
    variance = square - r * cross + r**2 / 4 * (fourth[first] + fourth[second] + 2 * square)
    return r, np.sqrt(np.maximum(variance, 0.0) / len(rows)) / (1 - r**2)


def _holm(p: FloatArray, tests: int) -> FloatArray:
    order = np.argsort(p, kind="stable")
    factor = np.maximum(tests - np.arange(len(p)), 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * factor), 1.0)
    return adjusted
