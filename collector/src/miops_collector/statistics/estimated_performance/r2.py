"""Coefficient of determination, estimated without truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_expected

__all__ = ["r2", "standard_error"]


@statistic(
    bounds=(-inf, 1.0),
    higher="better",
    undefined="the window has no predictions, or the expected truth does not vary",
    rests_on="rows",
)
def r2(errors: ExpectedErrors) -> float:
    """Share of the variation of the truth that the model probably explains, where truth is not known yet.

    ::

        R² = 1 - Σᵢ nᵢ · sᵢ / ( Σᵢ nᵢ · qᵢ - (Σᵢ nᵢ · yᵢ)² / Σᵢ nᵢ )
        i: pools of bins of the prediction;  nᵢ: predictions now
        sᵢ: e², yᵢ: truth, qᵢ: its square; means of the reference's rows in pool i

    1 = always exact, 0 = no better than naming the mean of the window, negative = worse than that; higher is better.

    Parameters
    ----------
    errors
        Predictions of the window and how rows of such predictions erred in the reference.

    Returns
    -------
    float
        ``nan`` without rows, or if the expected truth does not vary.

    Notes
    -----
    Errors and the spread of the truth are both expected, and both may be wrong: it holds while truths of rows of one
    prediction are spread as in the reference. It falls when predictions crowd together, which is so, and no concept
    drift. Concept drift itself is not seen before ``r2_gap`` shows it. Predictions beyond the reference's range count
    as its outermost ones, so that the truth's spread is underrated, and R² with it, where many are. NannyML does not
    estimate it. Prefer ``rmse`` or ``mae``, for which less has to be assumed, to compare windows.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import ExpectedErrors, loss_model
    >>> from miops_collector.summary import ErrorProfile, error_terms
    >>> low = error_terms(np.array([1.0, -1.0, 3.0]), np.array([4.0, 5.0, 6.0])).sum(axis=1)
    >>> high = error_terms(np.array([-2.0, 0.0, -4.0]), np.array([8.0, 10.0, 16.0])).sum(axis=1)
    >>> labelled = 20 * np.stack((0 * low, low, high, 0 * low))
    >>> learnt = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> window = ExpectedErrors(ErrorProfile(np.array([0.0, 50, 150, 0]), 0 * labelled), learnt)
    >>> round(r2(window), 4), round(standard_error(window), 4)
    (0.6382, 0.0203)

    References
    ----------
    T. O. Kvålseth, "Cautionary note about R²", The American Statistician 39(4), 1985,
    doi:10.1080/00031305.1985.10479448.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return 1 - float(_error_sums.unexplained(errors.expected))


def standard_error(errors: ExpectedErrors) -> float:
    """Of realised values about the estimate while errors are as in the reference; by the delta method."""
    return error_of_expected(errors, _error_sums.pull_of_unexplained(errors.expected), errors.by_pool)
