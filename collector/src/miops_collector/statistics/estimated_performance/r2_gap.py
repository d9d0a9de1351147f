"""Coefficient of determination: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_gap

__all__ = ["r2_gap", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="better",
    undefined="no labelled rows, or their truth does not vary",
    rests_on="labelled",
)
def r2_gap(errors: ExpectedErrors) -> float:
    """How much more of the variation of the truth the model explained than was estimated before it came.

    ::

        gap = R² by truth - R² expected from the reference, both over the same labelled rows

    0 = as estimated, negative = worse than estimated, positive = better; no bounds.

    Parameters
    ----------
    errors
        Predictions of the window, their errors as far as known, and how rows of such predictions erred in the
        reference.

    Returns
    -------
    float
        ``nan`` without labelled rows, or if their truth, realised or expected, does not vary.

    Notes
    -----
    Both sides are taken over the rows whose truth came, so truth that comes earlier for some predictions than for
    others does not bias it. It moves when errors do and when truths of the same predictions spread otherwise than in
    the reference: both are concept drift, but only the first makes predictions worse. Prefer ``mae_gap`` and
    ``bias_gap``, which the default alarm looks at.

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
    >>> round(r2_gap(window), 4), round(standard_error(window), 4)
    (-0.5383, 0.0836)

    References
    ----------
    T. O. Kvålseth, "Cautionary note about R²", The American Statistician 39(4), 1985,
    doi:10.1080/00031305.1985.10479448.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return float(_error_sums.unexplained(errors.expected_of_labelled) - _error_sums.unexplained(errors.realised))


def standard_error(errors: ExpectedErrors) -> float:
    """While errors are as in the reference; by the delta method."""
    pull = _error_sums.pull_of_unexplained(errors.expected_of_labelled)
    return error_of_gap(errors, pull)
