"""Mean absolute percentage error, estimated without truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_expected

__all__ = ["mape", "standard_error"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the window has no predictions, or the reference no truth other than 0",
    rests_on="rows",
)
def mape(errors: ExpectedErrors) -> float:
    """How far off predictions probably are, as a share of the truth (0.1 is ten percent), where truth is not known yet.

    ::

        MAPE = Σᵢ nᵢ · rᵢ / Σᵢ nᵢ · zᵢ
        i: pools of bins of the prediction;  nᵢ: predictions now
        rᵢ: |e / truth|, 0 where the truth is 0, and zᵢ: whether it is not; means of the reference's rows in pool i

    0 = exact, no upper bound; lower is better.

    Parameters
    ----------
    errors
        Predictions of the window and how rows of such predictions erred in the reference.

    Returns
    -------
    float
        ``nan`` without rows, or if the reference knows no truth other than 0.

    Notes
    -----
    Holds while truths of rows of one prediction are spread as in the reference, zeros among them: covariate shift is
    followed as far as it shows in the predictions, concept drift is not seen before ``mape_gap`` shows it, when truth
    comes. Where truths come near 0 a few
    rows of the reference make most of it, and the standard error, which rests on them too, is too small. Beyond the
    reference's range predictions count as its outermost ones. Prefer ``mae`` unless targets differ in scale.

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
    >>> round(mape(window), 4), round(standard_error(window), 4)
    (0.2042, 0.0149)

    References
    ----------
    R. J. Hyndman, A. B. Koehler, "Another look at measures of forecast accuracy", International Journal of Forecasting
    22(4), 2006, doi:10.1016/j.ijforecast.2006.03.001.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return float(_error_sums.mean_relative(errors.expected))


def standard_error(errors: ExpectedErrors) -> float:
    """Of realised values about the estimate while errors are as in the reference; by the delta method."""
    return error_of_expected(errors, _error_sums.pull_of_relative(errors.expected), errors.by_pool)
