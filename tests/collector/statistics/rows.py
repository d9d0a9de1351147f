"""Summaries made plainly from rows, so that statistics can be compared with libraries that take the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from miops_collector.summary import (
    LATENCY_BUCKETS,
    LATENCY_GAMMA,
    LATENCY_LOWEST_SECONDS,
    ClassScores,
    Confidence,
    Confusion,
    ErrorProfile,
    Frequencies,
    Groups,
    Histogram,
    Latency,
    Losses,
    Moments,
    Residuals,
    ScoreHistogram,
)

Array = NDArray[Any]


def frequencies(categories: Sequence[str], values: ArrayLike) -> Frequencies:
    known = {c: i for i, c in enumerate(categories)}
    names, counts = np.unique(np.asarray(values, dtype=str), return_counts=True)
    cells = np.zeros(len(categories) + 3)
    for name, count in zip(names, counts, strict=True):
        cells[2 + known.get(str(name), len(categories))] += count
    return Frequencies(tuple(categories), cells)


def quantile_edges(values: ArrayLike, bins: int = 128) -> Array:
    return np.unique(np.quantile(np.asarray(values, dtype=np.float64), np.linspace(0, 1, bins + 1)))


def histogram(edges: ArrayLike, values: ArrayLike, groups: ArrayLike | None = None) -> Histogram:
    edges, values = np.asarray(edges), np.asarray(values)
    cell = np.searchsorted(edges, values, side="right")
    cell[values == edges[-1]] = len(edges) - 1
    counts = np.bincount(cell, minlength=len(edges) + 1)
    own_group = np.arange(len(edges) - 1)
    chosen = own_group if groups is None else np.asarray(groups)
    return Histogram(edges.astype(np.float64), chosen, np.concatenate(([0, 0], counts)).astype(np.float64))


def moments(values: ArrayLike, center: float = 0.0) -> Moments:
    x = np.asarray(values, dtype=np.float64)
    moved = x - center
    ends = (float(x.min()), float(x.max())) if x.size else (float("nan"), float("nan"))
    return Moments(center, np.array([x.size, moved.sum(), (moved**2).sum()]), *ends)


def confusion(truth: ArrayLike, prediction: ArrayLike, k: int, positive: int = -1) -> Confusion:
    cells = np.zeros((k, k))
    np.add.at(cells, (np.asarray(truth), np.asarray(prediction)), 1)
    return Confusion(tuple(str(i) for i in range(k)), positive, cells)


def score_histogram(score: ArrayLike, truth: ArrayLike, prediction: ArrayLike, bins: int = 1000) -> ScoreHistogram:
    cell = np.minimum((np.asarray(score) * bins).astype(int), bins - 1)
    labelled = np.zeros((bins, 2, 2))
    np.add.at(labelled, (cell, np.asarray(prediction), np.asarray(truth)), 1)
    return ScoreHistogram(np.linspace(0, 1, bins + 1), True, labelled.sum(axis=2), labelled)


def class_scores(scores: Array, truth: ArrayLike, bins: int = 200) -> ClassScores:
    """Decided for the class of the highest score."""
    k = scores.shape[1]
    labelled = np.zeros((k, bins, 2, 2))
    decided = scores.argmax(axis=1)
    for c in range(k):
        cell = np.minimum((scores[:, c] * bins).astype(int), bins - 1)
        np.add.at(labelled[c], (cell, (decided == c).astype(int), (np.asarray(truth) == c).astype(int)), 1)
    return ClassScores(tuple(str(i) for i in range(k)), labelled.sum(axis=3), labelled)


def losses(log_losses: ArrayLike, briers: ArrayLike) -> Losses:
    a, b = np.asarray(log_losses, dtype=np.float64), np.asarray(briers, dtype=np.float64)
    return Losses(np.array([a.size, a.sum(), (a**2).sum(), b.sum(), (b**2).sum()]))


def residuals(truth: ArrayLike, prediction: ArrayLike, center: float = 0.0) -> Residuals:
    t, p = np.asarray(truth, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    e, c = p - t, t - center
    some = t != 0
    relative = np.abs(e[some] / t[some])
    return Residuals(
        center,
        np.array(
            [t.size, e.sum(), (e**2).sum(), np.abs(e).sum(), some.sum(), relative.sum(), c.sum(), (c**2).sum(),
             (e**4).sum(), (relative**2).sum(), (c**3).sum(), (c**4).sum(), (e**2 * c).sum(), (e**2 * c**2).sum()]
        ),
    )  # fmt: skip


def error_profile(
    bins: ArrayLike, truth: ArrayLike, prediction: ArrayLike, count: int, center: float = 0.0, times: float = 1.0
) -> ErrorProfile:
    """All rows labelled, each ``times`` times, of bins of the prediction from 0 (below) on."""
    place, t, p = np.asarray(bins), np.asarray(truth, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    labelled = times * np.array([residuals(t[place == b], p[place == b], center).sums for b in range(count)])
    return ErrorProfile(labelled[:, 0].copy(), labelled)


def losses_by_bin(losses: ArrayLike) -> Array:
    """Sums of errors ``(b, 14)`` that are 0 but for weight, Σ|e|, Σe² and Σe⁴: ``losses (b, 4)``."""
    given = np.asarray(losses, dtype=np.float64)
    sums = np.zeros((len(given), 14))
    sums[:, [0, 3, 2, 8]] = given
    return sums


def confidence(scores: Array, truth: ArrayLike, low: float = 0.6) -> Confidence:
    top, decided = scores.max(axis=1), scores.argmax(axis=1)
    right = decided == np.asarray(truth)
    entropy = -np.sum(np.where(scores > 0, scores * np.log(np.where(scores > 0, scores, 1)), 0), axis=1)
    sums = np.array([len(top), top.sum(), (top**2).sum(), entropy.sum(), (top < low).sum()])
    bins = np.zeros((100, 4))
    cell = np.minimum((top * 100).astype(int), 99)
    for i, weights in enumerate((np.ones(len(top)), np.ones(len(top)), right, top)):
        bins[:, i] = np.bincount(cell, weights=weights, minlength=100)
    return Confidence(low, sums, bins)


def groups(group: ArrayLike, truth: ArrayLike, prediction: ArrayLike, g: int, positive: int = 1, k: int = 2) -> Groups:
    rows, labelled = np.zeros((g, k)), np.zeros((g, k, k))
    np.add.at(rows, (np.asarray(group), np.asarray(prediction)), 1)
    np.add.at(labelled, (np.asarray(group), np.asarray(truth), np.asarray(prediction)), 1)
    names = tuple(f"g{i}" for i in range(g))
    return Groups(("sex",), names, tuple(str(i) for i in range(k)), positive, rows, labelled)


def group_losses(brier_roots: ArrayLike, truth: float = 0.0) -> Array:
    """Sums of one group's rows, of probabilities that are this far from what happened."""
    off = np.asarray(brier_roots, dtype=np.float64)
    loss = -np.log(np.clip(1 - off, 1e-15, 1))
    signed = off * (1 - 2 * truth)
    return np.array(
        [off.size, loss.sum(), (loss**2).sum(), (off**2).sum(), (off**4).sum(), signed.sum(), (off**2).sum()]
    )


def latency(seconds: ArrayLike) -> Latency:
    x = np.asarray(seconds, dtype=np.float64)
    bucket = np.floor(np.log(x / LATENCY_LOWEST_SECONDS) / np.log(LATENCY_GAMMA)).astype(int)
    counts = np.bincount(np.clip(bucket, 0, LATENCY_BUCKETS - 1), minlength=LATENCY_BUCKETS)
    return Latency(np.array([x.size, x.sum(), (x**2).sum()]), counts.astype(np.float64))
