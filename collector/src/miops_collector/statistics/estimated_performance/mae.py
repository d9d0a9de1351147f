"""Mean absolute error, estimated without truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_expected

__all__ = ["mae", "standard_error"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the window has no predictions",
    rests_on="rows",
)
def mae(errors: ExpectedErrors) -> float:
    """How far off predictions probably are, where truth is not known yet.

    ::

        MAE = Σ over pools of bins of the prediction  nᵢ · mean |e| of the reference's rows in pool i / Σ nᵢ

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
    as it shows in the predictions, concept drift shows in ``mae_gap`` when truth comes. NannyML's direct loss
    estimation fits a model of all features: on 6 simulated windows of growing shift the two differ by at most 3 %, and
    are as near to what turned out. Prefer ``rmse`` where large errors count more.

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
    >>> round(mae(window), 4), round(standard_error(window), 4)
    (2.0, 0.1147)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return float(_error_sums.mean_size(errors.expected))


def standard_error(errors: ExpectedErrors) -> float:
    """Of realised values about the estimate while errors are as in the reference."""
    return error_of_expected(errors, _error_sums.pull_of_size(), errors.by_pool)
