"""Mean losses of rows, prediction-powered: of scores by bin, and of errors by bin of the prediction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan, sqrt
from typing import Final

import numpy as np

from miops_collector.statistics import _error_sums
from miops_collector.statistics._error_sums import Pull
from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics.estimated_performance import CalibratedScores, ExpectedErrors
from miops_collector.statistics.prediction_powered._tuned import Powered, Sums, powered
from miops_collector.summary import ErrorSum, FloatArray, Losses

__all__ = [
    "ScoredLosses",
    "log_losses",
    "mean_error",
    "mean_relative",
    "root_mean_square",
    "squared_distances",
    "unexplained",
]

PULLS: Final = {ErrorSum.SIZE: _error_sums.pull_of_size, ErrorSum.SQUARE: _error_sums.pull_of_square}
"""Of each loss of a regression what a row adds to it, and to its squares."""


@dataclass(frozen=True, eq=False)  # no slots: what the value and its interval share is computed once
class ScoredLosses:
    """Scores of the positive class, what they mean, and the losses of those rows whose truth came."""

    scores: CalibratedScores
    losses: Losses

    @property
    def labelled(self) -> float:
        return self.scores.labelled


def squared_distances(scores: CalibratedScores) -> Powered:
    """Mean squared distance of probability and truth, at the centres of bins."""
    return once(_squared_distances, scores)


def _squared_distances(scores: CalibratedScores) -> Powered:
    stated = scores.calibration.stated
    return powered(_by_bin(scores, np.stack((stated**2, (1 - stated) ** 2), axis=1)))


def log_losses(window: ScoredLosses) -> Powered:
    """Mean log loss."""
    return once(_log_losses, window)


def _log_losses(window: ScoredLosses) -> Powered:
    stated = window.scores.calibration.stated
    if np.isnan(stated[0]):
        return Powered(nan, nan, nan)
    losses = np.stack((-np.log1p(-stated), -np.log(stated)), axis=1)
    return powered(_with_exact_truth(_by_bin(window.scores, losses), window, losses))


def _with_exact_truth(sums: Sums, window: ScoredLosses, losses: FloatArray) -> Sums:
    """The labelled rows' own losses, which their bins do not know where a probability was all but 0 for what came.

    What bins miss is put where they miss it: to truths that the outermost bins hold to be impossible.
    """
    weight, total, squares = window.losses.sums[:3].tolist()
    exact = quotient(total * sums.labelled, weight)
    impossible = np.array([window.scores.scores.labelled[0, :, 1].sum(), window.scores.scores.labelled[-1, :, 0].sum()])
    expected = _expected(window.scores, losses)
    surprised = float(impossible.sum())
    where = quotient(float(impossible @ expected[[0, -1]]), surprised) if surprised else quotient(sums.f, sums.labelled)
    return Sums(
        sums.labelled, sums.others, exact, quotient(squares * sums.labelled, weight), sums.f, sums.ff,
        sums.yf + (exact - sums.y) * where, sums.f_others, sums.ff_others,
    )  # fmt: skip


def _by_bin(scores: CalibratedScores, losses: FloatArray) -> Sums:
    """``losses``: ``(b, 2)`` of a row by bin of its score and truth."""
    truth = scores.scores.labelled.sum(axis=1)
    others = np.maximum(scores.scores.rows.sum(axis=1) - truth.sum(axis=1), 0.0)
    return Sums.by_bin(truth, others, losses, _expected(scores, losses))


def _expected(scores: CalibratedScores, losses: FloatArray) -> FloatArray:
    chance = scores.calibration.probability
    found: FloatArray = (1 - chance) * losses[:, 0] + chance * losses[:, 1]
    return found


def mean_error(errors: ExpectedErrors, loss: ErrorSum) -> Powered:
    """Of a regression: mean of one of :data:`PULLS`."""
    return once(_mean_error, errors, loss)


def _mean_error(errors: ExpectedErrors, loss: ErrorSum) -> Powered:
    return _by_pull(errors, PULLS[loss]())


def mean_relative(errors: ExpectedErrors) -> Powered:
    """Of a regression: mean of |e / truth| over rows whose truth is not 0, linearised at the labelled rows."""
    return once(_moved, errors, _error_sums.mean_relative, _error_sums.pull_of_relative)


def unexplained(errors: ExpectedErrors) -> Powered:
    """Of a regression: squared errors per spread of the truth, linearised at the labelled rows."""
    return once(_moved, errors, _error_sums.unexplained, _error_sums.pull_of_unexplained)


def _moved(
    errors: ExpectedErrors, value: Callable[[FloatArray], FloatArray], pull: Callable[[FloatArray], Pull]
) -> Powered:
    """What labelled rows say, moved by the rows' pulls: of the labelled rows themselves their mean is 0."""
    found = _by_pull(errors, pull(errors.realised))
    return replace(found, value=float(value(errors.realised)) + found.value)


def _by_pull(errors: ExpectedErrors, pull: Pull) -> Powered:
    """Mean of what rows pull; by the loss model it is expected to be ``f`` of rows of one prediction."""
    known, f = errors.errors.labelled, (errors.model.mean @ pull.row)[errors.model.block]
    labelled = known[:, ErrorSum.WEIGHT]
    others = np.maximum(errors.errors.rows - labelled, 0.0)
    return powered(
        Sums(
            labelled=float(labelled.sum()),
            others=float(others.sum()),
            y=float(errors.realised @ pull.row),
            yy=float(errors.realised @ pull.square),
            f=float(labelled @ f),
            ff=float(labelled @ f**2),
            yf=float(known @ pull.row @ f),
            f_others=float(others @ f),
            ff_others=float(others @ f**2),
        )
    )


def root_mean_square(errors: ExpectedErrors) -> Powered:
    """Of the errors of a regression, by the delta method."""
    square = mean_error(errors, ErrorSum.SQUARE)
    value = nan if np.isnan(square.value) else sqrt(max(square.value, 0.0))
    return Powered(value, quotient(square.standard_error, 2 * value), square.tuning, square.rows)
