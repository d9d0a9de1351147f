"""Mean absolute error: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_gap

__all__ = ["mae_gap", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="worse",
    undefined="no labelled rows",
    rests_on="labelled",
)
def mae_gap(errors: ExpectedErrors) -> float:
    """How much further off predictions were than was estimated before their truth came.

    ::

        gap = mean |e| by truth - mean |e| expected from the reference, both over the same labelled rows

    0 = as estimated, positive = worse, negative = better; in the unit of the target.

    Parameters
    ----------
    errors
        Predictions of the window, their errors as far as known, and how large errors were in the reference.

    Returns
    -------
    float
        ``nan`` without labelled rows.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some predictions than for
    others does not bias it. A gap of many standard errors that stays says that errors of the same predictions have
    grown: concept drift is likely, or a shift of features that the prediction does not show. Prefer the realised
    ``miops.performance.mae`` for how good the model was.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import ExpectedErrors, loss_model
    >>> from miops_collector.summary import ErrorProfile, ErrorSum
    >>> sums = [ErrorSum.WEIGHT, ErrorSum.SIZE, ErrorSum.SQUARE, ErrorSum.FOURTH]
    >>> labelled, came = np.zeros((4, 14)), np.zeros((4, 14))
    >>> labelled[1:3, sums] = [[60, 60, 90, 200], [70, 210, 700, 9000]]
    >>> learnt = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> came[1:3, sums] = [[20, 24, 40, 120], [10, 40, 180, 3000]]
    >>> window = ExpectedErrors(ErrorProfile(np.array([0.0, 50, 50, 0]), came), learnt)
    >>> round(mae_gap(window), 4), round(standard_error(window), 4)
    (0.4667, 0.2114)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return float(_error_sums.mean_size(errors.realised) - _error_sums.mean_size(errors.expected_of_labelled))


def standard_error(errors: ExpectedErrors) -> float:
    """While errors are as in the reference: of the rows' own errors, as they are or were, and of the loss model's."""
    return error_of_gap(errors, _error_sums.pull_of_size())
