"""Areas under curves of a ranking, prediction-powered: no means of rows, but means of their pseudo-values nearly are.

The pseudo-value of a row is ``n θ - (n - 1) θ without it``. Their mean is θ less the bias of few rows, and their spread
says how precise θ is (jackknife). A row's depends on the bin of its score and its truth alone, so sums by bin suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log, nan
from typing import TypeAlias

import numpy as np
from scipy.special import stdtrit

from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import mean_of_defined, ratio
from miops_collector.statistics.estimated_performance import Calibrated, CalibratedScores
from miops_collector.statistics.estimated_performance._classes import each, error_over_classes
from miops_collector.statistics.prediction_powered._tuned import Powered, Sums, powered, share_interval
from miops_collector.summary import FloatArray

__all__ = ["PseudoValues", "area_interval", "areas", "values_of_precision", "values_of_roc"]

PseudoValues: TypeAlias = Callable[[FloatArray], FloatArray]
"""From ``(b, 2)`` rows by bin of the score and truth to the pseudo-value of a row of each."""
FEWEST = 5.0
"""Of fewer labelled rows of the class, or not of it, an area says nothing."""
LEVEL = 0.975
MOST = 30.0
"""Of an exponent: an area that is all error."""


def areas(scores: Calibrated, values: PseudoValues) -> Powered:
    """Of the positive class, or the mean over classes; those with too few labelled rows are left out."""
    found = [once(_area, c, values) for c in each(scores)]
    known = [f for f in found if not np.isnan(f.value)]
    if not known:
        return Powered(nan, nan, nan, 0.0)
    if isinstance(scores, CalibratedScores):
        return found[0]
    error = error_over_classes(lambda c: once(_area, c, values).standard_error, scores)
    value, trust = (mean_of_defined(np.array([getattr(f, name) for f in known])) for name in ("value", "tuning"))
    return Powered(value, error, trust, min(f.rows for f in known))


def _area(scores: CalibratedScores, values: PseudoValues) -> Powered:
    """Its ``rows`` are labelled rows of the side that has fewer."""
    truth, chance = scores.scores.labelled.sum(axis=1), scores.calibration.probability
    fewer = float(truth.sum(axis=0).min())
    if fewer < FEWEST:
        return Powered(nan, nan, nan, fewer)
    others = np.maximum(scores.scores.rows.sum(axis=1) - truth.sum(axis=1), 0.0)
    f = _expected(scores.by_truth, chance, values)
    return replace(powered(Sums.by_bin(truth, others, values(truth), f)), rows=fewer)


def _expected(rows: FloatArray, chance: FloatArray, values: PseudoValues) -> FloatArray:
    """``(b,)`` pseudo-value that is to be expected of a row; 0, which predicts nothing, where all are of one side."""
    if rows.sum(axis=0).min() < FEWEST:
        return np.zeros(len(chance))
    of_negative, of_positive = values(rows).T
    found: FloatArray = (1 - chance) * of_negative + chance * of_positive
    return found


def values_of_roc(rows: FloatArray) -> FloatArray:
    """Of the area under the ROC curve.

    Examples
    --------
    >>> values_of_roc(np.array([[2.0, 1.0], [1.0, 2.0]])).round(3).tolist()
    [[1.083, -0.167], [-0.167, 1.083]]
    """
    others, hits = rows.T
    n, p = others.sum(), hits.sum()
    below, above = np.cumsum(others) - others / 2, p - np.cumsum(hits) + hits / 2
    wins = hits @ below
    without = np.stack(((wins - above) / (p * (n - 1)), (wins - below) / ((p - 1) * n)), axis=1)
    found: FloatArray = (n + p) * wins / (n * p) - (n + p - 1) * without
    return found


def values_of_precision(rows: FloatArray) -> FloatArray:
    """Of average precision.

    Examples
    --------
    >>> values_of_precision(np.array([[2.0, 1.0], [1.0, 2.0]])).round(3).tolist()
    [[0.444, 0.333], [-0.667, 1.417]]
    """
    hits, p = rows[:, 1], rows[:, 1].sum()
    above, total = (np.cumsum(part[::-1])[::-1] for part in (hits, rows.sum(axis=1)))
    here = _per_row(hits * above, total)
    higher = here.sum() - np.cumsum(here)
    less_a_hit = _per_row(hits * (above - 1), total - 1)
    of_lower = np.cumsum(less_a_hit) - less_a_hit + _per_row((hits - 1) * (above - 1), total - 1)
    less_another = np.cumsum(_per_row(hits * above, total - 1))
    without = np.stack(((higher + less_another) / p, (higher + of_lower) / (p - 1)), axis=1)
    n = total[0]
    found: FloatArray = n * here.sum() / p - (n - 1) * without
    return found


def _per_row(sums: FloatArray, rows: FloatArray) -> FloatArray:
    """0 where there are no rows."""
    return np.nan_to_num(ratio(sums, np.maximum(rows, 0.0)))


def area_interval(found: Powered) -> tuple[float, float]:
    """Of 95 %: symmetric in log-odds, by Student's t of the side with fewer labelled rows.

    Where all labelled rows agree, or the area leaves its bounds, Wilson's of those rows.
    """
    value, error = found.value, found.standard_error
    if not (0 < value < 1 and error > 0):
        return share_interval(replace(found, value=min(max(value, 0.0), 1.0)) if value == value else found)
    spread = min(float(stdtrit(found.rows - 1, LEVEL)) * error / (value * (1 - value)), MOST)
    odds = log(value / (1 - value))
    return 1 / (1 + exp(spread - odds)), 1 / (1 + exp(-spread - odds))
