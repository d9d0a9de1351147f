"""Mean error: realised minus estimated, on the rows whose truth came."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_gap

__all__ = ["bias_gap", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="neither",
    undefined="no labelled rows",
    rests_on="labelled",
)
def bias_gap(errors: ExpectedErrors) -> float:
    """How much higher predictions turned out above their truth than was estimated before it came.

    ::

        gap = mean e by truth - mean e expected from the reference, both over the same labelled rows
        e = prediction - truth

    0 = as estimated, positive = truths are lower than rows of such predictions had, negative = higher.

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
    What a shifted target does first, and what no estimate without truth can see. Both sides are taken over the rows
    whose truth came, so truth that comes earlier for some predictions than for others does not bias it; truth that
    comes earlier where it is low does. Prefer ``mae_gap`` for errors that have grown in both directions, and the
    realised ``miops.performance.bias`` for how far off the model was.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import ExpectedErrors, loss_model
    >>> from miops_collector.summary import ErrorProfile, error_terms
    >>> low = error_terms(np.array([1.0, -1.0, 3.0]), np.array([4.0, 5.0, 6.0])).sum(axis=1)
    >>> high = error_terms(np.array([-2.0, 0.0, -4.0]), np.array([8.0, 10.0, 16.0])).sum(axis=1)
    >>> labelled = 20 * np.stack((0 * low, low, high, 0 * low))
    >>> learnt = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> came = np.stack((0 * low, 20 * low, 10 * low, 0 * low))
    >>> window = ExpectedErrors(ErrorProfile(np.array([0.0, 100, 100, 0]), came), learnt)
    >>> round(bias_gap(window), 4), round(standard_error(window), 4)
    (1.0, 0.2767)

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return float(_error_sums.mean_error(errors.realised) - _error_sums.mean_error(errors.expected_of_labelled))


def standard_error(errors: ExpectedErrors) -> float:
    """While errors are as in the reference: of the rows' own errors, as they are or were, and of the loss model's."""
    return error_of_gap(errors, _error_sums.pull_of_error())
