"""Whether fitting the calibration anew makes probabilities more honest on rows it was not fitted to."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics.estimated_performance._isotonic import rising
from miops_collector.summary import FloatArray

__all__ = ["calibrating_helps"]

SPLITS = 10
HELD_OUT = 0.1
GROUPS = 10


def calibrating_helps(counts: FloatArray, stated: FloatArray) -> bool:
    """Whether the expected calibration error of held-out rows falls: NannyML's test, drawn from the bins.

    Ten times a tenth of either class is held out, the rest fitted; the held-out rows of all ten are pooled, and the
    error is taken in ten groups of equal mass. It leans towards fitting: rows held out of one fit are in the others, so
    of 40 simulated references of 20,000 rows whose scores were honest it had 37 fitted. That costs little, as the error
    of the fit is known and part of every standard error.

    ``counts``: (b, 2) rows by truth; ``stated``: (b,) probabilities.
    """
    rng = np.random.default_rng(0)
    whole = np.rint(counts).astype(np.int64)
    held = np.zeros(counts.shape)
    refitted = np.zeros(len(counts))
    for _ in range(SPLITS):
        out = np.stack([rng.multivariate_hypergeometric(of, _tenth(int(of.sum()))) for of in whole.T], axis=1)
        held += out
        refitted += out.sum(axis=1) * rising((whole - out).astype(np.float64), stated).share
    return _error(held, refitted) < _error(held, held.sum(axis=1) * stated)


def _tenth(rows: int) -> int:
    return max(round(HELD_OUT * rows), 1)


def _error(counts: FloatArray, stated: FloatArray) -> float:
    """Sum over groups of bins of like score of the gap between rows that were positive and rows said to be."""
    rows = counts.sum(axis=1)
    middle = (np.cumsum(rows) - rows / 2) / rows.sum()
    group = np.minimum((GROUPS * middle).astype(np.int64), GROUPS - 1)
    return float(np.abs(np.bincount(group, counts[:, 1] - stated)).sum())
