"""Shares of decisions, such as precision, as ratios of cells of the confusion matrix, prediction-powered."""

from __future__ import annotations

from dataclasses import replace
from math import nan
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import mean_of_defined, quotient
from miops_collector.statistics.estimated_performance import Calibrated, CalibratedScores
from miops_collector.statistics.estimated_performance._classes import each, error_over_classes
from miops_collector.statistics.prediction_powered._tuned import Powered, Sums, error_of, powered, tuning
from miops_collector.summary import FloatArray

__all__ = [
    "BALANCED",
    "F1",
    "PRECISION",
    "RECALL",
    "SPECIFICITY",
    "Ratios",
    "macro",
    "powered_ratio",
    "right_decisions",
]

Ratios: TypeAlias = tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
"""Numerators and denominators by cell: true negatives, false negatives, false positives, true positives. Their mean
counts."""

PRECISION: Final[Ratios] = (((0, 0, 0, 1), (0, 0, 1, 1)),)
RECALL: Final[Ratios] = (((0, 0, 0, 1), (0, 1, 0, 1)),)
SPECIFICITY: Final[Ratios] = (((1, 0, 0, 0), (1, 0, 1, 0)),)
F1: Final[Ratios] = (((0, 0, 0, 2), (0, 1, 1, 2)),)
BALANCED: Final[Ratios] = (*RECALL, *SPECIFICITY)
RIGHT: Final[Ratios] = (((1, 0, 0, 1), (1, 1, 1, 1)),)
FEWEST: Final = 5.0
"""Of fewer labelled rows that count, or that do not, it cannot be told how well predictions go with them."""
NOTHING: Final = Sums(0, 0, 0, 0, 0, 0, 0, 0, 0)


class _Cells(NamedTuple):
    """Sums of the powers 0, 1, 2 of the chance of a positive truth.

    ``labelled``: ``(3, 2, 2)`` by predicted class and truth; ``others``: ``(3, 2)`` by predicted class.
    """

    labelled: FloatArray
    others: FloatArray


def macro(ratios: Ratios, scores: Calibrated) -> Powered:
    """Of the positive class, or the mean over classes; classes for which it is undefined are left out."""
    found = [once(powered_ratio, c, ratios) for c in each(scores)]
    if isinstance(scores, CalibratedScores):
        return found[0]
    values, trusts = (np.array([getattr(f, name) for f in found]) for name in ("value", "tuning"))
    error = error_over_classes(lambda c: once(powered_ratio, c, ratios).standard_error, scores)
    return Powered(mean_of_defined(values), error, mean_of_defined(trusts), sum(f.rows for f in found))


def right_decisions(scores: Calibrated) -> Powered:
    """Of all rows the share that was decided rightly: with several classes each row counts where it was decided."""
    if isinstance(scores, CalibratedScores):
        return macro(RIGHT, scores)
    hits = np.array([[0.0, 0.0], [0.0, 1.0]])
    decided = [_of_decision(once(_cells, c), hits, 1) for c in scores.classes]
    total = sum(decided, NOTHING)
    few = min(total.y, total.labelled - total.y) < FEWEST
    return powered(replace(total, others=0.0) if few else total)


def powered_ratio(scores: CalibratedScores, ratios: Ratios) -> Powered:
    """Linearised twice: at the labelled rows to find how far to trust predictions, and at the cells that follow."""
    cells = once(_cells, scores)
    known = cells.labelled[0]
    rows = min(float(known.ravel() @ (np.array(below) > 0)) for _, below in ratios)
    if not known.sum() > 0 or np.isnan(cells.labelled).any():
        return Powered(nan, nan, nan, rows)
    of_either_kind = min(min(_dot(known, above), _dot(known, below) - _dot(known, above)) for above, below in ratios)
    trust = tuning(_sums(cells, _slope(known / known.sum(), ratios)))
    trust = min(trust, 0.0) if of_either_kind < FEWEST else trust
    moved = known / known.sum()
    if trust > 0:
        moved = moved + trust * (_expected(cells.others) - _expected(cells.labelled.sum(axis=2)))
    moved = np.maximum(moved, 0.0)
    value = float(np.mean([quotient(_dot(moved, above), _dot(moved, below)) for above, below in ratios]))
    return Powered(value, error_of(_sums(cells, _slope(moved, ratios)), trust), trust, rows)


def _cells(scores: CalibratedScores) -> _Cells:
    chance = scores.calibration.probability
    powers, labelled = np.stack((np.ones_like(chance), chance, chance**2)), scores.scores.labelled
    others = np.maximum(scores.scores.rows - labelled.sum(axis=2), 0.0)
    return _Cells((powers @ labelled.reshape(-1, 4)).reshape(3, 2, 2), powers @ others)


def _expected(sums: FloatArray) -> FloatArray:
    """``(2, 2)`` shares by predicted class and truth, from powers of the chance by predicted class."""
    found: FloatArray = np.stack((sums[0] - sums[1], sums[1]), axis=1) / sums[0].sum()
    return found


def _slope(shares: FloatArray, ratios: Ratios) -> FloatArray:
    """``(2, 2)`` by how much the mean of the ratios rises with each cell; ``nan`` where one is undefined."""
    slopes = []
    for above, below in ratios:
        whole = _dot(shares, below)
        one = quotient(1.0, whole)
        slopes.append((np.array(above) - _dot(shares, above) * one * np.array(below)) * one)
    found: FloatArray = np.mean(slopes, axis=0).reshape(2, 2)
    return found


def _dot(shares: FloatArray, weights: tuple[float, ...]) -> float:
    return float(shares.ravel() @ np.array(weights))


def _sums(cells: _Cells, weights: FloatArray) -> Sums:
    return _of_decision(cells, weights, 0) + _of_decision(cells, weights, 1)


def _of_decision(cells: _Cells, weights: FloatArray, decided: int) -> Sums:
    """Of the rows that were decided so; ``weights`` by predicted class and truth are what a row counts."""
    w, labelled = weights[decided], cells.labelled[:, decided]
    low, rise = float(w[0]), float(w[1] - w[0])
    one, chance, square = labelled.sum(axis=1).tolist()
    of_others, chance_of_others, square_of_others = cells.others[:, decided].tolist()
    return Sums(
        labelled=one,
        others=of_others,
        y=float(labelled[0] @ w),
        yy=float(labelled[0] @ w**2),
        f=low * one + rise * chance,
        ff=low**2 * one + 2 * low * rise * chance + rise**2 * square,
        yf=float(w @ (low * labelled[0] + rise * labelled[1])),
        f_others=low * of_others + rise * chance_of_others,
        ff_others=low**2 * of_others + 2 * low * rise * chance_of_others + rise**2 * square_of_others,
    )
