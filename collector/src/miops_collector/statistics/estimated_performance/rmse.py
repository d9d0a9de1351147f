"""Root mean squared error, estimated without truth."""

from __future__ import annotations

from math import inf, sqrt

from miops_collector.statistics import _error_sums
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_expected

__all__ = ["rmse", "standard_error"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the window has no predictions",
    rests_on="rows",
)
def rmse(errors: ExpectedErrors) -> float:
    """How far off predictions probably are, large errors counted more, where truth is not known yet.

    ::

        RMSE = √( Σ over pools of bins of the prediction  nᵢ · mean e² of the reference's rows in pool i / Σ nᵢ )

    In the unit of the target; 0 = exact; lower is better.

    Parameters
    ----------
    errors
        Predictions of the window and how large errors were in the reference.

    Returns
    -------
    float
        ``nan`` without rows.

    Notes
    -----
    Holds while errors among rows of one prediction are as large as in the reference: covariate shift is followed as far
    as it shows in the predictions, concept drift shows in ``rmse_gap`` when truth comes. NannyML's direct loss
    estimation fits a model of all features: on 6 simulated windows of growing shift the two differ by at most 3 %, and
    are as near to what turned out. Prefer ``mae`` where single large errors are noise.

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
    >>> round(rmse(window), 4), round(standard_error(window), 4)
    (2.3979, 0.1053)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return sqrt(float(_error_sums.mean_square(errors.expected)))


def standard_error(errors: ExpectedErrors) -> float:
    """By the delta method from that of the mean squared error."""
    of_square = error_of_expected(errors, _error_sums.pull_of_square(), errors.by_pool)
    return quotient(of_square, 2 * rmse(errors))
