"""Shares that never fall as the score rises, from counts of rows by bin of the score."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from miops_collector.summary import FloatArray

__all__ = ["Rising", "expected_over_orders", "rising"]

ORDERS = 32
HALVINGS = 5
"""A bin is split into 32 parts: further splitting changed no estimate on the employment survey by 1e-4."""


class Rising(NamedTuple):
    """``share``, ``block``: (b,) the fitted share and number of the pool of each bin; ``support``: (k,) rows of pools.

    Bins without rows lie on the line between their neighbours and belong to the nearest pool.
    """

    share: FloatArray
    block: NDArray[np.int64]
    support: FloatArray


def rising(counts: FloatArray, centers: FloatArray) -> Rising:
    """Isotonic regression of truth on the bin. ``counts``: (b, 2) rows by truth; at least one row.

    Examples
    --------
    >>> found = rising(np.array([[3.0, 1.0], [4.0, 0.0], [1.0, 3.0]]), np.array([0.2, 0.5, 0.8]))
    >>> found.share.tolist(), found.block.tolist(), found.support.tolist()
    ([0.125, 0.125, 0.75], [0, 0, 1], [8.0, 4.0])
    """
    rows = counts.sum(axis=1)
    (occupied,) = np.nonzero(rows > 0)
    weights = rows[occupied]
    fit = _isotonic(counts[occupied, 1] / weights, weights)
    block = np.repeat(np.arange(len(fit.blocks) - 1), np.diff(fit.blocks))
    nearest = np.rint(np.interp(np.arange(rows.size), occupied, np.arange(occupied.size))).astype(np.int64)
    share = np.interp(centers, centers[occupied], fit.x)
    return Rising(share, block[nearest], np.bincount(block, weights).astype(np.float64))


def expected_over_orders(counts: FloatArray, centers: FloatArray) -> FloatArray:
    """Mean share of each bin had the rows themselves been fitted: averaged over the orders they may have had.

    A fit of the rows can pool part of a bin with its neighbour, a fit of the bins only all of it. Which rows of a bin
    came first is not kept; every order of them is equally likely, so the best guess of their fit is its mean over
    orders, here over 32 that are drawn with a fixed seed.
    """
    rng = np.random.default_rng(0)
    whole = np.rint(counts).astype(np.int64)
    total = np.zeros(len(counts))
    for _ in range(ORDERS):
        total += _of_parts(_split(whole, rng))
    rows = whole.sum(axis=1)
    (occupied,) = np.nonzero(rows > 0)
    return np.interp(centers, centers[occupied], total[occupied] / ORDERS)


def _isotonic(shares: FloatArray, weights: FloatArray) -> Any:
    from scipy.optimize import isotonic_regression  # 40 MB that a collector without calibrated scores never needs

    return isotonic_regression(shares, weights=weights)


def _split(counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """``(b, parts, 2)``: the rows of each bin dealt at random into parts of equal size that follow each other."""
    parts = counts[:, None, :]
    for _ in range(HALVINGS):
        half = (parts.sum(axis=2) + 1) // 2
        hits = rng.hypergeometric(parts[..., 1], parts[..., 0], half)
        first = np.stack((half - hits, hits), axis=2)
        parts = np.stack((first, parts - first), axis=2).reshape(len(counts), -1, 2)
    return parts


def _of_parts(parts: NDArray[np.int64]) -> FloatArray:
    rows = parts.sum(axis=2)
    there = rows > 0
    fitted = np.zeros(rows.shape)
    weights = rows[there].astype(np.float64)
    fitted[there] = _isotonic(parts[there][:, 1] / weights, weights).x
    mean: FloatArray = (fitted * rows).sum(axis=1) / np.maximum(rows.sum(axis=1), 1)
    return mean
