"""Mean absolute percentage error: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_gap

__all__ = ["mape_gap", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="worse",
    undefined="no labelled rows, or no truth other than 0 among them or in the reference",
    rests_on="labelled",
)
def mape_gap(errors: ExpectedErrors) -> float:
    """How much further off predictions were, as a share of the truth, than was estimated before it came.

    ::

        gap = mean |e / truth| by truth - mean |e / truth| expected from the reference, both over the same labelled rows

    0 = as estimated, positive = worse, negative = better; 0.1 is ten percent of the truth.

    Parameters
    ----------
    errors
        Predictions of the window, their errors as far as known, and how rows of such predictions erred in the
        reference.

    Returns
    -------
    float
        ``nan`` without labelled rows whose truth is not 0, or if the reference has none.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some predictions than for
    others does not bias it. It grows when errors do and when truths come nearer to 0, which are two things; where
    truths come near 0 a few rows make most of it and its standard error is too small. Prefer ``mae_gap``, which
    the default alarm looks at.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import ExpectedErrors, loss_model
    >>> from miops_collector.summary import ErrorProfile, error_terms
    >>> low = error_terms(np.array([1.0, -1.0, 3.0]), np.array([4.0, 5.0, 6.0])).sum(axis=1)
    >>> high = error_terms(np.array([-2.0, 0.0, -4.0]), np.array([8.0, 10.0, 16.0])).sum(axis=1)
    >>> labelled = 20 * np.stack((0 * low, low, high, 0 * low))
    >>> learnt = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> came = np.stack((0 * low, 20 * low, 10 * high, 0 * low))
    >>> came[1] = 20 * error_terms(np.array([3.0, -3.0, 5.0]), np.array([4.0, 5.0, 6.0])).sum(axis=1)
    >>> window = ExpectedErrors(ErrorProfile(np.array([0.0, 100, 100, 0]), came), learnt)
    >>> round(mape_gap(window), 4), round(standard_error(window), 4)
    (0.2741, 0.0263)

    References
    ----------
    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting
    22(4), 2006, doi:10.1016/j.ijforecast.2006.03.001.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    realised, estimated = errors.realised, errors.expected_of_labelled
    return float(_error_sums.mean_relative(realised) - _error_sums.mean_relative(estimated))


def standard_error(errors: ExpectedErrors) -> float:
    """While errors are as in the reference; by the delta method."""
    pull = _error_sums.pull_of_relative(errors.expected_of_labelled)
    return error_of_gap(errors, pull)
