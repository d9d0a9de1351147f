"""Of every estimate by how much it has changed since the reference: the part that covariate shift explains.

Of ``f1`` it makes ``f1_shift``. Where a file of its own says it, such as ``accuracy_shift``, that is it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import hypot, isinf, sqrt
from typing import Any, Final

import numpy as np

from miops_collector.statistics import _error_sums
from miops_collector.statistics._error_sums import Pull, variance
from miops_collector.statistics._ratio import quotient, ratio
from miops_collector.statistics._statistic import Statistic
from miops_collector.statistics.estimated_performance._calibrated import CalibratedScores
from miops_collector.statistics.estimated_performance._classes import Calibrated, each
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors
from miops_collector.statistics.estimated_performance._influence import INFLUENCES, Influence
from miops_collector.summary import FloatArray

__all__ = ["completed"]

TEXT: Final = """How much {of} has probably changed since the reference because rows are other ones than there.

    ::

        shift = {of} estimated for the window - {of} estimated for the reference, by the same {by}

    0 = rows are as hard as they were; {higher}. {ranges}

    Parameters
    ----------
    reference, current
        {takes}

    Returns
    -------
    float
        ``nan`` if {undefined}.

    Notes
    -----
    Change in {of} splits into this part, which covariate shift explains as far as it shows in {shows}, and the rest,
    which it does not: ``{of}_gap``, known when truth comes, the sign of concept drift. Both parts sum to the change
    where all rows have their truth. Its error is that of finitely many rows on either side and of what was learnt from
    the reference{bound}. Prefer ``{of}`` for how good the model probably is now.

    Examples
    --------
    >>> from miops_collector.statistics import statistics_of
    >>> [s.compares for s in statistics_of("estimated_performance") if s.name == "{of}_shift"]
    [True]

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
SIDES: Final = {
    "better": "negative = harder, positive = easier",
    "worse": "positive = harder, negative = easier",
    "neither": "positive = higher, negative = lower",
}
SUMMED: Final = ("brier", "log_loss")
"""Sums over several classes; the others are means over them."""
PULLS: Final[Mapping[str, Callable[[FloatArray], Pull]]] = {
    "bias": lambda _: _error_sums.pull_of_error(),
    "mae": lambda _: _error_sums.pull_of_size(),
    "mape": _error_sums.pull_of_relative,
    "r2": _error_sums.pull_of_unexplained,
    "rmse": lambda _: _error_sums.pull_of_square(),
}


def completed(found: Sequence[Statistic]) -> tuple[Statistic, ...]:
    """These, and the shifts that are missing, by name."""
    own = {s.name: s for s in found}
    made = [_shift(s) for s in found if s.name in (*INFLUENCES, *PULLS)]
    return tuple(sorted((*found, *(s for s in made if s.name not in own)), key=lambda s: s.name))


def _shift(s: Statistic) -> Statistic:
    def function(reference: Any, current: Any) -> float:
        return float(s.function(current) - s.function(reference))

    def standard_error(reference: Any, current: Any) -> float:
        if isinstance(current, ExpectedErrors):
            return _error_of_regression(s.name, reference, current)
        return _error_of_scores(s.name, reference, current)

    of_errors, (low, high) = s.name in PULLS, s.about.bounds
    span = high - low
    function.__name__ = function.__qualname__ = f"{s.name}_shift"
    function.__doc__ = TEXT.format(
        of=s.name, by="loss model" if of_errors else "calibration", higher=SIDES[s.about.higher],
        ranges="Without bounds." if isinf(span) else f"From {-span:g} to {span:g}.",
        takes="Predictions of each, and how rows of such predictions erred in the reference."
        if of_errors
        else "Scores of each, and what they mean by the truth of the reference.",
        undefined=f"it is for either: {s.about.undefined}", shows="the predictions" if of_errors else "the scores",
        bound="" if of_errors else "; of several classes at most this",
    )  # fmt: skip
    about = replace(s.about, bounds=(-span, span), undefined=f"of the window or the reference: {s.about.undefined}")
    return replace(
        s, name=function.__name__, about=about, function=function, compares=True, standard_error=standard_error
    )


# --- classifiers --------------------------------------------------------------------------------------------


def _error_of_scores(name: str, reference: Calibrated, current: Calibrated) -> float:
    pairs = zip(each(reference), each(current), strict=True)
    errors = np.array([_error_of_class(name, (reference, then), (current, now)) for then, now in pairs])
    known = errors[~np.isnan(errors)]
    if not known.size:
        return float("nan")
    return float(known.sum()) / (1 if name in SUMMED else known.size)


def _error_of_class(
    name: str, then: tuple[Calibrated, CalibratedScores], now: tuple[Calibrated, CalibratedScores]
) -> float:
    before, after = INFLUENCES[name](*then), INFLUENCES[name](*now)
    calibration = now[1].calibration
    pull = _pull_of_chances(now[1], after) - _pull_of_chances(then[1], before)
    of_blocks = np.bincount(calibration.block, pull, calibration.block_variance.size)
    of_calibration = sqrt(float(of_blocks**2 @ calibration.block_variance))
    return hypot(_error_of_rows(then[1], before), _error_of_rows(now[1], after), of_calibration)


def _pull_of_chances(scores: CalibratedScores, of: Influence) -> FloatArray:
    """``(b,)`` by how much the estimate rises with the chance of each bin."""
    pulled: FloatArray = (scores.scores.rows * (of.positive - of.negative)).sum(axis=1)
    return pulled


def _error_of_rows(scores: CalibratedScores, of: Influence) -> float:
    """Had other rows come: their scores and decisions, not yet their truth."""
    rows, chance = scores.scores.rows, scores.calibration.probability[:, None]
    moved = chance * of.positive + (1 - chance) * of.negative
    return sqrt(float(np.vdot(rows, np.broadcast_to(moved, rows.shape) ** 2)))


# --- regressions --------------------------------------------------------------------------------------------


def _error_of_regression(name: str, reference: ExpectedErrors, current: ExpectedErrors) -> float:
    then, now = (_parts(name, errors) for errors in (reference, current))
    of_model = (now[0] - then[0]) ** 2 @ (now[2] / current.model.support)
    return hypot(then[1], now[1], sqrt(max(float(of_model), 0.0)))


def _parts(name: str, errors: ExpectedErrors) -> tuple[FloatArray, float, FloatArray]:
    """``(k,)`` share of rows by pool, as it enters; error of which rows came; ``(k,)`` variance of one row's pull.

    Pools differ by the chance of their reference rows too, which is taken off: it is counted with the model's error.
    """
    pull, rows, model = PULLS[name](errors.expected), errors.by_pool, errors.model
    scale = quotient(0.5, sqrt(float(_error_sums.mean_square(errors.expected)))) if name == "rmse" else 1.0
    share, of_pool = ratio(rows, np.full(rows.shape, rows.sum())), (model.mean * pull.row).sum(axis=1)
    of_row = variance(pull, model.mean)
    spread = max(float(share @ ((of_pool - share @ of_pool) ** 2 - of_row / model.support)), 0.0)
    return scale * share, scale * sqrt(quotient(spread, float(rows.sum()))), of_row
