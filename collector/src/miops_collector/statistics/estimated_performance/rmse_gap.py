"""Root mean squared error: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from math import inf, sqrt

from miops_collector.statistics import _error_sums
from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_gap

__all__ = ["rmse_gap", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="worse",
    undefined="no labelled rows",
    rests_on="labelled",
)
def rmse_gap(errors: ExpectedErrors) -> float:
    """How much further off predictions were, large errors counted more, than was estimated before their truth came.

    ::

        gap = √ mean e² by truth - √ mean e² expected from the reference, both over the same labelled rows

    0 = as estimated, positive = worse, negative = better; in the unit of the target.

    Parameters
    ----------
    errors
        Predictions of the window, their errors as far as known, and how rows of such predictions erred in the
        reference.

    Returns
    -------
    float
        ``nan`` without labelled rows.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some predictions than for
    others does not bias it. A few large errors make most of it: where errors have heavy tails its standard error, which
    rests on fourth powers, is itself uncertain, so no default alarm looks at it. Prefer ``mae_gap``, which one does.

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
    >>> round(rmse_gap(window), 4), round(standard_error(window), 4)
    (1.2716, 0.2388)

    References
    ----------
    C. J. Willmott, K. Matsuura, "Advantages of the mean absolute error (MAE) over the root mean square error (RMSE) in
    assessing average model performance", Climate Research 30, 2005, doi:10.3354/cr030079.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    estimated = float(_error_sums.mean_square(errors.expected_of_labelled))
    return sqrt(float(_error_sums.mean_square(errors.realised))) - sqrt(estimated)


def standard_error(errors: ExpectedErrors) -> float:
    """While errors are as in the reference: by the delta method from that of the mean squared error."""
    of_square = error_of_gap(errors, _error_sums.pull_of_square())
    return quotient(of_square, 2 * sqrt(float(_error_sums.mean_square(errors.expected_of_labelled))))
