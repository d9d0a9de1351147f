"""Two samples of one column as shares of cells that correspond."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.summary import Distribution, FloatArray

__all__ = ["of_total", "shares"]


def of_total(counts: FloatArray) -> FloatArray:
    """Counts as shares that sum to 1; all ``nan`` if nothing was counted."""
    total = counts.sum()
    return counts / total if total > 0 else np.full_like(counts, nan)


def shares(reference: Distribution, current: Distribution) -> tuple[FloatArray, FloatArray]:
    """Shares of the coarse cells of both samples; all ``nan`` for a sample without values."""
    return of_total(reference.coarse), of_total(current.coarse)
