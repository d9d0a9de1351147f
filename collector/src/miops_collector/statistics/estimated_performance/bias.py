"""Mean error, estimated without truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics import _error_sums
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance._errors import ExpectedErrors, error_of_expected

__all__ = ["bias", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="neither",
    undefined="the window has no predictions",
    rests_on="rows",
)
def bias(errors: ExpectedErrors) -> float:
    """How much too high (positive) or too low (negative) predictions probably are on average, before truth comes.

    ::

        bias = Σᵢ nᵢ · mean e of the reference's rows in pool i / Σᵢ nᵢ
        i: pools of bins of the prediction;  nᵢ: predictions now;  e = prediction - truth

    In the unit of the target; 0 = errors cancel out; neither higher nor lower is better, nearer to 0 is.

    Parameters
    ----------
    errors
        Predictions of the window and how rows of such predictions erred in the reference.

    Returns
    -------
    float
        ``nan`` without rows.

    Notes
    -----
    It says one thing only: where on the scale of predictions the reference was too high or too low, and that more
    predictions lie there now. A model that was right on average at every prediction has an estimate near 0 for ever:
    a target that has shifted, for which bias is usually watched, is *concept drift and cannot be seen* without truth,
    nor can a shift of features that predictions do not show. Prefer ``bias_gap`` as soon as truth comes, and ``mae``
    for the size of errors.

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
    >>> round(bias(window), 4), round(standard_error(window), 4)
    (-1.25, 0.2028)

    References
    ----------
    C. J. Willmott, K. Matsuura, "Advantages of the mean absolute error (MAE) over the root mean square error (RMSE) in
    assessing average model performance", Climate Research 30, 2005, doi:10.3354/cr030079.
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
    return float(_error_sums.mean_error(errors.expected))


def standard_error(errors: ExpectedErrors) -> float:
    """Of realised values about the estimate while errors are as in the reference."""
    return error_of_expected(errors, _error_sums.pull_of_error(), errors.by_pool)
