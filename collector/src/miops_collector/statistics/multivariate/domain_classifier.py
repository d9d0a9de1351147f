"""How well a classifier tells rows of the window from rows of the reference, and which columns give it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from miops_collector.columns import FloatArray

__all__ = ["ToldApart", "domain_classifier"]

FOLDS = 5
PENALTY = 1.0
"""Of the squared weights: that of one row. Without it columns that repeat each other have no solution."""
STEPS = 12
LARGEST = 4.0
"""Standardised values are cut here, so that one row far out does not decide."""


@dataclass(frozen=True, slots=True)
class ToldApart:
    """``auc``: 0.5 = not at all, 1 = always; ``columns``: name and weight, the most telling first, weights sum to 1."""

    auc: float
    p_value: float
    columns: tuple[tuple[str, float], ...]


def domain_classifier(
    reference: FloatArray, window: FloatArray, names: Sequence[str], *, rng: np.random.Generator
) -> ToldApart:
    """Area under the ROC curve of held-out rows, by logistic regression on every column and its square.

    Rows are dealt into five folds; each is scored by a classifier fitted to the other four. The square lets it see
    spread besides location; interactions it does not see. ``p_value``: chance of an area as large if nothing had
    changed, by the normal approximation of the rank sum. Undefined (``nan``) with fewer than five rows on a side.

    NannyML and Deepchecks grow trees for the same question, which see interactions and take longer; Eurybia computes
    the area of hard decisions, which understates it. Prefer
    :func:`~miops_collector.statistics.multivariate.changed_correlations.changed_correlations` for pairs of columns.

    References
    ----------
    J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating characteristic (ROC) curve",
    Radiology 143(1), 1982, doi:10.1148/radiology.143.1.7063747.
    D. Lopez-Paz, M. Oquab, "Revisiting classifier two-sample tests", ICLR 2017, doi:10.48550/arXiv.1610.06545.
    """
    n, m = len(window), len(reference)
    if min(n, m) < FOLDS or not names:
        return ToldApart(float("nan"), float("nan"), ())
    features = _features(np.concatenate((reference, window)))
    is_window = np.arange(m + n) >= m
    fold = np.concatenate([rng.permutation(size) % FOLDS for size in (m, n)])
    score = np.zeros(m + n)
    for held in range(FOLDS):
        weights = _fit(features[fold != held], is_window[fold != held])
        score[fold == held] = features[fold == held] @ weights
    auc = _within_folds(score, is_window, fold)
    z = (auc - 0.5) / sqrt((n + m + 1) / (12 * n * m))
    return ToldApart(auc, erfc(z / sqrt(2.0)) / 2, _telling(_fit(features, is_window), names))


def _features(rows: FloatArray) -> FloatArray:
    cut = np.clip(rows, -LARGEST, LARGEST)
    return np.concatenate((np.ones((len(rows), 1)), cut, cut**2 - 1), axis=1)


def _fit(features: FloatArray, target: NDArray[np.bool_]) -> FloatArray:
    """Penalised logistic regression by Newton's method; both sides count the same however many rows they have."""
    mine = max(int(target.sum()), 1)
    weight: FloatArray = np.where(target, 0.5 / mine, 0.5 / max(len(target) - mine, 1)) * len(target)
    penalty = np.full(features.shape[1], PENALTY)
    found = np.zeros(features.shape[1])
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(features @ found, -30, 30)))
        slope = features.T @ (weight * (target - chance)) - penalty * found
        bend = (features * (weight * np.maximum(chance * (1 - chance), 1e-6))[:, None]).T @ features
        step = np.linalg.solve(bend + np.diag(penalty), slope)
        found = found + step
        if np.abs(step).max() < 1e-6:
            break
    return found


def _within_folds(score: FloatArray, is_window: NDArray[np.bool_], fold: NDArray[np.int64]) -> float:
    """Mean area over folds: scores of different classifiers are not compared."""
    areas = []
    for held in range(FOLDS):
        mine, theirs = score[(fold == held) & is_window], score[(fold == held) & ~is_window]
        ranks = _ranks(np.concatenate((mine, theirs)))
        areas.append((ranks[: len(mine)].sum() - len(mine) * (len(mine) + 1) / 2) / (len(mine) * len(theirs)))
    return float(np.mean(areas))


def _ranks(values: FloatArray) -> FloatArray:
    """Places from the smallest on, from 1; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean: FloatArray = (np.cumsum(count) - (count - 1) / 2)[place]
    return mean


def _telling(weights: FloatArray, names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    d = len(names)
    strength = weights[1 : d + 1] ** 2 + 2 * weights[d + 1 :] ** 2  # variance of a square of a normal is 2
    total = float(strength.sum())
    shares = strength / total if total > 0 else np.zeros(d)
    order = np.argsort(-shares, kind="stable")
    return tuple((names[i], float(shares[i])) for i in order)
